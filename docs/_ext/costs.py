"""Tables of what commands take, from the committed records alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import run_pages
from proof_map import DOCS

Write = Callable[[Path, str], None]

EXITS = {0: "accepted", 2: "unreadable", 3: "rejected"}


def write_all(write: Write) -> None:
    """The tables that the guides include."""
    write(DOCS / "_generated" / "checkers.md", _checkers())
    write(DOCS / "_generated" / "exact.md", _exact())
    write(DOCS / "_generated" / "numeric.md", _numeric())
    write(DOCS / "_generated" / "training.md", _networks(run_pages.injections()))
    write(DOCS / "_generated" / "robustness.md", _robustness())
    write(DOCS / "_generated" / "diagnosis-cost.md", _diagnosis())


def _checkers() -> str:
    record = json.loads((DOCS / "results/checkers/record.json").read_text(encoding="utf-8"))
    lines = [
        "| checker | file | MiB | outcome | CPU seconds | peak MiB |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| `{row['checker']}.py` | {row['case']} | {row['bytes'] / 2**20:.2f} "
        f"| {EXITS[row['exit']]} | {row['cpu_seconds']:.1f} | {row['peak_MiB']} |"
        for row in record["rows"]
    ]
    return "\n".join(lines) + f"\n\nPython {record['python']}, {record['machine']}.\n"


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}"


def _exact() -> str:
    """Whole processes of the exact layer, from ``benchmarks/exact.py``."""
    record = json.loads((DOCS / "results/benchmarks/exact.json").read_text(encoding="utf-8"))
    lines = ["| | CPU seconds |", "|---|---|"]
    lines += [
        f"| {row['what']} | {_short(row['cpu_seconds'])} |"
        for row in record["rows"]
        if "cpu_seconds" in row
    ]
    return "\n".join(lines) + f"\n\nPython {record['about']['python']}.\n"


def _numeric() -> str:
    """Commands of the numeric layer and its harmonics, from ``benchmarks/numeric.py``."""
    record = json.loads((DOCS / "results/numeric/benchmark.json").read_text(encoding="utf-8"))
    commands = ["| `python -m …` | CPU seconds | peak MB |", "|---|---|---|"]
    harmonics = ["| values | ns per value |", "|---|---|"]
    for row in record["rows"]:
        if "ns_per_value" in row:
            harmonics.append(f"| {row['what']} | {_short(row['ns_per_value'])} |")
        else:
            seconds = row["user_s"] + row["system_s"]
            commands.append(f"| `{row['what']}` | {_short(seconds)} | {row['peak_MB']:.0f} |")
    return "\n".join([*commands, "", *harmonics]) + "\n"


def _diagnosis() -> str:
    """One diagnosis beyond the network's own passes, from ``benchmarks/diagnosis.py``."""
    record = json.loads((DOCS / "results/benchmarks/diagnosis.json").read_text(encoding="utf-8"))
    frames = record["frames"]
    return (
        f"A diagnosis of features {record['features']} at {record['sites']} atoms, {frames['fit']} "
        f"frames to fit and {frames['held']} held out, d = {record['degree']} "
        f"(`benchmarks/diagnosis.py`): {record['cpu_seconds']:.0f} CPU seconds beyond the passes "
        f"of the network, the examination of its force error among them, and "
        f"{record['peak_MiB']:,.0f} MiB at most.\n"
    )


def _networks(runs: run_pages.Runs) -> str:
    """What training and measurement took in the committed runs."""
    lines = [
        "| run | preset | networks | minutes to train one | minutes to measure |",
        "|---|---|---|---|---|",
    ]
    for name, report in runs.items():
        minutes = [f"{row.training_seconds / 60:.0f}" for row in report.backbones]
        lines.append(
            f"| [{name}](/measured/runs/{name}.md) | `{report.preset}` | {len(minutes)} "
            f"| {', '.join(minutes)} | {report.measurement_seconds / 60:.0f} |"
        )
    return "\n".join(lines) + "\n"


KINDS = {
    "arguments": "malformed calls",
    "certificates": "certificates with planted values, and mutants",
    "console": "consoles, closed pipes, full disks",
    "together": "files read after kills",
    "kills": "runs interrupted, after kills, at once, and on full disks",
}


def _robustness() -> str:
    record = json.loads((DOCS / "results/robustness/record.json").read_text(encoding="utf-8"))
    lines = [
        "| command | calls | refused in one line | tracebacks | longest call, s |",
        "|---|---|---|---|---|",
    ]
    total = {"calls": 0, "refused": 0, "tracebacks": 0}
    for kind, words in KINDS.items():
        rows = [row for row in record["rows"] if row["kind"] == kind]
        if rows:
            lines.append(f"| *{words}* | | | | |")
        for row in rows:
            lines.append(
                f"| `{row['command']}` | {row['calls']} | {row['refused']} "
                f"| {row['tracebacks']} | {row['slowest_seconds']:.1f} |"
            )
            total = {key: value + row[key] for key, value in total.items()}
    lines.append(f"| all | {total['calls']} | {total['refused']} | {total['tracebacks']} | |")
    short = [words for kind, words in KINDS.items() if record["parts"].get(kind) == "quick"]
    absent = [words for kind, words in KINDS.items() if kind not in record["parts"]]
    part = f"The suite, of {'; '.join(short)} its quick part" if short else "The suite"
    if absent:
        part += f" (not counted: {'; '.join(absent)})"
    return "\n".join(lines) + f"\n\n{part}, Python {record['python']}, on a shared machine.\n"
