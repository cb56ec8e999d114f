"""Units that files state, in eV and Å."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from scipy.constants import N_A, calorie, e, physical_constants

__all__ = [
    "KCAL_PER_MOL",
    "KJ_PER_MOL",
    "energy_unit",
    "force_unit",
    "length_unit",
    "spelling",
]

_HARTREE: float = physical_constants["Hartree energy in eV"][0]
_BOHR: float = 1e10 * physical_constants["Bohr radius"][0]
_CALORIE: float = calorie / e
_AVOGADRO: float = N_A

#: 1 kcal/mol (4.184 kJ/mol) in eV.
KCAL_PER_MOL = 1000 * _CALORIE / _AVOGADRO
#: 1 kJ/mol in eV.
KJ_PER_MOL = KCAL_PER_MOL / 4.184

_ENERGY: Mapping[str, float] = {
    "ev": 1.0,
    "mev": 1e-3,
    "hartree": _HARTREE,
    "rydberg": _HARTREE / 2,
    "kcal/mol": KCAL_PER_MOL,
    "cal/mol": KCAL_PER_MOL / 1000,
    "kj/mol": KJ_PER_MOL,
    "j/mol": KJ_PER_MOL / 1000,
}
_LENGTH: Mapping[str, float] = {"angstrom": 1.0, "bohr": _BOHR, "nm": 10.0, "pm": 0.01}
_NAMES: Mapping[str, str] = {
    "a": "angstrom",
    "ang": "angstrom",
    "angstroms": "angstrom",
    "å": "angstrom",
    "ångström": "angstrom",
    "ångstrom": "angstrom",
    "a0": "bohr",
    "a_0": "bohr",
    "nanometer": "nm",
    "nanometre": "nm",
    "picometer": "pm",
    "picometre": "pm",
    "electronvolt": "ev",
    "ha": "hartree",
    "eh": "hartree",
    "e_h": "hartree",
    "ry": "rydberg",
    "kilocalorie": "kcal",
    "kilojoule": "kj",
    "mole": "mol",
}


def spelling(unit: str) -> str:
    """One spelling for every way to write a unit: factors, then divisors, each after a stroke.

    >>> spelling("kcal mol^-1 Å^-1"), spelling("KCal/(mol*Ang)")
    ('kcal/mol/angstrom', 'kcal/mol/angstrom')
    """
    plain = unicodedata.normalize("NFC", unit).strip().lower()
    plain = plain.replace("⁻¹", "-1").replace("\u2212", "-")
    plain = re.sub(r"\*\*|\^", "", plain)
    above: list[str] = []
    below: list[str] = []
    divided = nested = False
    for token in re.findall(r"[()/]|[^()/*·\s]+", plain):
        if token in "()":
            nested = token == "("
            divided = divided and nested
        elif token == "/":
            divided = True
        else:
            name = token.removesuffix("-1")
            (below if divided != (name != token) else above).append(_NAMES.get(name, name))
            divided = divided and nested
    below.sort(key=lambda name: name != "mol")  # an amount of substance belongs to the energy
    return "/".join(["·".join(above), *below])


def energy_unit(unit: str) -> float:
    """The unit in eV; "au" is the hartree. ValueError for one that is not known.

    >>> energy_unit("meV")
    0.001
    """
    return _known("energy", unit, _ENERGY, "hartree")


def length_unit(unit: str) -> float:
    """The unit in Å; "au" is the bohr. ValueError for one that is not known.

    >>> length_unit("nm")
    10.0
    """
    return _known("length", unit, _LENGTH, "bohr")


def force_unit(unit: str) -> float:
    """The unit in eV/Å; "au" is hartree/bohr. ValueError for one that is not known.

    >>> force_unit("eV/nm")
    0.1
    """
    plain = spelling(unit)
    if plain in ("au", "a.u.", "atomic"):
        return _HARTREE / _BOHR
    energy, stroke, length = plain.rpartition("/")
    if not stroke or energy not in _ENERGY or length not in _LENGTH:
        raise ValueError(
            f"unknown unit of forces {unit!r}; expected an energy ({', '.join(_ENERGY)}) by a "
            f"length ({', '.join(_LENGTH)})"
        )
    return _ENERGY[energy] / _LENGTH[length]


def _known(kind: str, unit: str, table: Mapping[str, float], atomic: str) -> float:
    plain = spelling(unit)
    found = table.get(atomic if plain in ("au", "a.u.", "atomic") else plain)
    if found is None:
        raise ValueError(f"unknown unit of {kind} {unit!r}; expected one of {', '.join(table)}")
    return found
