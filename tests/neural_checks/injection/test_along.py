"""Recovery along one training: what is kept is measured, layer by layer, once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("nequip")
pytest.importorskip("matplotlib")

from neural_checks.backbones.checkpoints import read_checkpoint
from neural_checks.backbones.nequip import BackboneConfig
from neural_checks.data.split import split
from neural_checks.injection import along
from neural_checks.injection.along import ALONG
from neural_checks.training.ensemble import read_ensemble, train_all
from neural_checks.training.train import TrainConfig, kept_path, train

pytestmark = pytest.mark.filterwarnings("ignore")

MODEL = BackboneConfig(l_max=1, layers=3, channels=2, radial_width=8)
TRAIN = TrainConfig(train=20, validation=2, test=8, steps=6, batch=2, validate_every=2, warmup=1)


@pytest.fixture
def run(toy: Any, tmp_path: Path) -> Path:
    data = toy.toy_data(30)
    train_all(data, split(data, 20, 2, 8, 0), MODEL, TRAIN, [0], tmp_path, keep=(2, 4))
    return tmp_path


def test_copies_are_kept_at_the_steps_asked_for_and_survive_an_interruption(
    toy: Any, run: Path, tmp_path: Path
) -> None:
    copies = sorted(run.glob("backbone-0-step*.pt"))
    assert [read_checkpoint(path).step for path in copies] == [2, 4]
    data = toy.toy_data(30)
    parts, cut = split(data, 20, 2, 8, 0), tmp_path / "cut" / "backbone-0.pt"
    train(data, parts, MODEL, TRAIN, 0, cut, stop_after=3, keep=(2, 4))
    train(data, parts, MODEL, TRAIN, 0, cut, keep=(2, 4))
    for path in copies:
        other = read_checkpoint(kept_path(cut, read_checkpoint(path).step))
        assert other.history == read_checkpoint(path).history


def test_an_ensemble_is_read_from_its_folder_and_mixed_ones_are_refused(
    toy: Any, run: Path
) -> None:
    assert read_ensemble(run) == (MODEL, TRAIN, [0])  # copies are no members
    data = toy.toy_data(30)
    wider = BackboneConfig(l_max=1, layers=3, channels=3, radial_width=8)
    train(data, split(data, 20, 2, 8, 0), wider, TRAIN, 1, run / "backbone-1.pt", stop_after=1)
    with pytest.raises(ValueError, match="the same network and training"):
        read_ensemble(run)
    with pytest.raises(FileNotFoundError, match=r"no checkpoint backbone-N\.pt"):
        read_ensemble(run / "elsewhere")


def test_what_is_measured_as_trained_is_what_the_files_name(run: Path) -> None:
    from neural_checks import aspirin
    from neural_checks.injection.plan import Plan

    options = aspirin._parser().parse_args(["--preset", "cpu", "--as-trained"])
    plan = Plan.of(options, aspirin._presets())
    found = plan.of_checkpoints(run, None)
    assert (found.model, found.train, list(found.seeds)) == (MODEL, TRAIN, [0])
    assert found.settings.L == 1
    assert found.settings.spn == plan.settings.spn
    with pytest.raises(FileNotFoundError, match="no checkpoint"):
        plan.of_checkpoints(run / "elsewhere", None)


def test_every_checkpoint_is_measured_once_layer_by_layer(
    toy: Any, run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from numeric_checks.molecules import data as reader

    monkeypatch.setattr(reader, "load", lambda _name: toy.toy_data(30))
    command = [str(run), "--data", "toy", "--fit", "99", "--held", "99", "--draws", "9", "--json"]
    assert along.main(command) == 0
    report = ALONG.load(json.loads(capsys.readouterr().out))
    assert (report.fit, report.held) == (20, 8)  # as many as there are
    assert [(p.step, p.layer) for p in report.points] == [
        (step, layer) for step in (2, 4, 6) for layer in sorted({p.layer for p in report.points})
    ]
    assert {p.layer for p in report.points if p.read} <= {1, 2}
    assert all(p.field.low <= p.field.value <= p.field.high for p in report.points)
    assert (run / "along" / "along.png").stat().st_size > 1000
    (run / "along" / "along.json").unlink()

    def never(*_arguments: Any) -> None:
        raise AssertionError

    monkeypatch.setattr(along, "_of_checkpoint", never)
    assert along.main(command) == 0
    assert ALONG.read(run / "along" / "along.json") == report
