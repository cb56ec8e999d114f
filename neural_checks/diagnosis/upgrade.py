"""Reports of a diagnosis of earlier versions, brought up to date one version at a time."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from neural_checks.readouts.verdict import Doubts, RecoveryCurve, judge
from numeric_checks.molecules.symbols import SYMBOLS

__all__ = ["from_version_1", "from_version_2"]

Content = dict[str, Any]


def from_version_1(old: Content) -> Content:
    """The content of version 2. The verdict is taken anew from the curves, by the present rule.

    What kept the former verdict undecided, beyond the intervals, is in its reason; it is kept.
    """
    closed, component = (
        RecoveryCurve(*(tuple(old[name][key]) for key in ("values", "low", "high")))
        for name in ("closed", "component")
    )
    joined = closed.followed_by(component, old["boundary"])
    doubts = Doubts(everything=old["reason"] if old["verdict"] == "undecided" else "")
    decided = judge(joined, old["L"], old["options"]["degree"], doubts)
    numbers = old["numbers"]
    labels = [f"{SYMBOLS[number]}{index}" for index, number in enumerate(numbers)]
    kept = (
        "network", "data", "irreps", "L", "options", "closed", "component", "orientation",
        "equivariance", "force_mae", "target", "target_note", "costs", "advice", "provenance",
    )  # fmt: skip
    return {
        **{name: old[name] for name in kept},
        "schema": 2,
        "sites": [
            {"label": label, "number": number}
            for label, number in zip(labels, numbers, strict=True)
        ],
        "per_site": old["per_atom"],
        "zero_mae": None,
        "verdict": asdict(decided),
        "deficits": [
            {"site": d["atom"], "label": labels[d["atom"]], "ell": d["ell"], "R2": d["R2"]}
            for d in old["deficits"]
        ],
    }


def from_version_2(old: Content) -> Content:
    """The content of version 3, which adds what symmetry leaves to be read; not known then."""
    return {**old, "schema": 3}
