"""The ridge solver against least squares on rows that carry the penalty, and its choices."""

from __future__ import annotations

import numpy as np
import pytest

from numeric_checks.readouts.products import coupled_products
from numeric_checks.readouts.ridge import (
    GUARDED,
    PENALTIES,
    Moments,
    fit_ridge,
    fit_shared,
    solve_ridge,
)
from numeric_checks.readouts.samples import Sites

RNG = np.random.default_rng(0)
MATRIX = RNG.normal(size=(60, 7)) * np.geomspace(1e-3, 1e3, 7)
TARGET = MATRIX / np.geomspace(1e-3, 1e3, 7) @ RNG.normal(size=(7, 5)) + RNG.normal(size=(60, 5))


def augmented(matrix: np.ndarray, target: np.ndarray, penalty: float) -> np.ndarray:
    """Least squares on rows √(n p)·s_w e_w ↦ 0 beside the data, without a Gram matrix."""
    scale = np.sqrt((matrix**2).mean(axis=0))
    rows = np.concatenate([matrix, np.sqrt(len(matrix) * penalty) * np.diag(scale)])
    zeros = np.zeros((matrix.shape[1], target.shape[1]))
    return np.linalg.lstsq(rows, np.concatenate([target, zeros]))[0]


@pytest.mark.parametrize("penalty", [1e-8, 1e-2, 1.0])
def test_the_solution_is_that_of_augmented_least_squares(penalty: float) -> None:
    inner, outer = Moments.of(MATRIX[:40], TARGET[:40]), Moments.of(MATRIX[40:], TARGET[40:])
    weights, chosen = solve_ridge(inner, outer, (penalty,))
    np.testing.assert_allclose(weights, augmented(MATRIX, TARGET, penalty), rtol=1e-6)
    assert chosen == (penalty,)


def test_every_group_has_the_penalty_with_the_least_error_on_the_outer_rows() -> None:
    penalties = (1e-6, 1e-1, 10.0)
    target = np.concatenate([TARGET[:, :2], 30 * RNG.normal(size=(60, 3))], axis=1)
    inner, outer = Moments.of(MATRIX[:20], target[:20]), Moments.of(MATRIX[20:], target[20:])
    scale = np.sqrt((MATRIX**2).mean(axis=0))
    errors = []
    for penalty in penalties:
        rows = np.concatenate([MATRIX[:20], np.sqrt(20 * penalty) * np.diag(scale)])
        weights = np.linalg.lstsq(rows, np.concatenate([target[:20], np.zeros((7, 5))]))[0]
        squares = ((MATRIX[20:] @ weights - target[20:]) ** 2).sum(axis=0)
        errors.append([squares[:2].sum(), squares[2:].sum()])
    expected = tuple(penalties[k] for k in np.argmin(errors, axis=0))
    assert len(set(expected)) == 2, "the two groups must want different penalties"
    assert solve_ridge(inner, outer, penalties, (0, 2))[1] == expected


def test_moments_of_parts_are_those_of_the_whole() -> None:
    whole = Moments.of(MATRIX, TARGET)
    parts = Moments.of(MATRIX[:13], TARGET[:13]) + Moments.of(MATRIX[13:], TARGET[13:])
    for name in ("gram", "cross", "power", "rows"):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name))
    weights = RNG.normal(size=(7, 5))
    np.testing.assert_allclose(
        whole.errors(weights), ((MATRIX @ weights - TARGET) ** 2).sum(axis=0), rtol=1e-9
    )


def test_one_set_of_weights_for_all_sites_is_the_fit_of_all_their_rows(sites: Sites) -> None:
    columns = coupled_products(sites.features, 2, 2, 3)
    target = sites.vectors[:, [2]] @ np.ones((3, 7))
    alone = fit_ridge(columns, target[:, 0], sites.fit)
    shared = fit_shared(lambda _site: columns, np.repeat(target, 2, axis=1), sites.fit)
    assert (shared.weights, shared.penalty) == (alone.weights, alone.penalty)
    for site in (0, 1):
        np.testing.assert_allclose(shared.prediction[:, site], alone.prediction, rtol=1e-6)


def test_without_columns_nothing_is_predicted() -> None:
    fit = fit_ridge(np.zeros((5, 0, 3)), np.ones((5, 3)), np.arange(3))
    assert fit.weights == 0
    assert not fit.prediction.any()
    assert np.isnan(fit.penalty)


def test_a_single_frame_is_fitted_with_a_penalty_that_was_tried() -> None:
    fit = fit_ridge(np.ones((2, 1, 3)), np.ones((2, 3)), np.arange(1))
    assert fit.penalty in PENALTIES
    np.testing.assert_allclose(fit.prediction, 1.0, rtol=0.02)


def test_no_site_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one site"):
        fit_shared(lambda _site: np.ones((3, 1, 1)), np.ones((3, 0, 1)), np.arange(2))


def test_with_the_guard_no_fit_does_worse_than_zero_on_its_check() -> None:
    """Targets that have nothing to do with the columns, and few frames for many weights."""
    rng = np.random.default_rng(0)
    columns, target = rng.normal(size=(60, 80, 3)), rng.normal(size=(60, 3))
    fit = np.arange(20)
    plain = fit_ridge(columns, target, fit)
    guarded = fit_ridge(columns, target, fit, GUARDED)
    assert (plain.prediction**2).sum() > 0
    assert guarded.penalty == np.inf
    np.testing.assert_array_equal(guarded.prediction, 0)
    # Where there is something to find, the guard changes nothing.
    clear = columns[:, :5].sum(axis=1)
    np.testing.assert_array_equal(
        fit_ridge(columns[:, :5], clear, fit, GUARDED).prediction,
        fit_ridge(columns[:, :5], clear, fit).prediction,
    )
