"""The table of docs/experiment.md: what was trained and read in every committed run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import run_pages
from proof_map import DOCS

from neural_checks.injection.result import InjectionReport

Write = Callable[[Path, str], None]


def write_all(write: Write) -> None:
    """The table that docs/experiment.md includes."""
    write(DOCS / "_generated" / "experiment.md", table(run_pages.injections()))


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
