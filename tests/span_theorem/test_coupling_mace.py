"""The exact basis inside mace-torch: a converted model computes what it computed before.

mace-torch cannot stand beside nequip: these tests are skipped there and run in its environment.
"""

from __future__ import annotations

import warnings
import zipfile
from itertools import permutations
from typing import Any

import numpy as np
import pytest

pytest.importorskip(
    "mace", reason="mace-torch is not installed (its e3nn excludes nequip)", exc_type=ImportError
)

import torch

with warnings.catch_warnings():  # e3nn 0.4 reads its constants in a way that torch warns of
    warnings.simplefilter("ignore")
    from mace.modules import ScaleShiftMACE, interaction_classes, symmetric_contraction
    from mace.tools.cg import U_matrix_real

    # isort: split
    from e3nn import o3

from span_theorem.coupling import (
    coupling_basis,
    mace_built_with_exact_basis,
    mace_u_matrix,
    reduce_mace,
)

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]


@pytest.fixture(autouse=True)
def _float64() -> Any:
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(default)


def new_model(max_ell: int = 2, correlation: int = 3, seed: int = 0) -> Any:
    torch.manual_seed(seed)
    block = interaction_classes["RealAgnosticResidualInteractionBlock"]
    return ScaleShiftMACE(
        atomic_inter_scale=1.0,
        atomic_inter_shift=0.0,
        r_max=4.0,
        num_bessel=4,
        num_polynomial_cutoff=5,
        max_ell=max_ell,
        interaction_cls=block,
        interaction_cls_first=block,
        num_interactions=2,
        num_elements=2,
        hidden_irreps=o3.Irreps("4x0e+4x1o"),
        MLP_irreps=o3.Irreps("4x0e"),
        atomic_energies=np.zeros(2),
        avg_num_neighbors=4.0,
        atomic_numbers=[1, 8],
        correlation=correlation,
        gate=torch.nn.functional.silu,
    )


def molecule(seed: int = 3) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    atoms = 6
    positions = 1.5 * torch.randn(atoms, 3, generator=generator)
    pairs = [(i, j) for i in range(atoms) for j in range(atoms) if i != j]
    zeros = torch.zeros(len(pairs), 3)
    return {
        "positions": positions.requires_grad_(),
        "node_attrs": torch.eye(2)[[0, 1, 0, 0, 1, 0]],
        "edge_index": torch.tensor(pairs).T,
        "shifts": zeros,
        "unit_shifts": zeros,
        "cell": torch.zeros(3, 3),
        "batch": torch.zeros(atoms, dtype=torch.long),
        "ptr": torch.tensor([0, atoms]),
        "head": torch.zeros(1, dtype=torch.long),
    }


def predictions(model: Any) -> torch.Tensor:
    output = model(molecule())
    return torch.cat([output["energy"].detach(), output["forces"].detach().ravel()])


@pytest.mark.parametrize(("max_ell", "correlation"), [(1, 2), (2, 3), (3, 3)])
def test_a_converted_model_computes_the_same(max_ell: int, correlation: int) -> None:
    model = new_model(max_ell, correlation)
    before = predictions(model)
    sizes = reduce_mace(model)
    assert set(sizes) == {f"products.{i}.symmetric_contractions" for i in range(2)}
    assert all(after <= first for first, after in sizes.values())
    assert sum(after for _, after in sizes.values()) < sum(first for first, _ in sizes.values())
    np.testing.assert_allclose(predictions(model), before, rtol=1e-10, atol=1e-12)
    assert float(before.abs().max()) > 1e-3
    # Converting again changes nothing.
    assert all(first == after for first, after in reduce_mace(model).values())
    np.testing.assert_allclose(predictions(model), before, rtol=1e-10, atol=1e-12)


def symmetrised(columns: torch.Tensor, degree: int) -> torch.Tensor:
    """(rows · components^degree, columns) of the symmetric parts."""
    offset = columns.ndim - 1 - degree
    head, last = range(offset), columns.ndim - 1
    total = sum(
        columns.permute(*head, *(offset + i for i in order), last)
        for order in permutations(range(degree))
    )
    return torch.as_tensor(total).flatten(0, -2)


@pytest.mark.parametrize("output", ["0e", "1o", "2e", "3e"])
def test_our_columns_span_maces_symmetrised_ones(output: str) -> None:
    irreps, degree = "0e+1o+2e", 3
    theirs = U_matrix_real(irreps, output, degree, dtype=torch.float64, use_cueq_cg=False)[-1]
    ours = mace_u_matrix(coupling_basis(irreps, degree, output), output)
    assert ours.shape[:-1] == theirs.shape[:-1]
    assert ours.shape[-1] < theirs.shape[-1]
    projectors = []
    for columns in (symmetrised(ours, degree), symmetrised(theirs, degree)):
        left, values, _ = torch.linalg.svd(columns, full_matrices=False)
        kept = left[:, values > 1e-9 * values[0]]
        projectors.append(kept @ kept.T)
    np.testing.assert_allclose(projectors[0], projectors[1], atol=1e-8)
    rows = theirs.shape[0] if theirs.ndim == degree + 2 else 1
    norms = theirs.reshape(rows, -1, theirs.shape[-1]).norm(dim=1)
    np.testing.assert_allclose(norms, 1, atol=1e-6)  # MACE's scale is ours: rows of norm 1


def test_dropped_weights_have_no_effect() -> None:
    # A change of MACE's weights in the kernel of the map to ours leaves the model as it is.
    model = new_model()
    contraction = model.products[0].symmetric_contractions.contractions[1]
    columns = contraction.U_tensors(3)
    _, values, right = torch.linalg.svd(symmetrised(columns, 3), full_matrices=False)
    rank = int((values > 1e-9 * values[0]).sum())
    assert rank < columns.shape[-1]
    before = predictions(model)
    with torch.no_grad():
        contraction.weights_max += 5 * right[-1][None, :, None]
    np.testing.assert_allclose(predictions(model), before, rtol=1e-9, atol=1e-12)
    with torch.no_grad():
        contraction.weights_max += 5 * right[0][None, :, None]
    assert float((predictions(model) - before).abs().max()) > 1e-6


def test_models_built_inside_have_the_exact_columns() -> None:
    original = symmetric_contraction.U_matrix_real
    with mace_built_with_exact_basis():
        model = new_model()
    assert symmetric_contraction.U_matrix_real is original
    assert all(first == after for first, after in reduce_mace(model).values())
    rotated = molecule()
    turn = o3.rand_matrix()
    rotated["positions"] = (rotated["positions"].detach() @ turn.T).requires_grad_()
    output = model(rotated)
    np.testing.assert_allclose(
        output["forces"].detach() @ turn, predictions(model)[1:].reshape(-1, 3), atol=1e-10
    )


def test_beyond_the_table_of_e3nn() -> None:
    # MACE's columns at max_ell = 4, correlation = 3 need l = 12; the table of e3nn 0.4 ends at 11.
    with pytest.raises(NotImplementedError):
        new_model(4, 3)
    with mace_built_with_exact_basis():
        model = new_model(4, 3)
    assert torch.isfinite(predictions(model)).all()


def test_the_patch_is_undone_after_an_error() -> None:
    original = symmetric_contraction.U_matrix_real
    with pytest.raises(KeyError), mace_built_with_exact_basis():
        raise KeyError
    assert symmetric_contraction.U_matrix_real is original


def test_foreign_columns_and_models_are_refused() -> None:
    model = new_model(1, 2)
    contraction = model.products[0].symmetric_contractions.contractions[0]
    contraction.U_tensors(2)[0, 1, 0] += 0.1
    with pytest.raises(ValueError, match=r"columns of degree 2 for 0e are not in the exact basis"):
        reduce_mace(model)
    with pytest.raises(ValueError, match="Linear holds no SymmetricContraction"):
        reduce_mace(torch.nn.Linear(2, 2))


def test_precision_and_frozen_weights_are_kept() -> None:
    model = new_model().to(torch.float32)
    contraction = model.products[0].symmetric_contractions.contractions[0]
    contraction.weights_max.requires_grad_(False)
    reduce_mace(model)
    new = model.products[0].symmetric_contractions.contractions[0]
    assert not new.weights_max.requires_grad
    assert new.weights[0].requires_grad
    assert {p.dtype for p in model.parameters()} == {torch.float32}
    assert torch.get_default_dtype() == torch.float64


def test_a_saved_model_needs_mace_alone(tmp_path: Any) -> None:
    model = new_model(1, 2)
    reduce_mace(model)
    path = tmp_path / "reduced.model"
    torch.save(model, path)
    with zipfile.ZipFile(path) as stored:
        (pickle,) = (name for name in stored.namelist() if name.endswith("data.pkl"))
        assert b"span_theorem" not in stored.read(pickle)
    loaded = torch.load(path, weights_only=False)
    np.testing.assert_array_equal(predictions(loaded), predictions(model))
