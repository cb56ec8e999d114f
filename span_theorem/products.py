"""Expansion of products of spherical harmonics into spherical harmonics, exactly.

Write Y_lm = N_lm · E_lm with E_{l,m} = P_l^{|m|}(cos θ) e^{imφ}, which multiply with rational
structure constants, and N_lm² rational up to 1/π. A product with all factors known is a rational
combination of E_{ℓM} times one product of N's, so every coefficient is a single
sign·√(rational·π^k), however many factors there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import lru_cache
from math import factorial
from typing import Literal

from span_theorem.arguments import integer, natural
from span_theorem.gaunt import gaunt
from span_theorem.real_basis import real_component
from span_theorem.surd import Surd

__all__ = ["Harmonic", "expand_product", "harmonic_norm", "product_degrees", "product_structure"]

Harmonic = tuple[int, int]
"""(l, m) of one harmonic."""

_Gaussian = tuple[Fraction, Fraction]


def harmonic_norm(l: int, m: int) -> Surd:
    """N with Y_lm = N · P_l^{|m|}(cos θ) e^{imφ}: the norm and the Condon–Shortley sign.

    >>> harmonic_norm(1, 1)
    Surd(-3/8, pi_power=-1)
    """
    l, size = natural("l", l), abs(integer("m", m))
    if size > l:
        raise ValueError(f"the order of a harmonic must satisfy |m| ≤ l, got (l, m) = {l, m}")
    square = Fraction((2 * l + 1) * factorial(l - size), 4 * factorial(l + size))
    return Surd(-square if m > 0 and m % 2 else square, -1)


@lru_cache(maxsize=1 << 16)
def product_structure(l1: int, m1: int, l2: int, m2: int) -> tuple[tuple[int, Fraction], ...]:
    """E_{l1 m1} E_{l2 m2} = Σ_ℓ r_ℓ E_{ℓ, m1+m2} as pairs (ℓ, r_ℓ)."""
    order = m1 + m2
    sign = -1 if order % 2 else 1
    norms = harmonic_norm(l1, m1) * harmonic_norm(l2, m2)
    pairs = []
    for l in range(max(abs(l1 - l2), abs(order)), l1 + l2 + 1):
        value = gaunt(l1, l2, l, m1, m2, -order)
        if value:
            ratio = value * harmonic_norm(l, order) / norms
            pairs.append((l, sign * ratio.rational()))
    return tuple(pairs)


def _checked(factors: Iterable[Sequence[int]]) -> list[Harmonic]:
    checked = []
    for factor in factors:
        if len(factor) != 2:
            raise ValueError(f"a factor is a pair (l, m), got {factor!r}")
        l, m = natural("l", factor[0]), integer("m", factor[1])
        if abs(m) > l:
            raise ValueError(f"the order of a harmonic must satisfy |m| ≤ l, got (l, m) = {l, m}")
        checked.append((l, m))
    return checked


def expand_product(
    factors: Iterable[Sequence[int]], basis: Literal["complex", "real"] = "complex"
) -> dict[Harmonic, Surd]:
    """The coefficients c with ∏ Y_{l_i m_i} = Σ c[ℓ, M] Y_{ℓM}, orthonormal harmonics.

    This is the Clebsch–Gordan decomposition of a product of functions of *one* direction. The
    empty product is the constant 1 = √(4π) Y_00.

    Args:
        factors: pairs (l, m) with |m| ≤ l.
        basis: ``"complex"`` (Condon–Shortley) or ``"real"``, for factors and result alike.

    Raises:
        ValueError: for |m| > l or an unknown basis. TypeError: for anything but integers.

    >>> expand_product([(1, 0), (1, 0)])
    {(0, 0): Surd(1/4, pi_power=-1), (2, 0): Surd(1/5, pi_power=-1)}
    >>> expand_product([(2, 2), (2, 2)])[4, 4].sympy()
    sqrt(70)/(14*sqrt(pi))
    """
    checked = _checked(factors)
    if basis == "complex":
        return _expand_complex(checked)
    if basis == "real":
        return _expand_real(checked)
    raise ValueError(f"basis must be 'complex' or 'real', got {basis!r}")


def _expand_complex(factors: list[Harmonic]) -> dict[Harmonic, Surd]:
    norm = Surd(Fraction(1))
    order = 0
    state: dict[int, Fraction] = {0: Fraction(1)}
    for l, m in factors:
        norm *= harmonic_norm(l, m)
        grown: dict[int, Fraction] = {}
        for degree, value in state.items():
            for new, ratio in product_structure(degree, order, l, m):
                grown[new] = grown.get(new, Fraction(0)) + value * ratio
        state, order = grown, order + m
    return {
        (degree, order): norm * Surd(value * abs(value)) / harmonic_norm(degree, order)
        for degree, value in sorted(state.items())
        if value
    }


def _expand_real(factors: list[Harmonic]) -> dict[Harmonic, Surd]:
    norm = Surd(Fraction(1))
    state: dict[Harmonic, _Gaussian] = {(0, 0): (Fraction(1), Fraction(0))}
    for l, m in factors:
        component = real_component(m)
        norm *= _real_norm(l, m)
        grown: dict[Harmonic, _Gaussian] = {}
        for order, turns in component.terms:
            # Relative to N_{l|m|}, without the Condon–Shortley sign that real harmonics drop.
            turns += 2 * (order % 2 and order > 0)
            for (degree, old), value in state.items():
                turned = _times_power_of_i(value, turns)
                for new, ratio in product_structure(degree, old, l, order):
                    key = new, old + order
                    re, im = grown.get(key, (Fraction(0), Fraction(0)))
                    grown[key] = re + turned[0] * ratio, im + turned[1] * ratio
        state = grown
    result = {}
    for (degree, order), (re, im) in sorted(state.items()):
        # A real function has conjugate E-coefficients re ± i·im at ±M, that is
        # 2P(re cos Mφ - im sin Mφ), and Y_real is 2rP cos Mφ or 2rP sin Mφ.
        if order == 0 and re:
            result[degree, 0] = norm * Surd(re * abs(re)) / _real_norm(degree, 0)
        elif order > 0:
            for sign, part in ((1, re), (-1, -im)):
                if part:
                    scaled = Surd(part * abs(part)) / _real_norm(degree, order)
                    result[degree, sign * order] = norm * scaled
    return dict(sorted(result.items()))


def _real_norm(l: int, m: int) -> Surd:
    """r with Y_real = r Σ i^turns' E over its terms: N for m = 0, N/√2 otherwise; positive."""
    norm = harmonic_norm(l, -abs(m))
    return norm if m == 0 else Surd(norm.signed_square / 2, -1)


def _times_power_of_i(value: _Gaussian, turns: int) -> _Gaussian:
    re, im = value
    for _ in range(turns % 4):
        re, im = -im, re
    return re, im


def product_degrees(degrees: Iterable[int]) -> frozenset[int]:
    """Degrees that occur among products of harmonics of the given degrees (all orders).

    Exactly the ℓ reached by steps along which the Gaunt coefficient (ℓ' l ℓ; 0 0 0) ≠ 0, that
    is |ℓ'-l| ≤ ℓ ≤ ℓ'+l with ℓ'+l+ℓ even.

    >>> sorted(product_degrees([2, 2]))
    [0, 2, 4]
    """
    reached = {0}
    for l in degrees:
        natural("l", l)
        reached = {new for old in reached for new in range(abs(old - l), old + l + 1, 2)}
    return frozenset(reached)
