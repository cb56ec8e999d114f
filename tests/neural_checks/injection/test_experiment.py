"""The whole measurement on the toy backbone: keys, files, figures, controls, exit code."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("ase")

from neural_checks.backbones.equivariance import NotEquivariantError
from neural_checks.injection.controls import CONE
from neural_checks.injection.experiment import Settings, run
from neural_checks.injection.figures import draw
from neural_checks.injection.report import print_tables, write
from neural_checks.readouts.trained import SpnConfig

SETTINGS = Settings(
    L=2,
    degrees_read=(1, 2),
    orientations=6,
    draws=50,
    spn=SpnConfig(steps=150, batch=16, seeds=2, width=16, channels=2, orientations=2),
    control_sites=2,
)
FIT, HELD = np.arange(80), np.arange(80, 120)


@pytest.fixture(scope="module")
def report(toy: Any) -> dict[str, Any]:
    stages: list[tuple[int, int, str]] = []
    data = toy.toy_data()
    measured = run(
        [toy.DensityBackbone(), toy.DensityBackbone(channels=4)],
        data,
        FIT,
        HELD,
        SETTINGS,
        toy.DensityBackbone(),
        progress=lambda *stage: stages.append(stage),
    )
    assert stages[-1][0] == stages[-1][1] == len(stages)
    row = {
        "seed": 0,
        "force_mae_meV_per_A": 1.0,
        "history": [(1, 0.5, 2.0), (2, 0.4, 1.0)],
        "layer": 1,
        "layers": 3,
        "layer_irreps": "3x0e+3x1o+3x2e",
    }
    return {
        **measured,
        "data": {"name": "toy", "level_of_theory": "none", "numbers": data.numbers.tolist()},
        "frames": {"fit": 80, "held": 40},
        "backbones": [row, row],
    }


def test_every_readout_has_its_numbers_and_intervals(report: dict[str, Any]) -> None:
    kinds = {"closed form", "pooled closed form", "component-wise", "trained"}
    assert {e["kind"] for e in report["readouts"].values()} == kinds
    for name, entry in report["readouts"].items():
        for metric in ("rho", "G", "R2_inj"):
            values = np.array(entry[metric])
            low, high = np.array(entry[f"{metric}_interval"]).T
            assert len(values) == 2 * entry["degree"] + 3, name
            assert (low <= high).all()
        assert entry["verdict"]["boundary"] == 2 * entry["degree"]
        # The toy predicts no forces at all, so that only the field's own R² is clean.
        if entry["kind"] != "trained":
            assert entry["verdict"]["agrees"], name


def test_controls_do_what_they_must(report: dict[str, Any]) -> None:
    controls = report["controls"]
    assert max(controls["shuffled target"]) < 0.05
    assert max(controls["exact quadrature, component-wise, in sample"][4:]) < 1e-20
    cone = controls["rotations within a cone, component-wise"]
    assert cone["largest_turn_degrees"] == list(CONE)
    above = np.array(cone["R2_field"])[:, 4]
    assert above[0] > 0.2 > 0.05 > above[-1]
    assert len(cone["sites"]) == 2


def test_files_and_figures_are_whole_and_hold_the_numbers(
    report: dict[str, Any], toy: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib")
    write(tmp_path, report)
    draw(tmp_path, report, toy.toy_data().positions[0])
    assert not list(tmp_path.glob("*writing*"))
    again = json.loads((tmp_path / "report.json").read_text())
    assert again["readouts"]["trained, degree 2"] == report["readouts"]["trained, degree 2"]
    with (tmp_path / "table.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    published = [r for r in rows if r["readout"] == "published"]
    assert {(r["metric"], r["ell"], r["value"]) for r in published} >= {("rho", "4", "0.913")}
    with (tmp_path / "per_atom.csv").open() as stream:
        atoms = list(csv.DictReader(stream))
    assert len(atoms) == 5 * len(report["readouts"])
    for name in ("recovery", "cone", "per_atom", "training"):
        for suffix in ("svg", "png"):
            assert (tmp_path / f"{name}.{suffix}").stat().st_size > 1000
    print_tables(report, tmp_path)
    printed = capsys.readouterr().out
    assert "published, degree 2" in printed
    assert "proved boundary 4: AGREES" in printed


def test_a_broken_backbone_stops_the_run(toy: Any) -> None:
    with pytest.raises(NotEquivariantError):
        run([toy.BrokenBackbone()], toy.toy_data(), FIT, HELD, SETTINGS)
