"""Independent random streams from one seed, by name."""

from __future__ import annotations

import numpy as np

from span_theorem.arguments import natural

__all__ = ["streams"]


def streams(seed: int, *names: str) -> dict[str, np.random.Generator]:
    """One generator per name, statistically independent of each other.

    They are the children of ``numpy.random.SeedSequence(seed)`` in the order of the names, so a
    name added at the end leaves the streams of the others as they are. What draws from one stream
    does not depend on how much is drawn from another.

    Raises:
        TypeError, ValueError: a seed that is not an integer ≥ 0, a name twice.

    >>> [int(rng.integers(100)) for rng in streams(0, "rotations", "bootstrap").values()]
    [80, 66]
    """
    if len(set(names)) < len(names):
        raise ValueError(f"names of streams must differ, got {', '.join(names)}")
    children = np.random.SeedSequence(natural("seed", seed)).spawn(len(names))
    return {n: np.random.default_rng(child) for n, child in zip(names, children, strict=True)}
