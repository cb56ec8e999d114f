"""Best-fit rotations between frames of one molecule (Kabsch)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["align", "best_rotations"]

Array = NDArray[np.float64]


def best_rotations(positions: Array, reference: Array) -> Array:
    """Rotations Q_n (frames, 3, 3) that minimise Σ_i |x_ni − Q_n ref_i|² about the centroids.

    ``positions`` (frames, atoms, 3) and ``reference`` (atoms, 3), in one unit. W. Kabsch, Acta
    Cryst. A 32, 922 (1976). Where the frame lies on a line the rotation about it is not determined.
    """
    moving = positions - positions.mean(axis=1, keepdims=True)
    fixed = reference - reference.mean(axis=0)
    u, _, vt = np.linalg.svd(np.einsum("nia,ib->nab", moving, fixed))
    u[:, :, 2] *= np.sign(np.linalg.det(u @ vt))[:, None]
    turns: Array = u @ vt
    return turns


def align(positions: Array) -> Array:
    """Frames (frames, atoms, 3) rotated onto the first one and centred."""
    rotations = best_rotations(positions, positions[0])
    centred = positions - positions.mean(axis=1, keepdims=True)
    aligned: Array = np.einsum("nab,nia->nib", rotations, centred)
    return aligned
