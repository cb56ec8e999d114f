"""Table and figure of the error of harmonics."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from numeric_checks.figures import COLORS, subplots
from numeric_checks.sphere.accuracy import Accuracy

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["draw", "table"]


def table(seen: Accuracy) -> str:
    """One row per degree, one column per way of computing."""
    lines = [
        f"Largest error of Y_lm over m at {seen.directions} directions against "
        f"{seen.digits} digits, seed {seen.seed}",
        "",
        f"{'l':>5}"
        + "".join(f"{name:>12}" for name in ("sphericart", "scipy", "used", "(2l+1)²ε")),
    ]
    columns = (seen.degrees, seen.sphericart, seen.scipy, seen.used, seen.bound)
    for l, *errors in zip(*columns, strict=True):
        lines.append(
            f"{l:>5}" + "".join(f"{'NaN' if e is None else f'{e:.1e}':>12}" for e in errors)
        )
    verdict = "within" if seen.within else "NOT within"
    return "\n".join([*lines, "", f"harmonics used: {verdict} (2l+1)²ε; {seen.seconds:.1f} s"])


def draw(seen: Accuracy) -> Figure:
    """Largest error against the degree, both logarithmic."""
    figure, axes = subplots(figsize=(5.0, 3.8), layout="constrained")
    styles = {"sphericart": "o-", "scipy": "s-", "used": "x:"}
    for color, (name, style) in zip(COLORS, styles.items(), strict=False):
        values = [np.nan if e is None else e for e in getattr(seen, name)]
        label = "real_harmonics (used)" if name == "used" else name
        size = 9 if name == "used" else 5
        axes.loglog(seen.degrees, values, style, color=color, label=label, ms=size, lw=1.2)
    axes.loglog(seen.degrees, seen.bound, color="0.6", lw=1, label="(2l+1)²ε")
    overflow = [l for l, e in zip(seen.degrees, seen.sphericart, strict=True) if e is None]
    if overflow:
        axes.plot(overflow, [3.0] * len(overflow), "|", color=COLORS[0], ms=8)
        axes.annotate(
            "NaN",
            (overflow[0], 3.0),
            xytext=(4, 6),
            textcoords="offset points",
            fontsize=8,
            color=COLORS[0],
        )
    axes.set(xlabel="degree l", ylabel="largest error of Y_lm", ylim=(1e-17, 50))
    axes.legend(fontsize=8, loc="center left")
    figure.supxlabel(
        f"Maximum over m and {seen.directions} directions, against {seen.digits} digits. "
        f"Seed {seen.seed}.",
        fontsize=8,
    )
    return figure
