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
