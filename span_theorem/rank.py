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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import TYPE_CHECKING

import flint

from span_theorem.arguments import natural
from span_theorem.irreps import Features
from span_theorem.products import Harmonic
from span_theorem.span import span_degrees, span_dimension

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["PRIME", "DenseRank", "WeightBlock", "dense_rank", "weight_evidence"]

PRIME = 2**31 - 1
"""The prime of both routes; values below it multiply without overflow in 64-bit integers."""

# Coefficients of the linear forms: wide enough that no two forms agree up to a factor by chance,
# and sums over 2^15 features (L ≤ 180) still stay below 2^63.
_SPREAD = 2**16


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


def _feature_labels(L: int, features: Features) -> list[Harmonic]:
    degrees = range(L + 1) if features == "upto" else (L,)
    return [(l, m) for l in degrees for m in range(-l, l + 1)]


def _sphere_points(count: int, rng: random.Random) -> Iterator[tuple[int, int, int]]:
    """Rational points of S² reduced modulo PRIME, by stereographic projection."""
    found = 0
    while found < count:
        s, t = rng.randrange(PRIME), rng.randrange(PRIME)
        scale = (1 + s * s + t * t) % PRIME
        if scale:
            inverse = pow(scale, -1, PRIME)
            yield 2 * s * inverse % PRIME, 2 * t * inverse % PRIME, (scale - 2) * inverse % PRIME
            found += 1


def _feature_values(
    L: int, features: Features, points: Sequence[tuple[int, int, int]]
) -> NDArray[np.int64]:
    """Real harmonics up to scale at the points, modulo PRIME; shape (points, features)."""
    import numpy as np

    x, y, z = (np.array(column, dtype=np.int64) for column in zip(*points, strict=True))
    cosine, sine = [np.ones_like(x)], [np.zeros_like(x)]
    for _ in range(L):
        re, im = cosine[-1], sine[-1]
        cosine.append((re * x % PRIME - im * y % PRIME) % PRIME)
        sine.append((re * y % PRIME + im * x % PRIME) % PRIME)
    columns = []
    for l, m in _feature_labels(L, features):
        value = np.zeros_like(z)
        for coefficient in reversed(associated_polynomial(l, abs(m))):
            value = (value * z + coefficient % PRIME) % PRIME
        columns.append(value * (cosine[m] if m >= 0 else sine[-m]) % PRIME)
    return np.stack(columns, axis=1)


def dense_rank(L: int, d: int, features: Features = "upto", *, seed: int = 0) -> DenseRank:
    """Rank modulo :data:`PRIME` of n random degree-d products at n random points, n = dim claim.

    Time grows as n³ (n = 4,225 takes seconds to tens of seconds), memory as 50 n² bytes.

    >>> dense_rank(2, 2).rank
    25
    """
    import numpy as np

    expected = span_dimension(L, d, features)
    rng = random.Random(f"{seed}/{L}/{d}/{features}")
    values = _feature_values(L, features, list(_sphere_points(expected, rng)))
    forms = np.array(
        [[rng.randint(-_SPREAD, _SPREAD) for _ in range(expected)] for _ in range(values.shape[1])],
        dtype=np.int64,
    )
    base = values @ forms % PRIME
    powers = np.ones_like(base)
    for _ in range(natural("d", d)):
        powers *= base
        powers %= PRIME
    entries = powers.ravel().tolist()
    del base, powers
    rank = int(flint.nmod_mat(expected, expected, entries, PRIME).rank())
    return DenseRank(rank, expected, expected, expected, PRIME, seed)


def _products_of_weight(
    L: int, d: int, features: Features, weight: int
) -> Iterator[tuple[Harmonic, ...]]:
    """Candidate products with total order ``weight``, in an order that soon spans their space."""
    if features == "upto":
        # For each ℓ, split degree and order greedily; the degrees in z are all distinct.
        for degree in range(weight, d * L + 1):
            rest, order = degree, weight
            factors = []
            for _ in range(d):
                l, m = min(L, rest), min(L, order)
                factors.append((l, m))
                rest, order = rest - l, order - m
            yield tuple(factors)
    else:
        for split in _order_splits(L, d, weight):
            yield tuple((L, m) for m in split)


def _order_splits(L: int, d: int, weight: int) -> Iterator[tuple[int, ...]]:
    """Splits of ``weight`` into d orders |m| ≤ L, most of them independent as functions.

    A product whose negative orders sum to -b vanishes to order exactly b at z² = 1 (beyond
    sin^M θ), so one split for every possible b comes first. What is still missing is found among
    the even split and those reached from it by moving two orders apart.
    """
    for b in range((d * L - weight) // 2 + 1):
        negative, positive = _fill(b, L), _fill(weight + b, L)
        if len(negative) + len(positive) <= d:
            zeros = [0] * (d - len(negative) - len(positive))
            yield tuple([-m for m in negative] + zeros + positive[::-1])
    low, extra = divmod(weight, d) if d else (0, 0)
    start = tuple([low] * (d - extra) + [low + 1] * extra)
    found, frontier = {start}, [start]
    while frontier:
        following = []
        for split in frontier:
            yield split
            for i, j in combinations(range(d), 2):
                if split[i] > -L and split[j] < L:
                    moved = list(split)
                    moved[i], moved[j] = moved[i] - 1, moved[j] + 1
                    new = tuple(sorted(moved))
                    if new not in found:
                        found.add(new)
                        following.append(new)
        frontier = following


def _fill(total: int, size: int) -> list[int]:
    """``total`` as parts of at most ``size``, as few as possible, largest first."""
    full, rest = divmod(total, size) if size else (0, 0)
    return [size] * full + [rest] * (rest > 0)


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


def weight_evidence(L: int, d: int, features: Features = "upto") -> tuple[WeightBlock, ...]:
    """For each weight M = 0 … dL, products that are independent, as many as ℓ ≥ M are claimed.

    Weights ±M mirror each other (complex conjugation), so the blocks show
    rank ≥ n_0 + 2 Σ_{M>0} n_M, the claimed dimension.

    Raises:
        ArithmeticError: where the candidates do not suffice; nothing is then shown.

    >>> [len(block.products) for block in weight_evidence(1, 2)]
    [3, 2, 1]
    """
    degrees = span_degrees(L, d, features)
    blocks = []
    for weight in range(max(degrees) + 1):
        size = sum(1 for degree in degrees if degree >= weight)
        heights = tuple(range(2, 2 + size))
        chosen: list[tuple[Harmonic, ...]] = []
        rows: list[list[int]] = []
        for product in _products_of_weight(L, d, features, weight):
            row = height_values(product, heights)
            if _independent(rows, row):
                chosen.append(product)
                if len(chosen) == size:
                    break
        if len(chosen) < size:
            raise ArithmeticError(
                f"only {len(chosen)} of {size} independent products found at weight {weight} "
                f"for L = {L}, d = {d}, features = {features}"
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
