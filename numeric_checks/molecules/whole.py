"""Molecules that the border of a periodic cell cuts in two, made whole."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from numeric_checks.molecules.distances import nearest_image
from numeric_checks.molecules.structures import Structures

__all__ = ["whole"]

Integers = NDArray[np.int64]

#: Atoms nearer than this times the sum of their covalent radii are bonded.
BONDED = 1.2


def whole(structures: Structures) -> tuple[Structures, int]:
    """Frames in which bonded atoms of a molecule stand together, and how many frames changed.

    Simulation programs wrap atoms into the cell. Here atoms are moved by lattice vectors, which
    changes nothing physical, until each finite molecule is in one piece about its first atom.
    Bonds are those of the first frame. Networks of bonds that run through the whole crystal stay as
    they are, and so do frames that hold different atoms.
    """
    if not structures.has_cell or not structures.fixed:
        return structures, 0
    edges = _edges(structures.take([0]))
    if len(edges) == 0:
        return structures, 0
    positions, _ = structures.molecule
    frames, atoms = positions.shape[:2]
    parents, children = edges.T
    raw = positions[:, children] - positions[:, parents]
    owner = np.repeat(np.arange(frames), len(edges))
    nearest = nearest_image(raw.reshape(-1, 3), structures, owner).reshape(raw.shape)
    cells = np.where(structures.periodic[..., None], structures.cells, 0.0)
    steps = np.rint((nearest - raw) @ np.linalg.pinv(cells))
    total = np.zeros((frames, atoms, 3))
    for edge, (parent, child) in enumerate(edges):  # a parent comes before its children
        total[:, child] = total[:, parent] + steps[:, edge]
    moved = total.any(axis=(1, 2))
    if not moved.any():
        return structures, 0
    together = positions.copy()
    together[moved] += total[moved] @ cells[moved]
    made = Structures(
        structures.numbers,
        together.reshape(-1, 3),
        structures.counts,
        structures.cells,
        structures.periodic,
    )
    return made, int(moved.sum())


def _edges(one: Structures) -> Integers:
    """(edges, 2): bonds parent→child that span every finite molecule of a frame."""
    from ase import Atoms
    from ase.neighborlist import natural_cutoffs, neighbor_list

    atoms = Atoms(one.numbers, one.positions, cell=one.cells[0], pbc=one.periodic[0])
    first, second, image = neighbor_list("ijS", atoms, natural_cutoffs(atoms, mult=BONDED))
    bonds: list[list[tuple[int, Integers]]] = [[] for _ in range(len(atoms))]
    for i, j, shift in zip(first, second, image, strict=True):
        bonds[i].append((int(j), shift))
    seen: set[int] = set()
    edges: list[tuple[int, int]] = []
    for root in range(len(atoms)):
        if root not in seen:
            place: dict[int, Integers] = {root: np.zeros(3, dtype=np.int64)}
            queue, found, finite = deque([root]), [], True
            while queue:
                parent = queue.popleft()
                for child, shift in bonds[parent]:
                    there = place[parent] + shift
                    if child not in place:
                        place[child] = there
                        found.append((parent, child))
                        queue.append(child)
                    finite &= bool((place[child] == there).all())
            seen |= set(place)
            edges += found if finite else []
    return np.array(edges, dtype=np.int64).reshape(-1, 2)
