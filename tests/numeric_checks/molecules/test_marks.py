"""Marked directions and rigid orientations; equivariance measured and refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from neural_checks.backbones.equivariance import NotEquivariantError, check_equivariance
from numeric_checks.molecules.marks import (
    align,
    best_rotations,
    directions,
    marked_neighbors,
)


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
