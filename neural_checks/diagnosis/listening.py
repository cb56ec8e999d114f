"""Listening in a diagnosis: which degrees the force error of the diagnosed network holds.

The regression is that of :mod:`numeric_checks.demand.listening`, on the frames whose features were
recorded. A network has fitted the frames it was trained on, so their residual says less. If the
error on the frames that readouts are fitted on is smaller than 0.9 times that on those held out,
they are taken for frames that it was trained on, and the held-out frames alone are used. Of many
frames as many are used, evenly spread, as keep the work bounded.
"""

from __future__ import annotations

from dataclasses import replace
from math import ceil

import numpy as np
from numpy.typing import NDArray

from neural_checks.backbones.neighbors import edges
from neural_checks.features.recorded import FeatureSet
from numeric_checks.demand.fits import FIT, width_of
from numeric_checks.demand.listening import listen
from numeric_checks.demand.result import LEAST_FRAMES, DemandOptions, Listening
from numeric_checks.molecules.data import ForceData

__all__ = ["listen_to"]

#: Error on fitted frames, relative to held-out ones, below which the network was trained on them.
TRAINED_ON = 0.9
#: Factors, radial functions and mixed channels of the models, the largest first.
SIZES = ((3, 4, 16), (3, 3, 8), (2, 4, 1), (2, 2, 1))
#: Force components for every weight of the largest model, at least.
ROWS_PER_WEIGHT = 2
#: Pairs of atoms within the cut-off, times weights, at most: half a minute of one core.
MOST_WORK = 1.2e8


def listen_to(features: FeatureSet, draws: int, seed: int) -> tuple[Listening | None, str]:
    """What linear models explain of the network's force error; None with the reason.

    ``draws`` of the bootstrap over blocks of frames; ``seed`` of frames, mixed channels and draws.
    """
    reference, forces = features.reference_forces, features.evaluation.forces
    if reference is None:
        return None, "the features come without forces of the data"
    if np.isnan(forces).all():
        return None, "the network gives no forces"
    chosen = _frames(features, reference)
    if len(chosen) < LEAST_FRAMES:
        few = f"{len(chosen)} frames are too few: at least {LEAST_FRAMES} are needed"
        if len(chosen) == len(features.structures):
            return None, few
        few = few.replace("frames", "held-out frames", 1)
        return None, (
            f"the error is smaller on the fitted frames, as after training on them, and {few} "
            "(--held)"
        )
    structures, rows = features.structures.take(chosen), features.structures.rows(chosen)
    data = ForceData(
        structures,
        np.full(len(chosen), np.nan),
        reference[rows],
        features.data_name or "not stated",
        order=None if features.order is None else features.order[chosen],
    )
    settings = _settings(data, features.L, draws, seed)
    if settings is None:
        return None, f"{len(chosen)} frames are too few for the smallest model: give more (--held)"
    settings = replace(settings, frames=_affordable(data, settings))
    try:
        return listen(data, forces[rows], features.L, settings), ""
    except ValueError as error:
        return None, str(error)


def _affordable(data: ForceData, settings: DemandOptions) -> int:
    """How many of the frames keep the work bounded, but as many as the models need."""
    few = data.structures.take(np.linspace(0, len(data) - 1, 5).round().astype(np.int64))
    pairs = len(edges(few, settings.cutoff).centres) / len(few)
    width, components = width_of(data, settings), data.structures.positions.size / len(data)
    least = max(ceil(ROWS_PER_WEIGHT * width / (FIT * components)), LEAST_FRAMES)
    return min(max(int(MOST_WORK / max(pairs * width, 1.0)), least), len(data))


def _frames(features: FeatureSet, reference: NDArray[np.float64]) -> NDArray[np.int64]:
    """The frames to listen on: all, or the held-out ones where the others were trained on."""
    wrong = np.abs(features.evaluation.forces - reference).mean(axis=1)
    held = features.held_out[features.structures.frame_of]
    known = ~np.isnan(wrong)
    if wrong[known & ~held].mean() < TRAINED_ON * wrong[known & held].mean():
        return np.flatnonzero(features.held_out)
    return np.arange(len(features.structures))


def _settings(data: ForceData, L: int, draws: int, seed: int) -> DemandOptions | None:
    """The largest models that the frames bear, of degrees up to 3 and one above L at least."""
    bearable = FIT * data.structures.positions.size / ROWS_PER_WEIGHT
    options = DemandOptions(l_max=min(max(3, L + 1), 10), draws=draws, seed=seed)
    for factors, radial, mixed in SIZES:
        tried = replace(options, factors=factors, radial=radial, mixed=mixed)
        if width_of(data, tried) <= bearable:
            return tried
    return None
