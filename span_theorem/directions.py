"""T7: products of features of several directions, and the budget that d factors are.

Products of at most d factors, each a harmonic of degree ≤ L of one of K free directions, span
⊕ H_{ℓ_1} ⊗ … ⊗ H_{ℓ_K} over all (ℓ_1, …, ℓ_K) with Σ_i ⌈ℓ_i/L⌉ ≤ d: a factor spent on one
direction is not there for the others.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import prod

from span_theorem.arguments import natural
from span_theorem.factors import Factors
from span_theorem.rank import (
    PRIME,
    DenseRank,
    feature_residues,
    random_forms,
    rank_modulo_prime,
    sphere_points,
)
from span_theorem.theorem import Comparison
from span_theorem.witnesses import Witness, find_witnesses

__all__ = [
    "DirectionsProof",
    "angle_boundary",
    "directions_count",
    "directions_dimension",
    "directions_rank",
    "prove_directions",
    "reached_degrees",
    "tuple_witness",
]

MAX_TUPLES = 200_000
"""Most tuples of degrees that are listed in one call."""


def _question(L: int, d: int, directions: int) -> tuple[int, int, int]:
    L, d, directions = natural("L", L), natural("d", d), natural("directions", directions)
    if directions < 1:
        raise ValueError(f"directions must be an integer ≥ 1, got {directions}")
    return L, d, directions


def _cost(L: int, degree: int) -> int:
    """⌈degree / L⌉, the number of factors that degree takes."""
    return -(-degree // L) if degree else 0


def _by_budget(L: int, d: int, directions: int, sizes: list[int]) -> int:
    """Σ over the tuples of the product of ``sizes[c]``, c = ⌈ℓ_i/L⌉, with Σ c ≤ d."""
    totals = [1] + [0] * d
    for _ in range(directions):
        totals = [sum(totals[n - c] * sizes[c] for c in range(n + 1)) for n in range(d + 1)]
    return sum(totals)


def directions_count(L: int, d: int, directions: int) -> int:
    """The number of tuples (ℓ_1, …, ℓ_K) reached.

    >>> directions_count(1, 2, 2)
    6
    """
    L, d, directions = _question(L, d, directions)
    return _by_budget(L, d, directions, [1] + [L] * d)


def directions_dimension(L: int, d: int, directions: int) -> int:
    """Σ ∏_i (2ℓ_i+1) over the tuples reached.

    The degrees that take c ≥ 1 factors are (c-1)L+1 … cL, together of dimension
    (cL+1)² - ((c-1)L+1)².

    >>> directions_dimension(2, 3, 2), directions_dimension(2, 2, 1)
    (417, 25)
    """
    L, d, directions = _question(L, d, directions)
    steps = [(c * L + 1) ** 2 - ((c - 1) * L + 1) ** 2 for c in range(1, d + 1)]
    return _by_budget(L, d, directions, [1, *steps])


def angle_boundary(L: int, d: int) -> int:
    """The largest Legendre degree in the angle between two directions that is reached: L·⌊d/2⌋.

    V_ℓ ⊗ V_ℓ' holds an invariant only for ℓ = ℓ', and (ℓ, ℓ) takes 2⌈ℓ/L⌉ factors.

    >>> angle_boundary(3, 2), angle_boundary(3, 3)
    (3, 3)
    """
    return natural("L", L) * (natural("d", d) // 2)


def reached_degrees(L: int, d: int, directions: int) -> list[tuple[int, ...]]:
    """All (ℓ_1, …, ℓ_K) with Σ ⌈ℓ_i/L⌉ ≤ d, in lexicographic order (T7).

    For L = 0 every product is constant, and only zeros are reached.

    Raises:
        ValueError: where there are more than 200,000 of them.

    >>> reached_degrees(1, 2, 2)
    [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (2, 0)]
    """
    L, d, directions = _question(L, d, directions)
    if (count := directions_count(L, d, directions)) > MAX_TUPLES:
        raise ValueError(
            f"L = {L}, d = {d} and {directions} directions reach {count} tuples of degrees: at "
            f"most {MAX_TUPLES} are listed"
        )
    return list(_tuples(L, d, directions))


def _tuples(L: int, budget: int, directions: int) -> Iterator[tuple[int, ...]]:
    if directions == 0:
        yield ()
        return
    for degree in range(budget * L + 1):
        for rest in _tuples(L, budget - _cost(L, degree), directions - 1):
            yield (degree, *rest)


def tuple_witness(L: int, degrees: tuple[int, ...]) -> tuple[Witness, ...]:
    """One stretched product for every direction, of ⌈ℓ_i/L⌉ factors, none of them zero.

    >>> [w.factors for w in tuple_witness(2, (3, 0, 1))]
    [((2, 2), (1, 1)), (), ((1, 1),)]
    """
    return tuple(find_witnesses(Factors.of(L, _cost(L, degree)), [degree])[0] for degree in degrees)


def directions_rank(L: int, d: int, directions: int, *, seed: int = 0) -> DenseRank:
    """Rank modulo a prime of random products at random K-tuples of rational directions.

    d-th powers of random linear forms in all features of all directions span the products of
    exactly d features, and these include the constant. Like
    :func:`~span_theorem.rank.dense_rank` a lower bound for the dimension; time grows as its cube.

    >>> directions_rank(1, 3, 2).rank
    70
    """
    import numpy as np

    L, d, directions = _question(L, d, directions)
    expected = directions_dimension(L, d, directions)
    rng = random.Random(f"{seed}/{L}/{d}/directions {directions}")
    values = [np.ones((expected, 1), dtype=np.int64)]
    for _ in range(directions):
        points = list(sphere_points(expected, rng))
        values.append(feature_residues(range(L + 1), points)[:, 1:])
    base = random_forms(np.concatenate(values, axis=1), expected, rng)
    products = np.ones_like(base)
    for _ in range(d):
        products *= base
        products %= PRIME
    return DenseRank(rank_modulo_prime(products), expected, expected, expected, PRIME, seed)


@dataclass(frozen=True, slots=True)
class DirectionsProof:
    """Everything exact arithmetic shows for one (L, d) and K directions.

    ``witnesses`` holds, for every tuple of ``reached``, one product for every direction.
    """

    L: int
    d: int
    directions: int
    reached: tuple[tuple[int, ...], ...]
    dimension: int
    angle: int | None
    witnesses: tuple[tuple[Witness, ...], ...]
    checks: tuple[Comparison, ...]

    @property
    def holds(self) -> bool:
        """Whether every check held."""
        return all(check.holds for check in self.checks)


def prove_directions(L: int, d: int, directions: int) -> DirectionsProof:
    """Show T7 for one (L, d) and K directions by exact arithmetic.

    >>> proof = prove_directions(2, 2, 2)
    >>> proof.dimension, proof.angle, proof.holds
    (113, 2, True)
    """
    L, d, directions = _question(L, d, directions)
    reached = tuple(reached_degrees(L, d, directions))
    dimension = directions_dimension(L, d, directions)
    angle = angle_boundary(L, d) if directions > 1 else None
    by_direction = {
        degree: tuple_witness(L, (degree,))[0] for degree in sorted({max(t) for t in reached})
    }
    witnesses = tuple(tuple(by_direction[degree] for degree in degrees) for degrees in reached)
    checks = [
        _containment(L, d, directions, reached),
        Comparison(
            "T7",
            f"{len(witnesses)} witnesses, one for every tuple, of at most {d} factors, all "
            "constants nonzero",
            all(
                all(w.constant for w in parts) and sum(len(w.factors) for w in parts) <= d
                for parts in witnesses
            )
            and [tuple(w.degree for w in parts) for parts in witnesses] == list(reached),
        ),
        _dimension_check(dimension, reached),
    ]
    if angle is not None:
        largest = max(t[0] for t in reached if t[0] == t[1] and not any(t[2:]))
        checks.append(
            Comparison(
                "T7",
                f"angle between two directions: (ℓ, ℓ) is reached up to ℓ = {largest} "
                f"= L·⌊d/2⌋ = {angle}",
                largest == angle,
            )
        )
    return DirectionsProof(L, d, directions, reached, dimension, angle, witnesses, tuple(checks))


def _containment(
    L: int, d: int, directions: int, reached: tuple[tuple[int, ...], ...]
) -> Comparison:
    """Spend d_i factors on direction i in every way: T1 gives the degrees 0 … d_i L there."""
    spent: set[tuple[int, ...]] = set()
    if L:
        for parts in _compositions(d, directions):
            # The degrees that take all n factors; lesser ones are reached by other ways.
            spent.update(product(*(range(max(0, (n - 1) * L + 1), n * L + 1) for n in parts)))
    else:
        spent.add((0,) * directions)
    return Comparison(
        "T7",
        f"containment: the {len(spent)} tuples that ways of spending {d} factors reach are those "
        "with Σ⌈ℓ_i/L⌉ ≤ d",
        spent == set(reached),
    )


def _compositions(most: int, parts: int) -> Iterator[tuple[int, ...]]:
    """All tuples of ``parts`` numbers ≥ 0 whose sum is at most ``most``."""
    if parts == 0:
        yield ()
        return
    for first in range(most + 1):
        for rest in _compositions(most - first, parts - 1):
            yield (first, *rest)


def _dimension_check(dimension: int, reached: tuple[tuple[int, ...], ...]) -> Comparison:
    total = sum(prod(2 * degree + 1 for degree in degrees) for degrees in reached)
    return Comparison(
        "T7", f"dimension {dimension} = Σ ∏(2ℓ_i+1) over the tuples = {total}", dimension == total
    )
