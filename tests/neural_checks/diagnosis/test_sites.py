"""Atoms of one molecule, and kinds of site where frames hold different ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from neural_checks.backbones.interface import Evaluation
from neural_checks.diagnosis.measure import diagnose
from neural_checks.diagnosis.result import Options, SiteKind
from neural_checks.diagnosis.sites import _labels, collect_sites
from neural_checks.features.recorded import FeatureSet, record
from neural_checks.readouts.verdict import Outcome
from numeric_checks.molecules.data import ForceData
from numeric_checks.molecules.structures import Structures

FAST = Options(draws=200, orientations=8)


def recorded(backbone: Any, data: ForceData, fit: int) -> FeatureSet:
    index = np.arange(len(data))
    return record(backbone, data, index[:fit], index[fit:], np.random.default_rng(0))


@pytest.fixture(scope="module")
def mixed(toy: Any) -> FeatureSet:
    """Two molecules of five and four atoms, one frame of each after the other."""
    five = toy.toy_data(220).structures
    four = Structures.of_molecule(five.molecule[0][:, :4] * 1.05, [6, 7, 8, 6])
    frames = [part.take([n]) for n in range(110) for part in (five, four)]
    structures = Structures.join(frames)
    rng = np.random.default_rng(1)
    forces = rng.normal(size=structures.positions.shape)
    data = ForceData(structures, np.zeros(len(structures)), forces, "mixed")

    class Density(toy.DensityBackbone):  # type: ignore[misc]
        def evaluate(self, structures: Structures) -> Evaluation:
            parts = []
            for n in range(len(structures)):
                one = super().evaluate(structures.take([n]).molecule[0])
                features = {name: v[0] for name, v in one.features.items()}
                parts.append(Evaluation(features, one.energies, one.forces[0]))
            return Evaluation.join(parts)

    return recorded(Density(L=1), data, 150)


def test_frames_of_different_atoms_are_measured_by_species(mixed: FeatureSet) -> None:
    found = diagnose(mixed, FAST)
    assert found.verdict.outcome is Outcome.AGREES
    assert [site.label for site in found.sites] == ["C", "N", "O"]
    # Held out are 35 frames of each molecule: three and two carbons, one of each other.
    assert [site.rows for site in found.sites] == [175, 70, 70]
    assert found.orientation is None
    assert np.shape(found.per_site) == (5, 3)
    assert "by site" in found.plot().axes[1].get_title()
    with pytest.raises(ValueError, match="different atoms"):
        diagnose(mixed, replace(FAST, sites=SiteKind.ATOMS))


def test_the_atoms_of_a_frame_are_drawn_together(mixed: FeatureSet) -> None:
    found = collect_sites(mixed, SiteKind.SPECIES)
    counts = np.bincount(found.rows)
    assert sorted(set(counts)) == [4, 5]
    assert len(counts) == 70
    ordered = replace(mixed, order=np.arange(220))
    blocks = collect_sites(ordered, SiteKind.SPECIES).rows
    assert len(np.unique(blocks)) == 50


def test_one_molecule_by_species_recovers_the_same_degrees(toy: Any) -> None:
    made = recorded(toy.DensityBackbone(L=1), toy.toy_data(220), 160)
    found = diagnose(made, replace(FAST, sites=SiteKind.SPECIES))
    assert found.verdict.agrees
    assert [(site.label, site.rows) for site in found.sites] == [("C", 180), ("N", 60), ("O", 60)]
    # A site of one atom is the same measurement by either name.
    atoms = diagnose(made, FAST)
    np.testing.assert_allclose(
        np.array(found.per_site)[:, 1:], np.array(atoms.per_site)[:, [4, 2]], atol=1e-9
    )


def test_a_neighbour_beyond_the_cut_off_is_no_field_to_be_read(toy: Any) -> None:
    class Short(toy.DensityBackbone):  # type: ignore[misc]
        @property
        def description(self) -> dict[str, Any]:
            return {"package": "toy", "cutoff": 1.47}

    made = recorded(Short(L=1), toy.toy_data(220), 160)
    found = diagnose(made, FAST)
    assert any("cut-off of 1.47 Å" in line for line in found.left_out)
    assert "left out:" in found.table()
    # The neighbour of N4 is 1.49 Å away, that of the others 1.4 to 1.44 Å.
    assert [site.label for site in found.sites] == ["C0", "C1", "O2", "C3"]
    blind = replace(made, description={"cutoff": 0.5})
    with pytest.raises(ValueError, match="no site is left"):
        diagnose(blind, FAST)


def test_environments_are_bonded_neighbours() -> None:
    ase = pytest.importorskip("ase")
    from ase.build import molecule

    ethanol: Any = molecule("CH3CH2OH")
    assert isinstance(ethanol, ase.Atoms)
    structures = Structures.of_molecule(ethanol.positions[None], ethanol.numbers)
    labels = _labels(structures, SiteKind.ENVIRONMENT).tolist()
    assert sorted(labels) == sorted(["C(C1H2O1)", "C(C1H3)", "O(C1H1)", "H(O1)", *["H(C1)"] * 5])
    # Through the walls of a cell: the same molecule, wrapped.
    box = np.diag([9.0, 9.0, 9.0])
    wrapped = np.mod(ethanol.positions + np.array([8.9, 0.1, 4.0]), 9.0)
    again = Structures.of_molecule(wrapped[None], ethanol.numbers, cell=box)
    assert _labels(again, SiteKind.ENVIRONMENT).tolist() == labels


def test_a_neighbour_that_no_path_leads_from_is_no_field_to_be_read(toy: Any) -> None:
    """A network that leaves pairs of carbon and oxygen out: O2 marks a carbon, C1 another one."""

    class Deaf(toy.DensityBackbone):  # type: ignore[misc]
        def evaluate(self, structures: Structures) -> Evaluation:
            parts = []
            for one in structures.batches(1):
                positions, numbers = one.positions, one.numbers
                whole = super().evaluate(positions[None])
                alone = [
                    super(Deaf, self).evaluate(positions[None, kept])
                    for kept in (np.flatnonzero(numbers != 8), np.flatnonzero(numbers == 8))
                ]
                features = {name: np.zeros_like(v[0]) for name, v in whole.features.items()}
                for name, values in features.items():
                    values[numbers != 8] = alone[0].features[name][0]
                    values[numbers == 8] = alone[1].features[name][0] + 1.0 * (name == "0e")
                parts.append(Evaluation(features, whole.energies, whole.forces[0]))
            return Evaluation.join(parts)

    made = recorded(Deaf(L=1), toy.toy_data(220), 160)
    assert made.unseen == (2,)
    found = diagnose(made, FAST)
    assert [site.label for site in found.sites] == ["C0", "C1", "C3", "N4"]
    assert any(line.startswith("O2: no path in the network's graph") for line in found.left_out)
