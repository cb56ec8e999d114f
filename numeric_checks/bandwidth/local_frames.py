"""Directions and vectors in a frame that moves with the atoms nearby.

For atom i: j is its nearest non-hydrogen atom (the marked neighbour), k the one nearest to j, and m
the one for which d(m, j) + d(m, k) is least, each another atom, by distances averaged over the
frames; where fewer than needed are left, hydrogens are taken for k and m. The axes are those of
(j; k, m): z along j→k, x in the half-plane of m, y = z × x. Atom i itself is not used, so the
direction i→j moves in this frame: its polar angle is the bond angle i–j–k, its azimuth the
dihedral angle of i and m about j–k. The rule is this project's own. Averaged distances, unlike a
mean of aligned frames, keep bonded atoms nearest where a group turns.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["choose_frames", "local_frames"]

Array = NDArray[np.float64]

MIN_SINE = 0.05
"""Least |sin| of the angle k–j–m in any frame; nearer to a line the axes would spin."""

_CHUNK = 64  # frames whose distances are held at once


def choose_frames(
    positions: Array, numbers: NDArray[np.int64], marks: NDArray[np.int64] | None = None
) -> NDArray[np.int64]:
    """The atoms (j, k, m) of every atom i: integers, shape (atoms, 3).

    Args:
        positions: (frames, atoms, 3), any unit.
        numbers: (atoms,) atomic numbers.
        marks: (atoms,) the marked neighbours j, where they were chosen by another rule.

    Raises:
        ValueError: fewer than four atoms, or fewer than two other than hydrogen; atoms on a line;
            marks that are no other atoms.
    """
    frames, atoms = positions.shape[:2]
    heavy = numbers != 1
    if atoms < 4 or heavy.sum() < 2:
        raise ValueError(
            f"local frames need four atoms, two of them other than hydrogen; got {atoms} and "
            f"{int(heavy.sum())}"
        )
    if marks is not None and (
        np.shape(marks) != (atoms,)
        or not np.isin(marks, np.arange(atoms)).all()
        or (marks == np.arange(atoms)).any()
    ):
        raise ValueError(f"marks must name another atom for each of the {atoms}, got {marks}")
    mean = np.zeros((atoms, atoms))
    for start in range(0, frames, _CHUNK):
        part = positions[start : start + _CHUNK]
        mean += np.linalg.norm(part[:, :, None] - part[:, None], axis=-1).sum(axis=0) / frames

    def order(distance: Array, taken: list[int]) -> list[int]:
        """Atoms not taken, those other than hydrogen first, then by distance."""
        rank = np.lexsort((distance, ~heavy))
        return [int(atom) for atom in rank if atom not in taken]

    chosen = []
    for i in range(atoms):
        j = order(mean[i], [i])[0] if marks is None else int(marks[i])
        k = order(mean[j], [i, j])[0]
        for m in order(mean[j] + mean[k], [i, j, k]):
            if _sine(positions, j, k, m) >= MIN_SINE:
                chosen.append((j, k, m))
                break
        else:
            raise ValueError(f"no local frame for atom {i}: all atoms near it lie on a line")
    return np.array(chosen, dtype=np.int64)


def _sine(positions: Array, j: int, k: int, m: int) -> float:
    """Least |sin| of the angle k–j–m over the frames."""
    a, b = positions[:, k] - positions[:, j], positions[:, m] - positions[:, j]
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    if not lengths.all():
        raise ValueError(f"two of the atoms {j}, {k}, {m} are at one place in some frame")
    return float((np.linalg.norm(np.cross(a, b), axis=1) / lengths).min())


def local_frames(positions: Array, chosen: NDArray[np.int64]) -> tuple[Array, Array]:
    """The direction to the marked neighbour, and the axes, of every atom in every frame.

    Args:
        positions: (frames, atoms, 3).
        chosen: (sites, 4) atoms (i, j, k, m).

    Returns:
        directions (frames, sites, 3), unit vectors i→j in local components; axes
        (frames, sites, 3, 3) whose rows are x, y, z: ``axes @ v`` has the local components of v.

    Raises:
        ValueError: two of the atoms at one place, or j, k, m on a line.
    """
    i, j, k, m = chosen.T
    across = positions[:, m] - positions[:, j]
    z = _unit(positions[:, k] - positions[:, j], "marked neighbours")
    x = _unit(across - (across * z).sum(axis=-1, keepdims=True) * z, "atoms of a local frame")
    axes = np.stack([x, np.cross(z, x), z], axis=-2)
    toward = _unit(positions[:, j] - positions[:, i], "atoms")
    return np.einsum("nsab,nsb->nsa", axes, toward), axes


def _unit(vectors: Array, what: str) -> Array:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    if not length.all():
        frame, site, _ = np.argwhere(length == 0)[0]
        raise ValueError(f"{what} at one place, or on a line: frame {frame}, row {site}")
    return vectors / length
