"""Forces that a network predicts, for measurements that ask nothing else of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neural_checks.backbones.interface import evaluate_all
from neural_checks.backbones.load import load_backbone
from numeric_checks.molecules.data import ForceData
from span_theorem.irreps import Irrep

__all__ = ["predict_forces"]


def predict_forces(
    model: str, data: ForceData, trust: bool = False
) -> tuple[NDArray[np.float64], int]:
    """Forces (atoms_total, 3) in eV/Å of the network ``model`` on ``data``, and its degree L.

    L is the largest degree among the features that the network gives.

    Raises:
        ValueError: the network gives no forces; what
            :func:`~neural_checks.backbones.load.load_backbone` raises.
    """
    found = evaluate_all(load_backbone(model, data, trust=trust), data.structures)
    if np.isnan(found.forces).any():
        raise ValueError(f"{model} gives no forces")
    return found.forces, max(Irrep.parse(name).l for name in found.features)
