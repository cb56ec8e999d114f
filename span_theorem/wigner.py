"""Exact Wigner 3j symbols and Clebsch–Gordan coefficients of SO(3), complex basis.

Every value is a :class:`~span_theorem.surd.Surd`, sign·√rational. The one sum behind all of them
is an alternating sum of products of three binomials, an integer, so that no fraction is formed
before the end. Selection rules give an exact zero; only a meaningless argument (a negative l, a
float) raises.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import comb

from span_theorem.arguments import integer, natural
from span_theorem.surd import Surd

__all__ = ["clebsch_gordan", "clebsch_gordan_block", "wigner_3j", "wigner_3j_block"]

_ZERO = Surd(Fraction(0))


@lru_cache(maxsize=4096)
def _pascal_row(n: int) -> tuple[int, ...]:
    return tuple(comb(n, k) for k in range(n + 1))


def _alternating_sum(l1: int, l2: int, l3: int, m1: int, m2: int) -> int:
    """Σ_k (-1)^k C(a,k) C(2l1-a, l1-m1-k) C(2l2-a, l2+m2-k) with a = l1+l2-l3."""
    a = l1 + l2 - l3
    row_a, row_1, row_2 = _pascal_row(a), _pascal_row(2 * l1 - a), _pascal_row(2 * l2 - a)
    i, j = l1 - m1, l2 + m2
    first = max(0, i - 2 * l1 + a, j - 2 * l2 + a)
    last = min(a, i, j)
    total = 0
    for k in range(first, last + 1):
        term = row_a[k] * row_1[i - k] * row_2[j - k]
        total += -term if k & 1 else term
    return total


def _triangle(l1: int, l2: int, l3: int) -> bool:
    return abs(l1 - l2) <= l3 <= l1 + l2


def _coupling_square(l1: int, l2: int, l3: int) -> tuple[int, int]:
    """The part of ⟨l1 m1 l2 m2|l3 m3⟩² that does not depend on m, as numerator, denominator."""
    a = l1 + l2 - l3
    return comb(2 * l1, a) * comb(2 * l2, a), comb(l1 + l2 + l3 + 1, a)


def clebsch_gordan(l1: int, m1: int, l2: int, m2: int, l3: int, m3: int) -> Surd:
    """⟨l1 m1 l2 m2 | l3 m3⟩, Condon–Shortley phase, Σ over (m1, m2) of the squares = 1.

    Varshalovich, Moskalev, Khersonskii, *Quantum Theory of Angular Momentum* (1988), 8.2.1, in
    the form with three binomials. Zero where m1 + m2 ≠ m3, |m| > l or the triangle rule fails.

    Args:
        l1, l2, l3: degrees, integers ≥ 0.
        m1, m2, m3: orders, integers.

    Raises:
        TypeError: for anything but integers. ValueError: for a negative degree.

    >>> clebsch_gordan(1, 1, 1, -1, 0, 0)
    Surd(1/3)
    >>> clebsch_gordan(2, 0, 2, 0, 4, 0).sympy()
    3*sqrt(70)/35
    """
    l1, l2, l3 = natural("l1", l1), natural("l2", l2), natural("l3", l3)
    m1, m2, m3 = integer("m1", m1), integer("m2", m2), integer("m3", m3)
    if m1 + m2 != m3 or not _triangle(l1, l2, l3):
        return _ZERO
    if abs(m1) > l1 or abs(m2) > l2 or abs(m3) > l3:
        return _ZERO
    return Surd(_clebsch_gordan_square(l1, m1, l2, m2, l3))


def _clebsch_gordan_square(l1: int, m1: int, l2: int, m2: int, l3: int) -> Fraction:
    """The signed square of an allowed coefficient; arguments unchecked."""
    total = _alternating_sum(l1, l2, l3, m1, m2)
    numerator, denominator = _coupling_square(l1, l2, l3)
    denominator *= comb(2 * l1, l1 - m1) * comb(2 * l2, l2 - m2) * comb(2 * l3, l3 - m1 - m2)
    return Fraction(total * abs(total) * numerator, denominator)


def wigner_3j(l1: int, l2: int, l3: int, m1: int, m2: int, m3: int) -> Surd:
    """The Wigner 3j symbol (l1 l2 l3; m1 m2 m3).

    (-1)^{l1-l2-m3} (2l3+1)^{-1/2} ⟨l1 m1 l2 m2 | l3 -m3⟩ (Varshalovich 8.1.2, eq. 12).

    >>> wigner_3j(1, 1, 2, 0, 0, 0)
    Surd(2/15)
    >>> wigner_3j(2, 2, 1, 0, 0, 0)
    Surd(0)
    """
    value = clebsch_gordan(l1, m1, l2, m2, l3, -m3)
    sign = -1 if (l1 - l2 - m3) & 1 else 1
    return Surd(sign * value.signed_square / (2 * l3 + 1))


def clebsch_gordan_block(l1: int, l2: int, l3: int) -> dict[tuple[int, int], Surd]:
    """All nonzero ⟨l1 m1 l2 m2 | l3 m1+m2⟩ as a map from (m1, m2).

    Half of them are computed; the rest follow from ⟨-m1 -m2⟩ = (-1)^{l1+l2-l3} ⟨m1 m2⟩.

    >>> clebsch_gordan_block(1, 1, 0)
    {(-1, 1): Surd(1/3), (0, 0): Surd(-1/3), (1, -1): Surd(1/3)}
    """
    l1, l2, l3 = natural("l1", l1), natural("l2", l2), natural("l3", l3)
    if not _triangle(l1, l2, l3):
        return {}
    odd = (l1 + l2 - l3) & 1
    half: dict[tuple[int, int], Surd] = {}
    for m1 in range(-l1, 1):
        for m2 in range(max(-l2, -l3 - m1), min(l2, l3 - m1) + 1):
            if m1 == 0 and m2 > 0:
                break
            square = _clebsch_gordan_square(l1, m1, l2, m2, l3)
            if square:
                value = half[m1, m2] = Surd(square)
                half[-m1, -m2] = -value if odd else value
    return dict(sorted(half.items()))


def wigner_3j_block(l1: int, l2: int, l3: int) -> dict[tuple[int, int, int], Surd]:
    """All nonzero 3j symbols of (l1, l2, l3) as a map from (m1, m2, m3), m1 + m2 + m3 = 0.

    >>> wigner_3j_block(1, 1, 0)[1, -1, 0]
    Surd(1/3)
    """
    return {
        (m1, m2, -m1 - m2): Surd(
            (-1 if (l1 - l2 + m1 + m2) & 1 else 1) * value.signed_square / (2 * l3 + 1)
        )
        for (m1, m2), value in clebsch_gordan_block(l1, l2, l3).items()
    }
