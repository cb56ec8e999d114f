"""Fits of one sampled field for :mod:`numeric_checks.bandwidth.spectrum`: coefficients, errors,
draws.

The measures and estimates are explained there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from numeric_checks.bandwidth.result import AngularMeasure, SpectrumOptions
from numeric_checks.sphere.harmonics import real_harmonics

__all__ = ["FOLDS", "MIN_COVERAGE", "FieldFit", "Sampling", "fit_field"]

Array = NDArray[np.float64]

MIN_COVERAGE = 0.1
"""Least mean square, over the samples, of the functions of degree ≤ ℓ and mean square 1 on the
sphere for these degrees to count as told apart: 1 for uniform directions, 0 where one vanishes."""

FOLDS = 5
"""Parts of the blocks, each predicted from the others."""

_NEIGHBORS = 16  # nearest directions looked through for one of another block
_DRAWS = 100  # draws held at once
_VANISHING = 1e-9  # root mean square on the samples below which a function is left out


@dataclass(frozen=True)
class Sampling:
    """Blocks of consecutive frames: the block of every frame, their folds and bootstrap counts."""

    label: NDArray[np.int64]  # (N,)
    folds: NDArray[np.int64]  # (blocks,)
    counts: Array  # (draws, blocks)

    @classmethod
    def of(cls, frames: int, options: SpectrumOptions) -> Sampling:
        blocks, rng = options.blocks, np.random.default_rng(options.seed)
        share = np.full(blocks, 1 / blocks)
        return cls(
            label=(np.arange(frames) * blocks) // frames,
            folds=rng.permutation(blocks) % FOLDS,
            counts=rng.multinomial(blocks, share, size=options.draws).astype(np.float64),
        )

    def sums(self, rows: Array) -> Array:
        """Sums over the frames of each block; (N, …) to (blocks, …)."""
        return np.add.reduceat(rows, np.flatnonzero(np.diff(self.label, prepend=-1)), axis=0)


@dataclass(frozen=True)
class FieldFit:
    """One field; the sums may be added over fields sampled in the same frames."""

    power: Array  # (l_max+1,), debiased; of the sphere
    drawn: Array  # (draws, l_max+1), likewise
    errors: Array  # (blocks, l_max+2): held-out squared errors of the constant and of degrees ≤ ℓ
    near: Array  # (blocks,): products of residuals at neighbouring directions
    variance: float
    coverage: Array  # (l_max+1,)
    coefficients: Array | None
    unknowns: int


def fit_field(
    vectors: Array,
    values: Array,
    radial: Array,
    options: SpectrumOptions,
    measure: AngularMeasure,
    sampling: Sampling,
) -> FieldFit:
    """Fit one field by harmonics times ``radial`` functions, as the measure asks.

    ``vectors`` (N, 3) unit, ``values`` (N, components), ``radial`` (N, functions); N frames, in
    the blocks of ``sampling``.
    """
    frames, l_max = len(vectors), options.l_max
    harmonics = np.sqrt(4 * np.pi) * real_harmonics(l_max, vectors)
    basis = (harmonics[:, :, None] * radial[:, None, :]).reshape(frames, -1)
    of_degree = np.repeat(np.arange(l_max + 1), radial.shape[1] * (2 * np.arange(l_max + 1) + 1))
    gram = basis.T @ basis / frames
    coverage = np.array(
        [
            np.linalg.eigvalsh(gram[np.ix_(low, low)])[0]
            for low in (of_degree <= l for l in range(l_max + 1))
        ]
    )
    orthonormal, degrees = _orthonormal(basis, of_degree)
    errors = _held_out(orthonormal, degrees, values, l_max, sampling)
    # Where the directions do not tell the degrees apart there are no coefficients on the sphere.
    coefficients, power, drawn = None, np.zeros(l_max + 1), np.zeros((1, l_max + 1))
    if measure == "sphere" and coverage[-1] >= MIN_COVERAGE:
        coefficients, power, drawn = _on_the_sphere(
            basis, gram, of_degree, values, options, sampling
        )
        residual = values - basis @ coefficients
    else:
        low = orthonormal[:, degrees <= errors[:, 1:].sum(axis=0).argmin()]
        residual = values - low @ (low.T @ values) / frames
    return FieldFit(
        power=power,
        drawn=drawn,
        errors=errors,
        near=_neighbouring(vectors, residual, sampling),
        variance=float(((values - values.mean(axis=0)) ** 2).sum() / frames),
        coverage=coverage,
        coefficients=coefficients,
        unknowns=basis.shape[1],
    )


def _on_the_sphere(
    basis: Array,
    gram: Array,
    of_degree: NDArray[np.int64],
    values: Array,
    options: SpectrumOptions,
    sampling: Sampling,
) -> tuple[Array, Array, Array]:
    """Least-squares coefficients, debiased power by degree, and bootstrap draws of the power."""
    frames, blocks = len(basis), options.blocks
    inverse = np.linalg.inv(gram)
    coefficients = inverse @ (basis.T @ values) / frames
    residual = values - basis @ coefficients
    # What each block contributes to the error of the coefficients: its squares give the sandwich
    # variance, its reweighting the bootstrap to first order. Residuals are shrunk by the fit.
    scores = np.stack(
        [sampling.sums(basis * r[:, None]) @ inverse / frames for r in residual.T], axis=-1
    ) * np.sqrt(blocks / (blocks - 1) * frames / (frames - basis.shape[1]))
    counted = (of_degree[:, None] == np.arange(options.l_max + 1)).astype(np.float64)
    counted[0] = 0.0  # the constant
    noise = (scores**2).sum(axis=(0, 2)) @ counted
    power = (coefficients**2).sum(axis=1) @ counted - noise
    drawn = np.empty((options.draws, options.l_max + 1))
    for start in range(0, options.draws, _DRAWS):
        shift = (sampling.counts[start : start + _DRAWS] - 1) @ scores.reshape(blocks, -1)
        moved = (coefficients + shift.reshape(-1, *coefficients.shape)) ** 2
        # A draw contains the noise twice, so it is taken off twice: the draws are then centred on
        # the estimate.
        drawn[start : start + _DRAWS] = moved.sum(axis=2) @ counted - 2 * noise
    return coefficients, power, drawn


def _orthonormal(basis: Array, of_degree: NDArray[np.int64]) -> tuple[Array, NDArray[np.int64]]:
    """The basis made orthonormal over the samples, lower degrees first, and the degrees.

    Functions that vanish on the samples, to rounding, are left out.
    """
    frames = len(basis)
    q, r = np.linalg.qr(basis)
    kept = np.abs(np.diag(r)) > _VANISHING * np.sqrt(frames)
    if not kept.all():  # the columns after one that vanishes must not be cleared of what is left
        q = np.linalg.qr(basis[:, kept])[0]
    return q * np.sqrt(frames), of_degree[kept]


def _held_out(
    basis: Array, degrees: NDArray[np.int64], values: Array, l_max: int, sampling: Sampling
) -> Array:
    """Squared errors (blocks, l_max+2), each fold predicted from the others.

    Column 0 belongs to the mean, column ℓ+1 to the fit of degree ≤ ℓ.
    """
    errors = np.empty((len(values), l_max + 2))
    fold = sampling.folds[sampling.label]
    for out in range(FOLDS):
        held, fit = fold == out, fold != out
        errors[held, 0] = ((values[held] - values[fit].mean(axis=0)) ** 2).sum(axis=1)
        gram, right = basis[fit].T @ basis[fit], basis[fit].T @ values[fit]
        # A function carried by held-out frames alone has no coefficient; the rest is not touched.
        gram += 1e-9 * len(values) * np.eye(len(gram))
        for l in range(l_max + 1):
            p = int((degrees <= l).sum())
            solution = np.linalg.solve(gram[:p, :p], right[:p])
            errors[held, l + 1] = ((values[held] - basis[held, :p] @ solution) ** 2).sum(axis=1)
    return sampling.sums(errors)


def _neighbouring(vectors: Array, residual: Array, sampling: Sampling) -> Array:
    """Per block, Σ r_i·r_j with j the direction nearest to i among those of other blocks.

    Its mean is the variance of E[r | û] as far as that is constant between neighbours. A frame of
    the same block could be near in time, and alike in much besides the direction.
    """
    near = KDTree(vectors).query(vectors, k=min(_NEIGHBORS, len(vectors)))[1]
    other = sampling.label[near] != sampling.label[:, None]
    some, first = other.any(axis=1), other.argmax(axis=1)
    partner = near[np.arange(len(vectors)), first]
    products = np.where(some, (residual * residual[partner]).sum(axis=1), 0.0)
    return sampling.sums(products) * len(vectors) / max(1, int(some.sum()))
