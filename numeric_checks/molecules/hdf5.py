"""Frames in an HDF5 file: one group for every molecule, as in the SPICE and ANI-1x data sets.

A group holds ``atomic_numbers`` (atoms,), positions (frames, atoms, 3) under ``conformations``,
``coordinates`` or ``positions``, and energies and forces under known names or those asked for.
``dft_total_gradient`` (SPICE) is the negative of the forces. A unit is the attribute ``units`` of
an array, or of its group or the file, by the names that units have in other files; SPICE is in bohr
and hartree, ANI-1x in Å and hartree. Forces without a unit are in that of energies by lengths.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from numeric_checks.molecules.contents import Contents
from numeric_checks.molecules.labels import (
    ENERGIES,
    FORCES,
    GRADIENTS,
    Request,
    known_names,
    pick,
    sign_of,
    stated,
    states_unit,
)
from numeric_checks.molecules.structures import Structures
from numeric_checks.molecules.units import energy_unit, force_unit, length_unit
from span_theorem.npz import half_of_memory

__all__ = ["MAGIC", "read_hdf5"]

Array = NDArray[np.float64]

MAGIC = b"\x89HDF\r\n\x1a\n"

_NUMBERS = ("atomic_numbers", "numbers")
# Positions, and the units (length, energy) that the data set of this name is known to be in.
_POSITIONS = {
    "conformations": ("bohr", "hartree"),
    "coordinates": ("angstrom", "hartree"),
    "positions": None,
}
_ENERGIES = (*ENERGIES, "dft_total_energy", "wb97x_dz.energy")
_FORCES = (*FORCES, "wb97x_dz.forces")


def read_hdf5(path: Path, request: Request) -> Iterator[Contents]:
    """The frames of every group in turn.

    Raises ValueError for a damaged file, or one without such groups; ModuleNotFoundError where h5py
    is not installed.
    """
    import h5py

    found = False
    names: set[str] = set()
    try:
        with h5py.File(path, "r") as file:
            for group in _groups(file):
                names |= set(group)
                if any(name in group for name in _NUMBERS) and any(p in group for p in _POSITIONS):
                    found = True
                    yield _contents(group, request)
    except (OSError, RuntimeError, KeyError, TypeError) as error:
        raise ValueError(f"{path.name}: truncated or damaged HDF5 file: {error}") from error
    if not found:
        raise ValueError(
            f"{path.name}: no group with {' or '.join(_NUMBERS)} and {' or '.join(_POSITIONS)}; "
            f"found {', '.join(sorted(names)) or 'nothing'}"
        )


def _groups(group: Any) -> Iterator[Any]:
    """The group and all groups below it."""
    import h5py

    yield group
    for name in group:
        below = group.get(name, getlink=True)
        if isinstance(below, h5py.HardLink) and isinstance(group[name], h5py.Group):
            yield from _groups(group[name])


def _contents(group: Any, request: Request) -> Contents:
    place = next(name for name in _POSITIONS if name in group)
    default = _POSITIONS[place]
    positions = _real(group, place)
    stored = _array(group, next(name for name in _NUMBERS if name in group))
    if stored.dtype.kind not in "iu" or stored.shape != positions.shape[1:2]:
        raise ValueError(
            f"{group.name}: atomic numbers must be a row of integers, one for each atom, got "
            f"{stored.dtype} of shape {stored.shape}"
        )
    numbers = np.asarray(stored)
    try:
        length = length_unit(_unit(group[place], "length", default and default[0]))
        structures = Structures.of_molecule(positions * length, numbers)
        energies = _energies(group, request, default)
        forces = _forces(group, request, length, default)
    except ValueError as error:
        raise ValueError(f"{group.name}: {error}") from error
    frames, shape = len(structures), structures.molecule[0].shape
    if energies is not None and energies.shape != (frames,):
        raise ValueError(f"{group.name}: energies has shape {energies.shape}, expected {(frames,)}")
    if forces is not None and forces.shape != shape:
        raise ValueError(f"{group.name}: forces has shape {forces.shape}, expected {shape}")
    values = None
    if request.quantity is not None:
        if request.quantity not in group:
            raise ValueError(
                f"{group.name}: no array {request.quantity!r}; it has {', '.join(sorted(group))}"
            )
        values = _real(group, request.quantity)
        if values.shape not in (shape, shape[:2]):
            raise ValueError(
                f"{group.name}: {request.quantity} has shape {values.shape}, expected {shape} or "
                f"{shape[:2]}"
            )
        values = values.reshape(-1, *values.shape[2:])
    return Contents(
        structures=structures,
        energies=np.full(frames, np.nan) if energies is None else energies,
        forces=np.full((len(structures.numbers), 3), np.nan)
        if forces is None
        else forces.reshape(-1, 3),
        values=values,
        found=tuple(sorted(group)),
    )


def _energies(group: Any, request: Request, default: tuple[str, str] | None) -> Array | None:
    if not request.reads_energies:
        return None
    arrays = _labels(group, _ENERGIES, request.energy)
    name = pick("energy", request.energy, _ENERGIES, arrays)
    if name is None:
        return None
    unit = energy_unit(_unit(group[name], "energy", default and default[1]))
    return arrays[name].reshape(-1) * unit


def _forces(
    group: Any, request: Request, length: float, default: tuple[str, str] | None
) -> Array | None:
    """Forces in eV/Å; ``length`` is the unit of the positions in Å."""
    if not request.reads_forces:
        return None
    arrays = _labels(group, (*_FORCES, *GRADIENTS), request.forces)
    name = pick("forces", request.forces, _FORCES, arrays)
    if name is None and request.forces is None:
        name = pick("forces", None, GRADIENTS, arrays)
    if name is None:
        return None
    own = _stated(group[name], "force")
    if own is not None:
        unit = force_unit(own)
    else:  # that of the energies by that of the positions
        names = known_names(_ENERGIES, group) if request.energy is None else [request.energy]
        energies = next((group[other] for other in names if other in group), group[name])
        unit = energy_unit(_unit(energies, "energy", default and default[1])) / length
    return sign_of(name) * unit * arrays[name]


def _labels(group: Any, known: tuple[str, ...], wanted: str | None) -> dict[str, Array]:
    """The arrays of a group that may be labels."""
    names = known_names(known, group) if wanted is None else [wanted]
    return {name: _real(group, name) for name in names if name in group}


def _unit(array: Any, kind: str, default: str | None) -> str:
    """The unit of an array as it is stated, else ``default``; ValueError where that is None."""
    found = _stated(array, kind)
    if found is not None:
        return found
    if default is None:
        raise ValueError(f"{array.name} must state its unit in the attribute units")
    return default


def _stated(array: Any, kind: str) -> str | None:
    """The unit that an array states, or its group or the file for arrays of this kind."""
    for place in (array, array.parent, array.file):
        texts = {
            key: value.decode() if isinstance(value, bytes) else str(value)
            for key, value in place.attrs.items()
            if states_unit(key)
        }
        own = {key: text for key, text in texts.items() if place is array}
        found = next(iter(own.values()), None) if own else stated(texts, kind)
        if found is not None:
            return found
    return None


def _array(group: Any, name: str) -> Any:
    """What a group holds under a name; ValueError where that is no array of this file.

    The data of another file, which links, virtual arrays and external storage name, are not those
    of which the checksum is taken.
    """
    import h5py

    array = group.get(name)
    here = array is None or array.file.filename == group.file.filename
    if isinstance(array, h5py.Dataset):
        here = here and not array.is_virtual and not array.external
    if array is None or not here:
        raise ValueError(f"{group.name}: {name} is in another file, which is not read")
    if not isinstance(array, h5py.Dataset):
        raise ValueError(f"{group.name}: {name} is no array")
    return array


def _real(group: Any, name: str) -> Array:
    """An array as float64; ValueError for one that is not real, or larger than half of the memory.

    What a file declares may be far more than what it holds.
    """
    array = _array(group, name)
    if array.dtype.kind not in "iuf":
        raise ValueError(f"{group.name}: {name} must be real, got dtype {array.dtype}")
    if 8 * array.size > half_of_memory():
        raise ValueError(
            f"{group.name}: {name} declares {8 * array.size / 2**30:.1f} GiB, more than half of "
            "the memory"
        )
    return np.asarray(array, dtype=np.float64)
