"""Beside every command in a block of code, what it took: from committed records alone.

The record is that of ``benchmarks/commands.py``, which runs the commands of all pages. What takes
long, or needs a network that is not committed, takes its time from the report of a committed run.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Reported:
    """A time that a committed run states: for which commands, in words, and in which folder."""

    commands: str
    words: str
    folder: str

    @property
    def text(self) -> str:
        return f"{self.words} ({self.folder})"


def _ends(values: list[float]) -> str:
    low, high = shown(min(values)), shown(max(values))
    return low if low == high else f"{low} to {high}"


def reported() -> Iterator[Reported]:
    """The times of the runs in ``docs/results``; of the clock, unless they say CPU."""

    def read(path: Path) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found

    results = DOCS / "results"
    demand = read(results / "demand" / "aspirin_xtb" / "report.json")
    yield Reported(
        r"numeric_checks\.demand (FILE|my_data\.extxyz|embedded)( --out \S+)?",
        f"{shown(demand['seconds'])} on the clock for {demand['settings']['frames']:,} frames of "
        "aspirin",
        "results/demand/aspirin_xtb",
    )
    for folder in sorted(results.glob("sweep-*")):
        name = folder.name.removeprefix("sweep-")
        jobs = [read(path) for path in sorted(folder.glob("jobs/*.json"))]
        trained = [job["provenance"]["seconds"] for job in jobs if not job["job"]["features"]]
        yield Reported(
            rf"neural_checks\.sweep {name}\b(?!.*--(list|job-script)).*",
            f"{_ends(trained)} a network on the clock, one thread",
            f"results/{folder.name}",
        )
    for preset, name in (("paper", "aspirin-rmd17"), ("cpu", "aspirin-L2")):
        backbones = read(results / name / "report.json")["backbones"]
        yield Reported(
            rf"neural_checks\.aspirin --preset {preset}\b.*",
            f"without a GPU {_ends([row['training_seconds'] for row in backbones])} to train a "
            "network",
            f"results/{name}",
        )
    for command, name in (
        (r"--model my\.model --data FILE --trust-model", "mace-spice"),
        (r"--model neural_checks\.backbones\.adapters:sevennet --data FILE", "sevennet-0"),
    ):
        path = results / "published" / name / "aspirin" / "report.json"
        if path.is_file():
            report = read(path)
            frames = report["data"]["fit"] + report["data"]["held"]
            yield Reported(
                rf"neural_checks\.diagnose {command}",
                f"{shown(report['provenance']['cpu_seconds'])} CPU for {frames} frames of aspirin",
                f"results/published/{name}/aspirin",
            )


def taken(command: str) -> str | None:
    """What a command took, from the record or else from a committed run; None: not measured."""
    seconds = _seconds(RECORD.stat().st_mtime_ns).get(command) if RECORD.is_file() else None
    if seconds is not None:
        return shown(seconds)
    for one in _reported():
        if re.fullmatch(one.commands, command):
            return one.text
    return None


@cache
def _reported() -> tuple[Reported, ...]:
    return tuple(reported())


def write_all(write: Write) -> None:
    """The table that docs/guides/limits-and-costs.md includes."""
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    lines = ["| `python -m …` | run as | CPU |", "|---|---|---|"]
    for row in record["rows"]:
        ran = "as it stands" if row["ran"] == row["command"] else f"`{row['ran']}`"
        lines.append(f"| `{row['command']}` | {ran} | {shown(row['cpu_seconds'])} |")
    about = record["about"]
    write(
        DOCS / "_generated" / "commands.md",
        "\n".join(lines) + f"\n\nPython {about['python']}, {about['note']}.\n",
    )


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


def with_times(text: str, times: Callable[[str], str | None]) -> str:
    """The lines of a block, each command that was measured with its time behind.

    >>> times = {"numeric_checks.rank": "2.0 s", "span_theorem.verify": "60 s"}
    >>> with_times("python -m numeric_checks.rank   # a rank", times.get)
    'python -m numeric_checks.rank   # a rank; 2.0 s'
    >>> with_times("ls\\npython -m span_theorem.verify", times.get)
    'ls\\npython -m span_theorem.verify  # 60 s'
    """
    lines = []
    for line in text.splitlines():
        took = times(normal(line) or "")
        if took is not None:
            line += f"; {took}" if _COMMENT.search(line) else f"  # {took}"
        lines.append(line)
    return "\n".join(lines)


def _read(app: Sphinx, doctree: nodes.document) -> None:
    if not RECORD.is_file():
        return
    for block in doctree.findall(nodes.literal_block):
        text = block.astext()
        timed = with_times(text, taken)
        if timed != text:
            block.rawsource = timed
            block.children = [nodes.Text(timed)]


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("doctree-read", _read)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
