"""Equivariance under rotations and reflections, measured: features by irrep, forces, energies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from neural_checks.backbones.hooked import Backbone, Evaluation
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

    ``after`` belongs to the frames of ``before`` under ``transforms`` (frames, 3, 3). Energies and
    forces that are NaN in ``before`` (a feature file without them) are left out.
    """
    expected, found = transform_features(before.features, transforms), dict(after.features)
    if not np.isnan(before.forces).all():
        expected["forces"] = np.einsum("nab,nib->nia", transforms, before.forces)
        found["forces"] = after.forces
    errors = {
        name: float(np.abs(found[name] - values).max() / max(np.abs(values).max(), 1e-30))
        for name, values in expected.items()
    }
    if not np.isnan(before.energies).all():
        errors["energy"] = float(
            np.abs(after.energies - before.energies).max()
            / max(np.abs(before.energies).max(), 1e-30)
        )
    return errors


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
    positions: Array,
    rng: np.random.Generator,
    tolerance: float = TOLERANCE,
) -> dict[str, float]:
    """Largest error per irrep, of the forces and of the energy, relative to the largest value.

    Every frame of ``positions`` (frames, atoms, 3) is turned by its own random rotation, every
    second one mirrored as well, and the network is run again: this is also the check that rotating
    features by Wigner matrices stands for running the network on the rotated molecule. Raises
    NotEquivariantError above ``tolerance``.
    """
    transforms = random_transforms(len(positions), rng)
    turned = np.einsum("nab,nib->nia", transforms, positions)
    errors = equivariance_errors(
        backbone.evaluate(positions), backbone.evaluate(turned), transforms
    )
    refuse(errors, tolerance)
    return errors
