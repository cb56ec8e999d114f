"""Blocks of correlated rows stay together in the bootstrap."""

from __future__ import annotations

import numpy as np
import pytest

from neural_checks.readouts.bootstrap import resample


def test_rows_of_one_block_are_drawn_together() -> None:
    """Every row four times over: the spread is that of the distinct rows, not half of it."""
    rng = np.random.default_rng(0)
    distinct = rng.normal(size=100)
    table = np.repeat(distinct, 4)[None, None, None]
    blocks = np.repeat(np.arange(100), 4)
    _, apart = resample(table, 3000, np.random.default_rng(1))
    point, together = resample(table, 3000, np.random.default_rng(1), blocks)
    expected = distinct.std() / np.sqrt(100)
    assert point[0] == pytest.approx(distinct.mean())
    assert together.std() == pytest.approx(expected, rel=0.06)
    assert apart.std() == pytest.approx(expected / 2, rel=0.06)


def test_blocks_of_one_row_are_no_blocks_and_names_do_not_matter() -> None:
    table = np.random.default_rng(0).normal(size=(2, 3, 4, 30))
    alone = resample(table, 50, np.random.default_rng(1))
    for labels in (np.arange(30), 7 * np.arange(30) - 100):
        blocks = resample(table, 50, np.random.default_rng(1), labels)
        np.testing.assert_allclose(blocks[1], alone[1], rtol=1e-12)


def test_blocks_of_different_size_leave_a_constant_alone() -> None:
    blocks = np.array([0, 0, 0, 0, 1, 2, 2])
    _, drawn = resample(np.full((1, 1, 1, 7), 3.0), 20, np.random.default_rng(0), blocks)
    np.testing.assert_allclose(drawn, 3.0)


def test_a_label_is_needed_for_every_row() -> None:
    with pytest.raises(ValueError, match="each of 7 rows, got 6"):
        resample(np.ones((1, 1, 1, 7)), 5, np.random.default_rng(0), np.arange(6))
