"""What identifies the content of a published data set, frame by frame.

Of every frame of the published training and test parts four numbers are kept: a weighted sum of its
positions, one of its forces, its energy against the mean of the part, and a sum of the three. The
weights lie between 1 and 2 and all differ, so that a change of one coordinate is noticed if it is
more than the precision of the copies that the fingerprints were computed from (float32). Each kind
of number is sorted by itself: the order of the frames plays no part, and rounding cannot exchange
two frames.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from numeric_checks.molecules.data import ForceData

__all__ = ["check_fingerprint", "fingerprint"]

Array = NDArray[np.float64]

#: Accepted differences: Å and eV/Å in the weighted sums, eV.
TOLERANCE = {"positions": 1e-4, "forces": 1e-4, "energies": 1e-4, "together": 3e-4}


def fingerprint(data: ForceData) -> dict[str, Any]:
    """Elements, and of each published part the four numbers of every frame.

    Parts are ``train_01`` and ``test_01`` where they exist, otherwise ``train`` and ``test``.
    """
    parts: dict[str, Any] = {}
    for suffix in ("_01", ""):
        for part in (f"train{suffix}", f"test{suffix}"):
            if part in data.published:
                index = data.published[part]
                energies = data.energies[index] - data.energies[index].mean()
                numbers = {
                    "positions": _weighted(data.positions[index]),
                    "forces": _weighted(data.molecule_forces[index]),
                    "energies": energies,
                }
                numbers["together"] = np.sum(list(numbers.values()), axis=0)
                parts[part] = {k: np.sort(v).round(6).tolist() for k, v in numbers.items()}
        if parts:
            break
    return {"numbers": data.numbers.tolist(), "parts": parts}


def check_fingerprint(name: str, data: ForceData) -> None:
    """ValueError where the content of ``data`` is not that of the published set ``name``."""
    source = files("neural_checks.data") / "fingerprints.json"
    expected = json.loads(source.read_text(encoding="utf-8"))[name]
    if not data.structures.fixed or data.numbers.tolist() != expected["numbers"]:
        raise ValueError(f"{name}: not the published data: elements")
    found, wrong = fingerprint(data)["parts"], []
    for part, values in expected["parts"].items():
        count, wanted = (
            len(found.get(part, {"positions": ()})["positions"]),
            len(values["positions"]),
        )
        if count != wanted:
            wrong.append(f"frames of {part} ({count or 'none'} for {wanted})")
            continue
        for key, tolerance in TOLERANCE.items():
            off = np.abs(np.array(found[part][key]) - np.array(values[key]))
            if not (off <= tolerance).all():  # NaN is wrong too
                frames = int((~(off <= tolerance)).sum())
                wrong.append(f"{key} of {part} ({frames} frames)")
    if wrong:
        raise ValueError(f"{name}: not the published data: {', '.join(wrong)}")


def _weighted(values: Array) -> Array:
    """(frames,) sums of (frames, atoms, 3) with the weights (3 + sin(k^1.5)) / 2, k = 1, 2, …"""
    flat = values.reshape(len(values), -1)
    weights = 1.5 + 0.5 * np.sin(np.arange(1, flat.shape[1] + 1) ** 1.5)
    result: Array = flat @ weights
    return result
