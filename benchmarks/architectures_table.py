"""The table of architectures in docs/diagnose.md, from the reports of the runs.

python benchmarks/architectures_table.py docs/results/architectures
"""

from __future__ import annotations

import sys
from pathlib import Path

from neural_checks.diagnosis.result import REPORT


def table(folder: Path) -> str:
    """One row per ``folder/NAME/report.json``, by name; R² at the boundary and just above."""
    lines = [
        "| run | package | features read | L | force MAE (meV/Å) | dL | closed form R², ℓ = 1 … dL "
        "| component-wise R², ℓ = dL + 1 … dL + 3 | atoms below 0.5 | verdict |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for path in sorted(folder.glob("*/report.json")):
        report = REPORT.read(path)
        edge = report.boundary
        inside = ", ".join(f"{v:.3f}" for v in report.closed.values[:edge]) or "–"
        above = ", ".join(f"{v:.3f}" for v in report.component.values[edge:])
        sites = len({deficit.site for deficit in report.deficits})
        mae = "not known" if report.force_mae is None else f"{report.force_mae:.0f}"
        cells = [
            f"[{path.parent.name}](results/architectures/{path.parent.name}/table.txt)",
            report.network["package"],
            f"layer {report.network['layer']}: {report.irreps}",
            str(report.L),
            mae,
            str(edge),
            inside,
            above.replace("-", "−"),
            str(sites),
            str(report.verdict.outcome),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(Path(sys.argv[1])))
