"""The injection experiment on given backbones: all numbers, as one dictionary for the report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neural_checks.backbone import Backbone
from neural_checks.equivariance import check_equivariance
from neural_checks.metrics import Metrics, bootstrap, verdict
from neural_checks.recovery import Recovery, Samples, collect, measure, rigid_body, top_degree
from numeric_checks.componentwise import componentwise, over_quadrature
from numeric_checks.molecules import ForceData

__all__ = ["PUBLISHED", "Settings", "run"]

Array = NDArray[np.float64]

#: arXiv 2605.08286: L = 2, quadratic readout, n = 4 backbones. Their ρ may be defined otherwise.
PUBLISHED = {"rho_4": 0.913, "rho_5": 0.078, "R2_inj_4": 0.374, "R2_inj_5": 0.006}

#: Channels per irrep kept for the products of degree d_r: closed form, component-wise.
CLOSED_CHANNELS = {1: None, 2: None, 3: 3}
COMPONENT_CHANNELS = {1: 8, 2: 2, 3: 1}

AMPLITUDES = (0.1, 0.3, 1.0, 3.0)


@dataclass(frozen=True)
class Settings:
    """What is measured. ``degrees_read`` are the readout degrees d_r; ``amplitude`` is ε."""

    L: int
    degrees_read: tuple[int, ...] = (1, 2, 3)
    amplitude: float = 1.0
    orientations: int = 30
    draws: int = 2000
    seed: int = 0


def run(
    backbones: Sequence[Backbone],
    data: ForceData,
    fit: NDArray[np.int64],
    held: NDArray[np.int64],
    settings: Settings,
    untrained: Backbone | None = None,
    progress: Callable[[str], None] = lambda _line: None,
) -> dict[str, Any]:
    """Measure every readout and control on ``backbones``; see the keys of the result.

    The equivariance of every backbone is measured first and stops the run if it fails.
    """
    rng = np.random.default_rng(settings.seed)
    result: dict[str, Any] = {"settings": asdict(settings), "n_backbones": len(backbones)}
    result["equivariance"] = [
        check_equivariance(backbone, data.positions[held[:4]], rng) for backbone in backbones
    ]
    progress("equivariance measured")
    samples = [collect(backbone, data, fit, held) for backbone in backbones]
    result["force_rms_length_eV_per_A"] = samples[0].force_rms
    progress("features collected")
    result["readouts"] = {}
    for degree in settings.degrees_read:
        degrees = top_degree(settings.L, degree)
        runs = [measure(s, degree, degrees, CLOSED_CHANNELS[degree]) for s in samples]
        result["readouts"][f"closed form, degree {degree}"] = _entry(
            "closed form", degree, runs, settings, rng
        )
        progress(f"closed form, degree {degree}")
        fits = [
            componentwise(
                s, degree, degrees, COMPONENT_CHANNELS[degree], settings.orientations, rng
            )
            for s in samples
        ]
        # The component-wise fit is of the injected field; the force error's part is the same.
        mixed = [
            Recovery(f.field, r.before, r.after, r.spurious, (f.weights,) * degrees)
            for f, r in zip(fits, runs, strict=True)
        ]
        entry = _entry("component-wise", degree, mixed, settings, rng)
        entry["samples"] = fits[0].samples
        entry["channels"] = COMPONENT_CHANNELS[degree]
        result["readouts"][f"component-wise, degree {degree}"] = entry
        progress(f"component-wise, degree {degree}")
    result["controls"] = _controls(samples, data, fit, held, settings, rng, untrained)
    progress("controls")
    result["published"] = PUBLISHED
    return result


def _entry(
    kind: str, degree: int, runs: list[Recovery], settings: Settings, rng: np.random.Generator
) -> dict[str, Any]:
    point, draws = bootstrap(runs, settings.draws, rng, settings.amplitude)
    decided = verdict(point, draws, settings.L, degree)
    sensitivity = {}
    for amplitude in AMPLITUDES:
        at, _ = bootstrap(runs, 1, rng, amplitude)
        sensitivity[f"{amplitude:g}"] = {"rho": at.recovery.tolist(), "G": at.gain.tolist()}
    per_site = 1 - np.array([r.field.mean(axis=2) for r in runs]).mean(axis=0)
    return {
        "kind": kind,
        "degree": degree,
        "weights": list(runs[0].weights),
        **_rows(point, draws),
        "per_backbone_R2_field": [(1 - r.field.mean(axis=(1, 2))).tolist() for r in runs],
        "per_site_R2_field": per_site.tolist(),
        "amplitude_sensitivity": sensitivity,
        "verdict": asdict(decided),
    }


def _rows(point: Metrics, draws: Metrics) -> dict[str, Any]:
    names = {
        "R2_field": "field",
        "G": "gain",
        "rho": "recovery",
        "R2_inj": "injected",
        "rho_injected": "recovery_injected",
    }
    rows: dict[str, Any] = {}
    for key, name in names.items():
        low, high = np.quantile(getattr(draws, name), [0.025, 0.975], axis=0)
        rows[key] = getattr(point, name).tolist()
        rows[f"{key}_interval"] = [
            list(pair) for pair in zip(low.tolist(), high.tolist(), strict=True)
        ]
    return rows


def _controls(
    samples: list[Samples],
    data: ForceData,
    fit: NDArray[np.int64],
    held: NDArray[np.int64],
    settings: Settings,
    rng: np.random.Generator,
    untrained: Backbone | None,
) -> dict[str, Any]:
    """R² of the field by ℓ under each control; quadratic readouts, first backbone."""
    degree = 2
    degrees = top_degree(settings.L, degree)
    first = samples[0]

    def pooled(field: Array) -> list[float]:
        values: list[float] = (1 - field.mean(axis=(1, 2))).tolist()
        return values

    plain = measure(first, degree, 1)
    controls: dict[str, Any] = {
        "no injection: gain on the force error alone": float(
            1 - plain.after.mean() / plain.before.mean()
        ),
        "shuffled target": pooled(measure(first, degree, degrees, shuffle=rng).field),
        "rigid body": pooled(rigid_body(first, degrees)),
        "stored orientation, component-wise": pooled(
            componentwise(first, degree, degrees, 2, 1, rng, stored=True).field
        ),
        "exact quadrature, component-wise, in sample": over_quadrature(
            first, degree, settings.L, degrees, 2
        ),
    }
    if untrained is not None:
        controls["untrained backbone"] = pooled(
            measure(collect(untrained, data, fit, held), degree, degrees).field
        )
    return controls
