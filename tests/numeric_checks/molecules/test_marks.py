"""The marked neighbour: one rule, with cells, ties and changes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from scipy.spatial.transform import Rotation

from numeric_checks.bandwidth.local_frames import choose_frames
from numeric_checks.molecules.data import load
from numeric_checks.molecules.distances import mean_distances, nearest_image
from numeric_checks.molecules.marks import (
    changes,
    directions,
    marked_neighbors,
    marked_rows,
    nearest_neighbors,
)
from numeric_checks.molecules.structures import Structures
from numeric_checks.rotations.alignment import align

TRICLINIC = np.array([[5.0, 0, 0], [3.5, 3.2, 0], [-3.9, 1.7, 4.6]])


def shaking(numbers: list[int]) -> Structures:
    """Five atoms shaking about a fixed geometry, 120 frames."""
    base = np.array([[0, 0, 0], [1.4, 0, 0], [2.0, 1.3, 0], [-0.7, 1.2, 0.3], [-0.6, -1.1, 0.8]])
    noise = 0.08 * np.random.default_rng(0).normal(size=(120, 5, 3))
    return Structures.of_molecule(base + noise, numbers)


def structures_of(*frames: Atoms) -> Structures:
    return Structures(
        numbers=np.concatenate([f.numbers for f in frames]).astype(np.int64),
        positions=np.concatenate([f.positions for f in frames]),
        counts=np.array([len(f) for f in frames]),
        cells=np.array([f.cell.array for f in frames]),
        periodic=np.array([f.pbc for f in frames]),
    )


def test_marks_are_never_hydrogen_and_directions_have_length_one() -> None:
    made = shaking([6, 1, 8, 6, 7])
    marks = marked_neighbors(made)
    assert 1 not in marks
    assert all(mark != atom for atom, mark in enumerate(marks))
    rows = marked_rows(made)
    np.testing.assert_array_equal(rows.reshape(120, 5) % 5, np.tile(marks, (120, 1)))
    np.testing.assert_allclose(np.linalg.norm(directions(made, rows), axis=-1), 1, atol=1e-12)
    with pytest.raises(ValueError, match="at least two atoms other than hydrogen, got 1 among 5"):
        marked_rows(shaking([6, 1, 1, 1, 1]))


def test_recovery_and_bandwidth_mark_the_same_neighbours() -> None:
    made = shaking([6, 1, 8, 6, 7])
    np.testing.assert_array_equal(choose_frames(made)[:, 0], marked_neighbors(made))


def test_marks_are_bonded_and_nearer_than_those_of_the_mean_geometry(data_dir: Path) -> None:
    # In the mean of aligned frames the two oxygens of a turning carboxyl group fall on each other.
    for path in sorted(data_dir.glob("*.npz")):
        data = load(path).take(slice(500))
        marks = choose_frames(data.structures)[:, 0]
        mean = align(data.positions).mean(axis=0)
        far = np.linalg.norm(mean[:, None] - mean, axis=-1)
        far[:, data.numbers == 1] = np.inf
        np.fill_diagonal(far, np.inf)
        near, other = (
            np.linalg.norm(data.positions - data.positions[:, chosen], axis=-1).mean(axis=0)
            for chosen in (marks, far.argmin(axis=1))
        )
        assert near.max() < 1.65, path.name  # Å, no more than a single bond
        assert (near <= other + 1e-12).all()


def test_nearest_images_are_the_shortest_of_many() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.uniform(-12, 12, (300, 3))
    shifts = np.stack(np.meshgrid(*[np.arange(-7, 8)] * 3), axis=-1).reshape(-1, 3)
    for periodic in ([True, True, True], [True, False, True], [False, False, False]):
        made = Structures.of_molecule(np.zeros((2, 1, 3)), [6], TRICLINIC, periodic)
        found = nearest_image(vectors, made, np.arange(300) % 2)
        allowed = shifts[(shifts[:, ~np.array(periodic)] == 0).all(axis=1)]
        images = vectors[:, None] + allowed @ TRICLINIC
        least = np.linalg.norm(images, axis=-1).min(axis=1)
        np.testing.assert_allclose(np.linalg.norm(found, axis=1), least, atol=1e-10)
        steps = (found - vectors) @ np.linalg.inv(TRICLINIC)
        np.testing.assert_allclose(steps, steps.round(), atol=1e-9)


def test_wrapped_and_whole_molecules_have_the_same_marks_and_directions() -> None:
    whole = molecule("CH3CH2OH")
    whole.set_cell(2 * TRICLINIC)
    whole.pbc = True
    frames = []
    for seed in range(4):
        frame = whole.copy()
        frame.rattle(0.05, seed=seed)
        frames.append(frame)
    wrapped = [frame.copy() for frame in frames]
    for frame in wrapped:
        frame.translate([0.3, 4.0, 1.0])
        frame.wrap()
    first, second = structures_of(*frames), structures_of(*wrapped)
    assert mean_distances(structures_of(*frames)).max() < 6
    free = Structures.of_molecule(second.molecule[0], second.molecule[1])
    assert np.abs(mean_distances(free) - mean_distances(first)).max() > 1  # the cell matters
    np.testing.assert_allclose(mean_distances(second), mean_distances(first), atol=1e-10)
    np.testing.assert_array_equal(marked_rows(second), marked_rows(first))
    np.testing.assert_allclose(
        directions(second, marked_rows(second)), directions(first, marked_rows(first)), atol=1e-10
    )
    np.testing.assert_array_equal(choose_frames(second), choose_frames(first))


def test_directions_turn_with_molecule_and_cell() -> None:
    rng = np.random.default_rng(3)
    made = Structures.of_molecule(rng.uniform(0, 5, (4, 5, 3)), [6, 7, 8, 1, 6], TRICLINIC)
    turns = Rotation.random(4, rng=rng).as_matrix()
    turned = made.turned(turns)
    rows = marked_rows(made)
    np.testing.assert_array_equal(marked_rows(turned), rows)
    expected = np.einsum("nab,nb->na", turns[made.frame_of], directions(made, rows))
    np.testing.assert_allclose(directions(turned, rows), expected, atol=1e-10)


def test_every_frame_of_many_molecules_has_its_own_neighbours() -> None:
    frames = [molecule(name) for name in ("CH3OH", "CH4", "H2", "CO2")]
    frames.append(bulk("NaCl", "rocksalt", a=5.64))
    made = structures_of(*frames)
    rows = nearest_neighbors(made)
    np.testing.assert_array_equal(marked_rows(made), rows)
    for start, frame in zip(made.offsets, frames, strict=False):
        distances = frame.get_all_distances(mic=True)
        np.fill_diagonal(distances, np.inf)
        distances[:, frame.numbers == 1] = np.inf
        for atom, row in enumerate(distances):
            found = rows[start + atom]
            if np.isinf(row.min()):
                assert found == -1
            else:
                assert made.frame_of[found] == made.frame_of[start + atom]
                assert row[found - start] == pytest.approx(row.min(), abs=1e-9)
    toward = directions(made, rows)
    np.testing.assert_array_equal(np.isnan(toward[:, 0]), rows < 0)
    np.testing.assert_allclose(np.linalg.norm(toward[rows >= 0], axis=1), 1)
    assert (rows < 0).sum() == 3  # the carbon of methane, and both atoms of H2


def test_of_equally_near_neighbours_the_first_is_taken() -> None:
    rng = np.random.default_rng(0)
    carbon_dioxide = np.array([[0.0, 0, 0], [0, 0, 1.16], [0, 0, -1.16]])
    turned = np.array([Rotation.random(rng=rng).apply(carbon_dioxide) for _ in range(20)])
    made = Structures.of_molecule(turned, [6, 8, 8])
    assert marked_neighbors(made).tolist() == [1, 0, 0]
    assert (nearest_neighbors(made).reshape(20, 3)[:, 0] % 3 == 1).all()
    assert changes(made).ties == (1.0, 0.0, 0.0)


def test_changes_are_counted() -> None:
    near, far = 1.2, 1.4
    places = [[[0, 0, 0], [0, 0, near], [0, 0, -far]]] * 3 + [
        [[0, 0, 0], [0, 0, far], [0, 0, -near]]
    ]
    made = Structures.of_molecule(places, [6, 8, 8])
    assert changes(made).differing == (0.25, 0.0, 0.0)
    assert changes(made).ties == (0.0, 0.0, 0.0)


def test_atoms_at_one_place_are_refused() -> None:
    made = Structures.of_molecule([np.eye(3), np.zeros((3, 3))], [6, 8, 8])
    with pytest.raises(ValueError, match="of frame 1 are at one place"):
        directions(made, marked_rows(made))
    other = Structures.of_molecule([np.eye(3)], [6, 8, 7])
    with pytest.raises(ValueError, match="another molecule"):
        marked_rows(made, over=other)
