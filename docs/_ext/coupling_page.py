"""The tables of docs/coupling.md, from the committed record of ``benchmarks/coupling.py`` alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from proof_map import DOCS

Write = Callable[[Path, str], None]

FILES = {
    "all programs": "coupling.md",
    "largest": "coupling-largest.md",
    "ours alone": "coupling-ours.md",
}
_HEAD = "| (L, d) | program | columns | seconds | without imports | peak MiB | ratio of seconds |"


def write_all(write: Write) -> None:
    """One table for each run of the benchmark."""
    path = DOCS / "results" / "benchmarks" / "coupling.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    for run, name in FILES.items():
        write(DOCS / "_generated" / name, table(record, run))


def table(record: Mapping[str, Any], run: str) -> str:
    """The rows of one run, with the limits and the versions below them."""
    rows = [_row(row) for row in record["rows"] if row["run"] == run]
    text = f"Python {record['python']}, {', '.join(record['versions'])}."
    if run in record["limits"]:
        limits = record["limits"][run]
        text = f"Limits of a process: {limits['seconds']} s and {limits['MiB']:,} MiB. {text}"
    return "\n".join([_HEAD, "|---" * 7 + "|", *rows, "", text, ""])


def _row(row: Mapping[str, Any]) -> str:
    if "failure" in row:
        cells = ["–", row["failure"], "–", "–", "–"]
    else:
        cells = [
            str(row["columns"]),
            f"{row['seconds']:.2f}",
            _optional(row, "work", ".3f"),
            str(row["mib"]),
            _optional(row, "ratio", ".3g"),
        ]
    return f"| ({row['L']}, {row['d']}) | {row['program']} | {' | '.join(cells)} |"


def _optional(row: Mapping[str, Any], name: str, form: str) -> str:
    return format(row[name], form) if name in row else "–"
