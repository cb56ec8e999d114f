"""Directions and vectors in a frame that moves with the atoms nearby.

For atom i: j is its marked neighbour (:mod:`numeric_checks.molecules.marks`), k the non-hydrogen
atom nearest to j, and m the one for which d(m, j) + d(m, k) is least, each another atom, by
distances averaged over the frames; where fewer than needed are left, hydrogens are taken for k and
m. The axes are those of (j; k, m): z along j→k, x in the half-plane of m, y = z × x. Atom i itself
is not used, so the direction i→j moves in this frame: its polar angle is the bond angle i–j–k, its
azimuth the dihedral angle of i and m about j–k. The rule is this project's own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from numeric_checks.molecules.distances import mean_distances, vectors_to
from numeric_checks.molecules.marks import fixed_topology, marked_neighbors
from numeric_checks.molecules.structures import Structures

__all__ = ["between", "choose_frames", "local_frames"]

Array = NDArray[np.float64]

MIN_SINE = 0.05
"""Least |sin| of the angle k–j–m in any frame; nearer to a line the axes would spin."""


def choose_frames(
    structures: Structures, marks: NDArray[np.int64] | None = None
) -> NDArray[np.int64]:
    """The atoms (j, k, m) of every atom i of a molecule: integers, shape (atoms, 3).

    Args:
        structures: frames of one molecule; distances are those to the nearest image where they
            repeat.
        marks: (atoms,) the marked neighbours j, where they were chosen over other frames.

    Raises:
        ValueError: frames that hold different atoms, or whose atoms change their neighbours; fewer
            than four atoms, or fewer than two other than hydrogen; atoms on a line; marks that are
            no other atoms.
    """
    numbers = structures.molecule[1]
    atoms, heavy = len(numbers), numbers != 1
    if atoms < 4 or heavy.sum() < 2:
        raise ValueError(
            f"local frames need four atoms, two of them other than hydrogen; got {atoms} and "
            f"{int(heavy.sum())}"
        )
    if not fixed_topology(structures):
        raise ValueError(
            "the atoms change their neighbours from frame to frame; local frames need neighbours "
            "that last"
        )
    if marks is not None and (
        np.shape(marks) != (atoms,)
        or not np.isin(marks, np.arange(atoms)).all()
        or (marks == np.arange(atoms)).any()
    ):
        raise ValueError(f"marks must name another atom for each of the {atoms}, got {marks}")
    mean = mean_distances(structures)
    first = marked_neighbors(structures) if marks is None else marks

    def order(distance: Array, taken: list[int]) -> list[int]:
        """Atoms not taken, those other than hydrogen first, then by distance."""
        rank = np.lexsort((distance, ~heavy))
        return [int(atom) for atom in rank if atom not in taken]

    chosen = []
    for i in range(atoms):
        j = int(first[i])
        k = order(mean[j], [i, j])[0]
        for m in order(mean[j] + mean[k], [i, j, k]):
            if _sine(structures, j, k, m) >= MIN_SINE:
                chosen.append((j, k, m))
                break
        else:
            raise ValueError(f"no local frame for atom {i}: all atoms near it lie on a line")
    return np.array(chosen, dtype=np.int64)


def _sine(structures: Structures, j: int, k: int, m: int) -> float:
    """Least |sin| of the angle k–j–m over the frames."""
    a, b = (between(structures, [j], [other])[:, 0] for other in (k, m))
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    if not lengths.all():
        raise ValueError(f"two of the atoms {j}, {k}, {m} are at one place in some frame")
    return float((np.linalg.norm(np.cross(a, b), axis=1) / lengths).min())


def between(structures: Structures, atoms: ArrayLike, targets: ArrayLike) -> Array:
    """Vectors (frames, sites, 3), Å, from ``atoms`` to ``targets``, both (sites,), in every frame.

    To the nearest image where a frame repeats. ValueError for frames that hold different atoms.
    """
    frames, count = structures.molecule[0].shape[:2]
    start = count * np.arange(frames)[:, None]
    rows, ends = ((start + np.asarray(index)).reshape(-1) for index in (atoms, targets))
    return vectors_to(structures, rows, ends).reshape(frames, -1, 3)


def local_frames(structures: Structures, chosen: NDArray[np.int64]) -> tuple[Array, Array]:
    """The direction to the marked neighbour, and the axes, of every atom in every frame.

    Args:
        structures: frames of one molecule.
        chosen: (sites, 4) atoms (i, j, k, m).

    Returns:
        directions (frames, sites, 3), unit vectors i→j in local components; axes
        (frames, sites, 3, 3) whose rows are x, y, z: ``axes @ v`` has the local components of v.

    Raises:
        ValueError: two of the atoms at one place, or j, k, m on a line.
    """
    i, j, k, m = chosen.T
    across = between(structures, j, m)
    z = _unit(between(structures, j, k), "marked neighbours")
    x = _unit(across - (across * z).sum(axis=-1, keepdims=True) * z, "atoms of a local frame")
    axes = np.stack([x, np.cross(z, x), z], axis=-2)
    toward = _unit(between(structures, i, j), "atoms")
    return np.einsum("nsab,nsb->nsa", axes, toward), axes


def _unit(vectors: Array, what: str) -> Array:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    if not length.all():
        frame, site, _ = np.argwhere(length == 0)[0]
        raise ValueError(f"{what} at one place, or on a line: frame {frame}, row {site}")
    unit: Array = vectors / length
    return unit
