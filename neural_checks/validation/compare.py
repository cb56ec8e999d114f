"""Ratios of errors from one L to the next: foretold by demand, and measured on networks.

The demand of a data set gives an error of linear models for every ℓ, by number of factors, at full
size and at equal weights. If it says what a network gains, the ratio of these errors from ℓ = L to
L + 1 is that of the networks' errors. Their agreement is summed up by Spearman's rank correlation
(scipy), with an interval from a bootstrap over data sets, for networks on the same data share what
is foretold, and by the errors of the logarithms: a constant factor would have a rank correlation of
0 and may still have small ones.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neural_checks.schema import read_json
from neural_checks.validation.networks import Series, geometric_mean
from numeric_checks.demand.result import least_degree
from span_theorem.arguments import finite, within

__all__ = [
    "Agreement",
    "Curve",
    "Pair",
    "Stop",
    "agreement",
    "pairs_of",
    "read_curves",
    "seeds_differ",
    "stops_of",
]

Array = NDArray[np.float64]

#: Pairs below which no rank correlation is given, and data sets below which it has no interval.
MIN_PAIRS, MIN_SETS = 4, 3


@dataclass(frozen=True, order=True)
class Curve:
    """A curve of demand: at most ``factors`` factors, at ``full`` size or ``equal`` weights."""

    factors: int
    size: str

    @property
    def text(self) -> str:
        """For a reader."""
        size = "full size" if self.size == "full" else "equal weights"
        return f"{self.factors} factors, {size}"


Curves = Mapping[str, Mapping[Curve, tuple[float, ...]]]
"""Errors (meV/Å) by ℓ, by the SHA-256 of the data and the curve."""


def read_curves(paths: Sequence[Path]) -> Curves:
    """The curves of demand reports; of a folder every ``report.json`` below it that is one.

    ValueError where a file given by name is no such report, or where there is none.
    """
    found: dict[str, dict[Curve, tuple[float, ...]]] = {}
    for path in paths:
        if not path.exists():
            raise FileNotFoundError(f"no file or folder {path}")
        for file in sorted(path.rglob("report.json")) if path.is_dir() else [path]:
            content = read_json(file)
            if not isinstance(content, dict) or "fewer_factors" not in content:
                if path.is_dir():
                    continue
                raise ValueError(f"{file}: not a report of numeric_checks.demand")
            try:
                data, curves = _curves_of(content)
            except (AttributeError, LookupError, TypeError, ValueError) as error:
                raise ValueError(
                    f"{file}: not a whole report of numeric_checks.demand: {error!r}"
                ) from None
            found[data] = curves | found.get(data, {})
    if not found:
        raise ValueError(f"no report of numeric_checks.demand in {', '.join(map(str, paths))}")
    return found


def _curves_of(content: dict[str, Any]) -> tuple[str, dict[Curve, tuple[float, ...]]]:
    """SHA-256 of the data, and the curves of more than one factor."""
    curves: dict[Curve, tuple[float, ...]] = {}
    for part in (content, *content["fewer_factors"]):
        factors = within("factors", part["factors"], 1, 100)
        for size, key in (("full", "curve"), ("equal", "matched")):
            if factors > 1 and part[key]:
                errors = tuple(finite("mae", point["mae"]) for point in part[key])
                if min(errors) <= 0:  # ratios of them are taken
                    raise ValueError(f"mae must be > 0, got {min(errors)}")
                curves.setdefault(Curve(factors, size), errors)
    return str(content["data"]["sha256"]), curves


@dataclass(frozen=True)
class Pair:
    """Networks of L and L + 1 of a series: the ratio of their errors, foretold and measured.

    ``by_seed``: the ratio of every seed that has both; ``measured``: their geometric mean.
    ``below``: the networks of L + 1 are better than the linear model of degrees ≤ L + 1 (of most
    factors, full size; geometric mean over seeds). A network that is not has yet to learn what that
    model knows.
    """

    series: str
    data: str
    architecture: str
    steps: int
    L: int
    by_seed: dict[int, float]
    foretold: dict[Curve, float]
    below: bool

    @property
    def measured(self) -> float:
        return geometric_mean(list(self.by_seed.values()))


def pairs_of(series: Sequence[Series], curves: Curves) -> list[Pair]:
    """The pairs of every series whose data have a demand."""
    return [
        pair
        for one in series
        for L in one.degrees
        if (pair := _pair(one, L, curves.get(one.networks[0].sha256, {}))) is not None
    ]


def _pair(one: Series, L: int, known: Mapping[Curve, tuple[float, ...]]) -> Pair | None:
    by_seed = one.ratios(L)
    foretold = {
        curve: errors[L + 1] / errors[L]
        for curve, errors in sorted(known.items())
        if len(errors) > L + 1
    }
    if not by_seed or not foretold:
        return None
    first = one.networks[0]
    linear = known[max(curve for curve in foretold if curve.size == "full")][L + 1]
    return Pair(
        series=one.name,
        data=first.data,
        architecture=first.architecture,
        steps=first.steps,
        L=L,
        by_seed=by_seed,
        foretold=foretold,
        below=geometric_mean([one.of(L + 1)[seed].mae for seed in by_seed]) < linear,
    )


def seeds_differ(pairs: Sequence[Pair]) -> float | None:
    """Standard deviation over seeds of the logarithm of a measured ratio.

    None where no pair has two seeds.
    """
    several = [np.log(list(pair.by_seed.values())) for pair in pairs if len(pair.by_seed) > 1]
    if not several:
        return None
    square = sum(float(((logs - logs.mean()) ** 2).sum()) for logs in several)
    return math.sqrt(square / sum(len(logs) - 1 for logs in several))


@dataclass(frozen=True)
class Stop:
    """The least L of a series within the level of its last one, measured and foretold.

    ``last`` is the largest L of the series: a stop there means that the error still falls.
    """

    series: str
    first: int
    last: int
    measured: int
    foretold: dict[Curve, int]


def stops_of(series: Sequence[Series], curves: Curves, level: float) -> list[Stop]:
    """Where every series stops: the least L whose error is within ``level`` of the least one."""
    found = []
    for one in series:
        degrees = one.degrees
        known = curves.get(one.networks[0].sha256, {})
        foretold = {
            curve: degrees[least_degree([errors[L] for L in degrees], level)]
            for curve, errors in sorted(known.items())
            if degrees[-1] < len(errors)
        }
        measured = degrees[least_degree([one.mae(L) for L in degrees], level)]
        found.append(Stop(one.name, degrees[0], degrees[-1], measured, foretold))
    return found


@dataclass(frozen=True)
class Agreement:
    """How well one curve foretells the ratios of networks from L = ``first`` on.

    With ``below`` only of pairs that are below the linear model (:class:`Pair`).

    ``rank`` is Spearman's correlation over ``pairs`` pairs, ``low`` to ``high`` its 95 % interval
    over data sets (``sets`` of them), ``p`` the share of random assignments with a correlation at
    least as large.
    ``within``: the rank correlation of what is left when the mean of every L is taken off both, for
    gains fall with L in any case. They are None where pairs or data sets are too few, or equal.
    ``bias``: mean of log(measured / foretold); ``spread``: root mean square of it about zero;
    ``constant``: the same for the best constant ratio.
    """

    curve: Curve
    first: int
    below: bool
    pairs: int
    sets: int
    rank: float | None
    low: float | None
    high: float | None
    p: float | None
    within: float | None
    bias: float
    spread: float
    constant: float


def agreement(
    pairs: Sequence[Pair],
    curve: Curve,
    draws: int,
    seed: int,
    first: int = 0,
    below: bool = False,
) -> Agreement | None:
    """The agreement of one curve with the ratios measured from L = ``first`` on.

    With ``below`` only of pairs below the linear model. None where there is no such pair.
    """
    mine = [
        pair
        for pair in pairs
        if curve in pair.foretold and first <= pair.L and (pair.below or not below)
    ]
    if not mine:
        return None
    foretold = np.array([pair.foretold[curve] for pair in mine])
    measured = np.array([pair.measured for pair in mine])
    names, member = np.unique([pair.data for pair in mine], return_inverse=True)
    rng = np.random.default_rng(seed)
    wrong = np.log(measured / foretold)
    within = _within([pair.L for pair in mine], foretold, measured)
    rank = low = high = p = None
    # Equal ratios have no order.
    if len(mine) >= MIN_PAIRS and np.ptp(foretold) > 0 and np.ptp(measured) > 0:
        rank = _rank(foretold, measured)
        if len(names) >= MIN_SETS:
            drawn = []
            for _ in range(draws):
                chosen = rng.integers(0, len(names), len(names))
                index = np.concatenate([np.flatnonzero(member == k) for k in chosen])
                drawn.append(_rank(foretold[index], measured[index]))
            low, high = (float(end) for end in np.nanquantile(drawn, [0.025, 0.975]))
        shuffled = [_rank(foretold, rng.permutation(measured)) for _ in range(draws)]
        p = float((1 + np.sum(np.array(shuffled) >= rank)) / (1 + draws))
    return Agreement(
        curve=curve,
        first=first,
        below=below,
        pairs=len(mine),
        sets=len(names),
        rank=rank,
        low=low,
        high=high,
        p=p,
        within=within,
        bias=float(wrong.mean()),
        spread=float(np.sqrt((wrong**2).mean())),
        constant=float(np.log(measured).std()),
    )


def _within(degrees: Sequence[int], foretold: Array, measured: Array) -> float | None:
    """The rank correlation among pairs of the same L."""
    logs = np.log([foretold, measured])
    kept = np.zeros(len(degrees), dtype=bool)
    for L in set(degrees):
        mine = np.array(degrees) == L
        if mine.sum() > 1:
            logs[:, mine] -= logs[:, mine].mean(axis=1, keepdims=True)
            kept |= mine
    if kept.sum() < MIN_PAIRS:
        return None
    rank = _rank(*logs[:, kept])
    return None if np.isnan(rank) else rank


def _rank(first: Array, second: Array) -> float:
    from scipy.stats import spearmanr

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a constant input: nan, which is left out
        found: Any = spearmanr(first, second)
    return float(found.statistic)
