"""Frames that depend on each other: exact repeats, and neighbours along a trajectory."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from numeric_checks.molecules.structures import Structures
from span_theorem.arguments import integer

__all__ = ["blocks", "content_of", "repeats"]

Integers = NDArray[np.int64]


def repeats(structures: Structures) -> Integers:
    """For every frame the first earlier one that is equal to it, or −1: (frames,).

    Equal are frames with the same atoms in the same order, the same positions to the last bit, and
    the same cell. Frames are found by a hash and then compared.
    """
    first: dict[bytes, int] = {}
    result = np.full(len(structures), -1, dtype=np.int64)
    for frame in range(len(structures)):
        content = content_of(structures, frame)
        key = hashlib.blake2b(content, digest_size=16).digest()
        earlier = first.setdefault(key, frame)
        if earlier != frame and content_of(structures, earlier) == content:
            result[frame] = earlier
    return result


def content_of(structures: Structures, frame: int) -> bytes:
    """Atoms, positions and cell of a frame as bytes: equal where frames are equal."""
    rows = slice(int(structures.offsets[frame]), int(structures.offsets[frame + 1]))
    parts = (
        structures.numbers[rows],
        structures.positions[rows] + 0.0,  # −0 becomes 0
        structures.cells[frame] + 0.0,
        structures.periodic[frame],
    )
    return b"".join(np.ascontiguousarray(part).tobytes() for part in parts)


def blocks(order: Integers | None, frames: int, count: int) -> Integers:
    """The block of every frame: (frames,) integers from 0 to ``count`` − 1.

    Blocks hold frames that follow each other along the trajectory, as many in each as possible to
    within one. A bootstrap that draws whole blocks keeps correlated frames together.

    Args:
        order: (frames,) places along the trajectory; None where frames stand in that order.
        frames: number of frames.
        count: number of blocks, from 1 to ``frames``.

    Raises:
        ValueError: a count out of range, or another number of places.

    >>> blocks(np.array([30, 10, 20, 40]), 4, 2).tolist()
    [1, 0, 0, 1]
    """
    if not 1 <= integer("blocks", count) <= frames:
        raise ValueError(f"blocks must lie between 1 and {frames}, got {count}")
    place = np.arange(frames)
    if order is not None:
        if np.shape(order) != (frames,):
            raise ValueError(f"order must hold {frames} places, got shape {np.shape(order)}")
        place[np.argsort(order, kind="stable")] = np.arange(frames)
    result: Integers = place * count // frames
    return result
