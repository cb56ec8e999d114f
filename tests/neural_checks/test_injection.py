"""Directions, Wigner matrices, quadrature; equivariance measured and refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

pytest.importorskip("torch")
pytest.importorskip("e3nn")

from neural_checks.equivariance import NotEquivariantError, check_equivariance
from neural_checks.injection import (
    align,
    best_rotations,
    directions,
    harmonics,
    marked_neighbors,
    quadrature,
    wigner,
)

# e3nn compiles its harmonics with torch.jit.script.
pytestmark = pytest.mark.filterwarnings(
    "ignore:`torch.jit.script` is deprecated:DeprecationWarning"
)


@pytest.mark.parametrize("degree", range(8))
def test_wigner_matrices_rotate_harmonics_and_compose(degree: int) -> None:
    first, second = Rotation.random(2, rng=3).as_matrix()
    u = np.random.default_rng(1).normal(size=(7, 3))
    u /= np.linalg.norm(u, axis=1, keepdims=True)
    np.testing.assert_allclose(
        harmonics(degree, u @ first.T), harmonics(degree, u) @ wigner(degree, first).T, atol=1e-12
    )
    np.testing.assert_allclose(
        wigner(degree, first @ second), wigner(degree, first) @ wigner(degree, second), atol=1e-12
    )
    np.testing.assert_allclose((harmonics(degree, u) ** 2).sum(axis=1), 1, atol=1e-12)


def test_quadrature_integrates_products_of_matrix_elements() -> None:
    turns, weights = quadrature(5)
    for a in range(3):
        for b in range(4):
            D, T = wigner(a, turns), wigner(b, turns)
            product = np.einsum("n,nij,nkl->ijkl", weights, D, T)
            expected = np.zeros_like(product)
            if a == b:
                for i, j in np.ndindex(2 * a + 1, 2 * a + 1):
                    expected[i, j, i, j] = 1 / (2 * a + 1)
            np.testing.assert_allclose(product, expected, atol=1e-13)


def test_too_coarse_a_quadrature_is_noticed() -> None:
    turns, weights = quadrature(2)
    mean = np.einsum("n,nij->ij", weights, wigner(3, turns))
    assert np.abs(mean).max() > 0.1


def test_marks_are_never_hydrogen_and_directions_have_length_one(toy: Any) -> None:
    data = toy.toy_data()
    numbers = np.array([6, 1, 8, 6, 7])
    marks = marked_neighbors(data.positions, numbers)
    assert 1 not in marks
    assert all(mark != atom for atom, mark in enumerate(marks))
    np.testing.assert_allclose(
        np.linalg.norm(directions(data.positions, marks), axis=-1), 1, atol=1e-12
    )
    with pytest.raises(ValueError, match="two atoms"):
        marked_neighbors(data.positions, np.array([6, 1, 1, 1, 1]))


def test_alignment_undoes_rotations(toy: Any) -> None:
    frame = toy.toy_data().positions[:1]
    turns = Rotation.random(6, rng=2).as_matrix()
    turned = np.einsum("nab,ib->nia", turns, frame[0]) + 3.0
    np.testing.assert_allclose(best_rotations(turned, frame[0]), turns, atol=1e-12)
    aligned = align(turned)
    np.testing.assert_allclose(aligned, np.broadcast_to(aligned[0], aligned.shape), atol=1e-12)


def test_equivariance_is_measured_and_a_broken_network_is_refused(toy: Any) -> None:
    positions = toy.toy_data().positions[:4]
    errors = check_equivariance(toy.DensityBackbone(), positions, np.random.default_rng(0))
    assert set(errors) == {"0e", "1o", "2e", "forces", "energy"}
    assert max(errors.values()) < 1e-12
    with pytest.raises(NotEquivariantError, match="1o"):
        check_equivariance(toy.BrokenBackbone(), positions, np.random.default_rng(0))
