"""What readouts are fitted to: features and marked directions of sites, in frames."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from numeric_checks.rotations.wigner import FeatureBlocks
from span_theorem.arguments import natural

__all__ = ["Sites", "spread_sites"]


@dataclass(frozen=True)
class Sites:
    """Features and marked directions of the same atoms in the same frames.

    ``features`` by irrep (frames, atoms, channels, 2l+1); ``vectors`` (frames, atoms, 3), the
    directions û whose harmonics are to be read off; ``fit``, ``held`` disjoint frame indices.
    """

    features: FeatureBlocks
    vectors: NDArray[np.float64]
    fit: NDArray[np.int64]
    held: NDArray[np.int64]


def spread_sites(sites: int, count: int) -> list[int]:
    """``count`` of the indices 0 … ``sites`` - 1, evenly spaced; all where ``count`` is 0 or more.

    Raises:
        TypeError, ValueError: a number that is not an integer ≥ 0.

    >>> spread_sites(21, 4), spread_sites(3, 0)
    ([0, 7, 13, 20], [0, 1, 2])
    """
    sites, count = natural("sites", sites), natural("count", count)
    if count == 0 or count >= sites:
        return list(range(sites))
    return [int(index) for index in np.linspace(0, sites - 1, count).round()]
