"""What is wrong with the form of an evaluation: types, irreps, shapes, sizes of numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from numeric_checks.molecules.structures import Structures
from span_theorem.arguments import shown
from span_theorem.files import plain
from span_theorem.irreps import Irrep

__all__ = ["cutoff_of", "faults_of_form", "require_description", "require_scale"]

#: The largest value of an irrep; squares of others overflow, or vanish beside rounding.
LEAST, MOST = 1e-30, 1e30


def faults_of_form(found: Any, structures: Structures) -> list[str]:
    """Everything that keeps ``found`` from being an evaluation of ``structures``; often nothing."""
    lacking = [n for n in ("features", "energies", "forces") if not hasattr(found, n)]
    if lacking:
        return [
            f"evaluate must return an Evaluation, got {type(found).__name__} without "
            f"{', '.join(lacking)}"
        ]
    if not isinstance(found.features, Mapping) or not found.features:
        return ["features must be a mapping from irreps to arrays, with at least one"]
    arrays = {f"features {name}": values for name, values in found.features.items()}
    arrays |= {"energies": found.energies, "forces": found.forces}
    faults = [fault for name, values in arrays.items() for fault in _of_array(name, values)]
    faults += [fault for name in found.features for fault in _of_name(name)]
    return faults or _of_shapes(found, structures)


def _of_array(name: str, values: Any) -> list[str]:
    if not isinstance(values, np.ndarray):
        hint = ": .detach().cpu().numpy()" if hasattr(values, "detach") else ""
        missing = "; NaN stands for what is missing" if values is None else ""
        return [f"{name} must be a numpy array, got {type(values).__name__}{hint}{missing}"]
    if values.dtype.kind != "f":
        return [f"{name} must be floating-point numbers, got {values.dtype}"]
    return []


def _of_name(name: Any) -> list[str]:
    if not isinstance(name, str):
        return [f"features are named by irreps, as '0e' or '1o', got {shown(name)}"]
    try:
        irrep = Irrep.parse(name)
    except ValueError as error:
        return [f"features {name!r}: {error}"]
    if irrep.p == 0:
        return [f"irrep {name!r} has no parity: name it {name}e or {name}o"]
    return [] if str(irrep) == name else [f"features {name!r} must be written {str(irrep)!r}"]


def _of_shapes(found: Any, structures: Structures) -> list[str]:
    total, frames = len(structures.positions), len(structures)
    faults = []
    expected = [("energies", found.energies, (frames,)), ("forces", found.forces, (total, 3))]
    for name, values in found.features.items():
        channels = max(values.shape[1], 1) if values.ndim == 3 else 1
        expected.append((f"features {name}", values, (total, channels, Irrep.parse(name).dim)))
    for name, values, shape in expected:
        if values.shape != shape:
            hint = ""
            if name.startswith("features"):
                hint = "; features are (atoms of all frames, channels, 2l+1)"
            faults.append(
                f"the network gives {name} of shape {values.shape} for {frames} frames with "
                f"{total} atoms, expected {shape}{hint}"
            )
    for name, values in found.features.items() if not faults else ():
        try:
            require_scale(f"features {name}", values)
        except ValueError as error:
            faults.append(str(error))
    return faults


def require_scale(name: str, values: np.ndarray) -> None:
    """ValueError where the largest value is so large or small that squares of it are lost.

    Zeros, and values that are not finite, are not its matter.
    """
    largest = float(np.abs(values).max(initial=0.0))
    if np.isfinite(largest) and largest and not LEAST <= largest <= MOST:
        raise ValueError(
            f"the largest of {name} is {largest:.3g}: scale them to lie between {LEAST:g} and "
            f"{MOST:g}"
        )


def require_description(given: Any) -> None:
    """ValueError for a description that cannot stand in a report: JSON values, a cut-off in Å."""
    if not isinstance(given, Mapping):
        raise ValueError(f"description must be a mapping of JSON values, got {shown(given)}")
    try:
        plain(given)
        cutoff_of(given)
    except (TypeError, ValueError) as error:
        raise ValueError(f"description must be a mapping of JSON values: {error}") from None


def cutoff_of(description: Mapping[str, Any]) -> float | None:
    """The cut-off of a network in Å; None where its description gives none.

    Raises ValueError for one that is no positive number.
    """
    value = description.get("cutoff")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not value > 0:
        raise ValueError(f"cutoff must be a number of Å above 0, got {shown(value)}")
    return float(value)
