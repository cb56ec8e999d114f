"""What is wrong with a network of one's own, by name, before it is measured.

:func:`check_backbone` runs a network on a few frames and compares what it returns with the contract
of :mod:`neural_checks.backbones.interface`: irreps, shapes, units, order of components, order of
atoms, frames that do not see each other, forces that are minus the gradient of the energy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neural_checks.backbones.bases import order_matrix
from neural_checks.backbones.equivariance import (
    Demands,
    Group,
    NotEquivariantError,
    equivariance_errors,
    judge_equivariance,
    random_transforms,
)
from neural_checks.backbones.form import faults_of_form
from neural_checks.backbones.interface import (
    Backbone,
    Evaluation,
    as_backbone,
    copied,
    description_of,
    evaluated,
)
from neural_checks.backbones.outside import outside
from numeric_checks.molecules.data import ForceData
from numeric_checks.molecules.structures import Structures
from span_theorem.irreps import Irrep

__all__ = ["BackboneCheck", "check_backbone", "order_hint"]

Array = NDArray[np.float64]

#: Frames that are run: every second one is mirrored.
_FRAMES = 6
#: Å; the step of the numerical gradient of the energy.
_STEP = 0.01
#: Differences of forces from the numerical gradient that are accepted, relative to the largest.
_GRADIENT = 0.05
#: Force units that are taken by mistake, as factors on eV/Å.
_UNITS = {
    "kcal/mol/Å": 23.0605, "kJ/mol/Å": 96.4853, "Hartree/Bohr": 1 / 51.4221, "meV/Å": 1000.0,
    "eV/Bohr": 1 / 1.889726, "gradient instead of force, eV/Å": -1.0,
}  # fmt: skip


@dataclass(frozen=True)
class BackboneCheck:
    """What was found: ``problems`` keep a network from being measured, ``notes`` do not.

    ``group`` and ``errors`` are those of its equivariance; None and empty where it was not reached.
    """

    problems: tuple[str, ...]
    notes: tuple[str, ...]
    group: Group | None = None
    errors: Mapping[str, float] | None = None

    @property
    def ok(self) -> bool:
        """Whether the network can be measured."""
        return not self.problems

    def require(self) -> None:
        """Raise ValueError with all problems, if there are any."""
        if self.problems:
            raise ValueError("; ".join(self.problems))

    def __str__(self) -> str:
        """All that was found, one line each."""
        lines = [f"problem: {line}" for line in self.problems]
        lines += [f"note: {line}" for line in self.notes]
        return "\n".join([*lines, "ready to be measured" if self.ok else "not ready"])


def check_backbone(backbone: Any, data: ForceData, demands: Demands | None = None) -> BackboneCheck:
    """Run ``backbone`` on a few frames of ``data`` and name what does not fit.

    Args:
        backbone: an object with ``description`` and ``evaluate(structures)``.
        data: frames that it is meant for; at least two.
        demands: what equivariance is asked for; by default that of a diagnosis.

    Returns:
        All problems that could be found: later checks need what earlier ones establish.

    Raises:
        ValueError: fewer than two frames.
    """
    if len(data) < 2:
        raise ValueError(f"at least 2 frames are needed, got {len(data)}")
    index = np.unique(np.linspace(0, len(data) - 1, _FRAMES).round().astype(np.int64))
    few = data.take(index)
    problems, notes = list[str](), list[str]()
    try:
        network = as_backbone(backbone)
    except (TypeError, ValueError) as error:
        return BackboneCheck((str(error),), ())
    try:
        description_of(network)
    except ValueError as error:
        problems.append(str(error))
    found = _run(network, few.structures, problems)
    if found is None or not _form(found, few.structures, problems, notes):
        return BackboneCheck(tuple(problems), tuple(notes))
    try:
        problems += _independence(network, few.structures, found)
        forces, more = _gradient(network, few.structures, found)
    except ValueError as error:
        return BackboneCheck((*problems, f"on other frames than these together: {error}"), ())
    problems += forces
    notes += [*_accuracy(found, few), *more]
    rng = np.random.default_rng(0)
    transforms = random_transforms(len(few), rng)
    turned = _run(network, few.structures.turned(transforms), problems)
    if turned is None or not _form(turned, few.structures, problems, []):
        return BackboneCheck(tuple(problems), tuple(notes))
    try:
        judged = judge_equivariance(found, turned, few.structures, transforms, demands or Demands())
    except NotEquivariantError as error:
        problems.append(str(error) + order_hint(found, turned, few.structures, transforms))
        return BackboneCheck(tuple(problems), tuple(notes))
    except ValueError as error:
        return BackboneCheck((*problems, str(error)), tuple(notes))
    if judged.group is Group.SO3:
        notes.append(
            "equivariant under rotations alone: it is measured under SO(3), without mirrored frames"
        )
    return BackboneCheck(tuple(problems), tuple(notes), judged.group, judged.errors)


def _run(network: Backbone, structures: Structures, problems: list[str]) -> Evaluation | None:
    try:
        with outside("evaluate"):
            return network.evaluate(copied(structures))
    except Exception as error:  # whatever a stranger's network raises is what is reported
        problems.append(str(error) or type(error).__name__)
        return None


def _form(found: Any, structures: Structures, problems: list[str], notes: list[str]) -> bool:
    """Whether arrays, irreps and shapes are those of an evaluation."""
    faults = faults_of_form(found, structures)
    problems += faults
    if faults:
        return False
    arrays = {f"features {name}": values for name, values in found.features.items()}
    arrays |= {"energies": found.energies, "forces": found.forces}
    single = [name for name, values in arrays.items() if values.dtype != np.float64]
    if single:
        notes.append(f"float32 in {', '.join(single)}: convert the arrays to float64")
    return _values(found, problems)


def _values(found: Evaluation, problems: list[str]) -> bool:
    before = len(problems)
    for name, values in found.features.items():
        if not np.isfinite(values).all():
            problems.append(f"features {name} hold values that are not finite")
        elif not values.any():
            problems.append(f"features {name} are zero everywhere: leave the irrep out")
    for name, values in (("energies", found.energies), ("forces", found.forces)):
        missing = np.isnan(values)
        if missing.any() and not missing.all():
            problems.append(f"{name} are NaN for some atoms or frames: NaN for all, or for none")
        if np.isinf(values).any():
            problems.append(f"{name} hold infinite values; NaN stands for what is missing")
    return len(problems) == before


def _independence(network: Backbone, structures: Structures, found: Evaluation) -> list[str]:
    """Frames must not see each other, repeated calls agree, and features follow their atoms."""
    lines = []
    again = evaluated(network, structures)
    if not _close(again, found):
        lines.append("two calls on the same frames differ: is the network in training mode?")
        return lines
    alone = Evaluation.join([evaluated(network, one) for one in structures.batches(1)])
    if not _close(alone, found):
        lines.append(
            "frames together give other values than one by one: their atoms must not be mixed"
        )
        return lines
    order, moved = _permuted(structures)
    features = {name: values[order] for name, values in found.features.items()}
    expected = Evaluation(features, found.energies, found.forces[order])
    if not _close(evaluated(network, moved), expected):
        lines.append(
            "features do not follow the atoms where these are listed in another order: one row "
            "for every atom, in the order of structures.numbers"
        )
    shifted = replace(structures, positions=structures.positions + np.array([0.3, -0.2, 0.5]))
    if not _close(evaluated(network, shifted), found):
        lines.append("values change when all atoms are shifted alike")
    return lines


def _permuted(structures: Structures) -> tuple[NDArray[np.int64], Structures]:
    """The atoms of every frame in another order; each place keeps its element.

    So networks for one molecule can be run as well. Where no two atoms are of one element, nothing
    moves.
    """
    rng = np.random.default_rng(1)
    order = np.arange(len(structures.numbers))
    for start, stop in zip(structures.offsets[:-1], structures.offsets[1:], strict=True):
        rows = np.arange(start, stop)
        for number in np.unique(structures.numbers[rows]):
            same = rows[structures.numbers[rows] == number]
            order[same] = rng.permutation(same)
    return order, replace(structures, positions=structures.positions[order])


def _close(first: Evaluation, second: Evaluation) -> bool:
    pairs = [(first.features.get(name), values) for name, values in second.features.items()]
    pairs += [(first.energies, second.energies), (first.forces, second.forces)]
    return all(
        a is not None
        and a.shape == b.shape
        and np.allclose(a, b, rtol=0, atol=1e-4 * max(1e-9, np.nanmax(np.abs(b), initial=0.0)),
                        equal_nan=True)
        for a, b in pairs
    )  # fmt: skip


def _accuracy(found: Evaluation, data: ForceData) -> list[str]:
    if np.isnan(found.forces).any() or np.isnan(data.forces).any():
        return []
    mae = 1000 * float(np.abs(found.forces - data.forces).mean())
    zero = 1000 * float(np.abs(data.forces).mean())
    if mae <= zero:
        return []
    return [
        f"the force error, {mae:.0f} meV/Å, is above that of predicting zero, {zero:.0f}: is the "
        "network trained, are the units eV and Å, are elements and cell those that it expects?"
    ]


def _gradient(
    network: Backbone, structures: Structures, found: Evaluation
) -> tuple[list[str], list[str]]:
    """Forces against −∂E/∂x of one atom of the first frame, and what units they may be in."""
    if np.isnan(found.energies).any() or np.isnan(found.forces).any():
        return [], ["no energies or no forces: no error of the forces can be reported"]
    one = structures.take([0])
    atom = int(np.abs(found.forces[: len(one.numbers)]).max(axis=1).argmax())
    slopes = []
    for axis in range(3):
        energies = []
        for sign in (1, -1):
            places = one.positions.copy()
            places[atom, axis] += sign * _STEP
            energies.append(float(evaluated(network, replace(one, positions=places)).energies[0]))
        slopes.append(-(energies[0] - energies[1]) / (2 * _STEP))
    slope, force = np.array(slopes), found.forces[atom]
    largest = max(float(np.abs(slope).max()), float(np.abs(force).max()))
    # The rounding of float32 energies, as a force.
    rounding = 1e-6 * float(np.abs(found.energies[0])) / _STEP
    if np.abs(slope - force).max() <= _GRADIENT * largest + rounding:
        return [], []
    factor = float(force @ slope / max(float(slope @ slope), 1e-30))
    named = [unit for unit, value in _UNITS.items() if abs(factor / value - 1) < 0.05]
    hint = f", as for {named[0]}" if named else ""
    return [
        f"forces are not minus the gradient of the energy: {factor:.4g} times it at atom {atom} of "
        f"the first frame{hint}; energies are in eV, positions in Å, forces in eV/Å"
    ], []


def order_hint(
    found: Evaluation, turned: Evaluation, structures: Structures, transforms: Array
) -> str:
    """A known order of components that would be right, as a clause."""
    each = transforms[structures.frame_of]

    def worst(convert: Callable[[Array, int], Array]) -> float:
        parts = [
            Evaluation(
                {n: convert(v, Irrep.parse(n).l) for n, v in part.features.items()},
                part.energies,
                part.forces,
            )
            for part in (found, turned)
        ]
        signs = np.linalg.det(each).round() > 0
        kept = [
            Evaluation({n: v[signs] for n, v in part.features.items()}, absent, part.forces[signs])
            for part, absent in zip(parts, (np.full(1, np.nan),) * 2, strict=True)
        ]
        errors = equivariance_errors(kept[0], kept[1], each[signs])
        return max(error for name, error in errors.items() if name not in ("forces", "energy"))

    if worst(lambda v, l: v @ order_matrix(l).T) < 1e-3:
        return (
            ". The components are in the order m = −l … l, l = 1 as (y, z, x): multiply by "
            "neural_checks.backbones.bases.order_matrix(l), or use feature_blocks there"
        )

    def swapped(values: Array, l: int) -> Array:
        flat = values.reshape(len(values), -1)
        return flat.reshape(len(values), 2 * l + 1, -1).swapaxes(1, 2)

    if worst(swapped) < 1e-3:
        return ". Channels and components are interchanged: component is the last axis"
    return (
        ". Check the irreps, the order of components (l = 1 as x, y, z) and that no axis is "
        "treated apart"
    )
