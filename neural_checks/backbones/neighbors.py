"""Neighbours within a cut-off, through the walls of periodic cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from numeric_checks.molecules.structures import Structures

__all__ = ["Edges", "edges", "edges_of_frame"]

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Edges:
    """Ordered pairs of atoms closer than a cut-off, by centre, neighbour and image.

    ``centres``, ``neighbours`` (edges,): rows of atoms; ``shifts`` (edges, 3) int64: the neighbour
    stands at x[neighbour] + shift · cell.
    """

    centres: Integers
    neighbours: Integers
    shifts: Integers

    @classmethod
    def join(cls, parts: list[Edges], counts: Integers) -> Edges:
        """The edges of frames with ``counts`` atoms, one after another."""
        offsets = np.concatenate([[0], np.cumsum(counts)[:-1]])
        return cls(
            np.concatenate([p.centres + o for p, o in zip(parts, offsets, strict=True)]),
            np.concatenate([p.neighbours + o for p, o in zip(parts, offsets, strict=True)]),
            np.concatenate([p.shifts for p in parts]),
        )


def edges(structures: Structures, cutoff: float) -> Edges:
    """All pairs of atoms of one frame, and their images, closer than ``cutoff`` Å."""
    offsets = structures.offsets
    parts = [
        edges_of_frame(structures.positions[a:b], cell, periodic, cutoff)
        for a, b, cell, periodic in zip(
            offsets[:-1], offsets[1:], structures.cells, structures.periodic, strict=True
        )
    ]
    return Edges.join(parts, structures.counts)


def edges_of_frame(
    positions: Array, cell: Array, periodic: NDArray[np.bool_], cutoff: float
) -> Edges:
    """The edges of one frame, sorted.

    ``positions`` (atoms, 3), ``cell`` (3, 3) rows, Å; ``periodic`` (3,).
    """
    from vesin import NeighborList

    finder = NeighborList(cutoff=float(cutoff), full_list=True, n_threads=1)
    centres, neighbours, shifts = finder.compute(
        np.ascontiguousarray(positions),
        _box(positions, cell, periodic),
        np.asarray(periodic, dtype=bool),
        "ijS",
    )
    order = np.lexsort((*shifts.T[::-1], neighbours, centres))
    return Edges(
        centres[order].astype(np.int64),
        neighbours[order].astype(np.int64),
        shifts[order].astype(np.int64),
    )


def _box(positions: Array, cell: Array, periodic: NDArray[np.bool_]) -> Array:
    """A cell of three independent vectors: those that repeat, and others across the atoms."""
    extent = float(np.ptp(positions, axis=0).max()) + 1.0
    box = np.where(periodic[:, None], cell, 0.0)
    if periodic.all():
        return box
    if not periodic.any():
        return extent * np.eye(3)
    # Right singular vectors of the rows that repeat: the last span what is orthogonal to them.
    _, _, axes = np.linalg.svd(box[periodic])
    box[~periodic] = extent * axes[int(periodic.sum()) :]
    return box
