"""Repeats are found, other digits or not; blocks follow the trajectory."""

from __future__ import annotations

import numpy as np
import pytest

from numeric_checks.molecules.fields import Field
from numeric_checks.molecules.repeats import blocks, repeats
from numeric_checks.molecules.structures import Structures


def test_repeats_are_equal_in_every_respect() -> None:
    places = np.random.default_rng(0).normal(size=(6, 3, 3))
    places[3] = places[1]
    places[4] = places[1] + [[0.0, 0.0, 0.0], [0.0, 0.0015, 0.0], [0.0, 0.0, 0.0]]
    places[5] = places[1]
    made = Structures.of_molecule(places, [6, 8, 8])
    assert repeats(made).tolist() == [-1, -1, -1, 1, -1, 1]
    other = Structures.of_molecule(places, [8, 6, 8])
    assert (repeats(Structures.join([made.take([1]), other.take([1])])) == -1).all()
    boxed = Structures.of_molecule(places[1:2], [6, 8, 8], 9 * np.eye(3))
    assert (repeats(Structures.join([made.take([1]), boxed])) == -1).all()
    signed = Structures.of_molecule([np.zeros((1, 3)), -np.zeros((1, 3))], [6])
    assert repeats(signed).tolist() == [-1, 0]


@pytest.mark.parametrize("noise", [0.0, 1e-15, 1e-8, 1e-5, 9e-4])
def test_copies_with_other_digits_are_found(noise: float) -> None:
    """Against all pairs; of a slow drift every frame that left the last one kept is kept."""
    rng = np.random.default_rng(2)
    places = rng.normal(size=(300, 5, 3))
    source = rng.integers(0, 200, 100)
    places[200:] = places[source] + noise * rng.uniform(-1, 1, (100, 5, 3))
    cells = np.tile(9 * np.eye(3), (300, 1, 1)) + noise * rng.uniform(-1, 1, (300, 3, 3)) / 2
    found = repeats(Structures.of_molecule(places, [6, 8, 8, 1, 1], cells))
    assert (found[:200] == -1).all()
    assert (places[found[200:]] == places[source]).all()
    drift = np.zeros((50, 1, 3))
    drift[:, 0, 0] = 4e-4 * np.arange(50)
    kept = np.flatnonzero(repeats(Structures.of_molecule(drift, [6])) < 0)
    assert kept.tolist() == list(range(0, 50, 3))


def test_a_field_tells_what_it_leaves_out() -> None:
    places = np.random.default_rng(0).normal(size=(4, 3, 3))
    places[3] = places[0]
    field = Field.of_molecule(places, places[..., 0], np.array([6, 8, 8]), "a", "x", "1")
    kept = field.distinct()
    assert len(kept) == 3
    assert kept.notes == ("1 frames repeat an earlier one and were left out",)
    assert kept.distinct() is kept


def test_blocks_hold_frames_that_follow_each_other() -> None:
    order = np.random.default_rng(0).permutation(103)
    found = blocks(order, 103, 10)
    assert sorted(set(np.bincount(found))) == [10, 11]
    assert (np.diff(found[np.argsort(order)]) >= 0).all()
    assert (np.diff(blocks(None, 103, 10)) >= 0).all()
    for count in (0, 104):
        with pytest.raises(ValueError, match="between 1 and 103"):
            blocks(None, 103, count)
    with pytest.raises(ValueError, match="103 places"):
        blocks(order[:3], 103, 4)
