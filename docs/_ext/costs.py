"""Tables of what commands take, from the committed records alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from proof_map import DOCS

Write = Callable[[Path, str], None]

EXITS = {0: "accepted", 2: "unreadable", 3: "rejected"}


def write_all(write: Write) -> None:
    """The tables that the guides include."""
    write(DOCS / "_generated" / "checkers.md", _checkers())
    write(DOCS / "_generated" / "robustness.md", _robustness())


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


KINDS = {
    "arguments": "malformed calls",
    "certificates": "certificates with planted values, and mutants",
    "console": "consoles, closed pipes, full disks",
    "together": "files read after kills",
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
    return "\n".join(lines) + f"\n\nPython {record['python']}, on a shared machine.\n"
