"""Fits of linear force models by degree: frames and their parts, sizes of models, held-out errors.

What :mod:`numeric_checks.demand.estimate` (the forces of data) and
:mod:`numeric_checks.demand.listening` (the residual of a network) have in common. Several targets
are fitted in one pass over the frames.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from numeric_checks.costs import check_memory
from numeric_checks.demand.design import BATCH_ATOMS, EnergyForm, ForceForm, Model, designs
from numeric_checks.demand.energies import Energies
from numeric_checks.demand.expansion import Basis, neighbor_pairs
from numeric_checks.demand.invariants import Invariants, triples
from numeric_checks.demand.regression import Gram, accumulate, solve
from numeric_checks.demand.result import LEAST_FRAMES, DemandOptions
from numeric_checks.molecules.data import ForceData
from numeric_checks.molecules.structures import Structures
from numeric_checks.molecules.symbols import SYMBOLS
from numeric_checks.seeds import streams

__all__ = [
    "STREAMS",
    "Measured",
    "Run",
    "Size",
    "chosen_frames",
    "draw_blocks",
    "fit_all",
    "new_model",
    "shortage",
    "split_frames",
    "width_of",
]

Array = NDArray[np.float64]

#: Shares of the frames that are fitted and that choose the penalty; the rest is held out.
FIT, VALIDATE = 0.57, 0.19
#: Largest Gram matrix, columns: 0.8 GB.
MAX_COLUMNS = 10_000
MAX_RADIAL = 40
#: The random streams of one measurement.
STREAMS = ("split", "bootstrap", "exchange")


@dataclass(frozen=True)
class Run:
    """What one measurement works on: frames with their parts and blocks, targets, the model.

    ``forces`` (targets, atoms, 3) are what is fitted, and ``energies`` where they are asked for.
    """

    data: ForceData
    settings: DemandOptions
    structures: Structures
    forces: Array
    labels: NDArray[np.str_]
    blocks: NDArray[np.int64]
    centers: tuple[int, ...]
    model: Model
    energies: Energies | None = None

    @classmethod
    def of(
        cls,
        data: ForceData,
        settings: DemandOptions,
        centers: Sequence[int] | None,
        targets: Sequence[Array],
    ) -> Run:
        """Judge the data and the settings; ``targets`` are forces (atoms, 3) in eV/Å.

        ValueError as for :func:`numeric_checks.demand.estimate.demand`.
        """
        structures = data.structures
        present = tuple(int(z) for z in np.unique(structures.numbers))
        chosen = present if centers is None else tuple(sorted(set(centers)))
        if absent := sorted(set(chosen) - set(present)):
            raise ValueError(f"centers must be among the elements {list(present)}, got {absent}")
        for target in targets:
            if np.shape(target) != structures.positions.shape:
                raise ValueError(
                    f"forces must have shape {structures.positions.shape}, got {np.shape(target)}"
                )
            if np.isinf(target).any():
                raise ValueError("forces must be finite, or NaN in frames that have none")
        stacked = np.array(targets, dtype=np.float64)
        index = chosen_frames(data, settings, stacked.sum(axis=0))
        rows = structures.rows(index)
        structures = structures.take(index)
        labels, blocks = split_frames(len(index), settings)
        basis = Basis(present, settings.l_max, settings.radial, settings.cutoff)
        model = new_model(basis, chosen, settings)
        run = cls(data, settings, structures, stacked[:, rows], labels, blocks, chosen, model)
        if run.width > MAX_COLUMNS:
            raise ValueError(
                f"{run.width} weights are above the limit of {MAX_COLUMNS}: take a smaller l_max, "
                "fewer radial functions or fewer factors"
            )
        _check_memory(structures, basis, run.width)
        if settings.energies:
            energies = Energies.of(structures, data.energies[index], labels != "held")
            return replace(run, energies=energies)
        return run

    @property
    def width(self) -> int:
        """Weights of the largest model."""
        return len(self.model.columns.degree) * len(self.centers)

    @property
    def species(self) -> tuple[int, ...]:
        return tuple(int(z) for z in np.unique(self.data.structures.numbers))

    def forces_of(self, frames: NDArray[np.int64]) -> Array:
        """(targets, atoms of ``frames``, 3)."""
        return self.forces[:, self.structures.rows(frames)]

    @property
    def held(self) -> NDArray[np.int64]:
        """The held-out frames."""
        return np.flatnonzero(self.labels == "held")

    def power(self) -> Array:
        """(targets, held-out frames): mean square of a force component."""
        structures = self.structures.take(self.held)
        squares = (self.forces_of(self.held) ** 2).sum(axis=2)
        result: Array = np.add.reduceat(squares, structures.offsets[:-1], axis=1)
        return result / (3 * structures.counts)


def _check_memory(structures: Structures, basis: Basis, width: int) -> None:
    """ValueError for frames with so many atoms or neighbours that a batch needs over 16 GiB."""
    largest = int(structures.counts.argmax())
    atoms = int(structures.counts[largest])
    pairs = len(neighbor_pairs(structures.take([largest]), basis.cutoff).centre)
    batch = max(BATCH_ATOMS // atoms, 1)
    gradients = 2 * pairs * basis.radial * (basis.l_max + 1) ** 2
    check_memory(
        f"a frame of {atoms} atoms with {pairs} pairs within {basis.cutoff:g} Å",
        8 * 3 * batch * (gradients + atoms * width),
    )


def new_model(basis: Basis, centers: tuple[int, ...], settings: DemandOptions) -> Model:
    """The model of the form and the number of factors that ``settings`` name."""
    if settings.form == "force":
        return ForceForm(basis, settings.factors, centers, settings.mixed, settings.seed)
    invariants = Invariants(basis, settings.factors, settings.mixed, settings.seed)
    return EnergyForm(invariants, centers)


def width_of(data: ForceData, settings: DemandOptions) -> int:
    """Weights of the largest model for the elements of ``data``, all of them centres."""
    present = tuple(int(z) for z in np.unique(data.structures.numbers))
    basis = Basis(present, settings.l_max, settings.radial, settings.cutoff)
    return len(present) * len(new_model(basis, present, settings).columns.degree)


def chosen_frames(
    data: ForceData, settings: DemandOptions, forces: Array | None = None
) -> NDArray[np.int64]:
    """The frames that are used: those with forces, in the order of their trajectory, evenly spaced
    to at most ``settings.frames``.

    ValueError for too few, and for forces that are all 0.
    """
    target = data.forces if forces is None else forces
    sums = np.add.reduceat(target.sum(axis=1), data.structures.offsets[:-1])
    known = np.flatnonzero(~np.isnan(sums))
    if data.order is not None:
        known = known[np.argsort(data.order[known], kind="stable")]
    if len(known) < LEAST_FRAMES:
        raise ValueError(
            f"{len(known)} frames with forces are too few: at least {LEAST_FRAMES} are needed"
        )
    if len(known) > settings.frames:
        known = known[np.linspace(0, len(known) - 1, settings.frames).round().astype(np.int64)]
    if not target[data.structures.rows(known)].any():
        raise ValueError(
            f"the forces of {data.name} are 0 for all atoms of all {len(known)} frames: there is "
            "nothing to explain"
        )
    return known


def split_frames(
    frames: int, settings: DemandOptions
) -> tuple[NDArray[np.str_], NDArray[np.int64]]:
    """The part of every frame and its block; neighbours in time stay in one part."""
    count = min(4 * settings.blocks, frames // 2)
    blocks = np.arange(frames) * count // frames
    rng = streams(settings.seed, *STREAMS)["split"]
    order = rng.permutation(count)
    fit, validate = round(FIT * count), max(round(VALIDATE * count), 1)
    of_block = np.empty(count, dtype="<U8")
    of_block[order[:fit]] = "fit"
    of_block[order[fit : fit + validate]] = "validate"
    of_block[order[fit + validate :]] = "held"
    return of_block[blocks], blocks


@dataclass(frozen=True)
class Size:
    """One model to fit: its factors, degree, whether it is of matched size, and its columns."""

    factors: int
    ell: int
    matched: bool
    columns: NDArray[np.int64]


@dataclass(frozen=True)
class _Family:
    """Models whose columns are subsets of one design, so that one pass serves them all."""

    model: Model
    sizes: tuple[Size, ...]


def fit_all(
    run: Run, matched: Collection[int], progress: Callable[[int, int], None]
) -> list[Measured]:
    """Fit every target by the models of all factors and degrees, and measure held-out errors.

    ``matched`` are the degrees that are brought to the size of the largest model too, which is the
    largest of the same number of factors.
    """
    families = _families(run, matched)
    total, done = len(families) * len(run.structures), 0

    def step(frames: int) -> None:
        nonlocal done
        done += frames
        progress(done, total)

    return [found for family in families for found in _measure(run, family, step)]


def _families(run: Run, matched: Collection[int]) -> list[_Family]:
    """The nested models of full size, then one family for each ℓ that is brought to equal size.

    With fewer factors a model is brought to the size of the largest with as many.
    """
    settings, top = run.settings, run.settings.l_max
    nested = [
        Size(factors, ell, False, _columns(run.model, factors, ell))
        for factors in range(1, settings.factors + 1)
        for ell in range(top + 1)
    ]
    whole = [size for size in nested if size.ell == top]
    beside = [replace(size, matched=True) for size in whole] if matched else []
    families = [_Family(run.model, (*nested, *beside))]
    for ell in sorted(set(matched) & set(range(top))):
        model = _enlarged(run, ell)
        sizes = tuple(
            Size(size.factors, ell, True, _lowest(model, size.factors, ell, len(size.columns)))
            for size in whole
        )
        families.append(_Family(model, sizes))
    return families


def _lowest(model: Model, factors: int, ell: int, count: int) -> NDArray[np.int64]:
    """At most ``count`` columns of ``factors`` and degrees ≤ ``ell``, of the lowest ranks."""
    every = _columns(model, factors, ell)
    first = np.argsort(model.columns.rank[every], kind="stable")[:count]
    return np.sort(every[first])


def _enlarged(run: Run, ell: int) -> Model:
    """A model of degrees ≤ ``ell`` with at least as many columns as that of l_max.

    Three factors keep their share of the columns: mixed channels grow as the triples of degrees
    become fewer. The number of radial functions is bounded, since a model of degree 0 with few
    factors may never reach the size.
    """
    settings, wanted = run.settings, len(run.model.columns.degree)
    mixed = settings.mixed * len(triples(settings.l_max)) // len(triples(ell))
    for radial in range(settings.radial, MAX_RADIAL + 1):
        basis = Basis(run.species, ell, radial, settings.cutoff)
        model = new_model(basis, run.centers, replace(settings, mixed=min(mixed, 200)))
        if len(model.columns.degree) >= wanted:
            break
    return model


def _columns(model: Model, factors: int, ell: int) -> NDArray[np.int64]:
    columns = model.columns
    return np.flatnonzero((columns.factors <= factors) & (columns.degree <= ell))


@dataclass(frozen=True)
class Measured:
    """A fitted model and its held-out errors, by target.

    ``penalty`` (targets,); ``square`` and ``absolute`` (targets, frames): means over the components
    of a frame; ``by_atom`` (targets, atoms) of all held-out frames; ``energy`` (frames,): absolute
    errors in meV an atom where energies are fitted, of the first target.
    """

    size: Size
    weights: int
    penalty: Array
    square: Array
    absolute: Array
    by_atom: Array
    energy: Array | None


def _measure(run: Run, family: _Family, step: Callable[[int], None]) -> list[Measured]:
    """Fit every model of the family, and its errors on the held-out frames."""
    model, targets = family.model, len(run.forces)
    weights, penalties = _weights(run, family, step)
    structures, target = run.structures.take(run.held), run.forces_of(run.held)
    flat = weights.reshape(len(weights), len(family.sizes) * targets)
    wrong = np.empty((len(family.sizes), *target.shape))
    for frames, design in designs(structures, model):
        rows = structures.rows(frames)
        fitted = (design @ flat[: design.shape[1]]).T.reshape(len(family.sizes), targets, -1, 3)
        wrong[:, :, rows] = target[:, rows] - fitted
        step(frames.stop - frames.start)
    starts, components = structures.offsets[:-1], 3 * structures.counts
    square = np.add.reduceat((wrong**2).sum(axis=3), starts, axis=2) / components
    absolute = np.add.reduceat(np.abs(wrong).sum(axis=3), starts, axis=2) / components
    by_atom = np.abs(wrong).mean(axis=3)
    energy: Sequence[Array | None] = [None] * len(family.sizes)
    if run.energies is not None and isinstance(model, EnergyForm):
        energy = list(run.energies.errors(run.held, model, weights[:, :, 0]))
    return [
        Measured(size, size.columns.size * len(model.centers), *values)
        for size, *values in zip(
            family.sizes, penalties, square, absolute, by_atom, energy, strict=True
        )
    ]


def _weights(run: Run, family: _Family, step: Callable[[int], None]) -> tuple[Array, list[Array]]:
    """The weights (columns, sizes, targets) of every model of the family, and its penalties."""
    model, width, targets = family.model, len(family.model.columns.degree), len(run.forces)
    blocks = width * np.arange(len(model.centers))[:, None]
    of_atoms, free = blocks.size * width, 0 if run.energies is None else run.energies.columns
    grams = {part: Gram.zeros(of_atoms + free, targets) for part in ("fit", "validate")}
    seen = np.flatnonzero(run.labels != "held")
    accumulate(grams, run.labels[seen], run.structures.take(seen), run.forces_of(seen), model, step)
    if run.energies is not None and isinstance(model, EnergyForm):
        run.energies.add(grams, run.labels, model)
    weights = np.zeros((of_atoms + free, len(family.sizes), targets))
    penalties = []
    for place, size in enumerate(family.sizes):
        chosen = np.r_[(size.columns + blocks).ravel(), of_atoms : of_atoms + free]
        weights[chosen, place], penalty = solve(grams["fit"], grams["validate"], chosen)
        penalties.append(penalty)
    return weights, penalties


def draw_blocks(run: Run) -> Array:
    """Weights (held-out frames, draws) of the held-out frames when whole blocks are drawn again."""
    settings, blocks = run.settings, run.blocks[run.held]
    rng = streams(settings.seed, *STREAMS)["bootstrap"]
    names, member = np.unique(blocks, return_inverse=True)
    counts = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), settings.draws)
    weights = counts[:, member].T.astype(np.float64)
    result: Array = weights / weights.sum(axis=0)
    return result


def shortage(run: Run) -> str:
    """Why the frames decide nothing; empty where they may."""
    fit = np.flatnonzero(run.labels == "fit")
    known = np.unique(run.structures.take(fit).numbers)
    if absent := sorted(set(run.species) - set(known.tolist())):
        names = ", ".join(SYMBOLS[z] for z in absent)
        return f"no fitted frame holds {names}: give more frames with this species, or leave it out"
    rows = 3 * int(run.structures.counts[fit].sum())
    if rows < run.width:
        return (
            f"{len(fit)} frames give {rows} force components to fit, fewer than the {run.width} "
            f"weights of ℓ ≤ {run.settings.l_max}: give more frames, or fewer factors, degrees or "
            "radial functions"
        )
    return ""
