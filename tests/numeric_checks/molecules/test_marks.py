"""Marked directions and rigid orientations."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from numeric_checks.molecules.marks import (
    align,
    best_rotations,
    directions,
    marked_neighbors,
)


def shaking() -> np.ndarray:
    """Five atoms shaking about a fixed geometry, (120, 5, 3)."""
    base = np.array([[0, 0, 0], [1.4, 0, 0], [2.0, 1.3, 0], [-0.7, 1.2, 0.3], [-0.6, -1.1, 0.8]])
    return base + 0.08 * np.random.default_rng(0).normal(size=(120, 5, 3))


def test_marks_are_never_hydrogen_and_directions_have_length_one() -> None:
    positions = shaking()
    numbers = np.array([6, 1, 8, 6, 7])
    marks = marked_neighbors(positions, numbers)
    assert 1 not in marks
    assert all(mark != atom for atom, mark in enumerate(marks))
    np.testing.assert_allclose(np.linalg.norm(directions(positions, marks), axis=-1), 1, atol=1e-12)
    with pytest.raises(ValueError, match="two atoms"):
        marked_neighbors(positions, np.array([6, 1, 1, 1, 1]))


def test_alignment_undoes_rotations() -> None:
    frame = shaking()[:1]
    turns = Rotation.random(6, rng=2).as_matrix()
    turned = np.einsum("nab,ib->nia", turns, frame[0]) + 3.0
    np.testing.assert_allclose(best_rotations(turned, frame[0]), turns, atol=1e-12)
    aligned = align(turned)
    np.testing.assert_allclose(aligned, np.broadcast_to(aligned[0], aligned.shape), atol=1e-12)
