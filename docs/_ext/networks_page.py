"""The tables of published networks, from the committed reports alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from proof_map import DOCS

from neural_checks.published.result import PUBLISHED, PublishedReadout, PublishedReport, Weights

Write = Callable[[Path, str], None]

RESULTS = DOCS / "results" / "published"
MISSING = "not measured"


def write_all(write: Write) -> None:
    """The tables that docs/measured/networks.md includes."""
    reports = read(RESULTS)
    known = json.loads((RESULTS / "networks.json").read_text(encoding="utf-8"))
    generated = DOCS / "_generated"
    write(generated / "published-overview.md", overview(reports, known))
    write(generated / "published-readouts.md", table(reports))
    write(generated / "published-origin.md", origin(reports))


def read(folder: Path) -> list[PublishedReport]:
    """All reports, by network and system."""
    found = [PUBLISHED.read(path) for path in sorted(folder.glob("*/*/report.json"))]
    return sorted(found, key=lambda report: (report.model, report.system))


def overview(reports: Sequence[PublishedReport], known: Mapping[str, Any]) -> str:
    """Networks by systems: R² at dL of trained weights for each degree of the readout."""
    systems, names = list(known["systems"]), list(known["networks"])
    cells = {(report.model, report.system): _at_boundary(report) for report in reports}
    for model, system in cells:
        if model not in names or system not in systems:
            raise ValueError(f"networks.json does not list {model} or {system}")
    lines = [f"| network | {' | '.join(systems)} |", "|---" * (len(systems) + 1) + "|"]
    for name in names:
        reasons = known["networks"][name]
        row = [cells.get((name, s)) or reasons.get(s, reasons.get("all", MISSING)) for s in systems]
        lines.append(f"| {name} | {' | '.join(row)} |")
    return "\n".join(lines) + "\n"


def _at_boundary(report: PublishedReport) -> str:
    trained = [row for row in report.measurements if row.weights is Weights.TRAINED]
    if not trained[0].L:
        return "L = 0: nothing, as proved" if all(_agrees(row) for row in trained) else "L = 0"
    return ", ".join(_number(row.closed.values[row.boundary - 1]) for row in trained)


def _agrees(row: PublishedReadout) -> bool:
    return row.outcome == "agrees"


def table(reports: Sequence[PublishedReport]) -> str:
    """One row for each network, system, weights and degree of the readout."""
    lines = [
        "| network | data | features read | weights | force MAE (of zero), meV/Å | d | dL "
        "| R², ℓ = 1 … dL | S_dL | component-wise, ℓ = dL + 1 … dL + 3 | verdict |",
        "|---" * 11 + "|",
    ]
    for report in reports:
        for row in report.measurements:
            edge = row.boundary
            share = "1"
            if report.attainable is not None and 1 <= edge <= len(report.attainable):
                share = _number(report.attainable[edge - 1])
            closed = ", ".join(map(_number, row.closed.values[:edge])) or "–"
            above = ", ".join(map(_number, row.component.values[edge : edge + 3]))
            lines.append(
                f"| {report.model} | {report.system} | {report.irreps} | {row.weights} "
                f"| {_mae(row, report)} | {row.degree} | {edge} | {closed} | {share} | {above} "
                f"| {row.outcome} |"
            )
    return "\n".join(lines) + "\n"


def _mae(row: PublishedReadout, report: PublishedReport) -> str:
    if row.weights is Weights.SHUFFLED:
        return "–"  # of no network that anybody would use
    if row.force_mae is None or report.zero_mae is None:
        return "not known"
    return f"{row.force_mae:,.0f} ({report.zero_mae:,.0f})"


def origin(reports: Sequence[PublishedReport]) -> str:
    """Where each row comes from: weights, versions, checksum, frames, command."""
    lines = []
    for report in reports:
        network, data = report.network, report.data
        draws = report.provenance["draws"]
        lines += [
            f"**{report.model}, {report.system}.** {network['package']}; weights: "
            f"{report.weights_from}, SHA-256 `{str(network.get('weights_sha256'))[:16]}…`; layer "
            f"{network.get('layer')} of {network.get('layers')} (from 0); data `{data.name}`, "
            f"SHA-256 `{data.sha256[:16]}…`, {data.fit} frames to fit, {data.held} held out, "
            f"{report.sites} sites, B = {draws:,}.",
            "",
            "```",
            report.command,
            "```",
            "",
        ]
    return "\n".join(lines)


def _number(value: float) -> str:
    text = f"{value:.2f}"
    return "0.00" if text == "-0.00" else text.replace("-", "−")
