"""Figures of a sweep, from its cells: recovery against ℓ, at and above the boundary, the matrix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from neural_checks.sweep.result import Cell, Side
from numeric_checks.figures import subplots

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["draw", "label", "varied"]

_COLORS = {1: "#0072B2", 2: "#D55E00", 3: "#009E73", None: "#555555"}  # Okabe–Ito
_MARKERS = {"closed form": "o", "component-wise": "s", "non-polynomial": "^"}


def draw(name: str, table: Sequence[Cell], draws: int) -> dict[str, Figure]:
    """The figures that the cells allow, by name."""
    everything, keys = table, varied(table)
    table = [cell for cell in table if cell.amplitude == table[0].amplitude]
    seeds, steps, held = (_range(table, key) for key in ("seeds", "steps", "held_frames"))
    note = (
        f"n = {seeds} backbones a setting, {steps} training steps, {held} held-out frames, "
        f"B = {draws}; 95 % intervals"
    )
    drawn = {
        "boundary": _boundary(name, table, keys, note),
        "curves": _curves(name, table, keys, note),
    }
    if keys == ["L"] and any(cell.d_r is not None for cell in table):
        drawn["matrix"] = _matrix(name, table, note)
    if len(everything) > len(table):
        drawn["amplitude"] = _amplitude(name, everything, keys, note)
    return drawn


_KEYS = ("data", "architecture", "L", "layers", "channels", "trained")


def varied(table: Sequence[Cell]) -> list[str]:
    """Which of data, architecture, L, layers, channels, trained are not the same in all cells."""
    return [key for key in _KEYS if len({getattr(cell.setting, key) for cell in table}) > 1]


def label(cell: Cell, keys: Sequence[str]) -> str:
    """What tells a setting from the others: the values of ``keys``."""
    words = {
        "data": str(cell.setting.data),
        "architecture": str(cell.setting.architecture),
        "L": f"L = {cell.setting.L}",
        "layers": f"{cell.setting.layers} layers",
        "channels": f"{cell.setting.channels} channels",
        "trained": "trained" if cell.setting.trained else "untrained",
    }
    known = [
        key for key in keys if getattr(cell.setting, key) is not None
    ]  # a feature file may not say
    return ", ".join(words[key] for key in known) or "all"


def _range(table: Sequence[Cell], key: str) -> str:
    held = [cell.setting if key == "steps" else cell for cell in table]
    values = [getattr(each, key) for each in held if getattr(each, key) is not None]
    low, high = min(values, default="?"), max(values, default="?")
    return str(low) if low == high else f"{low}–{high}"


def _settings(table: Sequence[Cell], keys: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(label(cell, keys) for cell in table))


def _low(side: Side) -> float:
    return 0.0 if side.R2_low is None else side.R2_low


def _boundary(name: str, table: Sequence[Cell], keys: Sequence[str], note: str) -> Figure:
    """R² at the boundary (filled) and one degree above it (open), by setting."""
    kinds = list(dict.fromkeys(cell.readout for cell in table))
    settings = _settings(table, keys)
    from matplotlib.lines import Line2D

    figure, panels = subplots(
        1, len(kinds), figsize=(2.2 + 3.3 * len(kinds), 1.6 + 0.42 * len(settings)),
        sharey=True, sharex=True, layout="constrained", squeeze=False,
    )  # fmt: skip
    for axes, kind in zip(panels[0], kinds, strict=True):
        chosen = [cell for cell in table if cell.readout == kind]
        degrees = sorted({cell.d_r or 0 for cell in chosen})
        for cell in chosen:
            offset = 0.18 * (degrees.index(cell.d_r or 0) - (len(degrees) - 1) / 2)
            place = settings.index(label(cell, keys)) + offset
            for where, filled in (("at", True), ("above", False)):
                side: Side = getattr(cell, where)
                value = side.R2
                if value is None:
                    continue
                ends = np.array([[side.R2_low], [side.R2_high]])
                color = _COLORS[cell.d_r]
                axes.errorbar(
                    value, place, xerr=np.abs(ends - value), color=color, capsize=2,
                    marker=_MARKERS[kind], markersize=5,
                    markerfacecolor=color if filled else "white",
                )  # fmt: skip
        axes.axvline(0, color="0.6", lw=0.8)
        axes.set_title(kind, fontsize=10)
        axes.grid(axis="y", color="0.93")
    panels[0][0].set_yticks(range(len(settings)), settings, fontsize=8)
    panels[0][0].invert_yaxis()
    panels[0][0].set_xlim(min(-0.3, *(_low(c.above) for c in table)) - 0.05, 1.05)
    handles = [
        Line2D([], [], color=_COLORS[degree], marker="o", ls="", label=f"$d_r$ = {degree}")
        for degree in sorted({cell.d_r for cell in table if cell.d_r})
    ]
    if any(cell.d_r is None for cell in table):
        text = "not polynomial, at the boundary of the largest $d_r$"
        handles.append(Line2D([], [], color=_COLORS[None], marker="^", ls="", label=text))
    figure.legend(handles=handles, fontsize=8, loc="outside upper center", ncols=len(handles))
    figure.supxlabel(
        f"{name}: R² of the field at $d_rL$ (filled) and at $d_rL+1$ (open)\n{note}", fontsize=8
    )
    return figure


def _curves(name: str, table: Sequence[Cell], keys: Sequence[str], note: str) -> Figure:
    """R² against ℓ, one panel per setting; the bars mark the proved boundaries."""
    settings = _settings(table, keys)
    columns = min(3, len(settings))
    lines = -(-len(settings) // columns)
    figure, panels = subplots(
        lines, columns, figsize=(0.6 + 3.6 * columns, 0.9 + 2.5 * lines),
        sharex=True, sharey=True, layout="constrained", squeeze=False,
    )  # fmt: skip
    for axes, setting in zip(panels.flat, settings, strict=False):
        for cell in table:
            if label(cell, keys) != setting:
                continue
            values = np.array(cell.R2_by_ell)
            ends = np.array([cell.R2_by_ell_low, cell.R2_by_ell_high])
            color, closed = _COLORS[cell.d_r], cell.readout == "closed form"
            axes.errorbar(
                np.arange(1, len(values) + 1), values, yerr=np.abs(ends - values), color=color,
                marker=_MARKERS[cell.readout], markersize=3.5, capsize=1.5, lw=1,
                markerfacecolor=color if closed else "white", ls="-" if closed else ":",
                label=cell.readout + (f", $d_r$ = {cell.d_r}" if cell.d_r else ""),
            )  # fmt: skip
            if closed:
                axes.axvline(cell.boundary + 0.5, color=color, alpha=0.3, lw=4)
        axes.axhline(0, color="0.6", lw=0.8)
        axes.set_title(setting, fontsize=9)
    for place in range(len(settings), panels.size):  # below the last panel of its column
        panels.flat[place].set_axis_off()
        panels.flat[place - columns].tick_params(labelbottom=True)
    handles, labels = panels.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, fontsize=7, loc="outside upper center", ncols=4)
    figure.supylabel("R² of the injected field", fontsize=9)
    figure.supxlabel(
        f"degree ℓ of the injected field. {name}. Bars: proved $d_rL$.\n{note}", fontsize=8
    )
    return figure


def _matrix(name: str, table: Sequence[Cell], note: str) -> Figure:
    """The measured cliff for every L and d_r, with its interval and R² on both sides."""
    kinds = [k for k in dict.fromkeys(c.readout for c in table) if k != "non-polynomial"]
    rows = sorted({cell.setting.L for cell in table})
    degrees = sorted({cell.d_r for cell in table if cell.d_r})
    figure, panels = subplots(
        1, len(kinds), figsize=(0.8 + 1.75 * len(degrees) * len(kinds), 1.6 + 0.85 * len(rows)),
        sharey=True, layout="constrained", squeeze=False,
    )  # fmt: skip
    for axes, kind in zip(panels[0], kinds, strict=True):
        image = np.full((len(rows), len(degrees)), np.nan)
        for cell in table:
            if cell.readout != kind:
                continue
            place = rows.index(cell.setting.L), degrees.index(cell.d_r or 0)
            image[place] = cell.boundary
            cliff = "none" if cell.measured is None else f"{cell.measured}"
            between = f"[{cell.cliff_low}, {cell.cliff_high}]"
            inside = "" if cell.at.R2 is None else f"{cell.at.R2:.2f} → "
            axes.text(
                place[1], place[0],
                f"{cliff} {between}\nproved {cell.boundary}\nR² {inside}{cell.above.R2:.2f}",
                ha="center", va="center", fontsize=8,
                color="black" if cell.as_expected else "red",
            )  # fmt: skip
        axes.imshow(image, cmap="Blues", vmin=-2, vmax=3 * max(1, np.nanmax(image)), aspect="auto")
        axes.set_xticks(range(len(degrees)), [f"$d_r$ = {d}" for d in degrees])
        axes.set_yticks(range(len(rows)), [f"L = {L}" for L in rows])
        axes.set_title(kind, fontsize=10)
    figure.suptitle(f"{name}: measured cliff and its interval; R² at and above $d_rL$", fontsize=11)
    figure.supxlabel(note, fontsize=8)
    return figure


def _amplitude(name: str, table: Sequence[Cell], keys: Sequence[str], note: str) -> Figure:
    """Contrast G(d_rL) − G(d_rL + 1) against ε for the first setting."""
    setting = label(table[0], keys)
    figure, axes = subplots(figsize=(6.4, 4.2), layout="constrained")
    curves: dict[tuple[str, int], list[Cell]] = {}
    for cell in table:
        if label(cell, keys) == setting and cell.d_r is not None:
            curves.setdefault((cell.readout, cell.d_r), []).append(cell)
    for (kind, degree), cells in curves.items():
        cells.sort(key=lambda cell: cell.amplitude)
        values = np.array([cell.contrast for cell in cells])
        ends = np.array(
            [[getattr(cell, f"contrast_{end}") for cell in cells] for end in ("low", "high")]
        )
        closed = kind == "closed form"
        axes.errorbar(
            [cell.amplitude for cell in cells], values, yerr=np.abs(ends - values),
            color=_COLORS[degree], marker=_MARKERS[kind], capsize=2, ls="-" if closed else ":",
            markerfacecolor=_COLORS[degree] if closed else "white",
            label=f"{kind}, $d_r$ = {degree}",
        )  # fmt: skip
    axes.axhline(0, color="0.6", lw=0.8)
    axes.set_xscale("log")
    axes.set_xlabel("amplitude ε of the injected field")
    axes.set_ylabel("contrast $G(d_rL) - G(d_rL+1)$")
    axes.set_title(f"{name}: {setting}", fontsize=10)
    axes.legend(fontsize=7)
    figure.supxlabel(note, fontsize=8)
    return figure
