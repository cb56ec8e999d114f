"""Atomic densities expanded in radial functions and harmonics, with their gradients.

For an atom i, the neighbours j of species s within the cut-off r_c give

    A_{snlm}(i) = Σ_j R_n(r_ij) Y_lm(r̂_ij),   R_n(r) = √(2/r_c) sin(nπr/r_c)/r · f(r/r_c),

with n = 1 … n_max, the radial Bessel functions of J. Gasteiger et al. (ICLR 2020, eq. 7) and the
polynomial envelope f of degree p = 6 there (eq. 8). Y_lm are the real orthonormal harmonics of
:mod:`numeric_checks.sphere.harmonics`; neighbours are found by vesin, with the cell where there is
one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sphericart import SphericalHarmonics

from numeric_checks.molecules.structures import Structures

__all__ = ["Basis", "Densities", "Pairs", "expand", "neighbor_pairs"]

Array = NDArray[np.float64]

_ENVELOPE = 6


@dataclass(frozen=True)
class Basis:
    """What the densities are expanded in.

    ``species`` are the atomic numbers told apart, ``l_max`` the largest degree, ``radial`` the
    number of radial functions, ``cutoff`` r_c in Å.
    """

    species: tuple[int, ...]
    l_max: int
    radial: int
    cutoff: float

    @property
    def channels(self) -> int:
        """Channels (s, n) of every degree, s slowest."""
        return len(self.species) * self.radial


@dataclass(frozen=True)
class Pairs:
    """Ordered pairs of neighbours, sorted by the centre: ``vectors`` (pairs, 3) from i to j in Å.

    ``centre`` and ``neighbor`` (pairs,) count the atoms of all frames from 0.
    """

    centre: NDArray[np.int64]
    neighbor: NDArray[np.int64]
    vectors: Array


@dataclass(frozen=True)
class Densities:
    """``values`` (atoms, species, radial, (l_max+1)²) and, per pair, ``gradients``
    (pairs, 3, radial, (l_max+1)²): ∂[R_n Y_lm]/∂r_j."""

    values: Array
    gradients: Array


def neighbor_pairs(structures: Structures, cutoff: float) -> Pairs:
    """All ordered pairs of atoms of a frame closer than ``cutoff``, images included."""
    from vesin import NeighborList

    finder = NeighborList(cutoff=cutoff, full_list=True, sorted=True)
    found = []
    start = 0
    for count, cell, periodic in zip(
        structures.counts, structures.cells, structures.periodic, strict=True
    ):
        i, j, vectors = finder.compute(
            points=structures.positions[start : start + count],
            box=cell,
            periodic=periodic if periodic.any() else False,
            quantities="ijD",
        )
        found.append((i.astype(np.int64) + start, j.astype(np.int64) + start, vectors))
        start += int(count)
    centre, neighbor, vectors = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return Pairs(centre, neighbor, vectors.reshape(-1, 3))


def _radial(distance: Array, basis: Basis) -> tuple[Array, Array]:
    """R_n and dR_n/dr, each (pairs, radial)."""
    x = (distance / basis.cutoff)[:, None]
    order = np.pi * np.arange(1, basis.radial + 1)
    r = distance[:, None]
    sine, cosine = np.sin(order * x), np.cos(order * x)
    norm = np.sqrt(2 / basis.cutoff)
    bessel = norm * sine / r
    slope = norm * (order / basis.cutoff * cosine - sine / r) / r
    p = _ENVELOPE
    a, b, c = (p + 1) * (p + 2) / 2, p * (p + 2), p * (p + 1) / 2
    envelope = 1 - a * x**p + b * x ** (p + 1) - c * x ** (p + 2)
    fall = (-a * p * x ** (p - 1) + b * (p + 1) * x**p - c * (p + 2) * x ** (p + 1)) / basis.cutoff
    return bessel * envelope, slope * envelope + bessel * fall


def expand(structures: Structures, pairs: Pairs, basis: Basis) -> Densities:
    """The densities of every atom and the gradients of every pair's terms."""
    distance = np.linalg.norm(pairs.vectors, axis=1)
    if not distance.all():
        i, j = pairs.centre[distance.argmin()], pairs.neighbor[distance.argmin()]
        raise ValueError(f"atoms {i} and {j} of these frames are at the same place")
    radial, slope = _radial(distance, basis)
    harmonics, turn = SphericalHarmonics(basis.l_max).compute_with_gradients(pairs.vectors)
    species = np.searchsorted(basis.species, structures.numbers[pairs.neighbor])
    terms = radial[:, :, None] * harmonics[:, None, :]
    values = np.zeros((len(structures.numbers) * len(basis.species), *terms.shape[1:]))
    key = pairs.centre * len(basis.species) + species
    order = np.argsort(key, kind="stable")
    starts = np.flatnonzero(np.diff(key[order], prepend=-1))
    if len(order):
        values[key[order][starts]] = np.add.reduceat(terms[order], starts, axis=0)
    unit = pairs.vectors / distance[:, None]
    gradients = (
        unit[:, :, None, None] * slope[:, None, :, None] * harmonics[:, None, None, :]
        + radial[:, None, :, None] * turn[:, :, None, :]
    )
    shape = (len(structures.numbers), len(basis.species), *terms.shape[1:])
    return Densities(values.reshape(shape), gradients)
