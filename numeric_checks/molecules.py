"""Molecular force data: positions (Å), energies (eV), forces (eV/Å), with units and checksum.

Three layouts are read: sGDML ``.npz`` (``R, F, E, z``), rMD17 ``.npz`` (``coords, forces, energies,
nuclear_charges``), and whatever ASE reads with energies and forces (``extxyz``, …). The name
``"embedded"`` stands for the trajectory that comes with the package (see
``neural_checks.make_trajectory``). Pickled arrays are never loaded.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["EMBEDDED", "KCAL_PER_MOL", "ForceData", "load", "sha256"]

#: Name of the trajectory inside the package.
EMBEDDED = "embedded"
#: 1 kcal/mol (4.184 kJ) in eV.
KCAL_PER_MOL = 0.0433641153087705

Array = NDArray[np.float64]

_ENERGY = {"ev": 1.0, "kcal/mol": KCAL_PER_MOL, "mev": 1e-3, "hartree": 27.211386245988}
_LENGTH = {"angstrom": 1.0, "ang": 1.0, "å": 1.0, "bohr": 0.529177210903, "nm": 10.0}


@dataclass(frozen=True)
class ForceData:
    """Frames of one molecule.

    ``positions`` (n, atoms, 3) in Å, ``forces`` (n, atoms, 3) in eV/Å, ``energies`` (n,) in eV, all
    float64; ``numbers`` (atoms,) atomic numbers; ``published`` maps names of splits stored in the
    file to indices; ``checksum`` is the SHA-256 of the file.
    """

    positions: Array
    forces: Array
    energies: Array
    numbers: NDArray[np.int64]
    name: str
    level_of_theory: str
    source: str
    checksum: str
    published: dict[str, NDArray[np.int64]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        frames, atoms = self.positions.shape[0], len(self.numbers)
        for name, shape in (
            ("positions", (frames, atoms, 3)),
            ("forces", (frames, atoms, 3)),
            ("energies", (frames,)),
        ):
            values = getattr(self, name)
            if values.shape != shape:
                raise ValueError(f"{self.name}: {name} has shape {values.shape}, expected {shape}")
            if not np.isfinite(values).all():
                raise ValueError(f"{self.name}: {name} contains values that are not finite")
        if frames == 0:
            raise ValueError(f"{self.name}: no frames")

    def __len__(self) -> int:
        return len(self.energies)


def sha256(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def load(data: str | Path) -> ForceData:
    """Read a data set; ``"embedded"`` or a path.

    Raises FileNotFoundError, or ValueError where layout or units are not understood.
    """
    if str(data) == EMBEDDED:
        path = Path(str(files("numeric_checks") / "data" / "aspirin_xtb.npz"))
    else:
        path = Path(data)
    if not path.is_file():
        raise FileNotFoundError(f"no data file {path}")
    return _load_npz(path) if path.suffix == ".npz" else _load_ase(path)


def _load_npz(path: Path) -> ForceData:
    with np.load(path, allow_pickle=False) as archive:
        keys = set(archive.files)
        if {"R", "F", "E", "z"} <= keys:
            names = ("R", "F", "E", "z")
        elif {"coords", "forces", "energies", "nuclear_charges"} <= keys:
            names = ("coords", "forces", "energies", "nuclear_charges")
        else:
            raise ValueError(
                f"{path.name}: expected the arrays R, F, E, z (sGDML) or coords, forces, energies, "
                f"nuclear_charges (rMD17), got {sorted(keys)}"
            )

        def text(*candidates: str, default: str) -> str:
            for key in candidates:
                if key in keys:
                    value = archive[key]
                    return value.item().decode() if value.dtype.kind == "S" else str(value)
            return default

        # sGDML files say r_unit and e_unit; rMD17 says nothing and is in kcal/mol and Å.
        length_unit = text("units_length", "r_unit", default="angstrom")
        energy_unit = text("units_energy", "e_unit", default="kcal/mol")
        energy, length = _unit(_ENERGY, energy_unit), _unit(_LENGTH, length_unit)
        force = text("units_force", default=f"{energy_unit}/{length_unit}")
        if _plain(force) != f"{_plain(energy_unit)}/{_plain(length_unit)}":
            raise ValueError(f"{path.name}: forces in {force}, energies in {energy_unit}")
        positions, forces, energies, numbers = (archive[name] for name in names)
        skip = archive["duplicate_of"] >= 0 if "duplicate_of" in keys else None
        published = {
            key: archive[key].astype(np.int64)
            for key in sorted(keys)
            if key[:4] in ("trai", "test")
        }
        level = text("level_of_theory", "theory", default="not stated")
        source = text("source", "name", default=path.name)
    if skip is not None and skip.any():
        # Exact repeats would stand on both sides of a split.
        kept = np.flatnonzero(~skip)
        positions, forces, energies = positions[kept], forces[kept], energies[kept]
        place = {int(old): new for new, old in enumerate(kept)}
        published = {
            key: np.array([place[int(i)] for i in index if int(i) in place], dtype=np.int64)
            for key, index in published.items()
        }
    return ForceData(
        positions=positions.astype(np.float64) * length,
        forces=forces.astype(np.float64) * (energy / length),
        energies=energies.astype(np.float64).reshape(-1) * energy,
        numbers=numbers.astype(np.int64),
        name=path.stem,
        level_of_theory=level,
        source=source,
        checksum=sha256(path),
        published=published,
    )


def _load_ase(path: Path) -> ForceData:
    from ase.io import read

    try:
        frames = read(path, index=":")
    except Exception as error:  # ASE raises many kinds for a file it does not know
        raise ValueError(f"{path.name}: not readable by ASE: {error}") from error
    if not frames:
        raise ValueError(f"{path.name}: no frames")
    numbers = frames[0].get_atomic_numbers()
    if any(not np.array_equal(frame.get_atomic_numbers(), numbers) for frame in frames):
        raise ValueError(f"{path.name}: every frame must hold the same atoms in the same order")
    if any(frame.calc is None or "forces" not in frame.calc.results for frame in frames):
        raise ValueError(f"{path.name}: every frame must hold an energy and forces")
    return ForceData(
        positions=np.array([frame.get_positions() for frame in frames], dtype=np.float64),
        forces=np.array([frame.get_forces() for frame in frames], dtype=np.float64),
        energies=np.array([frame.get_potential_energy() for frame in frames], dtype=np.float64),
        numbers=numbers.astype(np.int64),
        name=path.stem,
        level_of_theory="not stated",
        source=path.name,
        checksum=sha256(path),
    )


def _plain(unit: str) -> str:
    """Lower case, without spaces; Å and Ang are spelt angstrom."""
    plain = unit.lower().replace(" ", "").replace("å", "angstrom")
    return "angstrom" if plain == "ang" else plain


def _unit(table: dict[str, float], name: str) -> float:
    if _plain(name) not in table:
        raise ValueError(f"unknown unit {name!r}; expected one of {', '.join(table)}")
    return table[_plain(name)]
