"""Exact Gaunt coefficients: integrals of three spherical harmonics, complex and real basis."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from math import comb, factorial, gcd

from span_theorem.arguments import integer, natural
from span_theorem.facade import make_callable
from span_theorem.real_basis import (
    Convention,
    RealTerm,
    convention_sign,
    real_entries,
    real_invariant_term,
)
from span_theorem.surd import ZERO, Surd, reduced
from span_theorem.wigner import (
    invariant,
    invariant_block,
    pascal_row,
    wigner_3j,
    wigner_3j_block,
)

__all__ = [
    "gaunt",
    "gaunt_block",
    "gaunt_table",
    "real_gaunt",
    "real_gaunt_block",
    "real_wigner_3j",
    "real_wigner_3j_block",
]

_Key = tuple[int, int]


@lru_cache(maxsize=65536)
def gaunt_square(l1: int, l2: int, l3: int) -> tuple[int, int]:
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
    common = gcd(numerator, denominator)
    return (-1) ** g * numerator // common, denominator // common


def gaunt(l1: int, l2: int, l3: int, m1: int, m2: int, m3: int) -> Surd:
    """∫ Y_{l1 m1} Y_{l2 m2} Y_{l3 m3} dΩ over S², orthonormal complex harmonics.

    √((2l1+1)(2l2+1)(2l3+1)/4π) (l1 l2 l3; 0 0 0)(l1 l2 l3; m1 m2 m3), Varshalovich 5.9.1, eq. 4.
    Zero unless m1+m2+m3 = 0, l1+l2+l3 is even and the triangle rule holds. Integers only.

    >>> gaunt(1, 1, 2, 0, 0, 0).sympy()
    sqrt(5)/(5*sqrt(pi))
    """
    l1, l2, l3 = natural("l1", l1), natural("l2", l2), natural("l3", l3)
    m1, m2, m3 = integer("m1", m1), integer("m2", m2), integer("m3", m3)
    if m1 + m2 + m3 or abs(m1) > l1 or abs(m2) > l2 or abs(m3) > l3:
        return ZERO
    numerator, denominator = gaunt_square(l1, l2, l3)
    if not numerator:
        return ZERO
    i, j, k = l1 - m1, l2 + m2, l3 + m3
    total = invariant(l1 + l2 - l3, l1 - l2 + l3, l2 - l1 + l3, i, j)
    if (l1 - l2 - m3) & 1:
        total = -total
    denominator *= pascal_row(2 * l1)[i] * pascal_row(2 * l2)[j] * pascal_row(2 * l3)[k]
    return reduced(total * abs(total) * numerator, denominator, -1)


def gaunt_block(l1: int, l2: int, l3: int) -> dict[_Key, Surd]:
    """All nonzero Gaunt coefficients of three degrees as a map from (m1, m2), m3 = -m1-m2.

    Half of them are computed: changing the sign of every m changes nothing, since l1+l2+l3 is
    even.
    """
    return _gaunt_block(natural("l1", l1), natural("l2", l2), natural("l3", l3))


def _gaunt_block(l1: int, l2: int, l3: int) -> dict[_Key, Surd]:
    numerator, denominator = gaunt_square(l1, l2, l3)
    block: dict[_Key, Surd] = {}
    if not numerator:
        return block
    for two_m1, two_m2, total, place in invariant_block(2 * l1, 2 * l2, 2 * l3):
        m1, m2 = two_m1 // 2, two_m2 // 2
        signed = -numerator if (l1 - l2 + m1 + m2) & 1 else numerator
        value = reduced(total * abs(total) * signed, denominator * place, -1)
        block[m1, m2] = block[-m1, -m2] = value
    return block


def gaunt_table(
    l1_max: int, l2_max: int, l3_max: int
) -> dict[tuple[int, int, int], dict[_Key, Surd]]:
    """Every nonzero Gaunt coefficient with l1 ≤ l1_max, l2 ≤ l2_max, l3 ≤ l3_max.

    A map from (l1, l2, l3) to the map of :func:`gaunt_block`. The coefficient does not depend on
    the order of its three pairs (l, m), so each set of three degrees is computed once.

    >>> table = gaunt_table(2, 2, 4)
    >>> table[2, 2, 4][2, 2] == gaunt(2, 2, 4, 2, 2, -4)
    True
    """
    tops = (natural("l1_max", l1_max), natural("l2_max", l2_max), natural("l3_max", l3_max))
    table: dict[tuple[int, int, int], dict[_Key, Surd]] = {}
    known: dict[tuple[int, ...], dict[_Key, Surd]] = {}
    keys: dict[_Key, _Key] = {}
    for l1 in range(tops[0] + 1):
        for l2 in range(tops[1] + 1):
            for l3 in range(abs(l1 - l2), min(l1 + l2, tops[2]) + 1, 2):
                ascending = tuple(sorted((l1, l2, l3)))
                block = known.get(ascending)
                if block is None:
                    block = known[ascending] = _gaunt_block(*ascending)
                table[l1, l2, l3] = _reordered(block, ascending, (l1, l2), keys)
    return table


def _reordered(
    block: dict[_Key, Surd],
    degrees: tuple[int, ...],
    wanted: tuple[int, int],
    keys: dict[_Key, _Key],
) -> dict[_Key, Surd]:
    """A block of ascending degrees with its keys as the orders of two ``wanted`` ones of them.

    ``keys`` makes equal keys one object. A new tuple for each of the many would now and then make
    Python search its whole heap for garbage, which in a process with a large one costs more than
    the table.
    """
    one = keys.setdefault
    first = degrees.index(wanted[0])
    second = next(i for i in range(3) if i != first and degrees[i] == wanted[1])
    match first, second:
        case 0, 1:
            return {one(key, key): value for key, value in block.items()}
        case 1, 0:
            return {one(k := (m2, m1), k): value for (m1, m2), value in block.items()}
        case 0, 2:
            return {one(k := (m1, -m1 - m2), k): value for (m1, m2), value in block.items()}
        case 2, 0:
            return {one(k := (-m1 - m2, m1), k): value for (m1, m2), value in block.items()}
        case 1, 2:
            return {one(k := (m2, -m1 - m2), k): value for (m1, m2), value in block.items()}
        case _:
            return {one(k := (-m1 - m2, m2), k): value for (m1, m2), value in block.items()}


def real_gaunt(l1: int, l2: int, l3: int, m1: int, m2: int, m3: int) -> Surd:
    """∫ of three real orthonormal harmonics over S² (basis of :mod:`span_theorem.real_basis`).

    One pair of complex Gaunt coefficients, equal up to conjugation, contributes, so the value is
    again sign·√(rational/π). Integers only.

    >>> real_gaunt(1, 1, 2, 0, 0, 0) == gaunt(1, 1, 2, 0, 0, 0)
    True
    """
    l1, l2, l3 = natural("l1", l1), natural("l2", l2), natural("l3", l3)
    orders = integer("m1", m1), integer("m2", m2), integer("m3", m3)
    term = real_invariant_term(orders, 0)
    if term is None:
        return ZERO
    return _real_value(gaunt(l1, l2, l3, *term[0]), term)


def real_gaunt_block(l1: int, l2: int, l3: int) -> dict[tuple[int, int, int], Surd]:
    """All nonzero real Gaunt coefficients of three degrees as a map from (m1, m2, m3), ascending.

    >>> len(real_gaunt_block(1, 1, 2))
    11
    """
    block = gaunt_block(l1, l2, l3)
    return _real_block((((m1, m2, -m1 - m2), value) for (m1, m2), value in block.items()), 0)


def real_wigner_3j(
    l1: int, l2: int, l3: int, m1: int, m2: int, m3: int, convention: Convention = "3j"
) -> Surd:
    """The invariant of V_l1 ⊗ V_l2 ⊗ V_l3 in the real basis, Σ of the squares = 1.

    The 3j symbol carried to the real basis; where l1+l2+l3 is odd the result is imaginary and is
    multiplied by -i. It is unique up to one sign per (l1, l2, l3), and ``convention`` chooses it:
    ``"3j"`` is the one just described; with ``"e3nn"`` the values are those of ``o3.wigner_3j`` of
    e3nn 0.6, entry by entry, with ``"e3nn-0.4"`` those of the table of e3nn 0.4
    (:func:`span_theorem.real_basis.e3nn_sign`, :func:`span_theorem.real_basis.e3nn_table_sign`).
    Integers only: for half-integers there is no real basis.

    >>> real_wigner_3j(1, 1, 0, 1, 1, 0)
    Surd(-1/3)
    >>> real_wigner_3j(1, 1, 0, 1, 1, 0, convention="e3nn")
    Surd(1/3)
    """
    l1, l2, l3 = natural("l1", l1), natural("l2", l2), natural("l3", l3)
    orders = integer("m1", m1), integer("m2", m2), integer("m3", m3)
    sign = convention_sign(convention, l1, l2, l3)
    term = real_invariant_term(orders, (l1 + l2 + l3) & 1)
    if term is None:
        return ZERO
    value = _real_value(wigner_3j(l1, l2, l3, *term[0]), term)
    return value if sign > 0 else -value


def real_wigner_3j_block(
    l1: int, l2: int, l3: int, convention: Convention = "3j"
) -> dict[tuple[int, int, int], Surd]:
    """All nonzero entries of :func:`real_wigner_3j` as a map from (m1, m2, m3), ascending.

    >>> real_wigner_3j_block(1, 1, 0)
    {(-1, -1, 0): Surd(-1/3), (0, 0, 0): Surd(-1/3), (1, 1, 0): Surd(-1/3)}
    """
    l1, l2, l3 = natural("l1", l1), natural("l2", l2), natural("l3", l3)
    sign = convention_sign(convention, l1, l2, l3)
    block = wigner_3j_block(l1, l2, l3)
    if sign < 0:
        block = {orders: -value for orders, value in block.items()}
    return _real_block(block.items(), (l1 + l2 + l3) & 1)


def _real_value(value: Surd, term: RealTerm) -> Surd:
    _, sign, halvings = term
    if halvings:
        value = Surd(value.signed_square / 2, value.pi_power)
    return value if sign > 0 else -value


def _real_block(
    entries: Iterable[tuple[tuple[int, int, int], Surd]], odd: int
) -> dict[tuple[int, int, int], Surd]:
    """The real entries of an invariant, from all its complex ones."""
    block = {}
    for orders, value in entries:
        if next((m for m in orders if m), 0) > 0:
            continue  # that of -m1, -m2, -m3 says the same
        if all(orders):
            value = reduced(value.numerator, 2 * value.denominator, value.pi_power)
        opposite = -value
        for real_orders, sign in real_entries(orders, odd):
            block[real_orders] = value if sign > 0 else opposite
    return dict(sorted(block.items()))


make_callable(__name__, "span_theorem.gaunt:gaunt")
