"""Features of a network as data: written where the network runs, diagnosed anywhere.

A feature file is an ``.npz`` without pickles (layout, version 2: ``docs/diagnose.md``; files of
version 1, which know no cells, are read too). It holds the features of every atom by O(3) irrep on
given frames, and the same features for a few of these frames under known rotations and reflections,
so that whoever reads it can measure equivariance and parity without the network. Anything missing,
unknown, not finite, wrongly shaped, altered since it was written or not equivariant is refused.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neural_checks.backbones.equivariance import Demands
from neural_checks.backbones.interface import Evaluation
from neural_checks.features.columns import Column
from neural_checks.features.recorded import Check, FeatureSet, require_finite, require_shape
from numeric_checks.molecules.structures import Structures
from span_theorem.arguments import shown
from span_theorem.files import writing
from span_theorem.irreps import Irrep, Irreps
from span_theorem.npz import NpzArchive

__all__ = [
    "FORMAT",
    "VERSION",
    "content_checksum",
    "layout",
    "read",
    "require_suffix",
    "save",
    "write",
]

Array = NDArray[np.float64]
Arrays = dict[str, NDArray[Any]]

FORMAT = "span_theorem.features"
VERSION = 2

_REQUIRED = (
    "format", "version", "irreps", "numbers", "positions", "held_out", "description", "checksum",
    "check_frames", "check_transforms", "check_positions",
)  # fmt: skip
_OPTIONAL = (
    "energies", "forces", "check_energies", "check_forces", "reference_energies",
    "reference_forces", "data_name", "data_sha256",
)  # fmt: skip
#: Since version 2: frames that repeat, frames of different atoms, whose rows are then counted, and
#: places along a trajectory.
_SINCE_2 = ("cells", "periodic", "check_cells", "counts", "order")

#: A file may unpack to so many bytes, or to so many times its own size where that is more.
_UNPACKED, _RATIO = 1 << 30, 50


def write(path: Path, features: FeatureSet, force: bool = False) -> None:
    """Write a feature file whole or not at all.

    Raises FileExistsError if the file exists and ``force`` is false, ValueError for another suffix.
    """
    save(path, layout(features), force)


def layout(
    features: FeatureSet, fixed: bool | None = None, cells: bool | None = None
) -> dict[str, NDArray[Any] | Column]:
    """The arrays of a file by their keys, without the checksum.

    ``fixed`` and ``cells`` say whether there is an axis for frames of one molecule, and whether
    there are cells; both follow from the frames where they are not given.
    """
    check, structures = features.check, features.structures
    fixed = structures.fixed if fixed is None else fixed
    cells = structures.has_cell if cells is None else cells

    def shaped(values: NDArray[Any], frames: int) -> NDArray[Any]:
        """Rows of atoms, by frame where every frame holds the same atoms."""
        return values.reshape(frames, -1, *values.shape[1:]) if fixed else values

    arrays: dict[str, NDArray[Any] | Column] = {
        "format": np.array(FORMAT),
        "version": np.array(VERSION),
        "irreps": np.array(features.irreps),
        "numbers": features.numbers if fixed else structures.numbers,
        "positions": shaped(structures.positions, len(structures)),
        "held_out": features.held_out,
        "description": np.array(json.dumps(features.description, sort_keys=True)),
        "check_frames": check.frames,
        "check_transforms": check.transforms,
        "check_positions": shaped(check.structures.positions, len(check.frames)),
    }
    if not fixed:
        arrays["counts"] = structures.counts
    if cells:
        arrays |= {"cells": structures.cells, "periodic": structures.periodic}
        arrays["check_cells"] = check.structures.cells
    for prefix, part, frames in (
        ("", features.evaluation, len(structures)),
        ("check_", check.evaluation, len(check.frames)),
    ):
        for name, values in part.features.items():
            arrays[f"{prefix}features_{name}"] = _narrow(shaped(values, frames))
        if not np.isnan(part.energies).all():
            arrays[f"{prefix}energies"] = part.energies
        if not np.isnan(part.forces).all():
            arrays[f"{prefix}forces"] = shaped(part.forces, frames)
    if features.reference_energies is not None:
        arrays["reference_energies"] = features.reference_energies
    if features.reference_forces is not None:
        arrays["reference_forces"] = shaped(features.reference_forces, len(structures))
    if features.order is not None:
        arrays["order"] = features.order
    for name in ("data_name", "data_sha256"):
        if getattr(features, name):
            arrays[name] = np.array(getattr(features, name))
    return arrays


def save(path: Path, arrays: Mapping[str, NDArray[Any] | Column], force: bool = False) -> None:
    """Write the arrays of :func:`layout` and their checksum; raises as :func:`write`."""
    require_suffix(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    members = {**arrays, "checksum": np.array(content_checksum(arrays))}
    with (
        writing(path, force=force) as stream,
        zipfile.ZipFile(stream, "w", allowZip64=True) as archive,
    ):
        for name, values in members.items():
            header = {
                "descr": np.lib.format.dtype_to_descr(values.dtype),
                "fortran_order": False,
                "shape": values.shape,
            }
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array_header_1_0(member, header)
                for block in _blocks(values):
                    member.write(block)


def require_suffix(path: Path) -> None:
    """ValueError unless the name ends in .npz."""
    if path.suffix != ".npz":
        raise ValueError(f"a feature file ends in .npz, got {path.name}")


def _blocks(values: NDArray[Any] | Column) -> Iterator[bytes]:
    """The values in C order."""
    if isinstance(values, Column):
        yield from values.blocks()
    else:
        yield values.tobytes()


def read(path: Path, demands: Demands | None = None) -> FeatureSet:
    """Read and check a feature file; ValueError or NotEquivariantError says what is wrong.

    ``demands``: what equivariance is asked for; by default that of features under rotations.
    """
    arrays = _load(path)
    try:
        return _from_arrays(arrays, demands or Demands())
    except ValueError as error:
        raise type(error)(f"{path.name}: {error}") from error


def _load(path: Path) -> Arrays:
    with NpzArchive(path) as archive:
        if archive.others:
            raise ValueError(f"{path.name}: {shown(archive.others[0])} in it is no array")
        size, unpacked = path.stat().st_size, archive.unpacked()
        if unpacked > max(_UNPACKED, _RATIO * size):
            raise ValueError(f"{path.name}: {size} bytes that would unpack to {unpacked}")
        return {name: archive[name] for name in archive.names}


def content_checksum(arrays: Mapping[str, NDArray[Any] | Column]) -> str:
    """SHA-256 over name, type, shape and bytes of all arrays but ``checksum``, sorted by name."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        if name != "checksum":
            value = arrays[name]
            # One value counts as an array of one, as numpy.ascontiguousarray makes it.
            digest.update(f"{name}|{value.dtype.str}|{value.shape or (1,)}|".encode())
            for block in _blocks(value):
                digest.update(block)
    return digest.hexdigest()


def _from_arrays(arrays: Arrays, demands: Demands) -> FeatureSet:
    declared = _require_keys(arrays)
    description = _description(arrays)
    index = _numbers(arrays, "check_frames", "iu").astype(np.int64)
    structures = _structures(arrays)
    if index.ndim != 1 or len(index) == 0 or index.min() < 0 or index.max() >= len(structures):
        raise ValueError(
            f"check_frames must be at least 4 indices below {len(structures)}, got {index.tolist()}"
        )
    turned = _turned(arrays, structures.take(index))
    flat = "counts" in arrays

    def evaluation(prefix: str, frames: Structures) -> Evaluation:
        leading = (len(frames.numbers),) if flat else (len(frames), int(frames.counts[0]))

        def atoms(name: str, *rest: int) -> Array:
            values = _floats(arrays, name)
            require_shape(name, values, (*leading, *rest))
            return values.reshape(-1, *rest)

        features = {
            name: atoms(f"{prefix}features_{name}", mul, Irrep.parse(name).dim)
            for name, mul in declared.items()
        }
        energies, forces = np.full(len(frames), np.nan), np.full((len(frames.numbers), 3), np.nan)
        if f"{prefix}energies" in arrays:
            energies = require_finite("energies", _floats(arrays, f"{prefix}energies"))
        if f"{prefix}forces" in arrays:
            forces = atoms(f"{prefix}forces", 3)
        return Evaluation(features, energies, forces)

    reference = None
    if "reference_forces" in arrays:
        reference = _floats(arrays, "reference_forces")
        require_shape("reference_forces", reference, arrays["positions"].shape)
        reference = reference.reshape(-1, 3)
    return FeatureSet(
        structures=structures,
        held_out=_numbers(arrays, "held_out", "b").astype(np.bool_),
        evaluation=evaluation("", structures),
        check=Check(
            index, _floats(arrays, "check_transforms"), turned, evaluation("check_", turned)
        ),
        description=description,
        reference_energies=(
            _floats(arrays, "reference_energies") if "reference_energies" in arrays else None
        ),
        reference_forces=reference,
        data_name=_text(arrays, "data_name"),
        data_sha256=_text(arrays, "data_sha256"),
        order=_numbers(arrays, "order", "iu").astype(np.int64) if "order" in arrays else None,
        demands=demands,
    )


def _require_keys(arrays: Arrays) -> dict[str, int]:
    """The irreps of the header with their multiplicities; ValueError for keys that do not fit."""
    missing = [name for name in _REQUIRED if name not in arrays]
    if missing:
        raise ValueError(f"the keys {', '.join(missing)} are missing")
    if str(arrays["format"]) != FORMAT:
        raise ValueError(f"format must be {FORMAT!r}, got {str(arrays['format'])!r}")
    if arrays["version"].shape != () or arrays["version"].dtype.kind not in "iu":
        raise ValueError("version must be one integer")
    version = int(arrays["version"])
    if not 1 <= version <= VERSION:
        raise ValueError(f"version must be from 1 to {VERSION}, got {version}")
    header = Irreps.parse(str(arrays["irreps"]))
    declared = {str(irrep): mul for mul, irrep in header}
    if len(declared) != len(list(header)):
        raise ValueError(f"irreps must name every irrep once, got {str(arrays['irreps'])!r}")
    expected = {f"{prefix}features_{name}" for prefix in ("", "check_") for name in declared}
    known = {*_REQUIRED, *_OPTIONAL, *(_SINCE_2 if version > 1 else ()), *expected}
    if unknown := sorted(set(arrays) - known):
        raise ValueError(
            f"unknown keys {', '.join(unknown)}; the header has irreps {str(arrays['irreps'])!r}"
        )
    if lacking := sorted(expected - set(arrays)):
        raise ValueError(
            f"the header has irreps {str(arrays['irreps'])!r}, not in the file: {lacking}"
        )
    together = {"cells", "periodic", "check_cells"} & set(arrays)
    if len(together) not in (0, 3):
        raise ValueError("cells, periodic and check_cells must be given together")
    if str(arrays["checksum"]) != content_checksum(arrays):
        raise ValueError("checksum does not fit the content: the file was altered or is damaged")
    return declared


def _description(arrays: Arrays) -> dict[str, Any]:
    try:
        description = json.loads(str(arrays["description"]))
    except (json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"description must be a JSON object: {error}") from None
    if not isinstance(description, dict):
        raise ValueError("description must be a JSON object")
    return description


def _numbers(arrays: Arrays, name: str, kinds: str) -> NDArray[Any]:
    if arrays[name].dtype.kind not in kinds:
        raise ValueError(f"{name} has dtype {arrays[name].dtype}")
    if arrays[name].ndim == 0:
        raise ValueError(f"{name} must be an array, got one value")
    return arrays[name]


def _text(arrays: Arrays, name: str) -> str:
    """One text; empty where it is not there."""
    value = arrays.get(name, np.array(""))
    if value.dtype.kind != "U" or value.ndim:
        raise ValueError(f"{name} must be one text, got {value.dtype} of shape {value.shape}")
    return str(value)


def _floats(arrays: Arrays, name: str) -> Array:
    return _numbers(arrays, name, "fiu").astype(np.float64)


def _structures(arrays: Arrays) -> Structures:
    """The frames of the file; one molecule unless ``counts`` says how many atoms each has."""
    positions = _floats(arrays, "positions")
    numbers = _numbers(arrays, "numbers", "iu").astype(np.int64)
    cells = _floats(arrays, "cells") if "cells" in arrays else None
    periodic = _numbers(arrays, "periodic", "b") if "periodic" in arrays else None
    require_finite("positions", positions)
    if "counts" not in arrays:
        if positions.ndim != 3:
            raise ValueError(f"positions must have shape (frames, atoms, 3), got {positions.shape}")
        require_shape("positions", positions, (len(positions), len(numbers), 3))
        return Structures.of_molecule(positions, numbers, cells, periodic)
    counts = _numbers(arrays, "counts", "iu").astype(np.int64)
    frames = len(counts)
    return Structures(
        numbers,
        positions,
        counts,
        np.zeros((frames, 3, 3)) if cells is None else cells,
        np.zeros((frames, 3), dtype=bool) if periodic is None else periodic.astype(np.bool_),
    )


def _turned(arrays: Arrays, frames: Structures) -> Structures:
    """The frames of the check as run: the atoms of ``frames`` at other places."""
    positions = _floats(arrays, "check_positions")
    shape: tuple[int, ...] = (len(frames.positions), 3)
    if "counts" not in arrays:
        shape = (len(frames), int(frames.counts[0]), 3)
    require_shape("check_positions", positions, shape)
    cells = _floats(arrays, "check_cells") if "check_cells" in arrays else frames.cells
    return Structures(
        frames.numbers, positions.reshape(-1, 3), frames.counts, cells, frames.periodic
    )


def _narrow(values: Array) -> NDArray[Any]:
    """float32 where that loses nothing, as for the features of a float32 network."""
    narrow = values.astype(np.float32)
    return narrow if np.array_equal(narrow, values) else values
