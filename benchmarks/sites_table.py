"""The table of kinds of site in docs/diagnose.md, from the reports of three diagnoses.

    python -m neural_checks.diagnose --model neural_checks.e3nn_example:untrained --data embedded \
        --sites atoms --export e3nn.npz --out docs/results/sites/atoms
    python -m neural_checks.diagnose --model e3nn.npz --data embedded --sites environment \
        --out docs/results/sites/environment        # and the same with species
    python benchmarks/sites_table.py docs/results/sites
"""

from __future__ import annotations

import sys
from pathlib import Path

from neural_checks.diagnosis.result import REPORT

KINDS = ("atoms", "environment", "species")


def table(folder: Path) -> str:
    """One row per kind of site; R² of the closed form with its interval, by ℓ up to dL."""
    reports = {kind: REPORT.read(folder / kind / "report.json") for kind in KINDS}
    edge = max(report.boundary for report in reports.values())
    lines = [
        "| `--sites` | sites | "
        + " | ".join(f"ℓ = {ell}" for ell in range(1, edge + 1))
        + f" | component-wise, ℓ = {edge + 1} | verdict |",
        "|---" * (edge + 4) + "|",
    ]
    for kind, report in reports.items():
        cells = [
            "{:.3f} [{:.3f}, {:.3f}]".format(*report.closed.at(ell)) for ell in range(1, edge + 1)
        ]
        above = f"{report.component.values[edge]:.3f}".replace("-", "−")
        lines.append(
            f"| [{kind}](results/sites/{kind}/table.txt) | {len(report.sites)} "
            f"| {' | '.join(cells)} | {above} | {report.verdict.outcome} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(Path(sys.argv[1])))
