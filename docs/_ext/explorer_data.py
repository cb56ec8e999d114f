"""Data of the interactive page, from the exact layer: multiplicities, spans, harmonics."""

from __future__ import annotations

import json
from collections.abc import Iterable
from fractions import Fraction
from itertools import combinations
from typing import Any

from span_theorem.architecture.layers import output_degree
from span_theorem.density import surviving
from span_theorem.directions import angle_boundary, reached_degrees
from span_theorem.factors import Factors
from span_theorem.irreps import Irrep, Irreps, feature_irreps
from span_theorem.multiplicity import multiplicities, power_dimension
from span_theorem.rank import associated_polynomial
from span_theorem.span import span_degrees, span_dimension

L_MAX, D_MAX = 5, 5
FEATURES = ("upto", "exact")
HEIGHTS = 161
#: Of the densities: max_ell, correlation, neighbours, and the degree kept, up to these.
DENSITY_L, DENSITY_D, NEIGHBOURS, KEPT = 3, 4, 4, 3
#: Of the sets of degrees.
SET_L, SET_D = 4, 4


def counts(irreps: Irreps, d: int, top: int) -> dict[str, Any]:
    """Multiplicities with natural parity in both powers, by degree, and the powers' dimensions."""
    symmetric = multiplicities(irreps, d)
    tensor = multiplicities(irreps, d, "tensor")
    return {
        "symmetric": [symmetric.get(Irrep.natural(l), 0) for l in range(top + 1)],
        "tensor": [tensor.get(Irrep.natural(l), 0) for l in range(top + 1)],
        "power": {"symmetric": power_dimension(irreps.dim, d), "tensor": irreps.dim**d},
    }


def cases() -> dict[str, Any]:
    """For "features/L/d": degrees in the span, its dimension, and the counts."""
    result = {}
    for features in FEATURES:
        for L in range(L_MAX + 1):
            for d in range(1, D_MAX + 1):
                result[f"{features}/{L}/{d}"] = {
                    "span": list(span_degrees(L, d, features)),
                    "dimension": span_dimension(L, d, features),
                    **counts(feature_irreps(L, features), d, d * L),
                }
    return result


def sets() -> dict[str, Any]:
    """For "degrees/d", such as "0,2/3": the same for any set of degrees (T1″)."""
    result = {}
    for chosen in _subsets(range(SET_L + 1)):
        irreps = Irreps(tuple((1, Irrep.natural(l)) for l in chosen))
        for d in range(1, SET_D + 1):
            factors = Factors.power(irreps, d)
            result[f"{','.join(map(str, chosen))}/{d}"] = {
                "span": list(factors.reached),
                "dimension": factors.dimension,
                **counts(irreps, d, factors.boundary),
            }
    return result


def densities() -> dict[str, Any]:
    """For "max_ell/correlation": what a first layer of MACE reaches, and what survives.

    ``surviving`` lists, for K = 1 … NEIGHBOURS, the products left on K neighbours by output degree.
    """
    result = {}
    for L in range(DENSITY_L + 1):
        space = feature_irreps(L, "upto")
        for d in range(1, DENSITY_D + 1):
            outputs = tuple(Irrep.natural(l) for l in range(d * L + 1))
            found = [surviving(space, d, K, outputs) for K in range(1, NEIGHBOURS + 1)]
            result[f"{L}/{d}"] = {
                "coupled": [found[0].multiplicities.get(ir, 0) for ir in outputs],
                "surviving": [[row.surviving.get(ir, 0) for ir in outputs] for row in found],
                "kept": [output_degree(L, d, top) for top in range(KEPT + 1)],
            }
    return result


def budgets() -> dict[str, Any]:
    """For "L/d": the largest ℓ₂ that is reached beside each ℓ₁ (T7), and the angle."""
    result = {}
    for L in range(L_MAX + 1):
        for d in range(1, D_MAX + 1):
            largest = [0] * (d * L + 1)
            for first, second in reached_degrees(L, d, 2):
                largest[first] = max(largest[first], second)
            result[f"{L}/{d}"] = {"largest": largest, "angle": angle_boundary(L, d)}
    return result


def _subsets(degrees: Iterable[int]) -> list[tuple[int, ...]]:
    every = tuple(degrees)
    return [chosen for n in range(1, len(every) + 1) for chosen in combinations(every, n)]


def orders(l: int) -> list[int]:
    """The orders m whose harmonics are drawn: 0, a middle one, l."""
    return sorted({0, (l + 1) // 2, l})


def profile(l: int, m: int) -> list[int]:
    """P_l^m(z) at HEIGHTS equidistant z from -1 to 1, scaled to ±1000, rounded once.

    The polynomial is evaluated in rationals; only (1-z²)^{m/2} and the scale are floats.
    """
    values = []
    for step in range(HEIGHTS):
        z = Fraction(2 * step, HEIGHTS - 1) - 1
        value = Fraction(0)
        for coefficient in reversed(associated_polynomial(l, m)):
            value = value * z + coefficient
        # z and the square under the root are exact; |value| may be huge, so scale by 2^l l! first.
        values.append((value, 1 - z * z))
    largest = max(abs(v) for v, _ in values) or 1
    plain = [float(v / largest) * float(s) ** (m / 2) for v, s in values]
    scale = max(abs(v) for v in plain) or 1.0
    return [round(1000 * v / scale) for v in plain]


def script() -> str:
    """The data as a script, because a page opened from a disk may not read other files."""
    top = L_MAX * D_MAX + 1
    data = {
        "cases": cases(),
        "sets": sets(),
        "densities": densities(),
        "budgets": budgets(),
        "profiles": {str(l): {str(m): profile(l, m) for m in orders(l)} for l in range(top + 1)},
    }
    return "window.SPAN_DATA = " + json.dumps(data, separators=(",", ":")) + ";\n"
