"""Beside every command in a block of code, what it took: from the committed record alone.

The record is that of ``benchmarks/commands.py``, which runs the commands of all pages.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from docutils import nodes
from proof_map import DOCS, ROOT
from sphinx.application import Sphinx

sys.path.insert(0, str(ROOT / "benchmarks"))
from commands import normal

Write = Callable[[Path, str], None]

RECORD = DOCS / "results" / "benchmarks" / "commands.json"
_COMMENT = re.compile(r"\s+# ")


def write_all(write: Write) -> None:
    """The table that docs/guides/limits-and-costs.md includes."""
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    lines = ["| `python -m …` | run as | CPU |", "|---|---|---|"]
    for row in record["rows"]:
        ran = "as it stands" if row["ran"] == row["command"] else f"`{row['ran']}`"
        lines.append(f"| `{row['command']}` | {ran} | {shown(row['cpu_seconds'])} |")
    python = record["about"]["python"]
    write(DOCS / "_generated" / "commands.md", "\n".join(lines) + f"\n\nPython {python}.\n")


@cache
def _seconds(_changed: int) -> Mapping[str, float]:
    rows = json.loads(RECORD.read_text(encoding="utf-8"))["rows"]
    return {row["command"]: row["cpu_seconds"] for row in rows}


def shown(seconds: float) -> str:
    """A time in few digits.

    >>> shown(0.234), shown(12.3), shown(754)
    ('0.2 s', '12 s', '13 min')
    """
    if seconds >= 120:
        return f"{seconds / 60:.0f} min"
    return f"{seconds:.0f} s" if seconds >= 10 else f"{max(seconds, 0.1):.1f} s"


def with_times(text: str, seconds: Mapping[str, float]) -> str:
    """The lines of a block, each command that was measured with its time behind.

    >>> with_times("python -m numeric_checks.rank   # a rank", {"numeric_checks.rank": 2})
    'python -m numeric_checks.rank   # a rank; 2.0 s'
    >>> with_times("ls\\npython -m span_theorem.verify", {"span_theorem.verify": 60})
    'ls\\npython -m span_theorem.verify  # 60 s'
    """
    lines = []
    for line in text.splitlines():
        took = seconds.get(normal(line) or "")
        if took is not None:
            line += f"; {shown(took)}" if _COMMENT.search(line) else f"  # {shown(took)}"
        lines.append(line)
    return "\n".join(lines)


def _read(app: Sphinx, doctree: nodes.document) -> None:
    if not RECORD.is_file():
        return
    seconds = _seconds(RECORD.stat().st_mtime_ns)
    for block in doctree.findall(nodes.literal_block):
        text = block.astext()
        timed = with_times(text, seconds)
        if timed != text:
            block.rawsource = timed
            block.children = [nodes.Text(timed)]


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("doctree-read", _read)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
