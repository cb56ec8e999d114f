"""Angular demand: how the error of a linear force model falls with the degree of its densities.

``demand(data)`` fits, for every ℓ up to l_max, a linear model of at most ν density factors of
degree ≤ ℓ (:mod:`numeric_checks.demand.invariants`) to the forces of part of the frames, chooses
the ridge penalty on others, and measures the error on the rest. ℓ* is the least ℓ whose error is
within the level of the error at l_max. It is the demand on the configurations in the data, which is
what a user's error is made of.

More degrees are also more weights. So every ℓ is shown at equal size too: the models of the
*matched* curve have as many weights as the one of l_max, from more radial functions and more mixed
channels.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from numeric_checks.demand.costs import cost_of_degree
from numeric_checks.demand.design import EnergyForm, ForceForm, Model, designs
from numeric_checks.demand.expansion import Basis
from numeric_checks.demand.invariants import Invariants, triples
from numeric_checks.demand.regression import Gram, accumulate, solve
from numeric_checks.demand.result import Demand, DemandOptions, ErrorCurve, Point
from numeric_checks.molecules.data import ForceData
from numeric_checks.molecules.structures import Structures
from numeric_checks.molecules.symbols import SYMBOLS

__all__ = ["chosen_frames", "demand"]

Array = NDArray[np.float64]

#: Shares of the frames that are fitted and that choose the penalty; the rest is held out.
FIT, VALIDATE = 0.57, 0.19
#: Largest Gram matrix, columns: 0.8 GB.
MAX_COLUMNS = 10_000
MAX_RADIAL = 40
MIN_HELD = 10


def demand(
    data: ForceData,
    settings: DemandOptions | None = None,
    *,
    centers: Sequence[int] | None = None,
    forces: Array | None = None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Demand:
    """Measure the angular demand of ``data``.

    Args:
        data: frames of any sizes, with or without cells; only forces are fitted.
        settings: see :class:`~numeric_checks.demand.result.DemandOptions`.
        centers: atomic numbers of the atoms whose densities enter; all by default.
        forces: (atoms, 3) in eV/Å to explain instead of the data's, as the residual of a network.
        progress: told of frames done and in all.

    Raises:
        ValueError: too few frames, a centre that the data do not hold, forces that are absent or of
            another shape, or more columns than memory should hold.
    """
    settings = DemandOptions() if settings is None else settings
    begun = time.monotonic()
    run = _Run.of(data, settings, centers, forces)
    families = _families(run)
    total = len(families) * len(run.structures)
    done = 0

    def step(frames: int) -> None:
        nonlocal done
        done += frames
        progress(done, total)

    measured = [pair for family in families for pair in _measure(run, family, step)]
    return _summary(run, measured, time.monotonic() - begun)


@dataclass(frozen=True)
class _Run:
    """What one measurement works on."""

    data: ForceData
    settings: DemandOptions
    structures: Structures
    forces: Array
    labels: NDArray[np.str_]
    blocks: NDArray[np.int64]
    centers: tuple[int, ...]
    model: Model

    @classmethod
    def of(
        cls,
        data: ForceData,
        settings: DemandOptions,
        centers: Sequence[int] | None,
        forces: Array | None,
    ) -> _Run:
        structures = data.structures
        present = tuple(int(z) for z in np.unique(structures.numbers))
        chosen = present if centers is None else tuple(sorted(set(centers)))
        if absent := sorted(set(chosen) - set(present)):
            raise ValueError(f"centers must be among the elements {list(present)}, got {absent}")
        target = data.forces if forces is None else np.asarray(forces, dtype=np.float64)
        if target.shape != structures.positions.shape:
            raise ValueError(
                f"forces must have shape {structures.positions.shape}, got {target.shape}"
            )
        index = chosen_frames(data, settings, target)
        rows = structures.rows(index)
        structures = structures.take(index)
        labels, blocks = _split(len(index), settings)
        basis = Basis(present, settings.l_max, settings.radial, settings.cutoff)
        model = _model(basis, chosen, settings)
        run = cls(data, settings, structures, target[rows], labels, blocks, chosen, model)
        if run.width > MAX_COLUMNS:
            raise ValueError(
                f"{run.width} weights are above the limit of {MAX_COLUMNS}: take a smaller l_max, "
                "fewer radial functions or fewer factors"
            )
        return run

    @property
    def width(self) -> int:
        return self.columns(self.model)

    def columns(self, model: Model) -> int:
        return len(model.columns.degree) * len(model.centers)

    @property
    def species(self) -> tuple[int, ...]:
        return tuple(int(z) for z in np.unique(self.data.structures.numbers))

    def forces_of(self, frames: NDArray[np.int64]) -> Array:
        return self.forces[self.structures.rows(frames)]


def _model(basis: Basis, centers: tuple[int, ...], settings: DemandOptions) -> Model:
    if settings.form == "force":
        return ForceForm(basis, settings.factors, centers, settings.mixed, settings.seed)
    invariants = Invariants(basis, settings.factors, settings.mixed, settings.seed)
    return EnergyForm(invariants, centers)


def chosen_frames(
    data: ForceData, settings: DemandOptions, forces: Array | None = None
) -> NDArray[np.int64]:
    """The frames that are used: those with forces, in the order of their trajectory, evenly spaced
    to at most ``settings.frames``.

    ValueError for too few.
    """
    target = data.forces if forces is None else forces
    sums = np.add.reduceat(target.sum(axis=1), data.structures.offsets[:-1])
    known = np.flatnonzero(~np.isnan(sums))
    if data.order is not None:
        known = known[np.argsort(data.order[known], kind="stable")]
    if len(known) < 4 * MIN_HELD:
        raise ValueError(
            f"{len(known)} frames with forces are too few: at least {4 * MIN_HELD} are needed"
        )
    if len(known) <= settings.frames:
        return known
    return known[np.linspace(0, len(known) - 1, settings.frames).round().astype(np.int64)]


def _split(frames: int, settings: DemandOptions) -> tuple[NDArray[np.str_], NDArray[np.int64]]:
    """The part of every frame and its block; neighbours in time stay in one part."""
    count = min(4 * settings.blocks, frames // 2)
    blocks = np.arange(frames) * count // frames
    rng = np.random.default_rng(np.random.SeedSequence(settings.seed).spawn(1)[0])
    order = rng.permutation(count)
    fit, validate = round(FIT * count), max(round(VALIDATE * count), 1)
    of_block = np.empty(count, dtype="<U8")
    of_block[order[:fit]] = "fit"
    of_block[order[fit : fit + validate]] = "validate"
    of_block[order[fit + validate :]] = "held"
    return of_block[blocks], blocks


@dataclass(frozen=True)
class _Size:
    """One model to fit: its factors, degree, whether it is of matched size, and its columns."""

    factors: int
    ell: int
    matched: bool
    columns: NDArray[np.int64]


@dataclass(frozen=True)
class _Family:
    """Models whose columns are subsets of one design, so that one pass serves them all."""

    model: Model
    sizes: tuple[_Size, ...]


def _families(run: _Run) -> list[_Family]:
    """The nested models of full size, then one family for each ℓ that is brought to equal size."""
    settings, top = run.settings, run.settings.l_max
    nested = [
        _Size(factors, ell, False, _columns(run.model, factors, ell))
        for factors in range(1, settings.factors + 1)
        for ell in range(top + 1)
    ]
    families = [_Family(run.model, (*nested, replace(nested[-1], matched=True)))]
    for ell in range(top):
        model = _enlarged(run, ell)
        every = _columns(model, settings.factors, ell)
        first = np.argsort(model.columns.rank[every], kind="stable")[: len(nested[-1].columns)]
        size = _Size(settings.factors, ell, True, np.sort(every[first]))
        families.append(_Family(model, (size,)))
    return families


def _enlarged(run: _Run, ell: int) -> Model:
    """A model of degrees ≤ ``ell`` with at least as many columns as that of l_max.

    Three factors keep their share of the columns: mixed channels grow as the triples of degrees
    become fewer. The number of radial functions is bounded, since a model of degree 0 with few
    factors may never reach the size.
    """
    settings, wanted = run.settings, len(run.model.columns.degree)
    mixed = settings.mixed * len(triples(settings.l_max)) // len(triples(ell))
    for radial in range(settings.radial, MAX_RADIAL + 1):
        basis = Basis(run.species, ell, radial, settings.cutoff)
        model = _model(basis, run.centers, replace(settings, mixed=min(mixed, 200)))
        if len(model.columns.degree) >= wanted:
            break
    return model


def _columns(model: Model, factors: int, ell: int) -> NDArray[np.int64]:
    columns = model.columns
    return np.flatnonzero((columns.factors <= factors) & (columns.degree <= ell))


@dataclass(frozen=True)
class _Measured:
    """A fitted model and its held-out errors.

    ``square`` and ``absolute`` (frames,): means over the components of a frame; ``by_atom``
    (atoms,) of all held-out frames.
    """

    size: _Size
    weights: int
    penalty: float
    square: Array
    absolute: Array
    by_atom: Array


def _measure(run: _Run, family: _Family, step: Callable[[int], None]) -> list[_Measured]:
    """Fit every model of the family, and its errors on the held-out frames."""
    model, width = family.model, len(family.model.columns.degree)
    grams = {part: Gram.zeros(width * len(model.centers)) for part in ("fit", "validate")}
    seen = np.flatnonzero(run.labels != "held")
    accumulate(grams, run.labels[seen], run.structures.take(seen), run.forces_of(seen), model, step)
    held = np.flatnonzero(run.labels == "held")
    structures, target = run.structures.take(held), run.forces_of(held)
    weights = np.zeros((width * len(model.centers), len(family.sizes)))
    penalties = []
    for place, size in enumerate(family.sizes):
        chosen = (size.columns + width * np.arange(len(model.centers))[:, None]).ravel()
        weights[chosen, place], penalty = solve(grams["fit"], grams["validate"], chosen)
        penalties.append(penalty)
    wrong = np.empty((len(family.sizes), *target.shape))
    for frames, design in designs(structures, model):
        rows = structures.rows(frames)
        wrong[:, rows] = target[rows] - (design @ weights).T.reshape(len(family.sizes), -1, 3)
        step(frames.stop - frames.start)
    starts, components = structures.offsets[:-1], 3 * structures.counts
    square = np.add.reduceat((wrong**2).sum(axis=2), starts, axis=1) / components
    absolute = np.add.reduceat(np.abs(wrong).sum(axis=2), starts, axis=1) / components
    by_atom = np.abs(wrong).mean(axis=2)
    return [
        _Measured(
            size,
            len(size.columns) * len(model.centers),
            penalties[k],
            square[k],
            absolute[k],
            by_atom[k],
        )
        for k, size in enumerate(family.sizes)
    ]


def _summary(run: _Run, measured: list[_Measured], seconds: float) -> Demand:
    held = np.flatnonzero(run.labels == "held")
    structures = run.structures.take(held)
    squares = (run.forces_of(held) ** 2).sum(axis=1)
    power = np.add.reduceat(squares, structures.offsets[:-1]) / (3 * structures.counts)
    draws = _draw_blocks(run.blocks[held], run.settings)

    def point(found: _Measured) -> Point:
        low, high = np.quantile((found.square @ draws) / (power @ draws), [0.025, 0.975])
        return Point(
            ell=found.size.ell,
            weights=found.weights,
            left=float(found.square.mean() / power.mean()),
            low=float(low),
            high=float(high),
            mae=float(1000 * found.absolute.mean()),
            penalty=found.penalty,
        )

    curves = []
    for factors in range(1, run.settings.factors + 1):
        mine = [m for m in measured if m.size.factors == factors]
        full = [m for m in mine if not m.size.matched]
        matched = sorted((m for m in mine if m.size.matched), key=lambda m: m.size.ell)
        mae = np.array([m.absolute for m in full])
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
    return _finish(run, np.array([m.by_atom for m in best]), power, tuple(curves), seconds)


def _least(mae: Array, level: float) -> NDArray[np.int64]:
    """The least ℓ whose error is within ``level`` of the last one's; ``mae`` (ℓ, draws)."""
    result: NDArray[np.int64] = (mae <= (1 + level) * mae[-1]).argmax(axis=0)
    return result


def _draw_blocks(blocks: NDArray[np.int64], settings: DemandOptions) -> Array:
    """Weights (frames, draws) of the held-out frames when whole blocks are drawn again."""
    rng = np.random.default_rng(np.random.SeedSequence(settings.seed).spawn(2)[1])
    names, member = np.unique(blocks, return_inverse=True)
    counts = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), settings.draws)
    weights = counts[:, member].T.astype(np.float64)
    result: Array = weights / weights.sum(axis=0)
    return result


def _finish(
    run: _Run, by_atom: Array, power: Array, curves: tuple[ErrorCurve, ...], seconds: float
) -> Demand:
    held = run.structures.take(np.flatnonzero(run.labels == "held"))
    by_species = {
        SYMBOLS[z]: (1000 * by_atom[:, held.numbers == z].mean(axis=1)).tolist()
        for z in np.unique(held.numbers)
    }
    table = None
    if held.fixed:
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
        undecided=_undecided(run),
        seconds=seconds,
    )


def _undecided(run: _Run) -> str:
    """Why the frames decide nothing; empty where they may."""
    fit = run.labels == "fit"
    rows = 3 * int(run.structures.counts[fit].sum())
    if rows < run.width:
        return (
            f"{fit.sum()} frames give {rows} force components to fit, fewer than the {run.width} "
            f"weights of ℓ ≤ {run.settings.l_max}: give more frames, or fewer factors, degrees or "
            "radial functions"
        )
    return ""
