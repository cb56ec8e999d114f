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
