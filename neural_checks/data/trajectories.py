"""The embedded data: an aspirin trajectory at 500 K with GFN2-xTB forces, made here.

Langevin dynamics (ASE) under the tight-binding Hamiltonian GFN2-xTB (C. Bannwarth, S. Ehlert,
S. Grimme, J. Chem. Theory Comput. 15, 1652 (2019)) as implemented by ``tblite``. Time step 1 fs,
friction 0.01/fs, 2 ps of equilibration, then one frame every 25 fs. The starting geometry below
is a minimum of the same Hamiltonian. Overall translation is removed from the stored frames;
overall rotation is left as the dynamics gave it.

``python -m neural_checks.make_trajectory --output FILE.npz`` writes the data set and may be killed
and started again: positions, velocities and the generator's state are kept in ``FILE.partial``.
``--check FILE.npz`` recomputes: forces of stored frames, one force by finite differences of the
energy, and the energy drift of a constant-energy run of 1 ps.

Licence of the data file: CC0 1.0, as the project's own output. Needs ``ase`` and ``tblite``.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import pickle
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["ASPIRIN", "check_dataset", "make_dataset"]

#: A GFN2-xTB minimum of aspirin (largest force below 5 meV/Å before rounding), Å.
ASPIRIN: tuple[tuple[str, float, float, float], ...] = (
    ("C", -2.367, 0.385, -0.077),
    ("C", -0.560, -1.696, 0.243),
    ("C", -2.813, -0.922, -0.066),
    ("C", -1.909, -1.961, 0.088),
    ("C", 3.516, -0.067, 0.061),
    ("C", -1.011, 0.673, 0.061),
    ("C", -0.107, -0.385, 0.231),
    ("O", 0.615, 2.415, -0.192),
    ("O", 1.976, -1.450, -1.179),
    ("O", -1.519, 2.967, 0.120),
    ("C", -0.525, 2.071, -0.013),
    ("C", 2.182, -0.639, -0.320),
    ("O", 1.219, -0.083, 0.445),
    ("H", -1.157, 3.864, 0.050),
    ("H", -3.060, 1.201, -0.205),
    ("H", 0.149, -2.500, 0.367),
    ("H", -3.865, -1.133, -0.182),
    ("H", -2.253, -2.984, 0.092),
    ("H", 3.710, -0.259, 1.113),
    ("H", 4.296, -0.507, -0.552),
    ("H", 3.482, 1.010, -0.085),
)

TEMPERATURE_K = 500.0
TIME_STEP_FS = 1.0
FRICTION_PER_FS = 0.01
EQUILIBRATION_STEPS = 2000
STEPS_PER_FRAME = 25
ACCURACY = 0.01


def _molecule() -> Atoms:
    from ase import Atoms
    from tblite.ase import TBLite

    atoms = Atoms(
        symbols=[symbol for symbol, *_ in ASPIRIN],
        positions=[position for _, *position in ASPIRIN],
    )
    atoms.calc = TBLite(method="GFN2-xTB", accuracy=ACCURACY, verbosity=0)
    return atoms


def _write_atomically(path: Path, content: bytes) -> None:
    temporary = path.with_name(path.name + ".writing")
    temporary.write_bytes(content)
    os.replace(temporary, path)


def make_dataset(output: Path, frames: int = 1500, seed: int = 0, report_every: int = 50) -> None:
    """Run the trajectory and write ``output``: R (Å), F (eV/Å), E (eV), z and provenance strings.

    Raises FileExistsError rather than overwrite.
    """
    from ase import units
    from ase.md.langevin import Langevin
    from ase.md.velocitydistribution import MaxwellBoltzmannDistribution

    if output.exists():
        raise FileExistsError(f"{output} exists")
    atoms = _molecule()
    rng = np.random.RandomState(seed)
    partial = output.with_name(output.name + ".partial")
    kept: dict[str, list[Any]] = {"R": [], "F": [], "E": []}
    if partial.exists():
        # Our own file beside the output, written by the block below.
        state = pickle.loads(partial.read_bytes())
        atoms.set_positions(state["positions"])
        atoms.set_velocities(state["velocities"])
        rng.set_state(state["rng"])
        kept = state["kept"]
    else:
        MaxwellBoltzmannDistribution(atoms, temperature_K=TEMPERATURE_K, rng=rng)
    dynamics = Langevin(
        atoms,
        timestep=TIME_STEP_FS * units.fs,
        temperature_K=TEMPERATURE_K,
        friction=FRICTION_PER_FS / units.fs,
        rng=rng,
        fixcm=False,
    )
    if not partial.exists():
        dynamics.run(EQUILIBRATION_STEPS)
    while len(kept["E"]) < frames:
        dynamics.run(STEPS_PER_FRAME)
        kept["R"].append(atoms.get_positions() - atoms.get_center_of_mass())
        kept["F"].append(atoms.get_forces())
        kept["E"].append(atoms.get_potential_energy())
        done = len(kept["E"])
        if done % report_every == 0 or done == frames:
            state = {
                "positions": atoms.get_positions(),
                "velocities": atoms.get_velocities(),
                "rng": rng.get_state(),
                "kept": kept,
            }
            _write_atomically(partial, pickle.dumps(state))
            print(f"{done}/{frames} frames, {atoms.get_temperature():.0f} K", file=sys.stderr)
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        R=np.array(kept["R"], dtype=np.float32),
        F=np.array(kept["F"], dtype=np.float32),
        E=np.array(kept["E"], dtype=np.float64),
        z=atoms.get_atomic_numbers().astype(np.uint8),
        units_length="angstrom",
        units_energy="eV",
        units_force="eV/angstrom",
        level_of_theory="GFN2-xTB",
        source=(
            f"span-theorem, neural_checks/make_trajectory.py, seed {seed}: Langevin dynamics, "
            f"{TEMPERATURE_K:g} K, step {TIME_STEP_FS:g} fs, friction {FRICTION_PER_FS:g}/fs, a "
            f"frame every {STEPS_PER_FRAME * TIME_STEP_FS:g} fs, tblite {version('tblite')} at "
            f"accuracy {ACCURACY:g}"
        ),
        licence="CC0 1.0",
    )
    _write_atomically(output, buffer.getvalue())
    partial.unlink()


def check_dataset(path: Path, step: float = 1e-3, nve_steps: int = 2000) -> dict[str, float]:
    """Recompute what the file claims; every entry is an error (eV, eV/Å) that should be small.

    ``stored_force``: largest difference from fresh forces over ten frames. ``finite_difference``:
    largest difference, over the components of one frame, between the force and the central
    difference of the energy with ``step`` Å. ``nve_drift_per_atom``: |linear drift| of the total
    energy over ``nve_steps`` steps of 0.5 fs of constant-energy dynamics, per atom;
    ``nve_fluctuation_per_atom``: the standard deviation about that line. ``net_force``: largest
    component of the sum of the stored forces.
    """
    from ase import units
    from ase.md.verlet import VelocityVerlet

    with np.load(path, allow_pickle=False) as archive:
        positions, forces = archive["R"].astype(float), archive["F"].astype(float)
    atoms = _molecule()
    stored = 0.0
    for index in np.linspace(0, len(positions) - 1, 10).astype(int):
        atoms.set_positions(positions[index])
        stored = max(stored, float(np.abs(atoms.get_forces() - forces[index]).max()))
    base = positions[0]
    numeric = np.zeros_like(base)
    for place in np.ndindex(*base.shape):
        energies = []
        for sign in (1.0, -1.0):
            moved = base.copy()
            moved[place] += sign * step
            atoms.set_positions(moved)
            energies.append(atoms.get_potential_energy())
        numeric[place] = -(energies[0] - energies[1]) / (2 * step)
    difference = float(np.abs(numeric - forces[0]).max())

    from ase.md.velocitydistribution import MaxwellBoltzmannDistribution

    atoms.set_positions(base)
    MaxwellBoltzmannDistribution(atoms, temperature_K=TEMPERATURE_K, rng=np.random.RandomState(1))
    dynamics = VelocityVerlet(atoms, timestep=0.5 * units.fs)
    totals = []
    for _ in range(nve_steps // 10):
        dynamics.run(10)
        totals.append(atoms.get_total_energy())
    times = np.arange(len(totals))
    line = np.polyfit(times, totals, 1)
    return {
        "stored_force": stored,
        "finite_difference": difference,
        "nve_drift_per_atom": float(abs(line[0]) * len(totals) / len(atoms)),
        "nve_fluctuation_per_atom": float(np.std(totals - np.polyval(line, times)) / len(atoms)),
        "net_force": float(np.abs(forces.sum(axis=1)).max()),
    }


#: Largest acceptable value of each entry of :func:`check_dataset`.
LIMITS = {
    "stored_force": 2e-3,
    "finite_difference": 2e-3,
    "nve_drift_per_atom": 2e-3,
    "nve_fluctuation_per_atom": 2e-3,
    "net_force": 1e-3,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Command line; exit code 0 made or verified, 2 bad input, 3 a check failed."""
    parser = argparse.ArgumentParser(prog="python -m neural_checks.make_trajectory")
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--output", type=Path, help="write the data set here")
    action.add_argument("--check", type=Path, help="check an existing data set")
    parser.add_argument("--frames", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args(argv)
    try:
        if arguments.output is not None:
            make_dataset(arguments.output, arguments.frames, arguments.seed)
            return 0
        errors = check_dataset(arguments.check)
    except (FileExistsError, FileNotFoundError, ImportError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(json.dumps({"errors": errors, "limits": LIMITS}, indent=2))
    return 0 if all(errors[name] <= LIMITS[name] for name in LIMITS) else 3
