"""mace models that want more than positions, or are not read: chosen by an option or refused.

Skipped where mace-torch is not installed; ``.ci/run`` runs these tests in another environment.
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
from neural_checks.backbones.interface import Conditions
from neural_checks.backbones.load import load_backbone
from neural_checks.backbones.mace import MACEBackbone
from neural_checks.backbones.precision import single_precision
from numeric_checks.molecules.data import ForceData
from numeric_checks.molecules.structures import Structures

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]

SKEW = np.array([[4.2, 0.3, 0.0], [-1.1, 5.0, 0.4], [0.5, -0.2, 4.7]])
CHARGE = {"total_charge": {"type": "continuous", "per": "graph", "in_dim": 1, "emb_dim": 4}}
SPIN = {"total_spin": {"type": "categorical", "per": "graph", "num_classes": 5, "emb_dim": 4}}


@pytest.fixture(scope="module")
def data(toy: Any) -> ForceData:
    made = toy.toy_data(6)
    return ForceData.of_molecule(
        made.positions, made.molecule_forces, made.energies, made.numbers, "toy", cell=SKEW
    )


def save(path: Path, name: str = "ScaleShiftMACE", **more: Any) -> Path:
    """A random model of the package in a file."""
    from mace import modules
    from mace.modules import interaction_classes

    # isort: split
    from e3nn import o3

    torch.manual_seed(0)
    block = interaction_classes["RealAgnosticResidualInteractionBlock"]
    heads = more.get("heads", ["Default"])
    arguments = {
        "r_max": 4.0, "num_bessel": 4, "num_polynomial_cutoff": 5, "max_ell": 1,
        "interaction_cls": block, "interaction_cls_first": block, "num_interactions": 2,
        "num_elements": 3, "hidden_irreps": o3.Irreps("4x0e+4x1o"), "MLP_irreps": o3.Irreps("4x0e"),
        "atomic_energies": np.zeros((len(heads), 3)) if len(heads) > 1 else np.zeros(3),
        "avg_num_neighbors": 8.0, "atomic_numbers": [6, 7, 8], "correlation": 2,
        "gate": torch.nn.functional.silu,
    }  # fmt: skip
    if name == "ScaleShiftMACE":
        scale = [1.0 + k for k in range(len(heads))]
        arguments |= {"atomic_inter_scale": scale, "atomic_inter_shift": [0.0] * len(heads)}
        if len(heads) == 1:
            arguments |= {"atomic_inter_scale": 1.0, "atomic_inter_shift": 0.0}
    with single_precision():
        model = getattr(modules, name)(**(arguments | more))
    torch.save(model, path)
    return path


def load(path: Path, data: ForceData, **conditions: Any) -> MACEBackbone:
    found = load_backbone(str(path), data, trust=True, conditions=Conditions(**conditions))
    assert isinstance(found, MACEBackbone)
    return found


def test_a_crystal_is_evaluated_as_the_package_does(data: ForceData, tmp_path: Path) -> None:
    backbone = load(save(tmp_path / "plain.model"), data)
    assert backbone.differences is not None
    assert backbone.differences["forces_eV_per_A"] < 1e-4
    check_equivariance(backbone, data.structures.take(slice(4)), np.random.default_rng(0))
    alone = backbone.evaluate(Structures.of_molecule(data.positions[:1], data.numbers))
    inside = backbone.evaluate(data.structures.take([0]))
    assert np.abs(alone.forces - inside.forces).max() > 1e-3
    said = backbone.description
    assert (said["head"], said["charge"], said["dtype"]) == ("Default", None, "float32")
    for option in ("charge", "spin"):
        with pytest.raises(ValueError, match=f"takes no {option}: leave --{option} out"):
            load(tmp_path / "plain.model", data, **{option: 1.0})


def test_total_charge_and_spin_are_given_or_asked_for(data: ForceData, tmp_path: Path) -> None:
    path = save(tmp_path / "charge.model", embedding_specs={**CHARGE, **SPIN})
    with pytest.raises(
        ValueError, match="needs the total charge of every frame: give it with --ch"
    ):
        load(path, data)
    with pytest.raises(
        ValueError, match="needs the total spin of every frame: give it with --spin"
    ):
        load(path, data, charge=0)
    with pytest.raises(ValueError, match="spin must be an integer from 0 to 4, got 7"):
        load(path, data, charge=0, spin=7)
    neutral, cation = load(path, data, charge=0, spin=1), load(path, data, charge=1, spin=2)
    assert neutral.description["charge"] == 0
    assert neutral.differences is not None
    one = data.structures.take([0])
    difference = neutral.evaluate(one).features["1o"] - cation.evaluate(one).features["1o"]
    assert np.abs(difference).max() > 1e-4
    other = {"temperature": {**CHARGE["total_charge"]}}
    with pytest.raises(ValueError, match="needs temperature, which cannot be given here"):
        load(save(tmp_path / "other.model", embedding_specs=other), data)


def test_a_head_is_chosen(data: ForceData, tmp_path: Path) -> None:
    path = save(tmp_path / "heads.model", heads=["dft", "cc"])
    with pytest.raises(ValueError, match="several heads: choose one with --head, of dft, cc"):
        load(path, data)
    with pytest.raises(ValueError, match="has no head 'hf', but dft, cc"):
        load(path, data, head="hf")
    one = data.structures.take([0])
    first, second = (load(path, data, head=head).evaluate(one).forces for head in ("dft", "cc"))
    assert np.abs(first - second).max() > 1e-3


@pytest.mark.parametrize("name", ["AtomicDipolesMACE", "EnergyDipolesMACE"])
def test_models_that_are_not_read_are_named(data: ForceData, tmp_path: Path, name: str) -> None:
    more = {"atomic_energies": None} if name == "AtomicDipolesMACE" else {}
    path = save(tmp_path / "dipole.model", name, **more)
    with pytest.raises(ValueError, match=f"ScaleShiftMACE are known; this is {name}"):
        load(path, data)


def test_a_class_that_is_not_installed_is_named(
    data: ForceData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mace.modules import blocks

    model = torch.load(save(tmp_path / "base.model"), weights_only=False)

    class BlockOfTomorrow(type(model.interactions[0])):  # type: ignore[misc]
        pass

    BlockOfTomorrow.__module__ = "mace.modules.blocks"
    BlockOfTomorrow.__qualname__ = "BlockOfTomorrow"
    monkeypatch.setattr(blocks, "BlockOfTomorrow", BlockOfTomorrow, raising=False)
    model.interactions[0].__class__ = BlockOfTomorrow
    torch.save(model, tmp_path / "newer.model")
    monkeypatch.delattr(blocks, "BlockOfTomorrow")
    expected = r"needs mace.modules.blocks.BlockOfTomorrow, which mace-torch \d[\d.]* does not have"
    with pytest.raises(ValueError, match=expected):
        load(tmp_path / "newer.model", data)
