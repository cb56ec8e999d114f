"""Frames for training, validation and testing: disjoint, reproducible, equal frames on one side."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neural_checks.data.split import split
from numeric_checks.molecules.data import ForceData, load


def made(frames: int) -> ForceData:
    """Frames of three atoms at random places."""
    places = np.random.default_rng(0).normal(size=(frames, 3, 3))
    return ForceData.of_molecule(places, places, np.zeros(frames), np.array([8, 6, 1]), "a")


def test_split_is_disjoint_reproducible_and_depends_on_the_seed() -> None:
    data = made(40)
    first, again, other = (split(data, 20, 5, 10, seed) for seed in (1, 1, 2))
    assert not set(first.train) & set(first.test)
    assert not set(first.train) & set(first.validation)
    assert not set(first.validation) & set(first.test)
    assert np.array_equal(first.train, again.train)
    assert not np.array_equal(first.train, other.train)


@pytest.mark.parametrize(
    ("parts", "message"),
    [((40, 5, 10), "asked for"), ((0, 5, 10), "train must be ≥ 1"), ((5, 5, -1), "test must be")],
)
def test_impossible_parts_are_refused(parts: tuple[int, int, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        split(made(40), *parts, 0)
    with pytest.raises(TypeError, match="train must be an integer"):
        split(made(40), 2.5, 5, 10, 0)  # type: ignore[arg-type]


def test_equal_frames_are_on_one_side() -> None:
    once = made(30)
    data = once.take(np.arange(60) % 30)
    parts = split(data, 20, 4, 6, 0)
    used = np.concatenate([parts.train, parts.validation, parts.test])
    assert len(np.unique(data.positions[used], axis=0)) == 30
    with pytest.raises(ValueError, match="available"):
        split(data, 25, 4, 6, 0)


def test_published_parts_are_kept() -> None:
    published = {"train_01": np.arange(12), "test_01": np.arange(20, 30)}
    data = replace(made(40), published=published)
    parts = split(data, 8, 3, 5, seed=0)
    assert set(parts.train) | set(parts.validation) <= set(range(12))
    assert set(parts.test) <= set(range(20, 30))
    assert parts.rule == "published split train_01/test_01, seed 0"


def test_a_published_test_frame_that_repeats_a_training_frame_is_not_drawn() -> None:
    """Frames 20 to 24 are copies of 0 to 4, and 30 is one of 25: nine test frames are left."""
    index = np.arange(40)
    index[20:25], index[30] = np.arange(5), 25
    published = {"train": np.arange(20), "test": np.arange(20, 35)}
    data = replace(made(40).take(index), published=published)
    parts = split(data, 15, 5, 9, seed=0)
    assert set(parts.test) == {25, 26, 27, 28, 29, 31, 32, 33, 34}
    with pytest.raises(ValueError, match="available 20 and 9"):
        split(data, 15, 5, 10, seed=0)


def test_local_aspirin(data_dir: Path) -> None:
    parts = split(load(data_dir / "aspirin_rmd17.npz"), 900, 50, 250, 0)
    assert parts.train.max() < 1000 <= parts.test.min() < 2000
