"""Frames of a peptide, written once: an interrupted run continues from its last checkpoint.

The structure is saved beside the output, and taken from there where it is. The energy is minimised,
and Langevin dynamics is run, with random numbers of its own between any two frames. Overall
translation is removed from the stored frames.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from numeric_checks.interrupts import Interrupt, deferred
from numeric_checks.outputs import clear_unfinished, output_file
from numeric_checks.peptide.dynamics import Peptide
from numeric_checks.peptide.structure import PeptideSettings, build_peptide
from span_theorem.arguments import shown, within
from span_theorem.files import read_text, write_text, writing
from span_theorem.npz import NpzArchive

__all__ = ["make_peptide"]

Array = NDArray[np.float64]
Kept = dict[str, list[Any]]

_LARGEST = 10**7
"""Bytes of a structure; 200 residues take about 250,000."""


def make_peptide(
    output: Path,
    settings: PeptideSettings,
    frames: int,
    report: Callable[[int], None] | None = None,
    save_every: int = 50,
) -> None:
    """Run the dynamics and write ``output``: R (Å), F (eV/Å), E (eV), z and provenance strings.

    ``OUTPUT.pdb`` (the suffix replaced) keeps the structure built. Frames, checkpoint and settings
    are kept in ``OUTPUT.npz.partial`` every ``save_every`` frames and after an interrupt, and a run
    that continues from there gives the result of one that was not cut off. ``report`` is told the
    number of frames done.

    Raises:
        FileExistsError: rather than overwrite.
        ValueError: the partial file beside it is of other settings or damaged, another process is
            at work on the same output, or a number of frames below one.
    """
    frames = within("frames", frames, 1, 10**7)
    if output.suffix != ".npz":
        raise ValueError(f"output must end in .npz, got {output}")
    saved, partial = output.with_suffix(".pdb"), output.with_name(output.name + ".partial")
    with output_file(output), deferred() as interrupt:
        for beside in (saved, partial):
            clear_unfinished(beside.parent, beside.name)
        if not saved.exists():
            write_text(saved, build_peptide(settings.sequence))
        try:
            peptide = Peptide(read_text(saved, _LARGEST), settings)
        except ValueError as error:
            raise ValueError(f"{saved}: {error}; remove it to have it built") from error
        run = _Run(peptide, settings, partial, interrupt)
        kept = run.resumed(frames) if partial.exists() else run.begun()
        run.sample(kept, frames, report, save_every)
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


@dataclass(frozen=True)
class _Run:
    """The dynamics; its state after the last frame is in ``partial``, also after an interrupt."""

    peptide: Peptide
    settings: PeptideSettings
    partial: Path
    interrupt: Interrupt

    def begun(self) -> Kept:
        """Minimise the energy and equilibrate; there is no frame yet."""
        if not self.peptide.begin(self.settings, self._asked):
            self.interrupt.raise_if_asked("")
        return {"R": [], "F": [], "E": []}

    def resumed(self, frames: int) -> Kept:
        """The frames of the run that was cut off, whose state is restored."""
        try:
            with NpzArchive(self.partial) as archive:
                described = archive.text("settings")
                found = {key: archive[key] for key in ("R", "F", "E", "state")}
            self._require_shapes(found)
        except (KeyError, ValueError) as error:
            raise ValueError(
                f"{self.partial} is damaged; remove it to begin again: {error}"
            ) from error
        if described != _described(self.settings):
            raise ValueError(
                f"{self.partial} was made with other settings: {shown(described, 400)}"
            )
        positions, velocities = found.pop("state")
        self.peptide.go_on((positions, velocities), 1)
        return {key: list(values[:frames]) for key, values in found.items()}

    def sample(
        self, kept: Kept, frames: int, report: Callable[[int], None] | None, save_every: int
    ) -> None:
        """Append frames to ``kept`` until there are ``frames``."""
        saved = done = len(kept["E"])
        state = self.peptide.state()
        while done < frames:
            self.peptide.go_on(state, _seed(self.settings.seed, done))
            if not self.peptide.run(self.settings.steps_per_frame, self._asked):
                self._keep(state, kept)
                self.interrupt.raise_if_asked()
            positions, forces, energy = self.peptide.frame()
            kept["R"].append((positions - positions.mean(axis=0)).astype(np.float32))
            kept["F"].append(forces.astype(np.float32))
            kept["E"].append(energy)
            state, done = self.peptide.state(), done + 1
            if done - saved == save_every or done == frames:
                self._keep(state, kept)
                saved = done
            if report is not None:
                report(done)

    def _asked(self) -> bool:
        return self.interrupt.asked

    def _keep(self, state: tuple[Array, Array], kept: Kept) -> None:
        described = _described(self.settings)
        _save(self.partial, True, state=np.array(state), settings=described, **_arrays(kept))

    def _require_shapes(self, found: dict[str, NDArray[Any]]) -> None:
        """ValueError for arrays that are not of this peptide."""
        atoms, count = len(self.peptide.numbers), len(np.atleast_1d(found["E"]))
        each = (count, atoms, 3) if count else (0,)
        shapes = {"R": each, "F": each, "E": (count,), "state": (2, atoms, 3)}
        for key, shape in shapes.items():
            values = found[key]
            if values.shape != shape or values.dtype.kind != "f" or not np.isfinite(values).all():
                raise ValueError(f"{key} is malformed")


def _seed(seed: int, frame: int) -> int:
    """The seed of the dynamics that lead to a frame, from 1 on: 0 would mean a random one."""
    state = np.random.SeedSequence(seed, spawn_key=(frame,)).generate_state(1)
    return int(state[0] % (2**31 - 2)) + 1


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
