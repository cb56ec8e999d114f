"""The tables of demand hold what the committed results say, and say what failed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import demand_page


def cells(text: str) -> list[list[str]]:
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]
    assert len({len(line) for line in lines}) == 1
    return lines[2:]


def made() -> dict[str, str]:
    tables: dict[str, str] = {}
    demand_page.write_all(lambda path, text: tables.update({path.stem: text}))
    return tables


def test_every_committed_demand_has_its_row(repository: Path) -> None:
    folder = repository / "docs" / "results" / "demand"
    names = {path.parent.name for path in folder.glob("*/report.json")} - {"validation"}
    assert {row[0] for row in cells(made()["demand"])} == names


def test_every_network_and_ratio_has_its_row(repository: Path) -> None:
    path = repository / "docs" / "results" / "demand" / "validation" / "report.json"
    report: dict[str, Any] = json.loads(path.read_text("utf-8"))
    tables = made()
    shown = cells(tables["demand-networks"])
    assert [row[6] for row in shown] == [
        f"{one['mae']:.1f}"
        for one in sorted(
            report["networks"],
            key=lambda n: (n["data"], n["architecture"], n["steps"], n["L"], n["seed"]),
        )
    ]
    measured = {(r["data"], r["architecture"], r["steps"], r["L"]) for r in report["ratios"]}
    assert len(cells(tables["demand-ratios"])) == len(measured)
    course, told = tables["demand-training"].split("\n\n")
    assert len(cells(course)) == len(report["training"]["courses"])
    assert told.strip().lower().startswith(report["training"]["sentence"].lower())
    if report["training"]["longer"]:
        assert len(cells(tables["demand-longer"])) == len(report["training"]["longer"])
    assert len(cells(tables["demand-agreement"])) == len(report["agreement"])


def test_a_cost_that_was_not_measured_says_why() -> None:
    row = {
        "program": "featomic", "factors": 2, "l_max": 5, "frames": 250, "cutoff": 5.0,
        "failure": "No module named 'featomic'",
    }  # fmt: skip
    assert "No module named" in demand_page.costs({"rows": [row]})
