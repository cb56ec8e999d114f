"""Harmonics and Wigner matrices of the networks' basis, against e3nn and their own definition."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from numeric_checks.rotations.wigner import (
    coupling,
    rotate_features,
    unit_harmonics,
    wigner,
    wigner_upto,
)


@pytest.mark.parametrize("degree", range(12))
def test_wigner_matrices_rotate_harmonics_and_compose(degree: int) -> None:
    first, second = Rotation.random(2, rng=3).as_matrix()
    u = np.random.default_rng(1).normal(size=(7, 3))
    turned = unit_harmonics(degree, u @ first.T)[degree]
    straight = unit_harmonics(degree, u)[degree]
    np.testing.assert_allclose(turned, straight @ wigner(degree, first).T, atol=1e-12)
    np.testing.assert_allclose(
        wigner(degree, first @ second), wigner(degree, first) @ wigner(degree, second), atol=1e-12
    )
    np.testing.assert_allclose((straight**2).sum(axis=1), 1, atol=1e-12)


@pytest.fixture
def double_torch() -> Iterator[ModuleType]:
    """torch with float64 by default: e3nn goes from a matrix to angles in the default dtype."""
    torch = pytest.importorskip("torch")
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield torch
    torch.set_default_dtype(before)


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")
@pytest.mark.parametrize("degree", range(9))
def test_the_basis_is_that_of_e3nn(degree: int, double_torch: ModuleType) -> None:
    torch = double_torch
    o3 = pytest.importorskip("e3nn.o3")
    u = np.random.default_rng(0).normal(size=(20, 3))
    expected = o3.spherical_harmonics(
        degree, torch.tensor(u), normalize=True, normalization="norm"
    ).numpy()
    np.testing.assert_allclose(unit_harmonics(degree, u)[degree], expected, atol=1e-12)
    turn = Rotation.random(rng=2).as_matrix()
    matrix = o3.Irrep(degree, 1).D_from_matrix(torch.tensor(turn)).numpy()
    np.testing.assert_allclose(wigner(degree, turn), matrix, atol=1e-6)
    if 1 <= degree <= 5:
        tensor = o3.wigner_3j(degree, 2, 3, dtype=torch.float64).numpy()
        ours = coupling(degree, 2, 3)
        np.testing.assert_allclose(np.sign((ours * tensor).sum()) * ours, tensor, atol=1e-12)


def test_features_rotate_by_degree() -> None:
    rng = np.random.default_rng(0)
    turns = Rotation.random(4, rng=1).as_matrix()
    features = {"0e": rng.normal(size=(4, 2, 3, 1)), "1o": rng.normal(size=(4, 2, 3, 3))}
    turned = rotate_features(features, turns)
    np.testing.assert_array_equal(turned["0e"], features["0e"])
    np.testing.assert_allclose(
        turned["1o"], np.einsum("nab,nicb->nica", turns, features["1o"]), atol=1e-14
    )
    assert rotate_features({}, turns) == {}


@pytest.mark.parametrize(
    "matrix", [np.eye(2), -np.eye(3), np.diag([1.0, 1.0, 2.0]), np.full((3, 3), np.nan)]
)
def test_what_is_no_rotation_is_refused(matrix: np.ndarray) -> None:
    with pytest.raises(ValueError, match="rotations must"):
        wigner_upto(2, matrix)


def test_directions_need_three_coordinates() -> None:
    with pytest.raises(ValueError, match="shape"):
        unit_harmonics(1, [1.0, 2.0])
    with pytest.raises(ValueError, match="l_max"):
        unit_harmonics(-1, [1.0, 2.0, 3.0])
