"""Which frames of a file are used, and its stored splits."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from numeric_checks.molecules.contents import Contents
from numeric_checks.molecules.distances import vectors_to
from numeric_checks.molecules.repeats import content_of, repeats
from numeric_checks.molecules.structures import Structures

__all__ = ["Screen", "isolated", "published_splits"]

Integers = NDArray[np.int64]

Array = NDArray[np.float64]

#: Å; two atoms nearer than this are at one place: nothing is that near, not even in a collision.
SAME = 0.01
# Numbers without a relation, so that lattices and planes of atoms do not fall on one number.
_GENERIC = np.array([0.83, 0.47, 0.31])
_WEIGHTS, _PHASES = np.array([1.0, 0.73, 0.41]), np.array([0.3, 1.1, 2.3])

#: Å; a frame in which no two atoms are nearer holds isolated atoms.
APART = 10.0


class Screen:
    """Chooses frames, part by part of one file, and counts what is left out.

    Left out are frames that repeat an earlier one (to 0.001 Å in the same part, exactly in another)
    or do so by the file's own statement, frames of isolated atoms, and with ``require_forces``
    frames without forces.
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
        repeated = _declared(contents) | (repeats(structures) >= 0)
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
            (self.repeated, "that repeat an earlier one"),
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
    """ValueError for two atoms of a frame at one place, or of images of theirs.

    ``before`` frames were read before. Atoms are sorted by a number that changes little between
    near places and between images; only neighbours in that order can be at one place.
    """
    number, slope = _places(structures)
    frame = structures.frame_of
    order = np.lexsort((number, frame))
    reach = 1
    while True:
        first, second = order[:-reach], order[reach:]
        near = frame[first] == frame[second]
        near &= number[second] - number[first] <= SAME * slope[frame[first]]
        if not near.any():
            return
        pairs = np.sort(np.stack((first[near], second[near])), axis=0)
        gaps = np.linalg.norm(vectors_to(structures, pairs[0], pairs[1]), axis=1)
        if (gaps < SAME).any():
            place = int(pairs[0][gaps < SAME].min())
            raise ValueError(
                f"two atoms of frame {before + int(frame[place])} are at the same place to within "
                f"{SAME:g} Å, {structures.positions[place].tolist()} Å"
            )
        reach += 1


def _places(structures: Structures) -> tuple[Array, Array]:
    """A number for every atom, the same for its images, and by frame its largest slope in 1/Å.

    It is Σ a_i cos(2π f_i + φ_i) over the coordinates f along lattice vectors that repeat, and
    g·x of what is left of the place x.
    """
    cells = np.where(structures.periodic[..., None], structures.cells, 0.0)
    inverse = np.zeros_like(cells)
    repeats = structures.periodic.any(axis=1)
    inverse[repeats] = np.linalg.pinv(cells[repeats])
    along = np.einsum("na,nai->ni", structures.positions, inverse[structures.frame_of])
    inside = np.einsum("ni,nia->na", along, cells[structures.frame_of])
    number = (structures.positions - inside) @ _GENERIC
    number += (
        np.where(structures.periodic, 1.0, 0.0)[structures.frame_of]
        * np.cos(2 * np.pi * along + _PHASES)
        @ _WEIGHTS
    )
    slope = np.linalg.norm(_GENERIC) + 2 * np.pi * np.linalg.norm(inverse, axis=1) @ _WEIGHTS
    return number, slope


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
