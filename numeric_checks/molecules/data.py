"""Molecular force data: positions (Å), energies (eV), forces (eV/Å), with units and checksum.

Three layouts of ``.npz`` are read: sGDML (``R, F, E, z``), rMD17 (``coords, forces, energies,
nuclear_charges``), and the generic one (``positions, forces, energies, numbers``), which must state
its units; and whatever ASE reads with energies and forces (``extxyz``, …; eV and Å). Other per-atom
arrays of such files: :mod:`numeric_checks.molecules.fields`. The name ``"embedded"`` stands for the
trajectory that comes with the package (see ``neural_checks.data.trajectories``). Pickled arrays are
never loaded.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from numeric_checks.molecules.structures import Structures

if TYPE_CHECKING:
    from ase import Atoms

__all__ = [
    "EMBEDDED",
    "KCAL_PER_MOL",
    "ForceData",
    "Npz",
    "checked_array",
    "checked_geometry",
    "data_path",
    "load",
    "read_ase",
    "sha256",
]

#: Name of the trajectory inside the package.
EMBEDDED = "embedded"
#: 1 kcal/mol (4.184 kJ) in eV.
KCAL_PER_MOL = 0.0433641153087705

Array = NDArray[np.float64]

_ENERGY = {"ev": 1.0, "kcal/mol": KCAL_PER_MOL, "mev": 1e-3, "hartree": 27.211386245988}
_LENGTH = {"angstrom": 1.0, "bohr": 0.529177210903, "nm": 10.0}
# Names of the arrays of one layout, in the order positions, forces, energies, numbers.
_LAYOUTS = (
    ("R", "F", "E", "z"),
    ("coords", "forces", "energies", "nuclear_charges"),
    ("positions", "forces", "energies", "numbers"),
)
_STATED = ("units_energy", "units_length", "units_force")


@dataclass(frozen=True, eq=False)
class ForceData:
    """Frames with energies and forces, of one molecule or of many.

    Attributes:
        structures: the frames.
        energies: (frames,) float64, eV; NaN where the file has none.
        forces: (atoms_total, 3) float64, eV/Å; NaN in all rows of a frame that has none.
        name: of the file; ``level_of_theory`` and ``source`` as the file states them.
        checksum: SHA-256 of the file.
        published: names of the splits stored in the file, and their frames.
        order: (frames,) places along the trajectory the frames come from, where the file says it.
        notes: sentences on what was left out of the file.

    Raises:
        ValueError: shapes that do not fit; values that are infinite; a frame in which only some
            forces are there.
    """

    structures: Structures
    energies: Array
    forces: Array
    name: str
    level_of_theory: str = "not stated"
    source: str = "not stated"
    checksum: str = ""
    published: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    order: NDArray[np.int64] | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        frames, atoms = len(self.structures), len(self.structures.numbers)
        for what, values, shape in (
            ("forces", self.forces, (atoms, 3)),
            ("energies", self.energies, (frames,)),
        ):
            if values.shape != shape:
                raise ValueError(f"{self.name}: {what} has shape {values.shape}, expected {shape}")
        infinite = np.isinf(self.energies)
        if infinite.any():
            raise ValueError(
                f"{self.name}: energies contains values that are not finite, in frame "
                f"{int(infinite.argmax())}"
            )
        lost = ~np.isfinite(self.forces).all(axis=1)
        absent = np.isnan(self.forces).all(axis=1)
        whole = np.logical_and.reduceat(absent, self.structures.offsets[:-1])
        partly = lost & ~whole[self.structures.frame_of]
        if partly.any():
            frame = int(self.structures.frame_of[int(partly.argmax())])
            raise ValueError(
                f"{self.name}: forces contains values that are not finite, in frame {frame}"
            )

    @classmethod
    def of_molecule(
        cls,
        positions: Array,
        forces: Array | None,
        energies: Array | None,
        numbers: NDArray[np.int64],
        name: str,
        **more: Any,
    ) -> ForceData:
        """Frames of one molecule, from arrays in Å, eV/Å and eV.

        ``positions`` and ``forces`` (frames, atoms, 3), ``energies`` (frames,), ``numbers``
        (atoms,); ``cell`` and ``periodic`` as in :meth:`Structures.of_molecule`, and the other
        attributes by name. ValueError as for :class:`Structures` and :class:`ForceData`.
        """
        structures = Structures.of_molecule(
            positions, numbers, more.pop("cell", None), more.pop("periodic", None)
        )
        places = structures.molecule[0]
        known = np.full(places.shape, np.nan) if forces is None else np.asarray(forces, float)
        if known.shape != places.shape:
            raise ValueError(f"{name}: forces has shape {known.shape}, expected {places.shape}")
        given = np.full(len(places), np.nan) if energies is None else np.asarray(energies, float)
        return cls(structures, given, known.reshape(-1, 3), name, **more)

    @property
    def positions(self) -> Array:
        """(frames, atoms, 3), Å; ValueError where the frames hold different atoms."""
        return self.structures.molecule[0]

    @property
    def numbers(self) -> NDArray[np.int64]:
        """(atoms,) atomic numbers; ValueError where the frames hold different atoms."""
        return self.structures.molecule[1]

    @property
    def molecule_forces(self) -> Array:
        """(frames, atoms, 3), eV/Å; ValueError where the frames hold different atoms."""
        return self.forces.reshape(self.structures.molecule[0].shape)

    @property
    def origin(self) -> dict[str, Any]:
        """Name, level of theory, source, SHA-256, frames and atomic numbers, as JSON types.

        ``numbers`` is None where the frames hold different atoms.
        """
        return {
            "name": self.name,
            "level_of_theory": self.level_of_theory,
            "source": self.source,
            "sha256": self.checksum,
            "frames": len(self),
            "numbers": self.numbers.tolist() if self.structures.fixed else None,
        }

    def __len__(self) -> int:
        """Number of frames."""
        return len(self.energies)

    def take(self, index: ArrayLike | slice) -> ForceData:
        """The frames in ``index`` (see :meth:`Structures.take`), without the published splits."""
        chosen = index if isinstance(index, slice) else np.asarray(index)
        return replace(
            self,
            structures=self.structures.take(chosen),
            energies=self.energies[chosen],
            forces=self.forces[self.structures.rows(chosen)],
            published={},
            order=None if self.order is None else self.order[chosen],
        )


def checked_geometry(name: str, positions: Array, numbers: NDArray[np.int64]) -> tuple[int, int]:
    """Frames and atoms; ValueError for impossible positions or atomic numbers."""
    if numbers.ndim != 1 or not ((numbers >= 1) & (numbers <= 118)).all():
        raise ValueError(
            f"{name}: atomic numbers must be integers from 1 to 118, one per atom, the same in "
            f"every frame; got shape {numbers.shape}"
        )
    frames = len(positions) if positions.ndim else 0
    checked_array(name, "positions", positions, (frames, len(numbers), 3))
    if frames == 0 or len(numbers) == 0:
        raise ValueError(f"{name}: no frames or no atoms")
    return frames, len(numbers)


def checked_array(name: str, what: str, values: Array, shape: tuple[int, ...]) -> None:
    """ValueError where ``values`` has another shape, or a NaN or infinity."""
    if values.shape != shape:
        raise ValueError(f"{name}: {what} has shape {values.shape}, expected {shape}")
    if not np.isfinite(values).all():
        frame = np.argwhere(~np.isfinite(values))[0][0]
        raise ValueError(f"{name}: {what} contains values that are not finite, in frame {frame}")


def sha256(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def load(data: str | Path) -> ForceData:
    """Read a data set; ``"embedded"`` or a path.

    Raises FileNotFoundError, or ValueError where layout or units are not understood.
    """
    path = data_path(data)
    return _load_npz(path) if path.suffix == ".npz" else _load_ase(path)


def data_path(data: str | Path) -> Path:
    """The file of ``"embedded"`` or of a path; FileNotFoundError where there is none."""
    if str(data) == EMBEDDED:
        return Path(str(files("numeric_checks") / "data" / "aspirin_xtb.npz"))
    path = Path(data)
    if not path.is_file():
        raise FileNotFoundError(f"no data file {path}")
    return path


class Npz:
    """An open ``.npz`` with its layout and units."""

    def __init__(self, path: Path, archive: np.lib.npyio.NpzFile, needed: Sequence[int]) -> None:
        self.path, self.archive, self.keys = path, archive, set(archive.files)
        found = [layout for layout in _LAYOUTS if {layout[i] for i in needed} <= self.keys]
        if not found:
            expected = "; ".join(", ".join(layout[i] for i in needed) for layout in _LAYOUTS)
            raise ValueError(
                f"{path.name}: expected the arrays of one of the layouts sGDML, rMD17, generic "
                f"({expected}), got {', '.join(sorted(self.keys)) or 'none'}"
            )
        if len(found) > 1:
            raise ValueError(
                f"{path.name}: holds two layouts at once, {found[0][0]} … and {found[1][0]} …"
            )
        self.names = found[0]
        # sGDML files say r_unit and e_unit; rMD17 says nothing and is in kcal/mol and Å.
        generic = self.names == _LAYOUTS[2]
        defaults = (None, None) if generic else ("angstrom", "kcal/mol")
        length_unit = self.unit("units_length", "r_unit", default=defaults[0])
        self.length = _unit(_LENGTH, length_unit)
        energy_unit = self.unit("units_energy", "e_unit", default=defaults[1])
        self.energy = _unit(_ENERGY, energy_unit)
        force = self.unit("units_force", default=f"{energy_unit}/{length_unit}")
        parts = force.rsplit("/", 1)
        if [_plain(part) for part in parts] != [_plain(energy_unit), _plain(length_unit)]:
            raise ValueError(
                f"{path.name}: mixed units: forces in {force}, energies in {energy_unit}, lengths "
                f"in {length_unit}"
            )

    def unit(self, *candidates: str, default: str | None) -> str:
        """The unit under the keys present; ValueError where they disagree, or none has to be."""
        found = {key: self.first(key, default="") for key in candidates if key in self.keys}
        if len({_plain(value) for value in found.values()}) > 1:
            raise ValueError(f"{self.path.name}: mixed units: {found}")
        if not found and default is None:
            raise ValueError(f"{self.path.name}: this layout must state {candidates[0]}")
        return next(iter(found.values()), str(default))

    def first(self, *candidates: str, default: str) -> str:
        """The string under the first of the keys that is present."""
        for key in candidates:
            if key in self.keys:
                value = self.archive[key]
                return value.item().decode() if value.dtype.kind == "S" else str(value)
        return default

    def array(self, key: str) -> Array:
        """A real array as float64; ValueError for anything else."""
        values = self.archive[key]
        if values.dtype.kind not in "iuf":
            raise ValueError(f"{self.path.name}: {key} must be real, got dtype {values.dtype}")
        return values.astype(np.float64)

    def numbers(self) -> NDArray[np.int64]:
        values = self.archive[self.names[3]]
        if values.dtype.kind not in "iu":
            raise ValueError(
                f"{self.path.name}: {self.names[3]} must be integers, got dtype {values.dtype}"
            )
        return values.astype(np.int64)

    def order(self, frames: int) -> NDArray[np.int64] | None:
        """Places of the frames along the trajectory, where given."""
        if "md17_index" not in self.keys:
            return None
        order = self.archive["md17_index"]
        if order.dtype.kind not in "iu" or order.shape != (frames,):
            raise ValueError(
                f"{self.path.name}: md17_index must be {frames} integers, got {order.dtype} of "
                f"shape {order.shape}"
            )
        return order.astype(np.int64)

    def kept(self) -> NDArray[np.int64] | None:
        """Frames that repeat no earlier one, which would stand on both sides of a split."""
        if "duplicate_of" not in self.keys:
            return None
        kept = np.flatnonzero(self.archive["duplicate_of"] < 0)
        return None if len(kept) == len(self.archive["duplicate_of"]) else kept


def _load_npz(path: Path) -> ForceData:
    with np.load(path, allow_pickle=False) as archive:
        npz = Npz(path, archive, needed=range(4))
        positions, forces, energies = (npz.array(name) for name in npz.names[:3])
        numbers, kept, order = npz.numbers(), npz.kept(), npz.order(len(positions))
        published = {
            key: archive[key].astype(np.int64)
            for key in sorted(npz.keys)
            if key[:4] in ("trai", "test")
        }
        level = npz.first("level_of_theory", "theory", default="not stated")
        source = npz.first("source", "name", default=path.name)
    if kept is not None:
        positions, forces, energies = positions[kept], forces[kept], energies[kept]
        order = None if order is None else order[kept]
        place = {int(old): new for new, old in enumerate(kept)}
        published = {
            key: np.array([place[int(i)] for i in index if int(i) in place], dtype=np.int64)
            for key, index in published.items()
        }
    frames, atoms = checked_geometry(path.stem, positions, numbers)
    checked_array(path.stem, "forces", forces, (frames, atoms, 3))
    checked_array(path.stem, "energies", energies.reshape(-1), (frames,))
    return ForceData.of_molecule(
        positions=positions * npz.length,
        forces=forces * (npz.energy / npz.length),
        energies=energies.reshape(-1) * npz.energy,
        numbers=numbers,
        name=path.stem,
        level_of_theory=level,
        source=source,
        checksum=sha256(path),
        published=published,
        order=order,
    )


def read_ase(path: Path) -> tuple[list[Atoms], NDArray[np.int64]]:
    """Frames and atomic numbers; ValueError for frames that do not belong together."""
    from ase.io import read

    try:
        frames = read(path, index=":")
    except Exception as error:  # ASE raises many kinds for a file it does not know
        raise ValueError(f"{path.name}: not readable by ASE: {error}") from error
    if not frames:
        raise ValueError(f"{path.name}: no frames")
    numbers = frames[0].get_atomic_numbers()
    for index, frame in enumerate(frames):
        if not np.array_equal(frame.get_atomic_numbers(), numbers):
            raise ValueError(
                f"{path.name}: every frame must hold the same atoms in the same order, frame "
                f"{index} does not"
            )
        for key, expected in zip(_STATED, ("ev", "angstrom", "ev/angstrom"), strict=True):
            if _plain(str(frame.info.get(key, expected))) != expected:
                raise ValueError(
                    f"{path.name}: {key} = {frame.info[key]} in frame {index}; this layout is in "
                    "eV and Å throughout"
                )
    return frames, numbers.astype(np.int64)


def _load_ase(path: Path) -> ForceData:
    frames, numbers = read_ase(path)
    for index, frame in enumerate(frames):
        if frame.calc is None or not {"forces", "energy"} <= set(frame.calc.results):
            raise ValueError(
                f"{path.name}: every frame must hold an energy and forces, frame {index} does not"
            )
    return ForceData.of_molecule(
        positions=np.array([frame.get_positions() for frame in frames], dtype=np.float64),
        forces=np.array([frame.get_forces() for frame in frames], dtype=np.float64),
        energies=np.array([frame.get_potential_energy() for frame in frames], dtype=np.float64),
        numbers=numbers,
        name=path.stem,
        level_of_theory="not stated",
        source=path.name,
        checksum=sha256(path),
    )


def _plain(unit: str) -> str:
    """Lower case, without spaces; Å and Ang are spelt angstrom."""
    plain = unit.lower().replace(" ", "").replace("å", "angstrom")
    return plain[:-3] + "angstrom" if plain.endswith("ang") else plain


def _unit(table: dict[str, float], name: str) -> float:
    if _plain(name) not in table:
        raise ValueError(f"unknown unit {name!r}; expected one of {', '.join(table)}")
    return table[_plain(name)]
