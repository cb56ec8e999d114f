"""The table of bandwidths of force fields, from committed reports alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from proof_map import DOCS

Write = Callable[[Path, str], None]
Report = dict[str, Any]

RESULTS = DOCS / "results" / "bandwidth"
#: Shares w(ℓ) that the table shows.
SHOWN = 4


def write_all(write: Write) -> None:
    """The table that docs/bandwidth.md includes."""
    reports = {
        path.parent.name: (_read(path), _read(path.with_name("direction-only.json")))
        for path in sorted(RESULTS.glob("*/report.json"))
    }
    write(DOCS / "_generated" / "bandwidth.md", table(reports))


def _read(path: Path) -> Report:
    report: Report = json.loads(path.read_text(encoding="utf-8"))
    return report


def table(reports: dict[str, tuple[Report, Report]]) -> str:
    """One row a data set: what direction and distance explain, its shares by ℓ, and ℓ*."""
    shares = " | ".join(f"w({ell})" for ell in range(SHOWN))
    lines = [
        f"| data | frames | atoms | explained | {shares} | ℓ* | direction alone: ℓ* |",
        "|---" * (6 + SHOWN) + "|",
    ]
    for name, (report, direction) in reports.items():
        pooled = report["pooled"]
        weights = " | ".join(f"{weight:.3f}" for weight in pooled["weights"][:SHOWN])
        lines.append(
            f"| {{download}}`{name} </results/bandwidth/{name}/report.json>` "
            f"| {pooled['samples']} | {len(report['atoms'])} "
            f"| {_explained(report)} | {weights} | {_degree(report)} "
            f"| {_degree(direction)} of {_explained(direction)} |"
        )
    return "\n".join(lines) + "\n"


def _explained(report: Report) -> str:
    pooled = report["pooled"]
    return f"{pooled['explained'][pooled['best']]:.3f}"


def _degree(report: Report) -> str:
    found = report["pooled"]["bandwidth"]
    if found is None:
        return "undecided"
    return f"≥ {found}" if report["lower_bound"] else str(found)
