"""Figures of a sweep, from its cells: recovery against ℓ, at and above the boundary, the matrix."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np

from neural_checks.sweep.result import Cell, Side, telling
from numeric_checks.figures import COLORS, legend_above, subplots
from numeric_checks.tables import number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["draw", "label", "varied"]

_COLORS = {1: COLORS[0], 2: COLORS[1], 3: COLORS[2], None: "#555555"}
#: Points of ticks, legends and captions: they must be read at half the size.
_SMALL = 10.5
#: Letters in a line of a panel's title.
_TITLE = 36
#: The least R² on the axis of the curves.
_LEAST = -0.5
_MARKERS = {"closed form": "o", "component-wise": "s", "non-polynomial": "^"}


def draw(table: Sequence[Cell], draws: int) -> dict[str, Figure]:
    """The figures that the cells allow, by name."""
    everything, keys = table, varied(table)
    table = [cell for cell in table if cell.amplitude == table[0].amplitude]
    drawn = {"boundary": _boundary(table, keys, draws), "curves": _curves(table, keys, draws)}
    if keys == ["L"] and any(cell.d_r is not None for cell in table):
        drawn["matrix"] = _matrix(table, draws)
    if len(everything) > len(table):
        drawn["amplitude"] = _amplitude(everything, keys, draws)
    return drawn


def _note(table: Sequence[Cell], draws: int) -> str:
    """Data, training, frames and draws; n stands with each setting."""
    data = ", ".join(dict.fromkeys(str(cell.setting.data) for cell in table))
    steps, held = _range(table, "steps"), _range(table, "held_frames")
    return (
        f"{data}; {steps} training steps, {held} held-out frames, B = {draws}; 95 % intervals; "
        "n counts backbones"
    )


def _number(value: float) -> str:
    return number(value, 2).replace("-", "−")


_KEYS = ("data", "architecture", "L", "layers", "channels", "gates", "trained")


#: Settings that are named only where those of ``_KEYS`` do not tell all apart.
_MORE = ("level_of_theory", "steps")


def varied(table: Sequence[Cell]) -> list[str]:
    """Which of the settings tell the cells apart, those of ``_KEYS`` first."""

    def several(names: Sequence[str]) -> list[str]:
        return [key for key in names if len({getattr(cell.setting, key) for cell in table}) > 1]

    keys = several(_KEYS)
    alike = len({label(cell, keys) for cell in table}) < len({cell.setting for cell in table})
    return keys + several(_MORE) if alike else keys


def label(cell: Cell, keys: Sequence[str]) -> str:
    """What tells a setting from the others: the values of ``keys``."""
    words = {
        "data": str(cell.setting.data),
        "architecture": str(cell.setting.architecture),
        "L": f"L = {cell.setting.L}",
        "layers": f"{cell.setting.layers} layers",
        "channels": f"{cell.setting.channels} channels",
        "gates": "tanh gates" if cell.setting.gates == "tanh" else "",  # SiLU is the usual one
        "trained": "trained" if cell.setting.trained else "untrained",
        "level_of_theory": cell.setting.level_of_theory,
        "steps": f"{cell.setting.steps} steps",
    }
    known = [
        key for key in keys if getattr(cell.setting, key) is not None
    ]  # a feature file may not say
    return ", ".join(filter(None, (words[key] for key in known))) or "all"


def _range(table: Sequence[Cell], key: str) -> str:
    # An untrained network says nothing of how long the others were trained.
    held = [cell.setting if key == "steps" else cell for cell in table if cell.setting.trained]
    values = [getattr(each, key) for each in held if getattr(each, key) is not None]
    low, high = min(values, default="?"), max(values, default="?")
    return str(low) if low == high else f"{low}–{high}"


def _settings(table: Sequence[Cell], keys: Sequence[str]) -> dict[str, str]:
    """What is written at each setting, by its label: the label with n."""
    return {label(cell, keys): f"{label(cell, keys)} (n = {cell.seeds})" for cell in table}


def _ticks(panels: np.ndarray) -> None:
    """Tick labels on every panel, also where axes are shared."""
    for axes in panels.flat:
        axes.tick_params(labelsize=_SMALL, labelbottom=True, labelleft=True)


def _low(side: Side) -> float:
    return 0.0 if side.R2_low is None else side.R2_low


def _boundary(table: Sequence[Cell], keys: Sequence[str], draws: int) -> Figure:
    """R² at the boundary (filled) and one degree above it (open), by setting."""
    kinds = list(dict.fromkeys(cell.readout for cell in table))
    shown = _settings(table, keys)
    settings = list(shown)
    from matplotlib.lines import Line2D

    figure, panels = subplots(
        1, len(kinds), figsize=(3.4 + 2.8 * len(kinds), 2.2 + 0.5 * len(settings)),
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
        axes.set_title(kind, fontsize=12)
        axes.set_xlabel("R² of the field", fontsize=_SMALL)
        axes.grid(axis="y", color="0.93")
        axes.set_yticks(range(len(settings)), shown.values())
        axes.tick_params(labelsize=_SMALL, labelbottom=True)
    panels[0][0].invert_yaxis()
    panels[0][0].set_xlim(min(-0.3, *(_low(c.above) for c in table)) - 0.05, 1.05)
    handles = [
        Line2D([], [], color=_COLORS[degree], marker="o", ls="", label=f"$d_r$ = {degree}")
        for degree in sorted({cell.d_r for cell in table if cell.d_r})
    ]
    if any(cell.d_r is None for cell in table):
        text = "not polynomial, at the boundary of the largest $d_r$"
        handles.append(Line2D([], [], color=_COLORS[None], marker="^", ls="", label=text))
    figure.legend(handles=handles, fontsize=_SMALL, loc="outside upper center", ncols=len(handles))
    figure.supxlabel(
        f"At $d_rL$ (filled) and at $d_rL+1$ (open). {_note(table, draws)}",
        fontsize=_SMALL, wrap=True,
    )  # fmt: skip
    return figure


def _curves(table: Sequence[Cell], keys: Sequence[str], draws: int) -> Figure:
    """R² against ℓ, one panel per setting; the bars mark the proved boundaries."""
    from matplotlib.ticker import MaxNLocator

    settings = _settings(table, keys)
    columns = min(3, len(settings))
    lines = -(-len(settings) // columns)
    figure, panels = subplots(
        lines, columns, figsize=(0.6 + 4.2 * columns, 1.5 + 3.0 * lines),
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
                marker=_MARKERS[cell.readout], markersize=4.5, capsize=2, lw=1.2,
                markerfacecolor=color if closed else "white", ls="-" if closed else ":",
                label=cell.readout + (f", $d_r$ = {cell.d_r}" if cell.d_r else ""),
            )  # fmt: skip
            if closed:
                axes.axvline(cell.boundary + 0.5, color=color, alpha=0.3, lw=4)
        axes.axhline(0, color="0.6", lw=0.8)
        axes.set_title(fill(settings[setting], _TITLE), fontsize=12)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5]))
        axes.set_xlabel("degree ℓ of the injected field", fontsize=_SMALL)
    _ticks(panels)
    low = panels.flat[0].get_ylim()[0]
    cut = low < _LEAST
    if cut:  # one wide interval would flatten every curve
        panels.flat[0].set_ylim(bottom=_LEAST)
    for axes in panels.flat[len(settings) :]:
        axes.set_axis_off()
    legend_above(figure, panels.flat[0], columns=3, fontsize=_SMALL)
    figure.supylabel("R² of the injected field", fontsize=12)
    bars = "Bars: proved $d_rL$." + (f" The axis is cut at {_number(_LEAST)}." if cut else "")
    figure.supxlabel(f"{bars} {_note(table, draws)}", fontsize=_SMALL, wrap=True)
    return figure


def _matrix(table: Sequence[Cell], draws: int) -> Figure:
    """The measured cliff for every L and d_r, with its interval and R² on both sides."""
    kinds = [k for k in dict.fromkeys(c.readout for c in table) if k != "non-polynomial"]
    count = {cell.setting.L: cell.seeds for cell in table}
    rows = sorted(count)
    degrees = sorted({cell.d_r for cell in table if cell.d_r})
    figure, panels = subplots(
        1, len(kinds), figsize=(1.0 + 2.1 * len(degrees) * len(kinds), 1.9 + 1.0 * len(rows)),
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
            inside = "" if cell.at.R2 is None else f"{_number(cell.at.R2)} → "
            above = "" if cell.above.R2 is None else _number(cell.above.R2)
            axes.text(
                place[1], place[0],
                f"{cliff} {between}\nproved {cell.boundary}\nR² {inside}{above}",
                ha="center", va="center", fontsize=_SMALL,
                color="black" if cell.as_expected else "red",
            )  # fmt: skip
        axes.imshow(image, cmap="Blues", vmin=-2, vmax=3 * max(1, np.nanmax(image)), aspect="auto")
        axes.set_xticks(range(len(degrees)), [f"$d_r$ = {d}" for d in degrees])
        # The panels share these labels, and not every readout need be measured at every L.
        axes.set_yticks(range(len(rows)), [f"L = {L}\nn = {count[L]}" for L in rows])
        axes.set_title(kind, fontsize=12)
    _ticks(panels)
    figure.suptitle("Measured cliff and its interval; R² at and above $d_rL$", fontsize=13)
    figure.supxlabel(_note(table, draws), fontsize=_SMALL, wrap=True)
    return figure


def _amplitude(table: Sequence[Cell], keys: Sequence[str], draws: int) -> Figure:
    """Contrast G(d_rL) − G(d_rL + 1) against ε for the most telling setting."""
    told = min(table, key=lambda c: telling(c.setting.trained, c.seeds, c.force_mae_meV_per_A))
    setting = label(told, keys)
    figure, axes = subplots(figsize=(7.0, 5.0), layout="constrained")
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
    axes.tick_params(labelsize=_SMALL)
    axes.set_xlabel("amplitude ε of the injected field", fontsize=12)
    axes.set_ylabel("contrast Δ = $G(d_rL) - G(d_rL+1)$", fontsize=12)
    axes.set_title(_settings(table, keys)[setting], fontsize=12)
    axes.legend(fontsize=_SMALL)
    chosen = [cell for cell in table if label(cell, keys) == setting]
    figure.supxlabel(_note(chosen, draws), fontsize=_SMALL, wrap=True)
    return figure
