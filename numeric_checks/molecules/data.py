"""Molecular force data: positions (Å), energies (eV), forces (eV/Å), with units and checksum.

Read are ``.npz`` files (:mod:`numeric_checks.molecules.npz`), HDF5 files
(:mod:`numeric_checks.molecules.hdf5`), and whatever ASE reads
(:mod:`numeric_checks.molecules.ase`). Labels are taken as they are stored, whatever constraints a
frame carries; cells are kept; stated units are converted; what a file does not hold is NaN. Other
per-atom arrays: :mod:`numeric_checks.molecules.fields`. The name ``"embedded"`` stands for the
trajectory that comes with the package. Nothing that would run code, as a pickle might, is read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from numeric_checks.molecules.ase import read_ase
from numeric_checks.molecules.contents import ZIP, Contents, foreign, naming
from numeric_checks.molecules.hdf5 import MAGIC, read_hdf5
from numeric_checks.molecules.labels import Request
from numeric_checks.molecules.npz import read_npz
from numeric_checks.molecules.screen import Screen, published_splits
from numeric_checks.molecules.select import select
from numeric_checks.molecules.structures import Structures
from numeric_checks.molecules.whole import whole
from span_theorem.arguments import natural

__all__ = [
    "EMBEDDED",
    "ForceData",
    "data_path",
    "iterate",
    "load",
    "load_requested",
    "parts_of",
    "sha256",
]

#: eV and eV/Å: more is a failed calculation, and its square would drown everything else.
LARGEST_ENERGY, LARGEST_FORCE = 1e12, 1e9

#: Name of the trajectory inside the package.
EMBEDDED = "embedded"

Array = NDArray[np.float64]


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
        ValueError: shapes that do not fit; values that are infinite or absurdly large; a frame in
            which only some forces are there.
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
        for what, values, largest, unit in (
            ("energies", self.energies, LARGEST_ENERGY, "eV"),
            ("forces", self.forces, LARGEST_FORCE, "eV/Å"),
        ):
            above = np.abs(values[np.isfinite(values)]).max(initial=0.0)
            if above > largest:
                raise ValueError(
                    f"{self.name}: {what} must lie between -{largest:g} and {largest:g} {unit}, "
                    f"got {above:g}"
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
        (atoms,); ``cell`` and ``periodic`` as in ``Structures.of_molecule``, and the other
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

        ``numbers`` is None where the frames hold different atoms; ``periodic`` and ``notes`` are
        there where a frame repeats in space, and where frames were left out.
        """
        more: dict[str, Any] = {"periodic": True} if self.structures.has_cell else {}
        if self.notes:
            more["notes"] = list(self.notes)
        return more | {
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

    def require_energies(self, purpose: str) -> None:
        """ValueError where a frame has no energy, which ``purpose`` needs."""
        absent = np.isnan(self.energies)
        if absent.any():
            raise ValueError(
                f"{self.name}: {purpose} needs energies, which {int(absent.sum())} of {len(self)} "
                "frames do not have"
            )

    def require_forces(self, purpose: str) -> None:
        """ValueError where a frame has no forces, which ``purpose`` needs."""
        absent = np.isnan(self.forces[self.structures.offsets[:-1], 0])
        if absent.any():
            raise ValueError(
                f"{self.name}: {purpose} needs forces, which {int(absent.sum())} of {len(self)} "
                "frames do not have"
            )

    def select(self, *selections: str) -> ForceData:
        """The frames that every selection holds (:mod:`numeric_checks.molecules.select`).

        Stored splits keep those of their frames that are left.
        """
        if not selections:
            return self
        chosen = select(self.structures, *selections)
        place = np.full(len(self), -1, dtype=np.int64)
        place[chosen] = np.arange(len(chosen))
        published = {name: place[index] for name, index in self.published.items()}
        left = {name: index[index >= 0] for name, index in published.items()}
        return replace(
            self.take(chosen), published={n: index for n, index in left.items() if len(index)}
        )

    def batches(self, atoms: int) -> Iterator[ForceData]:
        """The frames in order, in parts of at most ``atoms`` atoms."""
        for part in self.structures.parts(atoms):
            yield self.take(part)

    def take(self, index: ArrayLike | slice) -> ForceData:
        """The frames in ``index`` (see ``Structures.take``), without the published splits."""
        chosen = index if isinstance(index, slice) else np.asarray(index)
        return replace(
            self,
            structures=self.structures.take(chosen),
            energies=self.energies[chosen],
            forces=self.forces[self.structures.rows(chosen)],
            published={},
            order=None if self.order is None else self.order[chosen],
        )


def sha256(path: Path) -> str:
    """SHA-256 of a file, hexadecimal; ValueError for a device or pipe."""
    if path.exists() and not path.is_dir() and not path.is_file():
        raise ValueError(f"{path} is not an ordinary file")
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def data_path(data: str | Path) -> Path:
    """The file of ``"embedded"`` or of a path.

    Raises FileNotFoundError where there is none, IsADirectoryError for a folder, ValueError for a
    device or pipe.
    """
    if str(data) == EMBEDDED:
        return Path(str(files("numeric_checks") / "data" / "aspirin_xtb.npz"))
    path = Path(data)
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder, not a data file")
    if not path.exists():
        raise FileNotFoundError(f"no data file {path}")
    if not path.is_file():
        raise ValueError(f"{path} is not an ordinary file")
    return path


def load(
    data: str | Path,
    *,
    energy_key: str | None = None,
    forces_key: str | None = None,
    require_forces: bool = True,
) -> ForceData:
    """Read a data set; ``"embedded"`` or a path.

    Frames that repeat an earlier one to 0.001 Å, and frames of isolated atoms, are left out, and so
    are frames without forces unless ``require_forces`` is false; ``notes`` of the result say how
    many. Frames without an energy are kept with NaN. Molecules that the border of a cell cuts in
    two are made whole (:mod:`numeric_checks.molecules.whole`).

    Args:
        data: the file.
        energy_key, forces_key: names of the arrays, where they are not among the usual ones
            (:mod:`numeric_checks.molecules.labels`).
        require_forces: leave out frames without forces, and refuse a file that has none.

    Raises:
        FileNotFoundError, IsADirectoryError, ModuleNotFoundError: no such file, or a package that
            its format needs; ValueError: a file that is damaged, is no data, or whose layout, units
            or labels are not understood. The message names the file and the fault.
    """
    return load_requested(data, Request(energy_key, forces_key), require_forces)


def load_requested(data: str | Path, request: Request, require_forces: bool = True) -> ForceData:
    """:func:`load` of what is requested: without energies, where they are not wanted."""
    path = data_path(data)
    with naming(path):
        contents = Contents.join(list(parts_of(path, request)))
        check_labels(contents.found, request, contents, require_forces)
        screen = Screen(require_forces)
        kept = screen(contents)
        published = published_splits(contents, kept)
        made = _chosen(contents, kept, screen, path, sha256(path))
    return replace(made, published=published)


def iterate(
    data: str | Path,
    batch_atoms: int,
    *,
    energy_key: str | None = None,
    forces_key: str | None = None,
    require_forces: bool = True,
) -> Iterator[ForceData]:
    """The frames of :func:`load` in order, in parts of about ``batch_atoms`` atoms.

    Memory is bounded by the parts for what ASE reads frame by frame (extxyz, traj, db, dumps) and
    by the largest group of an HDF5 file; a ``.npz`` is read whole. Of every frame 16 bytes are
    remembered, to find repeats. Parts hold no stored splits, and ``notes`` count up to the part.

    Raises as :func:`load`; labels that are missing are told after the last part.
    """
    if natural("batch_atoms", batch_atoms) < 1:
        raise ValueError(f"batch_atoms must be at least 1, got {batch_atoms}")
    path = data_path(data)
    request, screen = Request(energy_key, forces_key), Screen(require_forces)
    checksum, found, empty = sha256(path), set[str](), True
    with naming(path):
        for contents in parts_of(path, request, batch_atoms):
            found |= set(contents.found)
            kept = screen(contents)
            if kept.any():
                empty = False
                yield from _chosen(contents, kept, screen, path, checksum).batches(batch_atoms)
        check_labels(tuple(sorted(found)), request, None, False)
        if empty:
            raise ValueError(_nothing(screen, tuple(sorted(found))))


def parts_of(path: Path, request: Request, atoms: int | None = None) -> Iterator[Contents]:
    """What a file holds, read by what its first bytes say it is; ValueError as :func:`load`."""
    kind = foreign(path)
    if kind is not None:
        raise ValueError(f"is {kind}")
    with path.open("rb") as stream:
        magic = stream.read(8)
    if magic == MAGIC:
        yield from read_hdf5(path, request)
    elif path.suffix == ".npz" or magic.startswith(ZIP):
        yield read_npz(path, request)
    else:
        yield from read_ase(path, request, atoms)


def check_labels(
    found: tuple[str, ...], request: Request, contents: Contents | None, require_forces: bool
) -> None:
    """ValueError for a key that no frame has, or for no forces at all where they are required."""
    has = f"found {', '.join(found) or 'no arrays'}"
    for option, key in (("--energy-key", request.energy), ("--forces-key", request.forces)):
        if key is not None and key not in found:
            raise ValueError(f"no array {key!r} for {option}; {has}")
    if require_forces and contents is not None and np.isnan(contents.forces).all():
        raise ValueError(f"no forces; {has}. --forces-key names the array of forces")


def _chosen(
    contents: Contents, kept: NDArray[np.bool_], screen: Screen, path: Path, checksum: str
) -> ForceData:
    if not kept.any():
        raise ValueError(_nothing(screen, contents.found))
    structures, moved = whole(contents.structures)
    notes = (*contents.notes, *screen.notes)
    if moved:
        notes += (f"atoms of {moved} frames were moved by lattice vectors to make molecules whole",)
    made = ForceData(
        structures=structures,
        energies=contents.energies,
        forces=contents.forces,
        name=path.stem,
        level_of_theory=contents.level,
        source=contents.source,
        checksum=checksum,
        order=contents.order,
        notes=notes,
    )
    return made if kept.all() else made.take(kept)


def _nothing(screen: Screen, found: tuple[str, ...]) -> str:
    reasons = "; ".join(screen.notes)
    return f"no frame is left: {reasons}; found {', '.join(found) or 'no arrays'}"
