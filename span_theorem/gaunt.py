"""Exact Gaunt coefficients: integrals of three spherical harmonics, complex and real basis."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from math import comb, factorial

from span_theorem.arguments import integer, natural
from span_theorem.real_basis import real_component
from span_theorem.surd import Surd
from span_theorem.wigner import _alternating_sum, wigner_3j, wigner_3j_block

__all__ = [
    "gaunt",
    "gaunt_block",
    "gaunt_table",
    "real_gaunt",
    "real_gaunt_block",
    "real_wigner_3j",
    "real_wigner_3j_block",
]

_ZERO = Surd(Fraction(0))
_Invariant = Callable[[int, int, int], Surd]


@lru_cache(maxsize=65536)
def _prefactor(l1: int, l2: int, l3: int) -> tuple[int, int]:
    """Signed rational f with Gaunt² · π = f · S² / (binomials in m): sign in the numerator.

    f collects (2l1+1)(2l2+1)(2l3+1)/4, the square of (l1 l2 l3; 0 0 0), whose sign is
    (-1)^{(l1+l2+l3)/2}, and the m-independent part of the other 3j symbol. Zero where a
    selection rule on the degrees fails.
    """
    total = l1 + l2 + l3
    if total & 1 or not abs(l1 - l2) <= l3 <= l1 + l2:
        return 0, 1
    g = total // 2
    root = factorial(g) // (factorial(g - l1) * factorial(g - l2) * factorial(g - l3))
    a = l1 + l2 - l3
    numerator = (2 * l1 + 1) * (2 * l2 + 1) * root * root
    numerator *= factorial(total - 2 * l1) * factorial(total - 2 * l2) * factorial(a)
    numerator *= comb(2 * l1, a) * comb(2 * l2, a)
    denominator = 4 * factorial(total + 1) * comb(total + 1, a)
    square = Fraction(numerator, denominator)
    return (-1) ** g * square.numerator, square.denominator


def _gaunt_square(l1: int, l2: int, l3: int, m1: int, m2: int) -> Fraction:
    """π times the signed square of an allowed coefficient with m3 = -m1-m2; unchecked."""
    numerator, denominator = _prefactor(l1, l2, l3)
    total = _alternating_sum(l1, l2, l3, m1, m2)
    if (l1 - l2 + m1 + m2) & 1:
        total = -total
    denominator *= comb(2 * l1, l1 - m1) * comb(2 * l2, l2 - m2) * comb(2 * l3, l3 - m1 - m2)
    return Fraction(total * abs(total) * numerator, denominator)


def gaunt(l1: int, l2: int, l3: int, m1: int, m2: int, m3: int) -> Surd:
    """∫ Y_{l1 m1} Y_{l2 m2} Y_{l3 m3} dΩ over S², orthonormal complex harmonics.

    √((2l1+1)(2l2+1)(2l3+1)/4π) (l1 l2 l3; 0 0 0)(l1 l2 l3; m1 m2 m3), Varshalovich 5.9.1, eq. 4.
    Zero unless m1+m2+m3 = 0, l1+l2+l3 is even and the triangle rule holds.

    >>> gaunt(1, 1, 2, 0, 0, 0).sympy()
    sqrt(5)/(5*sqrt(pi))
    """
    l1, l2, l3 = natural("l1", l1), natural("l2", l2), natural("l3", l3)
    m1, m2, m3 = integer("m1", m1), integer("m2", m2), integer("m3", m3)
    if m1 + m2 + m3 or abs(m1) > l1 or abs(m2) > l2 or abs(m3) > l3:
        return _ZERO
    if not _prefactor(l1, l2, l3)[0]:
        return _ZERO
    return Surd(_gaunt_square(l1, l2, l3, m1, m2), -1)


def gaunt_block(l1: int, l2: int, l3: int) -> dict[tuple[int, int], Surd]:
    """All nonzero Gaunt coefficients of three degrees as a map from (m1, m2), m3 = -m1-m2.

    Half of them are computed: changing the sign of every m changes nothing, since l1+l2+l3 is
    even.
    """
    l1, l2, l3 = natural("l1", l1), natural("l2", l2), natural("l3", l3)
    numerator, denominator = _prefactor(l1, l2, l3)
    block: dict[tuple[int, int], Surd] = {}
    if not numerator:
        return block
    row_1 = [comb(2 * l1, k) for k in range(2 * l1 + 1)]
    row_2 = [comb(2 * l2, k) for k in range(2 * l2 + 1)]
    row_3 = [comb(2 * l3, k) for k in range(2 * l3 + 1)]
    for m1 in range(-l1, 1):
        part = denominator * row_1[l1 - m1]
        for m2 in range(max(-l2, -l3 - m1), min(l2, l3 - m1) + 1):
            if m1 == 0 and m2 > 0:
                break
            total = _alternating_sum(l1, l2, l3, m1, m2)
            if not total:
                continue
            square = total * abs(total) * numerator
            if (l1 - l2 + m1 + m2) & 1:
                square = -square
            value = Surd(Fraction(square, part * row_2[l2 - m2] * row_3[l3 - m1 - m2]), -1)
            block[m1, m2] = block[-m1, -m2] = value
    return block


def gaunt_table(
    l1_max: int, l2_max: int, l3_max: int
) -> dict[tuple[int, int, int], dict[tuple[int, int], Surd]]:
    """Every nonzero Gaunt coefficient with l1 ≤ l1_max, l2 ≤ l2_max, l3 ≤ l3_max.

    A map from (l1, l2, l3) to the map of :func:`gaunt_block`. Blocks that differ by the order of
    the first two degrees are computed once.

    >>> table = gaunt_table(2, 2, 4)
    >>> table[2, 2, 4][2, 2] == gaunt(2, 2, 4, 2, 2, -4)
    True
    """
    tops = (natural("l1_max", l1_max), natural("l2_max", l2_max), natural("l3_max", l3_max))
    table: dict[tuple[int, int, int], dict[tuple[int, int], Surd]] = {}
    for l1 in range(tops[0] + 1):
        for l2 in range(tops[1] + 1):
            for l3 in range(abs(l1 - l2), min(l1 + l2, tops[2]) + 1, 2):
                swapped = table.get((l2, l1, l3))
                if swapped is None:
                    table[l1, l2, l3] = gaunt_block(l1, l2, l3)
                else:
                    table[l1, l2, l3] = {(m2, m1): v for (m1, m2), v in swapped.items()}
    return table


def real_gaunt(l1: int, l2: int, l3: int, m1: int, m2: int, m3: int) -> Surd:
    """∫ of three real orthonormal harmonics over S² (basis of :mod:`span_theorem.real_basis`).

    At most one pair of complex Gaunt coefficients, equal up to conjugation, contributes, so the
    value is again sign·√(rational/π).

    >>> real_gaunt(1, 1, 2, 0, 0, 0) == gaunt(1, 1, 2, 0, 0, 0)
    True
    """
    degrees = natural("l1", l1), natural("l2", l2), natural("l3", l3)
    orders = integer("m1", m1), integer("m2", m2), integer("m3", m3)
    if any(abs(m) > degree for m, degree in zip(orders, degrees, strict=True)):
        return _ZERO
    if (l1 + l2 + l3) & 1:
        return _ZERO
    return _combine(orders, lambda a, b, c: gaunt(l1, l2, l3, a, b, c), 0)


def real_gaunt_block(l1: int, l2: int, l3: int) -> dict[tuple[int, int, int], Surd]:
    """All nonzero real Gaunt coefficients of three degrees as a map from (m1, m2, m3).

    >>> len(real_gaunt_block(1, 1, 2))
    11
    """
    block = gaunt_block(l1, l2, l3)
    return _real_block(l1, l2, l3, lambda a, b, c: block.get((a, b), _ZERO), 0)


def real_wigner_3j_block(l1: int, l2: int, l3: int) -> dict[tuple[int, int, int], Surd]:
    """All nonzero entries of :func:`real_wigner_3j` as a map from (m1, m2, m3).

    >>> real_wigner_3j_block(1, 1, 0)
    {(-1, -1, 0): Surd(-1/3), (0, 0, 0): Surd(-1/3), (1, 1, 0): Surd(-1/3)}
    """
    block = wigner_3j_block(l1, l2, l3)
    turns = 3 if (l1 + l2 + l3) & 1 else 0
    return _real_block(l1, l2, l3, lambda a, b, c: block.get((a, b, c), _ZERO), turns)


def _real_block(
    l1: int, l2: int, l3: int, invariant: _Invariant, quarter_turns: int
) -> dict[tuple[int, int, int], Surd]:
    block = {}
    for m1 in range(-l1, l1 + 1):
        for m2 in range(-l2, l2 + 1):
            # |m3| is the sum or the difference of the other two; nothing else survives.
            for size in {abs(m1) + abs(m2), abs(abs(m1) - abs(m2))}:
                for m3 in {size, -size}:
                    if size <= l3:
                        value = _combine((m1, m2, m3), invariant, quarter_turns)
                        if value:
                            block[m1, m2, m3] = value
    return dict(sorted(block.items()))


def real_wigner_3j(l1: int, l2: int, l3: int, m1: int, m2: int, m3: int) -> Surd:
    """The invariant of V_l1 ⊗ V_l2 ⊗ V_l3 in the real basis, Σ of the squares = 1.

    The 3j symbol carried to the real basis; where l1+l2+l3 is odd the result is imaginary and is
    multiplied by -i. Equals e3nn's ``o3.wigner_3j(l1, l2, l3)`` entry by entry up to one sign per
    (l1, l2, l3).

    >>> real_wigner_3j(1, 1, 0, 1, 1, 0)
    Surd(-1/3)
    """
    degrees = natural("l1", l1), natural("l2", l2), natural("l3", l3)
    orders = integer("m1", m1), integer("m2", m2), integer("m3", m3)
    if any(abs(m) > degree for m, degree in zip(orders, degrees, strict=True)):
        return _ZERO
    return _combine(
        orders, lambda a, b, c: wigner_3j(l1, l2, l3, a, b, c), 3 if (l1 + l2 + l3) & 1 else 0
    )


def _combine(orders: tuple[int, int, int], invariant: _Invariant, quarter_turns: int) -> Surd:
    """Carry an invariant of three complex indices to the real basis, times i^quarter_turns.

    Terms are grouped by i^k; all that survive share one radicand, which is checked.
    """
    components = [real_component(m) for m in orders]
    square: Fraction | None = None
    weight = [0, 0, 0, 0]  # counts of i^0, i^1, i^2, i^3
    pi_power = 0
    for a, turn_a in components[0].terms:
        for b, turn_b in components[1].terms:
            for c, turn_c in components[2].terms:
                if a + b + c:
                    continue
                value = invariant(a, b, c)
                if not value:
                    continue
                if square is None:
                    square, pi_power = value.square, value.pi_power
                elif square != value.square:
                    raise ArithmeticError(f"radicands differ at real orders {orders}")
                turns = turn_a + turn_b + turn_c + quarter_turns + (2 if value.sign < 0 else 0)
                weight[turns % 4] += 1
    if square is None:
        return _ZERO
    if weight[1] != weight[3]:
        raise ArithmeticError(f"the invariant is not real at real orders {orders}")
    real = weight[0] - weight[2]
    halvings = sum(component.halved for component in components)
    return Surd(Fraction(real * abs(real), 2**halvings) * square, pi_power)
