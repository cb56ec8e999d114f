"""Ridge regression of forces on the columns of a model, from normal equations alone.

Frames pass through in batches: what is kept is the Gram matrix of the columns, so that memory does
not grow with the number of frames. The columns of a model with fewer degrees, fewer factors or
fewer centres are a subset, so one pass serves every model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from numeric_checks.demand.design import Model, designs
from numeric_checks.molecules.structures import Structures

__all__ = ["PENALTIES", "Gram", "accumulate", "solve"]

Array = NDArray[np.float64]

#: Ridge penalties tried, relative to the mean square of a standardised column.
PENALTIES: tuple[float, ...] = (1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4)


@dataclass
class Gram:
    """Normal equations of several targets: Σ XᵀX, Σ Xᵀy, Σ y² and the number of rows.

    ``matrix`` (columns, columns), ``right`` (columns, targets), ``square`` (targets,).
    """

    matrix: Array
    right: Array
    square: Array
    rows: int

    @classmethod
    def zeros(cls, columns: int, targets: int = 1) -> Gram:
        """Of no rows yet."""
        return cls(np.zeros((columns, columns)), np.zeros((columns, targets)), np.zeros(targets), 0)

    def add(self, columns: Array, target: Array) -> None:
        """Add rows; ``columns`` (rows, columns), ``target`` (rows, targets).

        Columns that are missing at the end are 0.
        """
        width = columns.shape[1]
        self.matrix[:width, :width] += columns.T @ columns
        self.right[:width] += columns.T @ target
        self.square += (target**2).sum(axis=0)
        self.rows += len(target)

    def __add__(self, other: Gram) -> Gram:
        return Gram(
            self.matrix + other.matrix,
            self.right + other.right,
            self.square + other.square,
            self.rows + other.rows,
        )


def accumulate(
    parts: Mapping[str, Gram],
    labels: NDArray[np.str_],
    structures: Structures,
    forces: Array,
    model: Model,
    progress: Callable[[int], None] = lambda _frames: None,
) -> None:
    """Add the forces (targets, atoms, 3) of every frame to the Gram matrix that its label names.

    ``labels`` (frames,); ``progress(frames)`` is told how many more frames are done.
    """
    for frames, design in designs(structures, model):
        rows = slice(structures.offsets[frames.start], structures.offsets[frames.stop])
        target = forces[:, rows].reshape(len(forces), -1).T
        names = np.repeat(labels[frames], 3 * structures.counts[frames])
        for name, gram in parts.items():
            mine = names == name
            if mine.all():
                gram.add(design, target)
            elif mine.any():
                gram.add(design[mine], target[mine])
        progress(frames.stop - frames.start)


def solve(
    fit: Gram, validate: Gram, chosen: NDArray[np.int64], penalties: Sequence[float] = PENALTIES
) -> tuple[Array, Array]:
    """Weights of the columns ``chosen``, and the penalty that was best on ``validate``, by target.

    Columns are scaled to mean square one. A penalty that does worse than the prediction 0 on the
    validation frames is never taken: the weights are then 0. The last fit is on both parts.

    Returns:
        Weights (chosen, targets) and penalties (targets,), 0 where the weights are 0.
    """
    scale = np.sqrt(np.diag(fit.matrix)[chosen] / max(fit.rows, 1))
    scale[scale < 1e-12 * scale.max(initial=1e-300)] = np.inf
    grid = np.ix_(chosen, chosen)
    scaled = fit.matrix[grid] / np.outer(scale, scale)
    right = fit.right[chosen] / scale[:, None]
    held = validate.matrix[grid] / np.outer(scale, scale)
    held_right = validate.right[chosen] / scale[:, None]
    best, error = np.zeros(len(validate.square)), validate.square.copy()
    for penalty in penalties:
        weights = _ridge(scaled, right, penalty * fit.rows)
        wrong = validate.square + (weights * (held @ weights - 2 * held_right)).sum(axis=0)
        better = wrong < error
        best[better], error[better] = penalty, wrong[better]
    rows, both, sides = fit.rows + validate.rows, scaled + held, right + held_right
    weights = np.zeros_like(right)
    for penalty in np.unique(best[best > 0]):
        mine = best == penalty
        weights[:, mine] = _ridge(both, sides[:, mine], penalty * rows) / scale[:, None]
    return weights, best


def _ridge(matrix: Array, right: Array, penalty: float) -> Array:
    shifted = matrix.copy()
    shifted.flat[:: len(matrix) + 1] += penalty
    solution: Array
    try:
        solution = linalg.solve(shifted, right, assume_a="pos", check_finite=False)
    except linalg.LinAlgError:  # columns that are far larger in the frames added than before
        size = np.sqrt(np.diag(shifted))[:, None]
        solution = linalg.lstsq(shifted / size / size.T, right / size)[0] / size
    return solution
