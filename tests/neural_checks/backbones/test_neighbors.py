"""Neighbours through cells, against the search of ASE and against all pairs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neural_checks.backbones.neighbors import edges, edges_of_frame
from numeric_checks.molecules.structures import Structures


def found(
    positions: np.ndarray, cell: np.ndarray, periodic: np.ndarray, cutoff: float
) -> list[Any]:
    got = edges_of_frame(positions, cell, periodic, cutoff)
    return list(
        zip(got.centres.tolist(), got.neighbours.tolist(), got.shifts.tolist(), strict=True)
    )


@pytest.mark.parametrize("seed", range(12))
def test_edges_are_those_of_another_search(seed: int) -> None:
    """Skew cells, smaller than the cut-off or not, periodic in some directions; atoms anywhere."""
    ase = pytest.importorskip("ase")
    from ase.neighborlist import neighbor_list

    rng = np.random.default_rng(seed)
    cell = np.diag(rng.uniform(3, 6, 3)) + rng.uniform(-1, 1, (3, 3))
    periodic = rng.random(3) < 0.6
    positions = rng.uniform(-8, 8, (6, 3))
    if seed % 3 == 0:
        positions[:, 2] = 1.0  # a flat molecule
    cutoff = rng.uniform(2, 6)
    i, j, shifts = neighbor_list(
        "ijS", ase.Atoms("H6", positions, cell=cell, pbc=periodic), float(cutoff)
    )
    expected = sorted(zip(i.tolist(), j.tolist(), shifts.tolist(), strict=True))
    for given in (cell, np.where(periodic[:, None], cell, 0.0)):
        assert found(positions, given, periodic, cutoff) == expected


def test_edges_of_molecules_are_all_near_pairs_in_order() -> None:
    rng = np.random.default_rng(0)
    positions = rng.uniform(0, 6, (4, 9, 3))
    got = edges(Structures.of_molecule(positions, np.full(9, 6)), 4.0)
    near = np.linalg.norm(positions[:, :, None] - positions[:, None], axis=-1) < 4.0
    near &= ~np.eye(9, dtype=bool)
    frame, centre, neighbour = near.nonzero()
    np.testing.assert_array_equal(got.centres, centre + 9 * frame)
    np.testing.assert_array_equal(got.neighbours, neighbour + 9 * frame)
    assert not got.shifts.any()


def test_frames_of_different_atoms_stand_one_after_another() -> None:
    one = Structures.of_molecule([[[0, 0, 0]]], [6], 2.0 * np.eye(3))
    two = Structures.of_molecule([[[0, 0, 0], [0, 0, 1.0]]], [6, 8])
    got = edges(Structures.join([one, two, one]), 2.1)
    assert len(got.centres) == 6 + 2 + 6
    assert got.centres.tolist() == [0] * 6 + [1, 2] + [3] * 6
    assert sorted(got.shifts[:6].tolist()) == sorted(
        [[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]]
    )
