"""Table and figure of an observed ceiling."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from numeric_checks.ceiling.result import ROUNDING, Ceiling
from numeric_checks.figures import COLORS, subplots

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw", "table"]


def table(seen: Ceiling) -> str:
    """One row per degree of the target, and what the columns are."""
    lines = [
        f"R² of a target of degree ℓ read from {seen.irreps} (L = {seen.L}) by polynomials of "
        f"degree ≤ {seen.d}; boundary ℓ = {seen.claim}",
        f"{seen.fit_frames} frames of {seen.atoms} atoms fitted, {seen.held_frames} held out, "
        f"{seen.orientations} rotations each; P = {seen.weights} weights, N = {seen.samples} "
        f"samples, seed {seen.seed}",
        "",
        f"{'ℓ':>3}  {'equivariant':>11}  {'quadrature':>10}  {'difference':>10}  "
        f"{'random rotations':>16}  {'not polynomial':>16}",
    ]
    for row in seen.rows:
        exact = f"{row.exact:.4f}" if row.exact > ROUNDING else f"{row.exact:.0e}"
        lines.append(
            f"{row.ell:>3}  {row.equivariant + 0.0:>11.4f}  {exact:>10}  "
            f"{abs(row.exact - row.exact_equivariant):>10.0e}  "
            f"{row.random:>8.3f} ± {row.random_error:.3f}  "
            f"{row.nonpolynomial:>8.3f} ± {row.nonpolynomial_error:.3f}"
            + ("  above" if row.ell > seen.claim else "")
        )
    lines += [
        "",
        f"quadrature: in sample on {seen.exact_frames} frames; difference: from the equivariant "
        "form on the same frames (T5)",
        f"random rotations: held out, ± one standard error; -P/N = "
        f"{-seen.weights / seen.samples:.3f} is expected above the boundary (T6)",
        seen.text + f"; {seen.seconds:.1f} s",
    ]
    return "\n".join(lines)


def draw(seen: Ceiling) -> Figure:
    """Both scales of R² against ℓ: linear on the left, logarithmic on the right."""
    ell = [row.ell for row in seen.rows]
    figure, (left, right) = subplots(
        1, 2, figsize=(9.5, 4.2), layout="constrained", width_ratios=(3, 2)
    )
    curves = (
        ("exact", None, "component-wise, exact quadrature", "s-"),
        ("equivariant", None, "equivariant closed form", "o:"),
        ("random", "random_error", "component-wise, random rotations", "^-"),
        ("nonpolynomial", "nonpolynomial_error", "random SiLU units (no polynomial)", "D--"),
    )
    for color, (name, error, label, style) in zip(COLORS, curves, strict=False):
        values = [getattr(row, name) for row in seen.rows]
        errors = None if error is None else [getattr(row, error) for row in seen.rows]
        left.errorbar(
            ell, values, yerr=errors, fmt=style, ms=5, lw=1.2, color=color, label=label, capsize=2
        )
    left.axhline(0, color="0.6", lw=0.8)
    left.set(ylabel="R²", ylim=(-0.15, 1.05))
    left.legend(fontsize=8, loc="lower left")
    _logarithmic(right, seen)
    for axes in (left, right):
        axes.axvline(seen.claim + 0.5, color="0.8", lw=6, zorder=0)
        axes.set(xlabel="degree ℓ of the target", xticks=ell)
    figure.suptitle(f"Features {seen.irreps}, polynomials of degree ≤ {seen.d}", fontsize=11)
    figure.supxlabel(
        f"Bars: boundary between {seen.claim} and {seen.claim + 1}. {seen.held_frames} held-out "
        f"frames, P = {seen.weights}, N = {seen.samples}, seed {seen.seed}.",
        fontsize=8,
    )
    return figure


def _logarithmic(axes: Axes, seen: Ceiling) -> None:
    """|R²| of the component-wise fits: rounding over the quadrature, P/N at random rotations."""
    ell = [row.ell for row in seen.rows]
    exact = np.abs([row.exact for row in seen.rows])
    random = np.abs([row.random for row in seen.rows])
    # A curve of exact zeros would not show on this axis.
    axes.semilogy(ell, np.maximum(exact, 1e-33), "s-", color=COLORS[0], ms=5)
    axes.semilogy(ell, random, "^-", color=COLORS[2], ms=5)
    axes.axhline(seen.weights / seen.samples, color=COLORS[2], ls=":", lw=1)
    axes.annotate(
        "P/N",
        (ell[0], seen.weights / seen.samples),
        xytext=(0, -11),
        textcoords="offset points",
        fontsize=8,
        color=COLORS[2],
    )
    axes.set(ylabel="|R²|", ylim=(1e-34, 30))
