"""Exact counts of what the degrees of a model cost."""

from __future__ import annotations

import numpy as np

from numeric_checks.demand.design import Model
from numeric_checks.demand.invariants import triples
from numeric_checks.demand.result import DegreeCost, DemandOptions
from span_theorem.arrays import real_wigner_3j_array
from span_theorem.irreps import Irrep, Irreps
from span_theorem.multiplicity import multiplicities

__all__ = ["cost_of_degree"]


def cost_of_degree(settings: DemandOptions, factors: int, ell: int, model: Model) -> DegreeCost:
    """The counts for at most ``factors`` factors of degrees ≤ ``ell``.

    The multiplications are those of the products of one atom, once its densities are known: 2l+1
    for a pair of channels of degree l, and two for every entry of a 3j symbol that is not 0.
    """
    one = multiplicities(Irreps.upto(ell), factors)[Irrep(0, 1)]
    columns = model.columns
    total = 0
    if factors >= 2:
        pairs = int(((columns.factors == 2) & (columns.degree == columns.degree.min())).sum())
        total += pairs * (ell + 1) ** 2
    if factors >= 3:
        entries = sum(int(np.count_nonzero(real_wigner_3j_array(*t))) for t in triples(ell))
        total += 2 * settings.mixed * entries
    return DegreeCost(ell, (ell + 1) ** 2, int(one), total)
