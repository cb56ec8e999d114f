"""A backbone without a network: neighbour densities of degree ≤ L, exactly equivariant."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from neural_checks.backbones.interface import Evaluation
from neural_checks.readouts.samples import Samples, collect_samples
from numeric_checks.molecules.data import ForceData
from numeric_checks.rotations.wigner import unit_harmonics


class DensityBackbone:
    """h_l(i) = Σ_j φ_c(r_ij) y_l(r̂_ij); forces and energies are zero."""

    def __init__(self, L: int = 2, channels: int = 3) -> None:
        self.L, self.channels = L, channels

    @property
    def description(self) -> dict[str, Any]:
        return {"package": "toy"}

    def evaluate(self, positions: np.ndarray) -> Evaluation:
        difference = positions[:, None] - positions[:, :, None]
        distance = np.linalg.norm(difference, axis=-1)
        unit = difference / np.where(distance > 0, distance, 1.0)[..., None]
        centres = np.linspace(1.0, 2.5, self.channels)
        weight = np.exp(-8 * (distance[..., None] - centres) ** 2) * (distance > 0)[..., None]
        unit[distance == 0] = [0.0, 0.0, 1.0]
        features = {
            f"{l}{'eo'[l % 2]}": np.einsum("nijc,nijm->nicm", weight, y)
            for l, y in enumerate(unit_harmonics(self.L, unit))
        }
        return Evaluation(features, np.ones(len(positions)), np.zeros_like(positions))


class BrokenBackbone(DensityBackbone):
    """A constant vector is added to the l = 1 features: no longer equivariant."""

    def evaluate(self, positions: np.ndarray) -> Evaluation:
        result = super().evaluate(positions)
        result.features["1o"] = result.features["1o"] + np.array([0.1, 0.0, 0.0])
        return result


def toy_data(frames: int = 120, seed: int = 0) -> ForceData:
    """Five heavy atoms shaking about a fixed geometry."""
    rng = np.random.default_rng(seed)
    base = np.array([[0, 0, 0], [1.4, 0, 0], [2.0, 1.3, 0], [-0.7, 1.2, 0.3], [-0.6, -1.1, 0.8]])
    positions = base + 0.08 * rng.normal(size=(frames, 5, 3))
    forces = rng.normal(size=(frames, 5, 3))
    return ForceData.of_molecule(
        positions, forces, np.zeros(frames), np.array([6, 6, 8, 6, 7]), "toy", checksum="0"
    )


def toy_samples(L: int, channels: int = 6) -> Samples:
    """The densities on 60 frames to fit and 20 held out."""
    chosen = np.arange(60), np.arange(60, 80)
    return collect_samples(DensityBackbone(L, channels), toy_data(80), *chosen)


@pytest.fixture(scope="session")
def toy() -> SimpleNamespace:
    """The classes and the data above: a test folder is no package to import from."""
    return SimpleNamespace(
        DensityBackbone=DensityBackbone,
        BrokenBackbone=BrokenBackbone,
        toy_data=toy_data,
        toy_samples=toy_samples,
    )
