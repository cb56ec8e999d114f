"""Table and figure of a bandwidth."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from numeric_checks.figures import figure_paths, save_figure, subplots

if TYPE_CHECKING:
    from rich.table import Table

    from numeric_checks.bandwidth.estimate import Bandwidth
    from numeric_checks.bandwidth.spectrum import Spectrum

__all__ = ["draw", "table"]


def table(found: Bandwidth) -> Table:
    """One row per atom, and one for all of them pooled."""
    from rich import box
    from rich.table import Table

    shown = range(min(found.options.l_max, 5) + 1)
    made = Table(
        title=f"{found.name}: {found.quantity} ({found.unit}), {found.frame} frame, "
        f"{found.measure} measure, level {found.options.level:g}",
        box=box.SIMPLE,
    )
    for name in ("atom", "Z", "marked", "ℓ*", "explained", *(f"w({l})" for l in shown)):
        made.add_column(name, justify="right", no_wrap=True)
    for site, number, marks, spectrum in zip(
        found.sites, found.numbers, found.frame_atoms, found.atoms, strict=True
    ):
        made.add_row(str(site), str(number), str(marks[0]), *_cells(spectrum, shown, found))
    made.add_section()
    made.add_row("all", "", "", *_cells(found.pooled, shown, found))
    return made


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


def draw(found: Bandwidth, path: Path, force: bool = False) -> None:
    """Write w(ℓ) of the atoms pooled, and the cumulative share explained atom by atom.

    ``path`` and what is raised: as :func:`numeric_checks.figures.figure_paths`.
    """
    paths = figure_paths(str(path), force)

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
    _cumulative(right, found, degrees)
    figure.suptitle(f"{found.name}: {found.quantity}, {found.frame} frame")
    figure.supxlabel(
        f"n = {pooled.samples} frames in {found.options.blocks} blocks, {len(found.atoms)} atoms, "
        f"B = {found.options.draws} draws, seed {found.options.seed}; "
        f"{found.options.confidence:.0%} intervals.",
        fontsize=8,
    )
    save_figure(figure, paths, force=force)


def _cumulative(axes: Any, found: Bandwidth, degrees: np.ndarray) -> None:
    """Share of the variance of held-out frames that degrees ≤ ℓ explain, up to the best degree."""
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
            label=None if number in named else _SYMBOLS.get(int(number), f"Z = {number}"),
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


_SYMBOLS = {1: "H", 6: "C", 7: "N", 8: "O", 16: "S"}
_COLORS = {1: "#56B4E9", 6: "#555555", 7: "#009E73", 8: "#D55E00", 16: "#E69F00"}
