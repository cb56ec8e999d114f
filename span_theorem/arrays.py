"""Coupling tensors as dense float arrays in e3nn's real basis, rounded once from exact values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from span_theorem.gaunt import real_gaunt_block, real_wigner_3j_block
from span_theorem.surd import Surd

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["real_gaunt_array", "real_wigner_3j_array"]


def _dense(
    degrees: tuple[int, int, int], block: Mapping[tuple[int, int, int], Surd]
) -> NDArray[np.float64]:
    import numpy as np

    array = np.zeros([2 * degree + 1 for degree in degrees])
    for orders, value in block.items():
        index = tuple(m + degree for m, degree in zip(orders, degrees, strict=True))
        array[index] = float(value)
    return array


def real_wigner_3j_array(l1: int, l2: int, l3: int) -> NDArray[np.float64]:
    """The real 3j symbol, shape (2l1+1, 2l2+1, 2l3+1), float64, Σ of squares 1.

    Any degrees; zeros where the triangle rule fails. Index m + l, real basis of
    :mod:`span_theorem.real_basis`. Equals e3nn's ``o3.wigner_3j(l1, l2, l3)`` up to one sign per
    (l1, l2, l3). Every entry is the float of an exact sign·√rational.

    >>> float((real_wigner_3j_array(2, 3, 4) ** 2).sum().round(12))
    1.0
    """
    return _dense((l1, l2, l3), real_wigner_3j_block(l1, l2, l3))


def real_gaunt_array(l1: int, l2: int, l3: int) -> NDArray[np.float64]:
    """∫ of three real orthonormal harmonics, shape (2l1+1, 2l2+1, 2l3+1), float64.

    Index m + l, real basis of :mod:`span_theorem.real_basis`; all zeros where l1+l2+l3 is odd or
    the triangle rule fails.

    >>> real_gaunt_array(1, 1, 0).diagonal().round(6).tolist()
    [[0.282095, 0.282095, 0.282095]]
    """
    return _dense((l1, l2, l3), real_gaunt_block(l1, l2, l3))
