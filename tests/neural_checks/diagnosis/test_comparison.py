"""Diagnoses side by side, on committed reports: one table, CSV, JSON and figure; refusals."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from neural_checks.compare import main
from neural_checks.diagnosis.comparison import (
    LAYERS,
    LayersReport,
    compare,
    csv_text,
    of_layers,
    read_report,
    text,
)
from neural_checks.diagnosis.result import REPORT, DiagnosisReport
from neural_checks.readouts.verdict import Outcome


@pytest.fixture
def folders(repository: Path) -> dict[str, Path]:
    place = repository / "docs" / "results" / "architectures"
    return {name: place / name for name in ("e3nn", "mace", "nequip-L0")}


@pytest.fixture
def reports(folders: dict[str, Path]) -> list[tuple[str, DiagnosisReport]]:
    return [(name, REPORT.read(path / "report.json")) for name, path in folders.items()]


def test_the_rows_are_those_of_the_reports(reports: list[tuple[str, DiagnosisReport]]) -> None:
    found = compare(reports)
    assert [row.name for row in found.rows] == ["e3nn", "mace", "nequip-L0"]
    for row, (_, report) in zip(found.rows, reports, strict=True):
        edge = report.boundary
        assert row.values[:edge] == report.closed.values[:edge]
        assert row.values[edge:] == report.component.values[edge:]
        assert (row.force_mae, row.outcome) == (report.force_mae, report.verdict.outcome)
    lines = text(found).splitlines()
    (line,) = [line for line in lines if line.startswith("mace")]
    assert f"{reports[1][1].closed.values[3]:.3f}" in line
    assert any("which frames were used is not known" in line for line in lines)
    read = list(csv.DictReader(io.StringIO(csv_text(found))))
    assert len(read) == sum(len(row.values) for row in found.rows)
    assert float(read[3]["R2"]) == reports[0][1].closed.values[3]
    assert read[0]["ell"] == "1"


def test_one_that_disagrees_decides(reports: list[tuple[str, DiagnosisReport]]) -> None:
    name, report = reports[0]
    wrong = replace(report, verdict=replace(report.verdict, outcome=Outcome.DISAGREES))
    assert compare(reports).outcome is Outcome.AGREES
    assert compare([*reports, ("wrong", wrong)]).outcome is Outcome.DISAGREES
    layers = LayersReport((report, wrong))
    assert layers.outcome is Outcome.DISAGREES
    assert [row.name for row in of_layers(layers).rows] == ["layer 0", "layer 1"]
    assert name == "e3nn"


def test_different_data_are_refused_and_different_frames_said(
    reports: list[tuple[str, DiagnosisReport]],
) -> None:
    (name, report), other = reports[:2]
    moved = replace(report, data=replace(report.data, sha256="1" * 64))
    with pytest.raises(ValueError, match="different data"):
        compare([(name, moved), other])
    found = compare([(name, moved), other], any_data=True)
    assert any(line.startswith("data differ") for line in found.notes)
    pair = [
        (n, replace(report, data=replace(report.data, frames_sha256=digest)))
        for n, digest in (("a", "0" * 64), ("b", "f" * 64))
    ]
    assert any("frames differ: a 300+150 00000000" in line for line in compare(pair).notes)
    same = [(n, pair[0][1]) for n in ("a", "b")]
    assert compare(same).notes == ()
    cubic = replace(report, options=replace(report.options, degree=3))
    assert any("degree of the readout" in line for line in compare([other, ("c", cubic)]).notes)
    with pytest.raises(ValueError, match="names must differ"):
        compare([other, other])
    with pytest.raises(ValueError, match="at least one"):
        compare([])


def test_shares_that_symmetry_leaves_stand_in_the_table(
    reports: list[tuple[str, DiagnosisReport]],
) -> None:
    name, report = reports[0]
    shares = (0.25, *[1.0] * (len(report.closed.values) - 1))
    assert "attainable S_ℓ" in text(compare([(name, replace(report, attainable=shares))]))
    assert "attainable S_ℓ" not in text(compare(reports))


def test_the_command(
    folders: dict[str, Path],
    reports: list[tuple[str, DiagnosisReport]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("matplotlib")
    report = reports[0][1]
    layers = tmp_path / "layers"
    layers.mkdir()
    LAYERS.write(layers / "report.json", LayersReport((report, report)))
    assert read_report(layers / "report.json") == LayersReport((report, report))
    out = tmp_path / "out"
    runs = [str(folders["e3nn"]), f"small={folders['nequip-L0']}", str(layers)]
    assert main([*runs, "--out", str(out)]) == 0
    shown = capsys.readouterr().out
    assert "small" in shown
    assert "layers, layer 1" in shown
    assert {path.name for path in out.iterdir() if not path.name.startswith(".")} == {
        "table.txt", "table.csv", "comparison.svg", "comparison.png", "comparison.json",
    }  # fmt: skip
    content = json.loads((out / "comparison.json").read_text(encoding="utf-8"))
    assert (content["outcome"], len(content["rows"])) == ("agrees", 4)
    assert main([*runs, "--out", str(out)]) == 2
    assert "exists" in capsys.readouterr().err
    bad = tmp_path / "bad.json"
    bad.write_text("[1]", encoding="utf-8")
    for wrong in (str(tmp_path / "absent"), str(bad), "x=absent"):
        assert main([wrong]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1
