"""How much of a target lies in the span of some columns: least squares without weights."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["explained_share", "orthonormal_columns"]

Array = NDArray[np.float64]

_DEPENDENT = 1e-10  # singular values below this share of the largest are rounding


def orthonormal_columns(matrix: Array) -> Array:
    """An orthonormal basis of the span of the columns: (rows, weights) to (rows, rank)."""
    basis, singular, _ = np.linalg.svd(matrix, full_matrices=False)
    return basis[:, singular > _DEPENDENT * singular[0]]


def explained_share(basis: Array, target: Array) -> float:
    """The share of Σ target² in the span of orthonormal columns: in-sample R² without a mean.

    ``basis`` (rows, rank); ``target`` (rows,) or (rows, k).

    >>> explained_share(np.eye(3)[:, :1], np.array([3.0, 0.0, 4.0]))
    0.36
    """
    return float(((basis.T @ target) ** 2).sum() / (target**2).sum())
