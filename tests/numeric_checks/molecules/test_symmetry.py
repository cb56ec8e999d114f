"""Neighbours that symmetry exchanges: the graph, the frames, and the share that is left (T9)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from numeric_checks.molecules.bonds import bond_graph
from numeric_checks.molecules.marks import marked_neighbors
from numeric_checks.molecules.structures import Structures
from numeric_checks.molecules.symmetry import attainable_share, exchanges, share_of_rows
from numeric_checks.rotations.wigner import unit_harmonics


def shaken(base: Any, numbers: Any, frames: int = 200, size: float = 0.04) -> Structures:
    rng = np.random.default_rng(3)
    places = np.asarray(base, dtype=float)
    noise = size * rng.normal(size=(frames, *places.shape))
    return Structures.of_molecule(places + noise, np.asarray(numbers))


def molecule(name: str, **options: Any) -> Structures:
    pytest.importorskip("ase")
    from ase.build import molecule as build

    made = build(name)
    return shaken(made.positions, made.numbers, **options)


def test_the_share_is_the_length_of_the_mean_harmonic() -> None:
    """The second route: |(1/q) Σ y_ℓ(û_i)|², without Legendre polynomials."""
    rng = np.random.default_rng(0)
    for q in (1, 2, 3, 4, 6):
        vectors = rng.normal(size=(20, q, 3))
        units = vectors / np.linalg.norm(vectors, axis=2, keepdims=True)
        means = [y.mean(axis=1) for y in unit_harmonics(6, units)[1:]]
        expected = np.stack([(m**2).sum(axis=1) for m in means], axis=1)
        np.testing.assert_allclose(attainable_share(units, 6), expected, atol=1e-12)


def test_shares_of_regular_stars() -> None:
    """q directions in a plane, and the tetrahedron, whose first invariant has degree 3."""
    angle = 2 * np.pi * np.arange(3) / 3
    plane = np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=1)
    np.testing.assert_allclose(
        attainable_share(plane[:2], 4), [1 / 4, 7 / 16, 23 / 32, 91 / 256], atol=1e-12
    )
    np.testing.assert_allclose(attainable_share(plane, 3), [0, 1 / 4, 5 / 8], atol=1e-12)
    corners = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) / np.sqrt(3)
    np.testing.assert_allclose(attainable_share(corners, 3), [0, 0, 5 / 9], atol=1e-12)


def test_benzene_exchanges_the_neighbours_of_every_carbon() -> None:
    structures = molecule("C6H6")
    marked = marked_neighbors(structures).tolist()
    found = exchanges(structures, marked)
    # Brute force: the orbits of the marked neighbour under all automorphisms that fix the atom.
    from networkx.algorithms.isomorphism import GraphMatcher

    graph = bond_graph(structures)
    maps = list(
        GraphMatcher(
            graph, graph, node_match=lambda a, b: a["number"] == b["number"]
        ).isomorphisms_iter()
    )
    assert len(maps) == 12
    orbits = [{m[j] for m in maps if m[i] == i} for i, j in enumerate(marked)]
    assert {e.atom: set(e.neighbors) for e in found} == {
        i: orbit for i, orbit in enumerate(orbits) if len(orbit) > 1
    }
    assert [e.atom for e in found] == list(range(6))
    assert not any(e.doubtful for e in found)
    rows = np.arange(12)
    shares = share_of_rows(structures, found, rows, 4)
    np.testing.assert_allclose(
        shares[:6].mean(axis=0), [1 / 4, 7 / 16, 23 / 32, 91 / 256], atol=0.02
    )
    assert (shares[6:] == 1).all()


@pytest.mark.parametrize("name", ["CH3CH2OH", "CH3COOH"])
def test_molecules_without_such_neighbours(name: str) -> None:
    """Exchanged hydrogens are never marked."""
    structures = molecule(name)
    assert exchanges(structures, marked_neighbors(structures).tolist()) == ()


# A central boron with three fluorines, one of which may be told apart by the frames.
STAR = [[0, 0, 0], [1.3, 0, 0], [-0.65, 1.1258, 0], [-0.65, -1.1258, 0]]
ELEMENTS = [5, 9, 9, 9]


def test_what_the_frames_do_not_confirm_is_doubtful() -> None:
    marked = [1, 0, 0, 0]
    (found,) = exchanges(shaken(STAR, ELEMENTS), marked)
    assert (found.atom, found.neighbors, found.doubtful) == (0, (1, 2, 3), ())
    longer = np.array(STAR, dtype=float)
    longer[3] *= 1.1
    (found,) = exchanges(shaken(longer, ELEMENTS), marked)
    assert (found.neighbors, found.doubtful, found.tied) == ((1, 2), (3,), False)
    assert found.difference > 1
    # Equally far from the centre, but nearer to one of the others: a tie that nothing resolves.
    bent = np.array(STAR, dtype=float)
    bent[3] = 1.3 * np.array([np.cos(-1.6), np.sin(-1.6), 0])
    (found,) = exchanges(shaken(bent, ELEMENTS), [2, 0, 0, 0])
    assert found.doubtful
    assert found.tied


def test_a_mirror_image_is_an_exchange_under_reflections_alone() -> None:
    """CHF with two equal chlorines: they are told apart by the handedness of the site."""
    corners = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) / np.sqrt(3)
    places = np.concatenate([[[0, 0, 0]], corners * np.array([[1.1], [1.35], [1.7], [1.7]])])
    structures = shaken(places, [6, 1, 9, 17, 17])
    marked = [3, 0, 0, 0, 0]
    (found,) = exchanges(structures, marked)
    assert found.neighbors == (3, 4)
    (found,) = exchanges(structures, marked, mirrors=False)
    assert (found.neighbors, found.doubtful) == ((3,), (4,))
    # A rotation about an axis in the plane exchanges the neighbours in benzene too.
    ring = molecule("C6H6")
    kept = exchanges(ring, marked_neighbors(ring).tolist(), mirrors=False)
    assert [len(e.neighbors) for e in kept] == [2] * 6


def test_real_trajectories_confirm_what_their_molecules_say(data_dir: Any) -> None:
    from numeric_checks.molecules.data import load

    expected = {"benzene_rmd17": 6, "toluene_rmd17": 2, "aspirin_rmd17": 0, "ethanol_rmd17": 0}
    for name, count in expected.items():
        structures = load(data_dir / f"{name}.npz").take(slice(0, 300)).structures
        found = exchanges(structures, marked_neighbors(structures).tolist())
        assert sum(len(e.neighbors) > 1 for e in found) == count, name
