"""Sites of a shaking molecule whose features are neighbour densities: exactly equivariant."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from numeric_checks.readouts.samples import Sites
from numeric_checks.rotations.wigner import unit_harmonics

BASE = np.array([[0, 0, 0], [1.4, 0, 0], [2.0, 1.3, 0], [-0.7, 1.2, 0.3], [-0.6, -1.1, 0.8]])
MARKED = [1, 2, 1, 0, 0]


def density_sites(L: int = 2, channels: int = 3, fit: int = 80, held: int = 40) -> Sites:
    """h_l(i) = Σ_j φ_c(r_ij) y_l(r̂_ij) of five atoms, and the direction to a bonded atom."""
    rng = np.random.default_rng(0)
    positions = BASE + 0.08 * rng.normal(size=(fit + held, 5, 3))
    difference = positions[:, None] - positions[:, :, None]
    distance = np.linalg.norm(difference, axis=-1)
    difference[distance == 0] = [0.0, 0.0, 1.0]
    centres = np.linspace(1.0, 2.5, channels)
    weight = np.exp(-8 * (distance[..., None] - centres) ** 2) * (distance > 0)[..., None]
    features = {
        f"{l}{'eo'[l % 2]}": np.einsum("nijc,nijm->nicm", weight, y)
        for l, y in enumerate(unit_harmonics(L, difference))
    }
    vectors = positions[:, MARKED] - positions
    vectors /= np.linalg.norm(vectors, axis=-1, keepdims=True)
    return Sites(features, vectors, np.arange(fit), np.arange(fit, fit + held))


@pytest.fixture(scope="session")
def make_sites() -> Callable[..., Sites]:
    """:func:`density_sites`: a test folder is no package to import from."""
    return density_sites


@pytest.fixture(scope="session")
def sites() -> Sites:
    """L = 2, three channels, 80 frames to fit and 40 held out."""
    return density_sites()
