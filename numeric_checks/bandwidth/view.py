"""Table and figure of a bandwidth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from numeric_checks.bandwidth.result import Bandwidth, Spectrum
from numeric_checks.figures import literal, subplots
from numeric_checks.molecules.symbols import SYMBOLS
from numeric_checks.tables import aligned

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw", "table"]

_SHOWN = 5  # the largest degree whose w has a column


def table(found: Bandwidth) -> str:
    """One row per atom, one for all of them pooled, and the verdict."""
    shown = range(min(found.options.l_max, _SHOWN) + 1)
    rows = [["atom", "Z", "marked", "ℓ*", "explained", *(f"w({l})" for l in shown)]]
    for site, number, marks, spectrum in zip(
        found.sites, found.numbers, found.frame_atoms, found.atoms, strict=True
    ):
        rows.append([str(site), str(number), str(marks[0]), *_cells(spectrum, shown, found)])
    rows.append(["all", "", "", *_cells(found.pooled, shown, found)])
    options = found.options
    return "\n".join(
        [
            f"{found.name}: {found.quantity} ({found.unit}), {found.frame} frame, "
            f"{found.measure} measure, level {options.level:g}",
            "",
            *aligned(rows, left=0),
            "",
            found.text,
            *found.notes,
            f"seed {options.seed}, {options.draws} draws, {found.pooled.samples} frames, "
            f"sha256 {found.checksum}",
        ]
    )


def _cells(spectrum: Spectrum, shown: range, found: Bandwidth) -> list[str]:
    if spectrum.bandwidth is None or spectrum.bandwidth_interval is None:
        star = "undecided"
    else:
        low, high = spectrum.bandwidth_interval
        partial = found.measure == "sampled" and spectrum.resolvable < found.options.l_max
        star = f"{'≥ ' if partial else ''}{spectrum.bandwidth}"
        star += "" if low == high else f" ({low}–{high})"
    weights = [spectrum.weights[l] for l in shown]
    return [
        star,
        f"{spectrum.explained[spectrum.best]:.3f}",
        *("" if np.isnan(weight) else f"{weight:.3f}" for weight in weights),
    ]


def draw(found: Bandwidth) -> Figure:
    """w(ℓ) of the atoms pooled, and the cumulative share explained atom by atom."""
    pooled, l_max = found.pooled, found.options.l_max
    degrees = np.arange(l_max + 1)
    figure, (left, right) = subplots(1, 2, figsize=(9.5, 4.2), layout="constrained")
    if not np.isnan(pooled.weights).any():
        low, high = pooled.weights_interval.T
        errors = np.abs(np.stack([pooled.weights - low, high - pooled.weights]))
        left.bar(degrees, pooled.weights, color="#0072B2", yerr=errors, capsize=3)
    else:
        left.text(0.5, 0.5, "no spectrum: undecided", ha="center", transform=left.transAxes)
    if pooled.bandwidth is not None:
        sign = "≥" if found.lower_bound else "="
        left.axvline(pooled.bandwidth + 0.5, color="#D55E00", lw=2, alpha=0.7)
        left.set_title(f"all atoms pooled: ℓ* {sign} {pooled.bandwidth}")
    else:
        left.set_title("all atoms pooled: ℓ* undecided")
    left.set_xlabel("degree ℓ")
    left.set_ylabel(f"w(ℓ), {found.measure} measure")
    _cumulative(right, found)
    figure.suptitle(literal(f"{found.name}: {found.quantity}, {found.frame} frame"))
    figure.supxlabel(
        f"n = {pooled.samples} frames in {found.options.blocks} blocks, {len(found.atoms)} atoms, "
        f"B = {found.options.draws} draws, seed {found.options.seed}; "
        f"{found.options.confidence:.0%} intervals.",
        fontsize=8,
    )
    return figure


def _cumulative(axes: Axes, found: Bandwidth) -> None:
    """Share of the variance of held-out frames that degrees ≤ ℓ explain, up to the best degree."""
    degrees = np.arange(found.options.l_max + 1)
    named = set()
    for number, spectrum in sorted(
        zip(found.numbers, found.atoms, strict=True), key=lambda p: p[0]
    ):
        last = spectrum.best + 1
        axes.plot(
            degrees[:last],
            spectrum.explained[:last],
            color=_COLORS.get(int(number), "0.5"),
            marker="o",
            ms=3,
            lw=0.9,
            alpha=0.7,
            label=None if number in named else SYMBOLS[number],
        )
        named.add(number)
    best = found.pooled.best + 1
    axes.plot(degrees[:best], found.pooled.explained[:best], color="black", lw=2.2, label="pooled")
    axes.set_xlim(-0.3, found.options.l_max + 0.3)
    axes.set_ylim(min(0.0, axes.get_ylim()[0]), 1.02)
    axes.set_xlabel("degrees ≤ ℓ")
    axes.set_ylabel("share of the variance explained")
    axes.set_title("held-out frames, up to the best degree")
    axes.legend(fontsize=8, loc="lower right")


_COLORS = {1: "#56B4E9", 6: "#555555", 7: "#009E73", 8: "#D55E00", 16: "#E69F00"}
