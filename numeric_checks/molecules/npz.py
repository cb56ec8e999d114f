"""Frames in a ``.npz`` file.

Five layouts are known by the names of their arrays: sGDML (``R``, ``z``, ``F``, ``E``), rMD17
(``coords``, ``nuclear_charges``), PhysNet (``R``, ``Z``, ``N``, padded), and the generic ones
(``positions`` or ``coordinates`` with ``numbers`` or ``atomic_numbers``). Without a statement sGDML
and rMD17 files are in kcal/mol and Å; the others must state their units.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from numeric_checks.molecules.contents import Contents
from numeric_checks.molecules.labels import (
    CELLS,
    ENERGIES,
    FORCES,
    LEVELS,
    ORDER,
    REPEATS,
    UNITS,
    Request,
    known_names,
    pick,
    sign_of,
    stated,
    states_unit,
)
from numeric_checks.molecules.structures import Structures
from numeric_checks.molecules.units import energy_unit, force_unit, length_unit
from span_theorem.npz import NpzArchive

__all__ = ["read_npz"]

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

# Names of positions and atomic numbers, and the units (length, energy) without a statement.
_LAYOUTS = {
    "sGDML": ("R", "z", ("angstrom", "kcal/mol")),
    "rMD17": ("coords", "nuclear_charges", ("angstrom", "kcal/mol")),
    "PhysNet": ("R", "Z", None),
    "generic": ("positions", "numbers", None),
    "generic, atomic_numbers": ("positions", "atomic_numbers", None),
    "generic, coordinates": ("coordinates", "atomic_numbers", None),
}


def read_npz(path: Path, request: Request) -> Contents:
    """The frames of a file; ValueError where layout, units or arrays are not understood."""
    with NpzArchive(path) as archive:
        return _Reader(archive, request).contents()


class _Reader:
    """An open file with its layout and units."""

    def __init__(self, archive: NpzArchive, request: Request) -> None:
        self.archive, self.request, self.name = archive, request, archive.path.name
        self.positions_name, self.numbers_name, self.default = self._layout()
        self.texts = {key: archive.text(key) for key in archive.names if states_unit(key)}

    def _layout(self) -> tuple[str, str, tuple[str, str] | None]:
        found = [
            layout
            for layout in _LAYOUTS.values()
            if layout[0] in self.archive and layout[1] in self.archive
        ]
        if not found:
            expected = "; ".join(f"{a}, {b}" for a, b, _ in _LAYOUTS.values())
            raise ValueError(
                f"{self.name}: expected the arrays of one layout ({expected}), got "
                f"{', '.join(self.archive.names) or 'none'}"
            )
        if len(found) > 1:
            raise ValueError(
                f"{self.name}: holds two layouts at once, {found[0][0]}, {found[0][1]} and "
                f"{found[1][0]}, {found[1][1]}"
            )
        return found[0]

    def contents(self) -> Contents:
        archive = self.archive
        places = self._real(self.positions_name)
        if places.ndim != 3 or places.shape[2] != 3:
            raise ValueError(
                f"{self.name}: {self.positions_name} has shape {places.shape}, expected (frames, "
                "atoms, 3)"
            )
        frames, atoms = places.shape[:2]
        numbers, there = self._numbers(frames, atoms)
        length = length_unit(self._unit("length"))
        cells, periodic = self._cells(frames)
        structures = Structures(
            numbers=numbers,
            positions=places[there] * length,
            counts=there.sum(axis=1).astype(np.int64),
            cells=cells * length,
            periodic=periodic,
        )
        published = {
            key: archive[key] for key in archive.names if key.startswith(("train", "test"))
        }
        repeats = next((archive[key] for key in REPEATS if key in archive), None)
        values, unit = self._values(there)
        return Contents(
            structures=structures,
            energies=self._energies(frames),
            forces=self._forces(there),
            values=values,
            unit=unit,
            published=published if values is None else {},
            order=self._order(frames),
            repeats=repeats,
            level=self._first(LEVELS, "not stated"),
            source=self._first(("source", "name"), self.name),
            found=tuple(archive.names),
        )

    def _unit(self, kind: str) -> str:
        unit = stated(self.texts, kind)
        if unit is not None:
            return unit
        if self.default is None:
            raise ValueError(f"{self.name}: this layout must state {UNITS[kind]}")
        return self.default[0 if kind == "length" else 1]

    def _real(self, name: str) -> Array:
        values = self.archive[name]
        if values.dtype.kind not in "iuf":
            raise ValueError(f"{self.name}: {name} must be real, got dtype {values.dtype}")
        return values.astype(np.float64)

    def _numbers(self, frames: int, atoms: int) -> tuple[Integers, NDArray[np.bool_]]:
        """Atomic numbers of all atoms, and which of (frames, atoms) are there."""
        name = self.numbers_name
        values = self.archive[name]
        if values.dtype.kind not in "iu":
            raise ValueError(f"{self.name}: {name} must be integers, got dtype {values.dtype}")
        if values.shape not in ((atoms,), (frames, atoms)):
            raise ValueError(
                f"{self.name}: {name} are the atomic numbers and must have shape {(atoms,)} or "
                f"{(frames, atoms)}, got {values.shape}"
            )
        table = np.broadcast_to(values.astype(np.int64), (frames, atoms))
        there = np.ones((frames, atoms), dtype=bool)
        if values.ndim == 2:  # shorter frames are filled up with 0 or −1
            there = table > 0
            if (np.diff(there.astype(int), axis=1) > 0).any():
                raise ValueError(f"{self.name}: {name} has a gap within a frame")
        return table[there], there

    def _labels(self, what: str, known: tuple[str, ...], wanted: str | None) -> str | None:
        names = known_names(known, self.archive.names) if wanted is None else [wanted]
        arrays = {name: self.archive[name] for name in names if name in self.archive}
        try:
            return pick(what, wanted, known, arrays)
        except ValueError as error:
            raise ValueError(f"{self.name}: {error}") from None

    def _energies(self, frames: int) -> Array:
        wanted = self.request.reads_energies
        name = self._labels("energy", ENERGIES, self.request.energy) if wanted else None
        if name is None:
            return np.full(frames, np.nan)
        values = self._real(name).reshape(-1)
        if values.shape != (frames,):
            raise ValueError(
                f"{self.name}: energies {name} has shape {values.shape}, expected {(frames,)}"
            )
        return values * energy_unit(self._unit("energy"))

    def _forces(self, there: NDArray[np.bool_]) -> Array:
        wanted = self.request.reads_forces
        name = self._labels("forces", FORCES, self.request.forces) if wanted else None
        if name is None:
            return np.full((int(there.sum()), 3), np.nan)
        values = self._real(name)
        if values.shape != (*there.shape, 3):
            raise ValueError(
                f"{self.name}: forces {name} has shape {values.shape}, expected {(*there.shape, 3)}"
            )
        unit = stated(self.texts, "force")
        if unit is None:
            scale = energy_unit(self._unit("energy")) / length_unit(self._unit("length"))
        else:
            scale = force_unit(unit)
        return values[there] * (sign_of(name) * scale)

    def _values(self, there: NDArray[np.bool_]) -> tuple[Array | None, str]:
        """The array asked for beside energies and forces, and its unit."""
        name = self.request.quantity
        if name is None:
            return None, ""
        if name not in self.archive:
            raise ValueError(
                f"{self.name}: no array {name!r}; the file has {', '.join(self.archive.names)}"
            )
        values = self._real(name)
        if values.shape not in (there.shape, (*there.shape, 3)):
            raise ValueError(
                f"{self.name}: {name} has shape {values.shape}, expected {there.shape} or "
                f"{(*there.shape, 3)}"
            )
        return values[there], self._first((f"units_{name}",), "as stored")

    def _cells(self, frames: int) -> tuple[Array, NDArray[np.bool_]]:
        found = [name for name in CELLS if name in self.archive]
        if "lattice" in self.archive:
            matrix = self._real("lattice")
            if matrix.shape[-2:] != (3, 3) or not np.allclose(matrix, np.swapaxes(matrix, -1, -2)):
                raise ValueError(
                    f"{self.name}: lattice does not say whether lattice vectors are its rows or "
                    "its columns: store them as rows of an array cell"
                )
            found.append("lattice")
        if not found:
            return np.zeros((frames, 3, 3)), np.zeros((frames, 3), dtype=bool)
        if len(found) > 1:
            raise ValueError(f"{self.name}: holds two cells, {found[0]} and {found[1]}")
        cells = self._real(found[0])
        if cells.shape in ((3,), (frames, 3)) and cells.shape != (3, 3):
            cells = cells[..., None] * np.eye(3)
        if cells.shape not in ((3, 3), (frames, 3, 3)):
            raise ValueError(
                f"{self.name}: {found[0]} has shape {cells.shape}, expected (3, 3) or "
                f"{(frames, 3, 3)}"
            )
        cells = np.array(np.broadcast_to(cells, (frames, 3, 3)))
        if "pbc" not in self.archive:
            filled: NDArray[np.bool_] = (cells != 0).any(axis=2)
            return cells, filled
        periodic = self.archive["pbc"]
        if periodic.dtype.kind not in "biu" or periodic.shape not in ((), (3,), (frames, 3)):
            raise ValueError(
                f"{self.name}: pbc must be booleans of shape (), (3,) or {(frames, 3)}, got "
                f"{periodic.dtype} of shape {periodic.shape}"
            )
        return cells, np.array(np.broadcast_to(periodic.astype(bool), (frames, 3)))

    def _order(self, frames: int) -> Integers | None:
        """Places of the frames along the trajectory, where given."""
        name = next((key for key in ORDER if key in self.archive), None)
        if name is None:
            return None
        order = self.archive[name]
        if order.dtype.kind not in "iu" or order.shape != (frames,):
            raise ValueError(
                f"{self.name}: {name} must be {frames} integers, got {order.dtype} of shape "
                f"{order.shape}"
            )
        return order.astype(np.int64)

    def _first(self, names: tuple[str, ...], default: str) -> str:
        return next((self.archive.text(name) for name in names if name in self.archive), default)
