"""A peptide under Amber14 forces in OpenMM: positions, forces, energies, and Langevin dynamics.

In vacuum and without constraints, so that the forces are minus the gradient of the energies in all
coordinates. The platform is OpenMM's Reference, in double precision.
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from numeric_checks.peptide.structure import PeptideSettings, force_field

__all__ = ["KJ_PER_MOL", "Peptide", "energies_forces"]

Array = NDArray[np.float64]

KJ_PER_MOL = 0.0103642696562639
"""1 kJ/mol in eV."""


class Peptide:
    """The peptide of a PDB text in an OpenMM context."""

    def __init__(self, pdb: str, settings: PeptideSettings) -> None:
        import openmm
        from openmm import app, unit

        structure = app.PDBFile(io.StringIO(pdb))
        names = [residue.name for residue in structure.topology.residues()]
        found = "".join(_letter(name) for name in names)
        if found != settings.sequence:
            raise ValueError(f"the saved structure is of {found}, not of {settings.sequence}")
        self.numbers = np.array(
            [atom.element.atomic_number for atom in structure.topology.atoms()], dtype=np.uint8
        )
        system = force_field().createSystem(
            structure.topology, nonbondedMethod=app.NoCutoff, constraints=None
        )
        self.integrator = openmm.LangevinMiddleIntegrator(
            settings.temperature * unit.kelvin,
            settings.friction / unit.picosecond,
            settings.step * unit.femtosecond,
        )
        self.integrator.setRandomNumberSeed(settings.seed + 1)  # 0 would mean: a random seed
        platform = openmm.Platform.getPlatformByName("Reference")
        self.context = openmm.Context(system, self.integrator, platform)
        self.context.setPositions(structure.positions)

    def frame(self) -> tuple[Array, Array, float]:
        """Positions (Å), forces (eV/Å) and energy (eV)."""
        from openmm import unit

        state = self.context.getState(getPositions=True, getForces=True, getEnergy=True)
        per_mol = unit.kilojoule_per_mole
        return (
            np.array(state.getPositions(asNumpy=True).value_in_unit(unit.angstrom)),
            np.array(state.getForces(asNumpy=True).value_in_unit(per_mol / unit.angstrom))
            * KJ_PER_MOL,
            state.getPotentialEnergy().value_in_unit(per_mol) * KJ_PER_MOL,
        )

    def place(self, positions: Array) -> None:
        """Set the positions, (atoms, 3) in Å."""
        self.context.setPositions(positions * 0.1)  # nm


def _letter(residue: str) -> str:
    """The one-letter code of a residue, whatever the protonation of a histidine."""
    from Bio.SeqUtils import seq1

    one: Any = seq1
    return str(one(residue, custom_map={"HID": "H", "HIE": "H", "HIP": "H"}))


def energies_forces(pdb: str, sequence: str, positions: Array) -> tuple[Array, Array]:
    """Energies (n,) in eV and forces (n, atoms, 3) in eV/Å at positions (n, atoms, 3) in Å.

    ``pdb`` is the text that :func:`numeric_checks.peptide.structure.build_peptide` gave for the
    sequence.
    """
    peptide = Peptide(pdb, PeptideSettings(sequence))
    if positions.ndim != 3 or positions.shape[1:] != (len(peptide.numbers), 3):
        raise ValueError(
            f"positions must have shape (n, {len(peptide.numbers)}, 3), got {positions.shape}"
        )
    found = []
    for frame in positions:
        peptide.place(frame)
        found.append(peptide.frame())
    return np.array([energy for *_, energy in found]), np.array([f for _, f, _ in found])
