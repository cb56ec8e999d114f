"""The whole measurement on the toy backbone: numbers, tables, figures, controls."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("ase")

from neural_checks.backbones.equivariance import NotEquivariantError
from neural_checks.injection.controls import CONE
from neural_checks.injection.experiment import Subject, run_experiment
from neural_checks.injection.figures import figure_of, names
from neural_checks.injection.result import (
    REPORT,
    DataOrigin,
    Frames,
    InjectionReport,
    Metric,
    ReadoutKind,
    Settings,
    TrainedBackbone,
)
from neural_checks.injection.tables import per_atom_csv, table_csv, text
from neural_checks.readouts.trained import SpnConfig

SETTINGS = Settings(
    L=2,
    degrees_read=(1, 2),
    orientations=6,
    draws=50,
    spn=SpnConfig(
        steps=150, batch=16, shared_batch=8, seeds=2, width=16, channels=2, orientations=2
    ),
    control_sites=2,
)
FIT, HELD = np.arange(80), np.arange(80, 120)


@pytest.fixture(scope="module")
def report(toy: Any) -> InjectionReport:
    stages: list[tuple[int, int, str]] = []
    data = toy.toy_data()
    backbones = [toy.DensityBackbone(), toy.DensityBackbone(channels=4)]
    measured = run_experiment(
        Subject(backbones, data, FIT, HELD, toy.DensityBackbone()),
        SETTINGS,
        progress=lambda *stage: stages.append(stage),
    )
    assert stages[-1][0] == stages[-1][1] == len(stages)
    row = TrainedBackbone(
        seed=0,
        layer=1,
        layers=3,
        layer_irreps="3x0e+3x1o+3x2e",
        force_mae=1.0,
        history=((1, 0.5, 2.0), (2, 0.4, 1.0)),
    )
    numbers = tuple(data.numbers.tolist())
    return InjectionReport(
        measurement=measured,
        data=DataOrigin("toy", "none", "made here", "0", len(data), numbers),
        frames=Frames(80, 80, 40, "by index"),
        backbones=(row, row),
        preset="none",
        train={},
        environment={},
        measurement_seconds=1.0,
        measurement_cpu_seconds=1.0,
        geometry=tuple(map(tuple, data.positions[0].tolist())),
    )


def test_every_readout_has_its_numbers_and_intervals(report: InjectionReport) -> None:
    readouts = report.measurement.readouts
    assert {(r.kind, r.degree) for r in readouts} == {(k, d) for k in ReadoutKind for d in (1, 2)}
    for readout in readouts:
        for metric in (Metric.RECOVERY, Metric.GAIN, Metric.INJECTED):
            curve = readout.curve(metric)
            assert curve is not None
            assert len(curve.values) == 2 * readout.degree + 3, readout.name
            assert (np.array(curve.low) <= np.array(curve.high)).all()
        assert readout.verdict.boundary == 2 * readout.degree
        assert np.shape(readout.per_site) == (2 * readout.degree + 3, 5)
        assert np.shape(readout.per_backbone) == (2, 2 * readout.degree + 3)
        assert readout.alone is not None
        found = readout.distribution
        assert found is not None
        assert sum(found.contrast.counts) == sum(found.inside.counts) == 50
        assert found.contrast.low <= found.interval[0] <= found.interval[1] <= found.contrast.high
        # The toy predicts no forces at all, so that only the field's own R² is clean.
        if not readout.kind.by_gradient:
            assert readout.verdict.agrees, readout.name
        else:
            assert np.shape(readout.per_seed) == (2, 2, 2 * readout.degree + 3)
            seeds = np.array(readout.per_seed)[:, :, 0]
            assert readout.seed_deviation(1) == pytest.approx(seeds.std(axis=1).mean())


def test_controls_do_what_they_must(report: InjectionReport) -> None:
    controls = report.measurement.controls
    assert max(controls.shuffled.values) < 0.05
    assert max(controls.quadrature.values[4:]) < 1e-12
    for words, curve in controls.rows():
        assert curve.low is not None, words
        assert curve.high is not None, words
        assert all(a <= b + 1e-9 for a, b in zip(curve.low, curve.values, strict=True)), words
        assert all(a <= b + 1e-9 for a, b in zip(curve.values, curve.high, strict=True)), words
    assert controls.shuffled.backbones == controls.cone.curves[0].backbones == 2
    assert controls.rigid_body.backbones == 1
    assert controls.cone.angles == CONE
    above = np.array(controls.cone.values)[:, 4]
    assert above[0] > 0.2 > 0.05 > above[-1]
    assert len(controls.cone.sites) == 2


def test_the_report_comes_back_from_its_file(report: InjectionReport, tmp_path: Any) -> None:
    REPORT.write(tmp_path / "report.json", report)
    assert REPORT.read(tmp_path / "report.json") == report


def test_tables_hold_the_numbers(report: InjectionReport) -> None:
    rows = list(csv.DictReader(io.StringIO(table_csv(as_aspirin(report)))))
    published = [r for r in rows if r["readout"] == "published"]
    assert {(r["metric"], r["ell"], r["value"]) for r in published} >= {("rho", "4", "0.913")}
    first = report.measurement.readouts[0]
    assert first.field is not None
    assert float(rows[0]["value"]) == pytest.approx(first.field.values[0], rel=1e-5)
    atoms = list(csv.DictReader(io.StringIO(per_atom_csv(report))))
    assert len(atoms) == 5 * len(report.measurement.readouts)
    shown = text(as_aspirin(report))
    assert "published, degree 2" in shown
    assert "proved boundary 4: AGREES" in shown
    assert "turns up to 15°" in shown
    assert shown.splitlines()[-1] == report.sentence


def as_aspirin(report: InjectionReport) -> InjectionReport:
    numbers = (8,) * 4 + (6,) * 9 + (1,) * 8
    return replace(report, data=replace(report.data, numbers=numbers))


def test_published_values_stand_beside_runs_of_aspirin_and_their_own_l(
    report: InjectionReport,
) -> None:
    own = as_aspirin(report)
    settings = replace(report.measurement.settings, L=3)
    other = replace(own, measurement=replace(report.measurement, settings=settings))
    assert own.published_values(Metric.RECOVERY) == {4: 0.913, 5: 0.078}
    for without in (report, other):
        assert without.published_values(Metric.RECOVERY) == {}
        assert "published" not in text(without)
        assert "published" not in table_csv(without)


def test_figures_show_the_readouts_and_the_molecule(report: InjectionReport) -> None:
    pytest.importorskip("matplotlib")
    drawn = {name: figure_of(report, name) for name in names(report)}
    assert set(drawn) == {
        "recovery", "recovery_small", "cone", "per_atom", "training", "seeds", "bootstrap",
    }  # fmt: skip
    titles = ["readout degree 1: dL = 2", "readout degree 2: dL = 4"]
    assert [a.get_title() for a in drawn["recovery"].axes] == titles
    assert [a.get_title() for a in drawn["seeds"].axes] == titles
    # A line for every kind, backbone and seed, and the two that mark 0 and the boundary.
    assert len(drawn["seeds"].axes[0].lines) == 2 * 2 * 2 + 2
    for name, figure in drawn.items():
        shown = figure.get_supxlabel()
        assert "toy" in shown, name
        assert "n = " in shown, name
    with pytest.raises(ValueError, match="not per_atom"):
        figure_of(replace(report, geometry=None), "per_atom")


def test_a_broken_backbone_stops_the_run(toy: Any) -> None:
    with pytest.raises(NotEquivariantError):
        run_experiment(Subject([toy.BrokenBackbone()], toy.toy_data(), FIT, HELD), SETTINGS)


@pytest.mark.parametrize(
    "wrong",
    [
        {"L": 0},
        {"amplitude": float("nan")},
        {"amplitude": 0.0},
        {"draws": 0},
        {"degrees_read": (4,)},
        {"degrees_read": ()},
        {"control_sites": 0},
    ],
)
def test_settings_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong)).partition("_")[0]):
        replace(SETTINGS, **wrong)


def test_frames_that_follow_each_other_are_drawn_together(toy: Any) -> None:
    data = toy.toy_data(200)
    held = np.arange(80, 200)
    assert Subject([], data, FIT, held).blocks is None
    order = np.random.default_rng(0).permutation(200)
    blocks = Subject([], replace(data, order=order), FIT, held).blocks
    assert blocks is not None
    assert set(np.bincount(blocks)) == {2, 3}
    # Along the trajectory the blocks come one after another.
    assert (np.diff(blocks[np.argsort(order[held])]) >= 0).all()
