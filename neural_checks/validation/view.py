"""The comparison as text and rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log
from typing import Any

from neural_checks.validation.compare import (
    Agreement,
    Curve,
    Curves,
    Pair,
    Stop,
    seeds_differ,
)
from neural_checks.validation.networks import FALL, LAST, Network, Series
from neural_checks.validation.training import SHARES, Course, Longer, moved
from numeric_checks.tables import aligned

__all__ = ["Validation", "log_ratio", "ratio_rows", "sentence", "text", "training_sentence"]


@dataclass(frozen=True)
class Validation:
    """All that was compared.

    ``series`` are those counted in pairs, stops and agreements, ``courses`` and ``longer`` of all;
    ``level``: tolerance of the stops; ``draws`` of the bootstrap.
    """

    networks: Sequence[Network]
    series: Sequence[Series]
    courses: Sequence[Course]
    longer: Sequence[Longer]
    pairs: Sequence[Pair]
    stops: Sequence[Stop]
    agreements: Sequence[Agreement]
    curves: Curves
    level: float
    draws: int

    @property
    def best(self) -> Curve:
        """The curve of most factors at full size, which is the one to judge: chosen beforehand."""
        full = [found.curve for found in self.agreements if found.curve.size == "full"]
        return max(full)


def sentence(found: Validation) -> str:
    """What the comparison shows for the curve of most factors at full size."""
    one, *more = (a for a in found.agreements if a.curve == found.best)
    what = (
        f"{one.pairs} ratios of networks on {one.sets} data sets against demand with "
        f"{one.curve.text}"
    )
    if one.rank is None:
        return f"undecided: {what}; a rank correlation needs more pairs"
    if one.low is None:
        seen = "too few data sets to say that demand foretells the order of the gains"
    elif all(_ordered(a) for a in (one, *more) if not a.below):
        seen = "demand foretells the order of the gains"
    else:
        seen = "it is not seen that demand foretells the order of the gains"
    return "".join(
        [
            f"{seen}: {what}",
            *(
                f"; {_which(a)}: rank correlation {_ranked(a)}, ratios met to a factor of "
                f"{_factor(a.spread)}, by the best constant to {_factor(a.constant)}"
                for a in (one, *more)
            ),
        ]
    )


def _ordered(one: Agreement) -> bool:
    """Whether the rank correlation is seen to be above 0, by its interval and by permutations."""
    if one.low is None or one.p is None:
        return False
    return one.low > 0 and one.p <= 0.05


def _which(one: Agreement) -> str:
    if one.below:
        return f"from L = {one.first} on, networks better than the linear model ({one.pairs})"
    return f"from L = {one.first} on ({one.pairs})"


def _ranked(one: Agreement) -> str:
    if one.rank is None:
        return "–"
    spread = "" if one.low is None else f" [{one.low:.2f}, {one.high:.2f}]"
    return f"{one.rank:.2f}{spread}"


def _factor(spread: float) -> str:
    return f"{exp(spread):.2f}"


def ratio_rows(found: Validation) -> list[dict[str, Any]]:
    """One line a pair and curve, for ``table.csv``."""
    return [
        {
            "data": pair.data,
            "architecture": pair.architecture,
            "steps": pair.steps,
            "seeds": " ".join(map(str, pair.by_seed)),
            "L": pair.L,
            "factors": curve.factors,
            "size": curve.size,
            "foretold": round(value, 4),
            "measured": round(pair.measured, 4),
            "measured_low": round(min(pair.by_seed.values()), 4),
            "measured_high": round(max(pair.by_seed.values()), 4),
            "below_linear_model": pair.below,
        }
        for pair in found.pairs
        for curve, value in pair.foretold.items()
    ]


def text(found: Validation) -> str:
    """Tables of ratios, stops, agreement and training."""
    curves = sorted({curve for pair in found.pairs for curve in pair.foretold})
    parts = (
        [sentence(found)],
        [
            "Ratios of force errors from L to L + 1 (geometric mean over seeds, least and largest)",
            *_ratios(found, curves),
            *_seeds(found),
        ],
        [
            f"Least L with an error within {found.level:.0%} of the least (≥ where it is the last)",
            *_stops(found, curves),
        ],
        ["below: the network of L + 1 is better than the linear model of degrees ≤ L + 1"],
        ["Agreement by curve (log errors as factors)", *_agreements(found)],
        ["Ratios in the course of training", *_courses(found), training_sentence(found)],
        *([["Ratios after more steps, same seeds", *_longer(found)]] if found.longer else []),
        ["Networks", *_networks(found)],
    )
    return "\n\n".join("\n".join(lines) for lines in parts)


def _ratios(found: Validation, curves: Sequence[Curve]) -> list[str]:
    head = ["series", "L", "measured", "below", *map(_named, curves)]
    body = [
        [
            pair.series,
            f"{pair.L}→{pair.L + 1}",
            _spread(list(pair.by_seed.values()), pair.measured),
            "yes" if pair.below else "no",
            *(f"{pair.foretold[c]:.2f}" if c in pair.foretold else "–" for c in curves),
        ]
        for pair in found.pairs
    ]
    return aligned([head, *body], indent="  ")


def _spread(values: Sequence[float], mean: float) -> str:
    several = "" if len(values) < 2 else f" ({min(values):.2f}–{max(values):.2f})"
    return f"{mean:.2f}{several}"


def _seeds(found: Validation) -> list[str]:
    spread = seeds_differ(found.pairs)
    if spread is None:
        return []
    return [f"the ratio of one seed is off their mean by a factor of {_factor(spread)} (one σ)"]


def _courses(found: Validation) -> list[str]:
    head = ["series", "L", "seeds", *(f"{share:.0%} of the steps" for share in SHARES), "test"]
    body = [
        [
            one.series,
            f"{one.L}→{one.L + 1}",
            str(len(one.seeds)),
            *("–" if ratio is None else f"{ratio:.3f}" for ratio in one.during),
            f"{one.tested:.3f}",
        ]
        for one in found.courses
    ]
    return aligned([head, *body], indent="  ")


def training_sentence(found: Validation) -> str:
    """How far the ratios still moved, within a training and when it is made longer."""
    parts = []
    for share in SHARES[:-1]:
        most = moved(found.courses, share)
        if most is not None:
            parts.append(f"from {share:.0%} of the steps on by a factor of at most {_factor(most)}")
    if found.longer:
        most = max(abs(log_ratio(one)) for one in found.longer)
        parts.append(f"when trained longer by a factor of at most {_factor(most)}")
    return "not known: no history" if not parts else f"ratios move {', '.join(parts)}"


def log_ratio(one: Longer) -> float:
    """The logarithm of the ratio after more steps over that after fewer."""
    return log(one.ratios[1] / one.ratios[0])


def _longer(found: Validation) -> list[str]:
    head = ["data", "L", "seeds", "steps", "ratio", "steps", "ratio", "error of L + 1 fell to"]
    body = [
        [
            f"{one.data}, {one.architecture}",
            f"{one.L}→{one.L + 1}",
            str(len(one.seeds)),
            str(one.steps[0]),
            f"{one.ratios[0]:.3f}",
            str(one.steps[1]),
            f"{one.ratios[1]:.3f}",
            f"{one.fell:.2f}",
        ]
        for one in found.longer
    ]
    return aligned([head, *body], indent="  ")


def _stops(found: Validation, curves: Sequence[Curve]) -> list[str]:
    body = [
        [
            stop.series,
            _stop(stop.measured, stop.last),
            *(_stop(stop.foretold[c], stop.last) if c in stop.foretold else "–" for c in curves),
        ]
        for stop in found.stops
    ]
    return aligned([["series", "measured", *map(_named, curves)], *body], indent="  ")


def _named(curve: Curve) -> str:
    return f"ν={curve.factors} {curve.size}"


def _agreements(found: Validation) -> list[str]:
    head = ["curve", "L", "pairs", "rank [95 %]", "p", "at the same L", "measured/foretold"]
    head += ["off by", "constant off by"]
    body = [
        [
            one.curve.text,
            f"≥ {one.first}{', below' if one.below else ''}",
            str(one.pairs),
            _ranked(one),
            "–" if one.p is None else f"{one.p:.3f}",
            "–" if one.within is None else f"{one.within:.2f}",
            _factor(one.bias),
            _factor(one.spread),
            _factor(one.constant),
        ]
        for one in found.agreements
    ]
    return aligned([head, *body], indent="  ")


def _networks(found: Validation) -> list[str]:
    head = ["data", "L", "seed", "channels", "steps", "test MAE", f"last {LAST:.0%}", "falling"]
    body = [
        [
            f"{n.data}, {n.architecture}", str(n.L), str(n.seed), str(n.channels), str(n.steps),
            f"{n.mae:.1f}", "–" if n.last_fall is None else f"{n.last_fall:.1%}",
            {True: "yes", False: "no", None: "not known"}[n.falling],
        ]
        for n in sorted(found.networks, key=_place)
    ]  # fmt: skip
    return [
        *aligned([head, *body], indent="  "),
        f"falling: the validation error fell by more than {FALL:.0%} over the last {LAST:.0%} of "
        "the steps. The learning rate falls to almost nothing there, so a flat end does not show "
        "that a longer training would gain nothing.",
    ]


def _place(one: Network) -> tuple[str, str, int, int, int]:
    return one.data, one.architecture, one.steps, one.L, one.seed


def _stop(value: int, last: int) -> str:
    return f"≥ {value}" if value == last else str(value)
