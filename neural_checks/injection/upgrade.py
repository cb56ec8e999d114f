"""Reports of the injection experiment of earlier versions, brought to the present layout."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from neural_checks.readouts.verdict import RecoveryCurve, judge

__all__ = ["from_version_1", "from_version_2", "from_version_3"]

Content = dict[str, Any]

_CONTROLS = {
    "gain_without_injection": "no injection: gain on the force error alone",
    "shuffled": "shuffled target",
    "rigid_body": "rigid body",
    "stored": "stored orientation, component-wise",
    "quadrature": "exact quadrature, component-wise, in sample",
    "nonpolynomial": "non-polynomial readout (SiLU network), R²_inj",
    "untrained": "untrained backbone",
}


def from_version_1(old: Content) -> Content:
    """The content of version 2. Verdicts are taken anew from the curves, by the present rule."""
    cone = old["controls"]["rotations within a cone, component-wise"]
    controls = {name: old["controls"].get(words) for name, words in _CONTROLS.items()}
    controls["cone"] = {
        "sites": cone["sites"],
        "channels": cone["channels"],
        "angles": cone["largest_turn_degrees"],
        "values": cone["R2_field"],
    }
    L = old["settings"]["L"]
    return {
        "schema": 2,
        "measurement": {
            "settings": old["settings"],
            "equivariance": old["equivariance"],
            "force_rms": old["force_rms_length_eV_per_A"],
            "readouts": [_readout(entry, L) for entry in old["readouts"].values()],
            "controls": controls,
        },
        "data": old["data"],
        "frames": old["frames"],
        "backbones": [_backbone(row) for row in old["backbones"]],
        "preset": old["preset"],
        "train": old["train"],
        "environment": old["environment"],
        "measurement_seconds": old["measurement_seconds"],
        "measurement_cpu_seconds": old["measurement_cpu_seconds"],
        "note": old.get("note", ""),
    }


def _readout(old: Content, L: int) -> Content:
    curves = {
        name: _curve(old, key)
        for name, key in (
            ("field", "R2_field"),
            ("gain", "G"),
            ("recovery", "rho"),
            ("injected", "R2_inj"),
            ("recovery_injected", "rho_injected"),
        )
    }
    per_seed = old.get("per_backbone_per_seed_R2_inj")
    if per_seed is None:
        per_backbone = old["per_backbone_R2_field"]
    else:
        per_backbone = [_mean(seeds) for seeds in per_seed]
    scored = curves["field"] or curves["injected"]
    if scored is None:
        raise ValueError(f"readout {old['kind']!r} has no curve to judge")
    amplitudes = old.get("amplitude_sensitivity")
    return {
        "kind": old["kind"],
        "degree": old["degree"],
        "channels": old["channels"],
        "weights": old["weights"],
        **{name: curve and asdict(curve) for name, curve in curves.items()},
        "contrast": old["verdict"]["contrast"],
        "cliff": old["rho_cliff"],
        "verdict": asdict(judge(scored, L, old["degree"])),
        "per_backbone": per_backbone,
        "per_site": old.get("per_site_R2_field") or old["per_site_R2_inj"],
        "per_seed": per_seed,
        "by_amplitude": amplitudes
        and {
            amplitude: {"recovery": at["rho"], "gain": at["G"], "injected": at["R2_inj"]}
            for amplitude, at in amplitudes.items()
        },
    }


def _curve(old: Content, key: str) -> RecoveryCurve | None:
    if key not in old:
        return None
    low, high = zip(*old[f"{key}_interval"], strict=True)
    return RecoveryCurve(tuple(old[key]), low, high)


def _mean(seeds: list[list[float]]) -> list[float]:
    return [sum(values) / len(values) for values in zip(*seeds, strict=True)]


def _backbone(row: Content) -> Content:
    known = (
        "seed", "layer", "layers", "layer_irreps", "steps", "stopped", "training_seconds",
        "skipped_steps", "history",
    )  # fmt: skip
    rest = {k: v for k, v in row.items() if k not in (*known, "force_mae_meV_per_A")}
    return {
        **{name: row[name] for name in known},
        "force_mae": row["force_mae_meV_per_A"],
        "description": rest,
    }


def from_version_2(old: Content) -> Content:
    """The content of version 3: controls have intervals, and trained readouts are told apart.

    Version 2 measured the controls on the first backbone without intervals, and had one kind of
    trained readout, one network per atom.
    """
    measured = old["measurement"]
    controls = dict(measured["controls"])
    gain = controls.pop("gain_without_injection")
    cone = dict(controls.pop("cone"))
    cone["curves"] = [{"values": values} for values in cone.pop("values")]
    curves = {name: row and {"values": row} for name, row in controls.items()}
    return {
        **old,
        "schema": 3,
        "measurement": {
            **measured,
            "controls": {**curves, "cone": cone},
            "readouts": [_told_apart(entry, gain) for entry in measured["readouts"]],
        },
    }


def _told_apart(old: Content, gain: float) -> Content:
    kind = "trained, per atom" if old["kind"] == "trained" else old["kind"]
    first = (kind, old["degree"]) == ("closed form", 2)
    return {
        **old,
        "kind": kind,
        "alone": {"value": gain} if first else None,
    }


def from_version_3(old: Content) -> Content:
    """The content of version 4: before it, the gradients of trained readouts were not clipped."""
    settings = old["measurement"]["settings"]
    settings = {**settings, "spn": {**settings["spn"], "clip": None}}
    return {**old, "schema": 4, "measurement": {**old["measurement"], "settings": settings}}
