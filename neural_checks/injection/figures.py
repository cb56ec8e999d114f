"""Figures of a run: recovery against ℓ, the cone, the molecule coloured by recovery, training."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import pdist
from scipy.spatial.transform import Rotation

from neural_checks.injection.result import InjectionReport, Metric, Readout, ReadoutKind
from numeric_checks.figures import COLORS, subplots
from numeric_checks.molecules.symbols import SYMBOLS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["figure_of", "names"]

Array = NDArray[np.float64]

#: (colour, marker, line) of every kind of readout.
_STYLES = {
    ReadoutKind.CLOSED: (COLORS[0], "o", "-"),
    ReadoutKind.POOLED: ("#56B4E9", "v", "-."),
    ReadoutKind.COMPONENT: (COLORS[2], "s", ":"),
    ReadoutKind.TRAINED: (COLORS[1], "D", "--"),
}


def names(report: InjectionReport) -> tuple[str, ...]:
    """The figures that a report allows; ``per_atom`` only where it holds the geometry."""
    known = ("recovery", "cone", "training")
    return known if report.geometry is None else (*known, "per_atom")


def figure_of(report: InjectionReport, name: str) -> Figure:
    """The figure of that name; ValueError for one that the report does not allow."""
    if name not in names(report):
        raise ValueError(f"this report allows the figures {', '.join(names(report))}, not {name}")
    draw = {"recovery": _recovery, "cone": _cone, "training": _training, "per_atom": _per_atom}
    return draw[name](report)


def _recovery(report: InjectionReport) -> Figure:
    measured = report.measurement
    degrees = sorted({readout.degree for readout in measured.readouts})
    figure, panels = subplots(
        1, len(degrees), figsize=(1.5 + 3.6 * len(degrees), 4.4), sharey=True, squeeze=False
    )
    for axes, degree in zip(panels[0], degrees, strict=True):
        readouts = [r for r in measured.readouts if r.degree == degree]
        for place, readout in enumerate(readouts):
            _errorbars(axes, readout, 0.09 * (place - 1.5))
        boundary = readouts[0].verdict.boundary
        axes.axvline(boundary + 0.5, color="0.55", alpha=0.5, lw=5, zorder=0)
        known = report.published.values(Metric.RECOVERY)
        if degree == 2 and known:
            axes.plot(
                list(known), list(known.values()), "kx", ms=9, mew=2, ls="none", label="published"
            )
        axes.axhline(0, color="0.7", lw=0.8, zorder=0)
        axes.set_title(f"readout degree {degree}: dL = {boundary}")
        axes.set_xlabel("degree ℓ of the injected field")
        axes.set_xticks(range(1, boundary + 4))
    panels[0][0].set_ylabel("recovery ρ(ℓ), held-out frames")
    panels[0][min(1, len(degrees) - 1)].legend(fontsize=8)
    figure.supxlabel(
        f"{report.data.name}, features of degree ≤ {measured.settings.L}. Bar: proved "
        f"boundary dL. n = {len(report.backbones)} backbones, {measured.settings.spn.seeds} seeds "
        f"of the trained one, {report.frames.held} held-out frames, "
        f"B = {measured.settings.draws}; 95 % intervals.",
        fontsize=8,
    )
    return figure


def _errorbars(axes: Any, readout: Readout, shift: float) -> None:
    color, marker, line = _STYLES[readout.kind]
    curve = readout.recovery
    values = np.array(curve.values)
    axes.errorbar(
        np.arange(1, len(values) + 1) + shift,
        values,
        # Rounding may leave the point a hair outside its own interval.
        yerr=np.abs(np.array([curve.low, curve.high]) - values),
        color=color,
        marker=marker,
        markersize=4.5,
        linestyle=line,
        linewidth=1.2,
        capsize=2,
        label=str(readout.kind),
    )


def _cone(report: InjectionReport) -> Figure:
    from matplotlib import colormaps

    cone = report.measurement.controls.cone
    values = np.array(cone.values)
    boundary = 2 * report.measurement.settings.L
    figure, axes = subplots(figsize=(6.4, 4.2))
    shades = colormaps["viridis"](np.linspace(0, 0.9, values.shape[1]))
    for ell, color in enumerate(shades, start=1):
        axes.plot(
            cone.angles,
            values[:, ell - 1],
            color=color,
            marker="o",
            ms=4,
            linestyle="-" if ell <= boundary else "--",
            label=f"ℓ = {ell}",
        )
    axes.axhline(0, color="0.7", lw=0.8, zorder=0)
    axes.set_xlabel("largest turn from the stored orientation (degrees)")
    axes.set_ylabel("R² of the field, component-wise ridge")
    axes.set_title("The leak: rotations limited to a cone, quadratic readout")
    axes.legend(fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
    figure.supxlabel(
        f"{report.data.name}. Dashed: above dL = {boundary}. First backbone, "
        f"{len(cone.sites)} atoms, {report.frames.held} held-out frames.",
        fontsize=8,
    )
    return figure


def _per_atom(report: InjectionReport) -> Figure:
    positions = np.array(report.geometry)
    closed = [r for r in report.measurement.readouts if r.kind is ReadoutKind.CLOSED]
    readout = next((r for r in closed if r.degree == 2), closed[0])
    ell = readout.verdict.boundary
    values = np.array(readout.per_site[ell - 1])
    numbers = np.array(report.data.numbers)
    flat = _clearest_view(positions)
    figure, axes = subplots(figsize=(6.4, 4.8))
    _bonds(axes, positions, flat, numbers)
    dots = axes.scatter(
        *flat.T,
        c=values,
        s=np.where(numbers == 1, 130, 300),
        cmap="viridis",
        vmin=min(0.5, values.min()),
        vmax=1,
        edgecolors="black",
        zorder=2,
    )
    _labels(axes, flat, numbers)
    figure.colorbar(dots, label=f"R² of the field of degree ℓ = {ell} (closed form)")
    axes.set_title(f"Recovery at the boundary, readout degree {readout.degree}", pad=16)
    axes.set_aspect("equal")
    axes.axis("off")
    figure.supxlabel(
        f"{report.data.name}. Mean of n = {len(report.backbones)} backbones, "
        f"{report.frames.held} held-out frames.",
        fontsize=8,
    )
    return figure


def _bonds(axes: Any, positions: Array, flat: Array, numbers: NDArray[np.int64]) -> None:
    distances = np.linalg.norm(positions[:, None] - positions[None], axis=-1)
    for i, j in zip(*np.nonzero(np.triu(distances, 1)), strict=True):
        if distances[i, j] < (1.25 if 1 in (numbers[i], numbers[j]) else 1.7):
            axes.plot(*flat[[i, j]].T, color="0.7", lw=2, zorder=1)


def _labels(axes: Any, flat: Array, numbers: NDArray[np.int64]) -> None:
    for index, place in enumerate(flat):
        axes.annotate(
            f"{SYMBOLS[numbers[index]]}{index}",
            place,
            xytext=(0, 11),
            textcoords="offset points",
            ha="center",
            fontsize=7,
        )


def _clearest_view(positions: Array) -> Array:
    """(atoms, 2): of the views tilted from the principal plane, the one that hides atoms least."""
    centred = positions - positions.mean(axis=0)
    principal = centred @ np.linalg.eigh(centred.T @ centred)[1][:, ::-1]
    tilts = itertools.product(range(-60, 61, 10), repeat=2)
    views = [Rotation.from_euler("xy", t, degrees=True).apply(principal)[:, :2] for t in tilts]
    return max(views, key=lambda view: float(pdist(view).min()))


def _training(report: InjectionReport) -> Figure:
    figure, axes = subplots(figsize=(6.4, 4.0))
    for row in report.backbones:
        if row.history:
            steps, _, maes = zip(*row.history, strict=True)
            error = "not known" if row.force_mae is None else f"{row.force_mae:.0f} meV/Å"
            axes.plot(steps, maes, marker="o", ms=2, lw=1, label=f"seed {row.seed}: test {error}")
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter("{x:g}")
    axes.set_xlabel("training step")
    axes.set_ylabel("force MAE on validation frames (meV/Å)")
    if axes.lines:
        axes.legend(fontsize=8)
    figure.supxlabel(f"{report.data.name}, n = {len(report.backbones)} backbones", fontsize=8)
    return figure
