"""The rank of products of features on random directions, observed by singular values.

The span is built in stages (:mod:`numeric_checks.rank.stages`), each with its gap between the last
singular value kept and the first one dropped; the naive construction is shown beside it. Where σ_r
is not well above the cut-off small cases are repeated in 50-digit arithmetic
(:mod:`numeric_checks.rank.precise`), and others are undecided.

Nothing here proves anything: it *observes* numerically what :mod:`span_theorem` proves.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from numeric_checks.costs import check_memory
from numeric_checks.rank.arrays import mover
from numeric_checks.rank.result import RankObservation, RankVerdict
from numeric_checks.rank.stages import naive_stage, room, staged_rank
from numeric_checks.sphere.harmonics import (
    MAX_DEGREE,
    random_directions,
    real_harmonics,
    unit_vectors,
)
from span_theorem.arguments import natural, within
from span_theorem.irreps import FeatureKind, feature_irreps
from span_theorem.span import span_dimension

__all__ = [
    "MAX_FACTORS",
    "check_cost",
    "feature_values",
    "observe_rank",
    "observer",
    "rank_seconds",
]

MAX_FACTORS = 1000
"""The largest d."""

COPIES = 4  # arrays of the size of the largest stage that live at once


def feature_values(L: int, features: FeatureKind, directions: ArrayLike) -> NDArray[np.float64]:
    """√4π·Y_lm at the directions, for l ≤ L (``"upto"``) or l = L (``"exact"``).

    float64, shape (N, (L+1)²) or (N, 2L+1), order l, then m = -l … l. The factor √4π makes the
    mean square of every feature over the sphere 1, so no product is large or small by convention.
    """
    feature_irreps(L, features)  # rejects an unknown name
    values: NDArray[np.float64] = np.sqrt(4 * np.pi) * real_harmonics(L, directions)
    return values if features == "upto" else values[:, L * L :]


def decide_rank(rank: int, expected: int, count: int, clear: bool) -> tuple[RankVerdict, str]:
    if not clear:
        return "undecided", "a singular value lies too near the cut-off"
    if rank == count <= expected:
        # Every row is independent: the directions, not the functions, limit the rank.
        return "undecided", f"{count} directions cannot show a rank above {count}"
    if rank == expected:
        return "observed", "the rank is the dimension of the span theorem"
    return "not observed", f"the rank differs from the expected {expected}"


def observe_rank(
    L: int,
    d: int,
    features: FeatureKind = "upto",
    directions: int | ArrayLike | None = None,
    seed: int = 0,
    device: str = "cpu",
    naive: bool = True,
) -> RankObservation:
    """Observe the dimension of the span of degree-d products on random directions (T1, T1′).

    Args:
        L, d: integers from 0 to 512, and to 1,000.
        features: ``"upto"`` (Y_lm, l ≤ L) or ``"exact"`` (Y_Lm alone).
        directions: how many random directions, or the directions themselves, shape (N, 3);
            by default a quarter more than the expected dimension, plus 16.
        seed: integer ≥ 0, of the directions and of the random products.
        device: ``"cpu"``, or ``"cuda"`` for a GPU through torch.
        naive: whether to take the naive singular values too, which decide nothing.

    Raises:
        TypeError, ValueError: an argument out of range, directions that are empty, zero or not
            finite, a device that is not there, or a case that would need more than 16 GiB.

    >>> seen = observe_rank(2, 2)
    >>> seen.rank, seen.verdict, [stage.rank for stage in seen.stages]
    (25, 'observed', [9, 25])
    """
    start = time.perf_counter()
    L, d = within("L", L, 0, MAX_DEGREE), within("d", d, 0, MAX_FACTORS)
    seed = natural("seed", seed)
    move, device = mover(device)
    expected = [span_dimension(L, k, features) for k in range(d + 1)]
    rng = np.random.default_rng(seed)
    if directions is None or np.ndim(directions) == 0:
        count = check_cost(L, d, features, directions)  # type: ignore[arg-type]  # checked there
        vectors = random_directions(count, rng)
    else:
        vectors = unit_vectors(directions)
        count = check_cost(L, d, features, len(vectors))
    values = feature_values(L, features, vectors)
    stages = staged_rank(values, expected, rng, move)
    beside = naive_stage(values, d, expected[-1], rng, move) if naive else None
    rank, clear = stages[-1].rank, not any(stage.ambiguous for stage in stages)
    precise = None
    if not clear:
        # mpmath is imported only where it is needed.
        from numeric_checks.rank.precise import affordable, precise_rank

        if affordable(L, d, features, count):
            precise = precise_rank(L, d, features, vectors)
        if precise is not None:
            rank, clear = precise, True
    verdict, reason = decide_rank(rank, expected[-1], count, clear)
    return RankObservation(
        L=L,
        d=d,
        features=features,
        directions=count,
        seed=seed,
        device=device,
        expected=expected[-1],
        rank=rank,
        verdict=verdict,
        reason=reason,
        stages=stages,
        naive=beside,
        precise=precise,
        seconds=time.perf_counter() - start,
    )


def observer(L: int, d: int, features: FeatureKind) -> dict[str, Any]:
    """The observation as ``span_theorem.verify`` shows it: ``text`` is the line it prints."""
    return observe_rank(L, d, features).as_dict()


def check_cost(L: int, d: int, features: FeatureKind, directions: int | None = None) -> int:
    """The number of directions; ValueError for a case that would need more than 16 GiB."""
    largest = room(max(span_dimension(L, k, features) for k in {0, d}))  # it grows with k
    count = largest if directions is None else natural("number of directions", directions)
    check_memory(
        f"L = {L}, d = {d} with {count} directions",
        8 * count * (COPIES * largest + (L + 1) ** 2),
    )
    return count


def rank_seconds(
    L: int, d: int, features: FeatureKind, directions: int | None, naive: bool
) -> float:
    """A rough estimate, in seconds on one core: the singular values of the largest matrix."""
    dimension = max(span_dimension(L, k, features) for k in (0, d))
    return svd_seconds(dimension, room(dimension) if directions is None else directions, naive)


def svd_seconds(dimension: int, rows: int, naive: bool) -> float:
    """A rough estimate for a span of ``dimension`` functions at ``rows`` points."""
    columns = room(dimension)
    return (2 if naive else 1) * 5e-10 * rows * columns * min(rows, columns)
