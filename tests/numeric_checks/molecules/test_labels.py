"""Names of labels and of units, in the spellings in which files hold them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from numeric_checks.molecules.data import ForceData, load
from numeric_checks.molecules.labels import known_names, states_unit, words
from numeric_checks.molecules.labels import stated as unit_of

rng = np.random.default_rng(0)
PLACES = np.array([[0.0, 0, 0], [0, 0, 1.2], [0.9, 0, 1.7]]) + 0.05 * rng.normal(size=(2, 3, 3))
FORCES, ENERGIES = rng.normal(size=(2, 3, 3)), rng.normal(size=2) - 100
KCAL = 4184 / 96485.33212331001  # eV; over the Faraday constant
HARTREE, BOHR = 27.211386245981, 0.529177210544  # CODATA 2022


def extxyz(path: Path, energy: str = "energy", forces: str = "forces", more: str = "") -> Path:
    lines = []
    for places, force, value in zip(PLACES, FORCES, ENERGIES, strict=True):
        stated = f"{energy}={float(value)!r} {more}"
        lines += ["3", f"Properties=species:S:1:pos:R:3:{forces}:R:3 {stated}"]
        for symbol, *numbers in zip("OCH", places, force, strict=True):
            lines.append(" ".join([symbol, *(f"{x:.12f}" for row in numbers for x in row)]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def hold(data: ForceData, energy: float = 1.0, force: float = 1.0, length: float = 1.0) -> None:
    """The values of the file times these factors."""
    np.testing.assert_allclose(data.positions, PLACES * length, atol=1e-9)
    np.testing.assert_allclose(data.energies, ENERGIES * energy, rtol=1e-7)
    np.testing.assert_allclose(data.molecule_forces, FORCES * force, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize(
    ("energy", "forces"),
    [
        ("REF_Energy", "REF_force"),
        ("ref_energy", "ref_forces"),
        ("DFT_Energy", "DFT_force"),
        ("energy_dft", "forces_dft"),
        ("ENERGY", "FORCES"),
        ("Energy", "Force"),
        ("e", "f"),
        ("dftEnergy", "dftForces"),
        ("total-energy", "force_of_atoms"),
        ("free_energy", "y_forces"),
    ],
)
def test_names_are_found_in_every_spelling(energy: str, forces: str, tmp_path: Path) -> None:
    hold(load(extxyz(tmp_path / "a.extxyz", energy, forces)))
    arrays: dict[str, Any] = {energy: ENERGIES, forces: FORCES, "positions": PLACES}
    units = {"energy_unit": "eV", "length_unit": "Å"}
    if energy != "free_energy":  # not looked for in .npz files
        np.savez(tmp_path / "a.npz", numbers=np.array([8, 6, 1]), **arrays, **units)
        hold(load(tmp_path / "a.npz"))


@pytest.mark.parametrize("name", ["MACE_forces", "force_x", "uncertainty_of_forces", "fy"])
def test_other_names_are_left_alone(name: str, tmp_path: Path) -> None:
    assert known_names(("forces", "y_force"), [name]) == []
    with pytest.raises(ValueError, match=f"no forces; found .*{name}.*--forces-key"):
        load(extxyz(tmp_path / "a.extxyz", forces=name))


def test_two_spellings_with_different_values_are_refused(tmp_path: Path) -> None:
    path = extxyz(tmp_path / "a.extxyz", more="REF_energy=1.0")
    with pytest.raises(ValueError, match="'energy' and 'REF_energy', which differ"):
        load(path)


@pytest.mark.parametrize(
    ("more", "factors"),
    [
        ("energy_units=kcal/mol", {"energy": KCAL, "force": KCAL}),
        ("Energy_Unit=hartree", {"energy": HARTREE, "force": HARTREE}),
        ("forces_unit=Ha/Bohr", {"force": HARTREE / BOHR}),
        ("force_units=kcal/mol/A", {"force": KCAL}),
        ("unitsForces=kcal/mol/A", {"force": KCAL}),
        ("length_units=bohr", {"length": BOHR, "force": 1 / BOHR}),
        ("pos_unit=bohr", {"length": BOHR, "force": 1 / BOHR}),
        ("coords_units=bohr", {"length": BOHR, "force": 1 / BOHR}),
        ("units=kcal/mol", {"energy": KCAL, "force": KCAL}),
        ("unit=Hartree,bohr", {"energy": HARTREE, "force": HARTREE / BOHR, "length": BOHR}),
        ("units=real", {"energy": KCAL, "force": KCAL}),
        ("units=au", {"energy": HARTREE, "force": HARTREE / BOHR, "length": BOHR}),
        ("units=metal units_stress=kbar unit_of_charge=e temperature_unit=K", {}),
    ],
)
def test_a_stated_unit_is_never_dropped(
    more: str, factors: dict[str, float], tmp_path: Path
) -> None:
    hold(load(extxyz(tmp_path / "a.extxyz", more=more)), **factors)
    texts = dict(entry.split("=") for entry in more.split())
    arrays = {"positions": PLACES, "numbers": np.array([8, 6, 1]), "E": ENERGIES, "F": FORCES}
    defaults = {
        f"units_{kind}": unit
        for kind, unit in (("energy", "eV"), ("length", "Å"))
        if unit_of({key: text for key, text in texts.items() if states_unit(key)}, kind) is None
    }
    np.savez(tmp_path / "a.npz", **arrays, **texts, **defaults)
    hold(load(tmp_path / "a.npz"), **factors)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("units=furlongs", "units = 'furlongs' is not understood; expected an energy"),
        ("units=eV units_energy=hartree", "two units of energy"),
        ("forces_unit=eV", "unknown unit of forces 'eV'"),
    ],
)
def test_a_unit_that_is_not_understood_is_refused(more: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=words):
        load(extxyz(tmp_path / "a.extxyz", more=more))


def test_gradients_are_minus_the_forces(tmp_path: Path) -> None:
    """Named by the option too: the forces of a file of gradients are not their negative."""
    path = extxyz(tmp_path / "a.extxyz", forces="energy_gradient")
    hold(load(path, forces_key="energy_gradient"), force=-1)
    arrays = {"positions": PLACES, "numbers": np.array([8, 6, 1]), "E": ENERGIES, "grad": FORCES}
    np.savez(tmp_path / "a.npz", **arrays, units="eV, Å")
    hold(load(tmp_path / "a.npz", forces_key="grad"), force=-1)


@pytest.mark.parametrize("place", ["array", "group", "file"])
@pytest.mark.parametrize("forces_key", [None, "dft_total_gradient"])
def test_units_of_hdf5_wherever_they_stand(
    place: str, forces_key: str | None, tmp_path: Path
) -> None:
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "a.h5"
    names = {"conformations": PLACES, "dft_total_energy": ENERGIES, "dft_total_gradient": -FORCES}
    units = ("angstrom", "kcal/mol", "kcal/mol/angstrom")
    with h5py.File(path, "w") as file:
        group = file.create_group("molecule")
        group["atomic_numbers"] = np.array([8, 6, 1])
        for (name, values), unit in zip(names.items(), units, strict=True):
            group[name] = values
            if place == "array":
                group[name].attrs["unit"] = unit
        if place != "array":
            holder = group if place == "group" else file
            for kind, unit in zip(("length", "energy", "force"), units, strict=True):
                holder.attrs[f"{kind}_unit"] = unit
    hold(load(path, forces_key=forces_key), energy=KCAL, force=KCAL)


def hdf5(path: Path, **arrays: Any) -> Any:
    """An open file with one molecule in a group."""
    h5py = pytest.importorskip("h5py")
    file = h5py.File(path, "w")
    group = file.create_group("molecule")
    group["atomic_numbers"] = np.array([8, 6, 1])
    for name, values in arrays.items():
        group[name] = values
    return group


@pytest.mark.parametrize("positions", ["coordinates", "conformations", "positions"])
@pytest.mark.parametrize("place", ["array", "group"])
def test_forces_of_hdf5_without_a_unit_are_in_that_of_energies_by_lengths(
    positions: str, place: str, tmp_path: Path
) -> None:
    """As in a .npz file; not in that of another data set, whose energies would be in hartree."""
    path = tmp_path / "a.h5"
    group = hdf5(path, **{positions: PLACES, "energy": ENERGIES, "forces": FORCES})
    if place == "array":
        group["energy"].attrs["units"], group[positions].attrs["units"] = "kcal/mol", "bohr"
    else:
        group.attrs["units_energy"], group.attrs["units_length"] = "kcal/mol", "bohr"
    group.file.close()
    hold(load(path), energy=KCAL, force=KCAL / BOHR, length=BOHR)


def from_elsewhere(group: Any, name: str, way: str) -> None:
    """Data of 0.h5, or of a raw file, under a name of a group."""
    import h5py

    if way == "external":
        group[name] = h5py.ExternalLink("0.h5", f"/molecule/{name}")
    elif way == "soft":
        group.file["elsewhere"] = h5py.ExternalLink("0.h5", "/molecule")
        group[name] = h5py.SoftLink(f"/elsewhere/{name}")
    elif way == "virtual":
        with h5py.File(Path(group.file.filename).parent / "0.h5") as file:
            shape, dtype = file[f"molecule/{name}"].shape, file[f"molecule/{name}"].dtype
        layout = h5py.VirtualLayout(shape, dtype)
        layout[...] = h5py.VirtualSource("0.h5", f"molecule/{name}", shape, dtype)
        group.create_virtual_dataset(name, layout)
    else:
        raw = str(Path(group.file.filename).with_suffix(".raw"))
        space = [(raw, 0, h5py.h5f.UNLIMITED)]
        group.create_dataset(name, PLACES.shape, "f8", external=space)


@pytest.mark.parametrize("name", ["atomic_numbers", "coordinates", "energy", "forces"])
@pytest.mark.parametrize("way", ["external", "soft", "virtual", "raw"])
def test_data_of_another_file_are_not_read(name: str, way: str, tmp_path: Path) -> None:
    pytest.importorskip("h5py")
    for number in range(2):
        group = hdf5(tmp_path / f"{number}.h5", coordinates=PLACES, energy=ENERGIES, forces=FORCES)
        if number:
            del group[name]
            from_elsewhere(group, name, way)
        group.file.close()
    assert len(load(tmp_path / "0.h5")) > 0
    with pytest.raises(ValueError, match=rf"^1\.h5: .*/molecule: {name} is in another file"):
        load(tmp_path / "1.h5")


@pytest.mark.parametrize("name", ["atomic_numbers", "coordinates", "energy", "forces"])
def test_a_group_in_place_of_an_array_is_refused(name: str, tmp_path: Path) -> None:
    pytest.importorskip("h5py")
    group = hdf5(tmp_path / "a.h5", coordinates=PLACES, energy=ENERGIES, forces=FORCES)
    del group[name]
    group.create_group(name)
    group.file.close()
    with pytest.raises(ValueError, match=rf"^a\.h5: .*/molecule: {name} is no array"):
        load(tmp_path / "a.h5")


def test_words_of_names() -> None:
    assert words("REF_Forces") == words("refForce") == ("ref", "force")
    assert words("Energies") == ("energy",)
    assert words("y_force") != words("force_y")
