"""Frames that depend on each other: repeats, and neighbours along a trajectory."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from numeric_checks.molecules.structures import Structures
from span_theorem.arguments import integer

__all__ = ["NEAR", "blocks", "content_of", "repeats"]

Integers = NDArray[np.int64]

#: Å; coordinates of copies written with other digits differ by less.
NEAR = 1e-3
# Å; the size of the boxes that frames are sorted into, by so many coordinates.
_BOX, _COORDINATES = 16 * NEAR, 6


def repeats(structures: Structures) -> Integers:
    """For every frame the first earlier one that it repeats, or −1: (frames,).

    A frame repeats an earlier one that is no repeat itself if both hold the same atoms in the same
    order, and no coordinate of an atom or a cell differs by more than 0.001 Å: copies that were
    written with other digits are no new frames. Frames of a trajectory differ by more unless they
    are a small part of a femtosecond apart.
    """
    found = np.full(len(structures), -1, dtype=np.int64)
    groups: dict[bytes, list[int]] = {}
    for frame in range(len(structures)):
        rows = slice(int(structures.offsets[frame]), int(structures.offsets[frame + 1]))
        atoms = structures.numbers[rows].tobytes() + structures.periodic[frame].tobytes()
        groups.setdefault(atoms, []).append(frame)
    for frames in groups.values():
        if len(frames) > 1:
            index = np.array(frames)
            places = structures.positions[structures.rows(index)].reshape(len(index), -1)
            cells = structures.cells[index].reshape(len(index), -1)
            earlier = _earlier(np.concatenate([places, cells], axis=1))
            again = earlier >= 0
            found[index[again]] = index[earlier[again]]
    return found


def _earlier(points: NDArray[np.float64]) -> Integers:
    """For every row the first earlier one, no repeat itself, within :data:`NEAR`, or −1.

    Rows are sorted into boxes by the coordinates that vary most; a row is compared with those kept
    so far in its box, and in a neighbouring one where it lies at the border.
    """
    chosen = np.argsort(-points.std(axis=0), kind="stable")[:_COORDINATES]
    places = points[:, chosen] / _BOX
    low, high = np.floor(places - NEAR / _BOX), np.floor(places + NEAR / _BOX)
    home = np.floor(places).astype(np.int64)
    border = (low != high).any(axis=1)
    kept: dict[tuple[int, ...], list[int]] = {}
    found = np.full(len(points), -1, dtype=np.int64)
    for row in range(len(points)):
        key = tuple(home[row].tolist())
        boxes = [key]
        if border[row]:
            sides = [sorted({int(a), int(b)}) for a, b in zip(low[row], high[row], strict=True)]
            boxes = list(product(*sides))
        near = sorted(other for box in boxes for other in kept.get(box, ()))
        if near:
            close = np.abs(points[near] - points[row]).max(axis=1) <= NEAR
            if close.any():
                found[row] = near[int(close.argmax())]
                continue
        kept.setdefault(key, []).append(row)
    return found


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
