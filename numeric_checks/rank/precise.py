"""The rank of products of features in 50-digit arithmetic, for cases that doubles leave open.

A staged construction of its own, one factor at a time, with Gram–Schmidt with column pivoting in
place of the singular values, and harmonics from their recurrences in mpmath numbers. Directions
that are close together, say, make singular values decay below the rounding of doubles; with 50
digits they stay far above it.
"""

from __future__ import annotations

import mpmath
import numpy as np
from numpy.typing import ArrayLike, NDArray

from numeric_checks.sphere.harmonics import unit_vectors
from span_theorem.irreps import FeatureKind
from span_theorem.span import span_dimension

__all__ = ["DIGITS", "affordable", "precise_rank"]

DIGITS = 50
"""Decimal digits of the arithmetic."""

# A column is independent above the first size and dependent below the second; rounding leaves
# about 10^(5 - DIGITS), and a size in between decides nothing.
_KEPT = mpmath.mpf(10) ** (-DIGITS // 2)
_DROPPED = mpmath.mpf(10) ** (10 - DIGITS)

MAX_PRODUCTS = 3 * 10**6  # multiplications of one stage: some seconds


def affordable(L: int, d: int, features: FeatureKind, count: int) -> bool:
    """Whether the last stage takes at most about 3·10⁶ multiplications of 50-digit numbers."""
    width = span_dimension(L, 1, features)
    before = span_dimension(L, max(d - 1, 0), features)
    return count * before * width * span_dimension(L, d, features) <= MAX_PRODUCTS


def precise_rank(L: int, d: int, features: FeatureKind, directions: ArrayLike) -> int | None:
    """The rank of degree-d products at the directions; None where 50 digits do not decide it.

    Args:
        L, d: integers ≥ 0.
        features: ``"upto"`` or ``"exact"``.
        directions: real array, shape (N, 3); doubles are read as exact and scaled to length 1.

    >>> import numpy as np
    >>> precise_rank(1, 2, "upto", np.random.default_rng(0).standard_normal((12, 3)))
    9
    """
    with mpmath.workdps(DIGITS):
        values = _features(L, features, unit_vectors(directions))
        basis = np.full((len(values), 1), 1 / mpmath.sqrt(len(values)), dtype=object)
        for _ in range(d):
            products = (basis[:, :, None] * values[:, None, :]).reshape(len(values), -1)
            found = _orthonormal(products)
            if found is None:
                return None
            basis = found
    return basis.shape[1]


def _features(L: int, features: FeatureKind, vectors: NDArray[np.float64]) -> NDArray[np.object_]:
    """Real harmonics with each column scaled to length 1; mpmath numbers, shape (N, features)."""
    exact = np.array([[mpmath.mpf(float(c)) for c in row] for row in vectors], dtype=object)
    x, y, z = (exact / np.array([[mpmath.norm(list(row))] for row in exact], dtype=object)).T
    one = np.full(len(z), mpmath.mpf(1), dtype=object)
    cosine, sine = [one], [0 * one]
    for _ in range(L):
        re, im = cosine[-1], sine[-1]
        cosine.append(re * x - im * y)
        sine.append(re * y + im * x)
    columns = []
    for m in range(L + 1):
        # d^m P_l/dz^m up to scale, for l = m … L.
        previous, current = 0 * one, one
        for l in range(m, L + 1):
            if features == "upto" or l == L:
                columns.append(current * cosine[m])
                if m:
                    columns.append(current * sine[m])
            following = ((2 * l + 1) * z * current - (l + m) * previous) / (l - m + 1)
            previous, current = current, following
    return np.stack([_scaled(column) for column in columns], axis=1)


def _scaled(column: NDArray[np.object_]) -> NDArray[np.object_]:
    length = mpmath.sqrt(column @ column)
    return column / length if length else column


def _orthonormal(matrix: NDArray[np.object_]) -> NDArray[np.object_] | None:
    """An orthonormal basis of the columns by Gram–Schmidt with pivoting; None if undecided."""
    rest = matrix.copy()
    basis: list[NDArray[np.object_]] = []
    scale = max((rest * rest).sum(axis=0))
    while len(basis) < min(matrix.shape):
        squares = (rest * rest).sum(axis=0)
        pivot = int(np.argmax(squares))
        size = mpmath.sqrt(squares[pivot] / scale) if scale else mpmath.mpf(0)
        if size < _DROPPED:
            break
        if size < _KEPT:
            return None
        vector = rest[:, pivot]
        for other in basis:  # once more, against the rounding of the first pass
            vector = vector - other * (other @ vector)
        vector = _scaled(vector)
        basis.append(vector)
        rest = rest - vector[:, None] * (vector @ rest)[None, :]
    return np.stack(basis, axis=1) if basis else np.empty((len(matrix), 0), dtype=object)
