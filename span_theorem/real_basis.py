"""The real basis of spherical harmonics and its relation to the complex one and to e3nn.

Conventions of the whole project
--------------------------------
*Complex*: Y_lm orthonormal over S², Condon–Shortley phase, polar axis z, order m = -l … l:
Y_lm = (-1)^m √((2l+1)/4π · (l-m)!/(l+m)!) P_l^m(cos θ) e^{imφ} for m ≥ 0 with P_l^m ≥ 0 near
θ = 0⁺ (no phase inside P), and Y_{l,-m} = (-1)^m conj(Y_lm).

*Real*: order m = -l … l, orthonormal over S², no phase: √2·N P_l^m cos mφ for m > 0,
√2·N P_l^{|m|} sin |m|φ for m < 0, N P_l^0 for m = 0. In Cartesian terms l = 1 is (y, z, x).

*e3nn*: the same functions in the same order with the axes renamed, since e3nn's polar axis is y:
Y_e3nn(x, y, z) = Y_real(z, x, y) (our x, y, z are its z, x, y). Coefficients, couplings and
Wigner matrices in the real basis are therefore e3nn's arrays, index by index, for the renamed
rotation. e3nn's ``normalization="integral"`` is ours; ``"component"`` is ours times √4π, and
``"norm"`` ours times √(4π/(2l+1)).

*Parity*: V_l carries (-1)^l ("natural"), written 0e, 1o, 2e, …

*Coupling*: Clebsch–Gordan coefficients are unitary (Σ over m1, m2 of the squares is 1 for every
m3); 3j symbols have Σ of all squares 1. Layouts of feature arrays, where they matter, are named
``mul_ir`` (multiplicity outer, component inner) or ``ir_mul``.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from span_theorem.arguments import integer, natural
from span_theorem.surd import Surd

__all__ = [
    "E3NN_AXES",
    "Convention",
    "RealComponent",
    "RealTerm",
    "convention_sign",
    "e3nn_sign",
    "e3nn_table_sign",
    "real_component",
    "real_entries",
    "real_from_complex",
    "real_invariant_term",
]

Convention = Literal["3j", "e3nn", "e3nn-0.4"]
"""Whose sign a real 3j symbol has: the complex 3j symbol's, e3nn's, or the table's of e3nn 0.4."""

RealTerm = tuple[tuple[int, int, int], int, bool]
"""Complex orders, a sign, and whether the square is halved; see :func:`real_invariant_term`."""

E3NN_AXES = (2, 0, 1)
"""Y_e3nn(v) = Y_real(v[2], v[0], v[1]): ``v[..., list(E3NN_AXES)]`` turns e3nn's axes into ours."""


@dataclass(frozen=True, slots=True)
class RealComponent:
    """A real harmonic as 2^{-halved/2} Σ i^turns · Y_{l,m} over ``terms`` of (m, turns)."""

    terms: tuple[tuple[int, int], ...]
    halved: int


def real_component(m: int) -> RealComponent:
    """The real component m in complex harmonics of the same degree; the same for every l ≥ |m|.

    >>> real_component(1).terms  # (Y_{l,-1} - Y_{l,1}) / √2
    ((-1, 0), (1, 2))
    """
    m = integer("m", m)
    if m == 0:
        return RealComponent(((0, 0),), 0)
    phase = 2 * (m % 2)
    if m > 0:
        return RealComponent(((-m, 0), (m, phase)), 1)
    return RealComponent(((m, 1), (-m, 3 + phase)), 1)


def real_from_complex(l: int) -> dict[tuple[int, int], tuple[Surd, int]]:
    """The unitary U with Y_real[m] = Σ U[m, m'] Y_complex[m'], as (modulus, power of i).

    >>> real_from_complex(1)[1, 1]
    (Surd(1/2), 2)
    """
    l = natural("l", l)
    unitary = {}
    for m in range(-l, l + 1):
        component = real_component(m)
        modulus = Surd(Fraction(1, 2**component.halved))
        for order, turns in component.terms:
            unitary[m, order] = modulus, turns % 4
    return unitary


def e3nn_sign(l1: int, l2: int, l3: int) -> int:
    """The sign that turns our real 3j symbol into ``o3.wigner_3j(l1, l2, l3)`` of e3nn 0.6.

    e3nn carries the Clebsch–Gordan coefficient ⟨l1 m1 l2 m2|l3 m3⟩ to its real basis, with factors
    (-i)^l that make it real, and divides by the norm; no sign is chosen. Followed through, this is

        (-1)^(l1 - l2 + ⌊(l1+l2-l3)/2⌋ + s) · ours,   s = 0 for even l1+l2+l3, 1 for odd.

    It does not keep the symmetry of the 3j symbol in its columns where l1+l2+l3 is odd.

    >>> [e3nn_sign(1, 1, l) for l in (0, 1, 2)]
    [-1, -1, 1]
    """
    odd = (l1 + l2 + l3) & 1
    return -1 if (l1 - l2 + (l1 + l2 - l3) // 2 + odd) & 1 else 1


def e3nn_table_sign(l1: int, l2: int, l3: int) -> int:
    """The same for the stored table of e3nn 0.4, which MACE 0.3 pins.

    For l1 ≤ l2 ≤ l3 the entry at m = (0, 0, 0) is positive, or where it is zero, for odd l1+l2+l3,
    the first entry in the order of the array. Other orders of the degrees follow from the symmetry
    of the 3j symbol, so that the sign depends on the set of degrees alone. The table ends at
    l = 11; the rule does not.

    >>> [e3nn_table_sign(1, 1, l) for l in (0, 1, 2)]
    [-1, -1, 1]
    """
    if (l1 + l2 + l3) & 1 == 0:
        return e3nn_sign(l1, l2, l3)
    a, b, c = sorted((l1, l2, l3))
    if a < b:  # the first entry is at real orders (-a, -b, a-b)
        return -1 if (c - a) & 1 else 1
    if c == 2 * a - 1:  # at (-a, 1-a, 1-2a)
        return -1
    return 1 if a & 1 else -1  # at (-a, 1-a, -1)


def convention_sign(convention: Convention, l1: int, l2: int, l3: int) -> int:
    """The sign of one of the conventions; ValueError for an unknown one."""
    if convention == "3j":
        return 1
    if convention == "e3nn":
        return e3nn_sign(l1, l2, l3)
    if convention == "e3nn-0.4":
        return e3nn_table_sign(l1, l2, l3)
    raise ValueError(f"convention must be '3j', 'e3nn' or 'e3nn-0.4', got {convention!r}")


def _choices(m: int) -> tuple[tuple[int, int], ...]:
    """The real orders in which Y_{l,m} occurs, with the power of i of its coefficient there."""
    if m == 0:
        return ((0, 0),)
    if m < 0:
        return ((-m, 0), (m, 1))
    return ((m, 2 * (m & 1)), (-m, 3 + 2 * (m & 1)))


def real_entries(orders: tuple[int, int, int], odd: int) -> list[tuple[tuple[int, int, int], int]]:
    """The real orders at which an invariant gets its entry from these complex orders, with a sign.

    The orders sum to 0. The entry of an invariant of V_l1 ⊗ V_l2 ⊗ V_l3 at real orders r is a sum
    of two terms, of m and of -m with |m_i| = |r_i|, which are conjugate up to the factor i of an
    odd l1+l2+l3. So it is sign · (complex entry at m), times 1/√2 where no order is 0.

    >>> real_entries((-1, 0, 1), 0)
    [((1, 0, 1), -1), ((-1, 0, -1), -1)]
    """
    found = []
    for r1, t1 in _choices(orders[0]):
        for r2, t2 in _choices(orders[1]):
            for r3, t3 in _choices(orders[2]):
                turns = (t1 + t2 + t3 - odd) & 3
                if not turns & 1:
                    found.append(((r1, r2, r3), 1 - turns))
    return found


def real_invariant_term(orders: tuple[int, int, int], odd: int) -> RealTerm | None:
    """Where an invariant's real entry comes from: complex orders, sign, and whether 1/√2 enters.

    None where the entry is zero for every invariant. ``odd`` is the parity of l1+l2+l3.

    >>> real_invariant_term((1, 0, 1), 0)
    ((-1, 0, 1), -1, False)
    """
    a, b, c = (abs(m) for m in orders)
    if c == a + b:
        partner = (-a, -b, c)
    elif b == a + c:
        partner = (-a, b, -c)
    elif a == b + c:
        partner = (-a, b, c)
    else:
        return None
    for real_orders, sign in real_entries(partner, odd):
        if real_orders == orders:
            return partner, sign, all(orders)
    return None
