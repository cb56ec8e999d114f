"""Equivariance is measured, and a network without it is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neural_checks.backbones.equivariance import NotEquivariantError, check_equivariance


def test_equivariance_is_measured_and_a_broken_network_is_refused(toy: Any) -> None:
    structures = toy.toy_data(4).structures
    errors = check_equivariance(toy.DensityBackbone(), structures, np.random.default_rng(0))
    assert set(errors) == {"0e", "1o", "2e", "forces", "energy"}
    assert max(errors.values()) < 1e-12
    with pytest.raises(NotEquivariantError, match="1o"):
        check_equivariance(toy.BrokenBackbone(), structures, np.random.default_rng(0))
