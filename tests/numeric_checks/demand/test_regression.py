"""The penalty is the one with the least error on the validation rows, or there is no fit."""

from __future__ import annotations

import numpy as np
import pytest

from numeric_checks.demand.regression import Gram, solve

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
