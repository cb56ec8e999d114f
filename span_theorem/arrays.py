"""Coupling tensors as dense float arrays in e3nn's real basis, every entry the nearest double.

Method. An entry is sign · S √(P / (B1 B2 B3)), with the integer invariant S and the binomials B of
:mod:`span_theorem.wigner` and one number P for the whole array. S is a matrix product of binomials,
exact in float64 below 2^53. The rest is done in the platform's long double; entries that lie so
near to the middle of two doubles that its error could decide are computed again from the exact
value. Where S grows larger, or long double is no wider than double, all entries are.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from math import comb
from typing import TYPE_CHECKING, Any

from span_theorem.arguments import natural
from span_theorem.gaunt import gaunt_square, real_gaunt_block, real_wigner_3j_block
from span_theorem.real_basis import Convention, convention_sign, real_entries
from span_theorem.surd import Surd, reduced
from span_theorem.wigner import coupling_square

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["real_gaunt_array", "real_wigner_3j_array"]

#: Largest l1+l2+l3 whose sums of products of binomials, below 2^(l1+l2+l3), are exact in float64.
_EXACT_SUM = 52
#: An entry in long double is off by less than this many of its units of 2^-64: eight at most
#: from the rounding of P and of the binomials, halved by the root, one for the root, one for S.
_ERROR = 7


def real_wigner_3j_array(
    l1: int, l2: int, l3: int, convention: Convention = "3j"
) -> NDArray[np.float64]:
    """The real 3j symbol, shape (2l1+1, 2l2+1, 2l3+1), float64, Σ of squares 1.

    Any degrees; zeros where the triangle rule fails. Index m + l, real basis of
    :mod:`span_theorem.real_basis`. Every entry is the double nearest to the exact sign·√rational.
    ``convention="e3nn"`` gives the sign of ``o3.wigner_3j(l1, l2, l3)`` in e3nn 0.6; see
    :func:`span_theorem.gaunt.real_wigner_3j`.

    >>> float((real_wigner_3j_array(2, 3, 4) ** 2).sum().round(12))
    1.0
    >>> real_wigner_3j_array(1, 1, 1, convention="e3nn")[0, 1].round(4).tolist()
    [0.0, 0.0, 0.4082]
    """
    l1, l2, l3 = natural("l1", l1), natural("l2", l2), natural("l3", l3)
    sign = convention_sign(convention, l1, l2, l3)
    square = coupling_square(2 * l1, 2 * l2, 2 * l3)
    if square is None:
        return _zeros(l1, l2, l3)
    if not _quick(l1, l2, l3):
        return _dense((l1, l2, l3), real_wigner_3j_block(l1, l2, l3, convention))
    sign = -sign if (l1 - l2) & 1 else sign
    return _array((l1, l2, l3), sign * square[0], square[1] * (2 * l3 + 1), 0)


def real_gaunt_array(l1: int, l2: int, l3: int) -> NDArray[np.float64]:
    """∫ of three real orthonormal harmonics, shape (2l1+1, 2l2+1, 2l3+1), float64.

    Index m + l, real basis of :mod:`span_theorem.real_basis`; all zeros where l1+l2+l3 is odd or
    the triangle rule fails. Every entry is the double nearest to the exact value.

    >>> real_gaunt_array(1, 1, 0).diagonal().round(6).tolist()
    [[0.282095, 0.282095, 0.282095]]
    """
    l1, l2, l3 = natural("l1", l1), natural("l2", l2), natural("l3", l3)
    numerator, denominator = gaunt_square(l1, l2, l3)
    if not numerator:
        return _zeros(l1, l2, l3)
    if not _quick(l1, l2, l3):
        return _dense((l1, l2, l3), real_gaunt_block(l1, l2, l3))
    return _array((l1, l2, l3), -numerator if (l1 - l2) & 1 else numerator, denominator, -1)


def _zeros(l1: int, l2: int, l3: int) -> NDArray[np.float64]:
    import numpy as np

    return np.zeros((2 * l1 + 1, 2 * l2 + 1, 2 * l3 + 1))


def _dense(
    degrees: tuple[int, int, int], block: Mapping[tuple[int, int, int], Surd]
) -> NDArray[np.float64]:
    array = _zeros(*degrees)
    for orders, value in block.items():
        index = tuple(m + degree for m, degree in zip(orders, degrees, strict=True))
        array[index] = float(value)
    return array


def _quick(l1: int, l2: int, l3: int) -> bool:
    import numpy as np

    return l1 + l2 + l3 <= _EXACT_SUM and np.finfo(np.longdouble).nmant >= 63


def _array(
    degrees: tuple[int, int, int], numerator: int, denominator: int, pi_power: int
) -> NDArray[np.float64]:
    """The real array of the invariant with P = |numerator| / denominator · π^pi_power.

    Its complex entries are sign(numerator) (-1)^m3 S √(P / (B1 B2 B3)).
    """
    import numpy as np

    l1, l2, l3 = degrees
    values = _magnitudes(degrees, numerator, denominator, pi_power)
    signs, places = _real_places(max(8, 1 << max(l1, l2).bit_length()), (l1 + l2 + l3) & 1)
    middle = signs.shape[2] // 2
    window = slice(None), slice(l1 + 1), slice(middle - l2, middle + l2 + 1)
    r1, r2, r3 = (place[window] for place in places)
    factor = np.where(np.abs(r3) <= l3, signs[window], 0)
    chosen = np.flatnonzero(factor)
    n2, n3 = 2 * l2 + 1, 2 * l3 + 1
    index = (r1 * (n2 * n3) + (r2 * n3 + r3)).ravel()[chosen] + ((l1 * n2 + l2) * n3 + l3)
    array = np.zeros((2 * l1 + 1) * n2 * n3)
    array[index] = (factor * values).ravel()[chosen]
    return array.reshape(2 * l1 + 1, n2, n3)


def _magnitudes(
    degrees: tuple[int, int, int], numerator: int, denominator: int, pi_power: int
) -> NDArray[np.float64]:
    """S √P / √(B1 B2 B3), and 1/√2 of it where no order is 0, at [-m1, m2 + l2] for m1 ≤ 0."""
    import numpy as np

    l1, l2, l3 = degrees
    a, b, c = l1 + l2 - l3, l1 - l2 + l3, l2 - l1 + l3
    right = _toeplitz(c, 2 * l2 + 1, a + 1) * _alternating(a)
    sums = _toeplitz(b, 2 * l1 + 1, a + 1)[l1:] @ right.T
    p, m = np.arange(l1 + 1)[:, None], np.arange(-l2, l2 + 1)
    third = p - m
    halved = (p != 0) & (m != 0) & (third != 0)
    inside = np.abs(third) <= l3
    places = _binomials(l1)[l1:, None] * _binomials(l2)
    places = places * np.where(inside, _binomials(l3)[np.where(inside, third + l3, 0)], 1)
    places = np.where(halved, 2 * places, places)
    square = np.longdouble(abs(numerator)) / np.longdouble(denominator)
    if pi_power:
        square = square / np.longdouble("3.14159265358979323846264338327950288")
    precise = sums * np.sqrt(square / places)
    if numerator < 0:
        precise = -precise
    nearest: NDArray[np.float64] = precise.astype(np.float64)
    # In units of the last place of the double, the error is below _ERROR · 2^-64 · 2^53; below a
    # power of 2 these units are half as large, so that such entries are always decided exactly.
    unit = np.spacing(np.abs(nearest))
    from_tie = np.abs(0.5 - (np.abs(precise - nearest) / unit).astype(np.float64))
    unsure = (from_tie < _ERROR * 2.0**-11) | (np.frexp(nearest)[0] == 0.5)
    for row, column in zip(*np.nonzero(unsure & (sums != 0)), strict=True):
        total, m2 = int(sums[row, column]), int(column) - l2
        place = comb(2 * l1, l1 + int(row)) * comb(2 * l2, int(column))
        place *= comb(2 * l3, l3 + int(row) - m2) << int(halved[row, column])
        exact = reduced(total * abs(total) * numerator, denominator * place, pi_power)
        nearest[row, column] = float(exact)
    return nearest


@lru_cache(maxsize=1024)
def _toeplitz(n: int, rows: int, columns: int) -> Any:
    """The matrix [r, k] of C(n, r - k), float64."""
    import numpy as np

    row = [comb(n, k) for k in range(n + 1)]
    matrix = np.zeros((rows, columns))
    for k in range(columns):
        part = row[: max(0, rows - k)]
        matrix[k : k + len(part), k] = part
    return matrix


@lru_cache(maxsize=128)
def _alternating(n: int) -> Any:
    """(-1)^k C(n, k) for k = 0 … n, float64."""
    import numpy as np

    return np.array([(-1) ** k * comb(n, k) for k in range(n + 1)], np.float64)


@lru_cache(maxsize=128)
def _binomials(l: int) -> Any:
    """C(2l, l+m) for m = -l … l, long double."""
    import numpy as np

    return np.array([comb(2 * l, k) for k in range(2 * l + 1)], np.longdouble)


@lru_cache(maxsize=16)
def _real_places(top: int, odd: int) -> tuple[Any, tuple[Any, Any, Any]]:
    """Signs and real orders of the up to four entries that the complex orders (-p, m, p-m) give.

    Arrays [choice, p, m + top] for p ≤ top, |m| ≤ top. A sign is 0 where there is no such entry;
    it holds (-1)^(p-m) too.
    """
    import numpy as np

    signs = np.zeros((4, top + 1, 2 * top + 1))
    places = np.zeros((3, 4, top + 1, 2 * top + 1), np.int64)
    for p in range(top + 1):
        for m in range(-top, top + 1):
            for choice, (orders, sign) in enumerate(real_entries((-p, m, p - m), odd)):
                signs[choice, p, m + top] = -sign if (p - m) & 1 else sign
                places[:, choice, p, m + top] = orders
    return signs, (places[0], places[1], places[2])
