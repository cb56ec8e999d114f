"""What is measured together: the atoms of one molecule, or all atoms of one kind.

*Atoms*: every frame holds the same atoms in the same order. Each atom is a site with a readout of
its own, and its marked neighbour is the same in all frames.

*Kinds*: a readout is shared by all atoms of one species (``"species"``), or of one species with the
same bonded neighbours (``"environment"``: as C(C2H1) for a carbon bonded to two carbons and one
hydrogen). The marked neighbour is that of :mod:`numeric_checks.molecules.marks`: fixed where the
frames hold one molecule, otherwise the nearest in the frame. The rows of a fit are atoms, and those
of one frame stay together in the bootstrap.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neural_checks.backbones.neighbors import edges
from neural_checks.diagnosis.result import Site, SiteKind
from neural_checks.features.recorded import FeatureSet
from neural_checks.readouts.bootstrap import trajectory_blocks
from neural_checks.readouts.samples import Samples
from numeric_checks.molecules.distances import vectors_to
from numeric_checks.molecules.marks import directions, fixed_topology, marked_rows
from numeric_checks.molecules.structures import Structures
from numeric_checks.molecules.symbols import SYMBOLS

__all__ = ["MIN_FIT", "MIN_HELD", "Collected", "collect_sites"]

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Fewer rows than these decide nothing.
MIN_FIT, MIN_HELD = 40, 20
#: Rows of one kind that are fitted, and held out, at most: spread evenly over the frames.
MOST_FIT, MOST_HELD = 6000, 3000
#: Two atoms are bonded where they are closer than this times the sum of their covalent radii.
BOND = 1.25


@dataclass(frozen=True)
class Collected:
    """Samples that are fitted one by one; ``sites`` names the sites of all of them, in order.

    ``units`` holds, for every part of ``samples``, what the bootstrap draws together: the frame,
    or block of frames, of every held-out row. ``left_out`` says what is not measured.
    """

    samples: tuple[Samples, ...]
    sites: tuple[Site, ...]
    units: tuple[Integers, ...]
    left_out: tuple[str, ...]
    by_atom: bool

    @property
    def rows(self) -> Integers:
        """The unit of every held-out row of all sites, as :func:`pool` puts the rows in order."""
        parts = zip(self.samples, self.units, strict=True)
        return np.concatenate([np.tile(unit, part.vectors.shape[1]) for part, unit in parts])


def collect_sites(features: FeatureSet, kind: SiteKind) -> Collected:
    """The samples of ``features`` by ``kind`` of site.

    ``SiteKind.AUTO`` stands for atoms where every frame holds the same ones and they keep their
    neighbours, else for species.
    Atoms whose marked neighbour is farther than the network's cut-off are left out: the field is
    not there to be read.

    Raises:
        ValueError: atoms are asked for and the frames hold different ones; no site is left.
    """
    structures = features.structures
    fitted = structures.take(~features.held_out)
    if kind is SiteKind.AUTO:
        kind = SiteKind.ATOMS if fixed_topology(fitted) and structures.fixed else SiteKind.SPECIES
    held = np.flatnonzero(features.held_out)
    order = features.order
    blocks = trajectory_blocks(None if order is None else order[held])
    units = np.arange(len(held)) if blocks is None else blocks
    marked = marked_rows(structures, fitted if structures.fixed else None)
    near, cutoff = _within(features, marked)
    found = (
        _atoms(features, marked, near, units)
        if kind is SiteKind.ATOMS
        else _kinds(features, kind, marked, near, units)
    )
    far = int(((marked >= 0) & ~near).sum())
    lines = found.left_out
    if far:
        lines += (
            f"{far} of {len(near)} atoms in all frames: their marked neighbour is beyond the "
            f"network's cut-off of {cutoff:g} Å",
        )
    if not found.samples:
        raise ValueError("no site is left to measure: " + "; ".join(lines))
    return replace(found, left_out=lines)


def _within(features: FeatureSet, marked: Integers) -> tuple[NDArray[np.bool_], float]:
    """Which atoms have a marked neighbour within the network's cut-off, where that is known."""
    rows = np.flatnonzero(marked >= 0)
    near = marked >= 0
    cutoff = features.description.get("cutoff")
    if not isinstance(cutoff, int | float):
        return near, float("inf")
    vectors = vectors_to(features.structures, rows, marked[rows])
    near[rows] = np.linalg.norm(vectors, axis=1) <= cutoff
    return near, float(cutoff)


def _atoms(
    features: FeatureSet, marked: Integers, near: NDArray[np.bool_], units: Integers
) -> Collected:
    """Every atom of a molecule; those whose neighbour is beyond the cut-off in half the frames
    are left out."""
    samples = features.samples()
    frames, atoms, _ = samples.vectors.shape
    kept = np.flatnonzero(near.reshape(frames, atoms).mean(axis=0) > 0.5).tolist()
    numbers = features.numbers.tolist()
    within = (marked.reshape(frames, atoms) - features.structures.offsets[:-1, None]).T.tolist()
    # None where it is another neighbour in another frame.
    neighbors = [row[0] if len(set(row)) == 1 else None for row in within]
    sites = tuple(
        Site(f"{SYMBOLS[numbers[i]]}{i}", numbers[i], neighbors[i], len(samples.held)) for i in kept
    )
    parts = (samples if len(kept) == atoms else samples.at(kept),) if kept else ()
    return Collected(parts, sites, (units,) * len(parts), (), by_atom=True)


def _kinds(
    features: FeatureSet,
    kind: SiteKind,
    marked: Integers,
    near: NDArray[np.bool_],
    units: Integers,
) -> Collected:
    structures = features.structures
    labels = _labels(structures, kind)
    vectors, errors, rms = directions(structures, marked), _errors(features), _force_rms(features)
    held_rows = features.held_out[structures.frame_of]
    unit = np.zeros(len(structures), dtype=np.int64)
    unit[features.held_out] = units
    samples, sites, of_rows, left_out = [], [], [], []
    lone = int((marked < 0).sum())
    if lone:
        left_out.append(f"{lone} atoms with only hydrogen beside them")
    for label in sorted(set(labels.tolist())):
        here = near & (labels == label)
        fit = _spread(np.flatnonzero(here & ~held_rows), MOST_FIT)
        held = _spread(np.flatnonzero(here & held_rows), MOST_HELD)
        if len(fit) < MIN_FIT or len(held) < MIN_HELD:
            left_out.append(f"{label}: {len(fit)} atoms to fit and {len(held)} held out, too few")
            continue
        rows = np.concatenate([fit, held])
        blocks = {name: v[rows][:, None] for name, v in features.evaluation.features.items()}
        samples.append(
            Samples(
                features=blocks,
                vectors=vectors[rows][:, None],
                errors=errors[rows][:, None] / rms,
                positions=structures.positions[rows][:, None],
                fit=np.arange(len(fit)),
                held=np.arange(len(fit), len(rows)),
                force_rms=rms,
            )
        )
        sites.append(Site(label, int(structures.numbers[rows[0]]), None, len(held)))
        of_rows.append(unit[structures.frame_of[held]])
    return Collected(tuple(samples), tuple(sites), tuple(of_rows), tuple(left_out), by_atom=False)


def _spread(rows: Integers, most: int) -> Integers:
    """At most ``most`` of the rows, evenly spread."""
    if len(rows) <= most:
        return rows
    return rows[np.linspace(0, len(rows) - 1, most).round().astype(np.int64)]


def _errors(features: FeatureSet) -> Array:
    """Force errors (atoms_total, 3), eV/Å; zero where they are not known."""
    forces = features.evaluation.forces
    if features.reference_forces is None or np.isnan(forces).all():
        return np.zeros_like(features.structures.positions)
    return features.reference_forces - forces


def _force_rms(features: FeatureSet) -> float:
    """RMS length of a force over the fitted frames, eV/Å; 1 where forces are not known."""
    if features.reference_forces is None:
        return 1.0
    rows = features.structures.rows(~features.held_out)
    return float(np.sqrt((features.reference_forces[rows] ** 2).sum(axis=1).mean()))


def _labels(structures: Structures, kind: SiteKind) -> NDArray[np.str_]:
    """(atoms_total,) names of kinds."""
    symbols = np.array([SYMBOLS[number] for number in structures.numbers.tolist()])
    if kind is SiteKind.SPECIES:
        return symbols
    bonded: list[Counter[str]] = [Counter() for _ in symbols]
    for centre, neighbour in _bonds(structures):
        bonded[centre][str(symbols[neighbour])] += 1
    around = ["".join(f"{s}{n}" for s, n in sorted(counts.items())) for counts in bonded]
    return np.array([f"{s}({n})" for s, n in zip(symbols.tolist(), around, strict=True)])


def _bonds(structures: Structures) -> Iterator[tuple[int, int]]:
    """Ordered pairs of rows that are bonded."""
    from ase.data import covalent_radii

    radii = np.array([covalent_radii[number] for number in structures.numbers.tolist()])
    pairs = edges(structures, 2 * BOND * float(radii.max()))
    cells = structures.cells[structures.frame_of[pairs.centres]]
    vectors = structures.positions[pairs.neighbours] - structures.positions[pairs.centres]
    vectors += np.einsum("ea,eab->eb", pairs.shifts, cells)
    near = np.linalg.norm(vectors, axis=1) < BOND * (radii[pairs.centres] + radii[pairs.neighbours])
    yield from zip(pairs.centres[near].tolist(), pairs.neighbours[near].tolist(), strict=True)
