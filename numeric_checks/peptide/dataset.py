"""Frames of a peptide, written once: an interrupted run continues from its last checkpoint.

The structure is saved beside the output, since hydrogens are placed at random; the energy is
minimised, and Langevin dynamics is run. Overall translation is removed from the stored frames.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from numeric_checks.peptide.dynamics import Peptide
from numeric_checks.peptide.structure import PeptideSettings, build_peptide
from span_theorem.arguments import within
from span_theorem.files import check_targets, write_text, writing

__all__ = ["make_peptide"]

Kept = dict[str, list[Any]]


def make_peptide(
    output: Path,
    settings: PeptideSettings,
    frames: int,
    report: Callable[[int], None] | None = None,
    save_every: int = 50,
) -> None:
    """Run the dynamics and write ``output``: R (Å), F (eV/Å), E (eV), z and provenance strings.

    ``OUTPUT.pdb`` (the suffix replaced) keeps the structure built. Frames, checkpoint and settings
    are kept in ``OUTPUT.npz.partial`` every ``save_every`` frames, and a run that continues from
    there gives the result of one that was not cut off. ``report`` is told the number of frames
    done.

    Raises:
        FileExistsError: rather than overwrite.
        ValueError: the partial file beside it is of other settings or damaged, another process is
            at work on the same output, or a number of frames below one.
    """
    frames = within("frames", frames, 1, 10**7)
    if output.suffix != ".npz":
        raise ValueError(f"output must end in .npz, got {output}")
    check_targets(output)
    lock = FileLock(output.with_name(output.name + ".lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise ValueError(f"another process is at work on {output}") from None
    try:
        _make(output, settings, frames, report, save_every)
    finally:
        lock.release()
        Path(lock.lock_file).unlink(missing_ok=True)


def _make(
    output: Path,
    settings: PeptideSettings,
    frames: int,
    report: Callable[[int], None] | None,
    save_every: int,
) -> None:
    saved = output.with_suffix(".pdb")
    if not saved.exists():
        write_text(saved, build_peptide(settings.sequence))
    peptide = Peptide(saved.read_text(encoding="utf-8"), settings)
    partial = output.with_name(output.name + ".partial")
    kept = _begin(peptide, settings, partial, frames)
    while len(kept["E"]) < frames:
        peptide.integrator.step(settings.steps_per_frame)
        positions, forces, energy = peptide.frame()
        kept["R"].append((positions - positions.mean(axis=0)).astype(np.float32))
        kept["F"].append(forces.astype(np.float32))
        kept["E"].append(energy)
        done = len(kept["E"])
        if done % save_every == 0:
            checkpoint = np.frombuffer(peptide.context.createCheckpoint(), dtype=np.uint8)
            described = _described(settings)
            _save(partial, True, checkpoint=checkpoint, settings=described, **_arrays(kept))
        if report is not None:
            report(done)
    _save(
        output,
        False,
        z=peptide.numbers,
        units_length="angstrom",
        units_energy="eV",
        units_force="eV/angstrom",
        level_of_theory="Amber14 (ff14SB), no solvent",
        source=_source(settings),
        **_arrays(kept),
    )
    partial.unlink(missing_ok=True)


def _begin(peptide: Peptide, settings: PeptideSettings, partial: Path, frames: int) -> Kept:
    """The frames of the run that was cut off, whose state is restored; or the start of a run."""
    if not partial.exists():
        from openmm import LocalEnergyMinimizer

        LocalEnergyMinimizer.minimize(peptide.context)
        peptide.context.setVelocitiesToTemperature(settings.temperature, settings.seed + 1)
        peptide.integrator.step(settings.equilibration_steps)
        return {"R": [], "F": [], "E": []}
    try:
        with partial.open("rb") as stream, np.load(stream, allow_pickle=False) as state:
            described = str(state["settings"])
            kept: Kept = {key: list(state[key][:frames]) for key in ("R", "F", "E")}
            checkpoint = state["checkpoint"].tobytes()
    except (zipfile.BadZipFile, EOFError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{partial} is damaged; remove it to begin again: {error}") from error
    if described != _described(settings):
        raise ValueError(f"{partial} was made with other settings: {described}")
    from openmm import OpenMMException

    try:
        peptide.context.loadCheckpoint(checkpoint)
    except OpenMMException as error:
        raise ValueError(f"{partial} holds no state of this OpenMM; remove it: {error}") from error
    return kept


def _described(settings: PeptideSettings) -> str:
    return json.dumps(asdict(settings), sort_keys=True)


def _source(settings: PeptideSettings) -> str:
    return (
        f"span-theorem, numeric_checks/peptide: {settings.sequence}, extended, pH 7; Langevin "
        f"dynamics in vacuum, {settings.temperature:g} K, step {settings.step:g} fs, friction "
        f"{settings.friction:g}/ps, {settings.equilibration_steps} steps of equilibration, a frame "
        f"every {settings.steps_per_frame * settings.step:g} fs, seed {settings.seed}; OpenMM "
        f"{version('openmm')} (Reference), PeptideBuilder {version('PeptideBuilder')}"
    )


def _arrays(kept: Kept) -> dict[str, NDArray[Any]]:
    return {key: np.array(values) for key, values in kept.items()}


def _save(path: Path, force: bool, **content: Any) -> None:
    with writing(path, force=force) as stream:
        np.savez_compressed(stream, **content)
