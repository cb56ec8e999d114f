"""Invariants of the densities as columns of a linear model of energies and forces.

With channels a = (s, n) the invariants of an atom are

- one factor: A_{a00};
- two factors: Σ_m A_{alm} A_{blm}, a ≤ b, l ≤ ℓ;
- three factors: Σ (l1 l2 l3; m1 m2 m3) A^k_{l1m1} A^k_{l2m2} A^k_{l3m3}, l1 ≤ l2 ≤ l3 ≤ ℓ with an
  even sum, A^k_{lm} = Σ_a W_{kla} A_{alm} being ``mixed`` random combinations of the channels, as
  the channels of a network mix them; (l1 l2 l3; …) is the exact real 3j symbol of the exact layer.

By T7 two factors resolve the angle between two neighbours to Legendre degree ℓ. The energy of a
frame is linear in the sum of the invariants over its atoms, the centre's species kept apart, and
the forces are minus its gradient.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import NDArray

from numeric_checks.demand.expansion import Basis, Densities
from span_theorem.arrays import real_wigner_3j_array

__all__ = ["Columns", "Invariants", "mix", "symbol", "triples"]

Array = NDArray[np.float64]

#: Numbers in an array of slopes that are held at a time.
_SLOPES = 10_000_000


def triples(l_max: int) -> list[tuple[int, int, int]]:
    """Degrees l1 ≤ l2 ≤ l3 ≤ l_max that couple to an invariant of even parity.

    >>> triples(2)
    [(0, 0, 0), (0, 1, 1), (0, 2, 2), (1, 1, 2), (2, 2, 2)]
    """
    return [
        (a, b, c)
        for a, b, c in combinations_with_replacement(range(l_max + 1), 3)
        if c <= a + b and (a + b + c) % 2 == 0
    ]


@lru_cache(maxsize=256)
def symbol(l1: int, l2: int, l3: int) -> Array:
    """The real 3j symbol, (2l1+1, 2l2+1, 2l3+1), kept for the next batch."""
    return real_wigner_3j_array(l1, l2, l3)


@dataclass(frozen=True)
class Columns:
    """What the columns of one centre species are, all (columns,).

    ``factors``; ``degree``, the largest l; ``rank`` in (0, 1], by which models of equal size
    choose: columns of the lower radial functions, or of the first mixed channels, come first.
    """

    factors: NDArray[np.int64]
    degree: NDArray[np.int64]
    rank: Array

    @classmethod
    def of(cls, parts: Sequence[tuple[int, int, Array]]) -> Columns:
        """Columns from (factors, degree, rank of every column) of each group; none from none."""
        return cls(
            np.repeat([factors for factors, _, _ in parts], [len(rank) for *_, rank in parts]),
            np.repeat([degree for _, degree, _ in parts], [len(rank) for *_, rank in parts]),
            np.concatenate([np.zeros(0), *(rank for *_, rank in parts)]),
        )


@dataclass(frozen=True)
class Invariants:
    """The invariants of at most ``factors`` factors in a basis.

    ``mixed`` channels of three factors, mixed by ``seed``.
    """

    basis: Basis
    factors: int
    mixed: int = 24
    seed: int = 0

    @cached_property
    def columns(self) -> Columns:
        """Factors and largest degree of every column of one centre species."""
        channels, l_max = self.basis.channels, self.basis.l_max
        order = np.tile(np.arange(1, self.basis.radial + 1), len(self.basis.species))
        parts = [(1, 0, order / self.basis.radial)]
        if self.factors >= 2:
            first, second = np.triu_indices(channels)
            pair = np.maximum(order[first], order[second]) / self.basis.radial
            parts += [(2, l, pair) for l in range(l_max + 1)]
        if self.factors >= 3:
            channel = np.arange(1, self.mixed + 1) / self.mixed
            parts += [(3, degrees[2], channel) for degrees in triples(l_max)]
        return Columns.of(parts)

    def values(self, densities: Densities) -> Array:
        """The invariants of every atom, (atoms, columns)."""
        a = self._flat(densities.values)
        parts = [a[:, :, 0]]
        if self.factors >= 2:
            upper = np.triu_indices(self.basis.channels)
            for l in range(self.basis.l_max + 1):
                block = a[:, :, l * l : (l + 1) ** 2]
                parts.append((block @ block.transpose(0, 2, 1))[:, upper[0], upper[1]])
        if self.factors >= 3:
            mixed = self._mixed(a)
            for l1, l2, l3 in triples(self.basis.l_max):
                first = np.einsum(
                    "abc,nka,nkb->nkc", symbol(l1, l2, l3), mixed[l1], mixed[l2], optimize=True
                )
                parts.append((first * mixed[l3]).sum(axis=2))
        return np.concatenate(parts, axis=1)

    def gradients(
        self, densities: Densities, centre: NDArray[np.int64], species: int, rows: NDArray[np.int64]
    ) -> Array:
        """∂B(i)/∂r_j of the pairs ``rows``, (pairs, 3, columns).

        ``centre`` (pairs,) are their centres i; all their neighbours are of the one ``species``,
        an index into the basis.
        """
        a = self._flat(densities.values)
        steps = densities.gradients[rows]
        n, own = self.basis.radial, species * self.basis.radial
        result = np.zeros((len(rows), 3, len(self.columns.degree)))
        result[:, :, own : own + n] = steps[..., 0]
        offset = self.basis.channels
        if self.factors >= 2:
            pairs = self.basis.channels * (self.basis.channels + 1) // 2
            for l in range(self.basis.l_max + 1):
                block = slice(l * l, (l + 1) ** 2)
                step = steps[..., block].reshape(len(rows), 3 * n, -1)
                product = step @ a[centre][:, :, block].transpose(0, 2, 1)
                self._place(
                    result[:, :, offset : offset + pairs],
                    product.reshape(len(rows), 3, n, -1),
                    own,
                )
                offset += pairs
        if self.factors >= 3:
            result[:, :, offset:] = self._three(a, steps, centre, own)
        return result

    def _place(self, target: Array, product: Array, own: int) -> None:
        """Put Σ_m ∂A_{own+n} A_b, (pairs, 3, n, b), into the columns a ≤ b.

        Where b is a channel of the neighbour's own species too, both factors move with it.
        """
        channels, n = self.basis.channels, self.basis.radial
        place = np.zeros((channels, channels), dtype=np.int64)
        upper = np.triu_indices(channels)
        place[upper] = place.T[upper] = np.arange(len(upper[0]))
        others = np.r_[0:own, own + n : channels]
        target[:, :, place[own : own + n, others]] = product[..., others]
        mine = product[..., own : own + n]
        first, second = np.triu_indices(n)
        both = mine + mine.swapaxes(2, 3)
        target[:, :, place[own + first, own + second]] = both[:, :, first, second]

    def _three(self, a: Array, steps: Array, centre: NDArray[np.int64], own: int) -> Array:
        """∂/∂r_j of the three-factor columns, (pairs, 3, columns).

        The chain rule, atom by atom: ∂B/∂A^k_lm (:meth:`_slopes`) times ∂A^k_lm/∂r_j.
        """
        moved = self._moved(steps, own)
        found = np.empty((len(steps), 3, len(triples(self.basis.l_max)) * self.mixed))
        atoms, starts = np.unique(centre, return_index=True)
        ends = np.append(starts[1:], len(centre))
        of_one = self.mixed * len(triples(self.basis.l_max)) * (self.basis.l_max + 1) ** 2
        size = max(1, _SLOPES // of_one)
        for first in range(0, len(atoms), size):
            some = atoms[first : first + size]
            slopes = self._slopes(self._mixed(a[some]))
            for place, slope in enumerate(slopes, first):
                start, end = starts[place], ends[place]
                product = slope @ moved[:, :, 3 * start : 3 * end]  # (mixed, triples, 3 · pairs)
                found[start:end] = product.transpose(2, 1, 0).reshape(end - start, 3, -1)
        return found

    def _moved(self, steps: Array, own: int) -> Array:
        """∂A^k_lm/∂r_j, (mixed, (l_max+1)², 3 · pairs)."""
        n, l_max = self.basis.radial, self.basis.l_max
        weights = _mixing(self.mixed, self.basis.channels, l_max, self.seed)
        by_radial = steps.transpose(3, 2, 0, 1).reshape((l_max + 1) ** 2, n, -1)
        result = np.empty((len(by_radial), self.mixed, by_radial.shape[2]))
        for l in range(l_max + 1):
            block = slice(l * l, (l + 1) ** 2)
            np.matmul(weights[l][:, own : own + n], by_radial[block], out=result[block])
        return result.transpose(1, 0, 2)

    def _slopes(self, mixed: list[Array]) -> Array:
        """∂B/∂A^k_lm of the three-factor columns, (atoms, mixed, triples, (l_max+1)²)."""
        every = triples(self.basis.l_max)
        components = (self.basis.l_max + 1) ** 2
        result = np.zeros((len(mixed[0]), self.mixed, len(every), components))
        for column, degrees in enumerate(every):
            coupling = symbol(*degrees)
            for l in sorted(set(degrees)):
                place = degrees.index(l)
                one, two = (mixed[k] for p, k in enumerate(degrees) if p != place)
                half = np.tensordot(one, np.moveaxis(coupling, place, 2), (2, 0))
                # Symbols of an even sum are symmetric: equal degrees contribute equally.
                result[:, :, column, l * l : (l + 1) ** 2] = degrees.count(l) * np.einsum(
                    "nkbc,nkb->nkc", half, two
                )
        return result

    def _flat(self, values: Array) -> Array:
        return values.reshape(len(values), self.basis.channels, -1)

    def _mixed(self, a: Array) -> list[Array]:
        return mix(a, self.mixed, self.basis.l_max, self.seed)


@lru_cache(maxsize=8)
def _mixing(mixed: int, channels: int, l_max: int, seed: int) -> Array:
    """W (l, mixed, channels), rows of length one; those of a smaller l_max are the same."""
    streams = np.random.SeedSequence(seed).spawn(l_max + 1)
    weights = np.array(
        [np.random.default_rng(s).standard_normal((mixed, channels)) for s in streams]
    )
    result: Array = weights / np.linalg.norm(weights, axis=-1, keepdims=True)
    return result


def mix(values: Array, mixed: int, l_max: int, seed: int) -> list[Array]:
    """Random combinations of the channels of ``values`` (atoms, channels, (l_max+1)²), by degree.

    Each is (atoms, mixed, 2l+1).
    """
    weights = _mixing(mixed, values.shape[1], l_max, seed)
    return [
        np.einsum("kc,ncm->nkm", weights[l], values[:, :, l * l : (l + 1) ** 2], optimize=True)
        for l in range(l_max + 1)
    ]
