"""Loaded networks beside their package's own calculator, cells included."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("nequip")

import torch

from neural_checks.backbones.equivariance import check_equivariance
from neural_checks.backbones.guard import require_agreement
from neural_checks.backbones.interface import Conditions, Evaluation
from neural_checks.backbones.load import load_backbone
from neural_checks.backbones.model_files import UntrustedError
from neural_checks.backbones.nequip import LoadedNequIP
from neural_checks.e3nn_example import untrained
from numeric_checks.molecules.data import ForceData
from numeric_checks.molecules.structures import Structures

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]

SKEW = np.array([[4.2, 0.3, 0.0], [-1.1, 5.0, 0.4], [0.5, -0.2, 4.7]])
SETTINGS: dict[str, Any] = {
    "seed": 1, "model_dtype": "float32", "r_max": 4.0, "type_names": ["O", "N", "C"], "l_max": 1,
    "parity": False, "num_layers": 2, "num_features": 4, "radial_mlp_depth": 1,
    "radial_mlp_width": 8, "avg_num_neighbors": 6.0, "per_type_energy_scales": 2.0,
    "per_type_energy_shifts": {"C": -100.0, "O": -200.0, "N": -150.0},
}  # fmt: skip


@pytest.fixture(scope="module")
def crystal(toy: Any) -> ForceData:
    """The toy molecule in a skew cell smaller than the cut-off."""
    made = toy.toy_data(8)
    return ForceData.of_molecule(
        made.positions, made.molecule_forces, made.energies, made.numbers, "crystal", cell=SKEW
    )


def save(path: Path, **changes: Any) -> Path:
    """A checkpoint as the stock trainer writes it, of a random network."""
    from nequip.model import NequIPGNNModel
    from nequip.utils.global_state import set_global_state

    set_global_state()
    settings = SETTINGS | changes
    weights = NequIPGNNModel(**settings).state_dict()
    model = {"_target_": "nequip.model.NequIPGNNModel", **settings}
    state = {f"model.sole_model.{key}": value for key, value in weights.items()}
    torch.save({"hyper_parameters": {"model": model}, "state_dict": state}, path)
    return path


@pytest.fixture(scope="module")
def loaded(crystal: ForceData, tmp_path_factory: pytest.TempPathFactory) -> LoadedNequIP:
    path = save(tmp_path_factory.mktemp("stock") / "last.ckpt")
    made = load_backbone(str(path), crystal)
    assert isinstance(made, LoadedNequIP)
    return made


def test_a_crystal_is_evaluated_as_the_package_does(
    loaded: LoadedNequIP, crystal: ForceData, toy: Any
) -> None:
    assert loaded.differences is not None
    assert loaded.differences["forces_eV_per_A"] < 1e-5
    mixed = Structures.join(
        [crystal.structures.take([0]), toy.toy_data(1).structures, crystal.structures.take([3])]
    )
    assert require_agreement(loaded, mixed, "mixed")["forces_eV_per_A"] < 1e-5
    description = loaded.description
    assert description["dtype"] == "float32"
    assert description["elements"] == [8, 7, 6]
    assert description["guard"] == loaded.differences


class Wrong:
    """The network evaluated on other frames than those given, beside the right calculator."""

    conditions = Conditions()

    def __init__(self, network: LoadedNequIP, change: Callable[[Structures], Structures]) -> None:
        self.network, self.change, self.right = network, change, network.calculator()

    def evaluate(self, structures: Structures) -> Evaluation:
        return self.network.evaluate(self.change(structures))

    def calculator(self) -> Any:
        return self.right


def test_what_the_guard_is_for(loaded: LoadedNequIP, crystal: ForceData) -> None:
    """Without the cell, with types exchanged, with a shorter cut-off: each is noticed."""
    few = crystal.structures.take(slice(2))

    def without_cell(given: Structures) -> Structures:
        return Structures.of_molecule(*given.molecule)

    def exchanged(given: Structures) -> Structures:
        swap = {6: 8, 8: 6, 7: 7}
        return replace(given, numbers=np.array([swap[int(z)] for z in given.numbers]))

    for change in (without_cell, exchanged):
        with pytest.raises(ValueError, match=r"forces by [\d.e-]+ eV/Å from those of the package"):
            require_agreement(Wrong(loaded, change), few, "m")
    same = Wrong(loaded, lambda given: given)
    require_agreement(same, few, "m")
    kept = loaded.cutoff
    try:
        loaded.cutoff = 3.0
        with pytest.raises(ValueError, match="is not evaluated as its package does"):
            require_agreement(same, few, "m")
    finally:
        loaded.cutoff = kept


@pytest.mark.parametrize("which", ["nequip", "e3nn"])
def test_cells_are_turned_shifted_and_doubled(
    loaded: LoadedNequIP, crystal: ForceData, which: str
) -> None:
    """Equivariance with the cell; atoms moved by lattice vectors; a supercell of two cells."""
    network: Any = loaded if which == "nequip" else untrained(crystal)
    one = crystal.structures.take([0])
    check_equivariance(network, crystal.structures.take(slice(4)), np.random.default_rng(0))
    plain = network.evaluate(one)
    moved = np.array([[0, 0, 0], [1, 0, 0], [0, -2, 0], [0, 0, 1], [1, 1, -1]]) @ SKEW
    wrapped = network.evaluate(
        Structures.of_molecule((one.positions + moved)[None], crystal.numbers, SKEW)
    )
    np.testing.assert_allclose(wrapped.forces, plain.forces, atol=1e-4)
    double = Structures.of_molecule(
        np.concatenate([one.positions, one.positions + SKEW[1]])[None],
        np.concatenate([crystal.numbers] * 2),
        SKEW * np.array([[1.0], [2.0], [1.0]]),
    )
    twice = network.evaluate(double)
    np.testing.assert_allclose(twice.energies, 2 * plain.energies, rtol=1e-6)
    for name, values in plain.features.items():
        np.testing.assert_allclose(twice.features[name], np.tile(values, (2, 1, 1)), atol=1e-4)
    alone = network.evaluate(Structures.of_molecule(*one.molecule))
    assert np.abs(alone.forces - plain.forces).max() > 1e-3  # the images matter


def test_forces_in_a_cell_are_minus_the_gradient(loaded: LoadedNequIP, crystal: ForceData) -> None:
    one = crystal.structures.take([0])
    forces = loaded.evaluate(one).forces
    for place in ((0, 0), (4, 2)):
        moved = np.array([one.positions, one.positions])
        moved[0][place] += 1e-2
        moved[1][place] -= 1e-2
        energies = loaded.evaluate(Structures.of_molecule(moved, crystal.numbers, SKEW)).energies
        assert -(energies[0] - energies[1]) / 2e-2 == pytest.approx(forces[place], abs=2e-2)


def test_batches_change_nothing(loaded: LoadedNequIP, crystal: ForceData) -> None:
    from neural_checks.backbones import hooked

    whole = loaded.evaluate(crystal.structures)
    before, hooked.ATOMS = hooked.ATOMS, 11
    try:
        parts = loaded.evaluate(crystal.structures)
    finally:
        hooked.ATOMS = before
    np.testing.assert_allclose(parts.forces, whole.forces, atol=1e-5)
    np.testing.assert_allclose(parts.features["1o"], whole.features["1o"], atol=1e-5)


def test_options_and_elements_that_the_model_does_not_take(
    crystal: ForceData, tmp_path: Path
) -> None:
    path = str(save(tmp_path / "a.ckpt"))
    for option in ("head", "charge", "spin"):
        with pytest.raises(ValueError, match=rf"a\.ckpt takes no {option}: leave --{option} out"):
            load_backbone(path, crystal, conditions=Conditions(**{option: 1}))
    few = str(save(tmp_path / "b.ckpt", type_names=["C"], per_type_energy_shifts={"C": 0.0}))
    with pytest.raises(ValueError, match=r"knows the elements \[6\], not Z = \[7, 8\]"):
        load_backbone(few, crystal)
    types = {"type_names": ["C1", "O", "N"], "per_type_energy_shifts": 0.0}
    with pytest.raises(ValueError, match="atom types are"):
        load_backbone(str(save(tmp_path / "c.ckpt", **types)), crystal)


def test_allegro_and_other_models_are_named(crystal: ForceData, tmp_path: Path) -> None:
    model = {"_target_": "allegro.model.AllegroModel", "l_max": 2}
    path = tmp_path / "last.ckpt"
    torch.save({"hyper_parameters": {"model": model}, "state_dict": {}}, path)
    with pytest.raises(UntrustedError, match="a model of Allegro, which its own package builds"):
        load_backbone(str(path), crystal)
    with pytest.raises((ValueError, ImportError)):  # its package is not there, or no weights are
        load_backbone(str(path), crystal, trust=True)
    with pytest.raises(ValueError, match=r"the layers of this model .* this is a Linear"):
        LoadedNequIP(torch.nn.Linear(1, 1), "m.ckpt")
    torch.save({"state_dict": {}, "hyper_parameters": {}}, path)
    with pytest.raises(ValueError, match="not a checkpoint of nequip's trainer"):
        load_backbone(str(path), crystal)
