"""Figures of a run: recovery against ℓ, the molecule coloured by recovery, training curves."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import pdist
from scipy.spatial.transform import Rotation

from numeric_checks.figures import figure_paths, save_figure, subplots

__all__ = ["draw"]

#: (colour, marker, line) of every kind of readout; colours of Okabe and Ito.
_STYLES = {
    "closed form": ("#0072B2", "o", "-"),
    "pooled closed form": ("#56B4E9", "v", "-."),
    "component-wise": ("#009E73", "s", ":"),
    "trained": ("#D55E00", "D", "--"),
}


def draw(folder: Path, report: dict[str, Any], positions: NDArray[np.float64]) -> None:
    """Write recovery, cone, per_atom and training as SVG and PNG; ``positions`` (atoms, 3) in Å."""
    _recovery(folder, report)
    _cone(folder, report)
    _per_atom(folder, report, positions)
    _training(folder, report)


def _recovery(folder: Path, report: dict[str, Any]) -> None:

    degrees = sorted({entry["degree"] for entry in report["readouts"].values()})
    figure, panels = subplots(
        1,
        len(degrees),
        figsize=(1.5 + 3.6 * len(degrees), 4.4),
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    for axes, degree in zip(panels[0], degrees, strict=True):
        entries = [e for e in report["readouts"].values() if e["degree"] == degree]
        for place, entry in enumerate(entries):
            color, marker, line = _STYLES[entry["kind"]]
            values, interval = np.array(entry["rho"]), np.array(entry["rho_interval"])
            axes.errorbar(
                np.arange(1, len(values) + 1) + 0.09 * (place - 1.5),
                values,
                # Rounding may leave the point a hair outside its own interval.
                yerr=np.abs(interval.T - values),
                color=color,
                marker=marker,
                markersize=4.5,
                linestyle=line,
                linewidth=1.2,
                capsize=2,
                label=entry["kind"],
            )
        boundary = entries[0]["verdict"]["boundary"]
        axes.axvline(boundary + 0.5, color="0.55", alpha=0.5, lw=5, zorder=0)
        if degree == 2:
            known = {int(k[4:]): v for k, v in report["published"].items() if k[:4] == "rho_"}
            axes.plot(
                list(known), list(known.values()), "kx", ms=9, mew=2, ls="none", label="published"
            )
        axes.axhline(0, color="0.7", lw=0.8, zorder=0)
        axes.set_title(f"readout degree {degree}: dL = {boundary}")
        axes.set_xlabel("degree ℓ of the injected field")
        axes.set_xticks(range(1, boundary + 4))
    panels[0][0].set_ylabel("recovery ρ(ℓ), held-out frames")
    panels[0][min(1, len(degrees) - 1)].legend(fontsize=8)
    seeds = report["settings"]["spn"]["seeds"]
    figure.supxlabel(
        f"{report['data']['name']}, features of degree ≤ {report['settings']['L']}. Bar: proved "
        f"boundary dL. n = {report['n_backbones']} backbones, {seeds} seeds of the trained one, "
        f"{report['frames']['held']} held-out frames, B = {report['settings']['draws']}; "
        "95 % intervals.",
        fontsize=8,
    )
    save_figure(figure, figure_paths(str(folder / "recovery"), force=True), force=True)


def _cone(folder: Path, report: dict[str, Any]) -> None:

    cone = report["controls"]["rotations within a cone, component-wise"]
    values = np.array(cone["R2_field"])
    boundary = 2 * report["settings"]["L"]
    figure, axes = subplots(figsize=(6.4, 4.2), layout="constrained")
    from matplotlib import colormaps

    shades = colormaps["viridis"](np.linspace(0, 0.9, values.shape[1]))
    for ell, color in enumerate(shades, start=1):
        axes.plot(
            cone["largest_turn_degrees"],
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
        f"{report['data']['name']}. Dashed: above dL = {boundary}. First backbone, "
        f"{len(cone['sites'])} atoms, {report['frames']['held']} held-out frames.",
        fontsize=8,
    )
    save_figure(figure, figure_paths(str(folder / "cone"), force=True), force=True)


def _per_atom(folder: Path, report: dict[str, Any], positions: NDArray[np.float64]) -> None:

    entries = [e for e in report["readouts"].values() if e["kind"] == "closed form"]
    entry = next((e for e in entries if e["degree"] == 2), entries[0])
    ell = entry["verdict"]["boundary"]
    values = np.array(entry["per_site_R2_field"])[ell - 1]
    flat = _clearest_view(positions)
    figure, axes = subplots(figsize=(6.4, 4.8), layout="constrained")
    distances = np.linalg.norm(positions[:, None] - positions[None], axis=-1)
    numbers = np.array(report["data"]["numbers"])
    for i, j in zip(*np.nonzero(np.triu(distances, 1)), strict=True):
        if distances[i, j] < (1.25 if 1 in (numbers[i], numbers[j]) else 1.7):
            axes.plot(*flat[[i, j]].T, color="0.7", lw=2, zorder=1)
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
    from ase.data import chemical_symbols

    for index, place in enumerate(flat):
        axes.annotate(
            f"{chemical_symbols[numbers[index]]}{index}",
            place,
            xytext=(0, 11),
            textcoords="offset points",
            ha="center",
            fontsize=7,
        )
    figure.colorbar(dots, label=f"R² of the field of degree ℓ = {ell} (closed form)")
    axes.set_title(f"Recovery at the boundary, readout degree {entry['degree']}", pad=16)
    axes.set_aspect("equal")
    axes.axis("off")
    figure.supxlabel(
        f"{report['data']['name']}. Mean of n = {report['n_backbones']} backbones, "
        f"{report['frames']['held']} held-out frames.",
        fontsize=8,
    )
    save_figure(figure, figure_paths(str(folder / "per_atom"), force=True), force=True)


def _clearest_view(positions: NDArray[np.float64]) -> NDArray[np.float64]:
    """(atoms, 2): of the views tilted from the principal plane, the one that hides atoms least."""
    centred = positions - positions.mean(axis=0)
    principal = centred @ np.linalg.eigh(centred.T @ centred)[1][:, ::-1]
    tilts = itertools.product(range(-60, 61, 10), repeat=2)
    views = [Rotation.from_euler("xy", t, degrees=True).apply(principal)[:, :2] for t in tilts]
    return max(views, key=lambda view: float(pdist(view).min()))


def _training(folder: Path, report: dict[str, Any]) -> None:

    figure, axes = subplots(figsize=(6.4, 4.0), layout="constrained")
    for row in report["backbones"]:
        history = np.array(row["history"])
        if len(history):
            axes.plot(
                history[:, 0],
                history[:, 2],
                marker="o",
                ms=2,
                lw=1,
                label=f"seed {row['seed']}: test {row['force_mae_meV_per_A']:.0f} meV/Å",
            )
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter("{x:g}")
    axes.set_xlabel("training step")
    axes.set_ylabel("force MAE on validation frames (meV/Å)")
    if axes.lines:
        axes.legend(fontsize=8)
    figure.supxlabel(f"{report['data']['name']}, n = {report['n_backbones']} backbones", fontsize=8)
    save_figure(figure, figure_paths(str(folder / "training"), force=True), force=True)
