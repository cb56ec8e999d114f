"""Exact bases of Hom(V_ℓ, Sym^d(U)) and Hom(V_ℓ, U^⊗d)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import combinations_with_replacement, groupby, product
from math import comb, prod

from span_theorem.arguments import shown, within
from span_theorem.coupling._block import Groups, Vector, highest_weight, lower, norm2, pole_value
from span_theorem.coupling._real import entry_square, real_rows, row_square
from span_theorem.irreps import Irrep, Irreps
from span_theorem.multiplicity import Power
from span_theorem.surd import Surd

__all__ = [
    "MAX_DEGREE",
    "MAX_DIMENSION",
    "CouplingBasis",
    "CouplingVector",
    "coupling_basis",
    "coupling_counts",
    "expected_counts",
]

MAX_DEGREE = 1_000
"""Largest number of factors d, the limit of the checker of certificates too."""
MAX_DIMENSION = 5_000
"""Largest dimension of U, copies counted."""
_MAX_WEIGHT = 1_000
_MAX_VECTORS = 2_000_000
_MAX_COUNT_STEPS = 5 * 10**7  # additions of weights, about half a minute


@dataclass(frozen=True, slots=True)
class CouplingVector:
    """One equivariant map V_J → Sym^d(U) (or U^⊗d), as a tensor with 2J+1 rows.

    Attributes:
        irrep: the output V_J with its parity.
        content: the channel (copy of an irrep, counted along U) of every tensor index; ascending
            for a symmetric power.
        groups: the same as (l, number of equal channels) pairs.
        highest: integer coefficients of the vector of weight J on monomials of binary-form basis
            vectors b_m = |l m⟩/√C(2l, l+m), keyed by the tuple of m.
        norm2: squared length of ``highest`` as a tensor; every row is divided by its root.
        symmetric: whether the tensor is symmetrised over its indices.
    """

    irrep: Irrep
    content: tuple[int, ...]
    groups: Groups
    highest: Vector
    norm2: Fraction
    symmetric: bool

    def complex_entries(self) -> dict[tuple[int, tuple[int, ...]], Surd]:
        """Orthonormal entries in the Condon–Shortley basis, as {(M, (m_1, …, m_d)): Surd}.

        One entry stands for all orderings of (channel, m) where the tensor is symmetric.
        """
        J = self.irrep.l
        entries = {}
        for steps, lowered in enumerate(lower(self.groups, self.highest, 2 * J)):
            row = Fraction(1, comb(2 * J, steps)) / self.norm2
            for key, value in lowered.items():
                nonzero = sum(1 for m in key if m)
                # entry_square counts the 1/√2 of the change to the real basis; undo it here. The
                # number of orderings is that of key itself.
                place = entry_square(self.groups, key, self.symmetric) * 2**nonzero
                entries[J - steps, key] = Surd((1 if value > 0 else -1) * value**2 * place * row)
        return entries

    def integer_rows(self) -> Iterator[tuple[int, dict[tuple[int, ...], int]]]:
        """Rows M = -J … J in the real basis as integers r; see :meth:`entries` for the factor."""
        return real_rows(self.groups, self.irrep.l, self.highest)

    def entries(self) -> dict[tuple[int, tuple[int, ...]], Surd]:
        """Orthonormal entries in the real basis, as {(M, (m_1, …, m_d)): sign·√rational}.

        Index i belongs to channel ``content[i]``. Zero entries are absent; where the tensor is
        symmetric one entry stands for all its orderings.
        """
        entries = {}
        for M, row in self.integer_rows():
            factor = row_square(self.irrep.l, M, self.norm2)
            for key, r in row.items():
                square = r * r * factor * entry_square(self.groups, key, self.symmetric)
                entries[M, key] = Surd(square if r > 0 else -square)
        return entries

    @property
    def direction_constant(self) -> Surd:
        """κ in ⟨row M, Y(x) ⊗ … ⊗ Y(x)⟩ = κ · Y_{JM}(x), exact; zero where the vector vanishes.

        Every channel of degree l is set to the orthonormal harmonics Y_l(x) of one direction x.
        κ² is rational times π^(1-d). It is read at the pole, where only m = 0 is not zero.
        """
        J = self.irrep.l
        value = pole_value(self.groups, self.highest)
        degree = len(self.content)
        # ⟨tensor, Y⊗…⊗Y⟩ sums over the orderings of the monomial 0…0, so their number cancels.
        zeros = prod(comb(2 * l, l) ** k for l, k in self.groups)
        poles = prod((2 * l + 1) ** k for l, k in self.groups)
        square = Fraction(
            value**2 * poles, zeros * comb(2 * J, J) * (2 * J + 1) * 4 ** (degree - 1)
        )
        square /= self.norm2
        return Surd(square if value > 0 else -square, 1 - degree)


@dataclass(frozen=True, slots=True)
class CouplingBasis:
    """An exact orthonormal basis of ⊕ Hom(V_ℓ, Sym^d(U)) over the outputs that were asked for.

    ``vectors`` is ordered by output irrep (l, then parity -1 before +1), then by content in
    lexicographic order, then along the coupling tree of the content from the left. Nothing but
    the input decides this order, the vectors or their signs.
    """

    irreps: Irreps
    degree: int
    power: Power
    keep: tuple[Irrep, ...] | None
    vectors: tuple[CouplingVector, ...]

    def counts(self) -> dict[Irrep, int]:
        """Number of vectors of every output; outputs asked for that do not occur count 0."""
        found = dict.fromkeys(self.keep or (), 0)
        for vector in self.vectors:
            found[vector.irrep] = found.get(vector.irrep, 0) + 1
        return dict(sorted(found.items()))

    def of(self, irrep: Irrep | str) -> tuple[CouplingVector, ...]:
        """The vectors of one output."""
        wanted = Irrep.parse(irrep) if isinstance(irrep, str) else irrep
        return tuple(vector for vector in self.vectors if vector.irrep == wanted)

    def survivors(self) -> tuple[bool, ...]:
        """For every vector, whether it is non-zero on one direction (``direction_constant``)."""
        return tuple(bool(vector.direction_constant) for vector in self.vectors)

    @property
    def channels(self) -> tuple[Irrep, ...]:
        """The irrep of every channel: U with its multiplicities written out."""
        return tuple(irrep for mul, irrep in self.irreps for _ in range(mul))


@lru_cache(maxsize=8)
def _counted(irreps: Irreps, degree: int, power: Power) -> dict[Irrep, int]:
    return coupling_counts(irreps, degree, power)


def coupling_counts(irreps: Irreps, degree: int, power: Power) -> dict[Irrep, int]:
    """How often every irrep occurs in Sym^d(U) or U^⊗d, from weights alone (no vector is made)."""
    # Weights of Sym^d: coefficient of t^d in ∏ 1/(1 - t q^m s); of U^⊗d: the d-th power of Σ q^m s.
    layers: list[Counter[tuple[int, int]]] = [Counter({(0, 1): 1})]
    layers += [Counter() for _ in range(degree)]
    states = [(m, irrep.p or 1) for mul, irrep in irreps for _ in range(mul)
              for m in range(-irrep.l, irrep.l + 1)]  # fmt: skip
    if power == "symmetric":
        for m, p in states:
            for t in range(1, degree + 1):
                for (weight, parity), count in layers[t - 1].items():
                    layers[t][weight + m, parity * p] += count
    else:
        steps = Counter(states)
        for t in range(1, degree + 1):
            for (weight, parity), count in layers[t - 1].items():
                for (m, p), times in steps.items():
                    layers[t][weight + m, parity * p] += count * times
    weights = layers[degree]
    no_parity = all(irrep.p == 0 for _, irrep in irreps)
    counts = {}
    for l, p in sorted(key for key in weights if key[0] >= 0):
        multiplicity = weights[l, p] - weights[l + 1, p]
        if multiplicity:
            counts[Irrep(l, 0 if no_parity else p)] = multiplicity
    return counts


def _wanted(
    irreps: Irreps, keep: Irreps | str | Iterable[Irrep] | None
) -> tuple[Irrep, ...] | None:
    if keep is None:
        return None
    if isinstance(keep, str):
        keep = Irreps.parse(keep)
    listed = [irrep for _, irrep in keep] if isinstance(keep, Irreps) else list(keep)
    for irrep in listed:
        if not isinstance(irrep, Irrep):
            raise TypeError(f"keep must hold irreps, got {irrep!r}")
        if irreps.terms and (irrep.p == 0) != (irreps.terms[0][1].p == 0):
            raise ValueError(
                f"output {irrep} and irreps {irreps} must both carry parities, or neither"
            )
    return tuple(sorted(set(listed)))


def expected_counts(
    irreps: Irreps,
    degree: int,
    keep: Irreps | str | Iterable[Irrep] | None = None,
    power: Power = "symmetric",
) -> dict[Irrep, int]:
    """The number of vectors of every output that :func:`coupling_basis` would make.

    Raises:
        ValueError: as :func:`coupling_basis`, for what it refuses.
    """
    within("degree", degree, 1, MAX_DEGREE)
    if power not in ("symmetric", "tensor"):
        raise ValueError(f"power must be 'symmetric' or 'tensor', got {power!r}")
    if irreps.dim > MAX_DIMENSION or (irreps and degree * irreps.lmax > _MAX_WEIGHT):
        raise ValueError(
            f"irreps of dimension {irreps.dim} at degree {degree} are too large: at most dimension "
            f"{MAX_DIMENSION} and degree · l = {_MAX_WEIGHT}"
        )
    top = irreps.lmax if irreps else 0
    if (steps := irreps.dim * degree * (degree * top + 1)) > _MAX_COUNT_STEPS:
        raise ValueError(
            f"irreps of dimension {irreps.dim} at degree {degree} are too large: counting the "
            f"weights takes {steps} steps, at most {_MAX_COUNT_STEPS} are taken"
        )
    wanted = _wanted(irreps, keep)
    expected = dict(_counted(irreps, degree, power))
    if wanted is not None:
        expected = {irrep: n for irrep, n in expected.items() if irrep in wanted}
    if (total := sum(expected.values())) > _MAX_VECTORS:
        raise ValueError(
            f"{shown(total)} vectors at degree {degree} of {irreps}: at most {_MAX_VECTORS} are "
            "made in one call; ask for fewer outputs with keep"
        )
    return expected


def coupling_basis(
    irreps: Irreps | str,
    degree: int,
    keep: Irreps | str | Iterable[Irrep] | None = None,
    power: Power = "symmetric",
) -> CouplingBasis:
    """Exact orthonormal basis of Hom(V_ℓ, Sym^d(U)) or Hom(V_ℓ, U^⊗d).

    The number of vectors of every output equals its multiplicity, which is computed on its own
    from the weights and compared.

    Args:
        irreps: U, as in ``"0e+1o+2e"``; multiplicities, repeated terms and both parities allowed.
        degree: d ≥ 1.
        keep: the outputs wanted, as in ``"0e+1o"``; None for all. One that does not occur
            contributes no vector, and is not an error.
        power: ``"symmetric"`` for Sym^d, ``"tensor"`` for the full tensor power.

    Raises:
        ValueError: unreadable irreps, a degree outside 1 … 1000, an unknown power, too large a
            space, or more than two million vectors (checked before the work starts).

    >>> basis = coupling_basis("1o", 2)
    >>> {str(irrep): n for irrep, n in basis.counts().items()}
    {'0e': 1, '2e': 1}
    >>> basis.vectors[0].entries()[0, (1, 1)]
    Surd(1/3)
    """
    irreps = Irreps.parse(irreps) if isinstance(irreps, str) else irreps
    degree = within("degree", degree, 1, MAX_DEGREE)
    expected = expected_counts(irreps, degree, keep, power)
    wanted = _wanted(irreps, keep)
    symmetric = power == "symmetric"
    channels = [irrep for mul, irrep in irreps for _ in range(mul)]
    contents: Iterable[tuple[int, ...]] = (
        combinations_with_replacement(range(len(channels)), degree)
        if symmetric
        else product(range(len(channels)), repeat=degree)
    )
    solved: dict[
        tuple[Groups, frozenset[int] | None], dict[int, list[tuple[Vector, Fraction]]]
    ] = {}
    found: dict[Irrep, list[CouplingVector]] = {irrep: [] for irrep in sorted(expected)}
    for content in contents if expected else ():
        parity = prod(channels[c].p for c in content)
        weights = frozenset(irrep.l for irrep in expected if irrep.p == parity)
        if not weights:
            continue
        groups: Groups = (
            tuple((channels[c].l, len(list(run))) for c, run in groupby(content))
            if symmetric
            else tuple((channels[c].l, 1) for c in content)
        )
        # Contents with equal groups share one solution; only the channels differ.
        key = groups, None if wanted is None else weights
        if key not in solved:
            solved[key] = {
                J: [(vector, norm2(groups, vector, symmetric=symmetric)) for vector in vectors]
                for J, vectors in highest_weight(groups, key[1]).items()
            }
        for J, vectors in solved[key].items():
            irrep = Irrep(J, parity)
            if irrep in found:
                found[irrep] += [
                    CouplingVector(irrep, content, groups, vector, square, symmetric)
                    for vector, square in vectors
                ]
    made = {irrep: len(vectors) for irrep, vectors in found.items()}
    if made != expected:
        raise RuntimeError(f"made {made} vectors where the weights demand {expected}")
    ordered = tuple(vector for vectors in found.values() for vector in vectors)
    return CouplingBasis(irreps, degree, power, wanted, ordered)
