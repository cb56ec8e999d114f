"""The injection experiment on given backbones: features, then fits, then verdicts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neural_checks.backbones.equivariance import check_equivariance
from neural_checks.backbones.interface import Backbone
from neural_checks.injection.control_rows import Interval
from neural_checks.injection.controls import Draws, run_controls
from neural_checks.injection.result import (
    Amplitude,
    Distribution,
    Histogram,
    Measurement,
    Readout,
    ReadoutKind,
    Settings,
)
from neural_checks.readouts.bootstrap import (
    bootstrap,
    bootstrap_gain,
    bootstrap_spn,
    trajectory_blocks,
)
from neural_checks.readouts.closed_form import measure, measure_pooled
from neural_checks.readouts.metrics import Metrics, recovery_cliff
from neural_checks.readouts.recovery import Recovery, with_components
from neural_checks.readouts.samples import Samples, collect_samples, component_channels, top_degree
from neural_checks.readouts.trained import InjectedField, SpnRun, SpnTask, train_spn
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
#: Frames that the pooled closed form is fitted on: its samples are those of all atoms together.
POOLED_FRAMES = 300


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
class _Fits:
    """The fits of one readout degree, one entry per backbone; ``channels`` that enter each kind.

    The last target of a trained readout is that without injection.
    """

    degree: int
    channels: dict[ReadoutKind, int | None]
    ridge: Mapping[ReadoutKind, list[Recovery]]
    trained: Mapping[ReadoutKind, list[SpnRun]]


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
    step = _counted(progress, 1 + len(subject.backbones) * (1 + 5 * len(settings.degrees_read)) + 4)
    rng = streams(
        settings.seed, "equivariance", "component-wise", str(ReadoutKind.TRAINED), "bootstrap",
        "controls", str(ReadoutKind.SHARED),
    )  # fmt: skip
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
    blank = None
    if subject.untrained is not None:
        # Every second frame is enough for a control, and evaluating the network is its cost.
        blank = collect_samples(subject.untrained, subject.data, subject.fit[::2], subject.held)
    draws = Draws(settings.draws, subject.blocks, rng["bootstrap"])
    return Measurement(
        settings=settings,
        equivariance=equivariance,
        force_rms=samples[0].force_rms,
        readouts=tuple(readout for fit in fits for readout in _judge(fit, settings, draws)),
        controls=run_controls(samples, settings, blank, rng["controls"], draws, device, step),
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
    by_gradient = [kind for kind in ReadoutKind if kind.by_gradient]
    channels |= dict.fromkeys(by_gradient, settings.spn.channels_of(degree))
    fits = _Fits(
        degree, channels, {kind: [] for kind in ReadoutKind if not kind.by_gradient},
        {kind: [] for kind in by_gradient},
    )  # fmt: skip
    for sample in samples:
        closed = measure(sample, degree, degrees, kept)
        fits.ridge[ReadoutKind.CLOSED].append(closed)
        step(f"closed form, degree {degree}")
        fewer = sample.with_fewer(POOLED_FRAMES)
        fits.ridge[ReadoutKind.POOLED].append(measure_pooled(fewer, degree, degrees, kept))
        step(f"pooled closed form, degree {degree}")
        fitted = componentwise(
            sample, degree, degrees, few, settings.orientations, rng["component-wise"]
        )
        fits.ridge[ReadoutKind.COMPONENT].append(with_components(closed, fitted))
        step(f"component-wise ridge, degree {degree}")
        for kind, runs in fits.trained.items():
            own = rng[kind].spawn(1)[0]
            shared = kind is ReadoutKind.SHARED
            task = SpnTask.upto(degree, degrees, settings.amplitude, shared)
            task = replace(task, targets=(*task.targets, InjectedField(1, 0.0)))
            runs.append(train_spn(sample, task, settings.spn, own, device))
            step(f"{kind}, degree {degree}")
    return fits


def _judge(fits: _Fits, settings: Settings, draws: Draws) -> list[Readout]:
    """Metrics, intervals and verdicts of the readouts of one degree."""
    return [
        *(_ridge(kind, fits, settings, draws) for kind in fits.ridge),
        *(_trained(kind, fits, settings, draws) for kind in fits.trained),
    ]


def _ridge(kind: ReadoutKind, fits: _Fits, settings: Settings, draws: Draws) -> Readout:
    runs = fits.ridge[kind]
    point, drawn = bootstrap(runs, draws.count, draws.rng, settings.amplitude, draws.blocks)
    by_amplitude = {}
    for amplitude in AMPLITUDES:
        at, _ = bootstrap(runs, 1, draws.rng, amplitude)
        by_amplitude[f"{amplitude:g}"] = Amplitude(
            tuple(at.recovery.tolist()), tuple(at.gain.tolist()), tuple(at.injected.tolist())
        )
    return _readout(
        kind,
        fits,
        settings.L,
        point,
        drawn,
        weights=runs[0].weights,
        per_backbone=_table(np.array([run.pooled for run in runs])),
        per_site=_table(np.mean([run.by_site for run in runs], axis=0)),
        by_amplitude=by_amplitude,
        alone=_alone([(run.before[None], run.after[None]) for run in runs], draws),
    )


def _trained(kind: ReadoutKind, fits: _Fits, settings: Settings, draws: Draws) -> Readout:
    both = fits.trained[kind]
    runs = [run.take(slice(-1)) for run in both]
    point, drawn = bootstrap_spn(runs, draws.count, draws.rng, draws.blocks)
    missed, power = (np.array([getattr(r, name) for r in runs]) for name in ("missed", "power"))
    by_seed = 1 - missed.mean(axis=(3, 4)) / power.mean(axis=(3, 4))
    by_site = 1 - missed.mean(axis=(0, 1, 4)) / power.mean(axis=(0, 1, 4))
    return _readout(
        kind,
        fits,
        settings.L,
        point,
        drawn,
        weights=(runs[0].weights,) * power.shape[2],
        per_backbone=_table(by_seed.mean(axis=1)),
        per_site=_table(by_site),
        per_seed=tuple(map(_table, by_seed)),
        alone=_alone([(run.total[:, -1], run.left[:, -1]) for run in both], draws),
    )


def _alone(pairs: Sequence[tuple[Array, Array]], draws: Draws) -> Interval:
    """The gain without injection, that is on the force error alone."""
    if not sum(pair[0].sum() for pair in pairs) > 0:
        return Interval(0.0)  # no network's forces, hence no error to explain
    value, drawn = bootstrap_gain(pairs, draws.count, draws.rng, draws.blocks)
    low, high = np.quantile(drawn, [0.025, 0.975]).tolist()
    return Interval(value, low, high)


def _readout(
    kind: ReadoutKind, fits: _Fits, L: int, point: Metrics, draws: Metrics, **rest: Any
) -> Readout:
    """The curves with their intervals, and the verdict on the score."""
    degree, edge = fits.degree, boundary(L, fits.degree)

    def curve(name: str) -> RecoveryCurve | None:
        values = getattr(point, name)
        return None if values is None else RecoveryCurve.of(values, getattr(draws, name))

    return Readout(
        kind=kind,
        degree=degree,
        channels=fits.channels[kind],
        field=curve("field"),
        gain=RecoveryCurve.of(point.gain, draws.gain),
        recovery=RecoveryCurve.of(point.recovery, draws.recovery),
        injected=RecoveryCurve.of(point.injected, draws.injected),
        recovery_injected=curve("recovery_injected"),
        contrast=float(point.gain[edge - 1] - point.gain[edge]),
        cliff=recovery_cliff(point, draws, edge),
        verdict=judge(RecoveryCurve.of(point.score, draws.score), L, degree),
        distribution=_distribution(draws, edge),
        **rest,
    )


def _distribution(draws: Metrics, edge: int) -> Distribution:
    contrast = draws.gain[:, edge - 1] - draws.gain[:, edge]
    low, high = np.quantile(contrast, [0.025, 0.975]).tolist()
    inside, outside = (Histogram.of(draws.recovery[:, edge + k]) for k in (-1, 0))
    return Distribution(Histogram.of(contrast), inside, outside, (low, high))


def _table(values: Array) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(row) for row in values.tolist())
