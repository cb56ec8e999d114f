"""Liquid water in a periodic box, with classical forces: data with a cell for the angular demand.

    python benchmarks/water.py water.extxyz

Flexible TIP3P (the parameters of ``amber14/tip3pfb.xml`` of OpenMM, no constraints) with particle
mesh Ewald; Langevin dynamics from OpenMM's own box of water, compressed to 0.997 g/cm³. Needs the
extra ``peptide``. One OpenMM version on one kind of machine gives the same trajectory again.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

MOLECULES, EDGE, TEMPERATURE, STEP_FS = 64, 12.42, 300.0, 0.5  # edge of the box in Å, K, fs


def context(seed: int) -> tuple[Any, Any]:
    """An OpenMM context at the minimum of the energy with velocities drawn, and the topology."""
    import openmm
    from openmm import app, unit

    field = app.ForceField("amber14/tip3pfb.xml")
    box = app.Modeller(app.Topology(), [])
    box.addSolvent(field, model="tip3p", numAdded=MOLECULES)
    compress(box)
    system = field.createSystem(
        box.topology,
        nonbondedMethod=app.PME,
        nonbondedCutoff=0.55 * unit.nanometer,
        constraints=None,
        rigidWater=False,
    )
    integrator = openmm.LangevinMiddleIntegrator(
        TEMPERATURE * unit.kelvin, 5 / unit.picosecond, STEP_FS * unit.femtosecond
    )
    integrator.setRandomNumberSeed(seed + 1)  # 0 would mean: a random seed
    platform = openmm.Platform.getPlatformByName("CPU")
    settings = {"Threads": "1", "DeterministicForces": "true"}
    made = openmm.Context(system, integrator, platform, settings)
    made.setPositions(box.positions)
    openmm.LocalEnergyMinimizer.minimize(made)
    made.setVelocitiesToTemperature(TEMPERATURE * unit.kelvin, seed + 1)
    return made, box.topology


def compress(box: Any) -> None:
    """Move whole molecules towards the corner until the box has its edge."""
    import numpy as np
    from openmm import Vec3, unit

    edge = box.topology.getPeriodicBoxVectors()[0][0].value_in_unit(unit.angstrom)
    places = np.array(box.positions.value_in_unit(unit.angstrom)).reshape(-1, 3, 3)
    places += (EDGE / edge - 1) * places[:, :1]
    box.topology.setPeriodicBoxVectors(np.eye(3) * EDGE * unit.angstrom)
    box.positions = [Vec3(*row) for row in 0.1 * places.reshape(-1, 3)] * unit.nanometer


def sample(frames: int, steps: int, equilibration: int, seed: int) -> dict[str, Any]:
    """Positions (Å), forces (eV/Å), energies (eV), the cell and where they come from."""
    import numpy as np
    from openmm import unit, version

    from numeric_checks.molecules.units import KJ_PER_MOL

    made, topology = context(seed)
    made.getIntegrator().step(equilibration)
    positions, forces, energies = [], [], []
    per_mol = unit.kilojoule_per_mole
    for _ in range(frames):
        made.getIntegrator().step(steps)
        state = made.getState(getPositions=True, getForces=True, getEnergy=True)
        positions.append(state.getPositions(asNumpy=True).value_in_unit(unit.angstrom))
        forces.append(state.getForces(asNumpy=True).value_in_unit(per_mol / unit.angstrom))
        energies.append(state.getPotentialEnergy().value_in_unit(per_mol))
    cell = topology.getPeriodicBoxVectors().value_in_unit(unit.angstrom)
    return {
        "positions": np.array(positions),
        "forces": np.array(forces) * KJ_PER_MOL,
        "energies": np.array(energies) * KJ_PER_MOL,
        "numbers": np.array([a.element.atomic_number for a in topology.atoms()]),
        "cell": np.array([list(row) for row in cell]),
        "source": (
            f"benchmarks/water.py, OpenMM {version.version}, {MOLECULES} molecules, "
            f"{TEMPERATURE:g} K, {equilibration} steps of {STEP_FS:g} fs, then a frame every "
            f"{steps} steps, seed {seed}"
        ),
    }


def main(argv: list[str] | None = None) -> int:
    """Write the file; returns 0."""
    from ase import Atoms
    from ase.calculators.singlepoint import SinglePointCalculator
    from ase.io import write

    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("file", type=Path, help="a new .extxyz file")
    parser.add_argument("--frames", type=int, default=240)
    parser.add_argument("--steps-per-frame", type=int, default=100)
    parser.add_argument("--equilibration", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(argv)
    if given.file.exists():
        raise SystemExit(f"{given.file} exists; remove it or give another name")
    made = sample(given.frames, given.steps_per_frame, given.equilibration, given.seed)
    frames = []
    for index, (place, force, energy) in enumerate(
        zip(made["positions"], made["forces"], made["energies"], strict=True)
    ):
        atoms = Atoms(made["numbers"], place, cell=made["cell"], pbc=True)
        atoms.calc = SinglePointCalculator(atoms, energy=energy, forces=force)
        atoms.info |= {"source": made["source"], "md17_index": index}
        atoms.info["level_of_theory"] = "TIP3P-FB, flexible, particle mesh Ewald"
        frames.append(atoms)
    write(given.file, frames, format="extxyz")
    print(f"wrote {given.file}: {len(frames)} frames; {made['source']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
