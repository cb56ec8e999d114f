"""Networks of other packages with the weights that they ship, each where its package is installed.

Each package has an environment of its own, so that most of these tests are skipped in any one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

from scipy.spatial.transform import Rotation

from neural_checks.backbones.calculator import CalculatorBackbone
from neural_checks.backbones.equivariance import equivariance_errors
from neural_checks.backbones.load import load_backbone
from neural_checks.backbones.model_files import UntrustedError
from neural_checks.backbones.reading import Reading
from numeric_checks.molecules.data import load
from numeric_checks.molecules.structures import Structures

pytestmark = pytest.mark.filterwarnings("ignore")

ADAPTERS = "neural_checks.backbones.adapters"


@pytest.fixture(scope="module")
def crystal() -> Structures:
    """Two strained cells of two atoms, Ge and Te."""
    shifts = np.array([[0.0, 0, 0], [1.6, 1.5, 1.7]])
    positions = np.concatenate([shifts, shifts + np.array([[0.1, 0, -0.1], [0, 0.05, 0]])])
    cell = np.array([[0, 3.1, 3.0], [3.0, 0.1, 3.1], [3.2, 3.0, 0]])
    return Structures(
        numbers=np.array([32, 52, 32, 52]),
        positions=positions,
        counts=np.array([2, 2]),
        cells=np.array([cell, cell * 1.02]),
        periodic=np.ones((2, 3), dtype=bool),
    )


def proper_errors(backbone: CalculatorBackbone, structures: Structures) -> dict[str, float]:
    """Errors of equivariance under proper rotations."""
    turns = Rotation.random(len(structures), rng=np.random.default_rng(1)).as_matrix()
    before, after = backbone.evaluate(structures), backbone.evaluate(structures.turned(turns))
    return equivariance_errors(before, after, turns[structures.frame_of])


def finite_difference(backbone: CalculatorBackbone, structures: Structures) -> tuple[float, float]:
    """A force component of the first frame, and minus the slope of the energy along it."""
    one = structures.take([0])
    energies = []
    for sign in (1, -1):
        positions = one.positions.copy()
        positions[0, 1] += sign * 0.01
        moved = Structures(one.numbers, positions, one.counts, one.cells, one.periodic)
        energies.append(backbone.evaluate(moved).energies[0])
    return backbone.evaluate(one).forces[0, 1], -(energies[0] - energies[1]) / 0.02


def test_sevennet_0_is_equivariant_under_rotations_alone(crystal: Structures) -> None:
    pytest.importorskip("sevenn", reason="sevenn is not installed: see constraints-sevenn.txt")
    data = load("embedded")
    backbone = load_backbone(f"{ADAPTERS}:sevennet", data)
    assert isinstance(backbone, CalculatorBackbone)
    for structures in (data.structures.take(slice(2)), crystal):
        errors = proper_errors(backbone, structures)
        assert set(errors) == {"0e", "1o", "2e", "forces", "energy"}
        assert max(errors.values()) < 1e-4
    # The last layer is scalar; the one before it is read, by the gradient of the energy.
    assert backbone.layer == 3
    assert backbone.gradients["layer 5 of 5"][1] == 0.0
    assert backbone.description["layer_irreps"] == "128x0e+64x1o+32x2e"
    force, slope = finite_difference(backbone, crystal)
    assert force == pytest.approx(slope, abs=0.02)
    two = data.structures.take(slice(2))
    mirror = np.diag([1.0, 1.0, -1.0])[None].repeat(2, axis=0)
    before, after = backbone.evaluate(two), backbone.evaluate(two.turned(mirror))
    mirrored = equivariance_errors(before, after, mirror[two.frame_of])
    assert mirrored["1o"] > 0.01
    assert mirrored["energy"] < 1e-4


def test_chgnet_is_invariant(crystal: Structures) -> None:
    pytest.importorskip("chgnet", reason="chgnet is not installed: see constraints-chgnet.txt")
    data = load("embedded")
    backbone = load_backbone(f"{ADAPTERS}:chgnet", data)
    assert isinstance(backbone, CalculatorBackbone)
    for structures in (data.structures.take(slice(2)), crystal):
        errors = proper_errors(backbone, structures)
        assert set(errors) == {"0e", "forces", "energy"}
        assert max(errors.values()) < 1e-3
    assert backbone.description["layer_irreps"] == "64x0e"
    force, slope = finite_difference(backbone, crystal)
    assert force == pytest.approx(slope, abs=0.02)


@pytest.mark.parametrize(("kind", "layer"), [("PaiNN", 1), ("SO3net", 1)])
def test_networks_of_schnetpack_from_a_file(
    toy: Any, tmp_path: Path, kind: str, layer: int
) -> None:
    """Of three interactions the last leaves only scalars in use."""
    import torch
    from torch.utils.data import dataloader

    dataloader.T_co = getattr(dataloader, "T_co", None)
    spk = pytest.importorskip("schnetpack", reason="schnetpack: see constraints-schnetpack.txt")
    from schnetpack import atomistic, model, nn

    torch.manual_seed(0)
    basis, cutoff = nn.GaussianRBF(8, 4.0), nn.CosineCutoff(4.0)
    settings = {"lmax": 2} if kind == "SO3net" else {}
    representation = getattr(spk.representation, kind)(
        n_atom_basis=6, n_interactions=3, radial_basis=basis, cutoff_fn=cutoff, **settings
    )
    network = model.NeuralNetworkPotential(
        representation,
        input_modules=[atomistic.PairwiseDistances()],
        output_modules=[atomistic.Atomwise(6, output_key="energy"), atomistic.Forces()],
    )
    path = tmp_path / "best_model"
    torch.save(network, path)
    data = toy.toy_data(2)
    reading = Reading(arguments={"model": str(path), "energy_unit": "eV"})
    backbone = load_backbone(f"{ADAPTERS}:schnetpack", data, trust=True, reading=reading)
    assert isinstance(backbone, CalculatorBackbone)
    errors = proper_errors(backbone, data.structures)
    assert max(errors.values()) < 1e-4
    assert backbone.layer == layer
    assert ("2e" in errors) == (kind == "SO3net")
    force, slope = finite_difference(backbone, data.structures)
    assert force == pytest.approx(slope, abs=1e-3, rel=0.02)


@pytest.mark.parametrize(("kind", "layer"), [("TensorNet", 2), ("SO3Net", 1)])
def test_networks_of_matgl_from_a_folder(toy: Any, tmp_path: Path, kind: str, layer: int) -> None:
    """TensorNet reads the norms of all its last tensors, SO3Net only the scalars."""
    pytest.importorskip("matgl", reason="matgl: see constraints-matgl.txt")
    import torch
    from matgl import models
    from matgl.apps.pes import Potential

    torch.manual_seed(0)
    settings = {"lmax": 2} if kind == "SO3Net" else {}
    network = getattr(models, kind)(
        element_types=("C", "N", "O"), units=6, nblocks=3 if kind == "SO3Net" else 2,
        cutoff=4.0, is_intensive=False, **settings,
    )  # fmt: skip
    Potential(network, calc_stresses=False).save(str(tmp_path))
    data = toy.toy_data(2)
    reading = Reading(arguments={"model": str(tmp_path)})
    backbone = load_backbone(f"{ADAPTERS}:matgl", data, trust=True, reading=reading)
    assert isinstance(backbone, CalculatorBackbone)
    errors = proper_errors(backbone, data.structures)
    assert set(errors) == {"0e", "1o", "2e", "forces", "energy"}
    assert max(errors.values()) < 1e-4
    assert backbone.layer == layer
    force, slope = finite_difference(backbone, data.structures)
    assert force == pytest.approx(slope, abs=1e-3, rel=0.02)


def test_nequix_in_torch_from_a_file(toy: Any, tmp_path: Path) -> None:
    """Of three layers the last returns scalars alone."""
    pytest.importorskip("nequix", reason="nequix: see docs/guides/adapters.md")
    import torch
    from nequix.torch_impl.model import NequixTorch, save_model

    torch.manual_seed(0)
    sizes: dict[str, Any] = {
        "hidden_irreps": "8x0e+4x1o+4x2e", "lmax": 2, "cutoff": 4.0, "n_layers": 3,
        "radial_basis_size": 4, "radial_mlp_size": 8, "radial_mlp_layers": 2,
        "radial_polynomial_p": 6.0, "mlp_init_scale": 4.0, "index_weights": False,
        "layer_norm": True, "shift": 0.0, "scale": 1.0, "avg_n_neighbors": 4.0,
    }  # fmt: skip
    elements = [6, 7, 8]
    path = tmp_path / "random.pt"
    energies = {str(z): 0.0 for z in elements}
    config = {**sizes, "atomic_numbers": elements, "atom_energies": energies}
    save_model(str(path), NequixTorch(n_species=len(elements), **sizes), config)
    data = toy.toy_data(2)
    reading = Reading(arguments={"model": str(path)})
    with pytest.raises(UntrustedError, match="--trust-model"):
        load_backbone(f"{ADAPTERS}:nequix", data, reading=reading)
    backbone = load_backbone(f"{ADAPTERS}:nequix", data, trust=True, reading=reading)
    assert isinstance(backbone, CalculatorBackbone)
    errors = proper_errors(backbone, data.structures)
    assert set(errors) == {"0e", "1o", "2e", "forces", "energy"}
    assert max(errors.values()) < 1e-4
    assert backbone.layer == 1
    assert backbone.description["layer_irreps"] == "8x0e+4x1o+4x2e"
    force, slope = finite_difference(backbone, data.structures)
    assert force == pytest.approx(slope, abs=1e-3, rel=0.02)


def test_a_file_needs_trust(toy: Any, tmp_path: Path) -> None:
    (tmp_path / "weights.pth").write_bytes(b"")
    reading = Reading(arguments={"model": str(tmp_path / "weights.pth")})
    with pytest.raises(UntrustedError, match="--trust-model"):
        load_backbone(f"{ADAPTERS}:sevennet", toy.toy_data(2), reading=reading)
