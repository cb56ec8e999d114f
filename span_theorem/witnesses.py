"""Products that show what lies in the span, and harmonics that show what does not."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import factorial
from typing import Literal

from span_theorem.arguments import natural
from span_theorem.factors import Factors, grown
from span_theorem.irreps import FeatureKind
from span_theorem.products import Harmonic, expand_product, product_degrees
from span_theorem.surd import ZERO, Surd

__all__ = [
    "Claim",
    "Counterexample",
    "Witness",
    "claimed_degrees",
    "covering_degrees",
    "find_counterexample",
    "find_witnesses",
    "refute",
    "stretched_constant",
    "stretched_product_constant",
    "witness",
]

Claim = int | frozenset[int]
"""N for "the span is H_{≤N}", or the set of all degrees of the span."""


@dataclass(frozen=True, slots=True)
class Witness:
    """A product of d harmonics whose coefficient on Y_{degree, Σm} is ``constant`` ≠ 0.

    Since the span is stable under rotations and H_degree occurs once among functions on S², one
    such product puts all of H_degree in the span.
    """

    degree: int
    factors: tuple[Harmonic, ...]
    constant: Surd


@dataclass(frozen=True, slots=True)
class Counterexample:
    """A harmonic degree in exactly one of the span and the space claimed."""

    claimed: Claim
    degree: int
    side: Literal["span", "claim"]
    witness: Witness | None


def stretched_constant(L: int, d: int) -> Surd:
    """C(L, d) > 0 with Y_LL^d = C(L, d) · Y_{dL,dL} (T3), from its closed form.

    C² = [(2L+1)!/(4π 4^L L!²)]^d · 4π 4^{dL} (dL)!² / (2dL+1)!; the signs (-1)^L of the
    Condon–Shortley phase agree on both sides.

    >>> stretched_constant(2, 2)
    Surd(5/14, pi_power=-1)
    """
    return stretched_product_constant([natural("L", L)] * natural("d", d))


def stretched_product_constant(degrees: Iterable[int]) -> Surd:
    """C > 0 with ∏ Y_{l_i l_i} = C · Y_{ℓℓ}, ℓ = Σ l_i: C² = ∏ N(l_i)² / N(ℓ)² as in T3.

    >>> stretched_product_constant([2, 2]) == stretched_constant(2, 2)
    True
    """
    checked = [natural("degree", l) for l in degrees]
    top = sum(checked)
    square = Fraction(4 * factorial(top) ** 2, factorial(2 * top + 1))
    powers = {l: checked.count(l) for l in set(checked)}
    for l, count in powers.items():
        square *= Fraction(factorial(2 * l + 1), 4 * factorial(l) ** 2) ** count
    return Surd(square, 1 - len(checked))


def witness(L: int, d: int, degree: int, features: FeatureKind = "upto") -> Witness:
    """A product of exactly d features with a nonzero component in H_degree, and that component.

    Up to L: the stretched product ∏ Y_{l_i l_i} with Σ l_i = degree. Exactly L: Y_{L0}^d, whose
    Legendre coefficients are all positive where the parity and triangle rules allow them.

    Raises:
        ValueError: where H_degree is not in the span.

    >>> witness(2, 2, 3).factors
    ((2, 2), (1, 1))
    """
    factors = Factors.of(L, d, features)
    if natural("degree", degree) not in factors.reached:
        raise ValueError(
            f"degree {degree} is not in the span for L = {L}, d = {d}, features = {features}: "
            f"allowed are {list(factors.reached)}"
        )
    return find_witnesses(factors, [degree])[0]


def find_witnesses(factors: Factors, degrees: Sequence[int]) -> list[Witness]:
    """One witness for every one of ``degrees``, which lie in the span (T1, T1′, T1″).

    Where every factor holds all degrees up to its largest, a stretched product ∏ Y_{l_i l_i} with
    Σ l_i = ℓ. Otherwise a zonal product ∏ Y_{l_i 0}: its coefficient on Y_ℓ0 is a sum of products
    of squares (l' l ℓ; 0 0 0)², hence positive for every ℓ that the l_i reach.
    """
    if factors.stretchable:
        return [_stretched(factors, degree) for degree in degrees]
    found: dict[int, Witness] = {}
    for path in covering_degrees(factors, degrees):
        product = tuple((l, 0) for l in path)
        expansion = expand_product(product)
        for met in product_degrees(path) - found.keys():
            found[met] = Witness(met, product, expansion.get((met, 0), ZERO))
    return [found[degree] for degree in degrees]


def covering_degrees(factors: Factors, degrees: Sequence[int]) -> list[tuple[int, ...]]:
    """Few choices (l_1, …, l_d) from S_1, …, S_d whose products meet all of ``degrees``."""
    layers = [frozenset([0])]
    for sizes in factors.degrees:
        layers.append(grown(layers[-1], sizes))
    met: set[int] = set()
    chosen = []
    for degree in sorted(degrees, reverse=True):
        if degree not in met:
            chosen.append(_path(factors, layers, degree))
            met |= product_degrees(chosen[-1])
    return chosen


def _stretched(factors: Factors, degree: int) -> Witness:
    rest, parts = degree, []
    for degrees in factors.degrees:
        parts.append(min(max(degrees), rest))
        rest -= parts[-1]
    product = tuple((l, l) for l in parts)
    constant = expand_product(product).get((degree, degree), ZERO)
    return Witness(degree, product, constant)


def _path(factors: Factors, layers: Sequence[frozenset[int]], degree: int) -> tuple[int, ...]:
    """Degrees l_1, …, l_d of the factors whose products meet H_degree, large ones preferred."""
    path: list[int] = []
    for degrees, before in zip(reversed(factors.degrees), reversed(layers[:-1]), strict=True):
        l, degree = max(
            (l, old)
            for l in degrees
            for old in range(abs(degree - l), degree + l + 1, 2)
            if old in before
        )
        path.append(l)
    return tuple(reversed(path))


def claimed_degrees(claim: Claim) -> Collection[int]:
    """The degrees of the space claimed."""
    return range(claim + 1) if isinstance(claim, int) else claim


def find_counterexample(
    L: int, d: int, claimed: int, features: FeatureKind = "upto"
) -> Counterexample | None:
    """The largest degree in the span above ``claimed``, or the least one claimed but not in it.

    None where the span is H_{≤claimed}.

    >>> find_counterexample(2, 2, 5).degree, find_counterexample(2, 2, 4)
    (5, None)
    """
    return refute(Factors.of(L, d, features), natural("claim", claimed))


def refute(factors: Factors, claim: Claim) -> Counterexample | None:
    """The largest degree in the span and not claimed, or the least one claimed and not in it.

    None where the claim is right.

    >>> refute(Factors.power("0e+2e", 2), frozenset([0, 2])).degree
    4
    """
    degrees, claimed = factors.reached, claimed_degrees(claim)
    extra = [degree for degree in degrees if degree not in claimed]
    if extra:
        example = find_witnesses(factors, [extra[-1]])[0]
        return Counterexample(claim, extra[-1], "span", example)
    missing = min((degree for degree in claimed if degree not in degrees), default=None)
    return None if missing is None else Counterexample(claim, missing, "claim", None)
