"""Ridge regression with a penalty chosen on the last fifth of the fitted frames.

One solver (:func:`solve_ridge`) serves every readout that is linear in its columns. It works from
:class:`Moments`, sums over rows, so that the rows need not be held at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "GUARDED",
    "PENALTIES",
    "Moments",
    "RidgeFit",
    "fit_ridge",
    "fit_shared",
    "inner_count",
    "solve_ridge",
]

Array = NDArray[np.float64]

PENALTIES: tuple[float, ...] = (1e-8, 1e-6, 1e-4, 1e-2)
"""Ridge penalties tried, relative to the mean square of the (standardised) columns."""

GUARDED: tuple[float, ...] = (*PENALTIES, 0.1, 1.0, 10.0, float("inf"))
"""The same, stronger ones for fits of many weights, and no fit at all: what is chosen does no worse
than predicting zero on its check."""


@dataclass(frozen=True)
class Moments:
    """Sums over rows of columns x and targets y; two of them add up.

    ``gram`` Σ x xᵀ (weights, weights); ``cross`` Σ x yᵀ (weights, targets); ``power`` Σ y²
    (targets,); ``rows`` how many.
    """

    gram: Array
    cross: Array
    power: Array
    rows: int

    @classmethod
    def of(cls, matrix: Array, target: Array) -> Moments:
        """Those of ``matrix`` (rows, weights) and ``target`` (rows, targets)."""
        return cls(matrix.T @ matrix, matrix.T @ target, (target**2).sum(axis=0), len(matrix))

    def __add__(self, other: Moments) -> Moments:
        return Moments(
            self.gram + other.gram,
            self.cross + other.cross,
            self.power + other.power,
            self.rows + other.rows,
        )

    def errors(self, weights: Array) -> Array:
        """Σ |x·w − y|² by target."""
        squares: Array = (weights * (self.gram @ weights - 2 * self.cross)).sum(axis=0) + self.power
        return squares


def inner_count(frames: int) -> int:
    """How many of the fitted frames come before the last fifth, which chooses the penalty."""
    return max(1, (4 * frames) // 5)


def solve_ridge(
    inner: Moments,
    outer: Moments,
    penalties: Sequence[float] = PENALTIES,
    starts: Sequence[int] = (0,),
) -> tuple[Array, tuple[float, ...]]:
    """Weights (weights, targets), and the penalty chosen for every group of targets.

    Columns are standardised to mean square one. For every group, which begins at a column of
    ``starts``, the penalty is the one with the least error on the ``outer`` rows (on the inner ones
    where there is none) after fitting the ``inner`` rows; then both are fitted together. A penalty
    of infinity stands for weights of zero: with it among the ``penalties`` no fit is chosen that
    does worse there than predicting zero.
    """
    weights, chosen, _ = _solve(inner, outer, penalties, starts)
    return weights, chosen


def _solve(
    inner: Moments, outer: Moments, penalties: Sequence[float], starts: Sequence[int]
) -> tuple[Array, tuple[float, ...], tuple[float, ...]]:
    """As :func:`solve_ridge`, and the error of each group's choice, as a part of predicting zero.

    NaN where only one penalty is tried.
    """
    both = inner + outer
    scale = np.sqrt(np.diag(both.gram) / both.rows)
    scale = np.where(scale > 0, scale, 1.0)

    def solve(moments: Moments, penalty: float) -> Array:
        if np.isinf(penalty):
            return np.zeros_like(moments.cross)
        gram = moments.gram / np.outer(scale, scale) / moments.rows
        side = moments.cross / scale[:, None] / moments.rows
        solution: Array = np.linalg.solve(gram + penalty * np.eye(len(gram)), side)
        return solution / scale[:, None]

    best, left = [0] * len(starts), [float("nan")] * len(starts)
    if len(penalties) > 1:
        check = outer if outer.rows else inner
        errors = np.array(
            [np.add.reduceat(check.errors(solve(inner, p)), starts) for p in penalties]
        )
        best = np.argmin(errors, axis=0).tolist()
        power = np.maximum(np.add.reduceat(check.power, starts), 1e-300)
        left = (errors.min(axis=0) / power).tolist()
    solutions = {index: solve(both, penalties[index]) for index in set(best)}
    ends = [*starts[1:], both.cross.shape[1]]
    parts = [
        solutions[index][:, start:end] for index, start, end in zip(best, starts, ends, strict=True)
    ]
    return np.concatenate(parts, axis=1), tuple(penalties[index] for index in best), tuple(left)


@dataclass(frozen=True)
class RidgeFit:
    """Predictions on every frame, the penalty chosen (NaN without columns), number of weights.

    ``error``: what the choice leaves on the frames that choose the penalty, as a part of the
    target's mean square there; 1 for a prediction of zero, NaN where one penalty was tried.
    """

    prediction: Array
    penalty: float
    weights: int
    error: float = float("nan")


def fit_ridge(
    columns: Array, target: Array, fit: NDArray[np.int64], penalties: Sequence[float] = PENALTIES
) -> RidgeFit:
    """Ridge regression of ``target`` (frames, k) on ``columns`` (frames, weights, k), float64.

    One weight per column, shared by the k components: the equivariant form. The penalty is the one
    with the least error on the last fifth of the ``fit`` frames after fitting the rest; then all
    ``fit`` frames are used. Without columns the prediction is zero.
    """
    found = fit_shared(lambda _site: columns, target[:, None], fit, penalties)
    return RidgeFit(found.prediction[:, 0], found.penalty, found.weights, found.error)


def fit_shared(
    columns: Callable[[int], Array],
    targets: Array,
    fit: NDArray[np.int64],
    penalties: Sequence[float] = PENALTIES,
) -> RidgeFit:
    """Ridge regression with one set of weights for all sites, as :func:`fit_ridge` otherwise.

    ``columns(site)`` (frames, weights, k), asked for twice so that one site is held at a time;
    ``targets`` and the prediction (frames, sites, k).
    """
    sites = range(targets.shape[1])
    cut = inner_count(len(fit))

    def moments(site: int, index: NDArray[np.int64], values: Array) -> Moments:
        rows = values[index].transpose(0, 2, 1).reshape(-1, values.shape[1])
        return Moments.of(rows, targets[index, site].reshape(-1, 1))

    inner: Moments | None = None
    outer: Moments | None = None
    for site in sites:
        values = columns(site)
        if values.shape[1] == 0:
            return RidgeFit(np.zeros(targets.shape), float("nan"), 0, 1.0)
        before, after = (moments(site, index, values) for index in (fit[:cut], fit[cut:]))
        inner = before if inner is None else inner + before
        outer = after if outer is None else outer + after
    if inner is None or outer is None:
        raise ValueError(f"targets must have at least one site, got shape {targets.shape}")
    weights, (penalty,), (error,) = _solve(inner, outer, penalties, (0,))
    predicted = [np.matmul(weights[:, 0], columns(site)) for site in sites]
    return RidgeFit(np.stack(predicted, axis=1), penalty, len(weights), error)
