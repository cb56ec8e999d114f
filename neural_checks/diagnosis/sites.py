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

from neural_checks.backbones.equivariance import Group
from neural_checks.backbones.form import cutoff_of
from neural_checks.backbones.neighbors import edges
from neural_checks.diagnosis.result import Row, Site, SiteKind
from neural_checks.features.recorded import FeatureSet
from neural_checks.readouts.bootstrap import trajectory_blocks
from neural_checks.readouts.samples import Samples, force_errors
from numeric_checks.molecules.bonds import BOND
from numeric_checks.molecules.distances import vectors_to
from numeric_checks.molecules.marks import TIE, directions, fixed_topology, margins, marked_rows
from numeric_checks.molecules.structures import Structures
from numeric_checks.molecules.symbols import SYMBOLS
from numeric_checks.molecules.symmetry import Exchange, exchanges, share_of_rows

__all__ = ["MIN_FIT", "MIN_HELD", "Collected", "collect_sites"]

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Fewer rows than these decide nothing.
MIN_FIT, MIN_HELD = 40, 20
#: Rows of one kind that are fitted, and held out, at most: spread evenly over the frames.
MOST_FIT, MOST_HELD = 6000, 3000


@dataclass(frozen=True)
class Collected:
    """Samples that are fitted one by one; ``sites`` names the sites of all of them, in order.

    ``units`` holds, for every part of ``samples``, what the bootstrap draws together: the frame,
    or block of frames, of every held-out row. ``left_out`` says what is not measured, ``notes``
    what a reader must know of what is.
    """

    samples: tuple[Samples, ...]
    sites: tuple[Site, ...]
    units: tuple[Integers, ...]
    left_out: tuple[str, ...]
    by_atom: bool
    notes: tuple[str, ...] = ()

    @property
    def rows(self) -> Integers:
        """The unit of every held-out row of all sites, as :func:`pool` puts the rows in order."""
        parts = zip(self.samples, self.units, strict=True)
        return np.concatenate([np.tile(unit, part.vectors.shape[1]) for part, unit in parts])

    @property
    def attainable(self) -> Array:
        """S_ℓ of every site, (ℓ, sites); 1 where nothing is exchanged."""
        return np.array([site.attainable for site in self.sites]).T


@dataclass(frozen=True)
class _Marks:
    """The marked neighbours of all rows: ``there`` where the field can be read.

    ``exchanged`` are the neighbours that symmetry exchanges, for the atoms of one molecule.
    """

    rows: Integers
    there: NDArray[np.bool_]
    exchanged: tuple[Exchange, ...]
    left_out: tuple[str, ...]
    notes: tuple[str, ...]


def collect_sites(features: FeatureSet, kind: SiteKind, degrees: int = 0) -> Collected:
    """The samples of ``features`` by ``kind`` of site.

    ``SiteKind.AUTO`` stands for atoms where every frame holds the same ones and they keep their
    neighbours, else for species.
    Atoms are left out where the field is not there to be read: the marked neighbour is farther than
    the network's cut-off, the features do not depend on it, or nothing tells it from another that
    is as near. The sites carry S_ℓ for ℓ = 1 … ``degrees``.

    Raises:
        ValueError: atoms are asked for and the frames hold different ones; no site is left.
    """
    kind = SiteKind(kind)
    structures = features.structures
    fitted = structures.take(~features.held_out)
    fixed = fixed_topology(fitted) and structures.fixed
    if kind is SiteKind.AUTO:
        kind = SiteKind.ATOMS if fixed else SiteKind.SPECIES
    held = np.flatnonzero(features.held_out)
    order = features.order
    blocks = trajectory_blocks(None if order is None else order[held])
    units = np.arange(len(held)) if blocks is None else blocks
    marks = _marks(features, fixed)
    found = (
        _atoms(features, marks, units, degrees)
        if kind is SiteKind.ATOMS
        else _kinds(features, kind, marks, units, degrees)
    )
    left_out = (*found.left_out, *marks.left_out)
    if not found.samples:
        raise ValueError("no site is left to measure: " + "; ".join(left_out))
    return replace(found, left_out=left_out, notes=marks.notes)


def _marks(features: FeatureSet, fixed: bool) -> _Marks:
    """Marked neighbours, and where the field that they make is not there to be read."""
    structures = features.structures
    over = structures.take(~features.held_out) if structures.fixed else None
    rows = marked_rows(structures, over)
    near, cutoff = _within(features, rows)
    there, left_out, notes = near.copy(), [], list[str]()
    far = int(((rows >= 0) & ~near).sum())
    if far:
        left_out.append(
            f"{far} of {len(near)} atoms in all frames: their marked neighbour is beyond the "
            f"network's cut-off of {cutoff:g} Å"
        )
    found: tuple[Exchange, ...] = ()
    gone: list[tuple[int, str]] = [
        (atom, "no path in the network's graph leads from the marked neighbour to it")
        for atom in features.unseen
    ]
    if fixed:
        first = rows[: int(structures.counts[0])]
        # Under rotations alone features tell mirror images apart.
        mirrors = features.found.group is Group.O3
        found = exchanges(structures.take(~features.held_out), first.tolist(), mirrors)
        gone += [(e.atom, _TIED) for e in found if e.tied]
        notes += [_doubtful(structures, e) for e in found if e.doubtful and not e.tied]
    else:
        tied = near & (margins(structures) < TIE)
        if tied.any():
            left_out.append(
                f"{int(tied.sum())} of {len(near)} atoms in all frames: two neighbours are the "
                "nearest, so none is marked"
            )
        there &= ~tied
    for atom, reason in gone:
        there[structures.offsets[:-1] + atom] = False
        left_out.append(f"{_name(structures, atom)}: {reason}")
    return _Marks(rows, there, found, tuple(left_out), tuple(notes))


_TIED = (
    "a tie: the graph exchanges its marked neighbour with another whose mean distance is the "
    "same, but the frames are not symmetric under the exchange"
)


def _name(structures: Structures, atom: int) -> str:
    return f"{SYMBOLS[int(structures.numbers[atom])]}{atom}"


def _doubtful(structures: Structures, found: Exchange) -> str:
    others = ", ".join(_name(structures, other) for other in found.doubtful)
    return (
        f"{_name(structures, found.atom)}: the graph exchanges the marked neighbour with {others}, "
        f"but the frames tell them apart (distances differ by {found.difference:.1f} standard "
        "deviations); S_ℓ is taken without this exchange"
    )


def _within(features: FeatureSet, marked: Integers) -> tuple[NDArray[np.bool_], float]:
    """Which atoms have a marked neighbour within the network's cut-off, where that is known."""
    rows = np.flatnonzero(marked >= 0)
    near = marked >= 0
    cutoff = cutoff_of(features.description)
    if cutoff is None:
        return near, float("inf")
    vectors = vectors_to(features.structures, rows, marked[rows])
    near[rows] = np.linalg.norm(vectors, axis=1) <= cutoff
    return near, cutoff


def _atoms(features: FeatureSet, marks: _Marks, units: Integers, degrees: int) -> Collected:
    """Every atom of a molecule; those whose field is not there in half the frames are left out."""
    structures = features.structures
    samples = features.samples()
    frames, atoms, _ = samples.vectors.shape
    kept = np.flatnonzero(marks.there.reshape(frames, atoms).mean(axis=0) > 0.5).tolist()
    within = (marks.rows.reshape(frames, atoms) - structures.offsets[:-1, None]).T.tolist()
    # None where it is another neighbour in another frame.
    neighbors = [row[0] if len(set(row)) == 1 else None for row in within]
    others = {e.atom: e.neighbors[1:] for e in marks.exchanged}
    starts = structures.offsets[:-1][features.held_out]
    sites = tuple(
        Site(
            _name(structures, i),
            int(structures.numbers[i]),
            neighbors[i],
            len(samples.held),
            others.get(i, ()),
            _share(structures, marks, starts + i, degrees),
        )
        for i in kept
    )
    parts = (samples if len(kept) == atoms else samples.at(kept),) if kept else ()
    return Collected(parts, sites, (units,) * len(parts), (), by_atom=True)


def _share(structures: Structures, marks: _Marks, rows: Integers, degrees: int) -> Row:
    """S_ℓ of some rows together."""
    shares = share_of_rows(structures, marks.exchanged, rows, degrees)
    return tuple(shares.mean(axis=0).tolist())


def _kinds(
    features: FeatureSet, kind: SiteKind, marks: _Marks, units: Integers, degrees: int
) -> Collected:
    structures = features.structures
    labels = _labels(structures, kind)
    vectors = directions(structures, marks.rows)
    errors, rms = force_errors(
        features.reference_forces, features.evaluation.forces, structures.rows(~features.held_out)
    )
    held_rows = features.held_out[structures.frame_of]
    unit = np.zeros(len(structures), dtype=np.int64)
    unit[features.held_out] = units
    samples, sites, of_rows, left_out = [], [], [], []
    lone = int((marks.rows < 0).sum())
    if lone:
        left_out.append(f"{lone} atoms with only hydrogen beside them")
    for label in sorted(set(labels.tolist())):
        here = marks.there & (labels == label)
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
                errors=errors[rows][:, None],
                positions=structures.positions[rows][:, None],
                fit=np.arange(len(fit)),
                held=np.arange(len(fit), len(rows)),
                force_rms=rms,
            )
        )
        share = _share(structures, marks, held, degrees)
        sites.append(Site(label, int(structures.numbers[rows[0]]), None, len(held), (), share))
        of_rows.append(unit[structures.frame_of[held]])
    return Collected(tuple(samples), tuple(sites), tuple(of_rows), tuple(left_out), by_atom=False)


def _spread(rows: Integers, most: int) -> Integers:
    """At most ``most`` of the rows, evenly spread."""
    if len(rows) <= most:
        return rows
    return rows[np.linspace(0, len(rows) - 1, most).round().astype(np.int64)]


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
