"""Equivariance under rotations and reflections, measured: features by irrep, forces, energies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from neural_checks.backbones.interface import Backbone, Evaluation, as_backbone
from numeric_checks.molecules.structures import Structures
from numeric_checks.rotations.wigner import FeatureBlocks, rotate_features
from span_theorem.irreps import Irrep

__all__ = [
    "TOLERANCE",
    "NotEquivariantError",
    "check_equivariance",
    "equivariance_errors",
    "random_transforms",
    "refuse",
    "transform_features",
]

Array = NDArray[np.float64]

#: Largest acceptable error relative to the largest value, float32 networks.
TOLERANCE = 1e-4


class NotEquivariantError(ValueError):
    """The network's features or forces do not turn as they should."""


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


def refuse(errors: dict[str, float], tolerance: float = TOLERANCE) -> None:
    """Raise NotEquivariantError with the measured errors above ``tolerance``, if there are any."""
    bad = {name: error for name, error in errors.items() if not error <= tolerance}
    if bad:
        raise NotEquivariantError(
            "not equivariant: "
            + ", ".join(f"{name} {error:.1e}" for name, error in bad.items())
            + f" (accepted up to {tolerance:g})"
        )


def check_equivariance(
    backbone: Backbone,
    structures: Structures,
    rng: np.random.Generator,
    tolerance: float = TOLERANCE,
) -> dict[str, float]:
    """Largest error per irrep, of the forces and of the energy, relative to the largest value.

    Every frame is turned by its own random rotation, its cell with it, every second one mirrored as
    well, and the network is run again: this is also the check that rotating features by Wigner
    matrices stands for running the network on the rotated frames. Raises NotEquivariantError above
    ``tolerance``.
    """
    network = as_backbone(backbone)
    transforms = random_transforms(len(structures), rng)
    errors = equivariance_errors(
        network.evaluate(structures),
        network.evaluate(structures.turned(transforms)),
        transforms[structures.frame_of],
    )
    refuse(errors, tolerance)
    return errors
