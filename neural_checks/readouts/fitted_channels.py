"""Few channels that keep much: for readouts whose products of many channels would cost too much.

For every atom and every l ≥ 1 the linear combination of its channels that fits y_l(û) best on the
frames fitted, then principal channels. A linear combination of features is a feature of degree l:
a polynomial of degree d_r stays one, and the boundary is the same.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import numpy as np

from numeric_checks.readouts.channels import reduce_channels
from numeric_checks.readouts.ridge import fit_ridge
from numeric_checks.readouts.samples import Sites
from numeric_checks.rotations.wigner import FeatureBlocks, unit_harmonics
from span_theorem.irreps import Irrep

__all__ = ["fitted_channels"]

S = TypeVar("S", bound=Sites)


def fitted_channels(samples: S, keep: int) -> S:
    """At most ``keep`` channels per irrep and site, the first of them fitted to y_l(û).

    Only frames of ``samples.fit`` are used for the fit. Raises ValueError where ``keep`` < 1.
    """
    if keep < 1:
        raise ValueError(f"channels kept must be ≥ 1, got {keep}")
    sites = samples.vectors.shape[1]
    degrees = {name: Irrep.parse(name).l for name in samples.features}
    truth = unit_harmonics(max(degrees.values(), default=0), samples.vectors)
    result: FeatureBlocks = {}
    for name, values in samples.features.items():
        l = degrees[name]
        if values.shape[2] <= keep:
            result[name] = values
            continue
        guided = l > 0 and Irrep.parse(name) == Irrep.natural(l)
        parts = []
        for site in range(sites):
            at = values[:, site]
            kept = reduce_channels(at, keep - guided, samples.fit)
            if guided:
                fitted = fit_ridge(at, truth[l][:, site], samples.fit).prediction
                kept = np.concatenate([fitted[:, None], kept], axis=1)
            parts.append(kept)
        result[name] = np.stack(parts, axis=1)
    return replace(samples, features=result)
