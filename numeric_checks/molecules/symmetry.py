"""Neighbours that symmetry makes indistinguishable, and what can be read of one of them (T9).

Let ``q`` neighbours of an atom be exchanged by a symmetry of the distribution of configurations.
No feature tells which of them is marked, so the best prediction of y_ℓ(û_1) is the average over the
q, and the share of the field that can be read is S_ℓ = (1/q²) Σ_ij P_ℓ(û_i·û_j), however good the
network is.

The symmetries are found in two steps. Automorphisms of the graph of bonds that leave the atom in
its place say which neighbours may be exchanged. The frames must confirm it: the distances of the
exchanged neighbours to the atoms of every class must be distributed alike. Under proper rotations
alone the handedness of triples of atoms must be distributed alike too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import eval_legendre

from numeric_checks.molecules.bonds import bond_graph, refined
from numeric_checks.molecules.distances import mean_distances, vectors_to
from numeric_checks.molecules.structures import Structures
from span_theorem.arguments import natural

if TYPE_CHECKING:
    import networkx

__all__ = ["ALIKE", "Exchange", "attainable_share", "exchanges", "share_of_rows"]

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Distributions are alike where their means differ by less than this many standard deviations.
ALIKE = 0.5
#: Mean distances cannot be told apart where they differ by fewer standard errors.
TIE_ERRORS = 3.0
#: Frames that the distributions are taken from, at most.
_FRAMES = 500
#: An exchanged neighbour is as far on average; one farther than this many times is not looked at.
_FARTHER = 1.25
#: Atoms whose handedness is looked at: the nearest, in whole classes.
_TRIPLES = 10


def attainable_share(vectors: Array, degrees: int) -> Array:
    """S_ℓ for ℓ = 1 … ``degrees``: the share of y_ℓ(û_1) that is left when q directions are alike.

    Args:
        vectors: (…, q, 3) unit vectors û_1 … û_q.
        degrees: the last ℓ.

    Returns:
        (…, ``degrees``) float64, between 0 and 1: (1/q²) Σ_ij P_ℓ(û_i·û_j).

    >>> two = np.array([[1.0, 0.0, 0.0], [-0.5, np.sqrt(0.75), 0.0]])
    >>> attainable_share(two, 3).round(5).tolist()
    [0.25, 0.4375, 0.71875]
    """
    natural("degrees", degrees)
    cosines = np.clip(np.einsum("...ia,...ja->...ij", vectors, vectors), -1.0, 1.0)
    shares = [eval_legendre(ell, cosines).mean(axis=(-2, -1)) for ell in range(1, degrees + 1)]
    return np.stack(shares, axis=-1) if shares else np.zeros((*vectors.shape[:-2], 0))


@dataclass(frozen=True)
class Exchange:
    """Neighbours of ``atom`` that the graph exchanges with its marked one, and what frames say.

    ``neighbors``: the marked neighbour first, then those that the frames confirm. ``doubtful``:
    those that the graph exchanges and the frames do not confirm, as the distributions differ by
    ``difference`` standard deviations at most. ``tied``: a doubtful one is as near as the marked
    neighbour, within the error of the mean distance.
    """

    atom: int
    neighbors: tuple[int, ...]
    doubtful: tuple[int, ...] = ()
    difference: float = 0.0
    tied: bool = False


def exchanges(
    structures: Structures, marked: Sequence[int], mirrors: bool = True
) -> tuple[Exchange, ...]:
    """The neighbours that may stand for the marked one of every atom of a molecule.

    Args:
        structures: frames of one molecule.
        marked: the marked neighbour of every atom.
        mirrors: exchanges may be combined with a reflection: features are equivariant under O(3).

    Returns:
        Those of the atoms that have any; at most 500 frames, evenly spaced, are looked at.

    Raises:
        ValueError: the frames hold different atoms.
        ModuleNotFoundError: networkx or ASE is not installed.
    """
    frames = len(structures)
    index = np.unique(np.linspace(0, frames - 1, min(frames, _FRAMES)).round().astype(np.int64))
    part = structures.take(index)
    graph, found = bond_graph(part), []
    near = mean_distances(part)
    for atom, neighbour in enumerate(marked):
        colours = refined(graph, fixed=atom)
        same = np.array(colours) == colours[neighbour]
        same &= near[atom] < _FARTHER * near[atom, neighbour]
        alike = [
            other
            for other in np.flatnonzero(same).tolist()
            if other not in (atom, neighbour) and _exchanged(graph, atom, int(neighbour), other)
        ]
        if alike:
            found.append(_confirmed(part, near, colours, atom, int(neighbour), alike, mirrors))
    return tuple(found)


def _exchanged(graph: networkx.Graph, atom: int, first: int, second: int) -> bool:
    """Whether an automorphism leaves ``atom`` in its place and takes ``first`` to ``second``."""
    from networkx import set_node_attributes, vf2pp_is_isomorphic

    pair = []
    for marked in (first, second):
        copy = graph.copy()
        labels = {i: f"{n}" for i, n in graph.nodes(data="number")}
        labels |= {atom: f"{labels[atom]} fixed", marked: f"{labels[marked]} marked"}
        set_node_attributes(copy, labels, "label")
        pair.append(copy)
    return bool(vf2pp_is_isomorphic(*pair, node_label="label"))


def _confirmed(
    structures: Structures,
    near: Array,
    colours: list[int],
    atom: int,
    neighbour: int,
    alike: list[int],
    mirrors: bool,
) -> Exchange:
    """Which of the exchanges of the graph are symmetries of the frames."""
    environments = {
        other: _environment(structures, near, colours, atom, other, mirrors)
        for other in (neighbour, *alike)
    }
    kept, doubtful, least, tied = [neighbour], [], np.inf, False
    for other in alike:
        difference = _difference(environments[neighbour], environments[other])
        if difference <= ALIKE:
            kept.append(other)
            continue
        doubtful.append(other)
        least = min(least, difference)
        gap = _lengths(structures, atom, other) - _lengths(structures, atom, neighbour)
        error = gap.std() / np.sqrt(len(gap))
        tied = tied or abs(float(near[atom, other] - near[atom, neighbour])) < TIE_ERRORS * error
    return Exchange(
        atom, tuple(kept), tuple(doubtful), float(least) if doubtful else 0.0, bool(tied)
    )


def _environment(
    structures: Structures,
    near: Array,
    colours: list[int],
    atom: int,
    other: int,
    mirrors: bool,
) -> Array:
    """What an invariant can see of a neighbour, (frames, values): class by class, sorted."""
    columns = []
    for members in _classes(colours, other).values():
        lengths = [_lengths(structures, other, k) for k in members]
        columns.append(np.sort(np.stack(lengths, axis=1), axis=1))
    if not mirrors:
        columns += _handedness(structures, near, colours, atom, other)
    return np.concatenate(columns, axis=1)


def _classes(colours: list[int], *without: int) -> dict[int, list[int]]:
    """The atoms of every colour, but for those left out; no empty ones."""
    found: dict[int, list[int]] = {}
    for k, colour in enumerate(colours):
        if k not in without:
            found.setdefault(colour, []).append(k)
    return dict(sorted(found.items()))


def _handedness(
    structures: Structures, near: Array, colours: list[int], atom: int, other: int
) -> list[Array]:
    """Signed volumes of the neighbour and two atoms of different classes, seen from ``atom``."""
    around = [k for k in np.argsort(near[atom]).tolist() if k not in (atom, other)]
    close = set(around[:_TRIPLES])
    whole = [m for m in _classes(colours, atom, other).values() if close.issuperset(m)]
    marked, columns = _vectors(structures, atom, other), []
    for first, second in combinations(whole, 2):
        volumes = [
            (marked * np.cross(_vectors(structures, atom, a), _vectors(structures, atom, b))).sum(1)
            for a, b in product(first, second)
        ]
        columns.append(np.sort(np.stack(volumes, axis=1), axis=1))
    return columns


def _difference(first: Array, second: Array) -> float:
    """The largest difference of means, in standard deviations of both."""
    if first.shape != second.shape:
        return float("inf")
    gap = np.abs(first.mean(axis=0) - second.mean(axis=0))
    spread = np.sqrt((first.var(axis=0) + second.var(axis=0)) / 2)
    # Frames that do not move: alike to rounding.
    return float((gap / np.maximum(spread, 1e-6)).max(initial=0.0))


def _vectors(structures: Structures, atom: int, other: int) -> Array:
    rows = structures.offsets[:-1]
    return vectors_to(structures, rows + atom, rows + other)


def _lengths(structures: Structures, atom: int, other: int) -> Array:
    lengths: Array = np.linalg.norm(_vectors(structures, atom, other), axis=1)
    return lengths


def share_of_rows(
    structures: Structures, found: Sequence[Exchange], rows: Integers, degrees: int
) -> Array:
    """S_ℓ frame by frame of the atoms ``rows`` of a molecule, (rows, degrees); 1 without exchange.

    ``found`` are those of :func:`exchanges`.
    """
    result = np.ones((len(rows), degrees))
    starts = structures.offsets[structures.frame_of[rows]]
    atoms = rows - starts
    for exchange in found:
        here = np.flatnonzero(atoms == exchange.atom)
        if len(exchange.neighbors) < 2 or not len(here):
            continue
        vectors = np.stack(
            [
                vectors_to(structures, rows[here], starts[here] + other)
                for other in exchange.neighbors
            ],
            axis=1,
        )
        units = vectors / np.linalg.norm(vectors, axis=2, keepdims=True)
        result[here] = attainable_share(units, degrees)
    return result
