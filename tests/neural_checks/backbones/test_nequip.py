"""The nequip adapter on tiny networks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("nequip")

from neural_checks.backbones.equivariance import check_equivariance
from neural_checks.backbones.nequip import BackboneConfig, NequIPBackbone
from neural_checks.backbones.scaling import Scaling
from neural_checks.training.train import TrainConfig
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


def test_tanh_gates_are_another_network_and_an_equivariant_one(
    backbone: NequIPBackbone, data: Any
) -> None:
    other = NequIPBackbone(replace(MODEL, tanh_gates=True), backbone.scaling, seed=0)
    few = data.structures.take(slice(3))
    check_equivariance(other, few, np.random.default_rng(0))
    own, changed = (one.evaluate(few).features["1o"] for one in (backbone, other))
    assert own.shape == changed.shape
    assert not np.allclose(own, changed, rtol=1e-2)
    assert other.description["package"].endswith(", tanh gates")
    with pytest.raises(TypeError, match="tanh_gates must be true or false"):
        replace(MODEL, tanh_gates="yes")
