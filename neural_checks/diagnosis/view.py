"""A diagnosis as text, HTML and figure."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from neural_checks.backbones.equivariance import Group
from neural_checks.diagnosis.result import DiagnosisReport
from neural_checks.readouts.verdict import LIMIT
from numeric_checks.demand.result import Listening, Share
from numeric_checks.figures import COLORS, legend_above, literal, subplots
from numeric_checks.tables import aligned, number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["figure", "html", "text"]

Rows = list[list[str]]


def _curves(found: DiagnosisReport) -> Rows:
    degrees = range(1, len(found.closed.values) + 1)
    rows = [["ℓ", *(f"{ell}{'' if ell <= found.boundary else '*'}" for ell in degrees)]]
    for name, curve in (
        ("closed form", found.closed),
        ("component-wise", found.component),
        ("trained, shared", found.trained),
    ):
        if curve is None:
            continue
        rows.append([f"{name} R²", *map(number, curve.values)])
        ends = zip(curve.low, curve.high, strict=True)
        rows.append(["  95 %", *(f"{number(a, 2)}…{number(b, 2)}" for a, b in ends)])
    if found.attainable is not None:
        shares = found.closed.relative_to(found.attainable).values
        rows.append(["attainable S_ℓ", *map(number, found.attainable)])
        within = [number(v) if k < found.boundary else "" for k, v in enumerate(shares)]
        rows.append(["closed form R² / S_ℓ", *within])
    if found.orientation is not None:
        rows.append(["orientation alone", *map(number, found.orientation)])
    return rows


def _deficits(found: DiagnosisReport) -> Rows:
    rows = [["site", "ℓ", "R²", "S_ℓ", "R² / S_ℓ"]]
    for d in sorted(found.deficits, key=lambda d: (d.site, d.ell)):
        numbers = (d.R2, d.attainable, d.R2 / d.attainable)
        rows.append([d.label, str(d.ell), *map(number, numbers)])
    return rows


def _symmetric(found: DiagnosisReport) -> Rows:
    """R² and S_ℓ at the sites whose marked neighbour symmetry exchanges."""
    degrees = range(1, found.boundary + 1)
    rows = [["site", "marked or", *(f"ℓ = {ell}" for ell in degrees)]]
    for k, site in enumerate(found.sites):
        if any(site.share(ell) < 1 for ell in degrees):
            others = ", ".join(map(str, (site.marked, *site.exchanged))) if site.exchanged else "–"
            pairs = ((found.per_site[ell - 1][k], site.share(ell)) for ell in degrees)
            cells = (f"{number(value)} of {number(share)}" for value, share in pairs)
            rows.append([site.label, others, *cells])
    return rows


def _heard(heard: Listening) -> Rows:
    def shown(share: Share) -> list[str]:
        return [number(share.value), f"{number(share.low)}…{number(share.high)}"]

    rows = [["ℓ ≤", "share", "95 %", "more than ℓ − 1", "95 %"]]
    for ell, (share, step) in enumerate(zip(heard.explained, heard.added, strict=True)):
        rows.append([str(ell), *shown(share), *shown(step)])
    own = min(heard.L, heard.l_max)
    for name, low, more in (
        (f"{own}, then {heard.l_max}", heard.within, heard.beyond),
        (f"{own}, then {heard.l_max}, equal weights", heard.within_equal, heard.beyond_equal),
    ):
        rows.append([name, *shown(low), *shown(more)])
    rows.append(["residuals of other frames", *shown(heard.control), "", ""])
    return rows


def _costs(found: DiagnosisReport) -> Rows:
    names = ("L", "degree", "boundary", "components", "weights", "monomials", "paths")
    rows = [[*names, "products/edge", "features"]]
    for c in found.costs:
        numbers = (c.L, c.degree, c.boundary, c.components, c.weights, c.monomials, c.paths)
        rows.append([*(f"{v:,}" for v in (*numbers, c.multiplications)), c.irreps])
    return rows


def _equivariance(found: DiagnosisReport) -> str:
    worst = max(found.equivariance, key=lambda name: found.equivariance[name])
    error = f"error ≤ {found.equivariance[worst]:.1e} ({worst})"
    if found.group is Group.O3:
        return f"equivariance and parity, measured: {error}"
    mirrors = found.mirror_errors or {}
    features = {n: e for n, e in mirrors.items() if n not in ("forces", "energy")}
    most = max(features, key=lambda name: features[name], default="")
    differ = f"; mirrored frames differ by {features[most]:.1e} ({most})" if most else ""
    return (
        f"equivariance under rotations, measured: {error}{differ}. The network is measured under "
        "SO(3), without mirrored frames, and readouts may use every product that rotations allow"
    )


def _facts(found: DiagnosisReport) -> list[str]:
    mae = "not known" if found.force_mae is None else f"{found.force_mae:.0f} meV/Å"
    if found.force_mae is not None and found.zero_mae is not None:
        mae += f" (predicting zero: {found.zero_mae:.0f})"
    layer = found.network.get("layer")
    drawn = (
        ""
        if found.data.blocks is None
        else f", drawn in {found.data.blocks} blocks of consecutive frames"
    )
    return [
        f"network: {found.network.get('package', 'not stated')}"
        + ("" if layer is None else f", layer {layer}")
        + f"; features {found.irreps}",
        f"data: {found.data.name or 'not stated'}, {found.data.fit} frames to fit, "
        f"{found.data.held} held out{drawn}; force MAE {mae}",
        _equivariance(found),
        *(f"left out: {line}" for line in found.left_out),
        *(f"note: {line}" for line in found.notes),
        *([] if found.listening is None else [f"listening: {found.listening.sentence}"]),
    ]


def _sections(found: DiagnosisReport) -> list[tuple[str, Rows]]:
    sections = [
        ("R² of a field of degree ℓ (* above the boundary); intervals over frames", _curves(found))
    ]
    symmetric = _symmetric(found)
    if len(symmetric) > 1:
        title = "Sites whose marked neighbour symmetry exchanges: R² of S_ℓ, the share left to read"
        sections.append((title, symmetric))
    if found.deficits:
        what = "R²" if found.attainable is None else "R² / S_ℓ"
        title = f"Sites below {what} = {found.options.level:g} within the boundary"
        sections.append((title, _deficits(found)))
    if found.listening is not None:
        sections.append(
            ("Share of the squared force error that degrees ≤ ℓ explain", _heard(found.listening))
        )
    sections.append(("What L and the degree cost (exact counts, no times)", _costs(found)))
    return sections


def text(found: DiagnosisReport) -> str:
    """Plain text for a terminal, with the warnings at the top."""
    parts = [*(f"WARNING: {line}" for line in found.warnings), found.sentence, *_facts(found)]
    for title, rows in _sections(found):
        parts += ["", title, *aligned(rows, indent="  ")]
    return "\n".join([*parts, "", *(f"- {line}" for line in found.advice)])


def html(found: DiagnosisReport) -> str:
    """A fragment for notebooks, self-contained and without script."""

    def table(rows: Sequence[Sequence[str]]) -> str:
        head = "".join(f"<th>{escape(cell)}</th>" for cell in rows[0])
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>"
            for row in rows[1:]
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    sections = "".join(f"<h4>{escape(title)}</h4>{table(rows)}" for title, rows in _sections(found))
    warnings = "".join(f"<p><b>Warning: {escape(line)}</b></p>" for line in found.warnings)
    facts = "".join(f"<li>{escape(line)}</li>" for line in _facts(found))
    advice = "".join(f"<li>{escape(line)}</li>" for line in found.advice)
    return (
        f"<div>{warnings}<p><b>{escape(found.sentence)}</b></p><ul>{facts}</ul>{sections}"
        f"<h4>Advice</h4><ul>{advice}</ul></div>"
    )


def figure(found: DiagnosisReport) -> Figure:
    """Left: R² against ℓ with the boundary; right: the closed form by site, as a part of S_ℓ."""
    drawing, (left, right) = subplots(1, 2, figsize=(11.0, 4.9), width_ratios=[1.0, 1.15])
    _draw_curves(left, found)
    legend_above(drawing, left, columns=6)
    image = _draw_sites(right, found)
    drawing.colorbar(image, ax=right, label="R²")
    drawing.supxlabel(
        f"{literal(found.data.name)}: {found.data.fit} frames fitted, {found.data.held} held out; "
        f"95 % intervals over frames, B = {found.options.draws}; one network",
        fontsize=8,
    )
    return drawing


def _draw_curves(axes: Any, found: DiagnosisReport) -> None:
    degrees = np.arange(1, len(found.closed.values) + 1)
    for curve, color, marker, name in (
        (found.closed, COLORS[0], "o", "closed form"),
        (found.component, COLORS[1], "s", "component-wise"),
        (found.trained, COLORS[3], "^", "trained, shared"),
    ):
        if curve is None:
            continue
        values = np.array(curve.values)
        spread = np.abs(np.array([curve.low, curve.high]) - values)
        axes.errorbar(degrees, values, spread, color=color, marker=marker, capsize=2, label=name)
    if found.attainable is not None:
        axes.plot(degrees, found.attainable, color="0.3", marker="_", ms=12, ls="none", label="S_ℓ")
    if found.orientation is not None:
        axes.plot(degrees, found.orientation, color="0.5", ls=":", label="rigid orientation alone")
    axes.axvline(found.boundary + 0.5, color="0.5", alpha=0.4, lw=6, label="proved boundary dL")
    axes.axhline(0, color="0.7", lw=0.8)
    axes.set_xticks(degrees)
    axes.set_xlim(0.3, degrees[-1] + 0.7)
    axes.set_xlabel("degree ℓ of the field")
    axes.set_ylabel("R², held-out frames")
    package = literal(str(found.network.get("package", "network")))
    axes.set_title(f"{package}: features ≤ {found.L}, readout degree {found.options.degree}")


def _draw_sites(axes: Any, found: DiagnosisReport) -> Any:
    values = np.array(found.per_site)
    shares = np.array([site.attainable or (1.0,) * len(values) for site in found.sites]).T
    values = np.where(shares > LIMIT, values / np.maximum(shares, LIMIT), np.nan)
    image = axes.imshow(values, aspect="auto", origin="lower", cmap="viridis", vmin=0, vmax=1)
    axes.axhline(found.boundary - 0.5, color="white", lw=2)
    axes.set_yticks(range(len(values)), [str(ell) for ell in range(1, len(values) + 1)])
    names = [site.label for site in found.sites]
    axes.set_xticks(range(len(names)), names, rotation=90, fontsize=7)
    axes.set_ylabel("degree ℓ of the field")
    what = "closed form" if found.attainable is None else "closed form / S_ℓ"
    axes.set_title(f"{what}, by site ({found.verdict.outcome})")
    return image
