"""Do the ratios of errors from one L to the next move while the networks are trained?

A comparison of networks that still learn is worth something where their ratio no longer moves. Two
views of it: the ratio of validation errors in the course of a training, and the ratio of test
errors of networks that were trained for more steps.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from neural_checks.validation.networks import Network, Series, geometric_mean

__all__ = ["SHARES", "Course", "Longer", "courses", "longer", "moved"]

#: Shares of the steps at which the validation errors are compared.
SHARES = (0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Course:
    """The ratio of errors from L to L + 1 in the course of the training of a series.

    ``during``: ratios of validation errors at :data:`SHARES` of the steps, None where the history
    does not hold them; ``tested``: of the test errors, with the weights kept. All are geometric
    means over ``seeds``.
    """

    series: str
    L: int
    seeds: tuple[int, ...]
    during: tuple[float | None, ...]
    tested: float


@dataclass(frozen=True)
class Longer:
    """The ratio of test errors from L to L + 1 after fewer and after more steps, same seeds.

    ``fell``: the test error of L + 1 after more steps over that after fewer.
    """

    data: str
    architecture: str
    L: int
    seeds: tuple[int, ...]
    steps: tuple[int, int]
    ratios: tuple[float, float]
    fell: float


def courses(series: Sequence[Series]) -> list[Course]:
    """The courses of all neighbouring L of all series."""
    return [
        Course(
            series=one.name,
            L=L,
            seeds=tuple(ratios),
            during=tuple(_ratio(one, L, tuple(ratios), share) for share in SHARES),
            tested=geometric_mean(list(ratios.values())),
        )
        for one in series
        for L in one.degrees
        if (ratios := one.ratios(L))
    ]


def longer(series: Sequence[Series]) -> list[Longer]:
    """What more steps change, for series that differ by their steps alone."""
    found = []
    for pair in combinations(series, 2):
        less, more = sorted(pair, key=lambda one: one.networks[0].steps)
        first, other = less.networks[0], more.networks[0]
        if first.kind != other.kind:
            continue
        for L in less.degrees:
            short, long = less.ratios(L), more.ratios(L)
            seeds = tuple(seed for seed in short if seed in long)
            if not seeds:
                continue
            after, before = more.of(L + 1), less.of(L + 1)
            found.append(
                Longer(
                    data=first.data,
                    architecture=first.architecture,
                    L=L,
                    seeds=seeds,
                    steps=(first.steps, other.steps),
                    ratios=(
                        geometric_mean([short[seed] for seed in seeds]),
                        geometric_mean([long[seed] for seed in seeds]),
                    ),
                    fell=geometric_mean([after[s].mae / before[s].mae for s in seeds]),
                )
            )
    return found


def moved(found: Sequence[Course], share: float) -> float | None:
    """Largest |log| of the ratio at the end over that at ``share`` of the steps."""
    place = SHARES.index(share)
    logs = [
        abs(math.log(end / early))
        for one in found
        if (early := one.during[place]) is not None and (end := one.during[-1]) is not None
    ]
    return max(logs, default=None)


def _ratio(one: Series, L: int, seeds: Sequence[int], share: float) -> float | None:
    low, high = one.of(L), one.of(L + 1)
    ratios = []
    for seed in seeds:
        before, after = (_error(networks[seed], share) for networks in (low, high))
        if before is None or after is None:
            return None
        ratios.append(after / before)
    return geometric_mean(ratios)


def _error(network: Network, share: float) -> float | None:
    """The validation error at that share of the steps."""
    return dict(network.history).get(round(share * network.steps))
