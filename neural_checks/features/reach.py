"""Whether features depend on the marked neighbour at all: seen by moving it.

A network's graph may hold no path from the neighbour to the atom within the layers that are read:
pairs beyond a cut-off of their own, the nearest few alone, or no convolution before the layer. Then
the field is not there to be read, whatever the degrees are.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from neural_checks.backbones.interface import Backbone, evaluate_all
from numeric_checks.molecules.structures import Structures

__all__ = ["unseen_marks"]

#: Å; how far a neighbour is moved.
_STEP = 0.05
#: Changes of features that are rounding, relative to the largest of their irrep.
_ROUNDING = 1e-6


def unseen_marks(backbone: Backbone, structure: Structures, marked: Sequence[int]) -> list[int]:
    """The atoms of a frame whose features do not change when their marked neighbour is moved.

    Args:
        backbone: the network; it is run once for every atom that is marked.
        structure: one frame.
        marked: the marked neighbour of every atom.

    Raises:
        ValueError: not one frame, or another number of atoms.
    """
    if len(structure) != 1 or len(marked) != len(structure.numbers):
        raise ValueError(
            f"one frame with a marked neighbour for every atom is needed, got {len(structure)} "
            f"frames, {len(structure.numbers)} atoms and {len(marked)} neighbours"
        )
    atoms = len(marked)
    moved = sorted(set(marked))
    step = _STEP * np.array([2.0, -1.0, 2.0]) / 3
    positions = np.tile(structure.positions, (1 + len(moved), 1, 1))
    for copy, neighbour in enumerate(moved, start=1):
        positions[copy, neighbour] += step
    frames = Structures.of_molecule(
        positions, structure.numbers, structure.cells[0], structure.periodic[0]
    )
    changed = np.zeros(atoms, dtype=bool)
    copies = np.array([1 + moved.index(neighbour) for neighbour in marked])
    for values in evaluate_all(backbone, frames).blocks(len(frames)).values():
        differences = values[copies, np.arange(atoms)] - values[0]
        largest = max(float(np.abs(values[0]).max()), 1e-30)
        changed |= np.abs(differences).max(axis=(1, 2)) > _ROUNDING * largest
    return np.flatnonzero(~changed).tolist()
