"""The injection experiment on given backbones: all numbers, as one dictionary for the report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neural_checks.backbones.equivariance import check_equivariance
from neural_checks.backbones.hooked import Backbone
from neural_checks.injection.controls import run_controls
from neural_checks.readouts.bootstrap import bootstrap, bootstrap_spn
from neural_checks.readouts.closed_form import measure, measure_pooled
from neural_checks.readouts.metrics import Metrics, recovery_cliff
from neural_checks.readouts.recovery import Recovery, with_components
from neural_checks.readouts.samples import collect, top_degree
from neural_checks.readouts.trained import SpnConfig, SpnRun, train_spn
from neural_checks.readouts.verdict import Curve, Outcome, judge
from numeric_checks.molecules.data import ForceData
from numeric_checks.readouts.componentwise import componentwise
from span_theorem.span import boundary

__all__ = ["PUBLISHED", "Settings", "run"]

Array = NDArray[np.float64]

#: arXiv 2605.08286: L = 2, quadratic readout, n = 4 backbones. Their ρ may be defined otherwise.
PUBLISHED = {"rho_4": 0.913, "rho_5": 0.078, "R2_inj_4": 0.374, "R2_inj_5": 0.006}

#: Principal channels per irrep kept for the products of degree d_r; None keeps all.
CLOSED_CHANNELS = {1: None, 2: 16, 3: 4}
COMPONENT_CHANNELS = {1: 8, 2: 2, 3: 1}

AMPLITUDES = (0.1, 0.3, 1.0, 3.0)

_NAMES = {
    "R2_field": "field",
    "G": "gain",
    "rho": "recovery",
    "R2_inj": "injected",
    "rho_injected": "recovery_injected",
}


@dataclass(frozen=True)
class Settings:
    """What is measured. ``degrees_read`` are the readout degrees d_r; ``amplitude`` is ε;
    ``control_sites`` the number of atoms of the dearer controls."""

    L: int
    degrees_read: tuple[int, ...] = (1, 2, 3)
    amplitude: float = 1.0
    orientations: int = 30
    draws: int = 2000
    seed: int = 0
    spn: SpnConfig = field(default_factory=SpnConfig)
    control_sites: int = 4


def run(
    backbones: Sequence[Backbone],
    data: ForceData,
    fit: NDArray[np.int64],
    held: NDArray[np.int64],
    settings: Settings,
    untrained: Backbone | None = None,
    device: str = "cpu",
    progress: Callable[[int, int, str], None] = lambda _done, _total, _note: None,
) -> dict[str, Any]:
    """Measure every readout and control on ``backbones``; see the keys of the result.

    The equivariance of every backbone is measured first and stops the run if it fails.
    ``progress(done, total, note)`` is called after every stage.
    """
    total = 1 + len(backbones) * (1 + 4 * len(settings.degrees_read)) + 4
    done = 0

    def step(note: str) -> None:
        nonlocal done
        done += 1
        progress(done, total, note)

    rng = np.random.default_rng(settings.seed)
    result: dict[str, Any] = {"settings": asdict(settings), "n_backbones": len(backbones)}
    result["equivariance"] = [
        check_equivariance(backbone, data.positions[held[:4]], rng) for backbone in backbones
    ]
    step("equivariance")
    samples = []
    for backbone in backbones:
        samples.append(collect(backbone, data, fit, held))
        step("features")
    result["force_rms_length_eV_per_A"] = samples[0].force_rms
    result["readouts"] = {}
    for degree in settings.degrees_read:
        degrees = top_degree(settings.L, degree)
        kept = CLOSED_CHANNELS[degree]
        closed, shared, free, trained = [], [], [], []
        for number, sample in enumerate(samples):
            closed.append(measure(sample, degree, degrees, kept))
            step(f"closed form, degree {degree}")
            shared.append(measure_pooled(sample, degree, degrees, kept))
            step(f"pooled closed form, degree {degree}")
            fitted = componentwise(
                sample, degree, degrees, COMPONENT_CHANNELS[degree], settings.orientations, rng
            )
            free.append(with_components(closed[-1], fitted))
            step(f"component-wise ridge, degree {degree}")
            trained.append(
                train_spn(
                    sample,
                    degree,
                    degrees,
                    settings.spn,
                    1000 * settings.seed + number,
                    settings.amplitude,
                    device=device,
                )
            )
            step(f"trained readout, degree {degree}")
        for kind, runs, channels in (
            ("closed form", closed, kept),
            ("pooled closed form", shared, kept),
            ("component-wise", free, COMPONENT_CHANNELS[degree]),
        ):
            entry = _ridge_entry(kind, degree, runs, settings, rng)
            entry["channels"] = channels
            result["readouts"][f"{kind}, degree {degree}"] = entry
        result["readouts"][f"trained, degree {degree}"] = _trained_entry(
            degree, trained, settings, rng
        )
    result["controls"] = run_controls(
        samples[0],
        settings.L,
        top_degree(settings.L, 2),
        CLOSED_CHANNELS[2],
        COMPONENT_CHANNELS[2],
        settings.spn,
        settings.control_sites,
        settings.orientations,
        settings.seed,
        None if untrained is None else collect(untrained, data, fit, held),
        device,
        step,
    )
    result["published"] = PUBLISHED
    return result


def _ridge_entry(
    kind: str, degree: int, runs: list[Recovery], settings: Settings, rng: np.random.Generator
) -> dict[str, Any]:
    point, draws = bootstrap(runs, settings.draws, rng, settings.amplitude)
    sensitivity = {}
    for amplitude in AMPLITUDES:
        at, _ = bootstrap(runs, 1, rng, amplitude)
        sensitivity[f"{amplitude:g}"] = {
            "rho": at.recovery.tolist(),
            "G": at.gain.tolist(),
            "R2_inj": at.injected.tolist(),
        }
    per_site = 1 - np.array([r.field.mean(axis=2) for r in runs]).mean(axis=0)
    return {
        "kind": kind,
        "degree": degree,
        "weights": list(runs[0].weights),
        **_rows(point, draws, settings.L, degree),
        "per_backbone_R2_field": [(1 - r.field.mean(axis=(1, 2))).tolist() for r in runs],
        "per_site_R2_field": per_site.tolist(),
        "amplitude_sensitivity": sensitivity,
    }


def _trained_entry(
    degree: int, runs: list[SpnRun], settings: Settings, rng: np.random.Generator
) -> dict[str, Any]:
    point, draws = bootstrap_spn(runs, settings.draws, rng)
    missed, power = (np.array([getattr(r, name) for r in runs]) for name in ("missed", "power"))
    by_seed = 1 - missed.mean(axis=(3, 4)) / power.mean(axis=(3, 4))
    by_site = 1 - missed.mean(axis=(0, 1, 4)) / power.mean(axis=(0, 1, 4))
    return {
        "kind": "trained",
        "degree": degree,
        "weights": [runs[0].weights] * power.shape[2],
        "channels": settings.spn.cubic_channels if degree == 3 else settings.spn.channels,
        **_rows(point, draws, settings.L, degree),
        "per_backbone_per_seed_R2_inj": by_seed.tolist(),
        "seed_standard_deviation_R2_inj": by_seed.std(axis=1).mean(axis=0).tolist(),
        "per_site_R2_inj": by_site.tolist(),
    }


def _rows(point: Metrics, draws: Metrics, L: int, degree: int) -> dict[str, Any]:
    rows: dict[str, Any] = {}
    for key, name in _NAMES.items():
        values = getattr(point, name)
        if values is not None:
            low, high = np.quantile(getattr(draws, name), [0.025, 0.975], axis=0)
            rows[key] = values.tolist()
            rows[f"{key}_interval"] = np.stack([low, high], axis=1).tolist()
    edge = boundary(L, degree)
    rows["rho_cliff"] = asdict(recovery_cliff(point, draws, edge))
    decided = judge(Curve.of(point.score, draws.score), L, degree)
    rows["verdict"] = {
        **asdict(decided),
        "metric": "R2_inj" if point.field is None else "R2_field",
        "contrast": float(point.gain[edge - 1] - point.gain[edge]),
        "agrees": decided.agrees,
        "undecided": decided.outcome is Outcome.UNDECIDED,
    }
    return rows
