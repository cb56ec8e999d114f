"""Frames of many sizes, with cells: taken, turned, cut into batches; and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ase.build import bulk, molecule

from numeric_checks.molecules.data import ForceData
from numeric_checks.molecules.structures import Structures


def mixed() -> Structures:
    """Water, methane, a copper cell, water."""
    frames = [molecule("H2O"), molecule("CH4"), bulk("Cu"), molecule("H2O")]
    return Structures(
        numbers=np.concatenate([f.numbers for f in frames]).astype(np.int64),
        positions=np.concatenate([f.positions for f in frames]),
        counts=np.array([len(f) for f in frames]),
        cells=np.array([f.cell.array for f in frames]),
        periodic=np.array([f.pbc for f in frames]),
    )


def test_frames_are_taken_as_one_by_one() -> None:
    whole = mixed()
    assert (len(whole), whole.offsets.tolist()) == (4, [0, 3, 8, 9, 12])
    assert whole.frame_of.tolist() == [0] * 3 + [1] * 5 + [2] + [3] * 3
    for index in (
        [3, 0, 2],
        np.array([True, False, True, True]),
        slice(1, 3),
        slice(None, None, 2),
    ):
        part = whole.take(index)
        for place, frame in enumerate(np.arange(4)[index]):
            mine, theirs = (s.take([k]) for s, k in ((part, place), (whole, frame)))
            for name in ("numbers", "positions", "counts", "cells", "periodic"):
                np.testing.assert_array_equal(getattr(mine, name), getattr(theirs, name))
    assert np.shares_memory(whole.take(slice(1, 3)).positions, whole.positions)
    again = Structures.join([whole.take([0, 1]), whole.take([2, 3])])
    np.testing.assert_array_equal(again.positions, whole.positions)
    with pytest.raises(IndexError):
        whole.take([4])
    with pytest.raises(ValueError, match="at least one frame"):
        whole.take([])
    with pytest.raises(TypeError, match="integers or booleans"):
        whole.take([0.5])


def test_turning_keeps_every_distance_and_the_cell_turns_along() -> None:
    from ase import Atoms
    from scipy.spatial.transform import Rotation

    rng = np.random.default_rng(0)
    cell = np.array([[4.0, 0, 0], [1.5, 3.5, 0], [-1.0, 0.7, 5.0]])
    whole = Structures.of_molecule(rng.uniform(0, 4, (3, 6, 3)), [6] * 6, cell)
    turned = whole.turned(Rotation.random(3, rng=rng).as_matrix())
    assert np.abs(turned.positions - whole.positions).max() > 0.5
    for frame in range(3):
        one, other = (
            Atoms(s.numbers[:6], s.molecule[0][frame], cell=s.cells[frame], pbc=s.periodic[frame])
            for s in (whole, turned)
        )
        np.testing.assert_allclose(
            other.get_all_distances(mic=True), one.get_all_distances(mic=True), atol=1e-10
        )
    with pytest.raises(ValueError, match="transforms has shape"):
        whole.turned(np.zeros((2, 3, 3)))


@pytest.mark.parametrize("atoms", [1, 4, 8, 100])
def test_batches_hold_every_frame_once(atoms: int) -> None:
    whole = mixed()
    parts = list(whole.batches(atoms))
    np.testing.assert_array_equal(Structures.join(parts).positions, whole.positions)
    assert all(len(part) == 1 or len(part.numbers) <= atoms for part in parts)
    if atoms == 8:
        assert [len(part) for part in parts] == [2, 2]
    with pytest.raises(ValueError, match="at least 1"):
        next(whole.batches(0))


def test_one_molecule_is_told_from_many() -> None:
    assert not mixed().fixed
    with pytest.raises(ValueError, match="different atoms, from 1 to 5"):
        _ = mixed().molecule
    same = mixed().take([0, 3])
    assert same.fixed
    assert same.molecule[0].shape == (2, 3, 3)
    swapped = Structures.join([same, Structures.of_molecule(np.eye(3)[None], [1, 8, 1])])
    assert not swapped.fixed  # as many atoms, in another order


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"numbers": [8, 0]}, "from 1 to 118, got 0 in frame 0"),
        ({"numbers": [8.0, 6.0]}, "must be integers"),
        ({"numbers": [[8, 6]]}, "must be integers"),
        ({"positions": np.zeros((3, 2, 2))}, "positions has shape"),
        ({"positions": np.zeros((0, 2, 3))}, "no frames"),
        ({"positions": [np.zeros((2, 3)), np.full((2, 3), np.nan)]}, "not finite, in frame 1"),
        ({"cell": np.zeros((2, 3))}, "cell has shape"),
        ({"cell": np.diag([1.0, np.inf, 1.0])}, "not finite, in frame 0"),
        ({"cell": np.diag([1.0, 0.0, 1.0])}, "periodic along lattice vector 1, which is zero"),
        ({"cell": [[1, 0, 0], [0, 1, 0], [1, 1, 0]]}, "lie in a plane"),
        ({"periodic": True}, "lattice vector 0, which is zero"),
        ({"periodic": [True, True]}, "periodic has shape"),
    ],
)
def test_impossible_structures_are_refused(change: dict[str, Any], message: str) -> None:
    good: dict[str, Any] = {"positions": np.zeros((3, 2, 3)), "numbers": [8, 6]}
    Structures.of_molecule(**good)
    with pytest.raises(ValueError, match=message):
        Structures.of_molecule(**{**good, **change})


def test_a_slab_needs_no_third_vector() -> None:
    cell = [[3.0, 0, 0], [0, 3.0, 0], [0, 0, 0]]
    slab = Structures.of_molecule(np.zeros((1, 1, 3)), [29], cell, [True, True, False])
    assert slab.has_cell


def test_forces_are_whole_or_absent_and_molecules_keep_their_shapes() -> None:
    rng = np.random.default_rng(0)
    places, forces = rng.normal(size=(2, 4, 3, 3))
    data = ForceData.of_molecule(places, forces, None, np.array([8, 6, 1]), "made")
    np.testing.assert_array_equal(data.molecule_forces, forces)
    np.testing.assert_array_equal(data.take([2]).positions, places[2:3])
    assert np.isnan(data.energies).all()
    assert data.origin["numbers"] == [8, 6, 1]
    forces[1] = np.nan
    ForceData.of_molecule(places, forces, None, np.array([8, 6, 1]), "made")
    forces[2, 1, 0] = np.nan
    with pytest.raises(ValueError, match="not finite, in frame 2"):
        ForceData.of_molecule(places, forces, None, np.array([8, 6, 1]), "made")
    with pytest.raises(ValueError, match="energies has shape"):
        ForceData(mixed(), np.zeros(3), np.zeros((12, 3)), "made")
    many = ForceData(mixed(), np.zeros(4), np.zeros((12, 3)), "made")
    assert many.origin["numbers"] is None
    with pytest.raises(ValueError, match="different atoms"):
        _ = many.molecule_forces
