"""Frames in any file that ASE reads: extxyz, traj, db, json, LAMMPS dumps, OUTCAR, …

ASE gives eV and Å; units that a frame states itself are converted. Labels are taken as they are
stored: ASE's own getters would set the forces of constrained atoms to zero.
"""

from __future__ import annotations

import lzma
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from numeric_checks.molecules.contents import Contents
from numeric_checks.molecules.labels import (
    ENERGIES,
    FORCES,
    LAST_ENERGIES,
    LEVELS,
    ORDER,
    Request,
    pick,
    sign_of,
    stated,
    states_unit,
)
from numeric_checks.molecules.structures import Structures
from numeric_checks.molecules.units import energy_unit, force_unit, length_unit

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["read_ase"]

Array = NDArray[np.float64]

#: Arrays that every frame has.
_OWN = {"numbers", "positions"}
#: Results of a whole frame, which may have as many entries as it has atoms.
_OF_FRAME = {"stress", "dipole", "dielectric_tensor", "polarization"}


def read_ase(path: Path, request: Request, atoms: int | None = None) -> Iterator[Contents]:
    """The frames of a file, in parts of about ``atoms`` atoms; in one part by default.

    Raises ValueError for a file that ASE does not read, or whose labels are not understood.
    """
    frames, notes, invented = _open(path)
    collected = _Collected(path, request, invented, notes)
    while True:
        try:
            for frame in frames:
                collected.add(frame)
                if atoms is not None and collected.atoms >= atoms:
                    break
            else:
                break
        except _RefusedError as refusal:
            raise ValueError(f"{path.name}: {refusal}") from None
        except MemoryError:
            raise ValueError(
                f"{path.name}: declares more than the memory holds: damaged, or to be read in parts"
            ) from None
        except Exception as error:  # ASE raises many kinds for a file it does not know
            text = " ".join(str(error).split())[:200] or type(error).__name__
            raise ValueError(f"{path.name}: not readable by ASE: {text}") from error
        yield collected.contents()
    if len(collected) or collected.first == 0:
        yield collected.contents()


class _RefusedError(Exception):
    """A frame that was read and is not accepted."""


def _open(path: Path) -> tuple[Iterator[Atoms], tuple[str, ...], frozenset[str]]:
    """The frames, what was taken for granted, and the labels that ASE makes up itself."""
    from ase.io import iread

    notes: tuple[str, ...] = ()
    more: dict[str, Any] = {}
    invented: frozenset[str] = frozenset()
    head = _head(path)
    if head.startswith("ITEM: "):
        units = _lammps(path, head)
        more = {"format": "lammps-dump-text", "units": units or "metal"}
        invented = frozenset({"energy", "free_energy"})  # ASE says 0
        if units is None:
            notes = ("the dump states no units: LAMMPS's metal, eV and Å, was taken",)

    def read() -> Iterator[Atoms]:
        yield from iread(str(path), index=":", do_not_split_by_at_sign=True, **more)

    return read(), notes, invented


def _head(path: Path) -> str:
    """The first 4 kB of a file as text, unpacked where ASE does it; empty for a damaged one."""
    from ase.io.formats import open_with_compression

    try:
        with open_with_compression(str(path), "rb") as stream:
            head: bytes = stream.read(4096)
    except (OSError, EOFError, zlib.error, lzma.LZMAError):
        return ""
    return head.decode("utf-8", "replace")


def _lammps(path: Path, head: str) -> str | None:
    """The units a LAMMPS dump states, or None; ValueError where it names no elements."""
    lines = head.splitlines()
    columns = next((line for line in lines if line.startswith("ITEM: ATOMS")), "")
    if columns and not {"element", "mass"} & set(columns.split()):
        raise ValueError(
            f"{path.name}: the dump names types of atoms, not elements (columns "
            f"{' '.join(columns.split()[2:])}): write the column element"
        )
    place = next((n for n, line in enumerate(lines) if line.startswith("ITEM: UNITS")), None)
    return lines[place + 1].strip() if place is not None and place + 1 < len(lines) else None


class _Collected:
    """Frames read so far, as arrays."""

    def __init__(
        self, path: Path, request: Request, invented: frozenset[str], notes: tuple[str, ...]
    ) -> None:
        self.path, self.request, self.invented, self.notes = path, request, invented, notes
        self.first = 0
        self.found: set[str] = set()
        self.level = "not stated"
        self._clear()

    def _clear(self) -> None:
        self.atoms = 0
        self.numbers: list[NDArray[np.int64]] = []
        self.positions: list[Array] = []
        self.cells: list[Array] = []
        self.periodic: list[NDArray[np.bool_]] = []
        self.energies: list[float] = []
        self.forces: list[Array] = []
        self.values: list[Array] = []
        self.order: list[int | None] = []

    def __len__(self) -> int:
        return len(self.numbers)

    def add(self, frame: Atoms) -> None:
        """Take one frame; raises _RefusedError."""
        try:
            self._add(frame)
        except ValueError as error:
            raise _RefusedError(f"frame {self.first + len(self)}: {error}") from error

    def _add(self, frame: Atoms) -> None:
        results = {} if frame.calc is None else frame.calc.results
        of_atoms = {name: value for name, value in results.items() if name not in _OF_FRAME}
        count = len(frame)
        scalars = {
            name: value
            for name, value in {**frame.info, **results}.items()
            if name not in self.invented and _scalar(value)
        }
        rows = {
            name: value
            for name, value in {**frame.arrays, **of_atoms}.items()
            if name not in _OWN and np.shape(value)[:1] == (count,)
        }
        self.found |= {*scalars, *rows}
        texts = {key: str(value) for key, value in frame.info.items() if states_unit(key)}
        length = length_unit(stated(texts, "length") or "angstrom")
        energy = self._energy(scalars, texts)
        forces, values = self._forces(rows, texts, length, count), self._values(rows)
        self.numbers.append(frame.numbers.astype(np.int64))
        self.positions.append(frame.positions * length)
        self.cells.append(frame.cell.array * length)
        self.periodic.append(np.array(frame.pbc, dtype=bool))
        self.energies.append(energy)
        self.forces.append(forces)
        self.order.append(_place(frame.info))
        if values is not None:
            self.values.append(values)
        if self.first + len(self) == 1:
            self.level = next((str(frame.info[k]) for k in LEVELS if k in frame.info), self.level)
        self.atoms += count

    def _energy(self, scalars: Mapping[str, Any], texts: Mapping[str, str]) -> float:
        if not self.request.reads_energies:
            return np.nan
        name = pick("energy", self.request.energy, ENERGIES, scalars)
        if name is None and self.request.energy is None:
            name = pick("energy", None, LAST_ENERGIES, scalars)
        if name is None:
            return np.nan
        return float(np.asarray(scalars[name]).item()) * energy_unit(
            stated(texts, "energy") or "ev"
        )

    def _forces(
        self, rows: Mapping[str, Any], texts: Mapping[str, str], length: float, count: int
    ) -> Array:
        wanted = self.request.reads_forces
        name = pick("forces", self.request.forces, FORCES, rows) if wanted else None
        if name is None:
            return np.full((count, 3), np.nan)
        forces = sign_of(name) * _real(name, rows[name])
        if forces.shape != (count, 3):
            raise ValueError(f"forces {name} has shape {forces.shape}, expected {(count, 3)}")
        unit = stated(texts, "force")
        if unit is not None:
            return forces * force_unit(unit)
        return forces * (energy_unit(stated(texts, "energy") or "ev") / length)

    def _values(self, rows: Mapping[str, Any]) -> Array | None:
        name = self.request.quantity
        if name is None:
            return None
        if name not in rows:
            raise ValueError(
                f"no per-atom array {name!r}; the frame has {', '.join(sorted(rows)) or 'none'}"
            )
        values = _real(name, rows[name])
        if values.ndim > 2 or (values.ndim == 2 and values.shape[1] != 3):
            raise ValueError(f"{name} has shape {values.shape}, expected (atoms,) or (atoms, 3)")
        if self.values and self.values[0].shape[1:] != values.shape[1:]:
            raise ValueError(f"{name} has another shape than in the frames before")
        return values

    def contents(self) -> Contents:
        """The frames since the last call; ValueError for none at all."""
        if not len(self):
            raise ValueError(f"{self.path.name}: no frames")
        counts = np.array([len(numbers) for numbers in self.numbers], dtype=np.int64)
        if (counts == 0).any():
            raise ValueError(
                f"{self.path.name}: frame {self.first + int(counts.argmin())} has no atoms"
            )
        order = [place for place in self.order if place is not None]
        made = Contents(
            structures=Structures(
                np.concatenate(self.numbers),
                np.concatenate(self.positions),
                counts,
                np.array(self.cells),
                np.array(self.periodic),
            ),
            energies=np.array(self.energies),
            forces=np.concatenate(self.forces),
            values=np.concatenate(self.values) if self.values else None,
            order=np.array(order, dtype=np.int64) if len(order) == len(self) else None,
            level=self.level,
            source=self.path.name,
            found=tuple(sorted(self.found)),
            notes=self.notes,
        )
        self.first += len(self)
        self._clear()
        return made


def _scalar(value: Any) -> bool:
    return np.ndim(value) == 0 and np.asarray(value).dtype.kind in "iuf"


def _real(name: str, values: Any) -> Array:
    array = np.asarray(values)
    if array.dtype.kind not in "iuf":
        raise ValueError(f"{name} must be real, got dtype {array.dtype}")
    return array.astype(np.float64)


def _place(info: Mapping[str, Any]) -> int | None:
    """Where the frame stands along its trajectory, where it says so."""
    for name in ORDER:
        value = info.get(name)
        if isinstance(value, int | np.integer) and not isinstance(value, bool):
            return int(value)
    return None
