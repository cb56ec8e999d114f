"""Angular demand: how the error of a linear force model falls with the degree of its densities.

``demand(data)`` fits, for every ℓ up to l_max, a linear model of at most ν density factors of
degree ≤ ℓ (:mod:`numeric_checks.demand.invariants`) to the forces of part of the frames, chooses
the ridge penalty on others, and measures the error on the rest. ℓ* is the least ℓ whose error is
within the level of the error at l_max. It is the demand on the configurations in the data, which is
what a user's error is made of.

More degrees are also more weights. So every ℓ is shown at equal size too: the models of the
*matched* curve have as many weights as the one of l_max with as many factors, from more radial
functions and more mixed channels.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from numeric_checks.demand.costs import cost_of_degree
from numeric_checks.demand.fits import Measured, Run, draw_blocks, fit_all, shortage
from numeric_checks.demand.result import SEEN, Demand, DemandOptions, ErrorCurve, Point
from numeric_checks.molecules.data import ForceData
from numeric_checks.molecules.symbols import SYMBOLS

__all__ = ["demand"]

Array = NDArray[np.float64]


def demand(
    data: ForceData,
    settings: DemandOptions | None = None,
    *,
    centers: Sequence[int] | None = None,
    forces: Array | None = None,
    matched: bool = True,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Demand:
    """Measure the angular demand of ``data``.

    Args:
        data: frames of any sizes, with or without cells. Forces are fitted, and energies too where
            ``settings.energies`` asks for it.
        settings: see :class:`~numeric_checks.demand.result.DemandOptions`.
        centers: atomic numbers of the atoms whose densities enter; all by default.
        forces: (atoms, 3) in eV/Å to explain instead of the data's, as the residual of a network.
        matched: fit the models of equal size too; they take most of the time.
        progress: told of frames done and in all.

    Raises:
        ValueError: too few frames, a centre that the data do not hold, forces that are absent, all
            zero or of another shape, energies that are absent, or a need for more memory than is
            allowed.
    """
    settings = DemandOptions() if settings is None else settings
    if settings.energies and forces is not None:
        raise ValueError("energies belong to the data's own forces: leave one of them out")
    begun = time.monotonic()
    run = Run.of(data, settings, centers, [data.forces if forces is None else forces])
    degrees = range(settings.l_max + 1) if matched else ()
    measured = fit_all(run, degrees, progress)
    return _summary(run, measured, time.monotonic() - begun)


def _summary(run: Run, measured: list[Measured], seconds: float) -> Demand:
    (power,), draws = run.power(), draw_blocks(run)

    def point(found: Measured) -> Point:
        low, high = np.quantile((found.square[0] @ draws) / (power @ draws), [0.025, 0.975])
        return Point(
            ell=found.size.ell,
            weights=found.weights,
            left=float(found.square[0].mean() / power.mean()),
            low=float(low),
            high=float(high),
            mae=float(1000 * found.absolute[0].mean()),
            penalty=float(found.penalty[0]),
            energy_mae=_mean(found.energy),
        )

    curves = []
    for factors in range(1, run.settings.factors + 1):
        mine = [m for m in measured if m.size.factors == factors]
        full = [m for m in mine if not m.size.matched]
        matched = sorted((m for m in mine if m.size.matched), key=lambda m: m.size.ell)
        mae = np.array([m.absolute[0] for m in full])
        star = int(_least(mae.mean(axis=1)[:, None], run.settings.level)[0])
        drawn = _least(mae @ draws, run.settings.level)
        low, high = np.quantile(drawn, [0.025, 0.975], method="nearest").astype(int)
        curves.append(
            ErrorCurve(
                factors=factors,
                full=tuple(map(point, full)),
                matched=tuple(map(point, matched)),
                demand=star,
                interval=(int(low), int(high)),
                lower_bound=star == run.settings.l_max > 0,
                costs=tuple(
                    cost_of_degree(run.settings, factors, ell, run.model)
                    for ell in range(run.settings.l_max + 1)
                ),
            )
        )
    best = [m for m in measured if m.size.factors == run.settings.factors and not m.size.matched]
    return _finish(run, np.array([m.by_atom[0] for m in best]), power, tuple(curves), seconds)


def _least(mae: Array, level: float) -> NDArray[np.int64]:
    """The least ℓ whose error is within ``level`` of the last one's; ``mae`` (ℓ, draws)."""
    result: NDArray[np.int64] = (mae <= (1 + level) * mae[-1]).argmax(axis=0)
    return result


def _mean(errors: Array | None) -> float | None:
    """Of the frames that have an energy; None where there are none."""
    known = np.zeros(0) if errors is None else errors[~np.isnan(errors)]
    return float(known.mean()) if known.size else None


def _nothing(curve: ErrorCurve) -> str:
    """Why a curve decides nothing although there are frames enough; empty where it may."""
    least = min(point.left for point in curve.full)
    if least <= 1 - SEEN:
        return ""
    return (
        f"no model explains as much as {SEEN:.0%} of the forces' variance (the best leaves "
        f"{least:.2f} of it), so the errors say nothing about degrees"
    )


def _finish(
    run: Run, by_atom: Array, power: Array, curves: tuple[ErrorCurve, ...], seconds: float
) -> Demand:
    held = run.structures.take(run.held)
    by_species = {
        SYMBOLS[z]: (1000 * by_atom[:, held.numbers == z].mean(axis=1)).tolist()
        for z in np.unique(held.numbers)
    }
    table = None
    if run.data.structures.fixed:
        of_frames = by_atom.reshape(len(by_atom), len(held), -1)
        table = (1000 * of_frames.mean(axis=1)).tolist()
    return Demand(
        settings=run.settings,
        curves=curves,
        by_species=by_species,
        by_atom=table,
        data=run.data.origin,
        centers=tuple(SYMBOLS[z] for z in run.centers),
        frames={part: int((run.labels == part).sum()) for part in ("fit", "validate", "held")},
        force_rms=float(np.sqrt(power.mean())),
        undecided=shortage(run) or _nothing(curves[-1]),
        seconds=seconds,
    )
