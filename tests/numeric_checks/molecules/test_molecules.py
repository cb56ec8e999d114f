"""Layouts, units, repeats, stored splits; and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from numeric_checks.molecules.data import EMBEDDED, load, sha256
from numeric_checks.molecules.fields import Field, load_field
from numeric_checks.molecules.units import KCAL_PER_MOL


def _arrays(frames: int = 12) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return (
        rng.normal(size=(frames, 3, 3)),
        rng.normal(size=(frames, 3, 3)),
        rng.normal(size=frames),
        np.array([8, 6, 1]),
    )


def test_the_two_npz_layouts_and_ase_agree(tmp_path: Path) -> None:
    from ase import Atoms
    from ase.calculators.singlepoint import SinglePointCalculator
    from ase.io import write

    R, F, E, z = _arrays()
    np.savez(tmp_path / "a.npz", R=R, F=F, E=E, z=z)
    np.savez(tmp_path / "b.npz", coords=R, forces=F, energies=E, nuclear_charges=z)
    frames = []
    for position, force, energy in zip(R, F, E, strict=True):
        atoms = Atoms(numbers=z, positions=position)
        atoms.calc = SinglePointCalculator(
            atoms, energy=energy * KCAL_PER_MOL, forces=force * KCAL_PER_MOL
        )
        frames.append(atoms)
    write(tmp_path / "c.extxyz", frames)
    first, second, third = (load(tmp_path / n) for n in ("a.npz", "b.npz", "c.extxyz"))
    for other in (second, third):
        np.testing.assert_allclose(other.positions, first.positions, atol=1e-7)
        np.testing.assert_allclose(other.molecule_forces, first.molecule_forces, atol=1e-7)
        np.testing.assert_allclose(other.energies, first.energies, atol=1e-7)
        assert np.array_equal(other.numbers, z)
    # 4184 J/mol over the Faraday constant, both exact since 2019.
    np.testing.assert_allclose(first.molecule_forces, F * 4184 / 96485.33212331001, rtol=1e-12)


def test_units_are_converted(tmp_path: Path) -> None:
    R, F, E, z = _arrays()
    units = {"units_length": "bohr", "units_energy": "hartree", "units_force": "hartree/bohr"}
    np.savez(tmp_path / "a.npz", R=R, F=F, E=E, z=z, **units)
    data = load(tmp_path / "a.npz")
    np.testing.assert_allclose(data.positions, R * 0.529177210903)
    np.testing.assert_allclose(data.molecule_forces, F * 27.211386245988 / 0.529177210903)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"units_energy": "furlong"}, "unknown unit"),
        ({"units_energy": "eV", "units_force": "kcal/angstrom"}, "unknown unit of forces"),
        ({"E": np.zeros(3)}, "energies E has shape"),
        ({"R": np.full((12, 3, 3), np.nan)}, "not finite"),
    ],
)
def test_bad_files_are_refused(tmp_path: Path, change: dict[str, object], message: str) -> None:
    R, F, E, z = _arrays()
    np.savez(tmp_path / "a.npz", **{"R": R, "F": F, "E": E, "z": z, **change})
    with pytest.raises(ValueError, match=message):
        load(tmp_path / "a.npz")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"r_unit": "bohr", "units_length": "angstrom"}, "two units of length"),
        ({"e_unit": "eV", "units_energy": "kcal/mol"}, "two units of energy"),
        ({"coords": np.zeros(1), "forces": 0, "energies": 0, "nuclear_charges": 0}, "two layouts"),
        ({"z": np.array([8, 6, 0])}, "atomic numbers"),
        ({"z": np.array([8.0, 6.0, 1.0])}, "must be integers"),
        ({"z": np.array([[8, 6, 1]] * 11)}, "atomic numbers"),
        ({"F": np.full((12, 3, 3), "a")}, "must be real"),
        ({"F": np.full((12, 3, 3), np.inf)}, "in frame 0"),
    ],
)
def test_two_units_of_one_kind_and_foreign_arrays_are_refused(
    tmp_path: Path, change: dict[str, object], message: str
) -> None:
    R, F, E, z = _arrays()
    np.savez(tmp_path / "a.npz", **{"R": R, "F": F, "E": E, "z": z, **change})
    with pytest.raises(ValueError, match=message):
        load(tmp_path / "a.npz")


def test_spellings_of_one_unit_are_one_unit(tmp_path: Path) -> None:
    R, F, E, z = _arrays()
    units = {"r_unit": "Ang", "units_length": "Å", "units_energy": "eV", "units_force": "eV/Ang"}
    np.savez(tmp_path / "a.npz", R=R, F=F, E=E, z=z, **units)
    np.testing.assert_allclose(load(tmp_path / "a.npz").molecule_forces, F)


def test_the_generic_layout_must_state_its_units(tmp_path: Path) -> None:
    R, F, E, z = _arrays()
    arrays = {"positions": R / 10, "forces": F, "energies": E, "numbers": z}
    np.savez(tmp_path / "a.npz", **arrays, units_length="nm", units_energy="eV")
    data = load(tmp_path / "a.npz")
    np.testing.assert_allclose(data.positions, R)
    np.testing.assert_allclose(data.molecule_forces, F / 10)
    np.savez(tmp_path / "b.npz", **arrays)
    with pytest.raises(ValueError, match="must state units_length"):
        load(tmp_path / "b.npz")


def test_other_arrays_are_fields(tmp_path: Path) -> None:
    from ase import Atoms
    from ase.io import write

    R, F, _, z = _arrays()
    duplicate = np.full(12, -1)
    duplicate[3] = 0
    np.savez(
        tmp_path / "a.npz",
        R=R,
        z=z,
        spins=F,
        charges=F[..., 0],
        units_charges="e",
        duplicate_of=duplicate,
        odd=np.zeros((12, 3, 2)),
    )
    kept = np.arange(12) != 3
    spins, charges = (load_field(tmp_path / "a.npz", name) for name in ("spins", "charges"))
    np.testing.assert_allclose(spins.molecule_values, F[kept])
    assert (spins.unit, charges.unit) == ("as stored", "e")
    assert charges.molecule_values.shape == (11, 3)
    assert len(charges.first(4)) == 4
    with pytest.raises(ValueError, match="frames must lie"):
        charges.first(12)
    with pytest.raises(ValueError, match=r"odd has shape .*, expected"):
        load_field(tmp_path / "a.npz", "odd")
    with pytest.raises(ValueError, match="no array 'dipoles'; the file has R, charges"):
        load_field(tmp_path / "a.npz", "dipoles")
    frames = [Atoms(z, position) for position in R]
    for frame, values in zip(frames, F, strict=True):
        frame.set_array("spins", values)
    write(tmp_path / "a.extxyz", frames)
    again = load_field(tmp_path / "a.extxyz", "spins")
    np.testing.assert_allclose(again.molecule_values, F, atol=1e-7)
    with pytest.raises(ValueError, match="frame 0: no per-atom array 'charges'; the frame has"):
        load_field(tmp_path / "a.extxyz", "charges")
    with pytest.raises(ValueError, match=r"a\.extxyz: no forces; found spins"):
        load(tmp_path / "a.extxyz")


def test_the_order_along_the_trajectory_is_kept(tmp_path: Path) -> None:
    R, F, E, z = _arrays()
    order = np.random.default_rng(1).permutation(12)
    np.savez(tmp_path / "a.npz", R=R, F=F, E=E, z=z, md17_index=order)
    field = load_field(tmp_path / "a.npz")
    np.testing.assert_array_equal(field.order, order)
    sorted_field = field.along_trajectory()
    np.testing.assert_allclose(sorted_field.positions[order], R)
    np.testing.assert_allclose(sorted_field.molecule_values[order], field.molecule_values)
    np.savez(tmp_path / "b.npz", R=R, F=F, E=E, z=z, md17_index=order[:3])
    with pytest.raises(ValueError, match="md17_index must be 12 integers"):
        load(tmp_path / "b.npz")


def test_forces_as_a_field_are_those_of_the_data() -> None:
    data, field = load(EMBEDDED), load_field(EMBEDDED)
    assert isinstance(field, Field)
    assert field.unit == "eV/angstrom"
    np.testing.assert_array_equal(field.molecule_values, data.molecule_forces)


def test_missing_and_foreign_files(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "none.npz")
    np.savez(tmp_path / "a.npz", x=np.zeros(3))
    with pytest.raises(ValueError, match="expected the arrays"):
        load(tmp_path / "a.npz")
    (tmp_path / "a.extxyz").write_text("not a trajectory")
    with pytest.raises(ValueError, match="not readable by ASE"):
        load(tmp_path / "a.extxyz")


def test_pickled_arrays_are_not_loaded(tmp_path: Path) -> None:
    _, F, E, z = _arrays()
    np.savez(tmp_path / "a.npz", R=np.array([{"a": 1}], dtype=object), F=F, E=E, z=z)
    with pytest.raises(ValueError, match=r"R holds Python objects \(a pickle\)"):
        load(tmp_path / "a.npz")
    with pytest.raises(ValueError, match="R holds Python objects"):
        load_field(tmp_path / "a.npz", "F")


def test_repeats_are_dropped_and_published_indices_follow(tmp_path: Path) -> None:
    R, F, E, z = _arrays()
    duplicate = np.full(12, -1)
    duplicate[4] = 1
    np.savez(
        tmp_path / "a.npz",
        R=R,
        F=F,
        E=E,
        z=z,
        duplicate_of=duplicate,
        train=np.arange(8),
        test=np.arange(8, 12),
    )
    data = load(tmp_path / "a.npz")
    assert len(data) == 11
    np.testing.assert_allclose(data.positions[data.published["test"]], R[8:12])


def test_local_aspirin(data_dir: Path) -> None:
    data = load(data_dir / "aspirin_rmd17.npz")
    assert data.checksum == sha256(data_dir / "aspirin_rmd17.npz")
    assert data.positions.shape == (9633, 21, 3)
    rms = float(np.sqrt((data.molecule_forces**2).mean()))
    assert rms / KCAL_PER_MOL == pytest.approx(29.38, abs=0.005)  # the data's own README
