"""Exact Wigner 3j symbols and Clebsch–Gordan coefficients of SU(2), complex basis.

Every value is a :class:`~span_theorem.surd.Surd`, sign·√rational. Degrees and orders may be
half-integers, as exact numbers: ``Fraction(1, 2)`` or sympy's ``Rational(1, 2)``. All that carry
harmonics or a real basis (:mod:`span_theorem.gaunt`, :mod:`span_theorem.arrays`) take integers
only. A state that does not exist (|m| > l, or l - m no integer) and degrees that cannot be coupled
give an exact zero. A meaningless argument raises: a float (TypeError) and a negative degree
(ValueError), since V_l with l < 0 is no representation; sympy returns 0 there.

Method. In the binary-form basis b_m = |l m⟩ / √C(2l, l+m) the invariant of V_l1 ⊗ V_l2 ⊗ V_l3 has
integer coefficients. With a = l1+l2-l3, b = l1-l2+l3, c = -l1+l2+l3 they are

    S(i, j) = coefficient of x^i y^j in (1 - xy)^a (1 + x)^b (1 + y)^c,   i = l1-m1, j = l2+m2,

so that no fraction is formed before the end.
"""

from __future__ import annotations

from functools import lru_cache
from math import comb
from typing import Any

from span_theorem.half_integers import Momentum, doubled, doubled_degrees, halved
from span_theorem.surd import ZERO, Surd, reduced

__all__ = ["clebsch_gordan", "clebsch_gordan_block", "wigner_3j", "wigner_3j_block"]


@lru_cache(maxsize=4096)
def pascal_row(n: int) -> tuple[int, ...]:
    """C(n, 0), …, C(n, n)."""
    return tuple(comb(n, k) for k in range(n + 1))


def invariant(a: int, b: int, c: int, i: int, j: int) -> int:
    """S(i, j) of the module's docstring, for 0 ≤ i ≤ a+b and 0 ≤ j ≤ a+c; unchecked."""
    row_a, row_b, row_c = pascal_row(a), pascal_row(b), pascal_row(c)
    first = max(0, i - b, j - c)
    total = 0
    for k in range(first, min(a, i, j) + 1):
        term = row_a[k] * row_b[i - k] * row_c[j - k]
        total += -term if k & 1 else term
    return total


def invariant_rows(a: int, b: int, c: int, rows: int) -> list[list[int]]:
    """S(i, j) for i < ``rows`` and all j ≤ a+c: a product of two banded matrices of binomials."""
    from flint import fmpz_mat

    # Row i of the left matrix, C(b, i - k) for k = 0 … a, is a window on the binomials of b.
    padded = [0] * rows + list(pascal_row(b)) + [0] * a
    left = [padded[rows + b - i : rows + b - i + a + 1] for i in range(rows)]
    row_c = pascal_row(c)
    right = []
    for k, binomial in enumerate(pascal_row(a)):
        factor = -binomial if k & 1 else binomial
        right.append([0] * k + [factor * value for value in row_c] + [0] * (a - k))
    width = a + c + 1
    flat = [int(value) for value in (fmpz_mat(left) * fmpz_mat(right)).entries()]
    return [flat[width * i : width * (i + 1)] for i in range(rows)]


@lru_cache(maxsize=65536)
def coupling_square(l1: int, l2: int, l3: int) -> tuple[int, int] | None:
    """The part of ⟨l1 m1 l2 m2|l3 m3⟩² that no m enters, as (numerator, denominator).

    Arguments are twice the degrees. None where they cannot be coupled.
    """
    total = l1 + l2 + l3
    if total & 1 or not abs(l1 - l2) <= l3 <= l1 + l2:
        return None
    a = (l1 + l2 - l3) // 2
    return comb(l1, a) * comb(l2, a), comb(total // 2 + 1, a)


def clebsch_gordan(
    l1: Momentum, m1: Momentum, l2: Momentum, m2: Momentum, l3: Momentum, m3: Momentum
) -> Surd:
    """⟨l1 m1 l2 m2 | l3 m3⟩, Condon–Shortley phase, Σ over (m1, m2) of the squares = 1.

    Varshalovich, Moskalev, Khersonskii, *Quantum Theory of Angular Momentum* (1988), 8.2.1, in
    the form with three binomials. Zero where m1 + m2 ≠ m3, |m| > l, l - m is not an integer or the
    triangle rule fails.

    Args:
        l1, l2, l3: degrees ≥ 0, integers or half-integers; int, Fraction or sympy Rational.
        m1, m2, m3: orders, likewise.

    Raises:
        TypeError: for a float or what is not a number.
        ValueError: for a negative degree, and for fractions other than halves.

    >>> clebsch_gordan(1, 1, 1, -1, 0, 0)
    Surd(1/3)
    >>> clebsch_gordan(2, 0, 2, 0, 4, 0).sympy()
    3*sqrt(70)/35
    >>> from fractions import Fraction
    >>> half = Fraction(1, 2)
    >>> clebsch_gordan(half, half, half, -half, 0, 0)
    Surd(1/2)
    """
    a, b, c = doubled_degrees(l1, l2, l3)
    return _coupling(a, doubled("m1", m1), b, doubled("m2", m2), c, doubled("m3", m3), 1)


def _coupling(l1: int, m1: int, l2: int, m2: int, l3: int, m3: int, divisor: int) -> Surd:
    """⟨l1 m1 l2 m2 | l3 m3⟩ / √|divisor|, with its sign; arguments are doubled; unchecked."""
    if m1 + m2 != m3 or abs(m1) > l1 or abs(m2) > l2 or abs(m3) > l3:
        return ZERO
    square = coupling_square(l1, l2, l3)
    # l1 - m1 and l2 - m2 whole and the sum of degrees whole: then l3 - m3 is whole too.
    if square is None or (l1 - m1) & 1 or (l2 - m2) & 1:
        return ZERO
    i, j, k = (l1 - m1) // 2, (l2 + m2) // 2, (l3 - m3) // 2
    total = invariant((l1 + l2 - l3) // 2, (l1 - l2 + l3) // 2, (l2 - l1 + l3) // 2, i, j)
    if divisor < 0:
        total, divisor = -total, -divisor
    denominator = square[1] * divisor * pascal_row(l1)[i] * pascal_row(l2)[j] * pascal_row(l3)[k]
    return reduced(total * abs(total) * square[0], denominator, 0)


def wigner_3j(
    l1: Momentum, l2: Momentum, l3: Momentum, m1: Momentum, m2: Momentum, m3: Momentum
) -> Surd:
    """The Wigner 3j symbol (l1 l2 l3; m1 m2 m3), integers or half-integers.

    (-1)^{l1-l2-m3} (2l3+1)^{-1/2} ⟨l1 m1 l2 m2 | l3 -m3⟩ (Varshalovich 8.1.2, eq. 12). Arguments,
    zeros and errors as for :func:`clebsch_gordan`.

    >>> wigner_3j(1, 1, 2, 0, 0, 0)
    Surd(2/15)
    >>> wigner_3j(2, 2, 1, 0, 0, 0)
    Surd(0)
    >>> from fractions import Fraction
    >>> wigner_3j(Fraction(3, 2), Fraction(1, 2), 1, Fraction(1, 2), Fraction(1, 2), -1)
    Surd(-1/12)
    """
    a, b, c = doubled_degrees(l1, l2, l3)
    n1, n2, n3 = doubled("m1", m1), doubled("m2", m2), doubled("m3", m3)
    # l1 - l2 - m3 is whole wherever the value is not zero.
    divisor = -(c + 1) if (a - b - n3) & 2 else c + 1
    return _coupling(a, n1, b, n2, c, -n3, divisor)


def invariant_block(l1: int, l2: int, l3: int) -> list[tuple[int, int, int, int]]:
    """(2m1, 2m2, S, B) for every nonzero S, of one of each pair (m1, m2), (-m1, -m2); unchecked.

    Arguments are twice the degrees of a possible coupling; S is the integer invariant and B the
    product C(2l1, l1-m1) C(2l2, l2-m2) C(2l3, l3-m3), m3 = m1+m2. The order is that of -m1, -m2.
    """
    a, b, c = (l1 + l2 - l3) // 2, (l1 - l2 + l3) // 2, (l2 - l1 + l3) // 2
    row_1, row_2, row_3 = pascal_row(l1), pascal_row(l2), pascal_row(l3)
    entries = []
    for i, row in enumerate(invariant_rows(a, b, c, l1 // 2 + 1)):
        m1 = l1 - 2 * i
        for j in range(min(l2, i + c), max(-1, i - b - 1), -1):
            m2 = 2 * j - l2
            if m1 == 0 and m2 < 0:
                break
            if row[j]:
                place = row_1[i] * row_2[j] * row_3[c + i - j]
                entries.append((m1, m2, row[j], place))
    return entries


def clebsch_gordan_block(l1: Momentum, l2: Momentum, l3: Momentum) -> dict[tuple[Any, Any], Surd]:
    """All nonzero ⟨l1 m1 l2 m2 | l3 m1+m2⟩ as a map from (m1, m2), in ascending order.

    Half of them are computed; the rest follow from ⟨-m1 -m2⟩ = (-1)^{l1+l2-l3} ⟨m1 m2⟩. Orders are
    ints, those of a half-integer degree Fractions. Arguments and errors as for
    :func:`clebsch_gordan`.

    >>> clebsch_gordan_block(1, 1, 0)
    {(-1, 1): Surd(1/3), (0, 0): Surd(-1/3), (1, -1): Surd(1/3)}
    """
    a, b, c = doubled_degrees(l1, l2, l3)
    square = coupling_square(a, b, c)
    if square is None:
        return {}
    odd = (a + b - c) & 2
    orders = {m: halved(m) for m in range(-max(a, b), max(a, b) + 1)}
    first: dict[tuple[Any, Any], Surd] = {}
    second = []
    for m1, m2, total, place in invariant_block(a, b, c):
        value = reduced(total * abs(total) * square[0], square[1] * place, 0)
        first[orders[-m1], orders[-m2]] = -value if odd else value
        second.append(((orders[m1], orders[m2]), value))
    first.update(reversed(second))
    return first


def wigner_3j_block(l1: Momentum, l2: Momentum, l3: Momentum) -> dict[tuple[Any, Any, Any], Surd]:
    """All nonzero 3j symbols of (l1, l2, l3) as a map from (m1, m2, m3), m1 + m2 + m3 = 0.

    Order, arguments and errors as for :func:`clebsch_gordan_block`.

    >>> wigner_3j_block(1, 1, 0)[1, -1, 0]
    Surd(1/3)
    """
    a, b, c = doubled_degrees(l1, l2, l3)
    square = coupling_square(a, b, c)
    if square is None:
        return {}
    numerator, denominator = square[0], square[1] * (c + 1)
    odd = (a + b + c) & 2
    top = max(a, b, c)
    orders = {m: halved(m) for m in range(-top, top + 1)}
    first: dict[tuple[Any, Any, Any], Surd] = {}
    second = []
    for m1, m2, total, place in invariant_block(a, b, c):
        signed = -numerator if (a - b + m1 + m2) & 2 else numerator
        value = reduced(total * abs(total) * signed, denominator * place, 0)
        m3 = -m1 - m2
        first[orders[-m1], orders[-m2], orders[-m3]] = -value if odd else value
        second.append(((orders[m1], orders[m2], orders[m3]), value))
    first.update(reversed(second))
    return first
