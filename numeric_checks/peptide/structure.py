"""A peptide from its sequence, with hydrogens, and the dynamics that samples it.

The chain is built extended by PeptideBuilder, and OpenMM adds the hydrogens for pH 7. It begins at
random places and minimises the energy of the hydrogens. Here the random numbers are the same each
time, and the minimiser is that of the Reference platform: the others add forces up in an order that
changes from run to run.
"""

from __future__ import annotations

import io
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from span_theorem.arguments import shown, within
from span_theorem.options import LARGEST_SEED

__all__ = ["AMINO_ACIDS", "PeptideSettings", "build_peptide", "force_field"]

AMINO_ACIDS = "ACDEFGHIKLMNPQRSTVWY"
_LONGEST = 200  # residues: some 3,000 atoms


@dataclass(frozen=True)
class PeptideSettings:
    """The dynamics. Times in fs, friction in 1/ps, temperature in K.

    Raises ValueError for a sequence with unknown letters, fewer than two residues or more than 200,
    or a number out of range.
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
        if unknown or not 2 <= len(self.sequence) <= _LONGEST:
            raise ValueError(
                f"sequence must hold two or more of the letters {AMINO_ACIDS}, at most {_LONGEST}, "
                f"got {shown(self.sequence)}"
            )
        within("seed", self.seed, 0, LARGEST_SEED)
        within("equilibration steps", self.equilibration_steps, 0, 10**9)
        within("steps per frame", self.steps_per_frame, 1, 10**9)
        for name, upper in (("temperature", 2000.0), ("step", 2.0), ("friction", 1000.0)):
            value = getattr(self, name)
            if not 0 < value <= upper:
                raise ValueError(f"{name} must be above 0 and at most {upper:g}, got {value}")


def build_peptide(sequence: str) -> str:
    """The peptide as PDB text, hydrogens included; the same text in every call.

    Raises:
        ValueError: as :class:`PeptideSettings`.
        ImportError: the extra ``peptide`` is not installed.
    """
    sequence = PeptideSettings(sequence).sequence
    import PeptideBuilder
    from Bio.PDB.PDBIO import PDBIO
    from openmm import Platform, app

    chain = PeptideBuilder.make_extended_structure(sequence)
    PeptideBuilder.add_terminal_OXT(chain)
    heavy = io.StringIO()
    make_writer: Any = PDBIO  # has no types
    writer = make_writer()
    writer.set_structure(chain)
    writer.save(heavy)
    heavy.seek(0)
    pdb = app.PDBFile(heavy)
    modeller = app.Modeller(pdb.topology, pdb.positions)
    with _same_random_numbers():
        modeller.addHydrogens(
            force_field(), pH=7.0, platform=Platform.getPlatformByName("Reference")
        )
    text = io.StringIO()
    app.PDBFile.writeFile(modeller.topology, modeller.positions, text, keepIds=True)
    return text.getvalue()


@contextmanager
def _same_random_numbers() -> Iterator[None]:
    """Python's own generator, which OpenMM draws from, starts from one seed and is restored."""
    before = random.getstate()
    random.seed(0)
    try:
        yield
    finally:
        random.setstate(before)


def force_field() -> Any:
    """Amber14 (ff14SB) in OpenMM."""
    from openmm import app

    return app.ForceField("amber14-all.xml")
