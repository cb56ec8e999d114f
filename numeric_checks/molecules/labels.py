"""Names under which files keep energies, forces and their neighbours.

Names are compared by their words, whatever the case, the strokes between them and the number:
``REF_forces``, ``ref_force`` and ``refForces`` are one name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from numeric_checks.molecules.units import energy_unit, force_unit, length_unit, spelling

__all__ = [
    "CELLS",
    "ENERGIES",
    "FORCES",
    "GRADIENTS",
    "LAST_ENERGIES",
    "LEVELS",
    "ORDER",
    "REPEATS",
    "UNITS",
    "Request",
    "known_names",
    "pick",
    "sign_of",
    "stated",
    "states_unit",
    "words",
]

#: Energies: ASE and most files, sGDML (E), MACE (REF_energy), SevenNet (y_energy).
ENERGIES = (
    "energy",
    "E",
    "REF_energy",
    "energy_ref",
    "dft_energy",
    "energy_dft",
    "y_energy",
    "total_energy",
    "potential_energy",
)
#: Taken where no other energy is there.
LAST_ENERGIES = ("free_energy",)
#: Forces: ASE and most files, sGDML (F), GPUMD (force), MACE (REF_forces), SevenNet (y_force).
FORCES = (
    "forces",
    "F",
    "REF_forces",
    "forces_ref",
    "dft_forces",
    "forces_dft",
    "y_force",
    "force_of_atoms",
)
#: Minus the forces, where there are none: SPICE.
GRADIENTS = ("dft_total_gradient",)
#: Places of frames along the trajectory they come from; rMD17 says old_indices, LAMMPS timestep.
ORDER = ("md17_index", "old_indices", "timestep", "step", "md_step", "frame_index", "frame")
#: Earlier frames that a frame repeats, −1 for none.
REPEATS = ("duplicate_of",)
#: Lattice vectors, as rows.
CELLS = ("cell", "cells", "unit_cell", "box")
LEVELS = ("level_of_theory", "theory")
#: The key that states a unit, as messages name it.
UNITS = {"length": "units_length", "energy": "units_energy", "force": "units_force"}

#: Names that say in a key what the unit is of.
_OF = {
    "length": ("length", "distance", "position", "pos", "coord", "coordinate", "r"),
    "energy": ("energy", "e"),
    "force": ("force", "f", "gradient", "grad"),
}
#: Systems of units by name: LAMMPS's, and atomic units.
_SYSTEMS = {
    "metal": {"length": "angstrom", "energy": "ev"},
    "real": {"length": "angstrom", "energy": "kcal/mol"},
    "ase": {"length": "angstrom", "energy": "ev"},
    "au": {"length": "bohr", "energy": "hartree"},
    "a.u.": {"length": "bohr", "energy": "hartree"},
    "atomic": {"length": "bohr", "energy": "hartree"},
}
_READ = {"force": force_unit, "energy": energy_unit, "length": length_unit}


@dataclass(frozen=True)
class Request:
    """What is asked of a file.

    ``energy`` and ``forces``: the names of these arrays, where they are not among the known ones;
    ``quantity``: another array with a value for every atom, which is then read in place of both;
    ``energies``: whether energies are read. What is not read is NaN, and is not judged.
    """

    energy: str | None = None
    forces: str | None = None
    quantity: str | None = None
    energies: bool = True

    @property
    def reads_energies(self) -> bool:
        """Whether energies are wanted."""
        return self.energies and self.quantity is None

    @property
    def reads_forces(self) -> bool:
        """Whether forces are wanted."""
        return self.quantity is None


def words(name: str) -> tuple[str, ...]:
    """The words of a name, in lower case and in the singular.

    >>> words("REF_forces"), words("dftEnergies"), words("E")
    (('ref', 'force'), ('dft', 'energy'), ('e',))
    """
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+", name)
    return tuple(
        part.lower().removesuffix("ies") + "y"
        if part.lower().endswith("ies")
        else (part.lower().removesuffix("s") if len(part) > 2 else part.lower())
        for part in parts
    )


def known_names(known: tuple[str, ...], names: Iterable[str]) -> list[str]:
    """Those of ``names`` that are known, in the order of ``known``.

    >>> known_names(FORCES, ["energy", "Ref_Force", "forces"])
    ['forces', 'Ref_Force']
    """
    places = {words(name): place for place, name in reversed(list(enumerate(known)))}
    found = [name for name in names if words(name) in places]
    return sorted(found, key=lambda name: (places[words(name)], name))


def sign_of(name: str) -> float:
    """−1 for an array of gradients, of which forces are the negative, and 1 for any other.

    >>> sign_of("energy_gradient"), sign_of("forces")
    (-1.0, 1.0)
    """
    return -1.0 if {"gradient", "grad"} & set(words(name)) else 1.0


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
    found = known_names(known, arrays)
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


def states_unit(key: str) -> bool:
    """Whether a key states a unit of lengths, energies or forces, or of everything."""
    return _kind(key) is not None


def _kind(key: str) -> str | None:
    """What a key states the unit of; "all" for everything, None for none of these."""
    found = list(words(key))
    rest = [word for word in found if word != "unit"]
    if len(rest) == len(found):
        return None
    if not rest:
        return "all"
    kinds = [kind for kind, names in _OF.items() if {words(name)[0] for name in names} & set(rest)]
    return kinds[0] if len(kinds) == 1 else None


def stated(texts: Mapping[str, str], kind: str) -> str | None:
    """The unit of a kind ("length", "energy", "force") that a file states, or None.

    ``texts``: the keys for which :func:`states_unit` holds, and what they say. Raises ValueError
    where two of them state different units, and for a key of everything that is not understood.
    """
    found = {key: text for key, text in texts.items() if _kind(key) == kind}
    for key, text in texts.items():
        if _kind(key) == "all":
            unit = _of_all(key, text).get(kind)
            found |= {} if unit is None else {key: unit}
    if len({spelling(value) for value in found.values()}) > 1:
        raise ValueError(f"two units of {kind}: {found}")
    return next(iter(found.values()), None)


def _of_all(key: str, text: str) -> dict[str, str]:
    """The units by kind that ``units = …`` states, as a system or one after another.

    >>> _of_all("units", "kcal/mol, Å")
    {'energy': 'kcal/mol', 'length': 'Å'}
    """
    if (system := _SYSTEMS.get(text.strip().lower())) is not None:
        return dict(system)
    found: dict[str, str] = {}
    for unit in re.split(r"[,;]", text):
        for kind, read in _READ.items():
            try:
                read(unit)
            except ValueError:
                continue
            found[kind] = unit.strip()
            break
        else:
            raise ValueError(
                f"{key} = {text!r} is not understood; expected an energy, a length, a force such "
                f"as eV/Å, several of them with commas between, or one of {', '.join(_SYSTEMS)}"
            )
    return found
