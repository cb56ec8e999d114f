"""The marked direction of an atom: towards its nearest other atom that is not hydrogen.

This is the one rule by which every part of the project marks a neighbour.

*Fixed topology* (:func:`fixed_topology`). The neighbour is the one at the least distance averaged
over the frames, so an atom has one neighbour in all frames. Averaged distances keep bonded atoms
nearest where a group turns; in a mean of aligned frames the ends of a turning group fall on each
other.

*Otherwise*, for many molecules, and for liquids and solids whose atoms change their neighbours, it
is the nearest in the frame. It changes from frame to frame where two candidates change places; the
direction then jumps, and no smooth function of the positions follows it there. :func:`changes`
measures how often.

In both, distances are those to the nearest image where a frame repeats, and the images of the atom
itself are left out. Of neighbours that are equally near to within 1e-6 Å the one with the lowest
index is taken. Such a tie is a matter of the order of the atoms: features that do not depend on
that order cannot tell the two apart. A hydrogen is never the neighbour, for that reason: those of a
methyl group are exchanged freely.

The field of pattern c is g = √(2ℓ+1) c·y_ℓ(û) with y_ℓ of length one
(:func:`numeric_checks.rotations.wigner.unit_harmonics`). Its mean square over the sphere is one for
every unit c, as for √(4π) Σ c_m Y_ℓm.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from numeric_checks.molecules.distances import mean_distances, nearest_image, vectors_to
from numeric_checks.molecules.structures import Structures

__all__ = [
    "TIE",
    "Changes",
    "changes",
    "directions",
    "fixed_topology",
    "margins",
    "marked_neighbors",
    "marked_rows",
    "nearest_neighbors",
    "nearest_of",
]

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Distances (Å) that differ by less are equal.
TIE = 1e-6
#: A lasting neighbour is on average at most this many times farther than the nearest of a frame.
LASTING = 1.5


def nearest_of(distances: Array) -> Integers:
    """The column of the least entry of every row; of entries equal to 1e-6 the first.

    >>> nearest_of(np.array([[2.0, 1.5 + 1e-9, 1.5]])).tolist()
    [1]
    """
    least: Integers = (distances <= distances.min(axis=1, keepdims=True) + TIE).argmax(axis=1)
    return least


def fixed_topology(structures: Structures) -> bool:
    """Whether atoms keep their neighbours.

    Every frame holds the same atoms in the same order, and no atom is farther from the neighbour
    that is nearest on average than 1.5 times the distance, on average, to the nearest of each
    frame. At most 50 frames, evenly spaced, are looked at.
    """
    if not structures.fixed:
        return False
    frames = len(structures)
    part = structures.take(np.unique(np.linspace(0, frames - 1, min(frames, 50)).astype(int)))
    heavy = np.flatnonzero(part.molecule[1] != 1)
    if len(heavy) < 2:
        return True  # nothing to choose between
    mean = mean_distances(part)[:, heavy]
    mean[heavy, np.arange(len(heavy))] = np.inf
    nearest = np.mean([_to_heavy(part, n)[1].min(axis=1) for n in range(len(part))], axis=0)
    return bool((mean.min(axis=1) <= LASTING * nearest).all())


def marked_neighbors(structures: Structures) -> Integers:
    """The marked neighbour of every atom of a molecule, by distances averaged over the frames.

    Returns:
        (atoms,) indices of atoms.

    Raises:
        ValueError: the frames hold different atoms, or fewer than two other than hydrogen.
    """
    numbers = structures.molecule[1]
    heavy = np.flatnonzero(numbers != 1)
    if len(heavy) < 2:
        raise ValueError(
            "marking a direction needs at least two atoms other than hydrogen, got "
            f"{len(heavy)} among {len(numbers)}"
        )
    distances = mean_distances(structures)[:, heavy]
    distances[heavy, np.arange(len(heavy))] = np.inf
    return heavy[nearest_of(distances)]


def nearest_neighbors(structures: Structures) -> Integers:
    """The marked neighbour of every atom in its own frame.

    Returns:
        (atoms_total,) rows of ``structures``; −1 where the frame holds no other atom that is not
        hydrogen.
    """
    result = np.full(len(structures.numbers), -1, dtype=np.int64)
    for frame, start in enumerate(structures.offsets[:-1]):
        heavy, distances = _to_heavy(structures, frame)
        if len(heavy):
            found = start + heavy[nearest_of(distances)]
            there = np.isfinite(distances).any(axis=1)
            result[start : start + len(found)] = np.where(there, found, -1)
    return result


def marked_rows(structures: Structures, over: Structures | None = None) -> Integers:
    """The marked neighbour of every row, by the rule of this module.

    Args:
        structures: the frames.
        over: frames of the same molecule over which distances are averaged; ``structures`` by
            default. Not used where the topology is not fixed.

    Returns:
        (atoms_total,) rows of ``structures``; −1 where an atom has no marked neighbour, which
        happens only where the topology is not fixed.

    Raises:
        ValueError: one molecule with fewer than two atoms other than hydrogen; ``over`` of another
            molecule.
    """
    if not structures.fixed:
        return nearest_neighbors(structures)
    chosen = structures if over is None else over
    if not np.array_equal(chosen.molecule[1], structures.molecule[1]):
        raise ValueError("the frames to average over hold another molecule")
    if not fixed_topology(chosen):
        return nearest_neighbors(structures)
    neighbors = marked_neighbors(chosen)
    return (structures.offsets[:-1, None] + neighbors).reshape(-1)


def directions(structures: Structures, rows: Integers) -> Array:
    """Unit vectors (atoms_total, 3) from every atom to its marked neighbour ``rows``.

    To the nearest image where a frame repeats; NaN where the neighbour is −1. ValueError for an
    atom at the place of its neighbour.
    """
    marked = np.flatnonzero(rows >= 0)
    vectors = vectors_to(structures, marked, rows[marked])
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not lengths.all():
        row = marked[int((lengths[:, 0] == 0).argmax())]
        frame = int(structures.frame_of[row])
        raise ValueError(
            f"atoms {row - structures.offsets[frame]} and "
            f"{rows[row] - structures.offsets[frame]} of frame {frame} are at one place"
        )
    result = np.full((len(rows), 3), np.nan)
    result[marked] = vectors / lengths
    return result


@dataclass(frozen=True)
class Changes:
    """How the two rules of marking differ on the frames of one molecule.

    ``differing`` (atoms,): the share of frames in which the nearest atom of the frame is not the
    one that is nearest on average; ``ties`` (atoms,): the share in which the two nearest differ by
    less than ``margin`` Å.
    """

    differing: tuple[float, ...]
    ties: tuple[float, ...]
    margin: float


def changes(structures: Structures, margin: float = 0.05) -> Changes:
    """Compare the neighbour nearest on average with the nearest in each frame.

    Raises ValueError as :func:`marked_neighbors`.
    """
    fixed, each = marked_rows(structures), nearest_neighbors(structures)
    shape = structures.molecule[0].shape[:2]
    return Changes(
        differing=tuple((fixed != each).reshape(shape).mean(axis=0).tolist()),
        ties=tuple((margins(structures) < margin).reshape(shape).mean(axis=0).tolist()),
        margin=margin,
    )


def margins(structures: Structures) -> Array:
    """By how much the second nearest non-hydrogen atom is farther than the nearest.

    Returns:
        (atoms_total,), Å; ∞ where the frame holds fewer than two others.
    """
    result = np.full(len(structures.numbers), np.inf)
    for frame, start in enumerate(structures.offsets[:-1]):
        heavy, distances = _to_heavy(structures, frame)
        if len(heavy) > 1:
            two = np.partition(distances, 1, axis=1)[:, :2]
            gaps = np.where(np.isfinite(two[:, 1]), two[:, 1], np.inf) - two[:, 0]
            result[start : start + len(two)] = np.where(np.isfinite(two[:, 0]), gaps, np.inf)
    return result


def _to_heavy(structures: Structures, frame: int) -> tuple[Integers, Array]:
    """Atoms other than hydrogen in a frame, and all distances (atoms, them); ∞ to itself."""
    one = structures.take(slice(frame, frame + 1))
    heavy = np.flatnonzero(one.numbers != 1)
    difference = one.positions[heavy] - one.positions[:, None]
    owner = np.zeros(difference.shape[0] * difference.shape[1], dtype=np.int64)
    flat = nearest_image(difference.reshape(-1, 3), one, owner)
    distances = np.linalg.norm(flat.reshape(difference.shape), axis=-1)
    distances[heavy, np.arange(len(heavy))] = np.inf
    return heavy, distances
