"""A peptide under Amber14 forces in OpenMM: positions, forces, energies, and Langevin dynamics.

In vacuum and without constraints, so that the forces are minus the gradient of the energies in all
coordinates. The platform is OpenMM's Reference, in double precision.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from numeric_checks.molecules.units import KJ_PER_MOL
from numeric_checks.peptide.structure import PeptideSettings, force_field

__all__ = ["Peptide", "energies_forces"]

Array = NDArray[np.float64]

_AT_ONCE = 20
"""Steps of dynamics between two looks for an interrupt."""


class Peptide:
    """The peptide of a PDB text in an OpenMM context; ValueError for another text."""

    def __init__(self, pdb: str, settings: PeptideSettings) -> None:
        import openmm
        from openmm import unit

        try:
            structure, system = _read(pdb)
        except Exception as error:  # whatever OpenMM's reader stumbles over
            raise ValueError(f"no structure that OpenMM reads: {error}") from error
        names = [residue.name for residue in structure.topology.residues()]
        found = "".join(_letter(name) for name in names)
        if found != settings.sequence:
            raise ValueError(f"the saved structure is of {found}, not of {settings.sequence}")
        self.numbers = np.array(
            [atom.element.atomic_number for atom in structure.topology.atoms()], dtype=np.uint8
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

    def begin(self, settings: PeptideSettings, stop: Callable[[], bool]) -> bool:
        """Minimise the energy, draw velocities, equilibrate; False where ``stop`` ended it."""
        from openmm import LocalEnergyMinimizer, MinimizationReporter

        class Stopping(MinimizationReporter):  # type: ignore[misc]  # openmm has no types
            def report(self, *_: Any) -> bool:
                return stop()

        LocalEnergyMinimizer.minimize(self.context, reporter=Stopping())
        self.context.setVelocitiesToTemperature(settings.temperature, settings.seed + 1)
        return self.run(settings.equilibration_steps, stop)

    def state(self) -> tuple[Array, Array]:
        """Positions (nm) and velocities (nm/ps), (atoms, 3) each."""
        from openmm import unit

        state = self.context.getState(getPositions=True, getVelocities=True)
        velocity = unit.nanometer / unit.picosecond
        return (
            np.array(state.getPositions(asNumpy=True).value_in_unit(unit.nanometer)),
            np.array(state.getVelocities(asNumpy=True).value_in_unit(velocity)),
        )

    def go_on(self, state: tuple[Array, Array], seed: int) -> None:
        """Go on from :meth:`state` with the random numbers of ``seed`` from 1 on.

        What follows depends on these alone. OpenMM's own checkpoints would keep the generator, but
        a damaged one ends the process.
        """
        positions, velocities = state
        self.integrator.setRandomNumberSeed(seed)
        self.context.reinitialize()
        self.context.setPositions(positions)
        self.context.setVelocities(velocities)

    def run(self, steps: int, stop: Callable[[], bool] = lambda: False) -> bool:
        """Take ``steps`` steps; False where ``stop`` ended them early.

        A few at a time: while OpenMM is at work, Python sees no signal.
        """
        for done in range(0, steps, _AT_ONCE):
            if stop():
                return False
            self.integrator.step(min(_AT_ONCE, steps - done))
        return not stop()

    def frame(self) -> tuple[Array, Array, float]:
        """Positions (Å), forces (eV/Å) and energy (eV); ValueError where they are not finite."""
        from openmm import unit

        state = self.context.getState(getPositions=True, getForces=True, getEnergy=True)
        per_mol = unit.kilojoule_per_mole
        positions = np.array(state.getPositions(asNumpy=True).value_in_unit(unit.angstrom))
        forces = np.array(state.getForces(asNumpy=True).value_in_unit(per_mol / unit.angstrom))
        energy = state.getPotentialEnergy().value_in_unit(per_mol) * KJ_PER_MOL
        if not (np.isfinite(positions).all() and np.isfinite(forces).all() and np.isfinite(energy)):
            raise ValueError("the dynamics diverged: energies or forces are not finite")
        return positions, forces * KJ_PER_MOL, energy

    def place(self, positions: Array) -> None:
        """Set the positions, (atoms, 3) in Å."""
        self.context.setPositions(positions * 0.1)  # nm


def _read(pdb: str) -> tuple[Any, Any]:
    """The structure of a PDB text, and its system of forces."""
    from openmm import app

    structure = app.PDBFile(io.StringIO(pdb))
    system = force_field().createSystem(
        structure.topology, nonbondedMethod=app.NoCutoff, constraints=None
    )
    return structure, system


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
