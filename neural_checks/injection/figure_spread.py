"""How far the numbers of a run scatter: over the seeds of trained readouts, over the bootstrap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neural_checks.injection.figure_frame import (
    SMALL,
    STYLES,
    caption,
    counts,
    mark_boundary,
    panels,
)
from neural_checks.injection.result import Histogram, InjectionReport, Readout
from numeric_checks.figures import legend_above

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["draws", "seeds"]


def seeds(report: InjectionReport) -> Figure:
    """R²_inj of every seed of every trained readout; a line joins the degrees of one seed."""
    trained = [r for r in report.measurement.readouts if r.per_seed is not None]
    degrees = sorted({readout.degree for readout in trained})
    figure, axes_of = panels(1, len(degrees), 4.0, 4.9, sharey=True)
    for axes, degree in zip(axes_of[0], degrees, strict=True):
        chosen = [readout for readout in trained if readout.degree == degree]
        for place, readout in enumerate(chosen):
            _seed_lines(axes, readout, 0.12 * (place - (len(chosen) - 1) / 2))
        boundary = chosen[0].verdict.boundary
        mark_boundary(axes, boundary)
        axes.set_title(f"readout degree {degree}: dL = {boundary}", fontsize=13)
        axes.set_xlabel("degree ℓ of the injected field", fontsize=12)
        axes.set_xticks(range(1, boundary + 4))
    axes_of[0][0].set_ylabel("R²_inj(ℓ) of one seed", fontsize=12)
    legend_above(figure, axes_of[0][0], columns=2, fontsize=SMALL)
    n, count = len(report.backbones), report.measurement.settings.spn.seeds
    caption(
        figure,
        f"A line is one seed on one backbone: {report.data.name}, n = {n} backbone"
        f"{'s' if n > 1 else ''}, {count} seeds, {report.frames.held} held-out frames. "
        "Bar: proved boundary dL.",
        width=4.0 * len(degrees),
    )
    return figure


def _seed_lines(axes: Any, readout: Readout, shift: float) -> None:
    color, marker, _ = STYLES[readout.kind]
    label: str | None = str(readout.kind)
    for backbone in readout.per_seed or ():
        for values in backbone:
            places = np.arange(1, len(values) + 1) + shift
            axes.plot(
                places, values, color=color, marker=marker, ms=4.5, lw=0.8, alpha=0.75, label=label
            )
            label = None


def draws(report: InjectionReport) -> Figure:
    """The bootstrap distributions of Δ, of ρ(dL) and of ρ(dL + 1), by degree of the readout."""
    known = [r for r in report.measurement.readouts if r.distribution is not None]
    degrees = sorted({readout.degree for readout in known})
    figure, axes_of = panels(2, len(degrees), 4.0, 3.6)
    for column, degree in zip(axes_of.T, degrees, strict=True):
        chosen = [readout for readout in known if readout.degree == degree]
        for readout in chosen:
            found = readout.distribution
            if found is None:
                continue
            color, _, _ = STYLES[readout.kind]
            label = str(readout.kind)
            _outline(column[0], found.contrast, color, "-", label)
            _outline(column[1], found.inside, color, "-", label)
            _outline(column[1], found.outside, color, ":", None)
        edge = chosen[0].verdict.boundary
        column[0].set_title(f"readout degree {degree}: dL = {edge}", fontsize=13)
        column[0].set_xlabel(f"contrast Δ = G({edge}) − G({edge + 1})", fontsize=12)
        column[1].set_xlabel(f"ρ({edge}) (solid), ρ({edge + 1}) (dotted)", fontsize=12)
    for row in axes_of:
        row[0].set_ylabel("draws, share of the fullest bin", fontsize=SMALL)
    legend_above(figure, axes_of[0][0], columns=3, fontsize=SMALL)
    caption(figure, "All bootstrap draws.", counts(report, seeds=True), width=4.0 * len(degrees))
    return figure


def _outline(axes: Any, histogram: Histogram, color: str, line: str, label: str | None) -> None:
    """The outline of a histogram, its fullest bin at height 1."""
    heights = np.array(histogram.counts) / max(histogram.counts)
    edges = np.linspace(histogram.low, histogram.high, len(heights) + 1)
    axes.stairs(heights, edges, color=color, ls=line, lw=1.4, label=label)
