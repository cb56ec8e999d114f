"""How a network is read, where its file does not say: the options of a command in one object."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from neural_checks.backbones.bases import Axes, Order
from neural_checks.backbones.calculator import CalculatorBackbone, Hook
from neural_checks.backbones.model_files import UntrustedError
from neural_checks.backbones.outside import outside
from span_theorem.arguments import shown

__all__ = ["MACE_FEATURES", "Reading", "calculator_arguments", "import_named", "of_calculator"]

#: What is read of a layer of mace: what its product block returns, or the density that it is given.
MACE_FEATURES = ("product", "a-basis")


@dataclass(frozen=True)
class Reading:
    """What is read of a network, and whether its weights are put out of place first.

    ``hooks`` with ``irreps`` (one text for each, or one for all), ``order`` and ``axes``: modules
    of a network behind a calculator of ASE, see :class:`neural_checks.backbones.calculator.Hook`;
    ``arguments`` of the function that makes the calculator or the network; ``features``, of mace:
    one of ``MACE_FEATURES``; ``shuffle``: a seed, see
    :func:`neural_checks.backbones.weights.shuffle_weights`.

    Raises ValueError for hooks without irreps, or the other way round, and for unknown words.
    """

    hooks: Sequence[str] = ()
    irreps: Sequence[str] = ()
    order: Order = Order.E3NN
    axes: Axes | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    features: str = "product"
    shuffle: int | None = None

    def __post_init__(self) -> None:
        if self.features not in MACE_FEATURES:
            raise ValueError(
                f"features must be {' or '.join(MACE_FEATURES)}, got {shown(self.features)}"
            )
        if self.hooks and len(self.irreps) not in (1, len(self.hooks)):
            raise ValueError(
                f"{len(self.hooks)} hooks need --irreps once, or once each, got {len(self.irreps)}"
            )
        if not self.hooks and (self.irreps or self.axes or self.order != Order.E3NN):
            raise ValueError("--irreps, --order and --axes say how a --hook is read: give --hook")

    def layer(self) -> tuple[Hook, ...]:
        """The hooks as one layer; ValueError for irreps that cannot be read."""
        irreps = list(self.irreps) * (len(self.hooks) if len(self.irreps) == 1 else 1)
        return tuple(
            Hook(path, text, self.order, self.axes)
            for path, text in zip(self.hooks, irreps, strict=True)
        )


def calculator_arguments(texts: Sequence[str]) -> dict[str, Any]:
    """``KEY=VALUE`` as keyword arguments; a value that is JSON is read as such, else it is text.

    >>> calculator_arguments(["device=cpu", "use_dftd3=false"])
    {'device': 'cpu', 'use_dftd3': False}
    """
    found: dict[str, Any] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key.isidentifier() or key in found:
            raise ValueError(f"an argument is KEY=VALUE, each key once, got {shown(text)}")
        try:
            found[key] = json.loads(value)
        except ValueError:
            found[key] = value
    return found


def import_named(model: str) -> Any:
    """What ``module:name`` names; modules of the current folder are found too.

    Raises ImportError where there is no such module, ValueError where it lacks the name.
    """
    module, _, name = model.partition(":")
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    with outside(f"importing {module}"):
        found = importlib.import_module(module)
    for part in name.split("."):
        try:
            found = getattr(found, part)
        except AttributeError as error:
            raise ValueError(f"{model}: {error}") from error
    return found


def of_calculator(model: str, reading: Reading, trust: bool) -> CalculatorBackbone:
    """The network behind the calculator that ``module:callable`` makes of the arguments.

    Raises:
        UntrustedError: ``trust`` is needed, since the package's code loads its own files.
        ValueError, TypeError: the hooks or the calculator cannot be used.
    """
    if not trust:
        raise UntrustedError(
            f"{model} makes a calculator, which runs the code of its package and loads its files, "
            "pickles among them; if you trust it, give --trust-model"
        )
    hooks = reading.layer()
    made = import_named(model)
    if not callable(made):
        raise TypeError(f"{model} is {type(made).__name__} and makes no calculator")
    with outside(model):
        calculator = made(**reading.arguments)
    notes = {"order": str(reading.order), "arguments": dict(reading.arguments)}
    return CalculatorBackbone(calculator, [hooks], model, notes=notes)
