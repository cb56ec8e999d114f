"""The span theorem for one (L, d), shown by exact arithmetic: T1 or T1′, T2 and T3."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import factorial
from typing import Literal

from span_theorem.arguments import natural
from span_theorem.irreps import Features, Irrep, Irreps, feature_irreps
from span_theorem.multiplicity import irrep_dimension_sum, multiplicities, power_dimension
from span_theorem.products import Harmonic, expand_product, product_degrees
from span_theorem.span import boundary, span_degrees, span_dimension
from span_theorem.surd import Surd

__all__ = [
    "Check",
    "Counterexample",
    "SpanProof",
    "Witness",
    "find_counterexample",
    "prove_span",
    "stretched_constant",
    "witness",
]


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
class Check:
    """One exact comparison: which statement it serves, what was compared, whether it held."""

    label: str
    text: str
    holds: bool


@dataclass(frozen=True, slots=True)
class SpanProof:
    """Everything exact arithmetic shows for one (L, d)."""

    L: int
    d: int
    features: Features
    degrees: tuple[int, ...]
    dimension: int
    boundary: int
    witnesses: tuple[Witness, ...]
    multiplicities: dict[Irrep, int]
    tensor_multiplicities: dict[Irrep, int]
    symmetric_dimension: int
    stretched: Surd
    checks: tuple[Check, ...]

    @property
    def irreps(self) -> Irreps:
        """The feature space U."""
        return feature_irreps(self.L, self.features)

    @property
    def kernel_dimension(self) -> int:
        """Dimension of the products in Sym^d(U) that vanish as functions of one direction."""
        return self.symmetric_dimension - self.dimension

    @property
    def boundary_multiplicity(self) -> int:
        """Multiplicity of V_dL in Sym^d(U)."""
        return self.multiplicities.get(_natural_power(self.L, self.d), 0)

    @property
    def holds(self) -> bool:
        """Whether every check held."""
        return all(check.holds for check in self.checks)


@dataclass(frozen=True, slots=True)
class Counterexample:
    """A harmonic degree in exactly one of the span and the claimed H_{≤claimed}."""

    claimed: int
    degree: int
    side: Literal["span", "claim"]
    witness: Witness | None


def _natural_power(L: int, d: int) -> Irrep:
    """V_dL with the parity (-1)^{dL} of a product of d harmonics of degree L."""
    return Irrep.natural(d * L)


def stretched_constant(L: int, d: int) -> Surd:
    """C(L, d) > 0 with Y_LL^d = C(L, d) · Y_{dL,dL} (T3), from its closed form.

    C² = [(2L+1)!/(4π 4^L L!²)]^d · 4π 4^{dL} (dL)!² / (2dL+1)!; the signs (-1)^L of the
    Condon–Shortley phase agree on both sides.

    >>> stretched_constant(2, 2)
    Surd(5/14, pi_power=-1)
    """
    top = boundary(L, d)
    square = Fraction(factorial(2 * L + 1), 4 * factorial(L) ** 2) ** d
    square *= Fraction(4 * factorial(top) ** 2, factorial(2 * top + 1))
    return Surd(square, 1 - d)


def witness(L: int, d: int, degree: int, features: Features = "upto") -> Witness:
    """A product of exactly d features with a nonzero component in H_degree, and that component.

    Up to L: the stretched product ∏ Y_{l_i l_i} with Σ l_i = degree. Exactly L: Y_{L0}^d, whose
    Legendre coefficients are all positive where the parity and triangle rules allow them.

    Raises:
        ValueError: where H_degree is not in the span.

    >>> witness(2, 2, 3).factors
    ((2, 2), (1, 1))
    """
    if natural("degree", degree) not in span_degrees(L, d, features):
        raise ValueError(
            f"degree {degree} is not in the span for L = {L}, d = {d}, features = {features}: "
            f"allowed are {list(span_degrees(L, d, features))}"
        )
    if features == "upto":
        parts = [min(L, max(0, degree - k * L)) for k in range(d)]
        factors = tuple((l, l) for l in parts)
    else:
        factors = ((L, 0),) * d
    order = sum(m for _, m in factors)
    constant = expand_product(factors).get((degree, order), Surd(Fraction(0)))
    return Witness(degree, factors, constant)


def find_counterexample(
    L: int, d: int, claimed: int, features: Features = "upto"
) -> Counterexample | None:
    """The largest degree in the span above ``claimed``, or the least one claimed but not in it.

    None where the span is H_{≤claimed}.

    >>> find_counterexample(2, 2, 5).degree, find_counterexample(2, 2, 4)
    (5, None)
    """
    claimed = natural("claim", claimed)
    degrees = span_degrees(L, d, features)
    if max(degrees) > claimed:
        top = max(degrees)
        return Counterexample(claimed, top, "span", witness(L, d, top, features))
    missing = next((l for l in range(claimed + 1) if l not in degrees), None)
    return None if missing is None else Counterexample(claimed, missing, "claim", None)


def prove_span(L: int, d: int, features: Features = "upto") -> SpanProof:
    """Show T1 (``"upto"``) or T1′ (``"exact"``), T2 and T3 for (L, d) by exact arithmetic.

    L = 0 and d = 0 are allowed: the span is then the constants.

    >>> prove_span(2, 2).holds
    True
    """
    L, d = natural("L", L), natural("d", d)
    irreps = feature_irreps(L, features)
    degrees = tuple(span_degrees(L, d, features))
    top, dimension = boundary(L, d), span_dimension(L, d, features)
    feature_degrees = range(L + 1) if features == "upto" else (L,)

    reached = frozenset([0])
    for _ in range(d):
        reached = frozenset().union(
            *(product_degrees([old, l]) for old in reached for l in feature_degrees)
        )
    witnesses = tuple(_witnesses(L, d, degrees, features))
    symmetric = multiplicities(irreps, d)
    tensor = multiplicities(irreps, d, "tensor")
    symmetric_dimension = power_dimension(irreps.dim, d)
    stretched = stretched_constant(L, d)
    edge = _natural_power(L, d)
    theorem = "T1" if features == "upto" else "T1′"
    closed = (top + 1) ** 2 if features == "upto" or d == 0 else (top + 1) * (top + 2) // 2
    if features == "exact" and d == 1:
        closed = 2 * L + 1
    checks = (
        Check(
            theorem,
            f"containment: products reach the degrees {_listed(sorted(reached))}, none above {top}",
            reached == frozenset(degrees),
        ),
        Check(
            theorem,
            f"{len(witnesses)} witnesses, one for every claimed degree, all constants nonzero",
            [w.degree for w in witnesses] == list(degrees) and all(w.constant for w in witnesses),
        ),
        Check(theorem, f"dimension {dimension} = closed form {closed}", dimension == closed),
        Check(
            "T2",
            f"Σ m_ℓ (2ℓ+1) = {irrep_dimension_sum(symmetric)} = dim Sym^{d} = "
            f"{symmetric_dimension}",
            irrep_dimension_sum(symmetric) == symmetric_dimension,
        ),
        Check(
            "T2",
            f"Σ (2ℓ+1) over U^⊗{d} = {irreps.dim}^{d}",
            irrep_dimension_sum(tensor) == irreps.dim**d,
        ),
        Check(
            "T2",
            f"multiplicity of V_{edge} at the boundary: {symmetric.get(edge, 0)} in Sym^{d}, "
            f"{tensor.get(edge, 0)} in the tensor power",
            symmetric.get(edge) == tensor.get(edge) == 1
            and max(irrep.l for irrep in symmetric) == top,
        ),
        Check(
            "T2",
            f"every harmonic degree occurs in Sym^{d} with natural parity; kernel of evaluation "
            f"has dimension {symmetric_dimension} − {dimension} = "
            f"{symmetric_dimension - dimension}",
            all(Irrep.natural(l) in symmetric for l in degrees)
            and symmetric_dimension >= dimension,
        ),
        Check(
            "T3",
            f"Y_LL^{d} expands to C·Y_{{{top},{top}}} alone, C|C| = {_brief(stretched)}, "
            "the closed form",
            expand_product([(L, L)] * d) == {(top, top): stretched},
        ),
    )
    return SpanProof(
        L,
        d,
        features,
        degrees,
        dimension,
        top,
        witnesses,
        symmetric,
        tensor,
        symmetric_dimension,
        stretched,
        checks,
    )


def _witnesses(L: int, d: int, degrees: tuple[int, ...], features: Features) -> list[Witness]:
    if features == "upto":
        return [witness(L, d, degree, features) for degree in degrees]
    # One product serves every degree; expand it once.
    factors = ((L, 0),) * d
    expansion = expand_product(factors)
    zero = Surd(Fraction(0))
    return [Witness(degree, factors, expansion.get((degree, 0), zero)) for degree in degrees]


def _brief(value: Surd) -> str:
    text = f"{value.signed_square}·π^{value.pi_power}"
    return text if len(text) <= 60 else f"{text[:24]}… ({len(text)} characters, all in --json)"


def _listed(degrees: list[int]) -> str:
    if len(degrees) <= 8:
        return ", ".join(map(str, degrees))
    return f"{', '.join(map(str, degrees[:3]))}, …, {', '.join(map(str, degrees[-2:]))}"
