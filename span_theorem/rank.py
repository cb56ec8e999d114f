"""The rank of the evaluation map, exactly bounded below by ranks modulo a prime.

The rank of a rational matrix is at least its rank modulo any prime that divides no denominator,
so a rank found here is a rigorous lower bound for the dimension of the span; the degree bound is
the upper one. Two routes that share nothing but the harmonics:

* :func:`dense_rank` evaluates d-th powers of random linear forms in the features (they span
  Sym^d, by polarisation) at random rational points of the sphere, and takes the rank of the whole
  matrix.
* :func:`weight_evidence` splits the span by weight under rotations about z and gives, for every
  weight, products and points whose small square matrix is nonsingular. This is what a certificate
  carries, because a reader can check it with a few lines of code.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, permutations
from typing import TYPE_CHECKING

import flint

from span_theorem.factors import Factors
from span_theorem.irreps import FeatureKind
from span_theorem.products import Harmonic, product_degrees
from span_theorem.witnesses import covering_degrees

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "PRIME",
    "DenseRank",
    "WeightBlock",
    "dense_rank",
    "product_rank",
    "weight_blocks",
    "weight_evidence",
]

PRIME = 2**31 - 1
"""The prime of both routes; values below it multiply without overflow in 64-bit integers."""

# Coefficients of the linear forms: wide enough that no two forms agree up to a factor by chance,
# and sums over 2^15 features (L ≤ 180) still stay below 2^63.
_SPREAD = 2**16

MAX_CANDIDATES = 20_000
"""Products of one choice of degrees tried for one weight block before it is given up."""


@dataclass(frozen=True, slots=True)
class DenseRank:
    """A rank modulo ``prime`` of ``columns`` degree-d polynomials at ``points`` directions."""

    rank: int
    expected: int
    points: int
    columns: int
    prime: int
    seed: int

    @property
    def full(self) -> bool:
        """Whether the lower bound meets the claimed dimension."""
        return self.rank == self.expected


@dataclass(frozen=True, slots=True)
class WeightBlock:
    """Products of harmonics of total order ``weight``, and heights z where they are evaluated."""

    weight: int
    products: tuple[tuple[Harmonic, ...], ...]
    heights: tuple[int, ...]


@lru_cache(maxsize=4096)
def associated_polynomial(l: int, m: int) -> tuple[int, ...]:
    """2^l l! · d^m/dz^m P_l(z), integer coefficients from the constant up; 0 ≤ m ≤ l.

    From Rodrigues' formula: d^{l+m}/dz^{l+m} (z²-1)^l. Only the scale differs from P_l^m/sin^m.

    >>> associated_polynomial(2, 0)
    (-4, 0, 12)
    """
    coefficients = list(flint.fmpz_poly([-1, 0, 1]) ** l)
    for _ in range(l + m):
        coefficients = [k * c for k, c in enumerate(coefficients)][1:]
    return tuple(int(c) for c in coefficients)


def sphere_points(count: int, rng: random.Random) -> Iterator[tuple[int, int, int]]:
    """Rational points of S² reduced modulo PRIME, by stereographic projection."""
    found = 0
    while found < count:
        s, t = rng.randrange(PRIME), rng.randrange(PRIME)
        scale = (1 + s * s + t * t) % PRIME
        if scale:
            inverse = pow(scale, -1, PRIME)
            yield 2 * s * inverse % PRIME, 2 * t * inverse % PRIME, (scale - 2) * inverse % PRIME
            found += 1


def feature_residues(
    degrees: Iterable[int], points: Sequence[tuple[int, int, int]]
) -> NDArray[np.int64]:
    """Real harmonics of the given degrees, up to scale, at the points, modulo PRIME.

    Shape (points, Σ(2l+1)), order l as given, then m = -l … l; the points must not be empty.
    """
    import numpy as np

    degrees = tuple(degrees)
    x, y, z = (np.array(column, dtype=np.int64) for column in zip(*points, strict=True))
    cosine, sine = [np.ones_like(x)], [np.zeros_like(x)]
    for _ in range(max(degrees)):
        re, im = cosine[-1], sine[-1]
        cosine.append((re * x % PRIME - im * y % PRIME) % PRIME)
        sine.append((re * y % PRIME + im * x % PRIME) % PRIME)
    labels = [(l, m) for l in degrees for m in range(-l, l + 1)]
    columns = []
    for l, m in labels:
        value = np.zeros_like(z)
        for coefficient in reversed(associated_polynomial(l, abs(m))):
            value = (value * z + coefficient % PRIME) % PRIME
        columns.append(value * (cosine[m] if m >= 0 else sine[-m]) % PRIME)
    return np.stack(columns, axis=1)


def dense_rank(L: int, d: int, features: FeatureKind = "upto", *, seed: int = 0) -> DenseRank:
    """Rank modulo :data:`PRIME` of n random degree-d products at n random points, n = dim claim.

    Time grows as n³ (n = 4,225 takes seconds to tens of seconds), memory as 50 n² bytes.

    >>> dense_rank(2, 2).rank
    25
    """
    return product_rank(Factors.of(L, d, features), seed=seed)


def product_rank(factors: Factors, *, seed: int = 0) -> DenseRank:
    """:func:`dense_rank` for the products of any factors (T1″).

    Powers of one random linear form for every product where the factors are the same features,
    else products of one random linear form in each factor; both span all products.

    >>> product_rank(Factors.power("0e+2e+4e", 3)).rank
    91
    """
    import numpy as np

    expected = factors.dimension
    rng = random.Random(f"{seed}/{factors.L}/{factors.d}/{factors.kind}")
    points = list(sphere_points(expected, rng))
    products = np.ones((expected, expected), dtype=np.int64)
    if factors.symmetric and factors.d:
        base = random_forms(feature_residues(factors.degrees[0], points), expected, rng)
        for _ in range(factors.d):
            products *= base
            products %= PRIME
    elif not factors.symmetric:
        for degrees in factors.degrees:
            products *= random_forms(feature_residues(degrees, points), expected, rng)
            products %= PRIME
    return DenseRank(rank_modulo_prime(products), expected, expected, expected, PRIME, seed)


def random_forms(values: NDArray[np.int64], count: int, rng: random.Random) -> NDArray[np.int64]:
    """``count`` random integer combinations of the columns of ``values``, modulo PRIME."""
    import numpy as np

    rows = [[rng.randint(-_SPREAD, _SPREAD) for _ in range(count)] for _ in range(values.shape[1])]
    return values @ np.array(rows, dtype=np.int64) % PRIME


def rank_modulo_prime(matrix: NDArray[np.int64]) -> int:
    """The rank of an integer matrix modulo PRIME."""
    rows, columns = matrix.shape
    return int(flint.nmod_mat(rows, columns, matrix.ravel().tolist(), PRIME).rank())


def _candidates(
    factors: Factors, weight: int, covering: Sequence[tuple[int, ...]]
) -> Iterator[tuple[int, Iterator[tuple[Harmonic, ...]]]]:
    """Pairs (n, products of total order ``weight``): n of all products up to there independent.

    The orders of a product of degrees (l_1, …, l_d) span what these degrees meet, and the choices
    of ``covering`` together meet every degree of the span.
    """
    if factors.stretchable:
        yield factors.boundary + 1 - weight, _greedy_products(factors, weight)
    met: set[int] = set()
    for degrees in covering:
        if sum(degrees) < weight:
            continue
        met |= product_degrees(degrees)
        products = (
            tuple(zip(degrees, split, strict=True)) for split in _order_splits(degrees, weight)
        )
        yield sum(1 for degree in met if degree >= weight), products


def _greedy_products(factors: Factors, weight: int) -> Iterator[tuple[Harmonic, ...]]:
    """For each ℓ, degree and order split greedily; the degrees in z are all distinct."""
    for degree in range(weight, factors.boundary + 1):
        rest, order = degree, weight
        chosen = []
        for degrees in factors.degrees:
            l, m = min(max(degrees), rest), min(max(degrees), order)
            chosen.append((l, m))
            rest, order = rest - l, order - m
        yield tuple(chosen)


def _order_splits(degrees: Sequence[int], weight: int) -> Iterator[tuple[int, ...]]:
    """Splits of ``weight`` into orders |m_i| ≤ l_i, most of them independent as functions.

    A product whose negative orders sum to -b vanishes to order exactly b at z² = 1 (beyond
    sin^M θ), so one split for every possible b comes first. What is still missing is found among
    the even split and those reached from it by moving two orders apart.
    """
    for b in range((sum(degrees) - weight) // 2 + 1):
        split = _with_negative_part(degrees, weight, b)
        if split is not None:
            yield split
    start = _even_split(degrees, weight)
    found, frontier = {start}, [start]
    while frontier:
        following = []
        for split in frontier:
            yield split
            for i, j in permutations(range(len(degrees)), 2):
                if degrees[i] == degrees[j] and i > j:
                    continue  # equal degrees: only apart
                if split[i] > -degrees[i] and split[j] < degrees[j]:
                    moved = list(split)
                    moved[i], moved[j] = moved[i] - 1, moved[j] + 1
                    new = _canonical(degrees, moved)
                    if new not in found:
                        found.add(new)
                        following.append(new)
        frontier = following


def _with_negative_part(degrees: Sequence[int], weight: int, b: int) -> tuple[int, ...] | None:
    """A split whose negative orders sum to -b, in few factors; None where none was found."""
    orders = [0] * len(degrees)
    largest = sorted(range(len(degrees)), key=lambda i: -degrees[i])
    for sign, rest in ((1, weight + b), (-1, b)):
        for i in largest:
            if rest and not orders[i]:
                orders[i] = sign * min(degrees[i], rest)
                rest -= abs(orders[i])
        if rest:
            return None
    return _canonical(degrees, orders)


def _even_split(degrees: Sequence[int], weight: int) -> tuple[int, ...]:
    """``weight`` ≤ Σ l_i spread over the factors as evenly as their degrees allow."""
    orders = [0] * len(degrees)
    for _ in range(weight):
        free = [i for i in range(len(degrees)) if orders[i] < degrees[i]]
        orders[min(free, key=lambda i: orders[i])] += 1
    return _canonical(degrees, orders)


def _canonical(degrees: Sequence[int], orders: Sequence[int]) -> tuple[int, ...]:
    """The orders sorted among factors of equal degree, which are the same function."""
    sorted_orders = {
        l: sorted(m for k, m in zip(degrees, orders, strict=True) if k == l) for l in set(degrees)
    }
    return tuple(sorted_orders[l].pop(0) for l in degrees)


def height_values(product: Sequence[Harmonic], heights: Sequence[int]) -> list[int]:
    """The z-part of a product modulo PRIME, with e^{iMφ} sin^{|M|}θ divided out (M = Σ m ≥ 0)."""
    surplus = sum(-m for _, m in product if m < 0)
    values = [pow(1 - z * z, surplus, PRIME) for z in heights]
    for l, m in product:
        polynomial = associated_polynomial(l, abs(m))
        for i, z in enumerate(heights):
            total = 0
            for coefficient in reversed(polynomial):
                total = (total * z + coefficient) % PRIME
            values[i] = values[i] * total % PRIME
    return values


def weight_evidence(L: int, d: int, features: FeatureKind = "upto") -> tuple[WeightBlock, ...]:
    """For each weight M = 0 … dL, products that are independent, as many as ℓ ≥ M are claimed.

    Weights ±M mirror each other (complex conjugation), so the blocks show
    rank ≥ n_0 + 2 Σ_{M>0} n_M, the claimed dimension.

    Raises:
        ArithmeticError: where the candidates do not suffice; nothing is then shown.

    >>> [len(block.products) for block in weight_evidence(1, 2)]
    [3, 2, 1]
    """
    return weight_blocks(Factors.of(L, d, features))


def weight_blocks(factors: Factors) -> tuple[WeightBlock, ...]:
    """:func:`weight_evidence` for the products of any factors (T1″).

    >>> [len(block.products) for block in weight_blocks(Factors.different(["0e+2e", "1o"]))]
    [2, 2, 1, 1]
    """
    reached = factors.reached
    covering = [] if factors.stretchable else covering_degrees(factors, reached)
    blocks = []
    for weight in range(max(reached) + 1):
        size = sum(1 for degree in reached if degree >= weight)
        heights = tuple(range(2, 2 + size))
        chosen: list[tuple[Harmonic, ...]] = []
        rows: list[list[int]] = []
        for target, products in _candidates(factors, weight, covering):
            for product in islice(products, MAX_CANDIDATES):
                if len(chosen) == target:
                    break
                if _independent(rows, height_values(product, heights)):
                    chosen.append(product)
        if len(chosen) < size:
            raise ArithmeticError(
                f"only {len(chosen)} of {size} independent products found at weight {weight} "
                f"for the products {factors}"
            )
        blocks.append(WeightBlock(weight, tuple(chosen), heights))
    return tuple(blocks)


def _independent(rows: list[list[int]], row: list[int]) -> bool:
    """Reduce ``row`` by the echelon ``rows`` modulo PRIME; append it where it is independent."""
    for pivot_row in rows:
        pivot = next(k for k, value in enumerate(pivot_row) if value)
        if row[pivot]:
            factor = row[pivot]
            row = [(a - factor * b) % PRIME for a, b in zip(row, pivot_row, strict=True)]
    lead = next((value for value in row if value), None)
    if lead is None:
        return False
    inverse = pow(lead, -1, PRIME)
    rows.append([value * inverse % PRIME for value in row])
    return True
