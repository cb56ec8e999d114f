"""Energies beside the forces: one row of the normal equations for every frame.

The energy of a frame is linear in the sum of its atoms' invariants and in the number of atoms of
every species, whose coefficients are energies of free atoms. They are columns of their own, fitted
to what a least-squares fit of the numbers of atoms leaves. An energy in eV counts as much as one
force component in eV/Å.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from numeric_checks.demand.design import BATCH_ATOMS, EnergyForm
from numeric_checks.demand.regression import Gram
from numeric_checks.molecules.structures import Structures

__all__ = ["Energies"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Energies:
    """What is fitted of the energies of ``structures``.

    ``left`` (frames,) in eV: energies less those of free atoms, NaN where there is none;
    ``atoms`` (frames, species): numbers of atoms.
    """

    structures: Structures
    left: Array
    atoms: Array

    @classmethod
    def of(cls, structures: Structures, energies: Array, seen: NDArray[np.bool_]) -> Energies:
        """Take off energies of free atoms, which are fitted to the frames ``seen``.

        ValueError where none of them has an energy.
        """
        species = np.unique(structures.numbers)
        each = (structures.numbers[:, None] == species).astype(np.float64)
        atoms = np.add.reduceat(each, structures.offsets[:-1], axis=0)
        known = seen & ~np.isnan(energies)
        if not known.any():
            raise ValueError("energies are to be fitted, and no frame that is fitted has one")
        free = np.linalg.lstsq(atoms[known], energies[known], rcond=None)[0]
        return cls(structures, energies - atoms @ free, atoms)

    @property
    def columns(self) -> int:
        """Columns beside those of the invariants."""
        return int(self.atoms.shape[1])

    def add(self, parts: Mapping[str, Gram], labels: NDArray[np.str_], model: EnergyForm) -> None:
        """Add the energies of every frame to the normal equations that its label names."""
        for name, gram in parts.items():
            for frames, columns in self._rows(np.flatnonzero(labels == name), model):
                gram.add(columns, self.left[frames, None])

    def errors(self, frames: NDArray[np.int64], model: EnergyForm, weights: Array) -> Array:
        """|error| of ``weights`` (columns, models), (models, frames) in meV an atom.

        NaN for frames without an energy.
        """
        result = np.full((weights.shape[1], len(self.left)), np.nan)
        for chosen, columns in self._rows(frames, model):
            wrong = np.abs(self.left[chosen] - (columns @ weights).T)
            result[:, chosen] = 1000 * wrong / self.structures.counts[chosen]
        return result[:, frames]

    def _rows(
        self, frames: NDArray[np.int64], model: EnergyForm
    ) -> Iterator[tuple[NDArray[np.int64], Array]]:
        """The frames of every batch that have an energy, and their columns."""
        known = frames[~np.isnan(self.left[frames])]
        if not len(known):
            return
        start = 0
        for batch in self.structures.take(known).batches(BATCH_ATOMS):
            chosen = known[start : start + len(batch)]
            start += len(batch)
            yield chosen, np.hstack([model.energies(batch), self.atoms[chosen]])
