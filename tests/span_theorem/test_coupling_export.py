"""Arrays and files: equivariance, layouts, e3nn, cuequivariance where installed."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest

from span_theorem import Irrep
from span_theorem.coupling import (
    coupling_basis,
    dense_arrays,
    load_npz,
    mace_u_matrix,
    save_npz,
    sparse_arrays,
)
from span_theorem.coupling.__main__ import main

CASES = [("0e+1o+2e", 3), ("2x1o+1e+0o", 2), ("1o+3o", 3), ("0e+2x1o", 3)]


@pytest.fixture
def float64():
    """torch's default dtype, in which e3nn computes its Wigner matrices, set to float64."""
    torch = pytest.importorskip("torch", reason="torch is not installed")
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield torch
    torch.set_default_dtype(default)


def rows_of(array: np.ndarray) -> np.ndarray:
    return array.reshape(array.shape[0] * array.shape[1], -1)


def projector(array: np.ndarray) -> np.ndarray:
    """Projector on the span of arbitrary rows, with no assumption that they are orthonormal."""
    _, values, right = np.linalg.svd(rows_of(array), full_matrices=False)
    kept = right[values > 1e-9 * values.max()]
    return kept.T @ kept


@pytest.mark.parametrize(("irreps", "degree"), CASES)
@pytest.mark.parametrize("power", ["symmetric", "tensor"])
def test_orthonormal_and_complete(irreps, degree, power):
    basis = coupling_basis(irreps, degree, power=power)
    rows = np.concatenate([rows_of(a) for a in dense_arrays(basis).values()])
    np.testing.assert_allclose(rows @ rows.T, np.eye(len(rows)), atol=1e-13)


@pytest.mark.parametrize(("irreps", "degree"), CASES)
def test_floats_are_the_exact_entries(irreps, degree):
    basis = coupling_basis(irreps, degree)
    for irrep, sparse in sparse_arrays(basis, orderings="sorted").items():
        exact = [float(x) for v in basis.of(irrep) for x in v.entries().values()]
        assert (np.abs(sparse.values - exact) <= 6 * np.spacing(np.abs(exact))).all()


@pytest.mark.parametrize("layout", ["mul_ir", "ir_mul"])
@pytest.mark.parametrize("power", ["symmetric", "tensor"])
def test_sparse_and_dense_agree(layout, power):
    basis = coupling_basis("2x1o+0e", 3, power=power)
    dense = dense_arrays(basis, layout)
    for irrep, sparse in sparse_arrays(basis, layout).items():
        array = np.zeros(sparse.shape)
        np.add.at(array, tuple(sparse.indices.T), sparse.values)  # adding shows double entries
        np.testing.assert_array_equal(array, dense[irrep])


def test_layouts_differ_by_the_stated_permutation():
    basis = coupling_basis("2x1o+3x0e", 2)
    order = [3 * copy + m for m in range(3) for copy in range(2)] + [6, 7, 8]
    first, second = dense_arrays(basis, "mul_ir"), dense_arrays(basis, "ir_mul")
    for irrep, array in first.items():
        np.testing.assert_array_equal(array[:, :, order][:, :, :, order], second[irrep])


@pytest.mark.parametrize(("irreps", "degree"), CASES)
@pytest.mark.parametrize("power", ["symmetric", "tensor"])
def test_equivariance_under_rotations_and_inversion(irreps, degree, power, float64):
    o3 = pytest.importorskip("e3nn.o3", reason="e3nn is not installed")
    float64.manual_seed(11)
    rotation = o3.rand_matrix()
    arrays = dense_arrays(coupling_basis(irreps, degree, power=power))
    worst = twisted = 0.0
    for sign in (1, -1):
        D = o3.Irreps(irreps).D_from_matrix(sign * rotation).numpy()
        for irrep, array in arrays.items():
            out = o3.Irrep(str(irrep)).D_from_matrix(sign * rotation).numpy()
            moved = array
            for axis in range(2, 2 + degree):
                moved = np.moveaxis(np.tensordot(moved, D, axes=(axis, 0)), -1, axis)
            expected = np.moveaxis(np.tensordot(out, array, axes=(1, 1)), 0, 1)
            worst = max(worst, float(np.abs(moved - expected).max()))
            twisted = max(twisted, float(np.abs(moved + expected).max()))
    assert worst < 1e-13
    assert twisted > 0.1  # the wrong parity would be seen


@pytest.mark.parametrize(("irreps", "degree"), [("0e+1o+2e", 2), ("1o+2e", 3), ("2x1o+1e", 2)])
@pytest.mark.usefixtures("float64")
def test_same_span_as_e3nn(irreps, degree):
    o3 = pytest.importorskip("e3nn.o3", reason="e3nn is not installed")
    formula = "ij=ji" if degree == 2 else "ijk=jik=ikj"
    product = o3.ReducedTensorProducts(formula, i=irreps)
    theirs = product.change_of_basis.numpy()
    outputs = product.irreps_out
    ours = dense_arrays(coupling_basis(irreps, degree))
    assert {(ir.l, ir.p): array.shape[0] for ir, array in ours.items()} == {
        (ir.l, ir.p): outputs.count(ir) for _, ir in outputs
    }
    slices = outputs.slices()
    for irrep, array in ours.items():
        parts = [
            theirs[s].reshape(mul * ir.dim, -1)
            for (mul, ir), s in zip(outputs, slices, strict=True)
            if (ir.l, ir.p) == (irrep.l, irrep.p)
        ]
        other = np.concatenate(parts)[None]
        np.testing.assert_allclose(projector(array), projector(other), atol=1e-8)
        # Row by row as well: the components M are e3nn's own, not just the span of them all.
        split = np.concatenate(parts).reshape(-1, irrep.dim, theirs[0].size)
        for M in range(irrep.dim):
            mine, yours = projector(array[:, M : M + 1]), projector(split[:, M : M + 1])
            np.testing.assert_allclose(mine, yours, atol=1e-8)


@pytest.mark.parametrize(("irreps", "degree"), [("0e+1o+2e", 2), ("0e+1o+2e", 3)])
def test_same_span_as_cuequivariance(irreps, degree):
    cue = pytest.importorskip("cuequivariance", reason="cuequivariance is not installed")
    o3_e3nn = pytest.importorskip("cuequivariance.group_theory.experimental.e3nn").O3_e3nn
    made = cue.reduced_symmetric_tensor_product_basis(
        cue.Irreps(o3_e3nn, irreps), degree, layout=cue.mul_ir
    )
    theirs = np.moveaxis(np.asarray(made.array, np.float64), -1, 0)
    ours = dense_arrays(coupling_basis(irreps, degree))
    start = 0
    for mul, ir in made.irreps:
        irrep = Irrep(ir.l, ir.p)
        block = theirs[start : start + mul * irrep.dim]
        start += mul * irrep.dim
        assert ours[irrep].shape[0] == mul
        np.testing.assert_allclose(projector(ours[irrep]), projector(block[None]), atol=1e-8)
    assert start == sum(array.shape[0] * array.shape[1] for array in ours.values())


def test_mace_layout_shapes():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    basis = coupling_basis("0e+1o", 2)
    assert mace_u_matrix(basis, "0e").shape == (4, 4, 2)
    assert mace_u_matrix(basis, "1o", "float32").shape == (3, 4, 4, 1)
    absent = mace_u_matrix(basis, "3o")
    assert absent.shape == (7, 4, 4, 1)
    assert absent.dtype == torch.float64
    assert not absent.any()


def test_npz_round_trip_and_force(tmp_path):
    path = tmp_path / "basis.npz"
    basis = coupling_basis("0e+1o+2e", 3, "0e+2e+9o")
    save_npz(basis, path, "ir_mul", "float32", "sorted")
    about, arrays = load_npz(path)
    assert about["counts"] == {"0e": 5, "2e": 6, "9o": 0}
    assert about["layout"] == "ir_mul"
    for irrep, sparse in sparse_arrays(basis, "ir_mul", "float32", "sorted").items():
        np.testing.assert_array_equal(arrays[irrep].indices, sparse.indices)
        np.testing.assert_array_equal(arrays[irrep].values, sparse.values)
        assert arrays[irrep].values.dtype == np.float32
        assert arrays[irrep].shape == sparse.shape
    with np.load(path, allow_pickle=False) as stored:
        assert stored["2e:survives"].tolist() == [
            bool(v.direction_constant) for v in basis.of("2e")
        ]
    with pytest.raises(FileExistsError, match="force"):
        save_npz(basis, path)
    save_npz(basis, path, force=True)
    assert [p.name for p in tmp_path.iterdir()] == ["basis.npz"]


def test_a_foreign_npz_is_refused(tmp_path):
    path = tmp_path / "other.npz"
    np.savez(path, a=np.zeros(3))
    with pytest.raises(ValueError, match="no coupling arrays"):
        load_npz(path)


def test_a_damaged_npz_is_a_value_error(tmp_path):
    """Cut off, changed in single bits, with other arrays in every field: never another error."""
    path, made = tmp_path / "basis.npz", tmp_path / "damaged.npz"
    save_npz(coupling_basis("0e+1o", 2), path)
    whole, rng = path.read_bytes(), random.Random(20261125)
    damaged = [whole[:n] for n in (0, 1, 100, len(whole) // 2, len(whole) - 1)]
    for _ in range(150):
        changed = bytearray(whole)
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
        damaged.append(bytes(changed))
    refused = 0
    for content in damaged:
        made.write_bytes(content)
        try:
            load_npz(made)
        except ValueError as error:
            refused += "\n" not in str(error)
    assert refused > 50  # some bits are of fields that are not read
    with np.load(path, allow_pickle=False) as stored:
        fields = {name: stored[name] for name in stored.files}
    other = [np.array("x"), np.array("[]"), np.array("{}"), np.zeros(3), np.array([-1]), np.nan]
    read = ("conventions", "0e:indices", "0e:values", "0e:shape")
    for name in read:
        for value in other:
            np.savez(made, **(fields | {name: value}))
            with pytest.raises(ValueError, match="no coupling arrays that can be read"):
                load_npz(made)
    far = fields["0e:indices"].copy()
    far[0, 0] = 10**9
    np.savez(made, **(fields | {"0e:indices": far}))
    with pytest.raises(ValueError, match="does not hold entries of an array of shape"):
        load_npz(made)
    with pytest.raises(FileNotFoundError):
        load_npz(tmp_path / "absent.npz")


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda b: dense_arrays(b, "rows"), "layout"),
        (lambda b: dense_arrays(b, dtype="float16"), "dtype"),
        (lambda b: dense_arrays(b, framework="jax"), "framework"),
        (lambda b: dense_arrays(b, max_bytes=100), "max_bytes"),
        (lambda b: sparse_arrays(b, orderings="some"), "orderings"),
        (lambda b: sparse_arrays(b, max_bytes=100), "take about"),
    ],
)
def test_bad_options(call, text):
    with pytest.raises(ValueError, match=text):
        call(coupling_basis("0e+1o", 2))


def test_orderings_of_many_indices_are_refused_before_they_are_listed():
    basis = coupling_basis("0e", 11)
    for call in (dense_arrays, sparse_arrays):
        with pytest.raises(ValueError, match="11 indices have 39916800 orderings"):
            call(basis)
    (sparse,) = sparse_arrays(basis, orderings="sorted").values()
    assert sparse.values.tolist() == [1.0]
    (dense,) = dense_arrays(coupling_basis("0e", 11, power="tensor")).values()
    assert dense.shape == (1,) * 13


def test_command_line(tmp_path, capsys):
    out, certificate = tmp_path / "b.npz", tmp_path / "b.json"
    arguments = ["0e+1o+2e+3o", "--degree", "3", "--keep", "0e+1o+2e", "--out", str(out)]
    assert main([*arguments, "--certificate", str(certificate), "--json"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert {k: v["multiplicity"] for k, v in summary["outputs"].items()} == {
        "0e": 8,
        "1o": 12,
        "2e": 14,
    }
    assert load_npz(out)[0]["counts"] == {"0e": 8, "1o": 12, "2e": 14}
    assert main(arguments) == 2
    assert "--force" in capsys.readouterr().err
    assert main([*arguments, "--force"]) == 0
    assert "multiplicity" in capsys.readouterr().out
    assert main(["1q", "--degree", "2"]) == 2
    for empty in (
        ["", "--degree", "1"],
        ["0x1o", "--degree", "2"],
        ["1o", "-d", "2", "--keep", ""],
    ):
        assert main(empty) == 2
        assert "must hold at least one irrep, got" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        main(["1o", "--degree", "0"])
    assert main(["1o", "--degree", "2", "--out", str(tmp_path / "no" / "b.npz")]) == 2


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_sparse_torch_tensors_are_the_dense_ones(dtype: str) -> None:
    torch = pytest.importorskip("torch")
    basis = coupling_basis("0e+2x1o+2e", 2)
    dense = dense_arrays(basis, dtype=dtype)
    for irrep, tensor in sparse_arrays(basis, dtype=dtype).items():
        sparse = tensor.torch()
        assert sparse.layout == torch.sparse_coo
        assert sparse.dtype == getattr(torch, dtype)
        assert torch.equal(sparse.to_dense(), torch.from_numpy(dense[irrep]))


def test_neighbours_come_with_the_basis(tmp_path, capsys):
    out = tmp_path / "b.npz"
    case = ["0e+1o+2e", "--degree", "3", "--keep", "0e+1e", "--neighbours", "2"]
    assert main([*case, "--out", str(out), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["neighbours"] == 2
    assert found["outputs"]["0e"]["surviving"] == len(found["outputs"]["0e"]["independent"]) == 3
    assert found["outputs"]["1e"] | {"vanishing": [0]} == found["outputs"]["1e"]
    with np.load(out) as stored:
        assert stored["0e:independent"].tolist() == found["outputs"]["0e"]["independent"]
        assert stored["1e:vanishes"].tolist() == [True]
        assert json.loads(str(stored["conventions"]))["neighbours"] == 2
    load_npz(out)
    assert main([*case[:-2], "--out", str(tmp_path / "plain.npz")]) == 0
    assert "neighbours" not in capsys.readouterr().out


def test_neighbours_need_a_symmetric_power(capsys):
    assert main(["1o", "--degree", "2", "--power", "tensor", "--neighbours", "2"]) == 2
    assert "--power symmetric" in capsys.readouterr().err
