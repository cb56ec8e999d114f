"""The comparison as text, rows and figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from neural_checks.validation.compare import Agreement, Curve, Curves, Pair, Stop
from neural_checks.validation.networks import FALL, LAST, Network, Series
from numeric_checks.figures import COLORS, subplots

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Validation", "draw", "ratio_rows", "sentence", "text"]

MARKERS = "osD^vP*X"


@dataclass(frozen=True)
class Validation:
    """All that was compared; ``level``: tolerance of the stops; ``draws`` of the bootstrap."""

    networks: Sequence[Network]
    series: Sequence[Series]
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
        f"{one.pairs} ratios of {one.series} series of networks against demand with "
        f"{one.curve.text}"
    )
    if one.rank is None:
        return f"undecided: {what}; a rank correlation needs more pairs"
    if one.low is None:
        seen = "too few series of networks to say that demand foretells the order of the gains"
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
    from math import exp

    return f"{exp(spread):.2f}"


def ratio_rows(found: Validation) -> list[dict[str, Any]]:
    """One line a pair and curve, for ``table.csv``."""
    return [
        {
            "data": pair.data,
            "architecture": pair.architecture,
            "seed": pair.seed,
            "L": pair.L,
            "factors": curve.factors,
            "size": curve.size,
            "foretold": round(value, 4),
            "measured": round(pair.measured, 4),
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
        ["Ratios of force errors from L to L + 1", *_ratios(found, curves)],
        [
            f"Least L within {found.level:.0%} of the last one (≥ where it is the last)",
            *_stops(found, curves),
        ],
        ["below: the network of L + 1 is better than the linear model of degrees ≤ L + 1"],
        ["Agreement by curve (log errors as factors)", *_agreements(found)],
        ["Networks", *_networks(found)],
    )
    return "\n\n".join("\n".join(lines) for lines in parts)


def _ratios(found: Validation, curves: Sequence[Curve]) -> list[str]:
    head = ["series", "L", "measured", "below", *map(_named, curves)]
    body = [
        [
            pair.series,
            f"{pair.L}→{pair.L + 1}",
            f"{pair.measured:.2f}",
            "yes" if pair.below else "no",
            *(f"{pair.foretold[c]:.2f}" if c in pair.foretold else "–" for c in curves),
        ]
        for pair in found.pairs
    ]
    return _table([head, *body])


def _stops(found: Validation, curves: Sequence[Curve]) -> list[str]:
    body = [
        [
            stop.series,
            _stop(stop.measured, stop.last),
            *(_stop(stop.foretold[c], stop.last) if c in stop.foretold else "–" for c in curves),
        ]
        for stop in found.stops
    ]
    return _table([["series", "measured", *map(_named, curves)], *body])


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
    return _table([head, *body])


def _networks(found: Validation) -> list[str]:
    head = ["data", "L", "seed", "channels", "steps", "test MAE", f"last {LAST:.0%}", "falling"]
    body = [
        [
            f"{n.data}, {n.architecture}", str(n.L), str(n.seed), str(n.channels), str(n.steps),
            f"{n.mae:.1f}", "–" if n.last_fall is None else f"{n.last_fall:.1%}",
            {True: "yes", False: "no", None: "not known"}[n.falling],
        ]
        for n in sorted(found.networks, key=lambda n: (n.data, n.architecture, n.seed, n.L))
    ]  # fmt: skip
    return [
        *_table([head, *body]),
        f"falling: the validation error fell by more than {FALL:.0%} over the last {LAST:.0%} of "
        "the steps. The learning rate falls to almost nothing there, so a flat end does not show "
        "that a longer training would gain nothing.",
    ]


def _stop(value: int, last: int) -> str:
    return f"≥ {value}" if value == last else str(value)


def _table(lines: list[list[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return [
        "  "
        + "  ".join(
            cell.ljust(width) if k == 0 else cell.rjust(width)
            for k, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]


def draw(found: Validation) -> Figure:
    """Left: foretold against measured ratios; right: the networks' errors beside the demand's."""
    drawing, (left, right) = subplots(1, 2, figsize=(11.0, 4.8))
    names = sorted({(pair.data, pair.architecture) for pair in found.pairs})
    for color, curve in zip(COLORS, sorted({found.best, *_beside(found)}), strict=False):
        for marker, name in zip(MARKERS, names, strict=False):
            mine = [
                pair
                for pair in found.pairs
                if (pair.data, pair.architecture) == name and curve in pair.foretold
            ]
            x = [pair.foretold[curve] for pair in mine]
            left.scatter(
                x, [pair.measured for pair in mine], color=color, marker=marker, s=36,
                facecolors=color if curve == found.best else "none",
                label=f"{name[0]}, {name[1]}" if curve == found.best else None,
            )  # fmt: skip
            for place, pair in zip(x, mine, strict=True):
                left.annotate(
                    f"{pair.L}→{pair.L + 1}", (place, pair.measured), fontsize=6,
                    textcoords="offset points", xytext=(4, 3),
                )  # fmt: skip
    ends = [0.3, 1.1]
    left.plot(ends, ends, color="0.6", lw=1, zorder=0)
    left.set_xlabel("ratio foretold by demand (filled: full size, open: equal weights)")
    left.set_ylabel("ratio of the networks' force errors, L to L + 1")
    left.legend(fontsize=7, frameon=False)
    for color, series in zip(COLORS * 9, found.series, strict=False):
        degrees = [network.L for network in series.networks]
        right.plot(degrees, [n.mae for n in series.networks], "o-", color=color, label=series.name)
        errors = found.curves.get(series.networks[0].sha256, {}).get(found.best)
        if errors is not None:
            right.plot(range(len(errors)), errors, ":", color=color)
    right.set_yscale("log")
    right.set_xlabel("L of the network, or ℓ of the linear model (dotted)")
    right.set_ylabel("force error (MAE), meV/Å")
    right.xaxis.get_major_locator().set_params(integer=True)
    right.legend(fontsize=6, frameon=False)
    one = next(a for a in found.agreements if a.curve == found.best)
    drawing.suptitle(
        f"{one.pairs} pairs of networks in {one.series} series; demand with {found.best.text}; "
        f"B = {found.draws}",
        fontsize=9,
    )
    return drawing


def _beside(found: Validation) -> list[Curve]:
    """The curve at equal weights beside the one judged, where there is one."""
    return [
        one.curve for one in found.agreements if one.curve == Curve(found.best.factors, "equal")
    ]
