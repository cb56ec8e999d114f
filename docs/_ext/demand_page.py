"""The table of angular demand, from the committed reports alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

from proof_map import DOCS

from numeric_checks.demand.result import least_degree

Write = Callable[[Path, str], None]

RESULTS = DOCS / "results" / "demand"


def write_all(write: Write) -> None:
    """The table that docs/demand.md includes."""
    reports = {
        path.parent.name: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(RESULTS.glob("*/report.json"))
    }
    write(DOCS / "_generated" / "demand.md", table(reports))


def table(reports: dict[str, dict[str, Any]]) -> str:
    """One row a data set: the error by ℓ, the ratios, and ℓ* of both curves."""
    top = max((len(report["curve"]) for report in reports.values()), default=0)
    heads = " | ".join(f"ℓ ≤ {ell}" for ell in range(top))
    lines = [
        f"| data | factors | {heads} | ratios from ℓ = 1 on | ℓ* | ℓ* at equal weights |",
        "|---|---|" + "---|" * (top + 3),
    ]
    for name, report in reports.items():
        errors = [point["mae"] for point in report["curve"]]
        cells = [f"{error:.1f}" for error in errors] + ["–"] * (top - len(errors))
        ratios = ", ".join(f"{after / before:.2f}" for before, after in pairwise(errors[1:]))
        level = report["settings"]["level"]
        equal = least_degree([point["mae"] for point in report["matched"]], level)
        sign = "≥ " if report["lower_bound"] else ""
        star = "undecided" if report["undecided"] else f"{sign}{report['demand']}"
        lines.append(
            f"| {name} | {report['factors']} | {' | '.join(cells)} | {ratios} | {star} | {equal} |"
        )
    return "\n".join(lines) + "\n"
