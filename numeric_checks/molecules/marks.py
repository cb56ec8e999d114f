"""Marked directions, and the rigid orientation of a frame.

The injected field of pattern c is g = √(2ℓ+1) c·y_ℓ(û) with y_ℓ of length one
(:func:`numeric_checks.rotations.wigner.unit_harmonics`): its mean square over the sphere is one for
every unit c, as for √(4π) Σ c_m Y_ℓm.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["align", "best_rotations", "directions", "marked_neighbors"]

Array = NDArray[np.float64]


def marked_neighbors(positions: Array, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """For every atom the nearest other non-hydrogen atom in the mean of the aligned frames.

    ``positions`` (frames, atoms, 3). A hydrogen is never the mark: those of a methyl group would
    be told apart by no permutation-invariant feature. ValueError without two other atoms to choose.
    """
    heavy = np.flatnonzero(numbers != 1)
    if len(heavy) < 2:
        raise ValueError("marking a direction needs at least two atoms other than hydrogen")
    mean = align(positions).mean(axis=0)
    distances = np.linalg.norm(mean[:, None] - mean[None, heavy], axis=-1)
    distances[heavy, np.arange(len(heavy))] = np.inf
    return heavy[distances.argmin(axis=1)]


def directions(positions: Array, neighbors: NDArray[np.int64]) -> Array:
    """Unit vectors (frames, atoms, 3) from every atom to its marked neighbour."""
    vectors = positions[:, neighbors] - positions
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def best_rotations(positions: Array, reference: Array) -> Array:
    """Rotations Q_n (Kabsch) minimising Σ_i |x_ni − Q_n ref_i|² about the centroids."""
    moving = positions - positions.mean(axis=1, keepdims=True)
    fixed = reference - reference.mean(axis=0)
    u, _, vt = np.linalg.svd(np.einsum("nia,ib->nab", moving, fixed))
    u[:, :, 2] *= np.sign(np.linalg.det(u @ vt))[:, None]
    return u @ vt


def align(positions: Array) -> Array:
    """Frames rotated onto the first one and centred."""
    rotations = best_rotations(positions, positions[0])
    return np.einsum("nab,nia->nib", rotations, positions - positions.mean(axis=1, keepdims=True))
