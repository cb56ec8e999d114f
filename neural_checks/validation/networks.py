"""Trained networks that differ by L, read from job files of sweeps or from MACE results."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from neural_checks.schema import read_json
from neural_checks.sweep.result import JobRecord, read_job_file
from span_theorem.arguments import finite

__all__ = ["Network", "Series", "counted", "geometric_mean", "read_networks", "series_of"]

#: Share of the training at whose end the validation error is looked at.
LAST = 0.25
#: Fall of the validation error over that part, from which on it is called falling.
FALL = 0.02


@dataclass(frozen=True)
class Network:
    """One trained network.

    ``L`` largest degree (``max_ell`` of MACE); ``mae`` on test frames, meV/Å; ``history``: steps
    and validation errors, meV/Å. ``channels`` and ``layers`` are None where they are not known.
    """

    data: str
    sha256: str
    architecture: str
    channels: int | None
    steps: int
    L: int
    seed: int
    mae: float
    history: tuple[tuple[int, float], ...] = ()
    layers: int | None = None

    @property
    def kind(self) -> tuple[str, str, int | None, int | None]:
        """What networks of one kind have in common: data, architecture, channels and layers."""
        return self.sha256, self.architecture, self.channels, self.layers

    @property
    def last_fall(self) -> float | None:
        """By how much the validation error fell over the last quarter of the steps, relative."""
        if not self.history:
            return None
        end, error = self.history[-1]
        before = [mae for step, mae in self.history if step <= (1 - LAST) * end]
        return None if not before else 1 - error / before[-1]

    @property
    def falling(self) -> bool | None:
        """Whether the error still fell at the end; None where the history does not say."""
        return None if self.last_fall is None else self.last_fall > FALL


@dataclass(frozen=True)
class Series:
    """Networks of one kind and as many steps, by L and then seed.

    ``by_layers``: their number of layers tells them from other series.
    """

    networks: tuple[Network, ...]
    by_layers: bool = False

    @property
    def name(self) -> str:
        """Data, architecture, channels and steps."""
        first = self.networks[0]
        width = "" if first.channels is None else f"{first.channels} channels, "
        depth = f"{first.layers} layers, " if self.by_layers else ""
        return f"{first.data}, {first.architecture}, {width}{depth}{first.steps} steps"

    @property
    def degrees(self) -> tuple[int, ...]:
        """The L of its networks, ascending."""
        return tuple(sorted({network.L for network in self.networks}))

    def of(self, L: int) -> dict[int, Network]:
        """The networks of one L, by seed."""
        return {network.seed: network for network in self.networks if network.L == L}

    def ratios(self, L: int) -> dict[int, float]:
        """The test error at L + 1 over that at L, by seed; of the seeds that have both."""
        low, high = self.of(L), self.of(L + 1)
        return {seed: high[seed].mae / low[seed].mae for seed in sorted(low.keys() & high.keys())}

    def mae(self, L: int) -> float:
        """The geometric mean over seeds of the test errors at ``L``, meV/Å."""
        return geometric_mean([network.mae for network in self.of(L).values()])


def geometric_mean(values: Sequence[float]) -> float:
    """exp of the mean logarithm: of ratios the inverse ones have the inverse mean.

    >>> round(geometric_mean([2.0, 0.5]), 12)
    1.0
    """
    return math.exp(sum(map(math.log, values)) / len(values))


def read_networks(paths: Sequence[Path]) -> list[Network]:
    """The networks of files and folders; of a folder every ``jobs/*.json`` below it is read.

    Raises:
        ValueError: there is none; a file is neither a sweep's job nor a result of
            ``benchmarks/demand_mace.py``; or two networks of one kind, L, seed and steps are not
            the same, so that they differ in a setting that is not looked at here.
    """
    found: dict[tuple[Any, ...], tuple[Network, Path]] = {}
    for path in paths:
        if not path.exists():
            raise FileNotFoundError(f"no file or folder {path}")
        files = sorted(path.rglob("jobs/*.json")) if path.is_dir() else [path]
        for file in files:
            for network in _read(file):
                key = (network.kind, network.steps, network.L, network.seed)
                same, other = found.setdefault(key, (network, file))
                if same != network:
                    raise ValueError(
                        f"{other} and {file}: two networks of {network.architecture} with "
                        f"L = {network.L} and seed {network.seed} on {network.data} differ in "
                        "another setting: give those of one setting"
                    )
    if not found:
        raise ValueError(f"no trained network in {', '.join(map(str, paths))}")
    return [network for network, _ in found.values()]


def _read(path: Path) -> Iterable[Network]:
    content = read_json(path)
    if isinstance(content, dict) and "rows" in content and "about" in content:
        return _of_mace(path, content)
    record = read_job_file(path)
    try:
        return _of_job(record)
    except (OverflowError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: not the job of a network: {error}") from None


def _of_job(record: JobRecord) -> list[Network]:
    about = record.backbone
    mae, seed = record.force_mae, record.seed
    if mae is None or seed is None or about.get("steps") is None or not record.setting.trained:
        return []
    # The name without the version, which is a word that begins with a digit.
    words, gates = record.setting.architecture.split(), record.setting.gates
    package = " ".join(word for word in words if not word[0].isdigit()) or words[0]
    return [
        Network(
            data=record.data["name"],
            sha256=record.data["sha256"],
            architecture=package if gates in (None, "SiLU") else f"{package} with {gates} gates",
            channels=about.get("channels"),
            steps=int(about["steps"]),
            L=record.L,
            seed=seed,
            mae=mae,
            history=tuple((int(step), float(error)) for step, _, error in about.get("history", ())),
            layers=about.get("layers"),
        )
    ]


def _of_mace(path: Path, content: dict[str, Any]) -> list[Network]:
    try:
        return [
            Network(
                data=str(row["data"]),
                sha256=str(row["data_sha256"]),
                architecture="mace-torch",
                channels=int(content["about"]["channels"]),
                steps=int(row["steps"]),
                L=int(row["max_ell"]),
                seed=int(row["seed"]),
                mae=finite("force_mae_meV_per_A", row["force_mae_meV_per_A"]),
                history=tuple((int(step), float(error)) for step, _, error in row["history"]),
            )
            for row in content["rows"]
        ]
    except (LookupError, OverflowError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: not a result of demand_mace.py: {error!r}") from None


def series_of(networks: Sequence[Network]) -> list[Series]:
    """The networks by what they have in common; networks of a single L make no series."""
    groups: dict[tuple[Any, ...], list[Network]] = {}
    for network in networks:
        key = (network.data, network.sha256, network.architecture, network.channels or 0)
        groups.setdefault((*key, network.steps, network.layers or 0), []).append(network)
    found = [
        Series(tuple(sorted(group, key=lambda network: (network.L, network.seed))))
        for _, group in sorted(groups.items())
    ]
    found = [one for one in found if len(one.degrees) > 1]
    names = [one.name for one in found]
    return [replace(one, by_layers=names.count(one.name) > 1) for one in found]


def counted(series: Sequence[Series]) -> list[Series]:
    """Of series that differ by their steps alone the one of most L, or of most steps.

    A series trained longer at a few L shows what training changes. It is no new evidence on the
    data, so it is not counted beside the others.
    """
    kept: dict[tuple[Any, ...], Series] = {}
    for one in sorted(series, key=lambda s: (len(s.degrees), s.networks[0].steps)):
        kept[one.networks[0].kind] = one
    return [one for one in series if one in kept.values()]
