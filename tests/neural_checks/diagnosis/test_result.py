"""Committed diagnoses of version 1 are read as what they say, and drawn."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from neural_checks.diagnosis.result import REPORT
from neural_checks.diagnosis.view import figure, text

NAMES = ("e3nn", "mace", "nequip-L0", "nequip-stock")


@pytest.fixture(params=NAMES)
def folder(request: pytest.FixtureRequest, repository: Path) -> Path:
    return repository / "docs" / "results" / "architectures" / str(request.param)


def test_every_number_of_a_committed_report_is_read(folder: Path, tmp_path: Path) -> None:
    report = REPORT.read(folder / "report.json")
    old = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    for name in ("closed", "component"):
        curve = getattr(report, name)
        for key in ("values", "low", "high"):
            assert list(getattr(curve, key)) == old[name][key]
        assert curve.weights == old[name]["weights"]
    assert [list(row) for row in report.per_site] == old["per_atom"]
    assert [site.number for site in report.sites] == old["numbers"]
    assert (report.verdict.outcome, report.verdict.reason) == (old["verdict"], old["reason"])
    assert [(d.site, d.ell, d.R2) for d in report.deficits] == [
        (d["atom"], d["ell"], d["R2"]) for d in old["deficits"]
    ]
    REPORT.write(tmp_path / "again.json", report)
    assert REPORT.read(tmp_path / "again.json") == report


def test_the_committed_curves_are_those_of_the_table(folder: Path) -> None:
    """Every line of the committed table that holds a curve is made from the report."""
    made = text(REPORT.read(folder / "report.json")).splitlines()
    committed = (folder / "table.txt").read_text(encoding="utf-8").splitlines()
    curves = [line for line in committed if line.startswith(("  closed form", "  orientation"))]
    assert len(curves) == 2
    assert set(curves) <= set(made)


def test_a_small_negative_value_keeps_its_sign(repository: Path) -> None:
    """−0.001 was once shown as 0.001."""
    folder = repository / "docs" / "results" / "architectures" / "nequip-L0"
    report = REPORT.read(folder / "report.json")
    assert round(report.component.values[0], 3) == -0.001
    assert "component-wise R²     -0.001" in text(report)


def test_a_committed_report_is_drawn(folder: Path) -> None:
    pytest.importorskip("matplotlib")
    left, right, _ = figure(REPORT.read(folder / "report.json")).axes
    assert left.get_xlabel() == "degree ℓ of the field"
    assert right.get_title() == "closed form, by site (agrees)"
