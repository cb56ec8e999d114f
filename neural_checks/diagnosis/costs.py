"""What a larger L or readout degree d costs, as exact counts; no time is measured here."""

from __future__ import annotations

from functools import cache
from math import comb

import numpy as np

from neural_checks.diagnosis.result import Cost
from span_theorem.arrays import real_wigner_3j_array
from span_theorem.irreps import Irrep
from span_theorem.multiplicity import multiplicities
from span_theorem.span import boundary

__all__ = ["cost_of_pair"]


def cost_of_pair(L: int, degree: int, channels: int) -> Cost:
    """The counts for ``channels`` channels per irrep.

    >>> cost_of_pair(2, 2, 1)
    Cost(L=2, degree=2, boundary=4, components=9, weights=3, monomials=55, paths=11, \
multiplications=83)
    """
    irreps = "+".join(f"{channels}x{Irrep.natural(l)}" for l in range(L + 1))
    # A constant among the features makes products of exactly d of them those of at most d.
    table = multiplicities(f"{irreps}+1x0e", degree)
    components = channels * (L + 1) ** 2
    natural = [
        (l1, l2, l3)
        for l1 in range(L + 1)
        for l2 in range(L + 1)
        for l3 in range(abs(l1 - l2), min(L, l1 + l2) + 1, 2)
    ]
    return Cost(
        L=L,
        degree=degree,
        boundary=boundary(L, degree),
        components=components,
        weights=table.get(Irrep.natural(1), 0),
        monomials=comb(components + degree, degree),
        paths=len(natural),
        multiplications=channels * sum(_entries(*path) for path in natural),
    )


@cache
def _entries(l1: int, l2: int, l3: int) -> int:
    return int(np.count_nonzero(real_wigner_3j_array(l1, l2, l3)))
