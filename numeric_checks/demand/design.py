"""The columns of a linear model of forces, batch by batch: energy form and force form.

*Energy form*: the energy is linear in the invariants of every atom, the centre's species kept
apart; a column holds minus the gradient of a sum of invariants. *Force form*: the force on an atom
is linear in its own densities coupled to a vector (1o); it need not be conservative.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from numeric_checks.demand.expansion import Basis, Pairs, expand, neighbor_pairs
from numeric_checks.demand.invariants import Columns, Invariants, mix, symbol
from numeric_checks.molecules.structures import Structures

__all__ = ["EnergyForm", "ForceForm", "Model", "designs", "vector_paths"]

Array = NDArray[np.float64]

#: Atoms of one batch.
BATCH_ATOMS = 420
#: x, y, z among the components m = -1, 0, 1 of l = 1.
_XYZ = [2, 0, 1]


class Model(Protocol):
    """A linear model; ``centers`` are the atomic numbers with a block of columns each."""

    @property
    def centers(self) -> tuple[int, ...]: ...

    @property
    def columns(self) -> Columns:
        """The columns of one centre species."""
        ...

    def design(self, batch: Structures) -> Array:
        """(3 · atoms, centers · columns), rows (atom, component x, y, z)."""
        ...


def designs(structures: Structures, model: Model) -> Iterator[tuple[slice, Array]]:
    """The frames of every batch and their design."""
    start = 0
    for batch in structures.batches(BATCH_ATOMS):
        yield slice(start, start + len(batch)), model.design(batch)
        start += len(batch)


@dataclass(frozen=True)
class EnergyForm:
    """Forces as minus the gradient of an energy that is linear in ``invariants``."""

    invariants: Invariants
    centers: tuple[int, ...]

    @property
    def columns(self) -> Columns:
        return self.invariants.columns

    def design(self, batch: Structures) -> Array:
        basis, width, atoms = self.invariants.basis, len(self.columns.degree), len(batch.numbers)
        pairs = neighbor_pairs(batch, basis.cutoff)
        densities = expand(batch, pairs, basis)
        around, of = batch.numbers[pairs.centre], batch.numbers[pairs.neighbor]
        forces = np.zeros((atoms, 3, len(self.centers) * width))
        for place, number in enumerate(self.centers):
            total = np.zeros((atoms, 3 * width))
            for species, other in enumerate(basis.species):
                rows = np.flatnonzero((around == number) & (of == other))
                if len(rows):
                    steps = self.invariants.gradients(densities, pairs.centre[rows], species, rows)
                    total += _signs(pairs, rows, atoms) @ steps.reshape(len(rows), -1)
            forces[:, :, place * width : (place + 1) * width] = total.reshape(atoms, 3, width)
        return forces.reshape(3 * atoms, -1)

    def energies(self, batch: Structures) -> Array:
        """(frames, centers · columns): the invariants of a frame's atoms, summed by species."""
        basis = self.invariants.basis
        values = self.invariants.values(expand(batch, neighbor_pairs(batch, basis.cutoff), basis))
        of_species = batch.numbers[:, None] == np.array(self.centers)
        sums = np.add.reduceat(
            of_species[:, :, None] * values[:, None, :], batch.offsets[:-1], axis=0
        )
        result: Array = sums.reshape(len(batch), -1)
        return result


def _signs(pairs: Pairs, rows: NDArray[np.int64], atoms: int) -> sparse.csr_matrix:
    """(atoms, rows): the force on j is −∂B(i)/∂r_j, that on i the opposite."""
    count = len(rows)
    ends = np.concatenate([pairs.centre[rows], pairs.neighbor[rows]])
    signs = np.repeat([1.0, -1.0], count)
    return sparse.csr_matrix((signs, (ends, np.tile(np.arange(count), 2))), shape=(atoms, count))


@dataclass(frozen=True)
class ForceForm:
    """Forces linear in products of at most ``factors`` densities coupled to 1o."""

    basis: Basis
    factors: int
    centers: tuple[int, ...]
    mixed: int = 24
    seed: int = 0

    @cached_property
    def columns(self) -> Columns:
        l_max = self.basis.l_max
        order: Array = np.tile(
            np.arange(1, self.basis.radial + 1) / self.basis.radial, len(self.basis.species)
        )
        parts = [(1, 1, order)] if l_max else []
        if self.factors >= 2:
            pair = np.maximum(order[:, None], order[None]).reshape(-1)
            parts += [(2, l + 1, pair) for l in range(l_max)]
        if self.factors >= 3:
            channel = np.arange(1, self.mixed + 1) / self.mixed
            parts += [(3, max(path[:3]), channel) for path in vector_paths(l_max)]
        return Columns.of(parts)  # degree 0 holds no vector: a model of no columns

    def design(self, batch: Structures) -> Array:
        width, atoms = len(self.columns.degree), len(batch.numbers)
        pairs = neighbor_pairs(batch, self.basis.cutoff)
        values = expand(batch, pairs, self.basis).values
        a = values.reshape(atoms, self.basis.channels, -1)
        l_max = self.basis.l_max
        parts = [a[:, :, 1:4]] if l_max else []
        if self.factors >= 2:
            for l in range(l_max):
                product = np.einsum(
                    "abm,nca,ndb->ncdm",
                    symbol(l, l + 1, 1),
                    a[:, :, l * l : (l + 1) ** 2],
                    a[:, :, (l + 1) ** 2 : (l + 2) ** 2],
                    optimize=True,
                )
                parts.append(product.reshape(atoms, -1, 3))
        if self.factors >= 3:
            mixed = mix(a, self.mixed, l_max, self.seed)
            for l1, l2, l3, middle in vector_paths(l_max):
                inner = np.einsum(
                    "abc,nka,nkb->nkc",
                    symbol(l1, l2, middle),
                    mixed[l1],
                    mixed[l2],
                    optimize=True,
                )
                parts.append(
                    np.einsum(
                        "abm,nka,nkb->nkm",
                        symbol(middle, l3, 1),
                        inner,
                        mixed[l3],
                        optimize=True,
                    )
                )
        result = np.zeros((atoms, 3, len(self.centers) * width))
        if parts:
            vectors = np.concatenate(parts, axis=1)[:, :, _XYZ].transpose(0, 2, 1)
            for place, number in enumerate(self.centers):
                own = batch.numbers == number
                result[own, :, place * width : (place + 1) * width] = vectors[own]
        return result.reshape(3 * atoms, -1)


@lru_cache(maxsize=16)
def vector_paths(l_max: int) -> tuple[tuple[int, int, int, int], ...]:
    """(l1, l2, l3, l12): l1 ≤ l2 coupled to l12, then with l3 to 1, natural parity throughout."""
    return tuple(
        (l1, l2, l3, middle)
        for l1 in range(l_max + 1)
        for l2 in range(l1, l_max + 1)
        for middle in range(l2 - l1, l1 + l2 + 1, 2)
        for l3 in range(l2, l_max + 1)
        if abs(middle - l3) == 1
    )
