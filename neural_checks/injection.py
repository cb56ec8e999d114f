"""Marked directions, injected fields and rotations of features (degree ℓ, e3nn's basis).

Harmonics here are the vectors y_ℓ(û) of length one, √(4π/(2ℓ+1)) times the orthonormal Y_ℓm. The
injected field of pattern c is g = √(2ℓ+1) c·y_ℓ(û): its mean square over the sphere is one for
every unit c, as for √(4π) Σ c_m Y_ℓm.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from neural_checks.backbone import Features
from span_theorem.irreps import Irrep

__all__ = [
    "align",
    "best_rotations",
    "directions",
    "harmonics",
    "marked_neighbors",
    "quadrature",
    "rotate_features",
    "wigner",
]

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


def harmonics(degree: int, vectors: Array) -> Array:
    """y_ℓ of unit vectors (…, 3): (…, 2ℓ+1), length one; y_1 = (x, y, z) (e3nn, ℓ ≤ 11)."""
    import torch
    from e3nn import o3

    values = o3.spherical_harmonics(
        degree, torch.tensor(vectors, dtype=torch.float64), normalize=True, normalization="norm"
    )
    return values.numpy()


def wigner(degree: int, rotations: Array) -> Array:
    """D^ℓ(R) for rotations (…, 3, 3): (…, 2ℓ+1, 2ℓ+1), with y_ℓ(Rû) = D^ℓ(R) y_ℓ(û).

    From its definition: harmonics of rotated directions, solved by least squares over a fixed
    set of directions.
    """
    nodes, inverse = _frame_of_degree(degree)
    rotated = harmonics(degree, np.einsum("...ab,nb->...na", rotations, nodes))
    return np.einsum("...nm,nk->...mk", rotated, inverse)


@cache
def _frame_of_degree(degree: int) -> tuple[Array, Array]:
    """Directions u_n and P with Σ_n y_ℓ(u_n)_k' P_nk = δ_k'k, so D = Σ_n y_ℓ(R u_n) P_n."""
    nodes = np.random.default_rng(0).normal(size=(8 * (2 * degree + 1), 3))
    nodes /= np.linalg.norm(nodes, axis=1, keepdims=True)
    return nodes, np.linalg.pinv(harmonics(degree, nodes)).T


def rotate_features(features: Features, rotations: Array) -> Features:
    """Features of the rotated frames, without running the network: D(R_n) h(x_n).

    ``rotations`` (frames, 3, 3); polar vectors rotate by R (parity plays no part for a rotation).
    """
    result = {}
    for name, values in features.items():
        matrix = wigner(Irrep.parse(name).l, rotations)
        result[name] = np.einsum("nkm,nacm->nack", matrix, values)
    return result


def quadrature(degree: int) -> tuple[Array, Array]:
    """Rotations and weights (sum one) exact for all Wigner matrix elements up to ``degree``.

    Trapezium in the two outer Euler angles, Gauss–Legendre in the cosine of the middle one.
    """
    if degree < 0:
        raise ValueError(f"degree must be ≥ 0, got {degree}")
    outer = 2 * np.pi * np.arange(degree + 1) / (degree + 1)
    cosine, weight = np.polynomial.legendre.leggauss(degree // 2 + 1)
    alpha, beta, gamma = np.meshgrid(outer, np.arccos(cosine), outer, indexing="ij")
    weights = np.broadcast_to(weight[None, :, None] / 2, alpha.shape) / (degree + 1) ** 2
    from scipy.spatial.transform import Rotation

    angles = np.stack([alpha.ravel(), beta.ravel(), gamma.ravel()], axis=1)
    return Rotation.from_euler("ZYZ", angles).as_matrix(), weights.ravel()
