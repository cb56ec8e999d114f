"""The tables of demand hold what the committed results say, and say what failed."""

from __future__ import annotations

import json
import math
import statistics
from pathlib import Path
from typing import Any

import demand_page
import demand_said
import pytest


def cells(text: str) -> list[list[str]]:
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]
    assert len({len(line) for line in lines}) == 1
    return lines[2:]


@pytest.fixture
def validation(repository: Path) -> dict[str, Any]:
    path = repository / "docs" / "results" / "demand" / "validation" / "report.json"
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def made() -> dict[str, str]:
    tables: dict[str, str] = {}
    demand_page.write_all(lambda path, text: tables.update({path.stem: text}))
    return tables


def test_every_committed_demand_has_its_row(repository: Path) -> None:
    folder = repository / "docs" / "results" / "demand"
    names = {path.parent.name for path in folder.glob("*/report.json")} - {"validation"}
    shown = {row[0].split(" <")[0].removeprefix("{download}`") for row in cells(made()["demand"])}
    assert shown == names


def test_a_curve_that_still_falls_at_its_last_degree_gives_a_bound(repository: Path) -> None:
    rows = {
        (row[0].split("`")[1].split(" <")[0], *row[1:3]): row for row in cells(made()["demand"])
    }
    for (name, factors, size), row in rows.items():
        path = repository / "docs" / "results" / "demand" / name / "report.json"
        report = json.loads(path.read_text("utf-8"))
        parts = {str(part["factors"]): part for part in (report, *report["fewer_factors"])}
        points = parts[factors]["curve" if size == "full" else "matched"]
        *earlier, last = (point["mae"] for point in points)
        falls = min(earlier) > (1 + report["settings"]["level"]) * min(*earlier, last)
        assert row[-1].startswith("≥ ") is falls, (name, factors, size)
    assert rows["benzene_rmd17", "3", "equal weights"][-1] == "≥ 4"


def test_every_network_and_ratio_has_its_row(validation: dict[str, Any]) -> None:
    report = validation
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


def errors(validation: dict[str, Any], below: bool | None) -> tuple[int, float, float]:
    """Pairs from L = 1 on, and how far demand and the best constant are off, from the rows."""
    rows = [
        row
        for row in validation["ratios"]
        if row["L"] and (row["factors"], row["size"]) == (3, "full")
        if below is None or row["below_linear_model"] is below
    ]
    logs = [math.log(row["measured"]) for row in rows]
    off = [math.log(row["measured"] / row["foretold"]) for row in rows]
    return len(rows), math.sqrt(statistics.fmean(x * x for x in off)), statistics.pstdev(logs)


def test_what_is_said_of_the_pairs_is_what_the_rows_say(validation: dict[str, Any]) -> None:
    for below, sentence in ((None, demand_said.overall), (True, demand_said.below)):
        pairs, off, constant = errors(validation, below)
        text = sentence(validation)
        assert f"({pairs} on " in text
        assert f"by a factor of {math.exp(off):.2f}" in text
        assert f"({math.exp(constant):.2f})" in text
        assert ("no closer than" in text) is (off >= constant)
    assert ("good for two things" in demand_said.text(validation)) is (
        errors(validation, True)[1] < errors(validation, True)[2]
    )


def test_every_pair_that_is_not_below_the_linear_model_is_named(validation: dict[str, Any]) -> None:
    text = demand_said.exceptions(validation)
    for row in validation["ratios"]:
        if row["L"] and row["factors"] == 3 and not row["below_linear_model"]:
            assert f"`{row['data']}`, {row['architecture']}, {row['steps']:,} steps:" in text
            assert f"{row['L']} → {row['L'] + 1}" in text
        row["below_linear_model"] = True
    assert demand_said.exceptions(validation).startswith("**Every network**")


def test_a_worse_agreement_says_so(validation: dict[str, Any]) -> None:
    for one in validation["agreement"]:
        one["spread"] = 2 * one["constant"]
    text = demand_said.text(validation)
    assert "no better than a constant" in text
    assert "good for two things" not in text
    for one in validation["agreement"]:
        one["bias"] = 0.5
    assert "too little" not in demand_said.weights(validation)
    assert "too much" in demand_said.weights(validation)


def test_a_series_that_stops_is_named(validation: dict[str, Any]) -> None:
    assert ("No series stops" in demand_said.stops(validation)) is all(
        one["measured"] == one["L"][-1] for one in validation["stops"]
    )
    validation["stops"][0]["measured"] = 1
    assert f"{validation['stops'][0]['series']}: at L = 1" in demand_said.stops(validation)


def test_the_table_of_made_clusters_bears_what_the_page_says(repository: Path) -> None:
    """Linear models stop at ℓ0; networks lose most of their error with L = 1, at every ℓ0."""
    rows = cells(made()["demand-made"])
    by_kind = {(row[0], row[1]): row[2:] for row in rows}
    assert {ell for ell, _ in by_kind} == {"1", "2", "3"}
    for (ell, kind), (*errors, stop) in by_kind.items():
        if kind == "linear model":
            assert stop == ell
        else:
            assert float(errors[1]) < 0.5 * float(errors[0])
    report = json.loads(
        (repository / "docs/results/demand/validation/clusters/report.json").read_text("utf-8")
    )
    assert {one["seed"] for one in report["networks"]} == {0}


def test_what_three_factors_foretell_of_stops_is_counted(validation: dict[str, Any]) -> None:
    series = [
        {"series": "a", "L": [0, 3], "measured": 2, "foretold": [{**demand_said.CURVE, "L": 1}]},
        {"series": "b", "L": [0, 3], "measured": 3, "foretold": [{**demand_said.CURVE, "L": 3}]},
        {"series": "c", "L": [0, 3], "measured": 3, "foretold": []},
    ]
    told = demand_said.stops(validation | {"stops": series})
    assert "a: at L = 2 (foretold: 1)" in told
    assert "for 1 of 2 series" in told
