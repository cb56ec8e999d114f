"""The penalty is the one with the least error on the validation rows, or there is no fit."""

from __future__ import annotations

import numpy as np
import pytest

from numeric_checks.demand.regression import Gram, _ridge, solve

PENALTIES = (1e-6, 1e-2, 1.0)


def ridge(columns: np.ndarray, target: np.ndarray, penalty: float) -> np.ndarray:
    """The same fit by least squares on rows added for the penalty."""
    scale = np.sqrt((columns**2).mean(axis=0))
    extra = np.sqrt(penalty * len(columns)) * np.diag(scale)
    rows = np.concatenate([columns, extra])
    found: np.ndarray = np.linalg.lstsq(
        rows, np.concatenate([target, np.zeros(len(extra))]), rcond=None
    )[0]
    return found


def test_the_penalty_has_the_least_error_on_the_validation_rows() -> None:
    rng = np.random.default_rng(1)
    columns, true = rng.normal(size=(40, 12)), rng.normal(size=(12, 3))
    noise = rng.normal(size=(40, 3)) * [0.01, 3.0, 10.0]
    target = columns @ true + noise
    # The last target is turned round in the validation rows: every fit is worse than none there.
    target[30:, 2] = -10 * columns[30:] @ true[:, 2]
    fit, validate = Gram.zeros(12, 3), Gram.zeros(12, 3)
    fit.add(columns[:30], target[:30])
    validate.add(columns[30:], target[30:])
    weights, chosen = solve(fit, validate, np.arange(12), PENALTIES)
    for k in range(2):
        errors = [
            ((columns[30:] @ ridge(columns[:30], target[:30, k], p) - target[30:, k]) ** 2).sum()
            for p in PENALTIES
        ]
        assert chosen[k] == PENALTIES[int(np.argmin(errors))]
        assert min(errors) < (target[30:, k] ** 2).sum()
    assert chosen[0] != chosen[1]
    assert chosen[2] == 0
    assert not weights[:, 2].any()
    assert weights[:, 0] == pytest.approx(true[:, 0], abs=0.05)


def test_columns_that_are_far_larger_in_the_frames_added_are_solved() -> None:
    """Two nearly equal columns 10¹⁰ times as large as the others: no Cholesky decomposition."""
    rng = np.random.default_rng(2)
    columns = rng.normal(size=(30, 4))
    columns[:, 3] = columns[:, 2] + 1e-9 * rng.normal(size=30)
    true = np.array([1.0, -2.0, 0.5, 0.5])
    size = np.array([1.0, 1.0, 1e10, 1e10])
    matrix = columns.T @ columns * size[:, None] * size
    right = (columns.T @ (columns @ true))[:, None] * size[:, None]
    found = _ridge(matrix, right, 1e-9)
    with pytest.raises(np.linalg.LinAlgError):
        np.linalg.cholesky(matrix + 1e-9 * np.eye(4))
    assert (columns * size) @ found[:, 0] == pytest.approx(columns @ true, abs=1e-6)
