"""Named random streams."""

from __future__ import annotations

import numpy as np
import pytest

from numeric_checks.seeds import streams


def test_streams_are_those_of_spawned_children_and_do_not_touch_each_other() -> None:
    children = np.random.SeedSequence(7).spawn(2)
    expected = [np.random.default_rng(child).random(5) for child in children]
    made = streams(7, "a", "b", "c")
    made["c"].random(1000)
    made["b"].random(3)
    np.testing.assert_array_equal(made["a"].random(5), expected[0])
    np.testing.assert_array_equal(streams(7, "a", "b")["b"].random(5), expected[1])
    assert not np.array_equal(expected[0], expected[1])


def test_a_name_twice_and_a_seed_below_zero_are_refused() -> None:
    with pytest.raises(ValueError, match="must differ"):
        streams(0, "a", "a")
    with pytest.raises(ValueError, match="seed must be an integer ≥ 0"):
        streams(-1, "a")
