"""The demand as a table and as figures: error against ℓ, error against cost, the molecule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from numeric_checks.demand.result import Demand, ErrorCurve, Listening, Share
from numeric_checks.figures import COLORS, literal, plain_log_axis, subplots
from numeric_checks.molecules.structures import Structures

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["draw", "draw_molecule", "listening_lines", "table"]

#: Atoms of a molecule whose numbers are drawn; those of a larger one would hide each other.
LABELLED = 40


def table(found: Demand) -> str:
    """The curve of most factors, the matched one beside it, and ℓ* by the number of factors."""
    settings, curve = found.settings, found.curve
    frames = found.frames
    lines = [
        f"Angular demand of {found.data['name']}: {settings.form} form, at most "
        f"{curve.factors} factor{'s' if curve.factors > 1 else ''}, cut-off {settings.cutoff:g} Å, "
        f"{settings.radial} radial functions, centres {', '.join(found.centers)}",
        f"  {frames['fit']} frames fitted, {frames['validate']} to choose the penalty, "
        f"{frames['held']} held out; RMS force component {1000 * found.force_rms:.0f} meV/Å",
        "",
        "  ℓ ≤   weights   multiplications   error meV/Å   left of variance [95 %]        "
        "at equal weights meV/Å",
    ]
    if energies := any(point.energy_mae is not None for point in curve.full):
        lines[-1] += "   energy meV/atom"
    matched = {point.ell: point for point in curve.matched}
    for point, cost in zip(curve.full, curve.costs, strict=True):
        same = matched.get(point.ell)
        beside = "" if same is None else f"{same.mae:10.1f}  ({same.weights} weights)"
        if energies:
            told = "–" if point.energy_mae is None else f"{point.energy_mae:.2f}"
            beside = f"{beside:<32}{told:>12}"
        lines.append(
            f"  {point.ell:>3}  {point.weights:>8}  {cost.multiplications:>16,}  "
            f"{point.mae:>12.1f}   "
            f"{point.left:.5f} [{point.low:.5f}, {point.high:.5f}]  {beside}"
        )
    lines.append("")
    for other in found.curves[1:] if len(found.curves) > 1 else found.curves:
        lines.append(f"  {_star(other)}")
    lines += ["", found.sentence]
    if found.listening is not None:
        lines += ["", *listening_lines(found.listening)]
    return "\n".join(lines)


def listening_lines(heard: Listening) -> list[str]:
    """What was heard, and the verdict last."""

    def shown(share: Share) -> str:
        return f"{share.value:.3f} [{share.low:.3f}, {share.high:.3f}]"

    lines = [
        f"Network with L = {heard.L}, force error {heard.mae_meV_per_A:.1f} meV/Å on "
        f"{heard.frames['held']} held-out frames; share of its squared error explained by degrees "
        f"≤ ℓ, at most {heard.factors} factors [95 %]:",
        "  ℓ ≤   explained                   more than ℓ − 1",
    ]
    for ell, (share, step) in enumerate(zip(heard.explained, heard.added, strict=True)):
        lines.append(f"  {ell:>3}   {shown(share):<26}  {shown(step)}")
    return [
        *lines,
        f"  degrees ≤ {min(heard.L, heard.l_max)} {shown(heard.within)}, degrees ≤ {heard.l_max} "
        f"more by {shown(heard.beyond)}",
        f"  the same at equal numbers of weights: {shown(heard.within_equal)}, "
        f"{shown(heard.beyond_equal)}",
        f"  control, residuals of other frames: {shown(heard.control)}",
        heard.sentence,
    ]


def _star(curve: ErrorCurve) -> str:
    low, high = curve.interval
    sign = "≥" if curve.lower_bound else "="
    plural = "s" if curve.factors > 1 else ""
    return f"{curve.factors} factor{plural}: ℓ* {sign} {curve.demand} [{low}, {high}]"


def draw(found: Demand) -> Figure:
    """Error against ℓ for every number of factors, and error against exact counts of the cost."""
    figure, (left, right) = subplots(1, 2, figsize=(9.6, 4.2))
    ell = [point.ell for point in found.curve.full]
    for color, curve in zip(COLORS, found.curves[1:] or found.curves, strict=False):
        label = f"{curve.factors} factor{'s' if curve.factors > 1 else ''}"
        errors = [point.mae for point in curve.full]
        left.plot(ell, errors, "o-", color=color, label=label)
        if curve.matched:
            same = [point.mae for point in curve.matched]
            name = f"{label}, equal weights"
            left.plot(ell, same, "s--", color=color, mfc="white", lw=1.2, label=name)
        # One factor, and degree 0 in the force form, multiply nothing.
        counted = [
            (point, cost.multiplications)
            for point, cost in zip(curve.full, curve.costs, strict=True)
            if cost.multiplications
        ]
        if counted:
            right.plot([c for _, c in counted], [p.mae for p, _ in counted], "o-", color=color)
        for point, count in counted:
            right.annotate(
                f"ℓ ≤ {point.ell}",
                (count, point.mae),
                textcoords="offset points",
                xytext=(4, 4),
                fontsize=8,
            )
    for axes in (left, right):
        plain_log_axis(axes)
        axes.set_ylabel("held-out force error (MAE), meV/Å")
        axes.grid(alpha=0.3, which="both")
    left.set_xticks(ell)
    left.set_xlabel("largest degree ℓ of the densities")
    right.set_xscale("log")
    right.set_xlabel("multiplications of the products of one atom")
    right.margins(x=0.15)
    left.legend(frameon=False, fontsize=9)
    held = found.frames["held"]
    figure.suptitle(
        f"{found.data['name']}: {found.settings.form} form, {held} held-out frames, "
        f"B = {found.settings.draws}",
        fontsize=10,
    )
    return figure


def draw_molecule(found: Demand, positions: NDArray[np.float64]) -> Figure:
    """The ratio of the errors at l_max and at l_max − 1, by atom, drawn on one frame.

    ``positions`` (atoms, 3) in Å. ValueError where the frames hold different atoms.
    """
    if found.by_atom is None or len(found.by_atom) < 2:
        raise ValueError("a molecule is drawn where all frames hold its atoms, and l_max ≥ 1")
    errors = np.array(found.by_atom)
    gain = errors[-1] / errors[-2]
    centred = positions - positions.mean(axis=0)
    flat = centred @ np.linalg.svd(centred, full_matrices=len(centred) == 1)[2][:2].T
    figure, axes = subplots(figsize=(5.6, 4.4))
    for i, j in _bonds(found.data["numbers"], positions):
        axes.plot(*flat[[i, j]].T, color="0.7", lw=1.5, zorder=1)
    # The size of a dot is in points, whatever the scale: unclipped, and room is made for all of it.
    labelled = len(flat) <= LABELLED
    dots: Any = axes.scatter(
        *flat.T,
        c=gain,
        s=220 if labelled else 70,
        cmap="viridis",
        zorder=2,
        edgecolors="0.2",
        clip_on=False,
    )
    if labelled:
        bright = (gain.min() + gain.max()) / 2
        for atom, place in enumerate(flat):
            color = "black" if gain[atom] > bright else "white"
            axes.annotate(
                str(atom), place, ha="center", va="center", fontsize=7, color=color, zorder=3
            )
    top = found.settings.l_max
    figure.colorbar(dots, ax=axes, label=f"error at ℓ ≤ {top} / error at ℓ ≤ {top - 1}")
    axes.set_aspect("equal")
    axes.axis("off")
    name = literal(str(found.data["name"]))
    axes.set_title(f"{name}: what the last degree buys, by atom", fontsize=10, pad=14)
    return figure


def _bonds(numbers: Sequence[int], positions: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Pairs of bonded atoms; none where a package that knows their radii is not installed."""
    try:
        from numeric_checks.molecules.bonds import bond_graph

        return list(bond_graph(Structures.of_molecule([positions], list(numbers))).edges)
    except ModuleNotFoundError:
        return []
