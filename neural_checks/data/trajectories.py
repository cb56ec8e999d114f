"""The embedded data: an aspirin trajectory at 500 K with GFN2-xTB forces, made here.

Langevin dynamics (ASE) under the tight-binding Hamiltonian GFN2-xTB (C. Bannwarth, S. Ehlert,
S. Grimme, J. Chem. Theory Comput. 15, 1652 (2019)) as implemented by ``tblite``. Time step 1 fs,
friction 0.01/fs, 2 ps of equilibration, then one frame every 25 fs. The starting geometry below
is a minimum of the same Hamiltonian. Overall translation is removed from the stored frames;
overall rotation is left as the dynamics gave it.

``python -m neural_checks.make_trajectory --out FILE.npz`` writes the data set and may be killed
and started again: positions, momenta and the generator's state are kept in ``FILE.npz.partial``.
The self-consistent field starts anew at every frame, so that the trajectory depends on this state
alone, and a run that continues gives the result of one that was not cut off.
``--check FILE.npz`` recomputes: forces of stored frames, one force by finite differences of the
energy, and the energy drift of a constant-energy run of 1 ps.

Licence of the data file: CC0 1.0, as the project's own output. Needs ``ase`` and ``tblite``.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from numeric_checks.interrupts import deferred
from numeric_checks.outputs import clear_unfinished, output_file
from span_theorem.arguments import integer_option, within
from span_theorem.command import Exit, Result, alias, parser, run
from span_theorem.files import writing
from span_theorem.npz import NpzArchive
from span_theorem.options import add_output_file, add_seed
from span_theorem.progress import Progress

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["ASPIRIN", "check_dataset", "main", "make_trajectory"]

Array = NDArray[np.float64]

#: First word of the format of partial files.
PARTIAL = "span_theorem.trajectory.2"

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


def make_trajectory(
    output: Path, frames: int = 1500, seed: int = 0, report_every: int = 50
) -> None:
    """Run the trajectory and write ``output``: R (Å), F (eV/Å), E (eV), z and provenance strings.

    ``output.partial`` holds the state meanwhile; if it exists, the run continues from it. After
    Ctrl-C and SIGTERM, too, the state is written, at the end of a frame.

    Raises:
        FileExistsError: ``output`` exists.
        ValueError: the partial file cannot be used, another process is at work on the same output,
            or no frame is asked for.
    """
    within("frames", frames, 1, 10**6)
    with output_file(output):
        atoms = _molecule()
        # One thread: sums over several have no fixed order, and 21 atoms do not need them.
        with threadpool_limits(1):
            _sample(output, atoms, frames, seed, report_every)


def _sample(output: Path, atoms: Atoms, frames: int, seed: int, report_every: int) -> None:
    rng = np.random.RandomState(seed)
    partial = output.with_name(output.name + ".partial")
    clear_unfinished(partial.parent, partial.name)
    if partial.exists():
        kept, momenta = _resume(partial, atoms, rng, seed)
    else:
        kept, momenta = {"R": [], "F": [], "E": []}, None
    dynamics = _langevin(atoms, rng, momenta)
    with Progress() as progress, deferred() as interrupt:
        while len(kept["E"]) < frames:
            dynamics.run(STEPS_PER_FRAME)
            _append(kept, atoms)
            done = len(kept["E"])
            if done % report_every == 0 or done == frames or interrupt.asked:
                _save(partial, atoms, rng, seed, kept)
                interrupt.raise_if_asked()
            progress.update("trajectory", done, frames, f"{atoms.get_temperature():.0f} K")
    _write_dataset(output, atoms, seed, {key: values[:frames] for key, values in kept.items()})
    partial.unlink()


def _append(kept: dict[str, list[Any]], atoms: Atoms) -> None:
    """Append the frame, whose field does not start from that of the step before."""
    atoms.calc.reset()
    kept["R"].append(atoms.get_positions() - atoms.get_center_of_mass())
    kept["F"].append(atoms.get_forces())
    kept["E"].append(atoms.get_potential_energy())


def _langevin(atoms: Atoms, rng: np.random.RandomState, momenta: Array | None) -> Any:
    """The dynamics, equilibrated where it starts anew (``momenta`` is None)."""
    from ase import units
    from ase.md.langevin import Langevin
    from ase.md.velocitydistribution import MaxwellBoltzmannDistribution

    if momenta is None:
        MaxwellBoltzmannDistribution(atoms, temperature_K=TEMPERATURE_K, rng=rng)
    else:
        atoms.set_momenta(momenta)
    dynamics = Langevin(
        atoms,
        timestep=TIME_STEP_FS * units.fs,
        temperature_K=TEMPERATURE_K,
        friction=FRICTION_PER_FS / units.fs,
        rng=rng,
        fixcm=False,
    )
    if momenta is None:
        dynamics.run(EQUILIBRATION_STEPS)
    return dynamics


def _save(
    partial: Path, atoms: Atoms, rng: np.random.RandomState, seed: int, kept: dict[str, list[Any]]
) -> None:
    """The state as arrays: nothing in a partial file is executed when it is read."""
    kind, keys, place, has_gauss, gauss = rng.get_state(legacy=True)
    with writing(partial, force=True) as stream:
        np.savez(
            stream,
            format=np.array(f"{PARTIAL} {kind}"),
            seed=np.array(seed),
            positions=atoms.get_positions(),
            momenta=atoms.get_momenta(),  # velocities would be rounded
            rng_keys=keys,
            rng_place=np.array([place, has_gauss]),
            rng_gauss=np.array(gauss),
            R=np.array(kept["R"]),
            F=np.array(kept["F"]),
            E=np.array(kept["E"]),
        )


def _resume(
    partial: Path, atoms: Atoms, rng: np.random.RandomState, seed: int
) -> tuple[dict[str, list[Any]], Array]:
    """The kept frames and the momenta; positions and the generator's state are set."""
    count = len(ASPIRIN)
    shapes: dict[str, tuple[int | None, ...]] = {
        "positions": (count, 3), "momenta": (count, 3), "rng_keys": (624,), "rng_place": (2,),
        "rng_gauss": (), "seed": (), "R": (None, count, 3), "F": (None, count, 3), "E": (None,),
    }  # fmt: skip
    try:
        with NpzArchive(partial) as state:
            if state.text("format") != f"{PARTIAL} MT19937":
                raise ValueError(f"its format is {state.text('format')!r}")
            found: dict[str, Any] = {name: state[name] for name in shapes}
    except (OSError, ValueError, KeyError) as error:
        raise ValueError(
            f"{partial} holds no interrupted trajectory that can be continued ({error}): remove it "
            "to start anew"
        ) from error
    for name, shape in shapes.items():
        value = found[name]
        fits = value.ndim == len(shape) and all(
            n in (None, m) for n, m in zip(shape, value.shape, strict=True)
        )
        if not fits or value.dtype.kind not in "iuf" or not np.isfinite(value).all():
            raise ValueError(f"{partial}: {name} is malformed: remove the file to start anew")
    if int(found["seed"]) != seed or len({len(found[name]) for name in "RFE"}) != 1:
        raise ValueError(f"{partial} belongs to seed {found['seed']}; remove it or give that seed")
    atoms.set_positions(found["positions"])
    place, has_gauss = (int(value) for value in found["rng_place"])
    if not 0 <= place <= 624 or has_gauss not in (0, 1):  # numpy reads its state there unchecked
        raise ValueError(f"{partial}: rng_place is malformed: remove the file to start anew")
    keys = found["rng_keys"].astype(np.uint32)
    rng.set_state(("MT19937", keys, place, has_gauss, float(found["rng_gauss"])))
    return {name: list(found[name]) for name in "RFE"}, found["momenta"]


def _write_dataset(output: Path, atoms: Atoms, seed: int, kept: dict[str, list[Any]]) -> None:
    with writing(output) as stream:
        np.savez_compressed(
            stream,
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
                f"{TEMPERATURE_K:g} K, step {TIME_STEP_FS:g} fs, friction {FRICTION_PER_FS:g}/fs, "
                f"a frame every {STEPS_PER_FRAME * TIME_STEP_FS:g} fs, tblite {version('tblite')} "
                f"at accuracy {ACCURACY:g}"
            ),
            licence="CC0 1.0",
        )


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

    positions, forces = _read_frames(path)
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


def _read_frames(path: Path) -> tuple[Array, Array]:
    """Positions and forces (n, 21, 3) of a data set; ValueError for a file that has none."""
    found = []
    with NpzArchive(path) as archive:
        for name in ("R", "F"):
            if name not in archive:
                there = ", ".join(archive.names) or "none"
                raise ValueError(f"{path} has no array {name}; it has {there}")
            values = archive[name]
            fits = values.ndim == 3 and len(values) > 0 and values.shape[1:] == (len(ASPIRIN), 3)
            if not fits or values.dtype.kind != "f" or not np.isfinite(values).all():
                raise ValueError(
                    f"{path}: {name} must hold finite numbers of shape (n, {len(ASPIRIN)}, 3), "
                    f"got {values.shape} of type {values.dtype}"
                )
            found.append(values.astype(np.float64))
    if len(found[0]) != len(found[1]):
        raise ValueError(f"{path}: R has {len(found[0])} frames and F {len(found[1])}")
    return found[0], found[1]


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
    made = parser(
        "neural_checks.make_trajectory",
        "Make the embedded aspirin trajectory, or check one.",
        "exit codes: 0 made or verified, 2 bad usage or input, 3 a check failed",
    )
    action = made.add_mutually_exclusive_group(required=True)
    add_output_file(action, "the data set")
    alias(made, "--output", "--out")
    action.add_argument("--check", type=Path, metavar="FILE", help="check an existing data set")
    made.add_argument("--frames", type=integer_option("frames", 1, 10**6), default=1500)
    add_seed(made, "velocities and dynamics")

    def work(arguments: argparse.Namespace) -> Result:
        if arguments.out is not None:
            make_trajectory(arguments.out, arguments.frames, arguments.seed)
            return Result(f"wrote {arguments.out}", {"out": arguments.out})
        errors = check_dataset(arguments.check)
        good = all(errors[name] <= LIMITS[name] for name in LIMITS)
        text = "\n".join(f"{name}: {errors[name]:.2e}, limit {LIMITS[name]:g}" for name in LIMITS)
        found = {"errors": errors, "limits": LIMITS}
        return Result(text, found, Exit.OK if good else Exit.REFUTED)

    return run(made, argv, work)
