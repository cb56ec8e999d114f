"""A small protein with classical forces: a peptide from its sequence, under Amber14 in OpenMM.

The chain is built extended by PeptideBuilder, hydrogens are added for pH 7 by OpenMM (at random
places, so the structure is saved beside the output once and read again), the energy is minimised,
and Langevin dynamics in vacuum is run without constraints, so that the stored forces are minus the
gradient of the stored energies in all coordinates. Overall translation is removed from the stored
frames. The platform is OpenMM's Reference, in double precision.

Command line: ``python -m numeric_checks.peptide --sequence GYDPETGTWG --frames N --output
FILE.npz``. It may be killed and started again: frames, checkpoint and settings are kept in
``FILE.npz.partial``, and the result is the same. Exit codes: 0 written, 2 bad usage or input.
Needs the extra ``peptide``.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from span_theorem.arguments import natural

__all__ = ["AMINO_ACIDS", "Settings", "build", "energies_forces", "main", "make_dataset"]

Array = NDArray[np.float64]

AMINO_ACIDS = "ACDEFGHIKLMNPQRSTVWY"
#: 1 kJ/mol in eV.
KJ_PER_MOL = 0.0103642696562639


@dataclass(frozen=True)
class Settings:
    """The dynamics. Times in fs, friction in 1/ps, temperature in K.

    Raises ValueError for a sequence with unknown letters or fewer than two residues, or a number
    out of range.
    """

    sequence: str
    temperature: float = 400.0
    seed: int = 0
    step: float = 0.5
    steps_per_frame: int = 400
    equilibration_steps: int = 40_000
    friction: float = 1.0

    def __post_init__(self) -> None:
        unknown = sorted(set(self.sequence) - set(AMINO_ACIDS))
        if unknown or len(self.sequence) < 2:
            raise ValueError(
                f"sequence must hold two or more of the letters {AMINO_ACIDS}, got "
                f"{self.sequence!r}"
            )
        natural("seed", self.seed)
        natural("equilibration steps", self.equilibration_steps)
        if natural("steps per frame", self.steps_per_frame) < 1:
            raise ValueError("steps per frame must be ≥ 1, got 0")
        for name, upper in (("temperature", 2000.0), ("step", 2.0), ("friction", 1000.0)):
            value = getattr(self, name)
            if not 0 < value <= upper:
                raise ValueError(f"{name} must be above 0 and at most {upper:g}, got {value}")


def build(sequence: str) -> str:
    """The peptide as PDB text, hydrogens included; their places differ from call to call.

    Raises:
        ValueError: as :class:`Settings`.
        ImportError: the extra ``peptide`` is not installed.
    """
    sequence = Settings(sequence).sequence
    import PeptideBuilder
    from Bio.PDB import PDBIO
    from openmm import app

    chain = PeptideBuilder.make_extended_structure(sequence)
    PeptideBuilder.add_terminal_OXT(chain)
    heavy = io.StringIO()
    writer = PDBIO()
    writer.set_structure(chain)
    writer.save(heavy)
    heavy.seek(0)
    pdb = app.PDBFile(heavy)
    modeller = app.Modeller(pdb.topology, pdb.positions)
    modeller.addHydrogens(_force_field(), pH=7.0)
    text = io.StringIO()
    app.PDBFile.writeFile(modeller.topology, modeller.positions, text, keepIds=True)
    return text.getvalue()


def _force_field() -> Any:
    from openmm import app

    return app.ForceField("amber14-all.xml")


class _Peptide:
    """The peptide of a PDB text in an OpenMM context."""

    def __init__(self, pdb: str, settings: Settings) -> None:
        import openmm
        from openmm import app, unit

        structure = app.PDBFile(io.StringIO(pdb))
        names = [residue.name for residue in structure.topology.residues()]
        from Bio.SeqUtils import seq1

        found = "".join(
            seq1(name, custom_map={"HID": "H", "HIE": "H", "HIP": "H"}) for name in names
        )
        if found != settings.sequence:
            raise ValueError(f"the saved structure is of {found}, not of {settings.sequence}")
        self.numbers = np.array(
            [atom.element.atomic_number for atom in structure.topology.atoms()], dtype=np.uint8
        )
        system = _force_field().createSystem(
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
        self.context.setPositions(positions * 0.1)  # nm


def energies_forces(pdb: str, sequence: str, positions: Array) -> tuple[Array, Array]:
    """Energies (n,) in eV and forces (n, atoms, 3) in eV/Å at positions (n, atoms, 3) in Å.

    ``pdb`` is the text that :func:`build` gave for the sequence.
    """
    peptide = _Peptide(pdb, Settings(sequence))
    if positions.ndim != 3 or positions.shape[1:] != (len(peptide.numbers), 3):
        raise ValueError(
            f"positions must have shape (n, {len(peptide.numbers)}, 3), got {positions.shape}"
        )
    found = []
    for frame in positions:
        peptide.place(frame)
        found.append(peptide.frame())
    return np.array([energy for *_, energy in found]), np.array([f for _, f, _ in found])


def make_dataset(
    output: Path,
    settings: Settings,
    frames: int,
    report: Callable[[int], None] | None = None,
    save_every: int = 50,
) -> None:
    """Run the dynamics and write ``output``: R (Å), F (eV/Å), E (eV), z and provenance strings.

    ``OUTPUT.pdb`` (the suffix replaced) keeps the structure built; ``report`` is told the number
    of frames done.

    Raises:
        FileExistsError: rather than overwrite.
        ValueError: the partial file beside it is of other settings; fewer than one frame.
    """
    from openmm import LocalEnergyMinimizer

    if natural("frames", frames) < 1:
        raise ValueError("frames must be ≥ 1, got 0")
    if output.suffix != ".npz":
        raise ValueError(f"output must end in .npz, got {output}")
    if output.exists():
        raise FileExistsError(f"{output} exists")
    saved = output.with_suffix(".pdb")
    if not saved.exists():
        _write_atomically(saved, build(settings.sequence).encode())
    pdb = saved.read_text(encoding="utf-8")
    peptide = _Peptide(pdb, settings)
    partial = output.with_name(output.name + ".partial")
    described = json.dumps(asdict(settings), sort_keys=True)
    kept: dict[str, list[Any]] = {"R": [], "F": [], "E": []}
    if partial.exists():
        with np.load(partial, allow_pickle=False) as state:
            if str(state["settings"]) != described:
                raise ValueError(f"{partial} was made with other settings: {state['settings']}")
            kept = {key: list(state[key][:frames]) for key in kept}
            peptide.context.loadCheckpoint(state["checkpoint"].tobytes())
    else:
        LocalEnergyMinimizer.minimize(peptide.context)
        peptide.context.setVelocitiesToTemperature(settings.temperature, settings.seed + 1)
        peptide.integrator.step(settings.equilibration_steps)
    while len(kept["E"]) < frames:
        peptide.integrator.step(settings.steps_per_frame)
        positions, forces, energy = peptide.frame()
        kept["R"].append((positions - positions.mean(axis=0)).astype(np.float32))
        kept["F"].append(forces.astype(np.float32))
        kept["E"].append(energy)
        done = len(kept["E"])
        if done % save_every == 0:
            checkpoint = np.frombuffer(peptide.context.createCheckpoint(), dtype=np.uint8)
            _save(partial, checkpoint=checkpoint, settings=described, **_arrays(kept))
        if report is not None:
            report(done)
    source = (
        f"span-theorem, numeric_checks/peptide.py: {settings.sequence}, extended, pH 7; Langevin "
        f"dynamics in vacuum, {settings.temperature:g} K, step {settings.step:g} fs, friction "
        f"{settings.friction:g}/ps, {settings.equilibration_steps} steps of equilibration, a frame "
        f"every {settings.steps_per_frame * settings.step:g} fs, seed {settings.seed}; OpenMM "
        f"{version('openmm')} (Reference), PeptideBuilder {version('PeptideBuilder')}"
    )
    _save(
        output,
        z=peptide.numbers,
        units_length="angstrom",
        units_energy="eV",
        units_force="eV/angstrom",
        level_of_theory="Amber14 (ff14SB), no solvent",
        source=source,
        **_arrays(kept),
    )
    partial.unlink(missing_ok=True)


def _arrays(kept: dict[str, list[Any]]) -> dict[str, NDArray[Any]]:
    return {key: np.array(values) for key, values in kept.items()}


def _save(path: Path, **content: Any) -> None:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **content)
    _write_atomically(path, buffer.getvalue())


def _write_atomically(path: Path, content: bytes) -> None:
    temporary = path.with_name(path.name + ".writing")
    temporary.write_bytes(content)
    os.replace(temporary, path)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m numeric_checks.peptide",
        description="Build a peptide from its sequence and sample it under Amber14 forces.",
    )
    parser.add_argument("--sequence", default="GYDPETGTWG", help="one-letter code (%(default)s)")
    parser.add_argument("--frames", type=int, required=True)
    parser.add_argument("--output", type=Path, required=True, help="a new .npz file")
    parser.add_argument("--temperature", type=float, default=400.0, help="K (%(default)s)")
    parser.add_argument("--steps-per-frame", type=int, default=400, help="of 0.5 fs (%(default)s)")
    parser.add_argument(
        "--equilibration", type=int, default=40_000, help="steps before the first frame"
    )
    parser.add_argument("--seed", type=int, default=0)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Command line; see the module's text for the exit code."""
    from rich.console import Console
    from rich.progress import Progress

    arguments = _parser().parse_args(argv)
    try:
        settings = Settings(
            sequence=arguments.sequence,
            temperature=arguments.temperature,
            seed=arguments.seed,
            steps_per_frame=arguments.steps_per_frame,
            equilibration_steps=arguments.equilibration,
        )
        with Progress(console=Console(stderr=True)) as progress:
            task = progress.add_task("frames", total=arguments.frames)
            make_dataset(
                arguments.output,
                settings,
                arguments.frames,
                report=lambda done: progress.update(task, completed=done),
            )
    except ImportError as error:
        print(f"error: {error}; install the extra: span-theorem[peptide]", file=sys.stderr)
        return 2
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"wrote {arguments.output}: {arguments.frames} frames, seed {settings.seed}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
