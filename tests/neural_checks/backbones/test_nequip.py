"""The nequip adapter and its training, on tiny networks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("nequip")

from neural_checks.backbones.equivariance import check_equivariance
from neural_checks.backbones.nequip import BackboneConfig, NequIPBackbone
from neural_checks.backbones.scaling import Scaling
from neural_checks.data.split import split
from neural_checks.training.ensemble import train_all
from neural_checks.training.train import TrainConfig, force_mae, train
from numeric_checks.molecules.structures import Structures

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


@pytest.fixture(scope="module")
def backbone(data: Any) -> NequIPBackbone:
    return NequIPBackbone(MODEL, Scaling.of(data, np.arange(20), MODEL.cutoff), seed=0)


def test_the_last_layer_is_scalar_and_the_one_before_is_read(
    backbone: NequIPBackbone, data: Any
) -> None:
    assert backbone.select_layer(data.structures.take(slice(2))) == 1
    norms = list(backbone.gradients.values())
    assert norms[2][1:] == [0.0, 0.0]
    assert min(norms[1]) > 0


def test_features_and_forces_are_equivariant(backbone: NequIPBackbone, data: Any) -> None:
    errors = check_equivariance(backbone, data.structures.take(slice(3)), np.random.default_rng(0))
    assert set(errors) == {"0e", "1o", "2e", "forces", "energy"}
    assert backbone.evaluate(data.structures.take(slice(3))).features["2e"].shape == (15, 2, 5)


def test_forces_are_minus_the_gradient(backbone: NequIPBackbone, data: Any) -> None:
    """Finite differences; the step is large because energies come from float32."""
    frame = data.positions[0]
    one = Structures.of_molecule(frame[None], data.numbers)
    forces = backbone.evaluate(one).forces
    step = 1e-2
    for place in ((0, 0), (2, 1), (4, 2)):
        moved = np.array([frame, frame])
        moved[0][place] += step
        moved[1][place] -= step
        energies = backbone.evaluate(Structures.of_molecule(moved, data.numbers)).energies
        assert -(energies[0] - energies[1]) / (2 * step) == pytest.approx(forces[place], abs=2e-3)


def test_the_graph_is_the_packages_own(backbone: NequIPBackbone, data: Any) -> None:
    """The same edges, images included, of molecules and of a skew cell."""
    import torch
    from nequip.data import AtomicDataDict, compute_neighborlist_, from_dict

    skew = np.array([[4.2, 0.3, 0.0], [-1.1, 5.0, 0.4], [0.5, -0.2, 4.7]])
    crystal = Structures.of_molecule(data.positions[:2], data.numbers, skew)
    for structures in (data.structures.take(slice(2)), crystal):
        ours = backbone.inputs(backbone.graph(structures))
        frames = [
            compute_neighborlist_(
                from_dict({
                    "pos": torch.tensor(structures.take([k]).positions),
                    "atom_types": ours["atom_types"][:5],
                    "cell": torch.tensor(structures.cells[k]),
                    "pbc": torch.tensor(structures.periodic[k]),
                }),
                r_max=MODEL.cutoff,
            )
            for k in range(2)
        ]  # fmt: skip
        theirs = AtomicDataDict.batched_from_list(frames)

        def pairs(found: Any) -> set[tuple[int, ...]]:
            edge = found["edge_index"].T
            shift = found.get("edge_cell_shift", torch.zeros(len(edge), 3))
            return {tuple(int(v) for v in row) for row in torch.cat([edge, shift], dim=1)}

        assert pairs(ours) == pairs(theirs)
        assert len(pairs(ours)) == ours["edge_index"].shape[1]


def test_wrong_shapes_and_settings_are_refused(backbone: NequIPBackbone) -> None:
    with pytest.raises(TypeError, match="takes Structures"):
        backbone.evaluate(np.zeros((2, 4, 3)))
    with pytest.raises(ValueError, match="layers"):
        BackboneConfig(layers=1)
    with pytest.raises(ValueError, match="steps"):
        TrainConfig(steps=0)


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
    config = replace(TRAIN, steps=150, validate_every=50, average=0.8)
    trained = train(data, parts, MODEL, config, 0, tmp_path / "a.pt").backbone
    plain = NequIPBackbone(MODEL, trained.scaling, 0)
    assert force_mae(trained, data, parts.test) < 0.9 * force_mae(plain, data, parts.test)


def test_values_that_are_not_finite_stop_the_training(data: Any, tmp_path: Path) -> None:
    parts = split(data, 20, 5, 10, 0)
    wild = replace(data, energies=np.full(len(data), 1e200))
    with pytest.raises(FloatingPointError, match=r"not finite in 10 consecutive steps, at step 9"):
        train(wild, parts, MODEL, replace(TRAIN, steps=20), 0, tmp_path / "a.pt")
    with pytest.raises(ValueError, match="energy_weight must be at least 0"):
        replace(TRAIN, energy_weight=float("inf"))


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
    with pytest.raises(ValueError, match="parallel"):
        train_all(data, parts, MODEL, TRAIN, [0], tmp_path / "c", parallel=0)


def test_a_training_can_be_taken_as_it_is(data: Any, tmp_path: Path) -> None:
    parts = split(data, 20, 5, 10, 0)
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
