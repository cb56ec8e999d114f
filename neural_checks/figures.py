"""Figures of a run: recovery against ℓ, the molecule coloured by recovery, training curves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["draw"]

_COLORS = {1: "#0072B2", 2: "#D55E00", 3: "#009E73"}  # Okabe–Ito


def draw(folder: Path, report: dict[str, Any], positions: NDArray[np.float64]) -> None:
    """Write recovery, per_atom and training as SVG and PNG; ``positions`` (atoms, 3) in Å."""
    import matplotlib

    matplotlib.use("Agg")
    _recovery(folder, report)
    _per_atom(folder, report, positions)
    _training(folder, report)


def _save(figure: Any, folder: Path, name: str) -> None:
    import matplotlib.pyplot as plt

    for suffix in ("svg", "png"):
        figure.savefig(folder / f"{name}.{suffix}", dpi=150)
    plt.close(figure)


def _recovery(folder: Path, report: dict[str, Any]) -> None:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7.5, 4.8), layout="constrained")
    for entry in report["readouts"].values():
        color = _COLORS[entry["degree"]]
        closed = entry["kind"] == "closed form"
        values, interval = np.array(entry["R2_field"]), np.array(entry["R2_field_interval"])
        ell = np.arange(1, len(values) + 1) + (0.0 if closed else 0.08)
        axes.errorbar(
            ell,
            values,
            # Rounding may leave the point a hair outside its own interval.
            yerr=np.abs(interval.T - values),
            color=color,
            marker="o" if closed else "s",
            markerfacecolor=color if closed else "white",
            linestyle="-" if closed else ":",
            capsize=2,
            label=f"degree {entry['degree']}, {entry['kind']}",
        )
        if closed:
            axes.axvline(entry["verdict"]["boundary"] + 0.5, color=color, alpha=0.4, lw=6)
    axes.axhline(0, color="0.6", lw=0.8)
    axes.set_xlabel("degree ℓ of the injected field")
    axes.set_ylabel("R² of the injected field, held-out frames")
    axes.set_title(f"{report['data']['name']}, features of degree ≤ {report['settings']['L']}")
    axes.legend(fontsize=8)
    figure.supxlabel(
        f"Bars at dL: proved boundary. n = {report['n_backbones']} backbones, "
        f"{report['frames']['held']} held-out frames, "
        f"B = {report['settings']['draws']}; 95 % intervals.",
        fontsize=8,
    )
    _save(figure, folder, "recovery")


def _per_atom(folder: Path, report: dict[str, Any], positions: NDArray[np.float64]) -> None:
    import matplotlib.pyplot as plt

    entries = [e for e in report["readouts"].values() if e["kind"] == "closed form"]
    entry = next((e for e in entries if e["degree"] == 2), entries[0])
    ell = entry["verdict"]["boundary"]
    values = np.array(entry["per_site_R2_field"])[ell - 1]
    centred = positions - positions.mean(axis=0)
    flat = centred @ np.linalg.svd(centred, full_matrices=False)[2][:2].T
    figure, axes = plt.subplots(figsize=(6.4, 4.8), layout="constrained")
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
    axes.set_title(f"Recovery at the boundary, readout degree {entry['degree']}")
    axes.set_aspect("equal")
    axes.axis("off")
    _save(figure, folder, "per_atom")


def _training(folder: Path, report: dict[str, Any]) -> None:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6.4, 4.0), layout="constrained")
    for row in report["backbones"]:
        history = np.array(row["history"])
        if len(history):
            axes.plot(
                history[:, 0],
                history[:, 2],
                marker="o",
                ms=3,
                label=f"seed {row['seed']}: test {row['force_mae_meV_per_A']:.0f} meV/Å",
            )
    axes.set_xlabel("training step")
    axes.set_ylabel("force MAE on validation frames (meV/Å)")
    axes.legend(fontsize=8)
    _save(figure, folder, "training")
