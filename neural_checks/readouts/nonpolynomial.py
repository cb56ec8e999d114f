"""A readout that is not polynomial: harmonics of the directions of l = 1 features."""

from __future__ import annotations

import numpy as np

from neural_checks.readouts.closed_form import fit_sites
from neural_checks.readouts.fitted_channels import fitted_channels
from neural_checks.readouts.recovery import Recovery
from neural_checks.readouts.samples import Samples
from numeric_checks.rotations.wigner import unit_harmonics

__all__ = ["nonpolynomial"]


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
