"""What the figures of a run share: colours by readout, panels, captions."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from neural_checks.injection.result import InjectionReport, ReadoutKind
from numeric_checks.figures import COLORS, subplots

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["SMALL", "STYLES", "caption", "counts", "mark_boundary", "panels"]

#: Points of ticks, legends and captions: they must be read at half the size.
SMALL = 10.5

#: (colour, marker, line) of every kind of readout.
STYLES = {
    ReadoutKind.CLOSED: (COLORS[0], "o", "-"),
    ReadoutKind.POOLED: (COLORS[5], "v", "-."),
    ReadoutKind.COMPONENT: (COLORS[2], "s", ":"),
    ReadoutKind.TRAINED: (COLORS[1], "D", "--"),
    ReadoutKind.SHARED: (COLORS[3], "^", "--"),
}


def panels(
    rows: int, columns: int, width: float, height: float, **options: Any
) -> tuple[Figure, Any]:
    """A figure of panels of ``width`` by ``height`` inches, and their axes as a table.

    Every panel has its own tick labels, also where axes are shared.
    """
    figure, axes_of = subplots(
        rows, columns, figsize=(width * columns, height * rows), squeeze=False, **options
    )
    for axes in axes_of.flat:
        axes.tick_params(labelsize=SMALL, labelbottom=True, labelleft=True)
    return figure, axes_of


def mark_boundary(axes: Any, boundary: int, color: str = "0.55") -> None:
    """A bar between dL and dL + 1, and the line of zero."""
    axes.axvline(boundary + 0.5, color=color, alpha=0.4, lw=5, zorder=0)
    axes.axhline(0, color="0.7", lw=0.8, zorder=0)


def counts(report: InjectionReport, seeds: bool = False) -> str:
    """Data and numbers of backbones, seeds, frames and draws."""
    n, measured = len(report.backbones), report.measurement
    with_seeds = f"{measured.settings.spn.seeds} seeds of trained readouts, " if seeds else ""
    return (
        f"{report.data.name}, n = {n} backbone{'s' if n > 1 else ''}, {with_seeds}"
        f"{report.frames.held} held-out frames, B = {measured.settings.draws}."
    )


def caption(figure: Figure, *sentences: str, width: float) -> None:
    """Sentences below the panels, folded to ``width`` inches."""
    text = textwrap.fill(" ".join(sentences), int(11.5 * width), break_on_hyphens=False)
    figure.supxlabel(text, fontsize=SMALL)
