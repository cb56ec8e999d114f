"""The graph of a molecule: atoms, and bonds between atoms that are near on average."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from numeric_checks.molecules.distances import mean_distances
from numeric_checks.molecules.structures import Structures

if TYPE_CHECKING:
    import networkx

__all__ = ["BOND", "bond_graph", "refined"]

#: Two atoms are bonded where they are closer than this times the sum of their covalent radii.
BOND = 1.25


def bond_graph(structures: Structures) -> networkx.Graph:
    """Atoms of a molecule as nodes, with their atomic ``number``, and its bonds as edges.

    Distances are averaged over the frames, so that one stretched frame breaks no bond; of a
    periodic atom the nearest image counts.

    Raises:
        ValueError: the frames hold different atoms.
        ModuleNotFoundError: networkx or ASE is not installed.

    >>> water = Structures.of_molecule([[[0, 0, 0], [0.96, 0, 0], [-0.2, 0.94, 0]]], [8, 1, 1])
    >>> sorted(bond_graph(water).edges)
    [(0, 1), (0, 2)]
    """
    import networkx
    from ase.data import covalent_radii

    numbers = structures.molecule[1]
    radii = np.array([covalent_radii[number] for number in numbers.tolist()])
    near = mean_distances(structures) < BOND * (radii[:, None] + radii)
    graph = networkx.Graph()
    graph.add_nodes_from((i, {"number": number}) for i, number in enumerate(numbers.tolist()))
    graph.add_edges_from((int(a), int(b)) for a, b in np.argwhere(near) if a < b)
    return graph


def refined(graph: networkx.Graph, fixed: int | None = None) -> list[int]:
    """Colours of the atoms: equal where elements, bonds, bonds of neighbours and so on are equal.

    Atoms that an automorphism exchanges, one that leaves ``fixed`` in its place, have one colour.
    The converse does not hold for every graph. Colours are numbered from 0.
    """
    keys: list[object] = [(graph.nodes[i]["number"], i == fixed) for i in range(len(graph))]
    colours = _numbered(keys)
    while True:
        around = [Counter(colours[k] for k in graph[i]) for i in range(len(graph))]
        again = _numbered(
            [(colours[i], tuple(sorted(around[i].items()))) for i in range(len(graph))]
        )
        if max(again, default=0) == max(colours, default=0):
            return again
        colours = again


def _numbered(keys: list[object]) -> list[int]:
    order = {key: place for place, key in enumerate(sorted(set(keys), key=repr))}
    return [order[key] for key in keys]
