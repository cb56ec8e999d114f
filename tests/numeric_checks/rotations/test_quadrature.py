"""Quadrature is exact up to the stated degree and not above."""

from __future__ import annotations

import numpy as np
import pytest

from numeric_checks.rotations.quadrature import rotation_quadrature
from numeric_checks.rotations.sampling import random_rotations
from numeric_checks.sphere.harmonics import random_directions, real_harmonics
from numeric_checks.sphere.quadrature import sphere_quadrature


def wigner_matrices(l: int, rotations: np.ndarray) -> np.ndarray:
    """D^l(R) from its definition Y_l(R r) = D^l(R) Y_l(r), solved at 4(2l+1) directions."""
    points = random_directions(4 * (2 * l + 1), np.random.default_rng(l))
    block = slice(l * l, (l + 1) ** 2)
    inverse = np.linalg.pinv(real_harmonics(l, points)[:, block].T)
    moved = np.einsum("nij,pj->npi", rotations, points).reshape(-1, 3)
    values = real_harmonics(l, moved)[:, block].reshape(len(rotations), len(points), -1)
    return np.swapaxes(values, 1, 2) @ inverse


def test_wigner_matrices_of_the_test_are_representations() -> None:
    a, b = random_rotations(2, np.random.default_rng(0))
    for l in range(6):
        d_a, d_b, d_ab = wigner_matrices(l, np.stack([a, b, a @ b]))
        np.testing.assert_allclose(d_a @ d_b, d_ab, atol=1e-12)
        np.testing.assert_allclose(d_a @ d_a.T, np.eye(2 * l + 1), atol=1e-12)


@pytest.mark.parametrize("degree", range(12))
def test_sphere_is_exact_to_the_degree_and_no_further(degree: int) -> None:
    directions, weights = sphere_quadrature(degree)
    assert len(weights) == (degree // 2 + 1) * (degree + 1)
    assert (weights > 0).all()
    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1, atol=1e-15)
    integrals = weights @ real_harmonics(degree + 1, directions)
    exact = np.zeros((degree + 1) ** 2)
    exact[0] = np.sqrt(4 * np.pi)
    np.testing.assert_allclose(integrals[: len(exact)], exact, atol=1e-13)
    assert np.abs(integrals[len(exact) :]).max() > 0.1


@pytest.mark.parametrize("degree", range(9))
def test_rotations_are_exact_to_the_degree_and_no_further(degree: int) -> None:
    matrices, weights = rotation_quadrature(degree)
    assert len(weights) == (degree // 2 + 1) * (degree + 1) ** 2
    assert (weights > 0).all()
    np.testing.assert_allclose(np.linalg.det(matrices), 1, atol=1e-14)
    for l in range(degree + 1):
        mean = np.tensordot(weights, wigner_matrices(l, matrices), 1)
        np.testing.assert_allclose(mean, np.eye(1) if l == 0 else 0, atol=1e-13)
    above = np.tensordot(weights, wigner_matrices(degree + 1, matrices), 1)
    assert np.abs(above).max() > 0.1


def test_schur_orthogonality() -> None:
    # ∫ D^a_ij D^b_kl dR = δ_ab δ_ik δ_jl / (2a+1), exact for a + b ≤ degree.
    matrices, weights = rotation_quadrature(6)
    elements = [wigner_matrices(l, matrices).reshape(len(weights), -1) for l in range(4)]
    stacked = np.concatenate(elements, axis=1)
    gram = stacked.T @ (weights[:, None] * stacked)
    norms = np.concatenate([np.full((2 * l + 1) ** 2, 1 / (2 * l + 1)) for l in range(4)])
    np.testing.assert_allclose(gram, np.diag(norms), atol=1e-13)


def test_random_rotations_are_haar_and_seeded() -> None:
    count = 20000
    matrices = random_rotations(count, np.random.default_rng(0))
    np.testing.assert_allclose(np.linalg.det(matrices), 1, atol=1e-12)
    np.testing.assert_array_equal(matrices, random_rotations(count, np.random.default_rng(0)))
    # The character of an irrep V_l, l > 0, has mean 0 and mean square 1 over Haar measure.
    for l in (1, 2, 3):
        character = np.trace(wigner_matrices(l, matrices), axis1=1, axis2=2)
        assert abs(character.mean()) < 5 / np.sqrt(count)
        assert abs((character**2).mean() - 1) < 0.1
    # Rotations about one axis alone are not Haar, and the same statistic sees it.
    angle = np.linspace(0, 2 * np.pi, 100)
    assert abs((1 + 2 * np.cos(angle)).mean()) > 0.9


@pytest.mark.parametrize("rule", [sphere_quadrature, rotation_quadrature])
def test_bad_degrees(rule: object) -> None:
    for degree, error in (
        (-1, ValueError),
        (1.5, TypeError),
        (True, TypeError),
        (9999, ValueError),
    ):
        with pytest.raises(error, match="degree"):
            rule(degree)  # type: ignore[operator]


def test_bad_counts() -> None:
    rng = np.random.default_rng(0)
    for count, error in ((0, ValueError), (-1, ValueError), (2.0, TypeError)):
        with pytest.raises(error, match="number of rotations"):
            random_rotations(count, rng)  # type: ignore[arg-type]


@pytest.mark.parametrize("largest", [0.01, 0.6, 2.5])
def test_rotations_within_a_cone_are_haar_measure_cut_off(largest: float) -> None:
    """The angle against its distribution (ω − sin ω)/(Ω − sin Ω), the axis against isotropy."""
    from scipy.spatial.transform import Rotation
    from scipy.stats import kstest

    turns = random_rotations(4000, np.random.default_rng(0), largest)
    vectors = Rotation.from_matrix(turns).as_rotvec()
    angles = np.linalg.norm(vectors, axis=1)
    assert angles.max() <= largest * (1 + 1e-6)

    def share(angle: np.ndarray) -> np.ndarray:
        if largest < 0.1:
            return (angle / largest) ** 3
        return (angle - np.sin(angle)) / (largest - np.sin(largest))

    assert kstest(angles, share).pvalue > 1e-3
    assert np.abs(vectors.mean(axis=0)).max() < 4 * largest / np.sqrt(3 * 4000)


def test_a_cone_of_nothing_is_the_identity_and_one_beyond_pi_is_refused() -> None:
    rng = np.random.default_rng(0)
    np.testing.assert_allclose(random_rotations(3, rng, 0.0), np.broadcast_to(np.eye(3), (3, 3, 3)))
    with pytest.raises(ValueError, match="max_angle"):
        random_rotations(3, rng, 4.0)
