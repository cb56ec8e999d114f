"""Data of the interactive page, from the exact layer: multiplicities, spans, harmonics."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

from span_theorem.irreps import Irrep, feature_irreps
from span_theorem.multiplicity import multiplicities, power_dimension
from span_theorem.rank import associated_polynomial
from span_theorem.span import span_degrees, span_dimension

L_MAX, D_MAX = 5, 5
FEATURES = ("upto", "exact")
HEIGHTS = 161


def cases() -> dict[str, Any]:
    """For "features/L/d": degrees in the span, dimensions, multiplicities with natural parity."""
    result = {}
    for features in FEATURES:
        for L in range(L_MAX + 1):
            irreps = feature_irreps(L, features)
            for d in range(1, D_MAX + 1):
                symmetric = multiplicities(irreps, d)
                tensor = multiplicities(irreps, d, "tensor")
                top = d * L
                result[f"{features}/{L}/{d}"] = {
                    "span": list(span_degrees(L, d, features)),
                    "dimension": span_dimension(L, d, features),
                    "symmetric": [symmetric.get(Irrep.natural(l), 0) for l in range(top + 1)],
                    "tensor": [tensor.get(Irrep.natural(l), 0) for l in range(top + 1)],
                    "power": power_dimension(irreps.dim, d),
                }
    return result


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
        "Lmax": L_MAX,
        "dmax": D_MAX,
        "cases": cases(),
        "profiles": {str(l): {str(m): profile(l, m) for m in orders(l)} for l in range(top + 1)},
    }
    return "window.SPAN_DATA = " + json.dumps(data, separators=(",", ":")) + ";\n"
