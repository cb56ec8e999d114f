"""Monomials in feature components: the columns of a readout that knows no representation."""

from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import NDArray

from span_theorem.arguments import natural

__all__ = ["monomials"]


def monomials(components: NDArray[np.float64], degree: int) -> NDArray[np.float64]:
    """All monomials of degree ≤ ``degree`` of (samples, components), the constant included.

    float64, shape (samples, C(components + degree, degree)), by degree and then in lexical order.

    >>> monomials(np.array([[2.0, 3.0]]), 2)
    array([[1., 2., 3., 4., 6., 9.]])
    """
    columns = [np.ones((len(components), 1))]
    for power in range(1, natural("degree", degree) + 1):
        index = np.array(list(combinations_with_replacement(range(components.shape[1]), power)))
        columns.append(components[:, index].prod(axis=2))
    return np.concatenate(columns, axis=1)
