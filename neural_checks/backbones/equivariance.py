"""Equivariance under rotations and reflections, measured: features by irrep, forces, energies.

T4 needs rotations alone. Features that are equivariant under SO(3) and not under O(3) can be
measured too, without mirrored frames: their parities mean nothing, and a readout of them may use
every product that rotations allow.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from neural_checks.backbones.interface import (
    Backbone,
    Evaluation,
    as_backbone,
    evaluated,
    require_alike,
)
from numeric_checks.molecules.structures import Structures
from numeric_checks.rotations.wigner import FeatureBlocks, rotate_features
from span_theorem.irreps import Irrep

__all__ = [
    "STRICT",
    "TOLERANCE",
    "Demands",
    "Equivariance",
    "Group",
    "NotEquivariantError",
    "check_equivariance",
    "equivariance_errors",
    "judge_equivariance",
    "random_transforms",
    "refuse",
    "transform_features",
]

Array = NDArray[np.float64]

#: Largest acceptable error relative to the largest value, float32 networks.
TOLERANCE = 1e-4


class NotEquivariantError(ValueError):
    """The network's features or forces do not turn as they should."""


class Group(StrEnum):
    """Under which maps a network is equivariant: rotations, or reflections too."""

    SO3 = "so3"
    O3 = "o3"
    AUTO = "auto"


@dataclass(frozen=True)
class Demands:
    """What is asked of a network before it is measured.

    ``group``: O3 refuses a network whose mirrored features are wrong, SO3 does not judge mirrored
    frames, AUTO finds out. ``tolerance``: the largest error relative to the largest value, and in
    ``of`` that of single irreps, of ``"forces"`` or ``"energy"``. With ``features_only`` forces and
    energies are reported and refuse nothing: they do not enter a measurement of features.

    Raises:
        ValueError: an unknown group, or a tolerance that is not a number above 0 and at most 1, or
            is for an unknown quantity.
    """

    group: Group = Group.AUTO
    tolerance: float = TOLERANCE
    of: Mapping[str, float] = field(default_factory=dict)
    features_only: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "group", Group(self.group))
        for name, value in {"tolerance": self.tolerance, **self.of}.items():
            if not 0 < value <= 1:
                raise ValueError(f"{name} must be a number above 0 and at most 1, got {value}")
        for name in self.of:
            if name not in ("forces", "energy"):
                Irrep.parse(name)

    @classmethod
    def parse(cls, group: str, texts: Sequence[str]) -> Demands:
        """Of the words of a command: ``1e-3`` for everything, ``2e=1e-2`` for one quantity.

        >>> Demands.parse("auto", ["1e-3", "forces=0.01"]).limit("forces")
        0.01
        """
        general, of = TOLERANCE, {}
        for text in texts:
            name, equals, number = text.rpartition("=")
            try:
                value = float(number)
            except ValueError:
                value = math.nan
            if not 0 < value <= 1:
                raise ValueError(
                    "a tolerance is NUMBER or QUANTITY=NUMBER with a number above 0 and at most 1, "
                    f"as 1e-3 or 2e=1e-2, got {text!r}"
                )
            if equals:
                of[name] = value
            else:
                general = value
        return cls(Group(group), general, of)

    def limit(self, name: str) -> float:
        """The tolerance of a quantity."""
        return self.of.get(name, self.tolerance)

    def exceeded(self, errors: Mapping[str, float]) -> dict[str, float]:
        """The errors above their tolerance, of the quantities that are judged."""
        judged = (n for n in errors if not (self.features_only and n in ("forces", "energy")))
        return {name: errors[name] for name in judged if not errors[name] <= self.limit(name)}


#: Everything counts, under rotations and reflections.
STRICT = Demands(Group.O3, features_only=False)


@dataclass(frozen=True)
class Equivariance:
    """What was measured: the ``group``, SO3 or O3, errors under rotations, and under reflections.

    Errors are relative to the largest value, by irrep, and of ``"forces"`` and ``"energy"``.
    """

    group: Group
    rotations: dict[str, float]
    reflections: dict[str, float]

    @property
    def errors(self) -> dict[str, float]:
        """The largest errors under the maps of the group."""
        if self.group is Group.SO3:
            return self.rotations
        return {n: max(e, self.reflections[n]) for n, e in self.rotations.items()}


def random_transforms(count: int, rng: np.random.Generator) -> Array:
    """``count`` Haar-random orthogonal matrices (count, 3, 3), every second one a reflection."""
    signs = np.where(np.arange(count) % 2, -1.0, 1.0)
    turns: Array = Rotation.random(count, rng=rng).as_matrix()
    return signs[:, None, None] * turns


def transform_features(features: FeatureBlocks, transforms: Array) -> FeatureBlocks:
    """Features of frames under orthogonal matrices O_n (frames, 3, 3), by O(3) irrep.

    O = R where det O = 1 and O = −R where det O = −1: there p D^l(R) with p the irrep's parity.
    """
    signs = np.linalg.det(transforms).round()
    turned = rotate_features(features, signs[:, None, None] * transforms)
    return {
        name: np.where(signs == 1.0, 1.0, Irrep.parse(name).p)[:, None, None, None] * values
        for name, values in turned.items()
    }


def equivariance_errors(
    before: Evaluation, after: Evaluation, transforms: Array
) -> dict[str, float]:
    """Largest error per irrep, of the forces and of the energy, relative to the largest value.

    ``after`` belongs to the atoms of ``before`` under ``transforms`` (atoms_total, 3, 3), that of
    its frame for each. Energies and forces that are NaN in ``before`` are left out.
    """
    single = {name: values[:, None] for name, values in before.features.items()}
    expected = {name: v[:, 0] for name, v in transform_features(single, transforms).items()}
    found = dict(after.features)
    if not np.isnan(before.forces).all():
        expected["forces"] = np.einsum("nab,nb->na", transforms, before.forces)
        found["forces"] = after.forces
    if not np.isnan(before.energies).all():
        expected["energy"], found["energy"] = before.energies, after.energies
    return {
        name: float(np.abs(found[name] - values).max() / max(np.abs(values).max(), 1e-30))
        for name, values in expected.items()
    }


def judge_equivariance(
    before: Evaluation,
    after: Evaluation,
    structures: Structures,
    transforms: Array,
    demands: Demands,
) -> Equivariance:
    """The errors of frames under rotations and under reflections, and the group that they show.

    Args:
        before, after: the network on ``structures``, and on them under ``transforms``.
        transforms: (frames, 3, 3) orthogonal matrices, of both determinants.
        demands: what is refused.

    Raises:
        NotEquivariantError: the demands are not met; the message gives the measured errors.
        ValueError: the irreps or channels are not those of both.
    """
    require_alike([before, after])
    signs = np.linalg.det(transforms).round()
    parts = []
    for sign in (1.0, -1.0):
        index = np.flatnonzero(signs == sign)
        frames = structures.take(index)
        each = transforms[index][frames.frame_of]
        first, second = (part.rows(structures, index) for part in (before, after))
        parts.append(equivariance_errors(first, second, each))
    rotations, reflections = parts
    refuse(rotations, demands)
    group = demands.group
    if group is Group.AUTO:
        features = {n: e for n, e in reflections.items() if n not in ("forces", "energy")}
        group = Group.SO3 if demands.exceeded(features) else Group.O3
    if group is Group.O3:
        refuse(reflections, demands)
    return Equivariance(group, rotations, reflections)


def refuse(errors: Mapping[str, float], demands: Demands = STRICT) -> None:
    """Raise NotEquivariantError with the measured errors that are too large, if there are any."""
    bad = demands.exceeded(errors)
    if bad:
        raise NotEquivariantError(
            "not equivariant: "
            + ", ".join(
                f"{name} {error:.1e} (accepted up to {demands.limit(name):g})"
                for name, error in bad.items()
            )
        )


def check_equivariance(
    backbone: Backbone,
    structures: Structures,
    rng: np.random.Generator,
    demands: Demands = STRICT,
) -> dict[str, float]:
    """Largest error per irrep, of the forces and of the energy, relative to the largest value.

    Every frame is turned by its own random rotation, its cell with it, every second one mirrored as
    well, and the network is run again: this is also the check that rotating features by Wigner
    matrices stands for running the network on the rotated frames.

    Raises:
        NotEquivariantError: ``demands`` are not met.
        ValueError: fewer than two frames, of which none would be mirrored; or what the network
            returns is no evaluation of the frames.
    """
    if len(structures) < 2:
        raise ValueError(f"at least 2 frames are needed, one to be mirrored, got {len(structures)}")
    network = as_backbone(backbone)
    transforms = random_transforms(len(structures), rng)
    before, after = (evaluated(network, s) for s in (structures, structures.turned(transforms)))
    return judge_equivariance(before, after, structures, transforms, demands).errors
