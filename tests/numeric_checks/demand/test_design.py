"""The columns of demand: gradients against finite differences, angles against Legendre, cells."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation
from scipy.special import eval_legendre

from numeric_checks.demand.design import EnergyForm, ForceForm
from numeric_checks.demand.expansion import Basis, expand, neighbor_pairs
from numeric_checks.demand.invariants import Invariants, triples
from numeric_checks.molecules.structures import Structures

Array = NDArray[np.float64]

NUMBERS = np.array([1, 6, 8, 1, 6])
BASIS = Basis((1, 6, 8), 2, 3, 5.0)
CELL = np.array([[6.0, 0.0, 0.0], [1.5, 6.5, 0.0], [0.5, -1.0, 7.0]])


def _energies(invariants: Invariants, structures: Structures, weights: Array) -> Array:
    pairs = neighbor_pairs(structures, invariants.basis.cutoff)
    values = invariants.values(expand(structures, pairs, invariants.basis))
    of_atoms = np.array(
        [values[n] @ weights[[1, 6, 8].index(z)] for n, z in enumerate(structures.numbers)]
    )
    return np.add.reduceat(of_atoms, structures.offsets[:-1])


@pytest.mark.parametrize("cell", [None, CELL])
def test_energy_form_is_minus_the_gradient(cell: Array | None) -> None:
    rng = np.random.default_rng(0)
    positions = 1.5 * rng.normal(size=(1, 5, 3))
    invariants = Invariants(BASIS, 3, mixed=4)
    model = EnergyForm(invariants, (1, 6, 8))
    design = model.design(Structures.of_molecule(positions, NUMBERS, cell))
    weights = rng.normal(size=(3, len(model.columns.degree)))
    forces = (design @ weights.ravel()).reshape(5, 3)
    step = 1e-5
    for atom, axis in ((0, 0), (2, 1), (4, 2)):
        energies = []
        for sign in (1, -1):
            moved = positions.copy()
            moved[0, atom, axis] += sign * step
            frame = Structures.of_molecule(moved, NUMBERS, cell)
            energies.append(_energies(invariants, frame, weights)[0])
        slope = (energies[0] - energies[1]) / (2 * step)
        assert forces[atom, axis] == pytest.approx(-slope, abs=1e-7)


def test_energies_are_sums_over_the_atoms_of_a_frame() -> None:
    rng = np.random.default_rng(3)
    frames = Structures.of_molecule(1.5 * rng.normal(size=(3, 5, 3)), NUMBERS, CELL)
    invariants = Invariants(BASIS, 3, mixed=4)
    weights = rng.normal(size=(3, len(invariants.columns.degree)))
    made = EnergyForm(invariants, (1, 6, 8)).energies(frames)
    assert made @ weights.ravel() == pytest.approx(_energies(invariants, frames, weights))


def test_two_factors_are_legendre_polynomials_of_the_angle() -> None:
    rng = np.random.default_rng(1)
    positions = np.concatenate([np.zeros((1, 3)), rng.normal(size=(4, 3))])[None]
    basis = Basis((1, 8), 4, 1, 50.0)  # one radial function, all neighbours well inside
    structures = Structures.of_molecule(positions, np.array([8, 1, 1, 1, 1]))
    pairs = neighbor_pairs(structures, basis.cutoff)
    values = Invariants(basis, 2).values(expand(structures, pairs, basis))[0]
    around = pairs.vectors[pairs.centre == 0]
    distance = np.linalg.norm(around, axis=1)
    cosine = (around / distance[:, None]) @ (around / distance[:, None]).T
    radial = np.sqrt(2 / 50.0) * np.sin(np.pi * distance / 50.0) / distance
    x = distance / 50.0
    radial *= 1 - 28 * x**6 + 48 * x**7 - 21 * x**8
    for l in range(5):
        expected = (2 * l + 1) / (4 * np.pi) * radial @ eval_legendre(l, cosine) @ radial
        # Columns of two factors: pairs (H, H), (H, O), (O, O) of every degree, after two of one.
        assert values[2 + 3 * l] == pytest.approx(expected, rel=1e-10)


def test_three_factors_are_those_of_the_multiplicities() -> None:
    from span_theorem.irreps import Irrep, Irreps
    from span_theorem.multiplicity import multiplicities

    # One channel a degree: every invariant of Sym³ of even parity is one triple of degrees.
    for top in range(4):
        assert len(triples(top)) == multiplicities(Irreps.upto(top), 3)[Irrep(0, 1)]


def test_invariants_are_invariant_and_vectors_turn() -> None:
    rng = np.random.default_rng(2)
    positions = 1.5 * rng.normal(size=(2, 5, 3))
    turn = Rotation.random(rng=rng).as_matrix()
    frames = Structures.of_molecule(positions, NUMBERS, CELL)
    form = ForceForm(BASIS, 3, (1, 6, 8), mixed=4)
    for model in (form, EnergyForm(Invariants(BASIS, 3, mixed=4), (1, 6, 8))):
        before = model.design(frames).reshape(-1, 3, 3 * len(model.columns.degree))
        after = model.design(frames.turned(turn)).reshape(before.shape)
        assert np.abs(np.einsum("ab,nbk->nak", turn, before) - after).max() < 1e-12
        assert len(model.columns.degree) == len(model.columns.rank) == len(model.columns.factors)


def test_images_count_as_neighbours() -> None:
    wrapped = np.array([[[0.2, 0.0, 0.0], [5.9, 0.0, 0.0]]])
    cell = np.diag([6.0, 40.0, 40.0])
    with_cell = neighbor_pairs(Structures.of_molecule(wrapped, [18, 18], cell), 2.0)
    assert np.linalg.norm(with_cell.vectors, axis=1).tolist() == pytest.approx([0.3, 0.3])
    assert len(neighbor_pairs(Structures.of_molecule(wrapped, [18, 18]), 2.0).centre) == 0
