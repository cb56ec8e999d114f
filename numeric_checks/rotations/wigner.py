"""Features of networks under rotation: harmonics and Wigner matrices in e3nn's basis.

Networks keep degree l in the order in which l = 1 is (x, y, z): the basis of
:mod:`span_theorem.real_basis` with the axes renamed cyclically, (x, y, z) here being (y, z, x)
there. Harmonics here are vectors y_l(û) of length one, √(4π/(2l+1)) times the orthonormal Y_lm.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from numeric_checks.sphere.harmonics import real_harmonics
from span_theorem.arguments import natural
from span_theorem.arrays import real_wigner_3j_array
from span_theorem.irreps import Irrep

__all__ = [
    "FeatureBlocks",
    "coupling",
    "rotate_features",
    "unit_harmonics",
    "wigner",
    "wigner_upto",
]

Array = NDArray[np.float64]

#: Features by irrep ("0e", "1o", …): float64 arrays (frames, atoms, channels, 2l+1).
FeatureBlocks = dict[str, Array]


def unit_harmonics(l_max: int, directions: ArrayLike) -> list[Array]:
    """y_0 … y_l_max of directions (…, 3): float64 arrays (…, 2l+1) of length one; y_1 = (x, y, z).

    Raises:
        TypeError, ValueError: as :func:`numeric_checks.sphere.harmonics.real_harmonics`.

    >>> unit_harmonics(1, [[0.0, 3.0, 4.0]])[1]
    array([[0. , 0.6, 0.8]])
    """
    vectors = np.asarray(directions)
    if vectors.ndim == 0 or vectors.shape[-1] != 3:
        raise ValueError(f"directions must have shape (…, 3), got {vectors.shape}")
    flat = real_harmonics(l_max, vectors.reshape(-1, 3)[:, [2, 0, 1]])
    shape = vectors.shape[:-1]
    return [
        (flat[:, l * l : (l + 1) ** 2] * np.sqrt(4 * np.pi / (2 * l + 1))).reshape(*shape, -1)
        for l in range(l_max + 1)
    ]


@cache
def coupling(l1: int, l2: int, l3: int) -> Array:
    """The real 3j symbol (2l1+1, 2l2+1, 2l3+1), Σ of squares one, in e3nn's basis up to its sign.

    Renaming the axes is a rotation, which no 3j symbol sees: the exact array of the other basis.
    """
    array = real_wigner_3j_array(l1, l2, l3)
    array.flags.writeable = False
    return array


def wigner_upto(l_max: int, rotations: ArrayLike) -> list[Array]:
    """D^0(R) … D^l_max(R): float64 arrays (…, 2l+1, 2l+1), with y_l(Rû) = D^l(R) y_l(û).

    D^1 = R, and D^l is the part of D^(l-1) ⊗ D^1 of degree l.

    Args:
        l_max: integer ≥ 0.
        rotations: proper rotation matrices (…, 3, 3) acting on column vectors (x, y, z).

    Raises:
        TypeError, ValueError: ``l_max`` is not an integer ≥ 0, or the matrices are not rotations.

    >>> np.trace(wigner_upto(2, np.eye(3))[2])
    np.float64(5.0)
    """
    natural("l_max", l_max)
    turns = np.asarray(rotations, dtype=np.float64)
    if turns.ndim < 2 or turns.shape[-2:] != (3, 3):
        raise ValueError(f"rotations must have shape (…, 3, 3), got {turns.shape}")
    error = np.abs(turns @ np.swapaxes(turns, -1, -2) - np.eye(3)).max(initial=0.0)
    if not error < 1e-6 or not (np.linalg.det(turns) > 0).all():
        raise ValueError(f"rotations must be proper: R Rᵀ = 1 to 1e-6 (off by {error:.1e}), det 1")
    shape = turns.shape[:-2]
    turns = turns.reshape(-1, 3, 3)
    result = [np.ones((len(turns), 1, 1)), turns][: l_max + 1]
    for l in range(2, l_max + 1):
        tensor = coupling(l - 1, 1, l)
        half = np.einsum("nac,abm->ncbm", result[-1], tensor, optimize=True)
        full = np.einsum("ncbm,nbd->ncdm", half, turns, optimize=True)
        result.append((2 * l + 1) * np.einsum("ncdm,cdk->nmk", full, tensor, optimize=True))
    return [matrix.reshape(*shape, *matrix.shape[1:]) for matrix in result]


def wigner(degree: int, rotations: ArrayLike) -> Array:
    """D^l(R) alone; see :func:`wigner_upto`."""
    return wigner_upto(natural("degree", degree), rotations)[-1]


def rotate_features(features: FeatureBlocks, rotations: Array) -> FeatureBlocks:
    """Features of the rotated frames, without running the network: D(R_n) h(x_n).

    ``rotations`` (frames, 3, 3); parity plays no part for a proper rotation.
    """
    degrees = {name: Irrep.parse(name).l for name in features}
    matrices = wigner_upto(max(degrees.values(), default=0), rotations)
    return {
        name: np.einsum("nkm,nacm->nack", matrices[degrees[name]], values)
        for name, values in features.items()
    }
