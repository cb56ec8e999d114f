"""The tables of docs/diagnose.md: kinds of site, and architectures, from the committed reports.

The reports of the kinds of site were made by

    python -m neural_checks.diagnose --model neural_checks.e3nn_example:untrained --data embedded \
        --sites atoms --export e3nn.npz --out docs/results/sites/atoms
    python -m neural_checks.diagnose --model e3nn.npz --data embedded --sites environment \
        --out docs/results/sites/environment        # and the same with species
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from proof_map import DOCS

from neural_checks.diagnosis.result import REPORT, DiagnosisReport

Write = Callable[[Path, str], None]

KINDS = ("atoms", "environment", "species")


def write_all(write: Write) -> None:
    """The tables that docs/diagnose.md includes."""
    sites, architectures = DOCS / "results/sites", DOCS / "results/architectures"
    write(DOCS / "_generated" / "sites.md", sites_table(sites))
    write(DOCS / "_generated" / "architectures.md", architectures_table(architectures))


def sites_table(folder: Path) -> str:
    """One row per kind of site; R² of the closed form with its interval, by ℓ up to dL."""
    reports = {kind: REPORT.read(folder / kind / "report.json") for kind in KINDS}
    edge = max(report.boundary for report in reports.values())
    lines = [
        "| `--sites` | sites | "
        + " | ".join(f"ℓ = {ell}" for ell in range(1, edge + 1))
        + f" | component-wise, ℓ = {edge + 1} | verdict |",
        "|---" * (edge + 4) + "|",
    ]
    for kind, report in reports.items():
        curve = report.closed
        cells = ["{:.3f} [{:.3f}, {:.3f}]".format(*curve.at(ell)) for ell in range(1, edge + 1)]
        lines.append(
            f"| {{download}}`{kind} </results/sites/{kind}/table.txt>` | {len(report.sites)} "
            f"| {' | '.join(cells)} | {_number(report.component.values[edge])} "
            f"| {report.verdict.outcome} |"
        )
    return "\n".join([*lines, "", _counts(reports), ""])


def architectures_table(folder: Path) -> str:
    """One row per ``folder/NAME/report.json``, by name; R² at the boundary and just above."""
    lines = [
        "| run | package | trained | features read | L | force MAE (meV/Å) | dL "
        "| closed form R², ℓ = 1 … dL | component-wise R², ℓ = dL + 1 … dL + 3 | atoms below 0.5 "
        "| verdict |",
        "|---" * 11 + "|",
    ]
    reports = {p.parent.name: REPORT.read(p) for p in sorted(folder.glob("*/report.json"))}
    for name, report in reports.items():
        edge = report.boundary
        cells = [
            f"{{download}}`{name} </results/architectures/{name}/table.txt>`",
            report.network["package"],
            _trained(folder / name / "training.json"),
            f"layer {report.network['layer']}: {report.irreps}",
            str(report.L),
            "not known" if report.force_mae is None else f"{report.force_mae:.0f}",
            str(edge),
            ", ".join(map(_number, report.closed.values[:edge])) or "–",
            ", ".join(map(_number, report.component.values[edge:])),
            str(len({deficit.site for deficit in report.deficits})),
            str(report.verdict.outcome),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", _counts(reports), ""])


def _trained(path: Path) -> str:
    if not path.is_file():
        return "on loading"
    return f"{json.loads(path.read_text(encoding='utf-8'))['steps']} steps"


def _counts(reports: Mapping[str, DiagnosisReport]) -> str:
    """Frames, degree and draws, which all rows of a table share."""
    found = {
        (
            report.data.name,
            report.options.degree,
            report.data.fit,
            report.data.held,
            report.options.draws,
        )
        for report in reports.values()
    }
    if len(found) != 1:
        raise ValueError(f"the rows of one table differ in data, degree, frames or draws: {found}")
    ((data, degree, fit, held, draws),) = found
    return (
        f"Data `{data}`, readouts of degree {degree}, {fit} frames fitted, {held} held out; 95 % "
        f"intervals over frames, B = {draws:,}."
    )


def _number(value: float) -> str:
    return f"{value:.3f}".replace("-", "−")
