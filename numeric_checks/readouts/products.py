"""Coupled products of features: the columns of the closed-form readout of T5.

By T5 the best component-wise polynomial of degree d under Haar-random orientation is equivariant,
hence linear in the Clebsch–Gordan-coupled products of at most d features of total type ℓ. By
default only products of natural parity are formed: all that a mirror-symmetric rule can use for a
target of natural parity.
"""

from __future__ import annotations

from itertools import combinations_with_replacement
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from numeric_checks.rotations.wigner import FeatureBlocks, coupling
from span_theorem.arguments import natural, within
from span_theorem.irreps import Irrep

__all__ = ["coupled_products"]

Array = NDArray[np.float64]

_VANISHING = 1e-12  # size of a product, relative to its factors, that is rounding alone


def coupled_products(
    features: FeatureBlocks,
    site: int,
    degree: int,
    target: int,
    parity: Literal["natural", "any"] = "natural",
) -> Array:
    """Products of at most ``degree`` features of one site coupled to type ``target``.

    Returns float64 (frames, products, 2·target+1). With ``parity="natural"`` only features and
    products of natural parity enter; with ``"any"`` all that SO(3) alone allows, whatever their
    parity.

    Raises:
        TypeError, ValueError: ``degree`` is not 1, 2 or 3, ``target`` is not an integer ≥ 0,
            ``parity`` is unknown, or there are no features.
    """
    within("degree", degree, 1, 3)
    natural("target", target)
    if parity not in ("natural", "any"):
        raise ValueError(f"parity must be 'natural' or 'any', got {parity!r}")
    if not features:
        raise ValueError("features must have at least one irrep, got none")
    step = 2 if parity == "natural" else 1  # degrees of one natural parity are 2 apart
    blocks = _by_degree(features, site, parity)
    frames = len(next(iter(features.values())))
    found: list[Array] = [blocks[target]] if target in blocks else []
    if target == 0:
        found.append(np.ones((frames, 1, 1)))
    if degree >= 2:
        found += _pairs(blocks, target, step)
    if degree >= 3:
        found += _triples(blocks, target, step)
    return np.concatenate([np.zeros((frames, 0, 2 * target + 1)), *found], axis=1)


def _by_degree(features: FeatureBlocks, site: int, parity: str) -> dict[int, Array]:
    """The features that may enter, (frames, channels, 2l+1) by l, in increasing order of l."""
    parts: dict[int, list[Array]] = {}
    for name, values in features.items():
        irrep = Irrep.parse(name)
        if parity == "any" or irrep == Irrep.natural(irrep.l):
            parts.setdefault(irrep.l, []).append(values[:, site])
    return {l: np.concatenate(parts[l], axis=1) for l in sorted(parts)}


def _pairs(blocks: dict[int, Array], target: int, step: int) -> list[Array]:
    return [
        _couple(blocks[l1], blocks[l2], target, l1 == l2)
        for l1, l2 in combinations_with_replacement(blocks, 2)
        if abs(l1 - l2) <= target <= l1 + l2 and (l1 + l2 + target) % step == 0
    ]


def _triples(blocks: dict[int, Array], target: int, step: int) -> list[Array]:
    found = []
    for l1, l2, l3 in combinations_with_replacement(blocks, 3):
        if (l1 + l2 + l3 + target) % step:
            continue
        for inner in range(abs(l1 - l2), l1 + l2 + 1, step):
            if abs(inner - l3) <= target <= inner + l3:
                pair = _couple(blocks[l1], blocks[l2], inner, l1 == l2)
                found.append(_couple(pair, blocks[l3], target, False))
    return found


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
    flat: Array = product.reshape(len(first), sizes.size, 2 * target + 1)
    kept = np.einsum("nck,nck->c", flat, flat) > _VANISHING**2 * sizes.ravel()
    return flat if kept.all() else flat[:, kept]
