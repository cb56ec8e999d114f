"""The readouts a sweep compares: closed form, component-wise, and one that is not polynomial.

Products of many channels are costly at large L, so that channels are first reduced to few: for
every atom and every l ≥ 1 the linear combination of its channels that fits y_l(û) best on the
frames fitted, then principal channels. A linear combination of features is a feature of degree l:
a polynomial of degree d_r stays one, and the boundary is the same.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from neural_checks.readouts.closed_form import fit_sites
from neural_checks.readouts.recovery import Recovery
from neural_checks.readouts.samples import Samples
from numeric_checks.readouts.channels import reduce_channels
from numeric_checks.readouts.ridge import fit_ridge
from numeric_checks.readouts.samples import Sites, spread_sites
from numeric_checks.rotations.wigner import FeatureBlocks, unit_harmonics
from span_theorem.irreps import Irrep

__all__ = ["fitted_channels", "nonpolynomial", "some_sites"]

Array = NDArray[np.float64]
S = TypeVar("S", bound=Sites)


def some_sites(samples: Samples, count: int) -> Samples:
    """The samples at ``count`` atoms evenly spread over the numbering; 0 or too many: at all."""
    atoms = samples.vectors.shape[1]
    if not 0 < count < atoms:
        return samples
    chosen = spread_sites(atoms, count)
    return replace(
        samples,
        features={name: values[:, chosen] for name, values in samples.features.items()},
        vectors=samples.vectors[:, chosen],
        errors=samples.errors[:, chosen],
    )


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


def nonpolynomial(samples: Samples, degrees: int) -> Recovery:
    """Linear in the harmonics y_ℓ(ĥ_c) of the *directions* ĥ_c = h_c/|h_c| of the l = 1 channels.

    The division by a length is all that is not polynomial in it, and it is enough: whatever L ≥ 1
    is, every degree ℓ can be read. Without l = 1 features there is nothing to read from.
    """
    values = fitted_channels(samples, _DIRECTIONS).features.get("1o")
    frames, sites, _ = samples.vectors.shape
    columns = [np.zeros((frames, sites, 0, 2 * l + 1)) for l in range(degrees + 1)]
    if values is not None:
        length = np.linalg.norm(values, axis=-1, keepdims=True)
        # A channel that is zero somewhere has no direction there.
        alive = (length[..., 0] > 1e-12).all(axis=(0, 1))
        if alive.any():
            columns = unit_harmonics(degrees, values[:, :, alive] / length[:, :, alive])
    return fit_sites(samples, degrees, lambda site: lambda ell: columns[ell][:, site])


#: Channels whose direction is used: the one fitted to û, then principal ones.
_DIRECTIONS = 8
