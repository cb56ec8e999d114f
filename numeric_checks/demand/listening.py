"""Listening to a model's error: which degrees the force error of a trained network holds.

The regression of :mod:`numeric_checks.demand.estimate` is fitted to the residual, data minus
network, instead of the forces. What degrees ≤ L explain could be learnt at the network's own L,
with more training or channels; what only higher degrees explain could not. As a negative control
the residuals are exchanged between frames: nothing should be explained then.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from numeric_checks.demand.estimate import demand
from numeric_checks.demand.result import Demand, DemandOptions
from numeric_checks.molecules.data import ForceData

__all__ = ["listen"]

Array = NDArray[np.float64]

#: Shares of the squared error from which on something is said to be seen.
SEEN = 0.05


def listen(
    data: ForceData,
    predicted: Array,
    L: int,
    settings: DemandOptions | None = None,
    *,
    centers: Sequence[int] | None = None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> dict[str, Any]:
    """The share of the squared force error that degrees ≤ ℓ explain, for ℓ = 0 … l_max.

    Args:
        data: frames that the network was not trained on.
        predicted: (atoms, 3) its forces in eV/Å.
        L: the largest degree of its features.
        settings: as for :func:`~numeric_checks.demand.estimate.demand`.
        centers, progress: as there.

    Returns:
        JSON types: ``explained`` and its interval by ℓ, ``within`` (degrees ≤ L), ``beyond`` (what
        higher degrees add), ``control`` (exchanged residuals), ``verdict``, ``sentence``.

    Raises:
        ValueError: as ``demand``; ``L`` is negative.
    """
    settings = DemandOptions() if settings is None else settings
    if L < 0:
        raise ValueError(f"L must be an integer ≥ 0, got {L}")
    residual = data.forces - np.asarray(predicted, dtype=np.float64)
    found = demand(data, settings, centers=centers, forces=residual, progress=progress)
    control = demand(
        data,
        replace(settings, l_max=min(L, settings.l_max)),
        centers=centers,
        forces=_exchanged(data, residual, settings.seed),
        progress=progress,
    )
    explained = [1 - point.left for point in found.curve.full]
    intervals = [[1 - point.high, 1 - point.low] for point in found.curve.full]
    own = min(L, settings.l_max)
    result = {
        "L": L,
        "explained": explained,
        "interval": intervals,
        "within": explained[own],
        "within_interval": intervals[own],
        "beyond": explained[-1] - explained[own],
        "control": 1 - control.curve.full[-1].left,
        "mae_meV_per_A": float(1000 * np.nanmean(np.abs(residual))),
        "factors": settings.factors,
    }
    verdict, sentence = _verdict(result, found, own)
    return {**result, "verdict": verdict, "sentence": sentence}


def _exchanged(data: ForceData, residual: Array, seed: int) -> Array:
    """The residuals of other frames, where all frames hold the same atoms.

    Residuals of frames of different sizes cannot be exchanged: there each frame's sign is drawn.
    """
    rng = np.random.default_rng(np.random.SeedSequence(seed).spawn(3)[2])
    if data.structures.fixed:
        frames = residual.reshape(len(data.structures), -1, 3)
        exchanged: Array = frames[rng.permutation(len(frames))].reshape(-1, 3)
        return exchanged
    signs = rng.choice([-1.0, 1.0], size=len(data.structures))
    turned: Array = residual * np.repeat(signs, data.structures.counts)[:, None]
    return turned


def _verdict(result: dict[str, Any], found: Demand, own: int) -> tuple[str, str]:
    if found.undecided:
        return "undecided", f"undecided: {found.undecided}"
    if result["control"] > SEEN:
        return "undecided", (
            "undecided: residuals of other frames are explained too, so the fit cannot be trusted"
        )
    within, beyond, L = result["within"], result["beyond"], result["L"]
    # The error falls with the root of the squared error that is left.
    lower = 1 - np.sqrt((1 - within - beyond) / max(1 - within, 1e-12))
    if own >= found.settings.l_max:
        return "undecided", (
            f"undecided: degrees above L = {L} were not tried; give a larger --l-max"
        )
    if beyond > SEEN and beyond >= within:
        return "degrees", f"more degrees would lower this model's error by about {lower:.0%}"
    if within > SEEN:
        more = f"; degrees above it would add about {lower:.0%}" if beyond > SEEN else ""
        return "training", (
            f"degrees within L = {L} would lower this model's error (train longer, or more "
            f"channels): they explain {within:.0%} of what is left{more}"
        )
    return "neither", (
        "degrees do not limit this model: neither degrees ≤ L nor higher ones explain its "
        "error, so the data, the body order or the range do"
    )
