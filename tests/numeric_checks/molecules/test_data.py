"""Whole molecules, streams, dependence, and what needs which labels."""

from __future__ import annotations

import bz2
import gzip
import lzma
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write

from numeric_checks.bandwidth.estimate import bandwidth
from numeric_checks.bandwidth.result import SpectrumOptions
from numeric_checks.molecules.contents import Contents
from numeric_checks.molecules.data import EMBEDDED, ForceData, iterate, load
from numeric_checks.molecules.distances import mean_distances, vectors_to
from numeric_checks.molecules.fields import Field, load_field
from numeric_checks.molecules.marks import fixed_topology, marked_rows
from numeric_checks.molecules.screen import Screen
from numeric_checks.molecules.structures import Structures
from numeric_checks.molecules.whole import whole

FACTORS = {"forces": 1.0, "REF_forces": -2.0}
TRICLINIC = np.array([[9.0, 0, 0], [3.0, 8.0, 0], [-2.0, 1.0, 10.0]])


def labelled(frames: list[Atoms]) -> list[Atoms]:
    for n, frame in enumerate(frames):
        frame.calc = SinglePointCalculator(frame, energy=-n, forces=frame.positions + n)
    return frames


def many() -> list[Atoms]:
    """Forty frames of six molecules, one of them alone and one a repeat."""
    names = ["H2O", "CH4", "CH3OH", "C2H6", "CO2", "NH3"]
    frames = [molecule(names[n % 6]) for n in range(38)]
    for n, frame in enumerate(frames):
        frame.rattle(0.05, seed=n)
    return [*frames[:20], Atoms("O"), *frames[20:25], frames[3].copy(), *frames[25:]]


def wrapped_boxes() -> tuple[Structures, Structures]:
    """Ethanol in a triclinic cell: whole, and wrapped into it after a shift."""
    rng = np.random.default_rng(0)
    atoms = molecule("CH3CH2OH")
    places = atoms.positions + 0.03 * rng.normal(size=(6, 9, 3)) + rng.uniform(0, 9, (6, 1, 3))
    fraction = places @ np.linalg.inv(TRICLINIC)
    inside = (fraction - np.floor(fraction)) @ TRICLINIC
    return tuple(  # type: ignore[return-value]
        Structures.of_molecule(p, atoms.numbers, TRICLINIC) for p in (places, inside)
    )


def test_molecules_cut_by_the_border_are_made_whole() -> None:
    free, cut = wrapped_boxes()
    made, moved = whole(cut)
    assert moved > 0
    for one, other in zip(made.molecule[0], free.molecule[0], strict=True):
        np.testing.assert_allclose(one - one[0], other - other[0], atol=1e-10)
    shifts = (made.positions - cut.positions) @ np.linalg.inv(TRICLINIC)
    np.testing.assert_allclose(shifts, shifts.round(), atol=1e-10)
    again, none = whole(made)
    assert none == 0
    assert again is made
    assert whole(free)[1] == 0
    np.testing.assert_allclose(mean_distances(made), mean_distances(cut), atol=1e-10)


def test_crystals_and_slabs_stay_as_they_are() -> None:
    crystal = bulk("NaCl", "rocksalt", a=5.64, cubic=True)
    crystal.positions += 0.1
    for periodic in (True, [True, True, False]):
        made = Structures.of_molecule(
            crystal.positions[None], crystal.numbers, crystal.cell.array, periodic
        )
        assert whole(made)[0] is made


def test_a_stream_gives_the_frames_of_the_file(tmp_path: Path) -> None:
    for name in ("a.extxyz", "a.traj", "a.db"):
        write(tmp_path / name, labelled(many()))
        data = load(tmp_path / name)
        assert len(data) == 38
        assert len(data.notes) == 2
        for atoms in (1, 20, 10**6):
            parts = list(iterate(tmp_path / name, atoms))
            assert all(len(p) == 1 or len(p.structures.numbers) <= atoms for p in parts)
            joined = Structures.join([part.structures for part in parts])
            np.testing.assert_array_equal(joined.positions, data.structures.positions)
            np.testing.assert_array_equal(
                np.concatenate([part.forces for part in parts]), data.forces
            )
            np.testing.assert_array_equal(
                np.concatenate([part.energies for part in parts]), data.energies
            )
            assert parts[-1].notes == data.notes
    with pytest.raises(ValueError, match="at least 1"):
        next(iterate(tmp_path / "a.traj", 0))
    with pytest.raises(ValueError, match="no array 'f' for --forces-key; found energy, forces"):
        list(iterate(tmp_path / "a.traj", 100, forces_key="f"))


def test_a_stream_reads_no_more_than_it_gives(tmp_path: Path) -> None:
    write(tmp_path / "a.extxyz", labelled(many()))
    content = (tmp_path / "a.extxyz").read_text()
    (tmp_path / "a.extxyz").write_text(content[: len(content) // 2] + "broken")
    parts = iterate(tmp_path / "a.extxyz", 10)
    assert len(next(parts).structures.numbers) <= 10  # the fault comes later
    with pytest.raises(ValueError, match=r"a\.extxyz: not readable by ASE"):
        list(parts)


def test_exact_repeats_do_not_change_the_bandwidth(tmp_path: Path) -> None:
    # A frame found again in another block passes for a neighbour in direction.
    data = load(EMBEDDED).take(slice(600))
    index = np.concatenate([np.arange(600), np.arange(100)])
    options = SpectrumOptions(l_max=2, draws=50)
    texts = []
    for chosen in (index[:600], index):
        np.savez(
            tmp_path / "a.npz",
            R=data.positions[chosen],
            F=data.molecule_forces[chosen],
            z=data.numbers,
        )
        found = bandwidth(load(tmp_path / "a.npz"), options, atoms=[0, 18])
        texts.append(found.text)
    assert texts[0] == texts[1]
    assert found.notes == ("left out 100 of 700 frames that repeat an earlier one",)
    repeated = bandwidth(data.take(index), options, atoms=[0, 18])
    assert repeated.text == texts[0]
    assert "100 frames repeat" in repeated.notes[-1]


def test_the_bandwidth_of_a_wrapped_molecule_is_that_of_the_whole_one() -> None:
    data = load(EMBEDDED).take(slice(600))
    box = 12 * np.eye(3) + np.array([[0, 0, 0], [3.0, 0, 0], [-2, 4.0, 0]])
    fraction = data.positions @ np.linalg.inv(box)
    inside = (fraction - np.floor(fraction)) @ box
    assert np.abs(inside - data.positions).max() > 1
    options = SpectrumOptions(l_max=2, draws=50)
    found = [
        bandwidth(
            Field.of_molecule(
                places, data.molecule_forces, data.numbers, "a", "forces", "eV/Å", cell=cell
            ),
            options,
            atoms=[0, 18],
        )
        for places, cell in ((data.positions, None), (inside, box))
    ]
    np.testing.assert_array_equal(found[0].frame_atoms, found[1].frame_atoms)
    np.testing.assert_allclose(found[0].pooled.explained, found[1].pooled.explained, rtol=1e-6)
    assert found[0].text == found[1].text


def test_a_crystal_has_neighbours_across_its_border(data_dir: Path) -> None:
    data = load(data_dir / "gst_ge-sb-te.xyz").take(slice(12))
    assert data.structures.has_cell
    assert data.origin["periodic"]
    atoms = Atoms(data.numbers, data.positions[0], cell=data.structures.cells[0], pbc=True)
    distances = atoms.get_all_distances(mic=True)
    found = mean_distances(data.structures.take([0]))
    np.testing.assert_allclose(found, distances, atol=1e-9)
    # These frames are no trajectory: an atom has other neighbours in each.
    assert not fixed_topology(data.structures)
    rows = marked_rows(data.structures)
    near = np.linalg.norm(vectors_to(data.structures, np.arange(len(rows)), rows), axis=1)
    assert near.max() < 3.5  # Å; bonds of Ge, Sb and Te
    free = data.structures.positions[rows] - data.structures.positions
    assert (np.linalg.norm(free, axis=1) > 5).mean() > 0.1  # the cell matters
    with pytest.raises(ValueError, match="change their neighbours"):
        bandwidth(data, SpectrumOptions(l_max=1, draws=50), atoms=[0])


def test_frames_of_different_atoms_have_no_bandwidth(tmp_path: Path) -> None:
    write(tmp_path / "a.extxyz", labelled(many()))
    with pytest.raises(ValueError, match="hold different atoms"):
        bandwidth(load(tmp_path / "a.extxyz"))


def test_what_needs_labels_names_them(tmp_path: Path) -> None:
    write(tmp_path / "a.extxyz", labelled(many()))
    chosen = load(tmp_path / "a.extxyz").select("species=H,O", "index=0:3")
    assert chosen.structures.counts.tolist() == [3]  # places are those in the file
    places = np.random.default_rng(0).normal(size=(3, 2, 3))
    bare = ForceData.of_molecule(places, None, None, np.array([6, 8]), "a")
    with pytest.raises(ValueError, match="a: training needs energies, which 3 of 3 frames do not"):
        bare.require_energies("training")
    with pytest.raises(ValueError, match="a: training needs forces, which 3 of 3 frames do not"):
        bare.require_forces("training")
    with pytest.raises(ValueError, match="forces contains values that are not finite"):
        Field.of_forces(bare)
    chosen.require_energies("training")
    chosen.require_forces("training")


def test_stored_splits_follow_a_selection(tmp_path: Path) -> None:
    places = np.random.default_rng(0).normal(size=(8, 3, 3))
    np.savez(
        tmp_path / "a.npz",
        R=places,
        F=places,
        z=[6, 8, 1],
        train=[0, 3, 5],
        test=[1, 2],
        test_02=[7],
    )
    data = load(tmp_path / "a.npz")
    part = data.select("index=2:6")
    for name in ("train", "test"):
        stored = [i for i in data.published[name] if 2 <= i < 6]
        np.testing.assert_array_equal(part.positions[part.published[name]], places[stored])
    assert set(part.published) == {"train", "test"}
    assert data.select() is data


def test_frames_without_forces_are_kept_where_none_are_needed(tmp_path: Path) -> None:
    write(tmp_path / "a.extxyz", many())
    with pytest.raises(ValueError, match="no forces; found no arrays"):
        load(tmp_path / "a.extxyz")
    data = load(tmp_path / "a.extxyz", require_forces=False)
    assert len(data) == 38
    assert np.isnan(data.forces).all()


def test_paths_that_are_no_files(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError, match="is a folder"):
        load(tmp_path)
    with pytest.raises(ValueError, match="not an ordinary file"):
        load("/dev/null")


def test_two_atoms_at_one_place_are_refused(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    R = rng.normal(size=(3, 5, 3))
    R[:, 1, 0] = R[:, 4, 0]  # one coordinate alone
    arrays = {"R": R, "F": rng.normal(size=(3, 5, 3)), "E": np.zeros(3), "z": np.full(5, 6)}
    path = tmp_path / "a.npz"
    np.savez(path, **arrays)
    assert len(load(path)) == 3
    R[1, 3] = R[1, 0]
    np.savez(path, **arrays)
    with pytest.raises(ValueError, match="two atoms of frame 1 are at the same place"):
        load(path)


@pytest.mark.parametrize(
    "periodic", [(True, True, True), (True, False, True), (False, True, False)]
)
def test_images_of_one_atom_are_one_place(periodic: tuple[bool, bool, bool]) -> None:
    """By brute force over images: what is refused has two atoms within 0.01 Å, and only that."""
    rng = np.random.default_rng(1)
    for left in (False, True):
        cell = TRICLINIC[[1, 0, 2]] if left else TRICLINIC
        places = rng.uniform(0, 8, (3, 9, 3))
        steps = rng.integers(-2, 3, 3) * np.array(periodic)
        for gap, refused in ((0.0, True), (0.009, True), (0.02, False)):
            moved = places.copy()
            moved[1, 4] = moved[1, 7] + steps @ cell + gap * np.array([0.6, 0.0, 0.8])
            made = Structures.of_molecule(moved, np.full(9, 6), cell, np.array(periodic))
            contents = Contents(made, np.zeros(3), np.zeros((27, 3)))
            if not refused:
                assert Screen()(contents).all()
                continue
            with pytest.raises(ValueError, match="two atoms of frame 1 are at the same place"):
                Screen()(contents)


@pytest.mark.parametrize(
    ("name", "factor", "words"),
    [
        ("R", 1e8, r"positions must lie between -1e\+06 and 1e\+06 Å, got .* in frame 0"),
        ("R", 1e200, "positions must lie"),
        ("F", 1e30, r"forces must lie between -1e\+09 and 1e\+09 eV/Å, got"),
        ("E", 1e300, "energies must lie between"),
        ("lattice", 1e200, r"cells must lie between .* got 9e\+200 in frame 0"),
    ],
)
def test_numbers_that_are_no_data_are_refused(
    name: str, factor: float, words: str, tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    arrays = {
        "R": rng.normal(size=(3, 5, 3)), "F": rng.normal(size=(3, 5, 3)), "E": np.ones(3),
        "z": np.full(5, 6), "lattice": 9 * np.eye(3), "e_unit": np.array("eV"),
    }  # fmt: skip
    arrays[name] = arrays[name] * factor
    path = tmp_path / "a.npz"
    np.savez(path, **arrays)
    with pytest.raises(ValueError, match=words):
        load(path)


def test_two_labellings_of_one_file_do_not_keep_a_field_from_being_read(tmp_path: Path) -> None:
    """DFT beside a network's prediction: energies are not what a field is about."""
    frames, rng = labelled([molecule("H2O") for _ in range(4)]), np.random.default_rng(0)
    for frame in frames:
        frame.rattle(0.05, rng=rng)
        frame.info["REF_energy"] = 1e300  # neither compared nor judged
        frame.arrays["REF_forces"] = FACTORS["REF_forces"] * frame.calc.results["forces"]
        frame.calc.results["dipole"] = np.ones(3)
    write(tmp_path / "a.extxyz", frames)
    arrays = {"positions": [f.positions for f in frames], "numbers": frames[0].numbers}
    arrays |= {name: [f.calc.results["forces"] * k for f in frames] for name, k in FACTORS.items()}
    units = {"units_energy": "eV", "units_length": "Å"}
    np.savez(
        tmp_path / "a.npz", **arrays, **units, energy=np.zeros(4), REF_energy=np.full(4, 1e300)
    )
    expected = np.concatenate([frame.calc.results["forces"] for frame in frames])
    for name in ("a.extxyz", "a.npz"):
        path = tmp_path / name
        for given in ("forces", "REF_forces"):
            field = load_field(path, forces_key=given)
            np.testing.assert_allclose(field.values, FACTORS[given] * expected, atol=1e-6)
        field = load_field(path, "REF_forces")
        np.testing.assert_allclose(field.values, FACTORS["REF_forces"] * expected, atol=1e-6)
        with pytest.raises(ValueError, match="'energy' and 'REF_energy', which differ"):
            load(path, forces_key="forces")
        with pytest.raises(ValueError, match="choose one with --forces-key"):
            load_field(path)


def test_a_result_of_the_frame_is_no_array_of_the_atoms(tmp_path: Path) -> None:
    """The dipole of a molecule of three atoms has as many entries as it has atoms."""
    frames = labelled([molecule("H2O") for _ in range(2)])
    for frame in frames:
        frame.calc.results |= {"dipole": np.ones(3), "charges": np.array([-0.8, 0.4, 0.4])}
    write(tmp_path / "a.traj", frames)
    assert load_field(tmp_path / "a.traj", "charges").values.tolist() == [-0.8, 0.4, 0.4]
    with pytest.raises(ValueError, match="no per-atom array 'dipole'; the frame has charges"):
        load_field(tmp_path / "a.traj", "dipole")


@pytest.mark.parametrize("packed", ["", ".gz", ".bz2", ".xz"])
def test_a_dump_without_elements_is_refused_packed_or_not(packed: str, tmp_path: Path) -> None:
    """Types 1 and 2 are no hydrogen and helium."""
    text = ["ITEM: TIMESTEP", "0", "ITEM: NUMBER OF ATOMS", "2", "ITEM: BOX BOUNDS ff ff ff"]
    text += ["0 9"] * 3
    rows = {"type": ["1 0 0 0 0.5 0 0", "2 1 1 1 0 0 0"], "element": ["Si 0 0 0 0.5 0 0"]}
    rows["element"].append("O 1 1 1 0 0 0")
    opened = {"": open, ".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}[packed]
    for column, lines in rows.items():
        path = tmp_path / f"{column}.dump{packed}"
        with opened(path, "wt", encoding="utf-8") as stream:  # type: ignore[operator]
            head = f"ITEM: ATOMS {column} x y z fx fy fz"
            stream.write("\n".join([*text, head, *lines]) + "\n")
    data = load(tmp_path / f"element.dump{packed}")
    assert data.numbers.tolist() == [14, 8]
    assert data.forces[0].tolist() == [0.5, 0, 0]
    assert np.isnan(data.energies).all()
    with pytest.raises(ValueError, match="names types of atoms, not elements"):
        load(tmp_path / f"type.dump{packed}")
    if packed:
        whole_file = (tmp_path / f"element.dump{packed}").read_bytes()
        (tmp_path / f"cut.dump{packed}").write_bytes(whole_file[: len(whole_file) // 2])
        with pytest.raises(ValueError, match="not readable by ASE"):
            load(tmp_path / f"cut.dump{packed}")
