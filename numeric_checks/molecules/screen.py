"""Which frames of a file are used, and its stored splits."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from numeric_checks.molecules.contents import Contents
from numeric_checks.molecules.repeats import content_of
from numeric_checks.molecules.structures import Structures

__all__ = ["Screen", "isolated", "published_splits"]

Integers = NDArray[np.int64]

#: Å; a frame in which no two atoms are nearer holds isolated atoms.
APART = 10.0


class Screen:
    """Chooses frames, part by part of one file, and counts what is left out.

    Left out are frames that repeat an earlier one exactly or by the file's own statement, frames of
    isolated atoms, and with ``require_forces`` frames without forces.
    """

    def __init__(self, require_forces: bool = True) -> None:
        self.require_forces = require_forces
        self._seen: set[bytes] = set()
        self.frames = self.repeated = self.apart = self.bare = 0

    def __call__(self, contents: Contents) -> NDArray[np.bool_]:
        """Which frames of this part are used: (frames,) bool.

        Raises ValueError for a statement of repeats that does not fit the frames, or two atoms of
        a frame at the same place.
        """
        structures = contents.structures
        _require_apart(structures, self.frames)
        repeated = _declared(contents)
        for frame in range(len(structures)):
            key = hashlib.blake2b(content_of(structures, frame), digest_size=16).digest()
            repeated[frame] |= key in self._seen
            self._seen.add(key)
        apart = isolated(structures) & ~repeated
        bare = np.zeros(len(structures), dtype=bool)
        if self.require_forces:
            bare = np.isnan(contents.forces[structures.offsets[:-1], 0]) & ~repeated & ~apart
        self.frames += len(structures)
        self.repeated += int(repeated.sum())
        self.apart += int(apart.sum())
        self.bare += int(bare.sum())
        kept: NDArray[np.bool_] = ~(repeated | apart | bare)
        return kept

    @property
    def notes(self) -> tuple[str, ...]:
        """One sentence for each kind of frames left out so far."""
        kinds = (
            (self.repeated, "that repeat an earlier one exactly"),
            (self.apart, f"of isolated atoms, none within {APART:g} Å of another,"),
            (self.bare, "without forces"),
        )
        return tuple(
            f"left out {count} of {self.frames} frames {kind}".rstrip(",")
            for count, kind in kinds
            if count
        )


def _declared(contents: Contents) -> NDArray[np.bool_]:
    """Frames that the file says repeat an earlier one."""
    frames, repeats = len(contents.structures), contents.repeats
    if repeats is None:
        return np.zeros(frames, dtype=bool)
    if repeats.dtype.kind not in "iu" or repeats.shape != (frames,):
        raise ValueError(
            f"duplicate_of must be {frames} integers, one for each frame, got {repeats.dtype} of "
            f"shape {repeats.shape}"
        )
    place = repeats.astype(np.int64)
    wrong = place >= np.arange(frames)
    if wrong.any():
        frame = int(wrong.argmax())
        raise ValueError(
            f"duplicate_of must name an earlier frame or be negative, is {place[frame]} for "
            f"frame {frame}"
        )
    declared: NDArray[np.bool_] = place >= 0
    return declared


def _require_apart(structures: Structures, before: int) -> None:
    """ValueError for two atoms of a frame at the same place; ``before`` frames were read before."""
    x, frame = structures.positions[:, 0], structures.frame_of
    order = np.lexsort((x, frame))
    # Atoms of one x follow each other; only among them can two be at one place.
    same = (np.diff(x[order]) == 0) & (np.diff(frame[order]) == 0)
    if not same.any():
        return
    alike = np.flatnonzero(np.append(same, False) | np.insert(same, 0, False))
    atoms = order[alike]
    rows = np.column_stack((frame[atoms], structures.positions[atoms]))
    _, first, count = np.unique(rows, axis=0, return_index=True, return_counts=True)
    if (count > 1).any():
        place = atoms[first[count > 1].min()]
        raise ValueError(
            f"two atoms of frame {before + int(frame[place])} are at the same place, "
            f"{structures.positions[place].tolist()} Å"
        )


def isolated(structures: Structures) -> NDArray[np.bool_]:
    """Frames that do not repeat in space and hold no two atoms within 10 Å: (frames,) bool."""
    result: NDArray[np.bool_] = np.logical_not(structures.periodic.any(axis=1))
    # Atoms that follow each other in a file are mostly near: that settles all but few frames.
    steps = np.linalg.norm(np.diff(structures.positions, axis=0), axis=1)
    same = structures.frame_of[1:] == structures.frame_of[:-1]
    result[structures.frame_of[1:][same & (steps < APART)]] = False
    for frame in np.flatnonzero(result & (structures.counts > 1)):
        places = structures.positions[structures.offsets[frame] : structures.offsets[frame + 1]]
        result[frame] = not cKDTree(places).query_pairs(APART)
    return result


def published_splits(contents: Contents, kept: NDArray[np.bool_]) -> dict[str, Integers]:
    """The splits stored in a file, as indices of the frames kept.

    Raises:
        ValueError: an array that is not a row of indices (or one boolean for every frame), holds an
            index out of range or one index twice, or shares frames with its counterpart.
    """
    frames = len(kept)
    found = {name: _indices(name, values, frames) for name, values in contents.published.items()}
    for name, index in found.items():
        other = "test" + name.removeprefix("train")
        if name.startswith("train") and other in found:
            shared = np.intersect1d(index, found[other])
            if len(shared):
                raise ValueError(
                    f"{name} and {other} share {len(shared)} frames, {shared[0]} the first"
                )
    place = np.cumsum(kept) - 1
    return {name: place[index[kept[index]]].astype(np.int64) for name, index in found.items()}


def _indices(name: str, values: NDArray[np.generic], frames: int) -> Integers:
    if values.dtype.kind == "b" and values.shape == (frames,):
        return np.flatnonzero(values).astype(np.int64)
    if values.dtype.kind not in "iu" or values.ndim != 1 or len(values) == 0:
        raise ValueError(
            f"{name} must be a row of indices of frames, got {values.dtype} of shape {values.shape}"
        )
    index = values.astype(np.int64)
    outside = (index < 0) | (index >= frames)
    if outside.any():
        raise ValueError(
            f"{name} must hold indices from 0 to {frames - 1}, holds {index[outside][0]}"
        )
    named, count = np.unique(index, return_counts=True)
    if (count > 1).any():
        raise ValueError(f"{name} holds frame {named[count > 1][0]} more than once")
    return index
