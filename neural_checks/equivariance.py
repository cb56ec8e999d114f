"""Equivariance of a backbone, measured: features by irrep, forces, energies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from neural_checks.backbone import Backbone
from numeric_checks.rotations import rotate_features

__all__ = ["NotEquivariantError", "check_equivariance"]

#: Largest acceptable error relative to the largest value, float32 networks.
TOLERANCE = 1e-4


class NotEquivariantError(ValueError):
    """The network's features or forces do not rotate as they should."""


def check_equivariance(
    backbone: Backbone,
    positions: NDArray[np.float64],
    rng: np.random.Generator,
    tolerance: float = TOLERANCE,
) -> dict[str, float]:
    """Largest error per irrep, of the forces and of the energy, relative to the largest value.

    Every frame of ``positions`` (frames, atoms, 3) is turned by its own random rotation and the
    network is run again: this is also the check that rotating features by Wigner matrices stands
    for running the network on the rotated molecule. Raises NotEquivariantError above ``tolerance``.
    """
    turns = Rotation.random(len(positions), rng=rng).as_matrix()
    turned = np.einsum("nab,nib->nia", turns, positions)
    before, after = backbone.evaluate(positions), backbone.evaluate(turned)
    expected, found = dict(rotate_features(before.features, turns)), dict(after.features)
    expected["forces"] = np.einsum("nab,nib->nia", turns, before.forces)
    found["forces"] = after.forces
    errors = {
        name: float(np.abs(found[name] - values).max() / max(np.abs(values).max(), 1e-30))
        for name, values in expected.items()
    }
    errors["energy"] = float(
        np.abs(after.energies - before.energies).max() / np.abs(before.energies).max()
    )
    bad = {name: error for name, error in errors.items() if not error <= tolerance}
    if bad:
        raise NotEquivariantError(
            "not equivariant: "
            + ", ".join(f"{name} {error:.1e}" for name, error in bad.items())
            + f" (accepted up to {tolerance:g})"
        )
    return errors
