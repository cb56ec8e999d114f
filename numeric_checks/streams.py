"""Random streams of one seed, each known by a name."""

from __future__ import annotations

import hashlib

import numpy as np

from span_theorem.arguments import natural

__all__ = ["sequence", "stream"]


def sequence(seed: int, *names: str | int) -> np.random.SeedSequence:
    """The sequence that belongs to ``names`` under ``seed``.

    It is what ``SeedSequence(seed).spawn`` gives, with the names in place of the running number, so
    that no stream depends on how many others there are.

    Raises:
        TypeError, ValueError: the seed, or a number among the names, is no integer ≥ 0.

    >>> bool(stream(0, "atoms").random() == stream(0, "atoms").random())
    True
    >>> bool(stream(0, "atoms").random() == stream(0, "atoms", 1).random())
    False
    """
    key = [
        int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "little")
        if isinstance(name, str)
        else natural("number of a stream", name)
        for name in names
    ]
    return np.random.SeedSequence(natural("seed", seed), spawn_key=key)


def stream(seed: int, *names: str | int) -> np.random.Generator:
    """A generator of the sequence that belongs to ``names``; see :func:`sequence`."""
    return np.random.default_rng(sequence(seed, *names))
