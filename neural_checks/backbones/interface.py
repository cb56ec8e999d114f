"""What the measurements ask of a network: features by irrep, energies and forces of given frames.

Layout of features: component (m, fastest) within channel within atom, basis and order of e3nn
(l = 1 as x, y, z); a rotation R acts on degree l by e3nn's Wigner matrix. Atoms of all frames stand
one after another, as in :class:`numeric_checks.molecules.structures.Structures`.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from neural_checks.backbones.form import faults_of_form, require_description
from neural_checks.backbones.outside import outside
from numeric_checks.molecules.structures import Structures
from numeric_checks.rotations.wigner import FeatureBlocks
from span_theorem.progress import OnProgress

__all__ = [
    "Backbone",
    "Conditions",
    "Evaluation",
    "as_backbone",
    "copied",
    "description_of",
    "evaluate_all",
    "evaluated",
    "limited",
    "require_alike",
    "require_complete",
]

Array = NDArray[np.float64]

#: Atoms of one call of a network in :func:`evaluate_all`.
ATOMS = 20_000
#: What messages call the code behind it.
_DESCRIPTION = "the network's description"


@dataclass(frozen=True)
class Conditions:
    """What a network may need to know besides the atoms; None: not given.

    ``head``: the name of one of several readouts; ``charge``: total charge of a frame, in e;
    ``spin``: total spin of a frame, as its package counts it (mace: the multiplicity 2S + 1).
    """

    head: str | None = None
    charge: float | None = None
    spin: float | None = None

    def refuse_all(self, name: str) -> None:
        """Raise ValueError if anything is given, for a network that takes none of it."""
        for option, value in vars(self).items():
            if value is not None:
                raise ValueError(f"{name} takes no {option}: leave --{option} out")


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What a network gives for frames.

    Attributes:
        features: irrep name to (atoms_total, channels, 2l+1).
        energies: (frames,), eV; NaN where the network gives none.
        forces: (atoms_total, 3), eV/Å; NaN where the network gives none. All are float64.
    """

    features: FeatureBlocks
    energies: Array
    forces: Array

    @classmethod
    def join(cls, parts: Sequence[Evaluation]) -> Evaluation:
        """The frames of all parts, in order; ValueError where their irreps or channels differ."""
        require_alike(parts)
        return cls(
            {n: np.concatenate([p.features[n] for p in parts]) for n in parts[0].features},
            np.concatenate([part.energies for part in parts]),
            np.concatenate([part.forces for part in parts]),
        )

    def blocks(self, frames: int) -> FeatureBlocks:
        """Features (frames, atoms, channels, 2l+1) of frames of one molecule."""
        return {n: v.reshape(frames, -1, *v.shape[1:]) for n, v in self.features.items()}

    def rows(self, structures: Structures, index: NDArray[np.int64]) -> Evaluation:
        """The frames in ``index`` of those that ``structures`` describes."""
        rows = structures.rows(index)
        features = {name: values[rows] for name, values in self.features.items()}
        return Evaluation(features, self.energies[index], self.forces[rows])


def require_alike(parts: Sequence[Evaluation]) -> None:
    """ValueError where the irreps or channels of a network's evaluations differ."""
    first = {name: values.shape[1:] for name, values in parts[0].features.items()}
    for part in parts:
        shapes = {name: values.shape[1:] for name, values in part.features.items()}
        if shapes != first:
            raise ValueError(
                f"the network gives features {_shown(shapes)} for some frames and "
                f"{_shown(first)} for others"
            )


class Backbone(Protocol):
    """A trained network, frozen."""

    @property
    def description(self) -> Mapping[str, Any]:
        """What the report says of the network: package, layer, irreps, sizes."""
        ...

    def evaluate(self, structures: Structures) -> Evaluation:
        """Features, energies and forces of ``structures``.

        Raises ValueError, with its name, for an element, cell or atom that the network cannot use.
        """
        ...


class _OfPositions:
    """A network whose ``evaluate`` takes positions (frames, atoms, 3) of one molecule."""

    def __init__(self, network: Any, name: str) -> None:
        self._network, self._name = network, name

    @property
    def description(self) -> Mapping[str, Any]:
        """That of the network."""
        description: Mapping[str, Any] = self._network.description
        return description

    def evaluate(self, structures: Structures) -> Evaluation:
        """What the network gives for the positions; ValueError for a cell or several molecules."""
        if structures.has_cell:
            raise ValueError(
                f"{self._name} takes only positions, but these frames have a cell: write "
                "evaluate(structures), which can use structures.cells"
            )
        if not structures.fixed:
            raise ValueError(
                f"{self._name} takes only positions, but these frames hold different atoms: write "
                "evaluate(structures), which can use structures.numbers"
            )
        positions, _ = structures.molecule
        found = self._network.evaluate(positions)
        total = len(structures.positions)
        return Evaluation(
            {name: v.reshape(total, *v.shape[2:]) for name, v in found.features.items()},
            np.asarray(found.energies, dtype=np.float64),
            np.asarray(found.forces, dtype=np.float64).reshape(total, 3),
        )


def _shown(shapes: Mapping[str, tuple[int, ...]]) -> str:
    return "+".join(f"{shape[0] if shape else 1}x{name}" for name, shape in shapes.items())


def as_backbone(network: Any) -> Backbone:
    """``network`` itself, or an adapter where its ``evaluate`` takes ``positions``.

    An ``evaluate`` whose argument is called ``positions`` is given (frames, atoms, 3) in Å, and
    gives features (frames, atoms, channels, 2l+1), energies (frames,) and forces
    (frames, atoms, 3): frames of one molecule without a cell.

    Raises:
        TypeError: no ``description``, or no ``evaluate`` with one argument.
        ValueError: ``description`` raises an exception.
    """
    if isinstance(network, type):
        raise TypeError(f"a network is an object, got the class {network.__name__}: call it")
    evaluate = getattr(network, "evaluate", None)
    with outside(_DESCRIPTION):
        described = hasattr(network, "description")
    if not callable(evaluate) or not described:
        raise TypeError(
            "a network must have description and evaluate(structures), got "
            f"{type(network).__name__}"
        )
    try:
        names = list(inspect.signature(evaluate).parameters)
    except (TypeError, ValueError):
        names = ["structures"]
    if not names:
        raise TypeError(f"evaluate of {type(network).__name__} must take structures")
    if names[0] == "positions":
        return _OfPositions(network, f"{type(network).__name__}.evaluate")
    backbone: Backbone = network
    return backbone


def description_of(network: Backbone) -> Mapping[str, Any]:
    """The description; ValueError where it raises an exception or cannot stand in a report."""
    with outside(_DESCRIPTION):
        given = network.description
    require_description(given)
    return given


def evaluate_all(
    backbone: Backbone, structures: Structures, report: OnProgress | None = None, atoms: int = ATOMS
) -> Evaluation:
    """``backbone.evaluate`` in parts of at most ``atoms`` atoms, so that memory stays bounded.

    ``report`` is called with the frames done and their number. Raises ValueError where a part comes
    back with another number of frames or atoms.
    """
    network = as_backbone(backbone)
    parts, done = [], 0
    for batch in structures.batches(atoms):
        parts.append(evaluated(network, batch))
        done += len(batch)
        if report is not None:
            report(done, len(structures))
    return Evaluation.join(parts)


class _Limited:
    """A network that is given at most so many atoms at once."""

    def __init__(self, network: Backbone, atoms: int) -> None:
        self._network, self._atoms = network, atoms

    def __getattr__(self, name: str) -> Any:
        """What else the network has, such as its device."""
        return getattr(self._network, name)

    @property
    def description(self) -> Mapping[str, Any]:
        """That of the network."""
        return self._network.description

    def evaluate(self, structures: Structures) -> Evaluation:
        """What the network gives, part by part."""
        return evaluate_all(self._network, structures, atoms=self._atoms)


def limited(backbone: Backbone, atoms: int | None) -> Backbone:
    """``backbone``, given at most ``atoms`` atoms, or one frame, in one call; itself for None.

    The memory of a pass grows with its atoms: this bounds it for large cells.
    """
    network = as_backbone(backbone)
    return network if atoms is None else _Limited(network, atoms)


def evaluated(network: Backbone, structures: Structures) -> Evaluation:
    """``network.evaluate(structures)``, judged.

    The network is given copies, and copies of what it returns are kept, as float64: it may write
    into its input, use its arrays again, and return float32. Raises ValueError where it returns no
    evaluation of these frames, and as :func:`neural_checks.backbones.outside.outside`.
    """
    with outside("the network's evaluate"):
        found = network.evaluate(copied(structures))
    require_complete(found, structures)
    features = {name: values.astype(np.float64) for name, values in found.features.items()}
    return Evaluation(features, found.energies.astype(np.float64), found.forces.astype(np.float64))


def copied(structures: Structures) -> Structures:
    """The same frames in arrays of their own."""
    copies = {field.name: getattr(structures, field.name).copy() for field in fields(structures)}
    return replace(structures, **copies)


def require_complete(found: Any, structures: Structures) -> None:
    """ValueError where ``found`` is no evaluation of these frames."""
    faults = faults_of_form(found, structures)
    if faults:
        raise ValueError("; ".join(faults))
