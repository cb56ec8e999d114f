"""Figures of a run: recovery against ℓ, the cone, training; the others are in modules beside."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neural_checks.injection.figure_frame import (
    SMALL,
    STYLES,
    caption,
    counts,
    mark_boundary,
    panels,
)
from neural_checks.injection.figure_molecule import per_atom
from neural_checks.injection.figure_spread import draws, seeds
from neural_checks.injection.result import InjectionReport, Metric, Readout, ReadoutKind
from numeric_checks.figures import COLORS, legend_above, plain_log_axis

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["figure_of", "names"]

Array = NDArray[np.float64]


def names(report: InjectionReport) -> tuple[str, ...]:
    """The figures that a report allows.

    ``per_atom`` needs the geometry, ``seeds`` trained readouts, ``bootstrap`` the distributions:
    reports of earlier versions lack some of them.
    """
    readouts = report.measurement.readouts
    possible = {
        "recovery": True,
        "recovery_small": any(r.kind is ReadoutKind.TRAINED for r in readouts),
        "cone": True,
        "training": True,
        "per_atom": report.geometry is not None,
        "seeds": any(r.per_seed is not None for r in readouts),
        "bootstrap": any(r.distribution is not None for r in readouts),
    }
    return tuple(name for name, there in possible.items() if there)


def figure_of(report: InjectionReport, name: str) -> Figure:
    """The figure of that name; ValueError for one that the report does not allow."""
    if name not in names(report):
        raise ValueError(f"this report allows the figures {', '.join(names(report))}, not {name}")
    draw: dict[str, Callable[[InjectionReport], Figure]] = {
        "recovery": _recovery,
        "recovery_small": _recovery_small,
        "cone": _cone,
        "training": _training,
        "per_atom": per_atom,
        "seeds": seeds,
        "bootstrap": draws,
    }
    return draw[name](report)


def _recovery(report: InjectionReport) -> Figure:
    measured = report.measurement
    degrees = sorted({readout.degree for readout in measured.readouts})
    figure, axes_of = panels(1, len(degrees), 4.0, 4.9, sharey=True)
    for axes, degree in zip(axes_of[0], degrees, strict=True):
        readouts = [r for r in measured.readouts if r.degree == degree]
        for place, readout in enumerate(readouts):
            shift = 0.09 * (place - (len(readouts) - 1) / 2)
            color, marker, line = STYLES[readout.kind]
            _errorbars(axes, readout, shift, color, marker, line, str(readout.kind))
        boundary = readouts[0].verdict.boundary
        mark_boundary(axes, boundary)
        if degree == 2:
            _published(axes, report)
        axes.set_title(f"readout degree {degree}: dL = {boundary}", fontsize=13)
        axes.set_xlabel("degree ℓ of the injected field", fontsize=12)
        axes.set_xticks(range(1, boundary + 4))
    axes_of[0][0].set_ylabel("recovery ρ(ℓ)", fontsize=12)
    legend_above(figure, axes_of[0][min(1, len(degrees) - 1)], columns=3, fontsize=SMALL)
    caption(
        figure,
        f"Bar: proved boundary dL of features of degree ≤ {measured.settings.L}. {_source(report)}"
        "95 % intervals.",
        counts(report, seeds=True),
        width=4.0 * len(degrees),
    )
    return figure


def _recovery_small(report: InjectionReport) -> Figure:
    """One panel: the trained readout of every degree."""
    figure, axes_of = panels(1, 1, 5.2, 5.4)
    axes = axes_of[0][0]
    readouts = [r for r in report.measurement.readouts if r.kind is ReadoutKind.TRAINED]
    for place, (readout, color) in enumerate(zip(readouts, COLORS, strict=False)):
        label = f"degree {readout.degree}, dL = {readout.verdict.boundary}"
        _errorbars(axes, readout, 0.1 * (place - 1), color, "osD"[place], "-", label)
        mark_boundary(axes, readout.verdict.boundary, color)
        if readout.degree == 2:
            _published(axes, report)
    top = max(len(readout.recovery.values) for readout in readouts)
    axes.set_xticks(range(1, top + 1))
    axes.set_xlabel("degree ℓ of the injected field", fontsize=13)
    axes.set_ylabel("recovery ρ(ℓ)", fontsize=13)
    legend_above(figure, axes, columns=2, fontsize=SMALL)
    caption(
        figure,
        f"Readouts trained per atom. Bars: proved boundaries dL. {_source(report)}95 % intervals.",
        counts(report, seeds=True),
        width=5.2,
    )
    return figure


def _published(axes: Any, report: InjectionReport) -> None:
    """Crosses where there is something published: with L = 2 alone."""
    known = report.published_values(Metric.RECOVERY)
    if known:
        label = "published, degree 2"
        axes.plot(
            list(known),
            list(known.values()),
            "kx",
            ms=10,
            mew=2.2,
            ls="none",
            label=label,
            zorder=5,
        )


def _source(report: InjectionReport) -> str:
    """What the crosses are, where there are any."""
    p = report.published
    known = report.published_values(Metric.RECOVERY)
    return f"Crosses: {p.source}, n = {p.backbones}. " if known else ""


def _errorbars(
    axes: Any, readout: Readout, shift: float, color: str, marker: str, line: str, label: str
) -> None:
    curve = readout.recovery
    values = np.array(curve.values)
    axes.errorbar(
        np.arange(1, len(values) + 1) + shift,
        values,
        # Rounding may leave the point a hair outside its own interval.
        yerr=np.abs(np.array([curve.low, curve.high]) - values),
        color=color,
        marker=marker,
        markersize=5.5,
        linestyle=line,
        linewidth=1.5,
        capsize=2.5,
        label=label,
    )


def _cone(report: InjectionReport) -> Figure:
    from matplotlib import colormaps

    cone = report.measurement.controls.cone
    values = np.array(cone.values)
    boundary = 2 * report.measurement.settings.L
    figure, axes_of = panels(1, 1, 6.6, 5.0)
    axes = axes_of[0][0]
    shades = colormaps["viridis"](np.linspace(0, 0.9, values.shape[1]))
    for ell, color in enumerate(shades, start=1):
        axes.plot(
            cone.angles,
            values[:, ell - 1],
            color=color,
            marker="o",
            ms=5,
            linestyle="-" if ell <= boundary else "--",
            label=f"ℓ = {ell}",
        )
        ends = [(curve.at(ell).low, curve.at(ell).high) for curve in cone.curves]
        if all(low is not None and high is not None for low, high in ends):
            axes.fill_between(cone.angles, *zip(*ends, strict=True), color=color, alpha=0.2, lw=0)
    axes.axhline(0, color="0.7", lw=0.8, zorder=0)
    axes.set_xticks(range(0, 181, 30))
    axes.set_xlabel("largest turn from the stored orientation (degrees)", fontsize=12)
    axes.set_ylabel("R² of the field", fontsize=12)
    axes.set_title("Quadratic readout where rotations are limited", fontsize=13)
    axes.legend(fontsize=SMALL, loc="center left", bbox_to_anchor=(1.0, 0.5))
    n = cone.curves[0].backbones
    caption(
        figure,
        f"Component-wise ridge. Dashed: above dL = {boundary}.",
        f"{report.data.name}, n = {n} backbone{'s' if n > 1 else ''}, {len(cone.sites)} atoms, "
        f"{report.frames.held} held-out frames.",
        width=6.6,
    )
    return figure


def _training(report: InjectionReport) -> Figure:
    figure, axes_of = panels(1, 1, 6.6, 4.8)
    axes = axes_of[0][0]
    lines = 0
    for row, color in zip(report.backbones, COLORS * len(report.backbones), strict=False):
        if row.history:
            steps, _, maes = zip(*row.history, strict=True)
            error = "not known" if row.force_mae is None else f"{row.force_mae:.0f} meV/Å"
            label = f"seed {row.seed}: test {error}"
            axes.plot(steps, maes, color=color, marker="o", ms=3, lw=1.2, label=label)
            lines += 1
    plain_log_axis(axes, SMALL)
    axes.set_xlabel("training step", fontsize=12)
    axes.set_ylabel("force MAE on validation frames (meV/Å)", fontsize=12)
    if lines:
        axes.legend(fontsize=SMALL)
    n = len(report.backbones)
    caption(figure, f"{report.data.name}, n = {n} backbone{'s' if n > 1 else ''}.", width=6.6)
    return figure
