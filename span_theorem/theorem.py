"""The span theorem for one case, shown by exact arithmetic: T1, T1′ or T1″, then T2 and T3."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import comb, prod

from span_theorem.factors import Factors
from span_theorem.gaunt import gaunt
from span_theorem.irreps import FeatureKind, Irrep, Irreps
from span_theorem.multiplicity import (
    irrep_dimension_sum,
    multiplicities,
    power_dimension,
    product_multiplicities,
)
from span_theorem.products import expand_product, product_degrees
from span_theorem.surd import Surd
from span_theorem.witnesses import Witness, find_witnesses, stretched_product_constant

__all__ = ["Comparison", "SpanProof", "prove_products", "prove_span"]

_MAX_INTEGRALS = 24  # boundary up to which the degrees reached are read off exact integrals


@dataclass(frozen=True, slots=True)
class Comparison:
    """One exact comparison: which statement it serves, what was compared, whether it held."""

    label: str
    text: str
    holds: bool


@dataclass(frozen=True, slots=True)
class SpanProof:
    """Everything exact arithmetic shows for one case.

    ``multiplicities`` are those of Sym^d(U) where all factors are the same features, and of
    U_1 ⊗ … ⊗ U_d where they differ; ``tensor_multiplicities`` are those of the tensor product.
    """

    factors: Factors
    degrees: tuple[int, ...]
    dimension: int
    boundary: int
    witnesses: tuple[Witness, ...]
    multiplicities: dict[Irrep, int]
    tensor_multiplicities: dict[Irrep, int]
    product_dimension: int
    stretched: Surd
    checks: tuple[Comparison, ...]

    @property
    def L(self) -> int:
        """The largest degree of a feature."""
        return self.factors.L

    @property
    def d(self) -> int:
        """The number of factors."""
        return self.factors.d

    @property
    def features(self) -> str:
        """How the factors were given: ``upto``, ``exact``, ``irreps`` or ``factors``."""
        return self.factors.kind

    @property
    def theorem(self) -> str:
        """The label of the statement: T1, T1′ or T1″."""
        return _LABELS[self.factors.kind]

    @property
    def irreps(self) -> Irreps:
        """The feature space U; ValueError where the factors differ."""
        if not self.factors.symmetric:
            raise ValueError("the factors differ: there is no single feature space")
        return self.factors.spaces[0]

    @property
    def symmetric_dimension(self) -> int | None:
        """Dimension of Sym^d(U); None where the factors differ."""
        return self.product_dimension if self.factors.symmetric else None

    @property
    def kernel_dimension(self) -> int:
        """Dimension of the products that vanish as functions of one direction."""
        return self.product_dimension - self.dimension

    @property
    def boundary_multiplicity(self) -> int:
        """Multiplicity of V_ℓ, ℓ the boundary, with the parity of a product of harmonics."""
        return self.multiplicities.get(_boundary_irrep(self.factors), 0)

    @property
    def holds(self) -> bool:
        """Whether every check held."""
        return all(check.holds for check in self.checks)


_LABELS = {"upto": "T1", "exact": "T1′", "irreps": "T1″", "factors": "T1″"}


def _boundary_irrep(factors: Factors) -> Irrep:
    """V_ℓ with ℓ the boundary and the parity (-1)^ℓ of a product of stretched harmonics."""
    return factors.harmonic_irrep(factors.boundary)


def prove_span(L: int, d: int, features: FeatureKind = "upto") -> SpanProof:
    """Show T1 (``"upto"``) or T1′ (``"exact"``), T2 and T3 for (L, d) by exact arithmetic.

    L = 0 and d = 0 are allowed: the span is then the constants.

    >>> prove_span(2, 2).holds
    True
    """
    return prove_products(Factors.of(L, d, features))


def prove_products(factors: Factors) -> SpanProof:
    """Show T1, T1′ or T1″, T2 and T3 for the products of the given factors.

    >>> proof = prove_products(Factors.power("0e+2e+4e", 3))
    >>> proof.degrees, proof.dimension, proof.holds
    ((0, 2, 4, 6, 8, 10, 12), 91, True)
    """
    degrees = factors.reached
    if factors.symmetric:
        space = factors.spaces[0]
        counted = multiplicities(space, factors.d)
        tensor = multiplicities(space, factors.d, "tensor")
        product_dimension = power_dimension(space.dim, factors.d)
    else:
        counted = tensor = product_multiplicities(factors.spaces)
        product_dimension = prod(space.dim for space in factors.spaces)
    proof = SpanProof(
        factors,
        degrees,
        factors.dimension,
        factors.boundary,
        tuple(find_witnesses(factors, degrees)),
        counted,
        tensor,
        product_dimension,
        stretched_product_constant(max(sizes) for sizes in factors.degrees),
        (),
    )
    checks = _span_checks(proof) + _multiplicity_checks(proof) + [_stretched_check(proof)]
    return replace(proof, checks=tuple(checks))


def _span_checks(proof: SpanProof) -> list[Comparison]:
    """Upper bound, lower bound and, for T1 and T1′, the closed form of the dimension."""
    factors, label = proof.factors, proof.theorem
    reached = _degrees_met(factors)
    checks = [
        Comparison(
            label,
            f"containment: products reach the degrees {_listed(sorted(reached))}, "
            f"none above {proof.boundary}",
            reached == frozenset(proof.degrees),
        ),
        Comparison(
            label,
            f"{len(proof.witnesses)} witnesses, one for every claimed degree, "
            "all constants nonzero",
            [w.degree for w in proof.witnesses] == list(proof.degrees)
            and all(w.constant for w in proof.witnesses),
        ),
    ]
    closed = _closed_dimension(factors)
    if closed is not None:
        checks.append(
            Comparison(
                label,
                f"dimension {proof.dimension} = closed form {closed}",
                proof.dimension == closed,
            )
        )
    return checks


def _degrees_met(factors: Factors) -> frozenset[int]:
    """The degrees that products meet, one factor at a time.

    For T1″, whose degrees come from the parity and triangle rules, by exact integrals of zonal
    harmonics where these are few.
    """
    by_integrals = factors.kind in ("irreps", "factors") and factors.boundary <= _MAX_INTEGRALS
    met = frozenset([0])
    for degrees in factors.degrees:
        pairs = [(old, l) for old in met for l in degrees]
        met = frozenset().union(
            *(_met_by_integrals(*pair) if by_integrals else product_degrees(pair) for pair in pairs)
        )
    return met


@lru_cache(maxsize=4096)
def _met_by_integrals(a: int, b: int) -> frozenset[int]:
    """The c with ∫ Y_a0 Y_b0 Y_c0 dΩ ≠ 0."""
    return frozenset(c for c in range(a + b + 1) if gaunt(a, b, c, 0, 0, 0))


def _closed_dimension(factors: Factors) -> int | None:
    top = factors.boundary
    if factors.kind == "upto" or (factors.kind == "exact" and factors.d == 0):
        return (top + 1) ** 2
    if factors.kind == "exact":
        return 2 * top + 1 if factors.d == 1 else (top + 1) * (top + 2) // 2
    return None


def _multiplicity_checks(proof: SpanProof) -> list[Comparison]:
    factors, counted, tensor = proof.factors, proof.multiplicities, proof.tensor_multiplicities
    d, dimension = factors.d, proof.product_dimension
    checks = []
    if factors.symmetric:
        power, size = f"Sym^{d}", factors.spaces[0].dim
        checks.append(
            Comparison(
                "T2",
                f"Σ m_ℓ (2ℓ+1) = {irrep_dimension_sum(counted)} = dim {power} = {dimension}",
                irrep_dimension_sum(counted) == dimension,
            )
        )
        whole, text = size**d, f"Σ (2ℓ+1) over U^⊗{d} = {size}^{d}"
    else:
        power, whole = "the tensor product", dimension
        sizes = "·".join(str(space.dim) for space in factors.spaces)
        text = f"Σ (2ℓ+1) over the tensor product = {sizes} = {dimension}"
    checks.append(Comparison("T2", text, irrep_dimension_sum(tensor) == whole))
    checks.append(_saturation_check(proof, power))
    natural = [factors.harmonic_irrep(l) for l in proof.degrees]
    checks.append(
        Comparison(
            "T2",
            f"every harmonic degree occurs in {power} with natural parity; kernel of evaluation "
            f"has dimension {dimension} − {proof.dimension} = {dimension - proof.dimension}",
            all(irrep in counted for irrep in natural) and dimension >= proof.dimension,
        )
    )
    return checks


def _saturation_check(proof: SpanProof, power: str) -> Comparison:
    """The largest ℓ of the power occurs as often as there are stretched states: once for T1."""
    factors, counted, tensor = proof.factors, proof.multiplicities, proof.tensor_multiplicities
    if factors.kind in ("upto", "exact"):
        edge = _boundary_irrep(factors)
        return Comparison(
            "T2",
            f"multiplicity of V_{edge} at the boundary: {counted.get(edge, 0)} in {power}, "
            f"{tensor.get(edge, 0)} in the tensor power",
            counted.get(edge) == tensor.get(edge) == 1
            and max(irrep.l for irrep in counted) == proof.boundary,
        )
    tops = [sum(mul for mul, ir in space if ir.l == space.lmax) for space in factors.factor_spaces]
    largest = sum(space.lmax for space in factors.factor_spaces)
    found = sum(count for irrep, count in counted.items() if irrep.l == largest)
    expected = prod(tops)
    if factors.symmetric:
        expected = comb(tops[0] + factors.d - 1, factors.d) if factors.d else 1
    return Comparison(
        "T2",
        f"the largest degree in {power} is {largest}, with multiplicity {found} = number of "
        f"stretched states {expected}",
        found == expected and max(irrep.l for irrep in counted) == largest,
    )


def _stretched_check(proof: SpanProof) -> Comparison:
    top = proof.boundary
    stretched = [(max(degrees), max(degrees)) for degrees in proof.factors.degrees]
    product = f"Y_LL^{proof.d}" if proof.features in ("upto", "exact") else "∏ Y_{l_i l_i}"
    return Comparison(
        "T3",
        f"{product} expands to C·Y_{{{top},{top}}} alone, C|C| = {_brief(proof.stretched)}, "
        "the closed form",
        expand_product(stretched) == {(top, top): proof.stretched},
    )


def _brief(value: Surd) -> str:
    text = f"{value.signed_square}·π^{value.pi_power}"
    return text if len(text) <= 60 else f"{text[:24]}… ({len(text)} characters, all in --json)"


def _listed(degrees: Sequence[int]) -> str:
    if len(degrees) <= 8:
        return ", ".join(map(str, degrees))
    return f"{', '.join(map(str, degrees[:3]))}, …, {', '.join(map(str, degrees[-2:]))}"
