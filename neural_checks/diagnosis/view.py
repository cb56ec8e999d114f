"""A diagnosis as text, HTML and figure."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from neural_checks.diagnosis.measure import Diagnosis

__all__ = ["figure", "html", "text"]

Rows = list[list[str]]


def _curves(found: Diagnosis) -> Rows:
    degrees = range(1, len(found.closed.values) + 1)
    rows = [["ℓ", *(f"{ell}{'' if ell <= found.boundary else '*'}" for ell in degrees)]]
    for name, curve in (("closed form", found.closed), ("component-wise", found.component)):
        rows.append([f"{name} R²", *(f"{v:.3f}" for v in curve.values)])
        rows.append(
            ["  95 %", *(f"{a:.2f}…{b:.2f}" for a, b in zip(curve.low, curve.high, strict=True))]
        )
    rows.append(["orientation alone", *(f"{v:.3f}" for v in found.orientation)])
    return [[cell.replace("-0.000", "0.000").replace("-0.00", "0.00") for cell in r] for r in rows]


def _deficits(found: Diagnosis) -> Rows:
    rows = [["atom", "Z", "ℓ", "R²"]]
    for d in sorted(found.deficits, key=lambda d: (d.atom, d.ell)):
        rows.append([str(d.atom), str(d.number), str(d.ell), f"{d.R2:.3f}"])
    return rows


def _costs(found: Diagnosis) -> Rows:
    rows = [
        ["L", "degree", "boundary", "components", "weights", "monomials", "paths", "products/edge"]
    ]
    for c in found.costs:
        numbers = (c.L, c.degree, c.boundary, c.components, c.weights, c.monomials, c.paths)
        rows.append([f"{v:,}" for v in (*numbers, c.multiplications)])
    return rows


def _facts(found: Diagnosis) -> list[str]:
    mae = "not known" if found.force_mae is None else f"{found.force_mae:.0f} meV/Å"
    worst = max(found.equivariance, key=lambda name: found.equivariance[name])
    layer = found.network.get("layer")
    return [
        f"network: {found.network.get('package', 'not stated')}"
        + ("" if layer is None else f", layer {layer}")
        + f"; features {found.irreps}",
        f"data: {found.data['name'] or 'not stated'}, {found.data['fit']} frames to fit, "
        f"{found.data['held']} held out; force MAE {mae}",
        f"equivariance and parity, measured: error ≤ {found.equivariance[worst]:.1e} ({worst})",
    ]


def _sections(found: Diagnosis) -> list[tuple[str, Rows]]:
    sections = [
        ("R² of a field of degree ℓ (* above the boundary); intervals over frames", _curves(found))
    ]
    if found.deficits:
        title = f"Atoms below R² = {found.options.level:g} within the boundary"
        sections.append((title, _deficits(found)))
    sections.append(("What L and the degree cost (exact counts, no times)", _costs(found)))
    return sections


def text(found: Diagnosis) -> str:
    """Plain text, for a terminal."""
    parts = [found.sentence, *_facts(found)]
    for title, rows in _sections(found):
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join(
                cell.ljust(w) if k == 0 else cell.rjust(w)
                for k, (cell, w) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in rows
        ]
        parts += ["", title, *(f"  {line}" for line in lines)]
    return "\n".join([*parts, "", *(f"- {line}" for line in found.advice)])


def html(found: Diagnosis) -> str:
    """A fragment for notebooks, self-contained and without script."""

    def table(rows: Sequence[Sequence[str]]) -> str:
        head = "".join(f"<th>{escape(cell)}</th>" for cell in rows[0])
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>"
            for row in rows[1:]
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    sections = "".join(f"<h4>{escape(title)}</h4>{table(rows)}" for title, rows in _sections(found))
    facts = "".join(f"<li>{escape(line)}</li>" for line in _facts(found))
    advice = "".join(f"<li>{escape(line)}</li>" for line in found.advice)
    return (
        f"<div><p><b>{escape(found.sentence)}</b></p><ul>{facts}</ul>{sections}"
        f"<h4>Advice</h4><ul>{advice}</ul></div>"
    )


def figure(found: Diagnosis) -> Figure:
    """Left: R² against ℓ with the boundary; right: the closed form atom by atom."""
    from ase.data import chemical_symbols
    from matplotlib.figure import Figure

    drawing = Figure(figsize=(11.0, 4.6), layout="constrained")
    left, right = drawing.subplots(1, 2, width_ratios=[1.0, 1.15])
    degrees = np.arange(1, len(found.closed.values) + 1)
    for curve, color, marker, name in (
        (found.closed, "#0072B2", "o", "closed form"),
        (found.component, "#D55E00", "s", "component-wise"),
    ):
        values = np.array(curve.values)
        spread = np.abs(np.array([curve.low, curve.high]) - values)
        left.errorbar(degrees, values, spread, color=color, marker=marker, capsize=2, label=name)
    left.plot(degrees, found.orientation, color="0.5", ls=":", label="rigid orientation alone")
    left.axvline(found.boundary + 0.5, color="0.5", alpha=0.4, lw=6, label="proved boundary dL")
    left.axhline(0, color="0.7", lw=0.8)
    left.set_xticks(degrees)
    left.set_xlim(0.3, degrees[-1] + 0.7)
    left.set_xlabel("degree ℓ of the field")
    left.set_ylabel("R², held-out frames")
    package = str(found.network.get("package", "network"))
    left.set_title(f"{package}: features ≤ {found.L}, readout degree {found.options.degree}")
    left.legend(fontsize=8)
    atoms = np.array(found.per_atom)
    image = right.imshow(atoms, aspect="auto", origin="lower", cmap="viridis", vmin=0, vmax=1)
    right.axhline(found.boundary - 0.5, color="white", lw=2)
    right.set_yticks(range(len(degrees)), [str(ell) for ell in degrees])
    names = [f"{chemical_symbols[z]}{i}" for i, z in enumerate(found.numbers)]
    right.set_xticks(range(len(names)), names, rotation=90, fontsize=7)
    right.set_ylabel("degree ℓ of the field")
    right.set_title(f"closed form, by atom ({found.verdict})")
    drawing.colorbar(image, ax=right, label="R²")
    drawing.supxlabel(
        f"{found.data['name']}: {found.data['fit']} frames fitted, {found.data['held']} held out; "
        f"95 % intervals over frames, B = {found.options.draws}; one network",
        fontsize=8,
    )
    return drawing
