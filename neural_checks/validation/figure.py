"""Foretold against measured ratios, and the errors they come from, drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from neural_checks.validation.compare import Pair
from neural_checks.validation.networks import Series
from neural_checks.validation.view import Validation
from numeric_checks.figures import COLORS, plain_log_axis, subplots

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["draw"]

_MARKERS = "osD^vP*X"


def draw(found: Validation) -> Figure:
    """Left: foretold against measured ratios; right: the networks' errors beside the demand's.

    A colour for each data set, a marker for each architecture; bars from the least to the largest
    seed; open where the networks are not better than the linear model.
    """
    drawing, (left, right) = subplots(1, 2, figsize=(13.0, 5.2))
    pairs = [pair for pair in found.pairs if found.best in pair.foretold]
    sets = sorted({pair.data for pair in pairs})
    kinds = sorted({pair.architecture for pair in pairs}, reverse=True)
    colors = dict(zip(sets, COLORS * len(sets), strict=False))
    markers = dict(zip(kinds, _MARKERS * len(kinds), strict=False))
    for pair in pairs:
        _point(left, pair.foretold[found.best], pair, colors[pair.data], markers[pair.architecture])
    for name, color in colors.items():
        left.plot([], [], "s", color=color, label=name)
    for kind, marker in markers.items():
        left.plot([], [], marker, color="0.3", label=kind)
    left.plot([], [], "o", color="0.3", mfc="none", label="not below the linear model")
    shown = [x for pair in pairs for x in (*pair.by_seed.values(), pair.foretold[found.best])]
    ends = [0.9 * min(shown), 1.05 * max(shown)]
    left.plot(ends, ends, color="0.6", lw=1, zorder=0)
    left.set_xlabel(f"ratio foretold by demand, {found.best.text}")
    left.set_ylabel("ratio of the networks' force errors, L to L + 1")
    left.legend(fontsize=10, frameon=False)
    for series in found.series:
        first = series.networks[0]
        if first.data in colors:
            _errors(right, found, series, colors[first.data], markers[first.architecture])
    right.plot([], [], "k:", label="linear model of degrees ≤ ℓ")
    plain_log_axis(right)
    right.set_xlabel("L of the network, or ℓ of the linear model")
    right.set_ylabel("force error (MAE), meV/Å")
    right.xaxis.get_major_locator().set_params(integer=True)
    right.legend(fontsize=10, frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    one = next(a for a in found.agreements if a.curve == found.best)
    seeds = max(len(pair.by_seed) for pair in pairs)
    drawing.suptitle(
        f"{one.pairs} ratios on {one.sets} data sets, up to {seeds} seed{'s' if seeds > 1 else ''}",
        fontsize=10,
    )
    return drawing


def _point(axes: Any, x: float, pair: Pair, color: str, marker: str) -> None:
    beside = (6, -11) if marker == _MARKERS[0] else (-26, 4)  # labels of two kinds keep apart
    y, each = pair.measured, list(pair.by_seed.values())
    axes.errorbar(
        [x], [y], yerr=_bars([y], [each]), fmt=marker, color=color, ms=7,
        mfc=color if pair.below else "white", elinewidth=1.5, capsize=3,
    )  # fmt: skip
    axes.annotate(
        f"{pair.L}→{pair.L + 1}", (x, y), fontsize=10, color=color,
        textcoords="offset points", xytext=beside,
    )  # fmt: skip


def _errors(axes: Any, found: Validation, series: Series, color: str, marker: str) -> None:
    first, degrees = series.networks[0], series.degrees
    mean = [series.mae(L) for L in degrees]
    each = [[network.mae for network in series.of(L).values()] for L in degrees]
    axes.errorbar(
        degrees, mean, yerr=_bars(mean, each), fmt=f"{marker}-", color=color, ms=6, capsize=3,
        label=f"{first.data}, {first.architecture}",
    )  # fmt: skip
    errors = found.curves.get(first.sha256, {}).get(found.best)
    if errors is not None:
        axes.plot(range(len(errors)), errors, ":", color=color)


def _bars(means: Sequence[float], each: Sequence[Sequence[float]]) -> list[list[float]]:
    """From the mean down to the least and up to the largest; rounding may turn a sign."""
    return [
        [max(0.0, mean - min(values)) for mean, values in zip(means, each, strict=True)],
        [max(0.0, max(values) - mean) for mean, values in zip(means, each, strict=True)],
    ]
