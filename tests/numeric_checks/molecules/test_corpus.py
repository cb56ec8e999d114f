"""Small data files over formats and faults: each is read rightly, or refused in one line.

``python tests/numeric_checks/molecules/test_corpus.py FILE`` writes the record that the site shows.
"""

from __future__ import annotations

import json
import pickle
import re
import sys
import tempfile
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.constraints import FixAtoms, FixCartesian
from ase.io import write

from numeric_checks.molecules.data import ForceData, load

FRAMES = 4
MUTANTS = 3000
NUMBERS = np.array([8, 6, 1])
_rng = np.random.default_rng(0)
PLACES = np.array([[0.0, 0, 0], [0, 0, 1.2], [0.9, 0, 1.7]]) + 0.05 * _rng.normal(size=(4, 3, 3))
FORCES = _rng.normal(size=(4, 3, 3))
ENERGIES = _rng.normal(size=4) - 100
TRICLINIC = np.array([[9.0, 0, 0], [3.0, 8.0, 0], [-2.0, 1.0, 10.0]])

EV_PER_KCAL_MOL = 4184 / 96485.33212331001  # over the Faraday constant, exact since 2019
EV_PER_KJ_MOL = 1000 / 96485.33212331001
HARTREE, BOHR = 27.211386245981, 0.529177210544  # CODATA 2022


@dataclass
class Case:
    """A file and what is to come of it."""

    format: str
    fault: str
    make: Callable[[Path], None]
    refusal: str = ""
    expected: dict[str, Any] = field(default_factory=dict)
    arguments: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"{self.format}: {self.fault}"


SUFFIX = {
    "extxyz": ".extxyz",
    "traj": ".traj",
    "ASE db": ".db",
    "ASE json": ".json",
    "LAMMPS dump": ".dump",
    "hdf5": ".h5",
}
CASES: list[Case] = []


def good(format: str, fault: str, make: Callable[[Path], None], **expected: Any) -> None:
    arguments = expected.pop("arguments", {})
    CASES.append(Case(format, fault, make, expected=expected, arguments=arguments))


def bad(format: str, fault: str, make: Callable[[Path], None], refusal: str, **more: Any) -> None:
    CASES.append(Case(format, fault, make, refusal, arguments=more))


def check(data: ForceData, expected: dict[str, Any]) -> None:
    """The values are those that were written; where nothing else is said, all of them."""
    frames = expected.get("frames", slice(None))
    if "structures" in expected:  # frames of many sizes
        found = data.structures
        assert [len(f) for f in expected["structures"]] == found.counts.tolist()
        for name, values in (
            ("numbers", np.concatenate([f.numbers for f in expected["structures"]])),
            ("positions", np.concatenate([f.positions for f in expected["structures"]])),
        ):
            np.testing.assert_allclose(getattr(found, name), values, atol=1e-6)
    else:
        assert data.numbers.tolist() == NUMBERS.tolist()
        places = expected.get("positions", PLACES)[frames]
        np.testing.assert_allclose(data.positions, places, atol=1e-6)
        np.testing.assert_allclose(data.molecule_forces, FORCES[frames], rtol=1e-6, atol=1e-6)
    if expected.get("energies", True) is True:
        if "structures" not in expected:
            np.testing.assert_allclose(data.energies, ENERGIES[frames], rtol=1e-6)
    else:
        assert np.isnan(data.energies).all()
    cell = expected.get("cell")
    assert data.structures.has_cell == (cell is not None)
    if cell is not None:
        np.testing.assert_allclose(data.structures.cells, np.broadcast_to(cell, (len(data), 3, 3)))
    if "periodic" in expected:
        assert (data.structures.periodic == expected["periodic"]).all()
    for name, index in expected.get("published", {}).items():
        assert data.published[name].tolist() == index
    if "order" in expected:
        assert data.order is not None
        assert data.order.tolist() == expected["order"]
    assert len(data.notes) == len(expected.get("notes", ()))
    for note, pattern in zip(data.notes, expected.get("notes", ()), strict=True):
        assert re.search(pattern, note)


# --- npz -----------------------------------------------------------------------------------------


def npz(layout: str = "sGDML", energy: float = EV_PER_KCAL_MOL, length: float = 1.0, **more: Any):
    """Writes the arrays in units of ``energy`` eV and ``length`` Å; None leaves an array out."""
    names = {
        "sGDML": ("R", "F", "E", "z"),
        "rMD17": ("coords", "forces", "energies", "nuclear_charges"),
        "generic": ("positions", "forces", "energies", "numbers"),
    }[layout]
    force = more.pop("force", energy / length)
    values = (PLACES / length, FORCES / force, ENERGIES / energy, NUMBERS)
    arrays = {**dict(zip(names, values, strict=True)), **more}
    arrays = {name: value for name, value in arrays.items() if value is not None}
    return lambda path: np.savez(path, **arrays)


def generic(energy: str, length: str, of: tuple[float, float], **more: Any):
    return npz("generic", *of, units_energy=energy, units_length=length, **more)


def repeated(values: np.ndarray) -> np.ndarray:
    return np.concatenate([values, values[1:2]])


def damaged(make: Callable[[Path], None], change: Callable[[bytes], bytes]):
    def broken(path: Path) -> None:
        make(path)
        path.write_bytes(change(path.read_bytes()))

    return broken


def flipped(content: bytes) -> bytes:
    place = content.index(b"NUMPY") + 200
    return content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :]


def raw(content: bytes):
    return lambda path: path.write_bytes(content)


def lying(path: Path) -> None:
    """A member whose header declares 8 TB."""
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }"
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    with zipfile.ZipFile(path, "w") as archive:
        content = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
        archive.writestr("R.npy", content + bytes(80))
        archive.writestr("z.npy", content + bytes(80))


def bomb(path: Path) -> None:
    """A member whose entry declares 4 PB, unpacked."""
    npz()(path)
    content = bytearray(path.read_bytes())
    entry = content.index(b"PK\x01\x02")
    # The declared size is in the extra field of a 64-bit entry: write one for the first member.
    with zipfile.ZipFile(path) as archive:
        info = archive.infolist()[0]
    place = content.index(b"PK\x01\x02", entry)
    extra = b"\x01\x00\x08\x00" + (4 << 50).to_bytes(8, "little")
    content[place + 24 : place + 28] = b"\xff\xff\xff\xff"
    content[place + 30 : place + 32] = len(extra).to_bytes(2, "little")
    name_end = place + 46 + len(info.filename)
    content[name_end:name_end] = extra
    end = content.rindex(b"PK\x05\x06")
    size = int.from_bytes(content[end + 12 : end + 16], "little") + len(extra)
    content[end + 12 : end + 16] = size.to_bytes(4, "little")
    path.write_bytes(bytes(content))


def zipped(member: str):
    def make(path: Path) -> None:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(member, b"content")

    return make


KCAL = EV_PER_KCAL_MOL
good("sGDML npz", "none", npz())
good("sGDML npz", "units r_unit and e_unit", npz("sGDML", 1.0, BOHR, r_unit="bohr", e_unit="eV"))
good("sGDML npz", "lattice of a cube", npz(lattice=9 * np.eye(3)), cell=9 * np.eye(3))
good("sGDML npz", "no energies", npz(E=None), energies=False)
good("sGDML npz", "float32 and int8", npz(R=PLACES.astype("f4"), z=NUMBERS.astype("i1")))
good("rMD17 npz", "none", npz("rMD17"))
good("rMD17 npz", "old_indices", npz("rMD17", old_indices=[30, 5, 7, 1]), order=[30, 5, 7, 1])
good(
    "rMD17 npz",
    "other labels by key",
    npz("rMD17", forces=None, f2=FORCES / KCAL),
    arguments={"forces_key": "f2"},
)
good("npz", "eV and Å", generic("eV", "Å", (1, 1)))
good("npz", "kJ/mol and nm", generic("kJ/mol", "nm", (EV_PER_KJ_MOL, 10)))
good(
    "npz",
    "kJ/mol, forces in kJ/mol/Å",
    generic("kJ/mol", "angstrom", (EV_PER_KJ_MOL, 1), units_force="kJ mol^-1 Ang^-1"),
)
good(
    "npz",
    "hartree, forces in hartree/bohr, lengths in Å",
    generic("hartree", "angstrom", (HARTREE, 1), force=HARTREE / BOHR, units_force="Ha/a0"),
)
good("npz", "meV and bohr", generic("meV", "bohr", (1e-3, BOHR)))
good("npz", "atomic units", generic("au", "au", (HARTREE, BOHR), units_force="a.u."))
good(
    "npz",
    "kcal/mol, forces in eV/Å",
    generic("kcal/mol", "angstrom", (KCAL, 1), force=1, units_force="eV/Ang"),
)
good("npz", "box lengths", generic("eV", "Å", (1, 1), box=[9.0, 8, 7]), cell=np.diag([9.0, 8, 7]))
good(
    "npz",
    "triclinic cell in nm",
    generic("eV", "nm", (1, 10), cell=TRICLINIC / 10),
    cell=TRICLINIC,
    periodic=True,
)
good(
    "npz",
    "cell periodic in a plane",
    generic("eV", "Å", (1, 1), cell=TRICLINIC, pbc=[True, True, False]),
    cell=TRICLINIC,
    periodic=[True, True, False],
)
good(
    "sGDML npz",
    "published splits",
    npz(train=[0, 2], test=[3, 1]),
    published={"train": [0, 2], "test": [3, 1]},
)
good(
    "sGDML npz",
    "splits as masks",
    npz(train=[True, False, True, False]),
    published={"train": [0, 2]},
)
good(
    "sGDML npz",
    "repeat not named",
    npz(R=repeated(PLACES), F=repeated(FORCES) / KCAL, E=repeated(ENERGIES) / KCAL),
    notes=["left out 1 of 5 frames that repeat"],
)
good(
    "sGDML npz",
    "repeat named, and splits",
    npz(
        R=repeated(PLACES)[[0, 1, 4, 2, 3]],
        F=repeated(FORCES)[[0, 1, 4, 2, 3]] / KCAL,
        E=repeated(ENERGIES)[[0, 1, 4, 2, 3]] / KCAL,
        duplicate_of=[-1, -1, 1, -1, -1],
        train=[0, 2, 3],
        test=[1, 4],
    ),
    notes=["left out 1 of 5"],
    published={"train": [0, 2], "test": [1, 3]},
)


def physnet(path: Path) -> None:
    places, forces, numbers = np.zeros((2, 3, 3)), np.zeros((2, 3, 3)), np.zeros((2, 3), int)
    for n, frame in enumerate(mixed(with_labels=False)[:2]):
        count = len(frame)
        numbers[n, :count], places[n, :count] = frame.numbers, frame.positions
    np.savez(
        path,
        R=places,
        Z=numbers,
        N=[3, 2],
        F=forces,
        E=np.zeros(2),
        units_length="Å",
        units_energy="eV",
    )


def mixed(with_labels: bool = True) -> list[Atoms]:
    """Water, CO and methanol's heavy atoms with one hydrogen."""
    frames = [
        Atoms("OH2", [[0, 0, 0], [0, 0, 0.96], [0.93, 0, -0.24]]),
        Atoms("CO", [[0, 0, 0], [0, 0, 1.13]]),
        Atoms("COH", [[0, 0, 0], [0, 0, 1.42], [0.9, 0, 1.7]]),
    ]
    if with_labels:
        for frame in frames:
            forces = np.arange(3.0 * len(frame)).reshape(-1, 3)
            frame.calc = SinglePointCalculator(frame, energy=-1.0, forces=forces)
    return frames


good("PhysNet npz", "two molecules, padded", physnet, structures=mixed()[:2])

bad("sGDML npz", "empty file", raw(b""), "is an empty file")
bad("sGDML npz", "truncated", damaged(npz(), lambda c: c[: len(c) // 2]), "truncated or damaged")
bad("sGDML npz", "a byte flipped", damaged(npz(), flipped), "truncated or damaged")
bad("sGDML npz", "pickled array", npz(R=np.array([{"a": 1}], dtype=object)), "Python objects")
bad(
    "sGDML npz",
    "objects as atomic numbers",
    npz(z=np.array(["C", None, 1], dtype=object)),
    "z holds Python objects",
)
bad("sGDML npz", "header declares 8 TB", lying, "R declares 8000000000000 bytes and holds 80")
bad("sGDML npz", "entry declares 4 PB", bomb, "declares 4194304.0 GiB, more than half")
bad("sGDML npz", "no frames", npz(R=PLACES[:0], F=FORCES[:0], E=ENERGIES[:0]), "one frame")
bad(
    "sGDML npz",
    "NaN position",
    npz(R=np.where(PLACES[2, 1, 0] == PLACES, np.nan, PLACES)),
    "positions contains values that are not finite, in frame 2",
)
bad(
    "sGDML npz",
    "infinite force",
    npz(F=np.where(FORCES[3, 0, 1] == FORCES, np.inf, FORCES)),
    "forces contains values that are not finite, in frame 3",
)
bad("sGDML npz", "infinite energy", npz(E=[0, np.inf, 0, 0]), "energies .* in frame 1")
bad("sGDML npz", "duplicate_of too long", npz(duplicate_of=[-1] * 6), "duplicate_of must be 4")
bad(
    "sGDML npz",
    "duplicate_of names a later frame",
    npz(duplicate_of=[-1, 3, -1, -1]),
    "must name an earlier frame",
)
bad("sGDML npz", "atoms far apart", npz(R=40 * PLACES), "isolated atoms, none within 10 Å")
bad("sGDML npz", "unknown unit", npz(units_energy="furlong"), "unknown unit of energy 'furlong'")
bad("sGDML npz", "two units of length", npz(r_unit="bohr", units_length="Å"), "two units of length")
bad("sGDML npz", "unit of forces is no force", npz(units_force="eV"), "unknown unit of forces")
bad("npz", "units not stated", npz("generic"), "must state units_length")
bad("sGDML npz", "split out of range", npz(train=[0, 9]), "train must hold indices from 0 to 3")
bad(
    "sGDML npz",
    "splits overlap",
    npz(train_01=[0, 1], test_01=[1, 2]),
    "train_01 and test_01 share 1 frames, 1 the first",
)
bad("sGDML npz", "split holds a frame twice", npz(test=[2, 2]), "test holds frame 2 more than once")
bad("sGDML npz", "split of floats", npz(train=[0.0, 1.0]), "train must be a row of indices")
bad("sGDML npz", "atomic number 0", npz(z=np.array([8, 6, 0])), "from 1 to 118, got 0")
bad("sGDML npz", "atomic numbers as floats", npz(z=NUMBERS.astype(float)), "must be integers")
bad("sGDML npz", "two layouts", npz(coords=PLACES, nuclear_charges=NUMBERS), "two layouts")
bad("sGDML npz", "no layout", npz(z=None), "expected the arrays of one layout")
bad("sGDML npz", "forces of another shape", npz(F=FORCES[:, :2]), "forces F has shape")
bad("sGDML npz", "two arrays of energies", npz(energies=np.zeros(4)), "choose one with --energy")
bad(
    "sGDML npz",
    "named key is not there",
    npz(),
    "no array 'f2' for --forces-key; found E, F, R, z",
    forces_key="f2",
)
bad("sGDML npz", "no forces", npz(F=None), "no forces; found E, R, z")
bad("sGDML npz", "lattice of rows or columns", npz(lattice=TRICLINIC), "its rows or its columns")
bad(
    "npz",
    "flat cell",
    generic("eV", "Å", (1, 1), cell=[[9, 0, 0], [0, 9, 0], [9, 9, 0.0]]),
    "lie in a plane",
)
bad("sGDML npz", "places of frames too short", npz(md17_index=[1, 2]), "md17_index must be 4")
bad("sGDML npz", "a single array", raw(b"\x93NUMPY\x01\x00"), "is a single array")
bad("sGDML npz", "git-lfs pointer", raw(b"version https://git-lfs.github.com/spec/v1\n"), "git-lfs")
bad("sGDML npz", "HTML page", raw(b"<!DOCTYPE html><html>sign in</html>"), "is an HTML page")
bad("sGDML npz", "pickle", raw(pickle.dumps({"R": 1})), "is a Python pickle")
bad("sGDML npz", "PyTorch file", zipped("archive/data.pkl"), "is a PyTorch file")
bad("extxyz", "zip archive", zipped("a.txt"), "expected the arrays of one layout .*, got none")
bad("sGDML npz", "text", raw(b"R F E z"), "truncated or damaged")


# --- what ASE reads ------------------------------------------------------------------------------


def atoms(**more: Any) -> list[Atoms]:
    """The frames as ASE's, with energy and forces unless ``labels`` says otherwise."""
    labels = more.pop("labels", ("energy", "forces"))
    frames = []
    for place, force, energy in zip(PLACES, FORCES, ENERGIES, strict=True):
        frame = Atoms(NUMBERS, place, **more)
        values = {"energy": energy, "forces": force}
        if labels:
            frame.calc = SinglePointCalculator(frame, **{name: values[name] for name in labels})
        frames.append(frame)
    return frames


def written(frames: list[Atoms], **more: Any) -> Callable[[Path], None]:
    return lambda path: write(path, frames, **more)


def constrained(*constraints: Any, only: slice = slice(None)) -> list[Atoms]:
    frames = atoms()
    for frame in frames[only]:
        frame.set_constraint(list(constraints))
    return frames


MOVED = np.array([-0.4, 0, -1.0])


def boxed(wrap: bool = False) -> list[Atoms]:
    frames = atoms(cell=TRICLINIC, pbc=True)
    for frame in frames if wrap else []:
        results = frame.calc.results
        frame.translate(MOVED)
        frame.wrap()
        frame.calc = SinglePointCalculator(frame, **results)
    return frames


def extxyz(columns: str, comment: Callable[[int], str], forces: float = 1.0, energies: float = 1.0):
    """Written by hand, with chosen names: columns of the forces and the comment's other entries."""

    def make(path: Path) -> None:
        lines = []
        for n in range(FRAMES):
            entry = comment(n).replace("ENERGY", repr(float(ENERGIES[n] / energies)))
            lines += ["3", f'Properties=species:S:1:pos:R:3{columns} {entry} pbc="F F F"']
            for symbol, place, force in zip("OCH", PLACES[n], FORCES[n] / forces, strict=True):
                row = " ".join(f"{x:.10f}" for x in (*place, *(force if columns else ())))
                lines.append(f"{symbol} {row}")
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")

    return make


def keyed(energy: str, forces: str) -> Callable[[Path], None]:
    return extxyz(f":{forces}:R:3", lambda n: f"{energy}=ENERGY")


def with_single() -> list[Atoms]:
    single = Atoms("O")
    single.calc = SinglePointCalculator(single, energy=-1.0, forces=np.zeros((1, 3)))
    return [*mixed(), single]


def half_labelled() -> list[Atoms]:
    frames = atoms()
    frames[1].calc = SinglePointCalculator(frames[1], energy=0.0)
    return frames


for name in ("extxyz", "traj", "ASE db", "ASE json"):
    good(name, "none", written(atoms()))
    good(name, "fixed atoms", written(constrained(FixAtoms([0, 2]))))
    good(name, "fixed in some frames", written(constrained(FixAtoms([1]), only=slice(1, 3))))
    good(name, "triclinic cell", written(boxed()), cell=TRICLINIC, periodic=True)
    good(
        name,
        "many molecules and an isolated atom",
        written(with_single()),
        structures=mixed(),
        notes=["left out 1 of 4 frames of isolated atoms"],
    )
    good(
        name,
        "frame without forces",
        written(half_labelled()),
        frames=[0, 2, 3],
        notes=["left out 1 of 4 frames without forces"],
    )
    good(name, "no energies", written(atoms(labels=("forces",))), energies=False)
    bad(name, "no forces", written(atoms(labels=("energy",))), "no forces; found energy")
    bad(name, "empty file", raw(b""), "is an empty file")
good("extxyz", "fixed components", written(constrained(FixCartesian(0, [True, False, False]))))
good("extxyz", "repeat", written([*atoms(), atoms()[2]]), notes=["left out 1 of 5"])
good("extxyz", "REF_energy and REF_forces (MACE)", keyed("REF_energy", "REF_forces"))
good("extxyz", "force (GPUMD)", keyed("energy", "force"))
good("extxyz", "Energy (sGDML)", keyed("Energy", "forces"))
good("extxyz", "y_energy and y_force (SevenNet)", keyed("y_energy", "y_force"))
good(
    "extxyz",
    "names given",
    keyed("mine", "ours"),
    arguments={"energy_key": "mine", "forces_key": "ours"},
)
good(
    "extxyz",
    "kcal/mol stated",
    extxyz(":forces:R:3", lambda n: 'energy=ENERGY units_energy="kcal/mol"', KCAL, KCAL),
)
good(
    "extxyz",
    "kJ/mol, forces in kJ/mol/nm",
    extxyz(
        ":forces:R:3",
        lambda n: 'energy=ENERGY units_energy="kJ/mol" units_force="kJ/mol/nm"',
        EV_PER_KJ_MOL / 10,
        EV_PER_KJ_MOL,
    ),
)
good(
    "extxyz",
    "steps of a trajectory",
    extxyz(":forces:R:3", lambda n: f"energy=ENERGY step={50 - 10 * n}"),
    order=[50, 40, 30, 20],
)
good(
    "traj",
    "wrapped into the cell",
    written(boxed(wrap=True)),
    cell=TRICLINIC,
    # as far as the first atom is moved when it is wrapped, the others are
    positions=PLACES
    + MOVED
    - np.floor((PLACES + MOVED)[:, :1] @ np.linalg.inv(TRICLINIC)) @ TRICLINIC,
    notes=["moved by lattice vectors"],
)

bad("extxyz", "names not known", keyed("mine", "ours"), "no forces; found mine, ours")
bad(
    "extxyz",
    "unknown unit",
    extxyz(":forces:R:3", lambda n: "energy=ENERGY units_energy=furlong"),
    "frame 0: unknown unit of energy 'furlong'",
)
bad(
    "extxyz",
    "two arrays of forces differ",
    extxyz(":forces:R:3:REF_forces:R:3", lambda n: "energy=ENERGY"),
    "not readable by ASE|choose",
)
bad(
    "extxyz",
    "two energies differ",
    extxyz(":forces:R:3", lambda n: "energy=ENERGY REF_energy=1.0"),
    "choose one with --energy-key",
)
bad(
    "extxyz",
    "named key is not there",
    written(atoms()),
    "no array 'mine' for --energy-key; found energy, forces",
    energy_key="mine",
)
bad(
    "extxyz",
    "NaN position",
    damaged(keyed("energy", "forces"), lambda c: re.sub(rb"O \S+", b"O nan", c, count=1)),
    "not finite, in frame 0",
)
bad(
    "extxyz",
    "species X",
    damaged(keyed("energy", "forces"), lambda c: c.replace(b"\nH ", b"\nX ")),
    "from 1 to 118, got 0",
)
bad(
    "extxyz",
    "truncated",
    damaged(keyed("energy", "forces"), lambda c: c[:-200]),
    "not readable by ASE",
)
bad("extxyz", "text", raw(b"not a trajectory"), "not readable by ASE")
bad("extxyz", "git-lfs pointer", raw(b"version https://git-lfs.github.com/spec/v1\n"), "git-lfs")
bad("extxyz", "isolated atoms alone", written([with_single()[-1]]), "no frame is left")
bad("traj", "truncated", damaged(written(atoms()), lambda c: c[: len(c) // 2]), "not readable")
bad("ASE db", "truncated", damaged(written(atoms()), lambda c: c[: len(c) // 2]), "not readable")
bad("ASE json", "truncated", damaged(written(atoms()), lambda c: c[: len(c) // 2]), "not readable")


# --- LAMMPS --------------------------------------------------------------------------------------


def dump(
    columns: str = "id element x y z fx fy fz",
    units: str = "",
    scale: tuple = (1, 1),
    wrap: bool = False,
) -> Callable[[Path], None]:
    """Frames in a box of 9 × 8 × 10 Å with its corner at the origin."""

    def make(path: Path) -> None:
        lines = []
        for n in range(FRAMES):
            lines += [f"ITEM: UNITS\n{units}"] if units else []
            lines += [f"ITEM: TIMESTEP\n{100 * n}", "ITEM: NUMBER OF ATOMS\n3"]
            lines += ["ITEM: BOX BOUNDS pp pp pp", "0 9", "0 8", "0 10"]
            lines += [f"ITEM: ATOMS {columns}"]
            place = PLACES[n] % [9, 8, 10] if wrap else PLACES[n]
            for i in (2, 0, 1):  # the order of a dump is arbitrary
                row = {"id": i + 1, "element": "OCH"[i], "type": i + 1}
                row |= dict(zip(("x", "y", "z"), place[i] / scale[0], strict=True))
                row |= dict(zip(("fx", "fy", "fz"), FORCES[n, i] / scale[1], strict=True))
                lines.append(" ".join(str(row[name]) for name in columns.split()))
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")

    return make


BOX = np.diag([9.0, 8, 10])
METAL = "LAMMPS's metal, eV and Å, was taken"
good(
    "LAMMPS dump",
    "none; ASE's energy of 0 is no datum",
    dump(),
    energies=False,
    cell=BOX,
    order=[0, 100, 200, 300],
    notes=[METAL],
)
good("LAMMPS dump", "units real", dump(units="real", scale=(1, KCAL)), energies=False, cell=BOX)
good(
    "LAMMPS dump",
    "wrapped into the box",
    dump(wrap=True),
    energies=False,
    cell=BOX,
    positions=PLACES + np.where(PLACES[:, :1] < 0, BOX.diagonal(), 0),
    notes=[METAL, "moved by lattice vectors"],
)
bad(
    "LAMMPS dump",
    "types in place of elements",
    dump("id type x y z fx fy fz"),
    "names types of atoms, not elements",
)
bad("LAMMPS dump", "no forces", dump("id element x y z"), "no forces; found timestep")
bad("LAMMPS dump", "truncated", damaged(dump(), lambda c: c[:-150]), "not readable by ASE")


# --- HDF5 ----------------------------------------------------------------------------------------


def hdf5(
    names: tuple[str, str, str],
    length: float,
    energy: float,
    sign: float = 1.0,
    units: tuple[str, ...] = (),
) -> Callable[[Path], None]:
    """One molecule; ``names`` of positions, energies and forces, and their units."""

    def make(path: Path) -> None:
        import h5py

        values = (PLACES / length, ENERGIES / energy, sign * FORCES / (energy / length))
        with h5py.File(path, "w") as file:
            group = file.create_group("set/molecule")
            group["atomic_numbers"] = NUMBERS
            for name, value in zip(names, values, strict=True):
                group[name] = value
            for name, unit in zip(names, units, strict=False):
                group[name].attrs["units"] = unit

    return make


def declared(path: Path) -> None:
    """Positions of 3·10¹⁴ frames that take no space."""
    import h5py

    with h5py.File(path, "w") as file:
        group = file.create_group("a")
        group["atomic_numbers"] = NUMBERS
        group.create_dataset("coordinates", (111_111_111_111_111, 3, 3), "f8", chunks=(1, 3, 3))


SPICE = ("conformations", "dft_total_energy", "dft_total_gradient")
ANI = ("coordinates", "wb97x_dz.energy", "wb97x_dz.forces")
PLAIN = ("positions", "energy", "forces")
good("hdf5", "SPICE: gradients in hartree/bohr", hdf5(SPICE, BOHR, HARTREE, -1.0))
good("hdf5", "ANI-1x: coordinates in Å, hartree", hdf5(ANI, 1, HARTREE))
good("hdf5", "units as attributes", hdf5(PLAIN, 10, 1, units=("nm", "eV", "eV/nm")))
bad("hdf5", "8 PB declared, nothing stored", declared, "declares 7450580.6 GiB, more than half")
bad("hdf5", "units not stated", hdf5(PLAIN, 1, 1), "must state its unit")
bad(
    "hdf5",
    "truncated",
    damaged(hdf5(ANI, 1, HARTREE), lambda c: c[: len(c) // 2]),
    "truncated or damaged HDF5",
)
bad(
    "hdf5",
    "no such group",
    damaged(hdf5(ANI, 1, HARTREE), lambda c: c.replace(b"atomic_numbers", b"atomic_numerus")),
    "no group with atomic_numbers",
)


# --- the tests -----------------------------------------------------------------------------------


def outcome(case: Case, folder: Path) -> str:
    """ "read", or the one line of the refusal; AssertionError for anything else."""
    path = folder / ("file" + SUFFIX.get(case.format, ".npz"))
    case.make(path)
    if not case.refusal:
        check(load(path, **case.arguments), case.expected)
        return "read"
    with pytest.raises(ValueError, match=case.refusal) as caught:
        load(path, **case.arguments)
    text = str(caught.value)
    assert text.startswith(path.name)
    assert "\n" not in text
    assert len(text) < 500
    return text


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_file_is_read_rightly_or_refused(case: Case, tmp_path: Path) -> None:
    outcome(case, tmp_path)


def mutated(content: bytes, rng: np.random.Generator) -> bytes:
    """Cut short, with a few bytes changed, with a piece taken out, or with one put in."""
    place = int(rng.integers(len(content)))
    kind = int(rng.integers(4))
    if kind == 0:
        return content[:place]
    if kind == 1:
        changed = bytearray(content)
        for at in rng.integers(len(content), size=int(rng.integers(1, 6))):
            changed[at] = int(rng.integers(256))
        return bytes(changed)
    if kind == 2:
        return content[:place] + content[place + int(rng.integers(1, 200)) :]
    return content[:place] + rng.bytes(int(rng.integers(1, 50))) + content[place:]


def mutants(count: int, seed: int, folder: Path) -> dict[str, int]:
    """How many mutants of the good files are read, and how many refused in one line."""
    rng = np.random.default_rng(seed)
    whole = [case for case in CASES if not case.refusal]
    read, refusals = 0, []
    for number in range(count):
        case = whole[int(rng.integers(len(whole)))]
        path = folder / f"{number}{SUFFIX.get(case.format, '.npz')}"
        case.make(path)
        path.write_bytes(mutated(path.read_bytes(), rng))
        try:
            load(path, **case.arguments)
            read += 1
        except ValueError as error:  # anything else is a fault of the loader
            refusals.append((path.name, str(error)))
        path.unlink()
    assert not [text for name, text in refusals if not text.startswith(name) or "\n" in text]
    return {"read": read, "refused": len(refusals)}


@pytest.mark.parametrize("seed", [0, 1])
def test_mutants_are_read_or_refused_in_one_line(seed: int, tmp_path: Path) -> None:
    assert mutants(60, seed, tmp_path)["refused"] > 30


@pytest.mark.slow
def test_many_mutants_are_read_or_refused_in_one_line(tmp_path: Path) -> None:
    mutants(MUTANTS, 2, tmp_path)


def test_the_check_of_values_can_fail(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    npz(F=1.01 * FORCES / KCAL)(path)
    with pytest.raises(AssertionError):
        check(load(path), {})
    npz(cell=9 * np.eye(3))(path)
    with pytest.raises(AssertionError):
        check(load(path), {})


def test_the_record_is_that_of_this_corpus(repository: Path) -> None:
    record = json.loads((repository / "docs/results/data/corpus.json").read_text(encoding="utf-8"))
    assert len(CASES) >= 60
    assert [(row["format"], row["fault"]) for row in record["rows"]] == [
        (case.format, case.fault) for case in CASES
    ]
    for row, case in zip(record["rows"], CASES, strict=True):
        assert (row["outcome"] == "read") == (not case.refusal)


def main() -> None:
    from numeric_checks.provenance import versions
    from span_theorem.files import write_json

    rows = []
    for case in CASES:
        with tempfile.TemporaryDirectory() as folder:
            rows.append(
                {"format": case.format, "fault": case.fault, "outcome": outcome(case, Path(folder))}
            )
    with tempfile.TemporaryDirectory() as folder:
        found = mutants(MUTANTS, 2, Path(folder))
    content = {"rows": rows, "mutants": found, "versions": versions()}
    write_json(sys.argv[1], content, force=True)


if __name__ == "__main__":
    warnings.simplefilter("error")
    main()
