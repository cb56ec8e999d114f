"""The rank of products of features of several directions (T7), observed by singular values."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from numeric_checks.costs import check_memory
from numeric_checks.rank.arrays import mover
from numeric_checks.rank.observe import COPIES, MAX_FACTORS, decide_rank, feature_values
from numeric_checks.rank.result import RankObservation
from numeric_checks.rank.stages import naive_stage, room, staged_rank
from numeric_checks.sphere.harmonics import MAX_DEGREE, random_directions
from span_theorem.arguments import natural, within
from span_theorem.directions import directions_dimension

__all__ = ["MAX_DIRECTIONS", "check_several_cost", "observe_directions_rank"]

MAX_DIRECTIONS = 16


def observe_directions_rank(
    L: int,
    d: int,
    directions: int,
    samples: int | None = None,
    seed: int = 0,
    device: str = "cpu",
    naive: bool = True,
) -> RankObservation:
    """Observe the dimension of the products of at most d features of K free directions (T7).

    Args:
        L: integer from 0 to 512. d: from 0 to 1,000.
        directions: K, from 1 to 16.
        samples: how many random K-tuples of directions; by default a quarter more than the
            expected dimension, plus 16.
        seed: integer ≥ 0, of the directions and of the random products.
        device: ``"cpu"``, or ``"cuda"`` for a GPU through torch.
        naive: whether to take the naive singular values too, which decide nothing.

    Raises:
        TypeError, ValueError: an argument out of range, or a case that would need more than
            16 GiB.

    >>> seen = observe_directions_rank(1, 2, 2)
    >>> seen.rank, seen.verdict
    (26, 'observed')
    """
    start = time.perf_counter()
    count = check_several_cost(L, d, directions, samples)
    seed = natural("seed", seed)
    move, device = mover(device)
    expected = [directions_dimension(L, k, directions) for k in range(d + 1)]
    rng = np.random.default_rng(seed)
    values = _values(L, directions, count, rng)
    stages = staged_rank(values, expected, rng, move)
    beside = naive_stage(values, d, expected[-1], rng, move) if naive else None
    clear = not any(stage.ambiguous for stage in stages)
    verdict, reason = decide_rank(stages[-1].rank, expected[-1], count, clear)
    return RankObservation(
        L=L,
        d=d,
        features="upto",
        directions=count,
        seed=seed,
        device=device,
        expected=expected[-1],
        rank=stages[-1].rank,
        verdict=verdict,
        reason=reason,
        stages=stages,
        naive=beside,
        precise=None,
        seconds=time.perf_counter() - start,
        free_directions=directions,
    )


def _values(L: int, directions: int, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """The constant and the features of degree 1 … L of every direction, side by side."""
    columns = [np.ones((count, 1))]
    for _ in range(directions):
        columns.append(feature_values(L, "upto", random_directions(count, rng))[:, 1:])
    return np.concatenate(columns, axis=1)


def check_several_cost(L: int, d: int, directions: int, samples: int | None = None) -> int:
    """The number of samples; ValueError for a case that would need more than 16 GiB."""
    L, d = within("L", L, 0, MAX_DEGREE), within("d", d, 0, MAX_FACTORS)
    directions = within("directions", directions, 1, MAX_DIRECTIONS)
    largest = room(directions_dimension(L, d, directions))
    count = largest if samples is None else natural("number of samples", samples)
    check_memory(
        f"L = {L}, d = {d}, {directions} directions with {count} samples",
        8 * count * (COPIES * largest + directions * (L + 1) ** 2),
    )
    return count
