"""The molecule, its atoms coloured by recovery at the boundary."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import pdist
from scipy.spatial.transform import Rotation

from neural_checks.injection.figure_frame import SMALL, caption, counts, panels
from neural_checks.injection.result import InjectionReport, ReadoutKind
from numeric_checks.molecules.symbols import SYMBOLS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["per_atom"]

Array = NDArray[np.float64]


def per_atom(report: InjectionReport) -> Figure:
    """R² of the field at the boundary by atom, for the quadratic closed form."""
    positions = np.array(report.geometry)
    closed = [r for r in report.measurement.readouts if r.kind is ReadoutKind.CLOSED]
    readout = next((r for r in closed if r.degree == 2), closed[0])
    ell = readout.verdict.boundary
    values = np.array(readout.per_site[ell - 1])
    numbers = np.array(report.data.numbers)
    flat = _clearest_view(positions)
    figure, axes_of = panels(1, 1, 6.6, 5.4)
    axes = axes_of[0][0]
    _bonds(axes, positions, flat, numbers)
    dots = axes.scatter(
        *flat.T,
        c=values,
        s=np.where(numbers == 1, 150, 330),
        cmap="viridis",
        vmin=min(0.5, values.min()),
        vmax=1,
        edgecolors="black",
        zorder=2,
    )
    _labels(axes, flat, numbers)
    bar = figure.colorbar(dots)
    bar.set_label(f"R² of the field of degree ℓ = {ell}", fontsize=12)
    bar.ax.tick_params(labelsize=SMALL)
    axes.set_title(
        f"Recovery at the boundary, readout degree {readout.degree}", pad=18, fontsize=13
    )
    axes.set_aspect("equal")
    axes.axis("off")
    caption(figure, "Closed form, mean over the backbones.", counts(report), width=6.6)
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
            fontsize=SMALL,
        )


def _clearest_view(positions: Array) -> Array:
    """(atoms, 2): of the views tilted from the principal plane, the one that hides atoms least."""
    centred = positions - positions.mean(axis=0)
    principal = centred @ np.linalg.eigh(centred.T @ centred)[1][:, ::-1]
    tilts = itertools.product(range(-60, 61, 10), repeat=2)
    views = [Rotation.from_euler("xy", t, degrees=True).apply(principal)[:, :2] for t in tilts]
    return max(views, key=lambda view: float(pdist(view).min()))
