"""Per-atom arrays of data files: forces, or any other scalar or vector for every atom."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from numeric_checks.molecules.contents import Contents, naming
from numeric_checks.molecules.data import (
    ForceData,
    data_path,
    load_requested,
    parts_of,
    sha256,
)
from numeric_checks.molecules.labels import Request
from numeric_checks.molecules.repeats import repeats
from numeric_checks.molecules.screen import Screen
from numeric_checks.molecules.select import select
from numeric_checks.molecules.structures import Structures
from numeric_checks.molecules.whole import whole

__all__ = ["Field", "load_field"]

Array = NDArray[np.float64]

#: In whatever unit; squares of larger ones overflow.
LARGEST_VALUE = 1e30


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
        largest = np.abs(self.values[np.isfinite(self.values)]).max(initial=0.0)
        if largest > LARGEST_VALUE:
            raise ValueError(
                f"{self.name}: {self.quantity} must lie between -{LARGEST_VALUE:g} and "
                f"{LARGEST_VALUE:g}, got {largest:g}"
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
        ``cell`` and ``periodic`` as in ``Structures.of_molecule``, ``checksum`` and ``order``
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
        """The frames in ``index``; see ``Structures.take``."""
        chosen = index if isinstance(index, slice) else np.asarray(index)
        return replace(
            self,
            structures=self.structures.take(chosen),
            values=self.values[self.structures.rows(chosen)],
            order=None if self.order is None else self.order[chosen],
        )

    def select(self, *selections: str) -> Field:
        """The frames that every selection holds (:mod:`numeric_checks.molecules.select`)."""
        return self.take(select(self.structures, *selections)) if selections else self

    def first(self, count: int) -> Field:
        """The first ``count`` frames; ValueError for fewer than one or more than there are."""
        if not 1 <= count <= len(self):
            raise ValueError(f"frames must lie between 1 and {len(self)}, got {count}")
        return self.take(slice(count))

    def distinct(self) -> Field:
        """Without the frames that repeat an earlier one (``molecules.repeats``)."""
        again = repeats(self.structures) >= 0
        if not again.any():
            return self
        note = f"{int(again.sum())} frames repeat an earlier one and were left out"
        return replace(self.take(~again), notes=(*self.notes, note))

    def along_trajectory(self) -> Field:
        """The same frames sorted by ``order``; as they are where there is none."""
        if self.order is None:
            return self
        return self.take(np.argsort(self.order, kind="stable"))


def load_field(
    data: str | Path, quantity: str = "forces", *, forces_key: str | None = None
) -> Field:
    """Read one per-atom array of a data set; ``"embedded"`` or a path.

    Args:
        data: the file.
        quantity: ``"forces"``, or the name of an array with a scalar or vector for every atom.
            Energies are not read, nor are forces for another array.
        forces_key: the name of the array of forces, where it is not among the usual ones.

    Raises:
        FileNotFoundError, IsADirectoryError, ModuleNotFoundError, ValueError: as
            :func:`numeric_checks.molecules.data.load`, and where the file has no such array.
    """
    if quantity == "forces":
        return Field.of_forces(load_requested(data, Request(forces=forces_key, energies=False)))
    path = data_path(data)
    with naming(path):
        contents = Contents.join(list(parts_of(path, Request(quantity=quantity))))
        if contents.values is None:
            raise ValueError(f"no array {quantity!r} in some of the frames")
        screen = Screen(require_forces=False)
        kept = screen(contents)
        if not kept.any():
            raise ValueError(f"no frame is left: {'; '.join(screen.notes)}")
        made = Field(
            whole(contents.structures)[0],
            contents.values,
            path.stem,
            quantity,
            contents.unit,
            sha256(path),
            contents.order,
            (*contents.notes, *screen.notes),
        )
    return made if kept.all() else made.take(kept)
