"""The rigid body: what the orientation of the molecule alone explains."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neural_checks.readouts.samples import Samples
from numeric_checks.rotations.alignment import best_rotations
from numeric_checks.rotations.wigner import unit_harmonics, wigner_upto

__all__ = ["rigid_body"]

Array = NDArray[np.float64]


def rigid_body(samples: Samples, degrees: int) -> Array:
    """|y − p_y|² (ℓ, sites, frames) where p knows only the best-fit rigid orientation of a frame.

    The best such prediction is D(Q_n) times the mean, over the fitted frames, of the harmonics in
    the frame of the molecule. It bounds what mere orientation explains at any ℓ, without ceiling.
    """
    rotations = best_rotations(samples.positions, samples.positions[0])
    matrices, targets = wigner_upto(degrees, rotations), unit_harmonics(degrees, samples.vectors)
    result = []
    for matrix, target in zip(matrices[1:], targets[1:], strict=True):
        local = np.einsum("nkm,nik->nim", matrix, target)
        mean = local[samples.fit].mean(axis=0)
        predicted = np.einsum("nkm,im->nik", matrix, mean)
        result.append(((target - predicted)[samples.held] ** 2).sum(axis=2).T)
    return np.array(result)
