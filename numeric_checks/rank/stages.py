"""The span of products of features, built in stages, and its singular values at every stage.

*Staged construction.* Products of degree k are products of one of degree ⌈k/2⌉ and one of degree
⌊k/2⌋, so the span of degree k is spanned by the products of two orthonormal bases of lower stages
(as vectors of values at the directions). The left singular vectors above the cut-off are the basis
that the next stage uses. Each stage starts from orthonormal functions, so the gap between the last
singular value kept and the first one dropped stays wide; and the stages halve, so all but the last
are small.

*Naive construction.* The values of all degree-d products at once: they crowd into low degrees ℓ,
the singular values decay without a gap, and the count falls short at high degree. It is kept
beside the staged result because it is the obvious thing to try.

The cut-off is max(m, n)·ε·σ₁ for an m × n matrix: the rounding of its entries and of the
decomposition perturbs every singular value by about that much at most (Weyl's inequality).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from numeric_checks.rank.arrays import keep, left_vectors, singular_values

__all__ = [
    "MAX_DROPPED",
    "MIN_MARGIN",
    "Move",
    "Stage",
    "naive_stage",
    "room",
    "staged_basis",
    "staged_rank",
]

MIN_MARGIN = 1e3
"""σ_r over the cut-off below which a rank counts as ambiguous."""

MAX_DROPPED = 0.25
"""σ_{r+1} over the cut-off above which a rank counts as ambiguous."""

Move = Callable[[NDArray[np.float64]], Any]
"""Brings a numpy array to the device on which stages are built."""


@dataclass(frozen=True, slots=True)
class Stage:
    """The singular values of one matrix of product values, around the cut-off.

    Attributes:
        degree: number of factors in the products.
        columns: number of columns of the matrix.
        sampled: whether the columns are random products instead of all of them.
        expected: dimension of the span by T1 or T1′.
        rank: number of singular values above ``cutoff``.
        largest, kept, dropped: σ₁, σ_r, σ_{r+1}; None where the matrix has no further value.
        cutoff: max(m, n)·ε·σ₁.
        gap: σ_r/σ_{r+1}; None without a σ_{r+1}, or where it is exactly 0.
        margin: σ_r over the cut-off.
    """

    degree: int
    columns: int
    sampled: bool
    expected: int
    rank: int
    largest: float
    kept: float
    dropped: float | None
    cutoff: float
    gap: float | None
    margin: float

    @property
    def ambiguous(self) -> bool:
        """Whether σ_r is too close to the cut-off to be told from rounding, or σ_{r+1} too large.

        Rounding alone leaves values a good deal below the bound; one just below it may be real.
        """
        return self.margin < MIN_MARGIN or (self.dropped or 0.0) > MAX_DROPPED * self.cutoff


def room(dimension: int) -> int:
    """Directions, or random products, for a span of this dimension.

    A quarter more, so that a larger rank could show, plus 16. Rounding carried over from the
    stages below grows by about √c/(√c - √D) with c columns for a dimension D: 9 here.
    """
    return dimension + dimension // 4 + 16


def _degrees(d: int) -> list[int]:
    """The degrees that halving d leads to, increasing, d last.

    >>> _degrees(7)
    [1, 2, 3, 4, 7]
    """

    def below(k: int) -> set[int]:
        return {k} if k < 2 else {k} | below(k // 2) | below((k + 1) // 2)

    return sorted(below(d))


def _stage(values: NDArray[np.float64], shape: tuple[int, int], **fields: Any) -> Stage:
    largest = float(values[0])
    cutoff = max(shape) * float(np.finfo(np.float64).eps) * largest
    rank = int((values > cutoff).sum())
    kept = float(values[rank - 1]) if rank else 0.0
    dropped = float(values[rank]) if rank < len(values) else None
    return Stage(
        columns=shape[1],
        rank=rank,
        largest=largest,
        kept=kept,
        dropped=dropped,
        cutoff=cutoff,
        gap=kept / dropped if dropped else None,
        margin=kept / cutoff if cutoff else 0.0,
        **fields,
    )


def _build(
    values: NDArray[np.float64],
    expected: Sequence[int],
    rng: np.random.Generator,
    move: Move,
    last_basis: bool,
) -> tuple[tuple[Stage, ...], Any]:
    """The stages, and the basis of the last one where it is wanted."""
    count, top = len(values), len(expected) - 1
    matrix = move((values if top else np.ones((count, 1))) * count**-0.5)
    bases: dict[int, Any] = {}
    stages = []
    for degree in _degrees(top):
        sampled = False
        if degree > 1:
            first, second = bases[(degree + 1) // 2], bases[degree // 2]
            widths, columns = (first.shape[1], second.shape[1]), room(expected[degree])
            sampled = widths[0] * widths[1] > 2 * columns
            if sampled:
                # Tensors u ⊗ v span the tensor product, so random ones span the same space.
                left, right = (move(rng.standard_normal((w, columns))) for w in widths)
                matrix = (first @ left) * (second @ right)
            else:
                matrix = (first[:, :, None] * second[:, None, :]).reshape(count, -1)
        shape = (count, matrix.shape[1])
        fields = {"degree": degree, "sampled": sampled, "expected": expected[degree]}
        if degree < top or last_basis:
            left, singular = left_vectors(matrix)
            stages.append(_stage(singular, shape, **fields))
            bases[degree] = left[:, : stages[-1].rank]
        else:
            stages.append(_stage(singular_values(matrix), shape, **fields))
    return tuple(stages), bases.get(top)


def staged_rank(
    values: NDArray[np.float64],
    expected: Sequence[int],
    rng: np.random.Generator,
    move: Move = keep,
) -> tuple[Stage, ...]:
    """The stages of multiplying, orthonormalising and multiplying again, up to degree d.

    All products of the two bases are taken where they are few. Otherwise products of random
    combinations: they span the same space, and a quarter more of them than the expected dimension
    leaves room to see a larger rank.

    Args:
        values: feature values, float64, shape (N, features).
        expected: the dimensions expected for k = 0 … d; they size the random products and are
            stored in the stages, and decide no rank.
        rng: source of the random combinations.
        move: brings arrays to where they are computed with; see
            :func:`numeric_checks.rank.arrays.mover`.
    """
    return _build(values, expected, rng, move, last_basis=False)[0]


def staged_basis(
    values: NDArray[np.float64], expected: Sequence[int], rng: np.random.Generator
) -> tuple[tuple[Stage, ...], NDArray[np.float64]]:
    """The stages as :func:`staged_rank`, and an orthonormal basis of the values of the last one.

    The basis has shape (N, rank); its columns are orthonormal in the plain sum over the rows.
    """
    return _build(values, expected, rng, keep, last_basis=True)


def naive_stage(
    values: NDArray[np.float64],
    d: int,
    expected: int,
    rng: np.random.Generator,
    move: Move = keep,
) -> Stage:
    """The plain singular values of degree-d product values, for comparison.

    All monomials of degree d in the features where they are few, else d-th powers of random
    linear forms, which span the same space by polarisation.
    """
    width, columns = values.shape[1], room(expected)
    sampled = comb(width + d - 1, d) > 4 * columns
    if sampled:
        matrix = (move(values) @ move(rng.standard_normal((width, columns)))) ** d
        matrix /= (matrix**2).sum(0) ** 0.5
    else:
        chosen = combinations_with_replacement(range(width), d)
        matrix = move(
            np.stack([np.prod(values[:, list(columns)], axis=1) for columns in chosen], axis=1)
        )
    shape = (len(values), matrix.shape[1])
    singular = singular_values(matrix)
    return _stage(singular, shape, degree=d, sampled=sampled, expected=expected)
