"""Reports of earlier versions are read as what they say, and damaged ones are refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from neural_checks.injection.figures import figure_of, names
from neural_checks.injection.result import REPORT, Metric, Readout, ReadoutKind
from neural_checks.injection.tables import per_atom_csv, table_csv
from neural_checks.readouts.verdict import RecoveryCurve, judge
from numeric_checks.figures import save_figure

FIRST = ("version-1-one-network", "version-1-four-networks")
KEYS = {
    Metric.FIELD: "R2_field",
    Metric.RECOVERY: "rho",
    Metric.GAIN: "G",
    Metric.INJECTED: "R2_inj",
    Metric.RECOVERY_INJECTED: "rho_injected",
}


def of_version(name: str) -> Path:
    """A report that an earlier version of the experiment wrote."""
    return Path(__file__).parent / "reports" / f"{name}.json"


@pytest.fixture(params=FIRST)
def first(request: pytest.FixtureRequest) -> Path:
    return of_version(str(request.param))


@pytest.fixture
def run(repository: Path) -> Path:
    """The folder of a committed run."""
    return repository / "docs" / "results" / "aspirin-ccsd"


def content(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def test_every_number_of_a_report_of_version_1_is_read(first: Path) -> None:
    report, old = REPORT.read(first), content(first)
    assert report.schema == 4
    for readout in report.measurement.readouts:
        entry = old["readouts"][readout.name.replace(", per atom", "")]
        for metric, key in KEYS.items():
            curve = readout.curve(metric)
            assert (curve is None) == (key not in entry)
            if curve is not None:
                assert list(curve.values) == entry[key]
                ends = [list(pair) for pair in zip(curve.low, curve.high, strict=True)]
                assert ends == entry[f"{key}_interval"]
        # One rule for all: what agreed still does, at the same place.
        assert readout.verdict.agrees == entry["verdict"]["agrees"]
        assert readout.verdict.measured == entry["verdict"]["measured"]
        at = readout.verdict.boundary
        if readout.kind is ReadoutKind.TRAINED:
            spread = entry["seed_standard_deviation_R2_inj"][at - 1]
            assert readout.seed_deviation(at) == pytest.approx(spread)
    rows = dict(report.measurement.controls.rows())
    assert list(rows["rigid body"].values) == old["controls"]["rigid body"]
    assert [b.force_mae for b in report.backbones] == [
        b["force_mae_meV_per_A"] for b in old["backbones"]
    ]


def test_what_was_read_is_written_in_the_present_layout(first: Path, tmp_path: Path) -> None:
    report = REPORT.read(first)
    REPORT.write(tmp_path / "again.json", report)
    assert json.loads((tmp_path / "again.json").read_text())["schema"] == 4
    assert REPORT.read(tmp_path / "again.json") == report


def test_a_report_of_version_3_says_that_gradients_were_not_clipped(tmp_path: Path) -> None:
    path = of_version("version-3")
    report, old = REPORT.read(path), content(path)
    assert (report.schema, old["schema"]) == (4, 3)
    assert "clip" not in old["measurement"]["settings"]["spn"]
    assert report.measurement.settings.spn.clip is None
    REPORT.write(tmp_path / "again.json", report)
    again = content(tmp_path / "again.json")
    assert again["measurement"]["readouts"] == old["measurement"]["readouts"]


def test_a_weak_readout_counts_by_what_it_recovers_above_the_boundary(run: Path) -> None:
    report = REPORT.read(run / "report.json")
    readout = next(r for r in report.measurement.readouts if r.degree == 1 and r.field is not None)

    def with_values(kind: ReadoutKind, channels: int, *values: float) -> Readout:
        curve = RecoveryCurve(values, *(tuple(v + d for v in values) for d in (-0.01, 0.01)))
        verdict = judge(curve, 2, 1)
        return replace(readout, kind=kind, channels=channels, field=curve, verdict=verdict)

    for kind, channels, why in (
        (ReadoutKind.SHARED, 8, "one network for all atoms"),
        (ReadoutKind.COMPONENT, 1, "one channel per irrep"),
    ):
        assert with_values(kind, channels, 0.0, 0.0, 0.0).not_judged.startswith(why)
        assert with_values(kind, channels, 0.0, 0.0, 0.9).not_judged == ""
        assert with_values(kind, channels, 0.9, 0.9, 0.0).not_judged == ""
    assert with_values(ReadoutKind.COMPONENT, 2, 0.0, 0.0, 0.0).not_judged == ""


def test_the_committed_tables_are_made_from_the_committed_report(run: Path) -> None:
    pytest.importorskip("ase")
    report = REPORT.read(run / "report.json")
    assert per_atom_csv(report) == (run / "per_atom.csv").read_text(encoding="utf-8")
    assert table_csv(report) == (run / "table.csv").read_text(encoding="utf-8")


def test_a_committed_figure_is_drawn_from_the_committed_report(run: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    report = REPORT.read(run / "report.json")
    assert "per_atom" in names(report)
    # Reports of version 1 hold no geometry, so the molecule cannot be drawn.
    assert "per_atom" not in names(REPORT.read(of_version(FIRST[0])))
    path = tmp_path / "recovery.svg"
    save_figure(figure_of(report, "recovery"), (path,))

    def texts(file: Path) -> list[str]:
        return [line for line in file.read_text(encoding="utf-8").splitlines() if "<!--" in line]

    # Every text of the figure stands in a comment, whatever the version that drew its outlines.
    assert texts(path) == texts(run / "recovery.svg")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda r: r.update(schema=99), "its schema is 99, known are 1, 2, 3, 4"),
        (lambda r: r.pop("controls"), "KeyError 'controls'"),
        (lambda r: r["settings"].pop("L"), "KeyError 'L'"),
        (lambda r: r["settings"].update(seed="x"), "measurement.settings.seed"),
        (lambda r: r.update(readouts=[1]), "AttributeError"),
    ],
)
def test_a_damaged_report_is_one_line(tmp_path: Path, change: Any, words: str) -> None:
    old = content(of_version(FIRST[1]))
    change(old)
    (tmp_path / "report.json").write_text(json.dumps(old))
    with pytest.raises(ValueError, match=r"report\.json: not a report of") as caught:
        REPORT.read(tmp_path / "report.json")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "[]", "{", "null", '{"schema": null}', '{"schema": [1]}'])
def test_what_is_no_report_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "report.json").write_text(text)
    with pytest.raises(ValueError, match=r"report\.json"):
        REPORT.read(tmp_path / "report.json")
