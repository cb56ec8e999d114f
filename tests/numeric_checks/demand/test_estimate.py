"""The rule of ℓ*."""

from __future__ import annotations

import numpy as np

from numeric_checks.demand.estimate import _least


def test_the_least_degree_is_within_the_level_of_the_last() -> None:
    errors = np.array([[9.0, 4.0, 3.1, 3.0], [9.0, 6.0, 3.0, 5.5], [3.0, 3.0, 3.0, 3.0]]).T
    assert _least(errors, 0.1).tolist() == [2, 1, 0]
    assert _least(errors, 0.5).tolist() == [1, 1, 0]
    assert _least(errors, 0.01).tolist() == [3, 2, 0]
