"""Checkpoints of the networks trained here: plain data with a version, checked before use.

A file holds the settings that a training belongs to (its identity), the weights, their running
average and the best of it, the optimiser's state, the history, and the scaling by its data. This is
format 1. Files without a version have format 0, which does not hold the scaling; they are upgraded
when read.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

from neural_checks.backbones.model_files import FileKind, file_kind, plain_state
from neural_checks.backbones.scaling import Scaling
from span_theorem.arguments import shown
from span_theorem.files import writing

if TYPE_CHECKING:
    import torch

__all__ = [
    "VERSION",
    "Checkpoint",
    "from_state",
    "is_checkpoint",
    "read_checkpoint",
    "require_fit",
]

VERSION = 1

Row = tuple[int, float, float]


@dataclass(frozen=True)
class Checkpoint:
    """The state of a training after ``step`` steps.

    ``model``, ``train``: settings by name; ``data``: SHA-256 of the data; ``scaling``: the
    scaling of the network by its data, None in files of format 0. ``parameters``, ``average``
    (their running average) and ``best`` (the average at the least validation error ``best_mae``,
    meV/Å) are in the order of the network's parameters; ``optimiser``: Adam's state of each
    parameter. ``stopped``: why the training ended, empty while it runs. ``history``: (step, loss,
    validation error).
    """

    data: str
    model: dict[str, Any]
    train: dict[str, Any]
    seed: int
    scaling: dict[str, Any] | None
    parameters: list[torch.Tensor]
    average: list[torch.Tensor]
    best: list[torch.Tensor]
    optimiser: dict[int, dict[str, torch.Tensor]]
    step: int
    bad: int
    skipped: int
    since: int
    seconds: float
    best_mae: float
    stopped: str
    history: list[Row]

    def write(self, path: Path) -> None:
        """Write the file whole, in place of an earlier state."""
        import torch

        content = dict(vars(self))
        identity = {name: content.pop(name) for name in ("data", "model", "train", "seed")}
        history = [list(row) for row in content.pop("history")]
        # By way of memory: torch hides what a full disk says behind an error of its own.
        whole = io.BytesIO()
        torch.save({"version": VERSION, "identity": identity, "history": history, **content}, whole)
        with writing(path, force=True) as stream:
            stream.write(whole.getbuffer())

    def require_fit(self, name: str, parameters: Sequence[torch.Tensor]) -> None:
        """ValueError where the weights are not those of a network with these ``parameters``."""
        shapes = {str(k): value for k, value in enumerate(parameters)}
        for what in ("parameters", "average", "best"):
            found = {str(k): value for k, value in enumerate(getattr(self, what))}
            require_fit(f"{name}, {what}", shapes, found)
        for index, state in self.optimiser.items():
            if not 0 <= index < len(parameters):
                raise ValueError(f"{name}: the optimiser's state {index} belongs to no parameter")
            expected = {
                key: value if key == "step" else parameters[index] for key, value in state.items()
            }
            require_fit(f"{name}, optimiser", expected, state)


def is_checkpoint(state: Any) -> TypeGuard[dict[str, Any]]:
    """Whether the plain content of a torch file claims to be such a checkpoint."""
    return isinstance(state, dict) and "identity" in state


def read_checkpoint(path: Path) -> Checkpoint:
    """Read and judge a checkpoint.

    Raises:
        ValueError: damaged, of a newer format, or no such checkpoint; OSError: not readable.
    """
    kind = file_kind(path)
    state = plain_state(path) if kind is FileKind.TORCH else None
    if not is_checkpoint(state):
        raise ValueError(f"{path.name} is not a checkpoint of a network trained here")
    return from_state(path.name, state)


def from_state(name: str, state: Mapping[str, Any]) -> Checkpoint:
    """The checkpoint with the plain content ``state``; see :func:`read_checkpoint`."""
    content = dict(state)
    version = content.pop("version", 0)
    if type(version) is not int or version < 0:
        raise ValueError(f"{name}: version must be an integer ≥ 0, got {shown(version)}")
    if version > VERSION:
        raise ValueError(
            f"{name} has checkpoint format {version}, and only formats up to {VERSION} can be "
            "read: a newer version wrote it"
        )
    if version == 0:
        content = _upgraded(name, content)
    identity = _table(name, "identity", content.pop("identity", None))
    content |= {key: identity.get(key) for key in ("data", "model", "train", "seed")}
    expected = set(Checkpoint.__dataclass_fields__)
    if missing := sorted(expected - set(content)):
        raise ValueError(f"{name} is damaged: {', '.join(missing)} missing")
    if unknown := sorted(map(str, set(content) - expected)):
        raise ValueError(f"{name}: unknown entries {', '.join(unknown)}")
    return _judged(name, content)


def _upgraded(name: str, content: dict[str, Any]) -> dict[str, Any]:
    """Format 0 as format 1: the optimiser's own settings are left out, the scaling is not known."""
    optimiser = _table(name, "optimiser", content.get("optimiser"))
    return {**content, "optimiser": optimiser.get("state"), "scaling": None}


def _judged(name: str, content: dict[str, Any]) -> Checkpoint:
    def number(key: str, kinds: tuple[type, ...], low: float) -> Any:
        value = content[key]
        if type(value) not in kinds or not value >= low:
            raise ValueError(f"{name} is damaged: {key} is {shown(value)}")
        return value

    def text(key: str) -> str:
        if type(content[key]) is not str:
            raise ValueError(f"{name} is damaged: {key} is {shown(content[key])}")
        return str(content[key])

    scaling = content["scaling"]
    return Checkpoint(
        data=text("data"),
        model=_settings(name, "model", content["model"]),
        train=_settings(name, "train", content["train"]),
        seed=number("seed", (int,), 0),
        scaling=None if scaling is None else _scaling(name, scaling),
        parameters=_tensors(name, "parameters", content["parameters"]),
        average=_tensors(name, "average", content["average"]),
        best=_tensors(name, "best", content["best"]),
        optimiser=_optimiser(name, content["optimiser"]),
        **{key: number(key, (int,), 0) for key in ("step", "bad", "skipped", "since")},
        seconds=float(number("seconds", (int, float), 0)),
        best_mae=float(number("best_mae", (int, float), 0)),
        stopped=text("stopped"),
        history=_history(name, content["history"]),
    )


def _table(name: str, key: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{name} is damaged: {key} is {shown(value)}")
    return dict(value)


def _settings(name: str, key: str, value: Any) -> dict[str, Any]:
    """A table of plain scalars and tuples of integers, by name."""
    for entry, setting in _table(name, key, value).items():
        whole = type(setting) in (tuple, list) and all(type(v) is int for v in setting)
        finite = type(setting) is float and math.isfinite(setting)
        if type(entry) is not str or not (whole or finite or type(setting) in (bool, int)):
            raise ValueError(f"{name} is damaged: {key} holds {shown(entry)}: {shown(setting)}")
    return dict(value)


def _scaling(name: str, value: Any) -> dict[str, Any]:
    """The constants of a network's :class:`~neural_checks.backbones.scaling.Scaling`."""
    found = _settings(name, "scaling", value)
    try:
        Scaling(**found)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} is damaged: its scaling: {error}") from error
    return found


def _tensors(name: str, key: str, value: Any) -> list[torch.Tensor]:
    import torch

    if not isinstance(value, list) or not all(isinstance(v, torch.Tensor) for v in value):
        raise ValueError(f"{name} is damaged: {key} is not a list of tensors")
    return value


def _optimiser(name: str, value: Any) -> dict[int, dict[str, torch.Tensor]]:
    import torch

    known = {"step", "exp_avg", "exp_avg_sq", "max_exp_avg_sq"}
    states: dict[Any, Any] = _table(name, "optimiser", value)
    for index, state in states.items():
        if (
            type(index) is not int
            or not isinstance(state, dict)
            or set(state) != known
            or not all(isinstance(v, torch.Tensor) for v in state.values())
            or state["step"].ndim > 0
        ):
            raise ValueError(
                f"{name} is damaged: the optimiser's state {shown(index)} is not Adam's"
            )
    return states


def _history(name: str, value: Any) -> list[Row]:
    rows: list[Any] = value if isinstance(value, list) else [None]
    for row in rows:
        if (
            not isinstance(row, list | tuple)
            or [type(v) for v in row] != [int, float, float]
            or not row[0] >= 0
        ):
            raise ValueError(f"{name} is damaged: its history holds {shown(row)}")
    return [(row[0], row[1], row[2]) for row in rows]


def require_fit(name: str, expected: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    """ValueError where the tensors of file ``name`` are not those expected, by key and shape."""
    import torch

    if missing := sorted(set(expected) - set(found)):
        raise ValueError(f"{name}: weights do not fit the model: {missing[0]} is missing")
    if unknown := sorted(map(str, set(found) - set(expected))):
        raise ValueError(f"{name}: weights do not fit the model: {shown(unknown[0])} is unknown")
    for key, tensor in expected.items():
        value = found[key]
        if not isinstance(value, torch.Tensor) or value.shape != tensor.shape:
            shape = tuple(value.shape) if isinstance(value, torch.Tensor) else shown(value)
            raise ValueError(
                f"{name}: weights do not fit the model: {key} must have shape "
                f"{tuple(tensor.shape)}, got {shape}"
            )
        if value.is_floating_point() and not bool(torch.isfinite(value).all()):
            raise ValueError(f"{name}: {key} holds values that are not finite")
