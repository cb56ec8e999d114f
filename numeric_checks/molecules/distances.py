"""Vectors and distances between atoms, to the nearest image where a frame repeats."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from numeric_checks.molecules.structures import Structures

__all__ = ["mean_distances", "nearest_image", "vectors_to"]

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Vectors treated at once.
_CHUNK = 100_000


def nearest_image(vectors: Array, structures: Structures, frames: Integers) -> Array:
    """The shortest image of every vector, for cells of any shape, triclinic ones included.

    Where two images are equally long, which one is returned is not determined.

    Args:
        vectors: (n, 3), Å.
        structures: frames whose cells are meant.
        frames: (n,) the frame of every vector.

    Returns:
        (n, 3); the vectors themselves in frames that do not repeat.

    Raises:
        ModuleNotFoundError: a frame repeats, and ASE is not installed.
    """
    if not structures.has_cell:
        return vectors
    # Lattice vectors along which nothing repeats do not matter: cleared, they are replaced by
    # orthogonal ones.
    cells = np.where(structures.periodic[..., None], structures.cells, 0.0)
    keys = np.concatenate([cells.reshape(-1, 9), structures.periodic], axis=1)
    distinct, kind = np.unique(keys, axis=0, return_inverse=True)
    kinds = kind.reshape(-1)[frames]
    by_kind = np.argsort(kinds, kind="stable")
    edges = np.searchsorted(kinds[by_kind], np.arange(len(distinct) + 1))
    result = vectors.copy()
    for number, key in enumerate(distinct):
        rows = by_kind[edges[number] : edges[number + 1]]
        periodic = key[9:].astype(bool)
        if periodic.any() and len(rows):
            result[rows] = _shortest(vectors[rows], key[:9].reshape(3, 3), periodic)
    return result


def _shortest(vectors: Array, cell: Array, periodic: NDArray[np.bool_]) -> Array:
    """The shortest images (n, 3) in one cell, whose rows are zero where nothing repeats."""
    from ase.geometry import complete_cell, minkowski_reduce

    reduced = np.asarray(minkowski_reduce(complete_cell(cell), periodic)[0])
    fraction = vectors @ np.linalg.inv(reduced)
    fraction -= np.where(periodic, np.rint(fraction), 0.0)
    result: Array = fraction @ reduced
    gram = reduced @ reduced.T
    if np.abs(gram - np.diag(gram.diagonal())).max() < 1e-10 * gram.max():
        return result  # orthogonal lattice vectors
    # A vector shorter than half of the shortest lattice vector has no shorter image. For the others
    # the shortest is one step away at most, along each vector of a reduced lattice.
    length = (result**2).sum(axis=1)
    far = np.flatnonzero(length >= gram.diagonal()[periodic].min() / 4)
    start, best, least = result[far], result[far].copy(), length[far]
    for step in product(*((-1, 0, 1) if repeats else (0,) for repeats in periodic)):
        image = start + np.array(step, dtype=float) @ reduced
        size = (image**2).sum(axis=1)
        nearer = size < least
        best[nearer], least[nearer] = image[nearer], size[nearer]
    result[far] = best
    return result


def vectors_to(structures: Structures, rows: Integers, targets: Integers) -> Array:
    """Vectors (n, 3), Å, from the atoms ``rows`` to ``targets`` of the same frames.

    Both (n,) number the rows of ``structures``; of a periodic target the nearest image is meant.
    """
    difference: Array = structures.positions[targets] - structures.positions[rows]
    return nearest_image(difference, structures, structures.frame_of[rows])


def mean_distances(structures: Structures) -> Array:
    """Distances between the atoms of a molecule, averaged over the frames: (atoms, atoms), Å.

    Of a periodic atom the image that is nearest in the frame is taken. ValueError where the frames
    hold different atoms.
    """
    positions, numbers = structures.molecule
    frames, atoms = len(positions), len(numbers)
    total = np.zeros((atoms, atoms))
    step = max(1, _CHUNK // atoms**2)
    for start in range(0, frames, step):
        part = positions[start : start + step]
        difference = part[:, None] - part[:, :, None]
        if structures.has_cell:
            owner = np.repeat(np.arange(start, start + len(part)), atoms**2)
            flat = nearest_image(difference.reshape(-1, 3), structures, owner)
            difference = flat.reshape(difference.shape)
        total += np.linalg.norm(difference, axis=-1).sum(axis=0)
    return total / frames
