"""T8: how many coupled products survive as functions of K neighbours that only a density shows.

ACE, MACE and the first layer of NequIP do not multiply features of marked directions but of the
density A_lm = Σ_{j≤K} Y_lm(r̂_j). The products of degree d in A are the image of Sym^d(U); for
K ≥ d nothing is lost, for K = 1 one copy of every H_ℓ is left (T1), and between them the number
for every output irrep is an exact rank.

Method. A product of d components of A is a sum over all ways to give each factor a neighbour. Ways
are grouped by the partition of the factors into those with equal neighbours; inside a block the
harmonics multiply into harmonics of that neighbour, with rational constants, and constant blocks
are summed over the neighbours that are left. So every highest-weight vector of Sym^d(U) becomes a
rational combination of the symmetric sums Σ ∏_i Y_{λ_i μ_i}(r̂_{j_i}) over different j_1, …, j_n,
with λ_i ≥ 1 and n ≤ K, which are independent functions of the K directions. The number of
surviving copies of an irrep is the rank of its vectors. It is found modulo a prime, which bounds
it from below; where it is less than the multiplicity, the dependencies are found over the
integers, which bounds it from above.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import factorial, lcm, perm

import flint

from span_theorem.arguments import natural, shown
from span_theorem.coupling.basis import CouplingBasis, CouplingVector, coupling_basis
from span_theorem.factors import survives
from span_theorem.irreps import Irrep, Irreps
from span_theorem.multiplicity import power_dimension
from span_theorem.products import Harmonic, product_structure
from span_theorem.rank import PRIME

__all__ = ["DensityRanks", "OutputRank", "density_ranks", "expanded_terms", "surviving"]

MAX_TERMS = 2_000_000
"""Terms (monomials times ways to share neighbours) that are expanded in one call: a minute."""

MAX_PRODUCTS = 25_000
"""Dimension of Sym^d(U) up to which a basis is made unasked."""

_Block = tuple[Harmonic, ...]  # the factors of one neighbour
_Key = tuple[Harmonic, ...]  # a product of sums over neighbours
_Partition = tuple[tuple[int, ...], ...]  # the factors of every neighbour, by number


@dataclass(frozen=True, slots=True)
class OutputRank:
    """The coupled products of one output irrep as functions of K neighbours.

    Attributes:
        multiplicity: their number in Sym^d(U) (T2).
        surviving: how many of them are linearly independent.
        independent: indices, among the vectors of this output, of the first ``surviving``
            independent ones; the others are combinations of those before them.
        vanishing: indices of those that are zero.
    """

    multiplicity: int
    surviving: int
    independent: tuple[int, ...]
    vanishing: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DensityRanks:
    """T8 for one coupling basis and one number of neighbours."""

    irreps: Irreps
    degree: int
    neighbours: int
    outputs: dict[Irrep, OutputRank]

    @property
    def multiplicities(self) -> dict[Irrep, int]:
        """Multiplicity of every output in Sym^d(U)."""
        return {irrep: row.multiplicity for irrep, row in self.outputs.items()}

    @property
    def surviving(self) -> dict[Irrep, int]:
        """How many products of every output survive; zeros included."""
        return {irrep: row.surviving for irrep, row in self.outputs.items()}

    @property
    def dimension(self) -> int:
        """Σ surviving · (2ℓ+1): the dimension of the span of the outputs as functions."""
        return sum(row.surviving * irrep.dim for irrep, row in self.outputs.items())


def surviving(
    irreps: Irreps | str,
    degree: int,
    neighbours: int,
    keep: Irreps | str | Iterable[Irrep] | None = None,
) -> DensityRanks:
    """How many coupled products of degree d of a density survive K neighbours, by output (T8).

    Every channel of degree l and natural parity is set to A_l, of the other parity to zero.

    Args:
        irreps: U, as in ``"0e+1o+2e+3o"``.
        degree: d ≥ 1.
        neighbours: K ≥ 1.
        keep: the outputs wanted; None for all.

    Raises:
        ValueError: an argument out of range, or more work than about a minute's.

    >>> found = surviving("0e+1o+2e", 3, 2)
    >>> sum(found.multiplicities[ir] * ir.dim for ir in found.outputs), found.dimension
    (165, 149)
    """
    irreps = Irreps.parse(irreps) if isinstance(irreps, str) else irreps
    if (products := power_dimension(irreps.dim, degree)) > MAX_PRODUCTS:
        raise ValueError(
            f"{irreps} has {shown(products)} products of degree {degree}: at most {MAX_PRODUCTS}"
        )
    return density_ranks(coupling_basis(irreps, degree, keep), neighbours)


def density_ranks(basis: CouplingBasis, neighbours: int) -> DensityRanks:
    """:func:`surviving` for the vectors of a given symmetric coupling basis."""
    neighbours = natural("neighbours", neighbours)
    if neighbours < 1:
        raise ValueError(f"neighbours must be an integer ≥ 1, got {neighbours}")
    if basis.power != "symmetric":
        raise ValueError("a density makes symmetric products: the power must be 'symmetric'")
    if (terms := expanded_terms(basis, neighbours)) > MAX_TERMS:
        raise ValueError(
            f"{shown(terms)} terms for degree {basis.degree} of {basis.irreps} and {neighbours} "
            f"neighbours: at most {MAX_TERMS} are expanded; keep fewer outputs"
        )
    partitions = list(_partitions(basis.degree, neighbours))
    outputs = {}
    for irrep in basis.counts():
        rows = [_expansion(basis, vector, partitions, neighbours) for vector in basis.of(irrep)]
        outputs[irrep] = _output_rank(rows)
    return DensityRanks(basis.irreps, basis.degree, neighbours, outputs)


def expanded_terms(basis: CouplingBasis, neighbours: int) -> int:
    """How many terms :func:`density_ranks` expands; it refuses more than ``MAX_TERMS``."""
    ways = _ways(basis.degree, neighbours)
    return ways * sum(len(vector.highest) for vector in basis.vectors)


def _ways(size: int, most: int) -> int:
    """The number of partitions of a set into at most ``most`` blocks: a sum of Stirling numbers."""
    row = [1]
    for _ in range(size):
        row = [
            k * (row[k] if k < len(row) else 0) + (row[k - 1] if k else 0)
            for k in range(min(len(row), most) + 1)
        ]
    return sum(row)


def _partitions(size: int, most: int) -> Iterator[_Partition]:
    """All partitions of range(size) into at most ``most`` blocks."""

    def grow(index: int, blocks: _Partition) -> Iterator[_Partition]:
        if index == size:
            yield blocks
            return
        for k, block in enumerate(blocks):
            yield from grow(index + 1, (*blocks[:k], (*block, index), *blocks[k + 1 :]))
        if len(blocks) < most:
            yield from grow(index + 1, (*blocks, (index,)))

    return grow(0, ())


def _expansion(
    basis: CouplingBasis, vector: CouplingVector, partitions: Sequence[_Partition], neighbours: int
) -> dict[_Key, flint.fmpq]:
    """A highest-weight vector, up to a factor, in the independent symmetric sums."""
    channels = basis.channels
    irreps = [channels[channel] for channel in vector.content]
    total: dict[_Key, flint.fmpq] = {}
    if not all(survives(irrep) for irrep in irreps):
        return total
    for orders, value in vector.highest.items():
        factors = [(irrep.l, m) for irrep, m in zip(irreps, orders, strict=True)]
        # b_m = |l m⟩/√C(2l, l+m) is (l-|m|)! P_l^|m| e^{imφ} up to sign and a factor of l alone.
        scale = flint.fmpq(value)
        for l, m in factors:
            scale *= factorial(l - abs(m)) * (-1 if m > 0 and m % 2 else 1)
        for blocks in partitions:
            _add_product(
                total, scale, [tuple(factors[i] for i in block) for block in blocks], neighbours
            )
    return {key: value for key, value in total.items() if value}


def _add_product(
    total: dict[_Key, flint.fmpq], scale: flint.fmpq, blocks: Sequence[_Block], neighbours: int
) -> None:
    """Add scale · Σ over different neighbours of ∏ over the blocks."""
    parts: list[tuple[_Key, flint.fmpq]] = [((), scale)]
    for block in blocks:
        parts = [
            ((*key, harmonic), value * constant)
            for key, value in parts
            for harmonic, constant in _block_product(tuple(sorted(block)))
        ]
    for key, value in parts:
        moving = tuple(sorted(harmonic for harmonic in key if harmonic[0]))
        still = len(key) - len(moving)
        value *= perm(neighbours - len(moving), still)
        total[moving] = total.get(moving, 0) + value


@lru_cache(maxsize=1 << 16)
def _block_product(block: _Block) -> tuple[tuple[tuple[int, int], flint.fmpq], ...]:
    """The product of harmonics of one neighbour as ((λ, μ), constant) pairs."""
    state = {(0, 0): flint.fmpq(1)}
    for l, m in block:
        following: dict[tuple[int, int], flint.fmpq] = {}
        for (degree, order), value in state.items():
            for new, ratio in product_structure(degree, order, l, m):
                key = new, order + m
                step = value * flint.fmpq(ratio.numerator, ratio.denominator)
                following[key] = following.get(key, 0) + step
        state = following
    return tuple((key, value) for key, value in state.items() if value)


def _output_rank(rows: Sequence[dict[_Key, flint.fmpq]]) -> OutputRank:
    columns = sorted({key for row in rows for key in row})
    vanishing = tuple(i for i, row in enumerate(rows) if not row)
    if not columns:
        return OutputRank(len(rows), 0, (), vanishing)
    # Scaling a vector changes no rank and makes every entry an integer.
    whole = []
    for row in rows:
        scale = lcm(*(int(value.q) for value in row.values()))
        whole.append({key: int((value * scale).p) for key, value in row.items()})
    matrix = flint.fmpz_mat([[row.get(key, 0) for row in whole] for key in columns])
    echelon, rank = flint.nmod_mat(matrix, PRIME).rref()
    independent = tuple(
        next(j for j in range(len(rows)) if int(echelon[i, j])) for i in range(rank)
    )
    if rank < len(rows):
        _confirm(matrix, rank)
    return OutputRank(len(rows), rank, independent, vanishing)


def _confirm(matrix: flint.fmpz_mat, rank: int) -> None:
    """Check over the integers that ``matrix`` has no more than ``rank`` independent columns.

    Raises:
        ArithmeticError: where the prime divides what it must not; nothing is then decided.
    """
    _, nullity = matrix.nullspace()
    if (exact := matrix.ncols() - nullity) != rank:
        raise ArithmeticError(f"the rank is {rank} modulo {PRIME} and {exact} over the rationals")
