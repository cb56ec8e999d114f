"""Frames of atoms, of any sizes, with their cells.

The atoms of all frames stand one after another, so that one molecule, many molecules and periodic
solids are the same kind of thing: frame n owns the rows ``offsets[n]:offsets[n + 1]``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from span_theorem.arguments import natural

__all__ = ["Structures"]

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Å; farther from the origin is no atom of a data set, and squares of such numbers lose everything.
LARGEST = 1e6
#: Least square of a volume, relative to that of the product of the lengths, of vectors that repeat.
_FLAT = 1e-9


@dataclass(frozen=True, eq=False)
class Structures:
    """Frames of atoms.

    Attributes:
        numbers: (atoms_total,) int64, atomic numbers from 1 to 118.
        positions: (atoms_total, 3) float64, Å.
        counts: (frames,) int64, atoms of every frame, each at least 1.
        cells: (frames, 3, 3) float64, Å; rows are lattice vectors, zeros where there is none.
        periodic: (frames, 3) bool, along which lattice vectors a frame repeats.

    Raises:
        ValueError: shapes that do not fit, values that are not finite, atomic numbers out of range,
            positions or cells beyond 10⁶ Å, no frames, a frame without atoms, or a frame periodic
            along a lattice vector that is zero or lies in the span of the others.
    """

    numbers: Integers
    positions: Array
    counts: Integers
    cells: Array
    periodic: NDArray[np.bool_]

    def __post_init__(self) -> None:
        frames = len(self.counts) if self.counts.ndim == 1 else 0
        if frames == 0:
            raise ValueError("structures need at least one frame")
        if self.counts.min() < 1:
            raise ValueError(f"frame {int(self.counts.argmin())} has no atoms")
        total = int(self.counts.sum())
        _shape("numbers", self.numbers, (total,))
        _shape("positions", self.positions, (total, 3))
        _shape("cells", self.cells, (frames, 3, 3))
        _shape("periodic", self.periodic, (frames, 3))
        outside = (self.numbers < 1) | (self.numbers > 118)
        if outside.any():
            raise ValueError(
                f"atomic numbers must be integers from 1 to 118, got {self.numbers[outside][0]} in "
                f"frame {self._frame(int(outside.argmax()))}"
            )
        lost = ~np.isfinite(self.positions).all(axis=1)
        if lost.any():
            raise ValueError(
                f"positions contains values that are not finite, in frame "
                f"{self._frame(int(lost.argmax()))}"
            )
        far = np.abs(self.positions).max(axis=1) > LARGEST
        if far.any():
            row = int(far.argmax())
            raise ValueError(
                f"positions must lie between -{LARGEST:g} and {LARGEST:g} Å, got "
                f"{self.positions[row].tolist()} in frame {self._frame(row)}"
            )
        _check_cells(self.cells, self.periodic)

    @classmethod
    def of_molecule(
        cls,
        positions: ArrayLike,
        numbers: ArrayLike,
        cell: ArrayLike | None = None,
        periodic: ArrayLike | None = None,
    ) -> Structures:
        """Frames of one molecule: the same atoms in the same order in each.

        Args:
            positions: (frames, atoms, 3), Å.
            numbers: (atoms,) atomic numbers.
            cell: (3, 3) or (frames, 3, 3), Å, rows are lattice vectors; none by default.
            periodic: one bool, (3,) or (frames, 3); true by default where there is a cell.

        Raises:
            ValueError: as for :class:`Structures`.

        >>> one = Structures.of_molecule([[[0, 0, 0], [0, 0, 1.2]]], [6, 8])
        >>> len(one), one.counts.tolist(), one.fixed
        (1, [2], True)
        """
        places = np.asarray(positions, dtype=np.float64)
        atoms = np.asarray(numbers)
        if atoms.ndim != 1 or atoms.dtype.kind not in "iu":
            raise ValueError(
                "atomic numbers must be integers from 1 to 118, one per atom, the same in every "
                f"frame; got shape {atoms.shape} of dtype {atoms.dtype}"
            )
        frames = len(places) if places.ndim else 0
        if places.shape != (frames, len(atoms), 3):
            raise ValueError(
                f"positions has shape {places.shape}, expected {(frames, len(atoms), 3)}"
            )
        if frames == 0 or len(atoms) == 0:
            raise ValueError("no frames or no atoms")
        cells = np.zeros((3, 3)) if cell is None else np.asarray(cell, dtype=np.float64)
        if cells.shape not in ((3, 3), (frames, 3, 3)):
            raise ValueError(f"cell has shape {cells.shape}, expected (3, 3) or {(frames, 3, 3)}")
        repeats = np.asarray(cell is not None if periodic is None else periodic, dtype=bool)
        if repeats.shape not in ((), (3,), (frames, 3)):
            raise ValueError(
                f"periodic has shape {repeats.shape}, expected (), (3,) or {(frames, 3)}"
            )
        return cls(
            numbers=np.tile(atoms.astype(np.int64), frames),
            positions=np.ascontiguousarray(places).reshape(-1, 3),
            counts=np.full(frames, len(atoms), dtype=np.int64),
            cells=np.array(np.broadcast_to(cells, (frames, 3, 3))),
            periodic=np.array(np.broadcast_to(repeats, (frames, 3))),
        )

    @classmethod
    def join(cls, parts: Sequence[Structures]) -> Structures:
        """The frames of all parts, in order; ValueError for no part."""
        if not parts:
            raise ValueError("structures need at least one frame")
        return cls(
            *(
                np.concatenate([getattr(part, name) for part in parts])
                for name in ("numbers", "positions", "counts", "cells", "periodic")
            )
        )

    def __len__(self) -> int:
        """Number of frames."""
        return len(self.counts)

    @cached_property
    def offsets(self) -> Integers:
        """(frames + 1,): frame n owns the rows ``offsets[n]:offsets[n + 1]``."""
        return np.concatenate([[0], np.cumsum(self.counts)]).astype(np.int64)

    @cached_property
    def frame_of(self) -> Integers:
        """(atoms_total,): the frame of every row."""
        return np.repeat(np.arange(len(self), dtype=np.int64), self.counts)

    @cached_property
    def fixed(self) -> bool:
        """Whether every frame holds the same atomic numbers in the same order."""
        count = int(self.counts[0])
        if (self.counts != count).any():
            return False
        table = self.numbers.reshape(len(self), count)
        return bool((table == table[0]).all())

    @property
    def has_cell(self) -> bool:
        """Whether any frame repeats in any direction."""
        return bool(self.periodic.any())

    @property
    def molecule(self) -> tuple[Array, Integers]:
        """Positions (frames, atoms, 3) and atomic numbers (atoms,) of frames of one molecule.

        Raises ValueError where the frames hold different atoms.
        """
        if not self.fixed:
            raise ValueError(
                f"these {len(self)} frames hold different atoms, from {self.counts.min()} to "
                f"{self.counts.max()} a frame; what is asked for needs the same atoms in the same "
                "order in every frame"
            )
        count = int(self.counts[0])
        return self.positions.reshape(len(self), count, 3), self.numbers[:count]

    def rows(self, index: ArrayLike | slice) -> Integers | slice:
        """The rows of the frames in ``index`` (integers, a mask or a slice), frame by frame.

        IndexError for frames that are not there.
        """
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            if step == 1:
                return slice(int(self.offsets[start]), int(self.offsets[max(start, stop)]))
        chosen = np.arange(len(self))[_index(index)]
        counts = self.counts[chosen]
        within = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
        rows: Integers = np.repeat(self.offsets[chosen], counts) + within
        return rows

    def take(self, index: ArrayLike | slice) -> Structures:
        """The frames in ``index``: integers, a mask, or a slice (then no data are copied).

        Raises IndexError for frames that are not there, ValueError for none.

        >>> both = Structures.of_molecule([[[0, 0, 0]], [[1, 0, 0]]], [18])
        >>> both.take([1]).positions.tolist()
        [[1.0, 0.0, 0.0]]
        """
        rows = self.rows(index)
        chosen = _index(index)
        return Structures(
            self.numbers[rows],
            self.positions[rows],
            self.counts[chosen],
            self.cells[chosen],
            self.periodic[chosen],
        )

    def turned(self, transforms: ArrayLike) -> Structures:
        """Positions and cells turned by Q: x ↦ Qx, a ↦ Qa.

        Args:
            transforms: (3, 3), or (frames, 3, 3) for one Q a frame; orthogonal matrices.

        Raises:
            ValueError: another shape.
        """
        given = np.asarray(transforms, dtype=np.float64)
        if given.shape not in ((3, 3), (len(self), 3, 3)):
            raise ValueError(
                f"transforms has shape {given.shape}, expected (3, 3) or {(len(self), 3, 3)}"
            )
        each = np.broadcast_to(given, (len(self), 3, 3))
        return Structures(
            self.numbers,
            np.einsum("nab,nb->na", each[self.frame_of], self.positions),
            self.counts,
            np.einsum("nab,nib->nia", each, self.cells),
            self.periodic,
        )

    def batches(self, atoms: int) -> Iterator[Structures]:
        """The frames in order, in parts of at most ``atoms`` atoms; no data are copied.

        A frame with more atoms is a part of its own. ValueError for ``atoms`` < 1.
        """
        for part in self.parts(atoms):
            yield self.take(part)

    def parts(self, atoms: int) -> Iterator[slice]:
        """The slices of frames of :meth:`batches`."""
        if natural("atoms of a batch", atoms) < 1:
            raise ValueError(f"atoms of a batch must be at least 1, got {atoms}")
        start = 0
        while start < len(self):
            last = int(np.searchsorted(self.offsets, self.offsets[start] + atoms, side="right"))
            stop = max(start + 1, last - 1)
            yield slice(start, stop)
            start = stop

    def _frame(self, row: int) -> int:
        return int(np.searchsorted(self.offsets, row, side="right")) - 1


def _index(index: ArrayLike | slice) -> NDArray[np.int64] | NDArray[np.bool_] | slice:
    """An index that numpy takes; TypeError for floats and the like."""
    if isinstance(index, slice):
        return index
    given = np.asarray(index)
    if given.size == 0:
        return np.zeros(0, dtype=np.int64)
    if given.ndim != 1 or given.dtype.kind not in "iub":
        raise TypeError(
            f"frames are chosen by a list of integers or booleans, got {given.dtype} of shape "
            f"{given.shape}"
        )
    return given


def _shape(what: str, values: NDArray[np.generic], shape: tuple[int, ...]) -> None:
    if values.shape != shape:
        raise ValueError(f"{what} has shape {values.shape}, expected {shape}")


def _check_cells(cells: Array, periodic: NDArray[np.bool_]) -> None:
    """ValueError for a cell that is not finite, or does not span the directions it repeats in."""
    if not np.isfinite(cells).all():
        frame = int(np.argwhere(~np.isfinite(cells))[0][0])
        raise ValueError(f"cells contains values that are not finite, in frame {frame}")
    wide = np.abs(cells).max(axis=(1, 2)) > LARGEST
    if wide.any():
        frame = int(wide.argmax())
        raise ValueError(
            f"cells must lie between -{LARGEST:g} and {LARGEST:g} Å, got "
            f"{np.abs(cells[frame]).max():g} in frame {frame}"
        )
    used = np.flatnonzero(periodic.any(axis=1))
    if len(used) == 0:
        return
    lengths = np.linalg.norm(cells[used], axis=2)
    missing = (lengths == 0) & periodic[used]
    if missing.any():
        frame, axis = (int(k) for k in np.argwhere(missing)[0])
        raise ValueError(
            f"frame {used[frame]} is periodic along lattice vector {axis}, which is zero"
        )
    # Vectors that do not repeat are left out: zero rows, and ones on the diagonal below.
    vectors = cells[used] / np.where(lengths == 0, 1.0, lengths)[..., None]
    vectors = np.where(periodic[used][..., None], vectors, 0.0)
    gram = np.einsum("nia,nja->nij", vectors, vectors)
    gram[:, np.arange(3), np.arange(3)] = 1.0
    flat = np.linalg.det(gram) < _FLAT
    if flat.any():
        raise ValueError(f"the lattice vectors of frame {used[int(flat.argmax())]} lie in a plane")
