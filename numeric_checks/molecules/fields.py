"""Per-atom arrays of data files: forces, or any other scalar or vector for every atom."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from numeric_checks.molecules.data import (
    ForceData,
    Npz,
    data_path,
    load,
    read_ase,
    sha256,
)
from numeric_checks.molecules.repeats import repeats
from numeric_checks.molecules.structures import Structures

__all__ = ["Field", "load_field"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Field:
    """A scalar or vector for every atom in every frame.

    Attributes:
        structures: the frames.
        values: (atoms_total,) or (atoms_total, 3) float64, in ``unit`` (eV/Å for forces; else what
            the file says, or "as stored").
        name: of the data; ``quantity`` the name of the array; ``checksum`` the SHA-256 of the file.
        order, notes: as in :class:`ForceData`.

    Raises:
        ValueError: values of another shape, or not finite.
    """

    structures: Structures
    values: Array
    name: str
    quantity: str
    unit: str
    checksum: str = ""
    order: NDArray[np.int64] | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        atoms = len(self.structures.numbers)
        if self.values.shape not in ((atoms,), (atoms, 3)):
            raise ValueError(
                f"{self.name}: {self.quantity} has shape {self.values.shape}, expected "
                f"{(atoms,)} or {(atoms, 3)}"
            )
        lost = ~np.isfinite(self.values.reshape(atoms, -1)).all(axis=1)
        if lost.any():
            frame = int(self.structures.frame_of[int(lost.argmax())])
            raise ValueError(
                f"{self.name}: {self.quantity} contains values that are not finite, in frame "
                f"{frame}"
            )

    @classmethod
    def of_molecule(
        cls,
        positions: Array,
        values: Array,
        numbers: NDArray[np.int64],
        name: str,
        quantity: str,
        unit: str,
        **more: Any,
    ) -> Field:
        """A field on frames of one molecule.

        ``positions`` (frames, atoms, 3), Å; ``values`` (frames, atoms) or (frames, atoms, 3);
        ``cell`` and ``periodic`` as in :meth:`Structures.of_molecule`, ``checksum`` and ``order``
        by name. ValueError as for :class:`Structures` and :class:`Field`.
        """
        structures = Structures.of_molecule(
            positions, numbers, more.pop("cell", None), more.pop("periodic", None)
        )
        shape = structures.molecule[0].shape
        if np.shape(values) not in (shape, shape[:2]):
            raise ValueError(
                f"{name}: {quantity} has shape {np.shape(values)}, expected {shape[:2]} or {shape}"
            )
        flat = np.asarray(values, dtype=np.float64).reshape(-1, *np.shape(values)[2:])
        return cls(structures, flat, name, quantity, unit, **more)

    @classmethod
    def of_forces(cls, data: ForceData) -> Field:
        """The forces of a data set, in eV/Å; ValueError where a frame has none."""
        return cls(
            data.structures,
            data.forces,
            data.name,
            "forces",
            "eV/angstrom",
            data.checksum,
            data.order,
            data.notes,
        )

    @property
    def numbers(self) -> NDArray[np.int64]:
        """(atoms,) atomic numbers; ValueError where the frames hold different atoms."""
        return self.structures.molecule[1]

    @property
    def positions(self) -> Array:
        """(frames, atoms, 3), Å; ValueError where the frames hold different atoms."""
        return self.structures.molecule[0]

    @property
    def molecule_values(self) -> Array:
        """(frames, atoms) or (frames, atoms, 3); ValueError where the frames differ."""
        shape = self.structures.molecule[0].shape[:2]
        return self.values.reshape(*shape, *self.values.shape[1:])

    def __len__(self) -> int:
        """Number of frames."""
        return len(self.structures)

    def take(self, index: ArrayLike | slice) -> Field:
        """The frames in ``index``; see :meth:`Structures.take`."""
        chosen = index if isinstance(index, slice) else np.asarray(index)
        return replace(
            self,
            structures=self.structures.take(chosen),
            values=self.values[self.structures.rows(chosen)],
            order=None if self.order is None else self.order[chosen],
        )

    def first(self, count: int) -> Field:
        """The first ``count`` frames; ValueError for fewer than one or more than there are."""
        if not 1 <= count <= len(self):
            raise ValueError(f"frames must lie between 1 and {len(self)}, got {count}")
        return self.take(slice(count))

    def distinct(self) -> Field:
        """Without the frames that repeat an earlier one exactly (:func:`repeats`)."""
        again = repeats(self.structures) >= 0
        if not again.any():
            return self
        note = f"{int(again.sum())} frames repeat an earlier one exactly and were left out"
        return replace(self.take(~again), notes=(*self.notes, note))

    def along_trajectory(self) -> Field:
        """The same frames sorted by ``order``; as they are where there is none."""
        if self.order is None:
            return self
        return self.take(np.argsort(self.order, kind="stable"))


def load_field(data: str | Path, quantity: str = "forces") -> Field:
    """Read one per-atom array of a data set; ``"embedded"`` or a path.

    ``quantity`` is ``"forces"``, or the name of an array of the file with shape (frames, atoms) or
    (frames, atoms, 3) in ``.npz``, (atoms,) or (atoms, 3) in every frame of an ASE-readable file.
    For an array other than forces the file needs no energies and forces.

    Raises FileNotFoundError, or ValueError where the file has no such array, or layout or units are
    not understood.
    """
    path = data_path(data)
    if quantity == "forces":
        return Field.of_forces(load(data))
    return _field_npz(path, quantity) if path.suffix == ".npz" else _field_ase(path, quantity)


def _field_npz(path: Path, quantity: str) -> Field:
    with np.load(path, allow_pickle=False) as archive:
        npz = Npz(path, archive, needed=(0, 3))
        if quantity not in npz.keys:
            raise ValueError(
                f"{path.name}: no array {quantity!r}; the file has {', '.join(sorted(npz.keys))}"
            )
        positions, values, numbers = npz.array(npz.names[0]), npz.array(quantity), npz.numbers()
        kept, order = npz.kept(), npz.order(len(positions))
        unit = npz.first(f"units_{quantity}", default="as stored")
    if kept is not None:
        positions, values = positions[kept], values[kept]
        order = None if order is None else order[kept]
    return Field.of_molecule(
        positions * npz.length,
        values,
        numbers,
        path.stem,
        quantity,
        unit,
        checksum=sha256(path),
        order=order,
    )


def _field_ase(path: Path, quantity: str) -> Field:
    frames, numbers = read_ase(path)
    values = []
    for index, frame in enumerate(frames):
        results = {} if frame.calc is None else frame.calc.results
        found = frame.arrays.get(quantity, results.get(quantity))
        if found is None or np.shape(found)[:1] != numbers.shape:
            has = sorted({*frame.arrays, *results} - {"numbers"})
            raise ValueError(
                f"{path.name}: no per-atom array {quantity!r} in frame {index}, which has "
                f"{', '.join(has)}"
            )
        values.append(np.asarray(found))
    stacked = np.array(values)
    if stacked.dtype.kind not in "iuf":
        raise ValueError(f"{path.name}: {quantity} must be real, got dtype {stacked.dtype}")
    return Field.of_molecule(
        np.array([frame.get_positions() for frame in frames], dtype=np.float64),
        stacked.astype(np.float64),
        numbers,
        path.stem,
        quantity,
        "as stored",
        checksum=sha256(path),
    )
