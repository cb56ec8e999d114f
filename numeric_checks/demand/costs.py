"""Exact counts of what the degrees of a model cost."""

from __future__ import annotations

import numpy as np

from numeric_checks.demand.design import Model, vector_paths
from numeric_checks.demand.invariants import symbol, triples
from numeric_checks.demand.result import DegreeCost, DemandOptions
from span_theorem.irreps import Irrep, Irreps
from span_theorem.multiplicity import multiplicities

__all__ = ["cost_of_degree"]


def cost_of_degree(settings: DemandOptions, factors: int, ell: int, model: Model) -> DegreeCost:
    """The counts for at most ``factors`` factors of degrees ≤ ``ell``.

    The multiplications are those of the products of one atom, once its densities are known: 2l+1
    for an invariant pair of channels of degree l, and two for every entry of a 3j symbol that is
    not 0.
    """
    energy = settings.form == "energy"
    one = multiplicities(Irreps.upto(ell), factors).get(Irrep(0, 1) if energy else Irrep(1, -1), 0)
    columns = model.columns
    # Channel pairs are as many for every degree.
    pairs = int(((columns.factors == 2) & (columns.degree == columns.degree.min(initial=99))).sum())
    total = 0
    if factors >= 2 and energy:
        total += pairs * (ell + 1) ** 2
    elif factors >= 2:
        total += 2 * pairs * sum(_entries(l, l + 1, 1) for l in range(ell))
    if factors >= 3:
        symbols = triples(ell) if energy else _of_paths(ell)
        total += 2 * settings.mixed * sum(_entries(*degrees) for degrees in symbols)
    return DegreeCost(ell, (ell + 1) ** 2, int(one), total)


def _entries(l1: int, l2: int, l3: int) -> int:
    """Entries of a real 3j symbol that are not 0."""
    return int(np.count_nonzero(symbol(l1, l2, l3)))


def _of_paths(ell: int) -> list[tuple[int, int, int]]:
    """The two 3j symbols of every way to couple three densities to a vector."""
    paths = vector_paths(ell)
    return [(l1, l2, l) for l1, l2, _, l in paths] + [(l, l3, 1) for *_, l3, l in paths]
