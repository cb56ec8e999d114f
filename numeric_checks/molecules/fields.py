"""Per-atom arrays of data files: forces, or any other scalar or vector for every atom."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from numeric_checks.molecules.data import (
    ForceData,
    Npz,
    checked_array,
    checked_geometry,
    data_path,
    load,
    read_ase,
    sha256,
)

__all__ = ["Field", "load_field"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Field:
    """A scalar or vector for every atom in every frame of one molecule.

    ``positions`` (n, atoms, 3) in Å; ``values`` (n, atoms) or (n, atoms, 3), float64, in ``unit``
    (eV/Å for forces; else what the file says, or "as stored"); ``numbers`` (atoms,) atomic numbers;
    ``quantity`` the name of the array; ``checksum`` the SHA-256 of the file; ``order`` as in
    :class:`ForceData`.
    """

    positions: Array
    values: Array
    numbers: NDArray[np.int64]
    name: str
    quantity: str
    unit: str
    checksum: str
    order: NDArray[np.int64] | None = None

    @classmethod
    def of_forces(cls, data: ForceData) -> Field:
        """The forces of a data set, in eV/Å."""
        return cls(
            data.positions,
            data.molecule_forces,
            data.numbers,
            data.name,
            "forces",
            "eV/angstrom",
            data.checksum,
            data.order,
        )

    def __post_init__(self) -> None:
        frames, atoms = checked_geometry(self.name, self.positions, self.numbers)
        shape = (frames, atoms, 3) if self.values.ndim == 3 else (frames, atoms)
        checked_array(self.name, self.quantity, self.values, shape)

    def __len__(self) -> int:
        return len(self.positions)

    def first(self, count: int) -> Field:
        """The first ``count`` frames; ValueError for fewer than one or more than there are."""
        if not 1 <= count <= len(self):
            raise ValueError(f"frames must lie between 1 and {len(self)}, got {count}")
        order = None if self.order is None else self.order[:count]
        return replace(
            self, positions=self.positions[:count], values=self.values[:count], order=order
        )

    def along_trajectory(self) -> Field:
        """The same frames sorted by ``order``; as they are where there is none."""
        if self.order is None:
            return self
        index = np.argsort(self.order, kind="stable")
        return replace(
            self,
            positions=self.positions[index],
            values=self.values[index],
            order=self.order[index],
        )


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
    return Field(
        positions * npz.length, values, numbers, path.stem, quantity, unit, sha256(path), order
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
    return Field(
        np.array([frame.get_positions() for frame in frames], dtype=np.float64),
        stacked.astype(np.float64),
        numbers,
        path.stem,
        quantity,
        "as stored",
        sha256(path),
    )
