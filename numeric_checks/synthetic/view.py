"""Tables and figure of the calibration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from numeric_checks.figures import COLORS, subplots
from numeric_checks.synthetic.result import FOLDS, Calibration, CalibrationCase

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw", "table"]


def _grid(
    cells: Sequence[CalibrationCase],
) -> tuple[list[int], list[int], dict[tuple[int, int], float]]:
    values = {(cell.L, cell.d): cell.value for cell in cells}
    return sorted({L for L, _ in values}), sorted({d for _, d in values}), values


def _first(cells: Sequence[CalibrationCase], fold: int, d: int) -> int | None:
    """The smallest L at which a star is read, as measured."""
    return min((c.L for c in cells if (c.fold, c.d) == (fold, d) and c.value > 0.5), default=None)


def table(seen: Calibration) -> str:
    """Both grids of one direction, and the smallest L that reads each star."""
    lines = []
    for name, cells in (("l ≤ L", seen.upto), ("l = L", seen.exact)):
        rows, columns, values = _grid(cells)
        lines += [
            f"One direction, target of frequency {seen.fold}, features {name}: R²",
            "  L \\ d" + "".join(f"{d:>8}" for d in columns),
            *(f"{L:>7}" + "".join(f"{abs(values[L, d]):>8.4f}" for d in columns) for L in rows),
            "",
        ]
    degrees = sorted({cell.d for cell in seen.stars})
    lines += [
        "k-fold star, density of degree ≤ L: the smallest L at which the angle is read (R² > 1/2)",
        "      k" + "".join(f"   d = {d}" for d in degrees) + "     one direction needs L ≥ k/d",
    ]
    for fold in FOLDS:
        lines.append(
            f"{fold:>7}"
            + "".join(f"{_first(seen.stars, fold, d) or '-':>8}" for d in degrees)
            + "     "
            + ", ".join(str(-(-fold // d)) for d in degrees)
        )
    lines += ["", *_angle_lines(seen.angles)]
    return "\n".join([*lines, "", seen.text + f"; {seen.seconds:.1f} s"])


def _reach(cells: Sequence[CalibrationCase]) -> dict[tuple[int, int], int]:
    """The largest Legendre degree up to which every one is read (R² > 1/2), as measured."""
    reach: dict[tuple[int, int], int] = {}
    for L, d in sorted({(cell.L, cell.d) for cell in cells}):
        mine = sorted((c.fold, c.value) for c in cells if (c.L, c.d) == (L, d))
        unread = [fold for fold, value in mine if value <= 0.5]
        reach[L, d] = min(unread, default=len(mine)) - 1
    return reach


def _angle_lines(cells: Sequence[CalibrationCase]) -> list[str]:
    reach = _reach(cells)
    columns = sorted({d for _, d in reach})
    lines = [
        "Angle between two directions, features l ≤ L of both: the largest Legendre degree read",
        "  L \\ d" + "".join(f"{d:>8}" for d in columns) + "     theory: L·⌊d/2⌋",
    ]
    for L in sorted({L for L, _ in reach}):
        row = "".join(f"{reach.get((L, d), '-'):>8}" for d in columns)
        lines.append(f"{L:>7}{row}     " + ", ".join(str(L * (d // 2)) for d in columns))
    return lines


def draw(seen: Calibration) -> Figure:
    """Grids of one direction, the smallest L that reads a star, and the angle of two directions."""
    figure, axes = subplots(1, 4, figsize=(14, 4), layout="constrained")
    for panel, name, cells in ((axes[0], "l ≤ L", seen.upto), (axes[1], "l = L", seen.exact)):
        _shares(panel, cells)
        panel.set_title(f"one direction, features {name}")
    degrees = sorted({cell.d for cell in seen.upto})
    least = [max(-(-seen.fold // d), 1) for d in degrees]
    edge = np.arange(len(degrees) + 1) - 0.5
    axes[0].stairs(np.array(least) - 1.5, edge, color=COLORS[1], lw=2, baseline=None)
    _stars(axes[2], seen.stars)
    _angles(axes[3], seen.angles)
    figure.supxlabel(
        f"Numbers: R² of Re Y with ℓ = m = {seen.fold} over an exact quadrature; "
        f"step: dL = {seen.fold}. Seed {seen.seed}.",
        fontsize=8,
    )
    return figure


def _shares(axes: Axes, cells: Sequence[CalibrationCase]) -> None:
    """R² by L and d, as a map with numbers."""
    rows, columns, values = _grid(cells)
    shares = np.array([[values[L, d] for d in columns] for L in rows])
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1.3, origin="lower")
    for (row, column), value in np.ndenumerate(shares):
        text = f"{value:.0e}" if value < 1e-3 else f"{value:.3g}"
        color = "white" if value > 0.5 else "black"
        axes.text(column, row, text, color=color, ha="center", va="center", fontsize=8)
    axes.set_xticks(range(len(columns)), [str(d) for d in columns])
    axes.set_yticks(range(len(rows)), [str(L) for L in rows])
    axes.set(xlabel="d", ylabel="L")


def _angles(axes: Axes, cells: Sequence[CalibrationCase]) -> None:
    """The largest Legendre degree read, as a map with numbers; blank where nothing was run."""
    reach = _reach(cells)
    rows, columns = sorted({L for L, _ in reach}), sorted({d for _, d in reach})
    shares = np.array([[float(reach.get((L, d), np.nan)) for d in columns] for L in rows])
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=max(reach.values()) + 1, origin="lower")
    for (row, column), value in np.ndenumerate(shares):
        if np.isfinite(value):
            color = "white" if value > 0.6 * max(reach.values()) else "black"
            axes.text(column, row, f"{value:.0f}", color=color, ha="center", va="center")
    axes.set_xticks(range(len(columns)), [str(d) for d in columns])
    axes.set_yticks(range(len(rows)), [str(L) for L in rows])
    axes.set(xlabel="d", ylabel="L", title="two directions: largest ℓ of P_ℓ(cos θ) read")


def _stars(axes: Axes, cells: Sequence[CalibrationCase]) -> None:
    """The smallest L that reads a star, beside ⌈k/d⌉ of one direction."""
    degrees = sorted({cell.d for cell in cells})
    for d, color, marker in zip(degrees, COLORS, "os^D", strict=False):
        first = [_first(cells, k, d) or np.nan for k in FOLDS]
        shift = 0.06 * (d - 2.5)
        axes.plot(np.array(FOLDS) + shift, first, marker, color=color, label=f"star, d = {d}")
        axes.plot(FOLDS, [-(-k // d) for k in FOLDS], ":", color=color, lw=1.2)
    axes.plot([], [], ":", color="0.4", label="one direction: ⌈k/d⌉")
    axes.set(xlabel="k", ylabel="smallest L that reads the angle", title="k-fold star")
    axes.legend(fontsize=8)
