"""The mace adapter on random networks; skipped where mace-torch is not installed.

It cannot stand beside nequip: ``.ci/run`` gives these tests an environment of their own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip(
    "mace", reason="mace-torch is not installed (its e3nn excludes nequip)", exc_type=ImportError
)

import torch

from neural_checks.backbones.equivariance import check_equivariance
from neural_checks.backbones.load import load_backbone
from neural_checks.backbones.mace import MACEBackbone, load_mace, new_mace
from neural_checks.backbones.model_files import UntrustedError
from neural_checks.backbones.scaling import Scaling
from neural_checks.diagnose import main
from neural_checks.features.file import read
from neural_checks.training.brief import train_briefly
from numeric_checks.molecules.structures import Structures
from numeric_checks.rotations.wigner import unit_harmonics

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]


@pytest.fixture(scope="module")
def data(toy: Any) -> Any:
    made = toy.toy_data(260)
    made.molecule_forces[:] = -5 * (made.positions - made.positions.mean(axis=0))
    return made


@pytest.fixture(scope="module")
def backbone(data: Any) -> MACEBackbone:
    return new_mace(Scaling.of(data, np.arange(20), 4.0), l_max=1, channels=4)


def test_the_last_layer_is_scalar_and_the_first_is_read(backbone: MACEBackbone, data: Any) -> None:
    assert [str(irreps) for _, irreps in backbone.layers()] == ["4x0e+4x1o", "4x0e"]
    assert backbone.select_layer(data.structures.take(slice(2))) == 0
    assert min(backbone.gradients["layer 1 of 2"]) > 0
    assert backbone.gradients["layer 2 of 2"][1] == 0.0


def test_features_are_equivariant_under_rotations_and_reflections(
    backbone: MACEBackbone, data: Any
) -> None:
    errors = check_equivariance(backbone, data.structures.take(slice(6)), np.random.default_rng(0))
    assert set(errors) == {"0e", "1o", "forces", "energy"}
    assert max(errors.values()) < 1e-4


def test_the_features_are_those_that_the_model_returns(backbone: MACEBackbone, data: Any) -> None:
    """``node_feats`` concatenates the layers: the first 16 components are the first layer's."""
    two = data.structures.take(slice(2))
    whole = backbone.model(backbone.inputs(backbone.graph(two)))["node_feats"].detach().numpy()
    features = backbone.evaluate(two).features
    flat = np.concatenate([features["0e"].reshape(10, 4), features["1o"].reshape(10, 12)], axis=1)
    np.testing.assert_allclose(flat, whole[:, :16], rtol=1e-5, atol=1e-6)


@pytest.fixture(scope="module")
def density(backbone: MACEBackbone) -> MACEBackbone:
    return MACEBackbone(backbone.model, features="a-basis")


def test_the_density_keeps_max_ell_in_every_layer(density: MACEBackbone, data: Any) -> None:
    """The last layer's product is scalar; what it is given is not, and reaches the energy."""
    assert [str(irreps) for _, irreps in density.layers()] == ["4x0e+4x1o"] * 2
    two = data.structures.take(slice(2))
    assert density.select_layer(two) == 1
    assert min(density.gradients["layer 2 of 2"]) > 0
    errors = check_equivariance(density, data.structures.take(slice(6)), np.random.default_rng(0))
    assert max(errors.values()) < 1e-4
    assert density.description["features"] == "a-basis"


def test_the_density_of_a_pair_is_the_harmonics_of_its_edge(data: Any) -> None:
    made = new_mace(Scaling.of(data, np.arange(20), 4.0), l_max=3, channels=2)
    density = MACEBackbone(made.model, layer=0, features="a-basis")
    direction = np.array([0.48, -0.6, 0.64])
    pair = Structures.of_molecule(np.array([[[0, 0, 0], 1.3 * direction]]), data.numbers[:2])
    found = density.evaluate(pair).features
    for l, y in enumerate(unit_harmonics(3, direction)):
        for atom in (0, 1):
            values = found[f"{l}{'eo'[l % 2]}"][atom]
            along = values @ y
            assert np.abs(along).min() > 1e-6
            np.testing.assert_allclose(values, along[:, None] * y, atol=1e-6)


def test_shuffled_weights_make_another_network_of_the_same_weights(data: Any) -> None:
    made = new_mace(Scaling.of(data, np.arange(20), 4.0), l_max=1, channels=4)
    before = made.evaluate(data.structures.take([0])).energies
    description = made.description
    made.shuffle(0)
    assert made.evaluate(data.structures.take([0])).energies != pytest.approx(before)
    assert made.description["weights_sha256"] != description["weights_sha256"]
    errors = check_equivariance(made, data.structures.take(slice(6)), np.random.default_rng(0))
    assert max(errors.values()) < 1e-4


def test_forces_are_minus_the_gradient(backbone: MACEBackbone, data: Any) -> None:
    frame = data.positions[0]
    forces = backbone.evaluate(data.structures.take([0])).forces
    for place in ((0, 0), (4, 1)):
        moved = np.array([frame, frame])
        moved[0][place] += 1e-2
        moved[1][place] -= 1e-2
        energies = backbone.evaluate(Structures.of_molecule(moved, data.numbers)).energies
        expected = -(energies[0] - energies[1]) / 2e-2
        assert expected == pytest.approx(forces[place], abs=5e-3)


def test_a_model_file_is_trained_saved_trusted_and_diagnosed(
    data: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    network = new_mace(Scaling.of(data, np.arange(20), 4.0), l_max=1, channels=4)
    history = train_briefly(network, data, np.arange(100), 30)
    assert np.mean(history[-10:]) < np.mean(history[:10])
    path = tmp_path / "toy.model"
    torch.save(network.model, path)
    with pytest.raises(UntrustedError, match="--trust-model"):
        load_backbone(str(path), data)
    expected = network.evaluate(data.structures.take(slice(2)))
    found = load_mace(path).evaluate(data.structures.take(slice(2)))
    np.testing.assert_allclose(found.forces, expected.forces, atol=1e-5)
    with pytest.raises(ValueError, match="elements"):
        load_mace(path).evaluate(Structures.of_molecule([[[0, 0, 0], [0, 0, 1]]], [1, 6]))
    torch.save(torch.nn.Linear(1, 1), tmp_path / "linear.model")
    with pytest.raises(ValueError, match="no MACE model"):
        load_mace(tmp_path / "linear.model")
    source = tmp_path / "toy.npz"
    np.savez(
        source, R=data.positions, F=data.molecule_forces, E=data.energies, z=data.numbers,
        units_length="angstrom", units_energy="eV", units_force="eV/angstrom",
    )  # fmt: skip
    exported = tmp_path / "features.npz"
    command = ["--model", str(path), "--trust-model", "--data", str(source), "--export",
               str(exported), "--fit", "160", "--held", "60", "--draws", "100"]  # fmt: skip
    assert main(command) == 0
    assert "AGREES" in capsys.readouterr().out
    assert read(exported).irreps == "4x0e+4x1o"
