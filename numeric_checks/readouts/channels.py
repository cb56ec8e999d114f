"""Fewer channels per irrep: how many a readout of each degree can use, and which."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from numeric_checks.rotations.wigner import FeatureBlocks

__all__ = [
    "CLOSED_FORM_CHANNELS",
    "COMPONENT_CHANNELS",
    "reduce_channels",
    "reduce_features",
]

Array = NDArray[np.float64]

CLOSED_FORM_CHANNELS: dict[int, int | None] = {1: None, 2: 16, 3: 4}
"""Channels per irrep of the closed form, by degree of the readout; None stands for all of them.

The number of coupled products grows as (channels)^degree, and their Gram matrix as its square.
"""

COMPONENT_CHANNELS: dict[int, int] = {1: 8, 2: 2, 3: 1}
"""Channels per irrep of the component-wise readout, by degree: hundreds of monomials for L = 2."""


def reduce_channels(values: Array, channels: int, fit: NDArray[np.int64]) -> Array:
    """Principal channels of (frames, channels, 2l+1) values, by second moments on ``fit`` frames.

    Mixing channels commutes with rotations. No mean is subtracted: for l > 0 that would not.
    """
    if values.shape[1] <= channels:
        return values
    rows = values[fit].swapaxes(1, 2).reshape(-1, values.shape[1])
    _, vectors = np.linalg.eigh(rows.T @ rows)
    kept: Array = np.matmul(vectors[:, ::-1][:, :channels].T, values)
    return kept


def reduce_features(
    features: FeatureBlocks, channels: int, fit: NDArray[np.int64]
) -> FeatureBlocks:
    """Principal channels per irrep, the same ones for every atom (:func:`reduce_channels`)."""
    result: FeatureBlocks = {}
    for name, values in features.items():
        frames, atoms, count, size = values.shape
        flat = values.transpose(0, 2, 1, 3).reshape(frames, count, atoms * size)
        kept = reduce_channels(flat, channels, fit).reshape(frames, -1, atoms, size)
        result[name] = kept.transpose(0, 2, 1, 3)
    return result
