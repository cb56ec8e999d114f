"""Listening to a model's error: which degrees the force error of a trained network holds.

The linear models of :mod:`numeric_checks.demand.fits` are fitted to the residual, data minus
network, instead of the forces. What degrees ≤ L explain could be learnt at the network's own L,
with more training or channels; what only higher degrees explain could not. A model of more degrees
also has more weights, so a model of degrees ≤ L with as many weights as the largest is fitted too
and stands beside it. As a negative control the residuals are
exchanged between frames: nothing should be explained then. The forces themselves are fitted by the
same models, in the same pass: the demand of the data on these frames.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from numeric_checks.demand.fits import STREAMS, Measured, Run, draw_blocks, fit_all, shortage
from numeric_checks.demand.result import SEEN, DemandOptions, ForcesCurve, Listening, Share
from numeric_checks.molecules.data import ForceData
from numeric_checks.seeds import streams

__all__ = ["SEEN", "listen"]

Array = NDArray[np.float64]


def listen(
    data: ForceData,
    predicted: Array,
    L: int,
    settings: DemandOptions | None = None,
    *,
    centers: Sequence[int] | None = None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Listening:
    """The share of a network's squared force error that degrees ≤ ℓ explain, for ℓ = 0 … l_max.

    Args:
        data: frames that the network was not trained on.
        predicted: (atoms, 3) its forces in eV/Å.
        L: the largest degree of its features.
        settings: as for :func:`~numeric_checks.demand.estimate.demand`; energies are not listened
            to.
        centers, progress: as there.

    Raises:
        ValueError: as ``demand``; forces of another shape; ``L`` is negative.
    """
    settings = DemandOptions() if settings is None else replace(settings, energies=False)
    if L < 0:
        raise ValueError(f"L must be an integer ≥ 0, got {L}")
    given = np.asarray(predicted, dtype=np.float64)
    if given.shape != data.forces.shape:
        raise ValueError(f"predicted forces must have shape {data.forces.shape}, got {given.shape}")
    residual = data.forces - given
    exchanged = _exchanged(data, residual, settings.seed)
    run = Run.of(data, settings, centers, [residual, exchanged, data.forces])
    own = min(L, settings.l_max)
    return _summary(run, _Fits(run, fit_all(run, [own, own + 1], progress)), L)


def _exchanged(data: ForceData, residual: Array, seed: int) -> Array:
    """The residuals of other frames, where all frames hold the same atoms.

    Residuals of frames of different sizes cannot be exchanged: there each frame's sign is drawn.
    Frames without forces stay where they are.
    """
    rng = streams(seed, *STREAMS)["exchange"]
    if data.structures.fixed:
        frames = residual.reshape(len(data.structures), -1, 3).copy()
        known = np.flatnonzero(~np.isnan(frames).any(axis=(1, 2)))
        frames[known] = frames[rng.permutation(known)]
        return frames.reshape(-1, 3)
    signs = rng.choice([-1.0, 1.0], size=len(data.structures))
    turned: Array = residual * np.repeat(signs, data.structures.counts)[:, None]
    return turned


class _Fits:
    """The held-out errors of all models, as shares of the mean square, with paired draws."""

    RESIDUAL, EXCHANGED, FORCES = range(3)

    def __init__(self, run: Run, measured: list[Measured]) -> None:
        self._found = {(m.size.factors, m.size.ell, m.size.matched): m for m in measured}
        self._power, self._draws = run.power(), draw_blocks(run)

    def explained(self, key: tuple[int, int, bool], target: int = RESIDUAL) -> Array:
        """1 − Σ e²/Σ y² of the model ``key`` (factors, ℓ, matched); the draws follow the value."""
        square, power = self._found[key].square[target], self._power[target]
        left = np.append(square.mean(), square @ self._draws)
        result: Array = 1 - left / np.append(power.mean(), power @ self._draws)
        return result

    def mae(self, key: tuple[int, int, bool], target: int = RESIDUAL) -> Array:
        """Mean absolute error, meV/Å; the draws follow the value."""
        error = self._found[key].absolute[target]
        return np.append(error.mean(), error @ self._draws) * 1000


def _share(values: Array) -> Share:
    """The value and the 95 % interval of the draws behind it."""
    low, high = np.quantile(values[1:], [0.025, 0.975])
    return Share(float(values[0]), float(low), float(high))


def _summary(run: Run, fits: _Fits, L: int) -> Listening:
    settings = run.settings
    top, most = settings.l_max, settings.factors
    own = min(L, top)
    explained = [fits.explained((most, ell, False)) for ell in range(top + 1)]
    steps = [explained[0], *(b - a for a, b in pairwise(explained))]
    within, beyond = _share(explained[own]), _share(explained[-1] - explained[own])
    lower = _share(1 - fits.mae((most, top, False)) / fits.mae((most, own, False)))
    control = _share(fits.explained((most, own, False), _Fits.EXCHANGED))
    equal = fits.explained((most, own, True))
    forces = _Fits.FORCES
    matched = {
        ell: float(fits.mae((most, ell, True), forces)[0]) for ell in {own, min(own + 1, top)}
    }
    residual = run.forces_of(run.held)[_Fits.RESIDUAL]
    verdict, sentence = _verdict(L, top, shortage(run), within, beyond, lower, control)
    return Listening(
        L=L,
        l_max=top,
        factors=most,
        frames={part: int((run.labels == part).sum()) for part in ("fit", "validate", "held")},
        mae_meV_per_A=float(1000 * np.abs(residual).mean()),
        explained=tuple(map(_share, explained)),
        added=tuple(map(_share, steps)),
        by_factors=tuple(_share(fits.explained((f, own, False))) for f in range(1, most + 1)),
        within=within,
        beyond=beyond,
        lower=lower,
        within_equal=_share(equal),
        beyond_equal=_share(explained[-1] - equal),
        control=control,
        forces=ForcesCurve(
            mae=tuple(float(fits.mae((most, ell, False), forces)[0]) for ell in range(top + 1)),
            matched=matched,
        ),
        verdict=verdict,
        sentence=sentence,
    )


def _verdict(
    L: int, top: int, reason: str, within: Share, beyond: Share, lower: Share, control: Share
) -> tuple[str, str]:
    """What the shares say, in a word and in a sentence."""
    if reason:
        return "undecided", f"undecided: {reason}"
    if control.low > SEEN:
        return "undecided", (
            f"undecided: residuals of other frames are explained too ({control.value:.2f}), so the "
            "fit cannot be trusted; give more frames, farther apart in time"
        )
    if top <= L:
        return "undecided", f"undecided: degrees above L = {L} were not tried; raise l_max"
    seen = [share.value >= SEEN and share.low > 0 for share in (within, beyond)]
    if seen[1] and beyond.value >= within.value:
        return "degrees", (
            f"more degrees would lower this model's error by about {lower.value:.0%} (95 % "
            f"interval {lower.low:.0%} to {lower.high:.0%})"
        )
    if seen[0]:
        more = (
            f"; degrees above it would lower it by about {lower.value:.0%} more" if seen[1] else ""
        )
        return "training", (
            f"degrees within L = {L} would lower this model's error (train longer, or more "
            f"channels): they explain {within.value:.0%} of its square{more}"
        )
    for share, what in ((within, f"≤ L = {L}"), (beyond, f"above L = {L}")):
        if share.value >= SEEN or share.high > 2 * SEEN:
            return "undecided", (
                f"undecided: what degrees {what} explain of the error lies between "
                f"{share.low:.2f} and {share.high:.2f}; give more frames"
            )
    return "neither", (
        f"neither degrees ≤ L = {L} nor higher ones are seen in this model's error: the data or "
        "the body order limit it"
    )
