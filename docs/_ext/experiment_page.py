"""The tables of docs/experiment.md: what was run, and what layers keep along one training."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import run_pages
from proof_map import DOCS

from neural_checks.injection.along import ALONG, AlongReport
from neural_checks.injection.result import InjectionReport

Write = Callable[[Path, str], None]


def write_all(write: Write) -> None:
    """The tables that docs/experiment.md includes."""
    write(DOCS / "_generated" / "experiment.md", table(run_pages.injections()))
    along = ALONG.read(DOCS / "results" / "along" / "along.json")
    write(DOCS / "_generated" / "along.md", along_table(along))


def table(runs: run_pages.Runs) -> str:
    """One row per run, from its report alone."""
    lines = [
        "| run | preset | L | layers | channels | cutoff, Å | networks | steps "
        "| degrees of readouts | device |",
        "|---" * 10 + "|",
    ]
    return "\n".join([*lines, *(_row(name, report) for name, report in runs.items())]) + "\n"


def _row(name: str, report: InjectionReport) -> str:
    first = report.backbones[0]
    about = first.description
    steps = dict.fromkeys(f"{row.steps:,}" for row in report.backbones)
    cells = [
        f"[{name}](/measured/runs/{name}.md)",
        f"`{report.preset}`",
        str(report.measurement.settings.L),
        str(first.layers),
        str(about.get("channels", "not known")),
        f"{about['cutoff']:g}" if "cutoff" in about else "not known",
        str(len(report.backbones)),
        ", ".join(steps),
        ", ".join(map(str, report.measurement.settings.degrees_read)),
        str(report.environment["device"]),
    ]
    return "| " + " | ".join(cells) + " |"


def along_table(report: AlongReport) -> str:
    """One row per checkpoint: the force error, and R² of the field at dL in every layer."""
    layers = sorted({point.layer for point in report.points})
    read = {point.layer for point in report.points if point.read}
    heads = [f"layer {layer}{', the one read' if layer in read else ''}" for layer in layers]
    lines = [f"| step | force MAE, meV/Å | {' | '.join(heads)} |", "|---" * (2 + len(layers)) + "|"]
    for step in sorted({point.step for point in report.points}):
        points = {point.layer: point for point in report.points if point.step == step}
        values = [
            f"{p.field.value:.3f} [{p.field.low:.3f}, {p.field.high:.3f}]"
            for p in (points[layer] for layer in layers)
        ]
        mae = points[layers[0]].force_mae
        lines.append(f"| {step:,} | {mae:.1f} | {' | '.join(values)} |")
    return "\n".join(lines) + "\n"
