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

from span_theorem.arguments import integer, natural
from span_theorem.surd import Surd

__all__ = ["E3NN_AXES", "RealComponent", "real_component", "real_from_complex"]

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
