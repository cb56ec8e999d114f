"""Training on tiny networks: resumption, several seeds, checkpoints taken as they are."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("nequip")

from neural_checks.backbones.nequip import BackboneConfig, NequIPBackbone
from neural_checks.data.split import split
from neural_checks.training import ensemble
from neural_checks.training.ensemble import read_ensemble, train_all
from neural_checks.training.train import TrainConfig, _Training, force_mae, train

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]

MODEL = BackboneConfig(channels=2, radial_width=8)
TRAIN = TrainConfig(train=20, validation=5, test=10, steps=6, batch=3, validate_every=3, warmup=2)


@pytest.fixture(scope="module")
def data(toy: Any) -> Any:
    """Springs about the toy geometry, so that there is something to learn."""
    made = toy.toy_data(60)
    displaced = made.positions - made.positions.mean(axis=0)
    return replace(
        made, forces=-5 * displaced.reshape(-1, 3), energies=2.5 * (displaced**2).sum(axis=(1, 2))
    )


def test_a_killed_training_resumes_to_the_same_weights(data: Any, tmp_path: Path) -> None:
    import torch

    parts = split(data, 20, 5, 10, 0)
    whole = train(data, parts, MODEL, TRAIN, 1, tmp_path / "whole.pt")
    train(data, parts, MODEL, TRAIN, 1, tmp_path / "cut.pt", stop_after=2)
    train(data, parts, MODEL, TRAIN, 1, tmp_path / "cut.pt", stop_after=2)
    resumed = train(data, parts, MODEL, TRAIN, 1, tmp_path / "cut.pt")
    for a, b in zip(
        whole.backbone.model.parameters(), resumed.backbone.model.parameters(), strict=True
    ):
        assert torch.equal(a, b)
    assert whole.history == resumed.history
    other = train(data, parts, MODEL, TRAIN, 2, tmp_path / "other.pt")
    assert other.history != whole.history
    with pytest.raises(ValueError, match="other settings"):
        train(data, parts, MODEL, replace(TRAIN, steps=7), 1, tmp_path / "cut.pt")


def test_training_lowers_the_force_error(data: Any, tmp_path: Path) -> None:
    parts = split(data, 20, 5, 10, 0)
    config = replace(TRAIN, steps=60, validate_every=30, average=0.8)
    trained = train(data, parts, MODEL, config, 0, tmp_path / "a.pt").backbone
    plain = NequIPBackbone(MODEL, trained.scaling, 0)
    assert force_mae(trained, data, parts.test) < 0.9 * force_mae(plain, data, parts.test)


def test_losses_that_are_not_finite_stop_the_training(
    data: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Data are refused before their losses could overflow, so the loss itself is spoilt here."""
    loss = _Training._loss
    monkeypatch.setattr(_Training, "_loss", lambda self: loss(self) * float("inf"))
    parts = split(data, 20, 5, 10, 0)
    with pytest.raises(FloatingPointError, match=r"not finite in 10 consecutive steps, at step 9"):
        train(data, parts, MODEL, replace(TRAIN, steps=20), 0, tmp_path / "a.pt")
    with pytest.raises(ValueError, match="energy_weight must be at least 0"):
        replace(TRAIN, energy_weight=float("inf"))


TASK = """
def work(seed, checkpoint, device, say, stop):
    if seed < 0:
        raise ValueError(f"seed {seed} on {device}")
    say(seed, 2, 0.5, 0.25)
    checkpoint.write_text(f"{seed} {stop()}")
"""


def test_workers_do_every_seed_report_and_fail_aloud(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Processes as of a training, with work that takes no time."""
    (tmp_path / "work_of_a_seed.py").write_text(TASK)
    monkeypatch.syspath_prepend(str(tmp_path))
    work = import_module("work_of_a_seed").work
    seen: list[tuple[Any, ...]] = []
    with pytest.raises(ValueError, match="seed -1 on cpu"):
        ensemble._side_by_side(work, [3, 5, -1], tmp_path, "cpu", 1, lambda *row: seen.append(row))
    assert seen == [(3, 3, 2, 0.5, 0.25), (5, 5, 2, 0.5, 0.25)]
    for seed in (3, 5):
        assert ensemble.checkpoint_path(tmp_path, seed).read_text() == f"{seed} False"


@pytest.mark.slow
def test_seeds_trained_side_by_side_are_those_trained_in_turn(data: Any, tmp_path: Path) -> None:
    parts = split(data, 20, 5, 10, 0)
    seen: list[int] = []
    together = train_all(
        data, parts, MODEL, TRAIN, [0, 1], tmp_path / "a", parallel=2,
        report=lambda seed, *_rest: seen.append(seed),
    )  # fmt: skip
    in_turn = train_all(data, parts, MODEL, TRAIN, [0, 1], tmp_path / "b")
    assert set(seen) == {0, 1}
    for one, other in zip(together, in_turn, strict=True):
        for a, b in zip(
            one.backbone.model.parameters(), other.backbone.model.parameters(), strict=True
        ):
            np.testing.assert_allclose(a.detach(), b.detach(), rtol=1e-4, atol=1e-6)


def test_a_training_can_be_taken_as_it_is(data: Any, tmp_path: Path) -> None:
    parts = split(data, 20, 5, 10, 0)
    with pytest.raises(ValueError, match="parallel"):
        train_all(data, parts, MODEL, TRAIN, [0], tmp_path, parallel=0)
    with pytest.raises(FileNotFoundError, match="no checkpoint"):
        train_all(data, parts, MODEL, TRAIN, [0], tmp_path, as_trained=True)
    train(data, parts, MODEL, TRAIN, 0, tmp_path / "backbone-0.pt", stop_after=4)
    (taken,) = train_all(data, parts, MODEL, TRAIN, [0], tmp_path, as_trained=True)
    assert (taken.steps, taken.stopped) == (4, "interrupted")
    assert [row[0] for row in taken.history] == [3]


def test_a_finished_checkpoint_needs_no_compiler(
    data: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is marked as trained on a compiled twin; building that twin would be an error here."""
    import torch

    parts = split(data, 20, 5, 10, 0)
    path = tmp_path / "a.pt"
    first = train(data, parts, MODEL, TRAIN, 0, path)
    state = torch.load(path, weights_only=True)
    state["identity"]["train"]["compiled"] = True
    torch.save(state, path)
    plain = NequIPBackbone.__init__

    def refuse(self: Any, *arguments: Any, compiled: bool = False, **named: Any) -> None:
        assert not compiled
        plain(self, *arguments, **named)

    monkeypatch.setattr(NequIPBackbone, "__init__", refuse)
    again = train(data, parts, MODEL, replace(TRAIN, compiled=True), 0, path)
    assert again.history == first.history
    for a, b in zip(
        first.backbone.model.parameters(), again.backbone.model.parameters(), strict=True
    ):
        assert torch.equal(a, b)


@pytest.mark.gpu
def test_on_a_gpu_training_resumes_and_agrees_with_the_cpu(data: Any, tmp_path: Path) -> None:
    import torch

    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    parts = split(data, 20, 5, 10, 0)
    whole = train(data, parts, MODEL, TRAIN, 1, tmp_path / "whole.pt", "cuda")
    train(data, parts, MODEL, TRAIN, 1, tmp_path / "cut.pt", "cuda", stop_after=3)
    resumed = train(data, parts, MODEL, TRAIN, 1, tmp_path / "cut.pt", "cuda")
    on_cpu = train(data, parts, MODEL, TRAIN, 1, tmp_path / "cpu.pt")
    # Sums on a GPU come in no fixed order: close, not equal.
    for other in (resumed, on_cpu):
        np.testing.assert_allclose(
            [row[1:] for row in other.history], [row[1:] for row in whole.history], rtol=1e-2
        )


def test_checkpoints_of_before_a_setting_existed_are_of_its_default(
    data: Any, tmp_path: Path
) -> None:
    import torch

    parts = split(data, 20, 5, 10, 0)
    for seed in (0, 1):
        train(data, parts, MODEL, TRAIN, seed, tmp_path / f"backbone-{seed}.pt", stop_after=1)
    state = torch.load(tmp_path / "backbone-0.pt", weights_only=True)
    assert state["identity"]["model"].pop("tanh_gates") is False
    torch.save(state, tmp_path / "backbone-0.pt")
    assert read_ensemble(tmp_path) == (MODEL, TRAIN, [0, 1])
    state["identity"]["model"]["tanh_gates"] = True
    torch.save(state, tmp_path / "backbone-0.pt")
    with pytest.raises(ValueError, match="the same network and training as the others"):
        read_ensemble(tmp_path)
    state["identity"]["model"]["channels"] = 0
    torch.save(state, tmp_path / "backbone-0.pt")
    with pytest.raises(ValueError, match="not known: channels must be"):
        read_ensemble(tmp_path)
