"""The injection experiment on given backbones: features, then fits, then verdicts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neural_checks.backbones.equivariance import check_equivariance
from neural_checks.backbones.interface import Backbone
from neural_checks.injection.controls import run_controls
from neural_checks.injection.result import (
    Amplitude,
    Measurement,
    Readout,
    ReadoutKind,
    Settings,
)
from neural_checks.readouts.bootstrap import bootstrap, bootstrap_spn, trajectory_blocks
from neural_checks.readouts.closed_form import measure, measure_pooled
from neural_checks.readouts.metrics import Metrics, recovery_cliff
from neural_checks.readouts.recovery import Recovery, with_components
from neural_checks.readouts.samples import Samples, collect_samples, component_channels, top_degree
from neural_checks.readouts.trained import SpnRun, train_spn
from neural_checks.readouts.verdict import RecoveryCurve, judge
from numeric_checks.molecules.data import ForceData
from numeric_checks.readouts.channels import CLOSED_FORM_CHANNELS
from numeric_checks.readouts.componentwise import componentwise
from numeric_checks.seeds import streams
from span_theorem.span import boundary

__all__ = ["Subject", "run_experiment"]

Array = NDArray[np.float64]
Progress = Callable[[int, int, str], None]

#: Amplitudes ε at which the metrics of the closed-form readouts are given beside the chosen one.
AMPLITUDES = (0.1, 0.3, 1.0, 3.0)
#: Samples of a component-wise readout for every monomial, at least, where that can be had.
SAMPLES_PER_MONOMIAL = 2


@dataclass(frozen=True)
class Subject:
    """What is measured: ``backbones`` on frames of ``data``.

    Readouts are fitted on the frames ``fit`` and judged on the frames ``held``. ``untrained`` is a
    backbone before training, for a control.
    """

    backbones: Sequence[Backbone]
    data: ForceData
    fit: NDArray[np.int64]
    held: NDArray[np.int64]
    untrained: Backbone | None = None

    @property
    def blocks(self) -> NDArray[np.int64] | None:
        """Blocks of held-out frames that follow each other, where the data say their order."""
        order = self.data.order
        return trajectory_blocks(None if order is None else order[self.held])


@dataclass(frozen=True)
class _Draws:
    """How the bootstrap draws: the draws, their blocks of held-out frames, the random stream."""

    count: int
    blocks: NDArray[np.int64] | None
    rng: np.random.Generator


@dataclass(frozen=True)
class _Fits:
    """The fits of one readout degree, one entry per backbone; ``channels`` that enter each kind."""

    degree: int
    channels: dict[ReadoutKind, int | None]
    ridge: Mapping[ReadoutKind, list[Recovery]]
    trained: list[SpnRun]


def run_experiment(
    subject: Subject,
    settings: Settings,
    device: str = "cpu",
    progress: Progress = lambda _done, _total, _note: None,
) -> Measurement:
    """Measure every readout and control.

    The equivariance of every backbone is measured first and stops the run if it fails.
    ``progress(done, total, note)`` is called after every stage.

    Raises:
        NotEquivariantError: a backbone is not equivariant.
        ValueError: more weights than samples; FloatingPointError: a training diverged.
    """
    step = _counted(progress, 1 + len(subject.backbones) * (1 + 4 * len(settings.degrees_read)) + 4)
    rng = streams(
        settings.seed, "equivariance", "component-wise", "trained", "bootstrap", "controls"
    )
    turned = subject.data.structures.take(subject.held[:4])
    equivariance = tuple(
        check_equivariance(backbone, turned, rng["equivariance"]) for backbone in subject.backbones
    )
    step("equivariance")
    samples = []
    for backbone in subject.backbones:
        samples.append(collect_samples(backbone, subject.data, subject.fit, subject.held))
        step("features")
    fits = [_fit(samples, degree, settings, rng, device, step) for degree in settings.degrees_read]
    blank = (
        None
        if subject.untrained is None
        else collect_samples(subject.untrained, subject.data, subject.fit, subject.held)
    )
    draws = _Draws(settings.draws, subject.blocks, rng["bootstrap"])
    return Measurement(
        settings=settings,
        equivariance=equivariance,
        force_rms=samples[0].force_rms,
        readouts=tuple(readout for fit in fits for readout in _judge(fit, settings, draws)),
        controls=run_controls(samples[0], settings, blank, rng["controls"], device, step),
    )


def _counted(progress: Progress, total: int) -> Callable[[str], None]:
    done = 0

    def step(note: str) -> None:
        nonlocal done
        done += 1
        progress(done, total, note)

    return step


def _fit(
    samples: Sequence[Samples],
    degree: int,
    settings: Settings,
    rng: Mapping[str, np.random.Generator],
    device: str,
    step: Callable[[str], None],
) -> _Fits:
    """Every readout of one degree on every backbone."""
    degrees, kept = top_degree(settings.L, degree), CLOSED_FORM_CHANNELS[degree]
    rows = len(samples[0].fit) * settings.orientations
    few = component_channels(samples[0], degree, rows, SAMPLES_PER_MONOMIAL)
    channels = {ReadoutKind.CLOSED: kept, ReadoutKind.POOLED: kept, ReadoutKind.COMPONENT: few}
    fits = _Fits(degree, channels, {kind: [] for kind in channels}, [])
    for sample in samples:
        closed = measure(sample, degree, degrees, kept)
        fits.ridge[ReadoutKind.CLOSED].append(closed)
        step(f"closed form, degree {degree}")
        fits.ridge[ReadoutKind.POOLED].append(measure_pooled(sample, degree, degrees, kept))
        step(f"pooled closed form, degree {degree}")
        fitted = componentwise(
            sample, degree, degrees, few, settings.orientations, rng["component-wise"]
        )
        fits.ridge[ReadoutKind.COMPONENT].append(with_components(closed, fitted))
        step(f"component-wise ridge, degree {degree}")
        own = rng["trained"].spawn(1)[0]
        fits.trained.append(
            train_spn(sample, degree, degrees, settings.spn, own, settings.amplitude, device)
        )
        step(f"trained readout, degree {degree}")
    return fits


def _judge(fits: _Fits, settings: Settings, draws: _Draws) -> list[Readout]:
    """Metrics, intervals and verdicts of the readouts of one degree."""
    return [
        *(
            _ridge(kind, fits.degree, fits.channels[kind], runs, settings, draws)
            for kind, runs in fits.ridge.items()
        ),
        _trained(fits.degree, fits.trained, settings, draws),
    ]


def _ridge(
    kind: ReadoutKind,
    degree: int,
    channels: int | None,
    runs: list[Recovery],
    settings: Settings,
    draws: _Draws,
) -> Readout:
    point, drawn = bootstrap(runs, draws.count, draws.rng, settings.amplitude, draws.blocks)
    by_amplitude = {}
    for amplitude in AMPLITUDES:
        at, _ = bootstrap(runs, 1, draws.rng, amplitude)
        by_amplitude[f"{amplitude:g}"] = Amplitude(
            tuple(at.recovery.tolist()), tuple(at.gain.tolist()), tuple(at.injected.tolist())
        )
    return _readout(
        kind,
        degree,
        settings.L,
        point,
        drawn,
        channels=channels,
        weights=runs[0].weights,
        per_backbone=_table(np.array([run.pooled for run in runs])),
        per_site=_table(np.mean([run.by_site for run in runs], axis=0)),
        by_amplitude=by_amplitude,
    )


def _trained(degree: int, runs: list[SpnRun], settings: Settings, draws: _Draws) -> Readout:
    point, drawn = bootstrap_spn(runs, draws.count, draws.rng, draws.blocks)
    missed, power = (np.array([getattr(r, name) for r in runs]) for name in ("missed", "power"))
    by_seed = 1 - missed.mean(axis=(3, 4)) / power.mean(axis=(3, 4))
    by_site = 1 - missed.mean(axis=(0, 1, 4)) / power.mean(axis=(0, 1, 4))
    return _readout(
        ReadoutKind.TRAINED,
        degree,
        settings.L,
        point,
        drawn,
        channels=settings.spn.cubic_channels if degree == 3 else settings.spn.channels,
        weights=(runs[0].weights,) * power.shape[2],
        per_backbone=_table(by_seed.mean(axis=1)),
        per_site=_table(by_site),
        per_seed=tuple(map(_table, by_seed)),
    )


def _readout(
    kind: ReadoutKind, degree: int, L: int, point: Metrics, draws: Metrics, **rest: object
) -> Readout:
    """The curves with their intervals, and the verdict on the score."""
    edge = boundary(L, degree)

    def curve(name: str) -> RecoveryCurve | None:
        values = getattr(point, name)
        return None if values is None else RecoveryCurve.of(values, getattr(draws, name))

    return Readout(
        kind=kind,
        degree=degree,
        field=curve("field"),
        gain=RecoveryCurve.of(point.gain, draws.gain),
        recovery=RecoveryCurve.of(point.recovery, draws.recovery),
        injected=RecoveryCurve.of(point.injected, draws.injected),
        recovery_injected=curve("recovery_injected"),
        contrast=float(point.gain[edge - 1] - point.gain[edge]),
        cliff=recovery_cliff(point, draws, edge),
        verdict=judge(RecoveryCurve.of(point.score, draws.score), L, degree),
        **rest,  # type: ignore[arg-type]
    )


def _table(values: Array) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(row) for row in values.tolist())
