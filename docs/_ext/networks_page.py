"""The tables of published networks, from the committed reports alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import networks_learned
from networks_learned import number, of_weights
from proof_map import DOCS

from neural_checks.published.result import REPORT, PublishedReadout, PublishedReport, Weights

Write = Callable[[Path, str], None]

RESULTS = DOCS / "results" / "published"
DEMAND = DOCS / "results" / "demand"
MISSING = "not measured"


def write_all(write: Write) -> None:
    """The tables that docs/measured/networks.md includes."""
    reports, known = read(RESULTS), _known()
    needed = demands(known)
    tables = {
        "overview": overview(reports, known),
        "layers": layers(reports),
        "forces": forces(reports, needed),
        "readouts": table(reports),
        "origin": origin(reports, places(RESULTS)),
        "learned": networks_learned.text(reports, needed),
        "times": times(reports),
    }
    for name, text in tables.items():
        write(DOCS / "_generated" / f"published-{name}.md", text)


def read(folder: Path) -> list[PublishedReport]:
    """All reports, by network and system."""
    found = [REPORT.read(path) for path in sorted(folder.glob("*/*/report.json"))]
    return sorted(found, key=lambda report: (report.model, report.system))


def _known() -> dict[str, Any]:
    known: dict[str, Any] = json.loads((RESULTS / "networks.json").read_text(encoding="utf-8"))
    return known


def demands(known: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The report of angular demand of every system that has one."""
    found = {}
    for system, folder in known["systems"].items():
        path = DEMAND / folder / "report.json"
        if path.is_file():
            found[system] = json.loads(path.read_text(encoding="utf-8"))
    return found


def overview(reports: Sequence[PublishedReport], known: Mapping[str, Any]) -> str:
    """Networks by systems: R² at dL of trained weights for each degree of the readout."""
    systems, names = list(known["systems"]), list(known["networks"])
    cells = {(report.model, report.system): _at_boundary(report) for report in reports}
    for model, system in cells:
        if model not in names or system not in systems:
            raise ValueError(f"networks.json does not list {model} or {system}")
    lines = [f"| network | {' | '.join(systems)} |", "|---" * (len(systems) + 1) + "|"]
    measured, left_out = {model for model, _ in cells}, []
    for name in names:
        reasons = known["networks"][name]
        if name not in measured:
            left_out.append(f"{name}, {reasons['all']}" if "all" in reasons else name)
            continue
        row = [cells.get((name, s)) or reasons.get(s, reasons.get("all", MISSING)) for s in systems]
        lines.append(f"| {name} | {' | '.join(row)} |")
    if left_out:
        lines += ["", f"Not measured: {'; '.join(left_out)}."]
    return "\n".join(lines) + "\n"


def _at_boundary(report: PublishedReport) -> str:
    trained = of_weights(report, Weights.TRAINED)
    if not trained[0].L:
        agree = all(row.outcome == "agrees" for row in trained)
        return "L = 0: nothing, as proved" if agree else "L = 0"
    cells = [number(row.closed.values[row.boundary - 1]) for row in trained]
    # Degrees that were not read are at the end.
    return ", ".join(cells + ["–"] * (3 - len(cells)))


def layers(reports: Sequence[PublishedReport]) -> str:
    """One row for each network whose layers were all measured."""
    lines = [
        "| network | data | d | R² at ℓ = dL, from the first layer on | R² at ℓ = 1 | layer read |",
        "|---" * 6 + "|",
    ]
    for report in reports:
        if not report.layers:
            continue
        ends, firsts = [], []
        for one in report.layers:
            row = one.readout
            ends.append(number(row.closed.values[row.boundary - 1]) if row.L else "L = 0")
            firsts.append(number(row.closed.values[0]))
        lines.append(
            f"| {report.model} | {report.system} | {report.layers[0].readout.degree} "
            f"| {', '.join(ends)} | {', '.join(firsts)} | {report.network.get('layer')} |"
        )
    return "\n".join(lines) + "\n"


def forces(reports: Sequence[PublishedReport], needed: Mapping[str, Mapping[str, Any]]) -> str:
    """One row for each network and system: what the forces need, and what the error holds."""
    lines = [
        "| data | demand ℓ* | network | L | force MAE (of zero), meV/Å | of the error's square, "
        "degrees ≤ L explain | degrees above L, more | listening says |",
        "|---" * 8 + "|",
    ]
    for report in sorted(reports, key=lambda one: (one.system, one.model)):
        trained, heard = of_weights(report, Weights.TRAINED)[0], report.listening
        within = beyond = "–"
        says = report.listening_note
        if heard is not None:
            within, beyond = (
                f"{number(share.value)} [{number(share.low)}, {number(share.high)}]"
                for share in (heard.within, heard.beyond)
            )
            says = heard.verdict
        demand = networks_learned.demand(needed.get(report.system))
        lines.append(
            f"| {report.system} | {demand} | {report.model} | {trained.L} "
            f"| {_mae(trained, report)} | {within} | {beyond} | {says} |"
        )
    return "\n".join(lines) + "\n"


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
            share = networks_learned.attainable(report, edge)
            closed = ", ".join(map(number, row.closed.values[:edge])) or "–"
            above = ", ".join(map(number, row.component.values[edge : edge + 3]))
            lines.append(
                f"| {report.model} | {report.system} | {report.irreps} | {row.weights} "
                f"| {_mae(row, report)} | {row.degree} | {edge} | {closed} "
                f"| {'1' if share == 1 else number(share)} | {above} | {row.outcome} |"
            )
    return "\n".join(lines) + "\n"


def _mae(row: PublishedReadout, report: PublishedReport) -> str:
    if row.weights is Weights.SHUFFLED:
        return "–"  # of no network that anybody would use
    if row.force_mae is None or report.zero_mae is None:
        return "not known"
    return f"{row.force_mae:,.0f} ({report.zero_mae:,.0f})"


def times(reports: Sequence[PublishedReport]) -> str:
    """What the diagnoses took, and on how many frames."""
    seconds = [report.provenance["cpu_seconds"] for report in reports]
    frames = [report.data.fit + report.data.held for report in reports]
    return (
        f"The {len(reports)} diagnoses of [published models](/measured/networks.md) took "
        f"{min(seconds):,.0f} to {max(seconds):,.0f} CPU seconds each, with {min(frames)} to "
        f"{max(frames)} frames; some of them read every layer and three degrees of readout.\n"
    )


def places(folder: Path) -> dict[tuple[str, str], str]:
    """The report of every network and system, as the site knows it."""
    found = {}
    for path in folder.glob("*/*/report.json"):
        report = REPORT.read(path)
        found[report.model, report.system] = f"/{path.relative_to(DOCS)}"
    return found


def origin(reports: Sequence[PublishedReport], files: Mapping[tuple[str, str], str]) -> str:
    """Where each row comes from: the report, weights, versions, checksum, frames, command."""
    lines = []
    for report in reports:
        network, data = report.network, report.data
        draws = report.provenance["draws"]
        lines += [
            f"**{report.model}, {report.system}.** {network['package']}; "
            f"{{download}}`report.json <{files[report.model, report.system]}>`; weights: "
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
