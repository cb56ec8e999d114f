"""Exact repeats are found, near ones are not; blocks follow the trajectory."""

from __future__ import annotations

import numpy as np
import pytest

from numeric_checks.molecules.fields import Field
from numeric_checks.molecules.repeats import blocks, repeats
from numeric_checks.molecules.structures import Structures


def test_repeats_are_equal_in_every_respect() -> None:
    places = np.random.default_rng(0).normal(size=(6, 3, 3))
    places[3] = places[1]
    places[4] = places[1] + 1e-15
    places[5] = places[1]
    made = Structures.of_molecule(places, [6, 8, 8])
    assert repeats(made).tolist() == [-1, -1, -1, 1, -1, 1]
    other = Structures.of_molecule(places, [8, 6, 8])
    assert (repeats(Structures.join([made.take([1]), other.take([1])])) == -1).all()
    boxed = Structures.of_molecule(places[1:2], [6, 8, 8], 9 * np.eye(3))
    assert (repeats(Structures.join([made.take([1]), boxed])) == -1).all()
    signed = Structures.of_molecule([np.zeros((1, 3)), -np.zeros((1, 3))], [6])
    assert repeats(signed).tolist() == [-1, 0]


def test_a_field_tells_what_it_leaves_out() -> None:
    places = np.random.default_rng(0).normal(size=(4, 3, 3))
    places[3] = places[0]
    field = Field.of_molecule(places, places[..., 0], np.array([6, 8, 8]), "a", "x", "1")
    kept = field.distinct()
    assert len(kept) == 3
    assert kept.notes == ("1 frames repeat an earlier one exactly and were left out",)
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
