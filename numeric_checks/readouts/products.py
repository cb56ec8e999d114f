"""Readouts of polynomial degree d_r: the closed form of T5, and component-wise monomials.

By T5 the best component-wise polynomial of degree d_r under Haar-random orientation is equivariant,
hence linear in the Clebsch–Gordan-coupled products of at most d_r features of total type ℓ. That is
a ridge regression. By default only products of natural parity are formed: all that a
mirror-symmetric rule can use for a target of natural parity.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from numeric_checks.rotations.wigner import Features, coupling
from span_theorem.irreps import Irrep

__all__ = [
    "PENALTIES",
    "Fit",
    "Sites",
    "coupled_products",
    "fit_ridge",
    "fit_shared",
    "monomials",
    "reduce_channels",
    "reduce_features",
]

Array = NDArray[np.float64]
#: Ridge penalties tried, relative to the mean square of the (standardised) columns.
PENALTIES: tuple[float, ...] = (1e-8, 1e-6, 1e-4, 1e-2)

_VANISHING = 1e-12  # size of a product, relative to its factors, that is rounding alone


@dataclass(frozen=True)
class Sites:
    """Features and marked directions of the same atoms in the same frames.

    ``features`` by irrep (frames, atoms, channels, 2l+1); ``vectors`` (frames, atoms, 3), the
    directions û whose harmonics are to be read off; ``fit``, ``held`` disjoint frame indices.
    """

    features: Features
    vectors: Array
    fit: NDArray[np.int64]
    held: NDArray[np.int64]


def reduce_channels(values: Array, channels: int, fit: NDArray[np.int64]) -> Array:
    """Principal channels of (frames, channels, 2l+1) values, by second moments on ``fit`` frames.

    Mixing channels commutes with rotations; nothing is subtracted, which for l > 0 would not.
    """
    if values.shape[1] <= channels:
        return values
    rows = values[fit].swapaxes(1, 2).reshape(-1, values.shape[1])
    _, vectors = np.linalg.eigh(rows.T @ rows)
    return np.matmul(vectors[:, ::-1][:, :channels].T, values)


def reduce_features(features: Features, channels: int, fit: NDArray[np.int64]) -> Features:
    """Principal channels per irrep, the same ones for every atom (:func:`reduce_channels`)."""
    result: Features = {}
    for name, values in features.items():
        frames, atoms, count, size = values.shape
        flat = values.transpose(0, 2, 1, 3).reshape(frames, count, atoms * size)
        kept = reduce_channels(flat, channels, fit).reshape(frames, -1, atoms, size)
        result[name] = kept.transpose(0, 2, 1, 3)
    return result


def coupled_products(
    features: Features,
    site: int,
    degree: int,
    target: int,
    parity: Literal["natural", "any"] = "natural",
) -> Array:
    """Products of at most ``degree`` features of one site coupled to type ``target``.

    Returns (frames, products, 2·target+1). With ``parity="natural"`` only features and products of
    natural parity enter; with ``"any"`` all that SO(3) alone allows, whatever their parity.
    """
    if not 1 <= degree <= 3:
        raise ValueError(f"degree must be 1, 2 or 3, got {degree}")
    if parity not in ("natural", "any"):
        raise ValueError(f"parity must be 'natural' or 'any', got {parity!r}")
    step = 2 if parity == "natural" else 1  # degrees of one natural parity are 2 apart
    parts: dict[int, list[Array]] = {}
    for name, values in features.items():
        irrep = Irrep.parse(name)
        if parity == "any" or irrep == Irrep.natural(irrep.l):
            parts.setdefault(irrep.l, []).append(values[:, site])
    blocks = {l: np.concatenate(found, axis=1) for l, found in parts.items()}
    degrees = sorted(blocks)
    frames_count = len(next(iter(blocks.values())))
    found: list[Array] = [blocks[target]] if target in blocks else []
    if target == 0:
        found.append(np.ones((frames_count, 1, 1)))
    if degree >= 2:
        for l1, l2 in combinations_with_replacement(degrees, 2):
            if abs(l1 - l2) <= target <= l1 + l2 and (l1 + l2 + target) % step == 0:
                found.append(_couple(blocks[l1], blocks[l2], target, l1 == l2))
    if degree >= 3:
        for l1, l2, l3 in combinations_with_replacement(degrees, 3):
            if (l1 + l2 + l3 + target) % step:
                continue
            for inner in range(abs(l1 - l2), l1 + l2 + 1, step):
                if abs(inner - l3) <= target <= inner + l3:
                    pair = _couple(blocks[l1], blocks[l2], inner, l1 == l2)
                    found.append(_couple(pair, blocks[l3], target, False))
    if not found:
        return np.zeros((frames_count, 0, 2 * target + 1))
    return np.concatenate(found, axis=1)


def _couple(first: Array, second: Array, target: int, symmetric: bool) -> Array:
    """All channel pairs coupled to ``target``; with ``symmetric``, each unordered pair once.

    Products that vanish identically are left out, such as a channel with itself where
    l1 + l2 + target is odd: only rounding is left of them, and a fit would scale it up to a column.
    """
    l1, l2 = (first.shape[2] - 1) // 2, (second.shape[2] - 1) // 2
    half = np.tensordot(first, coupling(l1, l2, target), axes=(2, 0))
    product = np.einsum("napk,nbp->nabk", half, second, optimize=True)
    sizes = (first**2).sum(axis=2).T @ (second**2).sum(axis=2)
    if symmetric:
        rows, columns = np.triu_indices(first.shape[1], k=(l1 + l2 + target) % 2)
        product, sizes = product[:, rows, columns], sizes[rows, columns]
    flat = product.reshape(len(first), sizes.size, 2 * target + 1)
    kept = np.einsum("nck,nck->c", flat, flat) > _VANISHING**2 * sizes.ravel()
    return flat if kept.all() else flat[:, kept]


@dataclass(frozen=True)
class Fit:
    """Predictions on every frame, the penalty chosen and the number of weights."""

    prediction: Array
    penalty: float
    weights: int


def fit_ridge(
    columns: Array, target: Array, fit: NDArray[np.int64], penalties: Sequence[float] = PENALTIES
) -> Fit:
    """Ridge regression of ``target`` (frames, k) on ``columns`` (frames, weights, k), float64.

    One weight per column, shared by the k components: the equivariant form. The penalty is the one
    with the least error on the last fifth of the ``fit`` frames after fitting the rest; then all
    ``fit`` frames are used. Without columns the prediction is zero.
    """
    frames, weights, size = columns.shape
    if weights == 0:
        return Fit(np.zeros((frames, size)), float("nan"), 0)
    cut = max(1, (4 * len(fit)) // 5)

    def moments(index: NDArray[np.int64]) -> tuple[Array, Array]:
        matrix = columns[index].transpose(0, 2, 1).reshape(-1, weights)
        return matrix.T @ matrix, matrix.T @ target[index].ravel()

    (inner, right), (outer, outer_right) = moments(fit[:cut]), moments(fit[cut:])
    scale = np.sqrt(np.diag(inner + outer) / (len(fit) * size))
    scale = np.where(scale > 0, scale, 1.0)

    def solve(gram: Array, side: Array, count: int, penalty: float) -> Array:
        standardised = gram / np.outer(scale, scale) / (count * size)
        level = penalty * np.eye(weights)
        return np.linalg.solve(standardised + level, side / scale / (count * size)) / scale

    check = fit[cut:] if cut < len(fit) else fit
    values = columns[check]
    errors = [
        float(((np.matmul(solve(inner, right, cut, p), values) - target[check]) ** 2).sum())
        for p in penalties
    ]
    chosen = penalties[int(np.argmin(errors))]
    solution = solve(inner + outer, right + outer_right, len(fit), chosen)
    return Fit(np.matmul(solution, columns), chosen, weights)


def fit_shared(
    columns: Callable[[int], Array],
    targets: Array,
    fit: NDArray[np.int64],
    penalties: Sequence[float] = PENALTIES,
) -> Fit:
    """Ridge regression with one set of weights for all sites, as :func:`fit_ridge` otherwise.

    ``columns(site)`` (frames, weights, k), asked for twice so that one site is held at a time;
    ``targets`` and the prediction (frames, sites, k).
    """
    frames, sites, size = targets.shape
    cut = max(1, (4 * len(fit)) // 5)
    parts = (fit[:cut], fit[cut:] if cut < len(fit) else fit[:0])
    grams: list[Any] = [0.0, 0.0]
    rights: list[Any] = [0.0, 0.0]
    weights = 0
    for site in range(sites):
        values = columns(site)
        weights = values.shape[1]
        if weights == 0:
            return Fit(np.zeros((frames, sites, size)), float("nan"), 0)
        for place, index in enumerate(parts):
            matrix = values[index].transpose(0, 2, 1).reshape(-1, weights)
            grams[place] = grams[place] + matrix.T @ matrix
            rights[place] = rights[place] + matrix.T @ targets[index, site].ravel()
    rows = [max(1, len(index) * sites * size) for index in parts]
    scale = np.sqrt(np.diag(grams[0] + grams[1]) / len(fit))
    scale = np.where(scale > 0, scale, 1.0)
    inner, outer = (gram / np.outer(scale, scale) for gram in grams)
    right, right_outer = (r / scale for r in rights)

    def solve(gram: Array, side: Array, count: int, penalty: float) -> Array:
        level = penalty * np.trace(gram) / weights / count
        return np.linalg.solve(gram / count + level * np.eye(weights), side / count)

    errors = []
    for penalty in penalties:  # Σ|Xw − t|² on the outer frames, less the constant Σ|t|²
        w = solve(inner, right, rows[0], penalty)
        errors.append(float(w @ outer @ w - 2 * w @ right_outer))
    best = penalties[int(np.argmin(errors))]
    solution = solve(inner + outer, right + right_outer, sum(rows), best) / scale
    predicted = [np.matmul(solution, columns(site)) for site in range(sites)]
    return Fit(np.stack(predicted, axis=1), best, weights)


def monomials(components: Array, degree: int) -> Array:
    """All monomials of degree ≤ ``degree`` of (samples, components), the constant included."""
    columns = [np.ones((len(components), 1))]
    for power in range(1, degree + 1):
        index = np.array(list(combinations_with_replacement(range(components.shape[1]), power)))
        columns.append(components[:, index].prod(axis=2))
    return np.concatenate(columns, axis=1)
