"""Names under which files keep energies, forces and their neighbours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from numeric_checks.molecules.units import spelling

__all__ = [
    "CELLS",
    "ENERGIES",
    "FORCES",
    "LAST_ENERGIES",
    "LEVELS",
    "ORDER",
    "REPEATS",
    "UNITS",
    "Request",
    "pick",
    "stated",
]

#: Energies: ASE and most files, sGDML (E, Energy), MACE (REF_energy), SevenNet (y_energy).
ENERGIES = (
    "energy",
    "energies",
    "E",
    "Energy",
    "REF_energy",
    "ref_energy",
    "dft_energy",
    "DFT_energy",
    "y_energy",
    "total_energy",
    "potential_energy",
)
#: Taken where no other energy is there.
LAST_ENERGIES = ("free_energy",)
#: Forces: ASE and most files, sGDML (F), GPUMD (force), MACE (REF_forces), SevenNet (y_force).
FORCES = (
    "forces",
    "force",
    "F",
    "Forces",
    "REF_forces",
    "ref_forces",
    "dft_forces",
    "DFT_forces",
    "y_force",
    "y_forces",
    "force_of_atoms",
)
#: Places of frames along the trajectory they come from; rMD17 says old_indices, LAMMPS timestep.
ORDER = ("md17_index", "old_indices", "timestep", "step", "md_step", "frame_index", "frame")
#: Earlier frames that a frame repeats, −1 for none.
REPEATS = ("duplicate_of",)
#: Lattice vectors, as rows.
CELLS = ("cell", "cells", "unit_cell", "box")
LEVELS = ("level_of_theory", "theory")
#: Keys of units: length, energy, force.
UNITS = {
    "length": ("units_length", "r_unit", "length_unit", "units_positions"),
    "energy": ("units_energy", "e_unit", "energy_unit"),
    "force": ("units_force", "f_unit", "force_unit", "units_forces"),
}


@dataclass(frozen=True)
class Request:
    """What is asked of a file.

    ``energy`` and ``forces``: the names of these arrays, where they are not among the known ones;
    ``quantity``: another array with a value for every atom.
    """

    energy: str | None = None
    forces: str | None = None
    quantity: str | None = None


def pick(
    what: str, wanted: str | None, known: tuple[str, ...], arrays: Mapping[str, Any]
) -> str | None:
    """The name under which ``arrays`` holds energies or forces; None where it holds none.

    Args:
        what: "energy" or "forces", for the message.
        wanted: the name given by a user; it is used if it exists.
        known: names to look for.
        arrays: the arrays of one frame or file.

    Raises:
        ValueError: several of the known names exist, with different values.
    """
    if wanted is not None:
        return wanted if wanted in arrays else None
    found = [name for name in known if name in arrays]
    if not found:
        return None
    first = np.asarray(arrays[found[0]])
    other = [name for name in found[1:] if not np.array_equal(first, np.asarray(arrays[name]))]
    if other:
        raise ValueError(
            f"holds {what} under {found[0]!r} and {other[0]!r}, which differ: choose one with "
            f"--{what}-key"
        )
    return found[0]


def stated(texts: Mapping[str, str], kind: str) -> str | None:
    """The unit of a kind ("length", "energy", "force") that a file states, or None.

    Raises ValueError where two keys state different ones.
    """
    found = {key: texts[key] for key in UNITS[kind] if key in texts}
    if len({spelling(value) for value in found.values()}) > 1:
        raise ValueError(f"two units of {kind}: {found}")
    return next(iter(found.values()), None)
