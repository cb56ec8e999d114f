"""Channels are reduced by mixing alone, and sites are spread evenly."""

from __future__ import annotations

import numpy as np
import pytest

from numeric_checks.readouts.channels import (
    CLOSED_FORM_CHANNELS,
    COMPONENT_CHANNELS,
    reduce_channels,
    reduce_features,
)
from numeric_checks.readouts.samples import Sites, spread_sites


def test_shared_channels_are_the_same_for_every_atom(sites: Sites) -> None:
    kept = reduce_features(sites.features, 2, sites.fit)
    assert {v.shape[2] for v in kept.values()} == {2}
    for name, values in kept.items():
        full = sites.features[name]
        mixing = np.linalg.lstsq(
            np.moveaxis(full, 2, -1).reshape(-1, full.shape[2]),
            np.moveaxis(values, 2, -1).reshape(-1, 2),
        )[0]
        np.testing.assert_allclose(np.einsum("nacm,cd->nadm", full, mixing), values, atol=1e-9)


def test_principal_channels_hold_the_most_of_the_fitted_frames(sites: Sites) -> None:
    """Against the singular values of the channels, which bound what any two can hold."""
    values = sites.features["2e"][:, 0]
    rows = values[sites.fit].swapaxes(1, 2).reshape(-1, 3)
    best = (np.linalg.svd(rows, compute_uv=False)[:2] ** 2).sum()
    kept = reduce_channels(values, 2, sites.fit)[sites.fit]
    assert (kept**2).sum() == pytest.approx(best)
    assert reduce_channels(values, 3, sites.fit) is values


def test_every_degree_of_a_readout_has_its_number_of_channels() -> None:
    assert set(CLOSED_FORM_CHANNELS) == set(COMPONENT_CHANNELS) == {1, 2, 3}


def test_sites_are_spread() -> None:
    assert spread_sites(21, 4) == [0, 7, 13, 20]
    assert spread_sites(3, 9) == spread_sites(3, 0) == [0, 1, 2]
    for count in range(1, 21):
        chosen = spread_sites(21, count)
        assert len(set(chosen)) == len(chosen) == count
        assert np.ptp(np.diff(chosen)) <= 1 if count > 1 else chosen == [0]
    with pytest.raises(ValueError, match="count must be an integer ≥ 0, got -1"):
        spread_sites(3, -1)
