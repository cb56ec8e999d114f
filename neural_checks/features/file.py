"""Features of a network as data: written where the network runs, diagnosed anywhere.

A feature file is an ``.npz`` without pickles (layout, version 1: ``docs/diagnose.md``). It holds
the features of every atom by O(3) irrep on given frames, and the same features for a few of these
frames under known rotations and reflections, so that whoever reads it can measure equivariance and
parity without the network. Anything missing, unknown, not finite, wrongly shaped, altered since it
was written or not equivariant is refused.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neural_checks.backbones.hooked import Evaluation
from neural_checks.features.recorded import Check, FeatureSet, require_finite, require_shape
from span_theorem.irreps import Irrep, Irreps

__all__ = ["FORMAT", "VERSION", "content_checksum", "read", "write"]

Array = NDArray[np.float64]

FORMAT = "span_theorem.features"
VERSION = 1

_REQUIRED = (
    "format", "version", "irreps", "numbers", "positions", "held_out", "description", "checksum",
    "check_frames", "check_transforms", "check_positions",
)  # fmt: skip
_OPTIONAL = (
    "energies", "forces", "check_energies", "check_forces", "reference_energies",
    "reference_forces", "data_name", "data_sha256",
)  # fmt: skip


def write(path: Path, features: FeatureSet, force: bool = False) -> None:
    """Write a feature file atomically; FileExistsError where it exists and not ``force``."""
    if path.exists() and not force:
        raise FileExistsError(f"{path} exists")
    if path.suffix != ".npz":
        raise ValueError(f"a feature file ends in .npz, got {path.name}")
    check = features.check
    arrays: dict[str, NDArray[Any]] = {
        "format": np.array(FORMAT),
        "version": np.array(VERSION),
        "irreps": np.array(features.irreps),
        "numbers": features.numbers,
        "positions": features.positions,
        "held_out": features.held_out,
        "description": np.array(json.dumps(features.description, sort_keys=True)),
        "check_frames": check.frames,
        "check_transforms": check.transforms,
        "check_positions": check.positions,
    }
    for prefix, part in (("", features.evaluation), ("check_", check.evaluation)):
        for name, values in part.features.items():
            arrays[f"{prefix}features_{name}"] = _narrow(values)
        for name in ("energies", "forces"):
            if not np.isnan(getattr(part, name)).all():
                arrays[f"{prefix}{name}"] = getattr(part, name)
    for name in ("reference_energies", "reference_forces"):
        if getattr(features, name) is not None:
            arrays[name] = getattr(features, name)
    for name in ("data_name", "data_sha256"):
        if getattr(features, name):
            arrays[name] = np.array(getattr(features, name))
    arrays["checksum"] = np.array(content_checksum(arrays))
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".writing")
    with temporary.open("wb") as stream:
        np.savez(stream, **arrays)
    os.replace(temporary, path)


def read(path: Path) -> FeatureSet:
    """Read and check a feature file; ValueError or NotEquivariantError says what is wrong."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {key: archive[key] for key in archive.files}
    except FileNotFoundError:
        raise FileNotFoundError(f"no feature file {path}") from None
    except (ValueError, OSError, EOFError, AttributeError) as error:
        raise ValueError(f"{path.name}: not an .npz without pickles: {error}") from error
    try:
        return _from_arrays(arrays)
    except ValueError as error:
        raise type(error)(f"{path.name}: {error}") from error


def content_checksum(arrays: Mapping[str, NDArray[Any]]) -> str:
    """SHA-256 over name, type, shape and bytes of all arrays but ``checksum``, sorted by name."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        if name != "checksum":
            value = np.ascontiguousarray(arrays[name])
            digest.update(f"{name}|{value.dtype.str}|{value.shape}|".encode())
            digest.update(value.tobytes())
    return digest.hexdigest()


def _from_arrays(arrays: dict[str, NDArray[Any]]) -> FeatureSet:
    missing = [name for name in _REQUIRED if name not in arrays]
    if missing:
        raise ValueError(f"the keys {', '.join(missing)} are missing")
    if str(arrays["format"]) != FORMAT:
        raise ValueError(f"format must be {FORMAT!r}, got {str(arrays['format'])!r}")
    if arrays["version"].shape != () or arrays["version"].dtype.kind not in "iu":
        raise ValueError("version must be one integer")
    if int(arrays["version"]) != VERSION:
        raise ValueError(f"version must be {VERSION}, got {arrays['version']}")
    header = Irreps.parse(str(arrays["irreps"]))
    declared = {str(irrep): mul for mul, irrep in header}
    if len(declared) != len(list(header)):
        raise ValueError(f"irreps must name every irrep once, got {str(arrays['irreps'])!r}")
    expected = {f"{prefix}features_{name}" for prefix in ("", "check_") for name in declared}
    unknown = sorted(set(arrays) - set(_REQUIRED) - set(_OPTIONAL) - expected)
    if unknown:
        raise ValueError(
            f"unknown keys {', '.join(unknown)}; the header has irreps {str(arrays['irreps'])!r}"
        )
    lacking = sorted(expected - set(arrays))
    if lacking:
        raise ValueError(
            f"the header has irreps {str(arrays['irreps'])!r}, not in the file: {lacking}"
        )
    if str(arrays["checksum"]) != content_checksum(arrays):
        raise ValueError("checksum does not fit the content: the file was altered or is damaged")
    try:
        description = json.loads(str(arrays["description"]))
    except json.JSONDecodeError as error:
        raise ValueError(f"description must be a JSON object: {error}") from None
    if not isinstance(description, dict):
        raise ValueError("description must be a JSON object")

    def numbers(name: str, kinds: str) -> NDArray[Any]:
        if arrays[name].dtype.kind not in kinds:
            raise ValueError(f"{name} has dtype {arrays[name].dtype}")
        return arrays[name]

    def floats(name: str) -> Array:
        return numbers(name, "fiu").astype(np.float64)

    def optional(name: str) -> Array | None:
        return floats(name) if name in arrays else None

    def evaluation(prefix: str, frames: int, atoms: int) -> Evaluation:
        features = {name: floats(f"{prefix}features_{name}") for name in declared}
        for name, mul in declared.items():
            size = 2 * Irrep.parse(name).l + 1
            require_shape(f"{prefix}features_{name}", features[name], (frames, atoms, mul, size))
        energies, forces = optional(f"{prefix}energies"), optional(f"{prefix}forces")
        return Evaluation(
            features,
            np.full(frames, np.nan) if energies is None else require_finite("energies", energies),
            np.full((frames, atoms, 3), np.nan)
            if forces is None
            else require_finite("forces", forces),
        )

    positions, atoms = floats("positions"), len(np.atleast_1d(arrays["numbers"]))
    index = numbers("check_frames", "iu").astype(np.int64)
    return FeatureSet(
        numbers=numbers("numbers", "iu").astype(np.int64),
        positions=positions,
        held_out=numbers("held_out", "b").astype(np.bool_),
        evaluation=evaluation("", len(positions), atoms),
        check=Check(
            index,
            floats("check_transforms"),
            floats("check_positions"),
            evaluation("check_", len(index), atoms),
        ),
        description=description,
        reference_energies=optional("reference_energies"),
        reference_forces=optional("reference_forces"),
        data_name=str(arrays.get("data_name", "")),
        data_sha256=str(arrays.get("data_sha256", "")),
    )


def _narrow(values: Array) -> NDArray[Any]:
    """float32 where that loses nothing, as for the features of a float32 network."""
    narrow = values.astype(np.float32)
    return narrow if np.array_equal(narrow, values) else values
