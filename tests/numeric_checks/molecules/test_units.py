"""Units against ASE's own table, in every spelling."""

from __future__ import annotations

import ase.units
import pytest

from numeric_checks.molecules.units import (
    KJ_PER_MOL,
    energy_unit,
    force_unit,
    length_unit,
    spelling,
)

ENERGIES = {
    "eV": 1.0,
    "meV": 1e-3,
    "Hartree": ase.units.Hartree,
    "Ha": ase.units.Hartree,
    "Ry": ase.units.Rydberg,
    "kcal/mol": ase.units.kcal / ase.units.mol,
    "kJ mol^-1": ase.units.kJ / ase.units.mol,
    "kJ·mol⁻¹": ase.units.kJ / ase.units.mol,
    "kJ mol\u22121": ase.units.kJ / ase.units.mol,
    "au": ase.units.Hartree,
}
LENGTHS = {
    "Å": 1.0,
    "\u212b": 1.0,
    "A\u030a": 1.0,
    "A": 1.0,
    "Ang": 1.0,
    "bohr": ase.units.Bohr,
    "a0": ase.units.Bohr,
}
LENGTHS |= {"nm": ase.units.nm, "pm": 0.01, "nanometer": 10.0}


@pytest.mark.parametrize(("unit", "value"), ENERGIES.items())
def test_energies(unit: str, value: float) -> None:
    assert energy_unit(unit) == pytest.approx(value, rel=1e-7)  # ASE's constants are of 2014


@pytest.mark.parametrize(("unit", "value"), LENGTHS.items())
def test_lengths(unit: str, value: float) -> None:
    assert length_unit(unit) == pytest.approx(value, rel=1e-7)


@pytest.mark.parametrize("energy", [name for name in ENERGIES if name != "au"])
@pytest.mark.parametrize("length", LENGTHS)
def test_forces_are_energies_by_lengths_in_any_mix(energy: str, length: str) -> None:
    expected = pytest.approx(ENERGIES[energy] / LENGTHS[length], rel=1e-7)
    inverse = f"{energy} {length}^-1"
    for unit in (f"{energy}/{length}", f"{energy} / {length}", inverse, inverse.upper()):
        assert force_unit(unit) == expected


@pytest.mark.parametrize(
    "unit",
    ["kcal/(mol*Å)", "kcal/mol/Ang", "kcal mol-1 A-1", "KCAL/MOL/ANGSTROM", "kcal Å⁻¹ mol⁻¹"],
)
def test_one_unit_has_one_spelling(unit: str) -> None:
    assert spelling(unit) == "kcal/mol/angstrom"


@pytest.mark.parametrize(
    "unit", ["", "kcal", "kT", "eV/atom", "Å", "eV/eV", "eV·Å", "/", "()", "1"]
)
def test_unknown_units_are_refused_by_name(unit: str) -> None:
    for convert in (energy_unit, force_unit):
        with pytest.raises(ValueError, match=r"unknown unit of .*expected"):
            convert(unit)


def test_the_mole_of_kilojoules() -> None:
    """1,000 over the Faraday constant, whose value is exact since 2019."""
    assert pytest.approx(1000 / 96485.33212331001, rel=1e-13) == KJ_PER_MOL
