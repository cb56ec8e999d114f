"""The tables of sweeps and of costs are those of the records."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from pathlib import Path

import costs
import pytest
import run_pages
import sweep_page

KEYS = ("data", "L", "channels", "layers", "architecture", "gates", "trained", "d_r")


def cells(text: str) -> list[list[str]]:
    """The rows of a table below its head; all must have as many cells as the head."""
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]
    assert len({len(line) for line in lines}) == 1
    return lines[2:]


@pytest.mark.parametrize("name", ["architectures", "cliff", "controls", "molecules"])
def test_every_setting_has_its_row(name: str, repository: Path) -> None:
    """R² above the boundary and the number of seeds, from the rows of the single backbones."""
    path = repository / "docs" / "results" / f"sweep-{name}" / "table.csv"
    above: dict[tuple[str, ...], list[float]] = defaultdict(list)
    with path.open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            wanted = row["readout"] == "component-wise" and float(row["amplitude"]) == 1
            if wanted and int(row["ell"]) == int(row["d_r"]) * int(row["L"]) + 1:
                key = tuple(row[k] for k in KEYS)
                above[key].append(float(row["R2_field"]))
    shown = cells(sweep_page.table(sweep_page._cells(name)))
    assert all(cell.split(" [")[0] for row in shown for cell in row[3:6])
    expected = [
        (str(len(values)), f"{sum(values) / len(values):.2f}".replace("-0.00", "0.00"))
        for values in above.values()
    ]
    found = [
        (row[1], cell.rsplit("/ ", 1)[1].replace("−", "-")) for row in shown for cell in row[3:6]
    ]
    assert sorted(found) == sorted(expected)


def test_the_contrast_is_shown_by_amplitude() -> None:
    ((_, *shown),) = cells(sweep_page.contrast(sweep_page._cells("controls")))
    values = [float(cell.split(" ")[0]) for cell in shown]
    assert len(values) == 4
    assert values == sorted(values)
    assert values[0] > 0


def test_what_is_said_of_a_sweep_is_counted_from_its_cells() -> None:
    found = sweep_page._cells("controls")
    shown = sweep_page._polynomial_cells(found)
    # The single backbones: no degree above the boundary is recovered, every one up to it is.
    assert all(float(c["R2_above_high"]) < 0.05 < float(c["R2_at_low"]) for c in shown)
    text = sweep_page.said(found, {"exit_code": 0})
    assert f"Of {len(shown)} cliffs" in text
    assert "all are at" in text
    odd = {**shown[0], "outcome": "disagrees"}
    text = sweep_page.said([odd if c is shown[0] else c for c in found], {"exit_code": 3})
    assert f"{len(shown) - 1} are at $d_rL$; the others are: aspirin_rmd17, closed form" in text
    assert "disagrees (R²" in text
    assert text.endswith("exit code 3.\n")


def test_the_exit_codes_are_those_of_the_cells() -> None:
    for name in sweep_page.NAMES:
        outcomes = {c["outcome"] for c in sweep_page._cells(name)}
        code = 3 if "disagrees" in outcomes else 4 if "undecided" in outcomes else 0
        assert sweep_page._summary(name)["exit_code"] == code


def test_equal_boundaries_and_the_least_are_those_of_the_cells() -> None:
    text = sweep_page.equal_boundaries(sweep_page._cells("cliff"))
    assert "L = 2, $d_r$ = 3 and L = 3, $d_r$ = 2 have the boundary 6" in text
    found = sweep_page._cells("cliff")
    for cell in found:
        if (cell["L"], cell["d_r"], cell["readout"]) == ("3", "2", "component-wise"):
            cell["measured"] = "5"
    assert "the measured cliffs are 6 and 5." in sweep_page.equal_boundaries(found)
    found = sweep_page._cells("molecules")
    for cell in found:
        if cell["data"] == "toluene_rmd17" and cell["d_r"] == "2":
            cell["R2_at"] = "0.1"
    assert "`toluene_rmd17` for $d_r$ = 2 (0.10)" in sweep_page.least(found)


def test_the_runs_of_the_sweeps_are_those_of_the_job_files() -> None:
    found = cells(sweep_page.runs().split("\n\n")[0])
    for name in sweep_page.NAMES:
        files = sweep_page.jobs(name)
        assert sum(int(row[2]) for row in found if f"`{name} <" in row[0]) == len(files)
    (row,) = (row for row in found if "`molecules <" in row[0])
    assert row[7] == "2,000 or 10,000"
    assert row[3:5] == ["2", "16"]


def test_the_contrast_says_where_its_interval_is_above_zero() -> None:
    found = sweep_page._cells("controls")
    shown = sweep_page._contrasts(found)
    text = sweep_page.contrast_said(found)
    assert f"at {sum(float(c['contrast_low']) > 0 for c in shown)} of {len(shown)}" in text
    for cell in shown:
        cell["contrast_low"] = "-0.1"
    assert f"at 0 of {len(shown)} amplitudes" in sweep_page.contrast_said(found)


def test_costs_are_those_of_the_records(repository: Path) -> None:
    tables: dict[str, str] = {}
    costs.write_all(lambda path, text: tables.update({path.name: text}))
    exact = json.loads((repository / "docs/results/benchmarks/exact.json").read_text("utf-8"))
    for row in exact["rows"]:
        assert (f"| {row['what']} |" in tables["exact.md"]) == ("cpu_seconds" in row)
    numeric = json.loads((repository / "docs/results/numeric/benchmark.json").read_text("utf-8"))
    for row in numeric["rows"]:
        assert row["what"] in tables["numeric.md"]
    diagnosis = json.loads(
        (repository / "docs/results/benchmarks/diagnosis.json").read_text("utf-8")
    )
    assert f"{diagnosis['cpu_seconds']:.0f} CPU seconds" in tables["diagnosis-cost.md"]
    shown = cells(tables["training.md"])
    runs = run_pages.injections()
    assert [row[2] for row in shown] == [str(len(run.backbones)) for run in runs.values()]
