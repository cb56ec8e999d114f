"""What a larger L or readout degree d costs, as exact counts; no time is measured here."""

from __future__ import annotations

from functools import cache
from math import comb

import numpy as np

from neural_checks.diagnosis.result import Cost
from span_theorem.arrays import real_wigner_3j_array
from span_theorem.irreps import Irrep, Irreps
from span_theorem.multiplicity import multiplicities
from span_theorem.span import boundary

__all__ = ["cost_of_irreps", "cost_of_pair", "irreps_up_to"]


def cost_of_pair(L: int, degree: int, channels: int) -> Cost:
    """The counts for ``channels`` channels per irrep of natural parity.

    >>> cost_of_pair(2, 2, 1).multiplications
    83
    """
    return cost_of_irreps("+".join(f"{channels}x{Irrep.natural(l)}" for l in range(L + 1)), degree)


def cost_of_irreps(irreps: str, degree: int) -> Cost:
    """The counts for features of ``irreps``, as "64x0e+32x1o".

    >>> cost_of_irreps("1x0e+1x1o+1x2e", 2)
    Cost(L=2, degree=2, boundary=4, components=9, weights=3, monomials=55, paths=11, \
multiplications=83, irreps='1x0e+1x1o+1x2e')
    """
    channels: dict[Irrep, int] = {}
    for count, irrep in Irreps.parse(irreps):
        channels[irrep] = channels.get(irrep, 0) + count
    L = max(irrep.l for irrep in channels)
    components = sum(count * irrep.dim for irrep, count in channels.items())
    # A constant among the features makes products of exactly d of them those of at most d.
    table = multiplicities(f"{irreps}+1x0e", degree)
    paths = [
        (first, l2, last)
        for first in channels
        for l2 in range(L + 1)
        for last in channels
        if abs(first.l - l2) <= last.l <= first.l + l2 and last.p == first.p * (-1) ** l2
    ]
    return Cost(
        L=L,
        degree=degree,
        boundary=boundary(L, degree),
        components=components,
        weights=table.get(Irrep.natural(1), 0),
        monomials=comb(components + degree, degree),
        paths=len(paths),
        multiplications=sum(channels[a] * _entries(a.l, l2, b.l) for a, l2, b in paths),
        irreps=irreps,
    )


def irreps_up_to(irreps: str, L: int) -> str:
    """The irreps of a network as they would be with degrees up to ``L``.

    Higher degrees are left out; those that lack are as wide as the highest there is, with each
    parity that it has.

    >>> irreps_up_to("8x0e+4x1o+2x2e", 3), irreps_up_to("8x0e+4x1o+2x2e", 1)
    ('8x0e+4x1o+2x2e+2x3o', '8x0e+4x1o')
    """
    pairs = [(count, irrep) for count, irrep in Irreps.parse(irreps) if irrep.l <= L]
    top = max(irrep.l for _, irrep in Irreps.parse(irreps))
    highest = [(count, irrep) for count, irrep in pairs if irrep.l == top]
    for l in range(top + 1, L + 1):
        # Natural parity stays natural, the other stays the other.
        pairs += [(count, Irrep(l, irrep.p * (-1) ** (l - top))) for count, irrep in highest]
    return "+".join(f"{count}x{irrep}" for count, irrep in pairs)


@cache
def _entries(l1: int, l2: int, l3: int) -> int:
    return int(np.count_nonzero(real_wigner_3j_array(l1, l2, l3)))
