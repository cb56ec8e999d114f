"""Conversions of features: harmonics and tensor products of one direction tell the right value."""

from __future__ import annotations

import numpy as np
import pytest

from neural_checks.backbones.bases import Axes, Order, feature_blocks, matrix_parts, order_matrix
from numeric_checks.rotations.wigner import unit_harmonics, wigner
from numeric_checks.sphere.harmonics import scipy_harmonics
from span_theorem.irreps import Irreps

RNG = np.random.default_rng(3)
DIRECTIONS = RNG.normal(size=(7, 3))
DIRECTIONS /= np.linalg.norm(DIRECTIONS, axis=1, keepdims=True)


def y(l_max: int) -> np.ndarray:
    """y_0 … y_l of every direction in e3nn's basis, side by side."""
    return np.concatenate(unit_harmonics(l_max, DIRECTIONS), axis=1)


def yzx(l_max: int) -> np.ndarray:
    """The same about the z axis, from scipy's complex harmonics."""
    flat = scipy_harmonics(l_max, DIRECTIONS)
    scale = [np.sqrt(4 * np.pi / (2 * l + 1)) for l in range(l_max + 1) for _ in range(2 * l + 1)]
    return flat * np.array(scale)


@pytest.mark.parametrize("degree", range(7))
def test_the_order_about_z_becomes_that_of_e3nn(degree: int) -> None:
    theirs, ours = yzx(degree)[:, degree**2 :], y(degree)[:, degree**2 :]
    np.testing.assert_allclose(theirs @ order_matrix(degree).T, ours, atol=1e-12)
    Q = order_matrix(degree)
    np.testing.assert_allclose(Q @ Q.T, np.eye(2 * degree + 1), atol=1e-12)
    if degree:
        assert np.abs(theirs - ours).max() > 0.1  # the orders are different ones


def test_layouts_with_an_axis_for_channels() -> None:
    factors = np.array([1.0, -2.0])
    irreps = Irreps.parse("2x0e+2x1o+2x2e")
    first = factors[None, :, None] * yzx(2)[:, None]
    expected = feature_blocks(y(2), Irreps.parse("0e+1o+2e"))
    for values, axes in ((first, None), (first.swapaxes(1, 2), None), (first, Axes.CHANNELS_FIRST)):
        found = feature_blocks(values, irreps, Order.YZX, axes)
        for name, block in expected.items():
            np.testing.assert_allclose(found[name], factors[:, None] * block, atol=1e-12)
    flat = np.concatenate(
        [factors.repeat(1) * np.ones((7, 1)), (first[:, :, 1:4]).reshape(7, 6)], 1
    )
    found = feature_blocks(flat, Irreps.parse("2x0e+2x1o"), Order.YZX)
    np.testing.assert_allclose(found["1o"][:, 1], -2 * DIRECTIONS, atol=1e-12)


def test_an_irrep_written_twice_is_one_block() -> None:
    found = feature_blocks(np.arange(8.0)[None], Irreps.parse("0e+1o+0e+1o"))
    assert found["0e"].tolist() == [[[0.0], [4.0]]]
    assert found["1o"].tolist() == [[[1.0, 2.0, 3.0], [5.0, 6.0, 7.0]]]


def test_cartesian_vectors_and_matrices() -> None:
    vectors = DIRECTIONS[:, :, None] * np.array([1.0, 3.0])  # (atoms, 3, channels)
    found = feature_blocks(vectors, Irreps.parse("2x1o"), Order.CARTESIAN)
    np.testing.assert_array_equal(found["1o"][:, 1], 3 * DIRECTIONS)
    other = RNG.normal(size=3)
    matrices = np.einsum("ni,j->nij", DIRECTIONS, other)[:, None]
    found = feature_blocks(matrices, Irreps.parse("0e+1e+2e"), Order.CARTESIAN)
    np.testing.assert_allclose(found["0e"][:, 0, 0], DIRECTIONS @ other / np.sqrt(3), atol=1e-12)
    cross = np.cross(DIRECTIONS, other) / np.sqrt(2)
    np.testing.assert_allclose(found["1e"][:, 0], cross, atol=1e-12)
    square = feature_blocks(
        np.einsum("ni,nj->nij", DIRECTIONS, DIRECTIONS)[:, None],
        Irreps.parse("2e"),
        Order.CARTESIAN,
    )["2e"][:, 0]
    np.testing.assert_allclose(square, np.sqrt(2 / 3) * y(2)[:, 4:], atol=1e-12)


def test_parts_of_matrices_turn_by_wigner_matrices_and_keep_the_norm() -> None:
    turn = np.linalg.qr(RNG.normal(size=(3, 3)))[0]
    turn *= np.linalg.det(turn)
    T = RNG.normal(size=(5, 3, 3))
    before, after = matrix_parts(T), matrix_parts(turn @ T @ turn.T)
    for l in range(3):
        np.testing.assert_allclose(after[l], before[l] @ wigner(l, turn).T, atol=1e-12)
    total = sum((part**2).sum() for part in before)
    np.testing.assert_allclose(total, (T**2).sum())


@pytest.mark.parametrize(
    ("shape", "irreps", "order", "message"),
    [
        ((4, 5), "0e+1o", Order.E3NN, r"4 components; the shape is \(4, 5\)"),
        ((4, 4, 4), "4x0e+4x1o", Order.E3NN, "does not tell channels from components"),
        ((4, 2, 4), "2x0e+3x1o", Order.E3NN, "as many of each irrep"),
        ((4, 3, 3), "3x1o", Order.CARTESIAN, "does not tell channels"),
        ((4, 2, 5), "2x1o", Order.CARTESIAN, r"\(atoms, 2, 3\) or \(atoms, 3, 2\)"),
        ((4, 2, 3), "2x2e", Order.CARTESIAN, "order cartesian is scalars"),
    ],
)
def test_shapes_that_do_not_fit(
    shape: tuple[int, ...], irreps: str, order: Order, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        feature_blocks(np.zeros(shape), Irreps.parse(irreps), order)


def test_orders_and_axes_may_be_given_as_words() -> None:
    """In the order yzx the vector (2, 3, 1) is x = 1, y = 2, z = 3; another word is refused."""
    vector = np.array([[2.0, 3.0, 1.0]])
    found = feature_blocks(vector, Irreps.parse("1o"), "yzx")  # type: ignore[arg-type]
    assert found["1o"].tolist() == [[[1.0, 2.0, 3.0]]]
    last = np.arange(6.0).reshape(1, 3, 2)
    found = feature_blocks(
        last,
        Irreps.parse("2x1o"),
        "cartesian",
        "channels-last",  # type: ignore[arg-type]
    )
    assert found["1o"].tolist() == [[[0.0, 2.0, 4.0], [1.0, 3.0, 5.0]]]
    with pytest.raises(ValueError, match="zyx"):
        feature_blocks(vector, Irreps.parse("1o"), "zyx")  # type: ignore[arg-type]
