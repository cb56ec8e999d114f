"""Controls of the injection experiment: what must vanish, what must not, and where it leaks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neural_checks.injection.control_rows import Cone, ControlCurve, Controls
from neural_checks.injection.result import Settings
from neural_checks.readouts.bootstrap import bootstrap_field, bootstrap_spn
from neural_checks.readouts.closed_form import measure
from neural_checks.readouts.rigid import rigid_body
from neural_checks.readouts.samples import (
    Samples,
    component_channels,
    component_weights,
    top_degree,
)
from neural_checks.readouts.trained import SpnTask, train_spn
from neural_checks.readouts.verdict import RecoveryCurve
from numeric_checks.readouts.channels import CLOSED_FORM_CHANNELS, COMPONENT_CHANNELS
from numeric_checks.readouts.componentwise import componentwise, over_quadrature
from numeric_checks.readouts.samples import spread_sites

__all__ = ["CONE", "Draws", "run_controls"]

Array = NDArray[np.float64]
Step = Callable[[str], None]

#: Largest turns from the stored orientation, degrees; 0 leaves every frame as it is stored.
CONE = (0, 15, 30, 60, 90, 120, 150, 180)

_DEGREE = 2
#: Frames over each of which an exact quadrature is summed.
_QUADRATURE_FRAMES = 3


@dataclass(frozen=True)
class Draws:
    """How the bootstrap draws: the draws, their blocks of held-out frames, the random stream."""

    count: int
    blocks: NDArray[np.int64] | None
    rng: np.random.Generator


def run_controls(
    samples: Sequence[Samples],
    settings: Settings,
    untrained: Samples | None,
    rng: np.random.Generator,
    draws: Draws,
    device: str,
    step: Step,
) -> Controls:
    """R² of the field by ℓ under each control, for quadratic readouts of all backbones.

    The shuffled target, the cone and the non-polynomial readout are measured at
    ``settings.control_sites`` atoms. Frames as they are stored are left out where there are no more
    of them than monomials. ``step`` is told what was done.
    """
    shuffling, turning, training = rng.spawn(3)
    degrees, channels = top_degree(settings.L, _DEGREE), CLOSED_FORM_CHANNELS[_DEGREE]
    some = spread_sites(samples[0].vectors.shape[1], settings.control_sites)
    parts = [sample.at(some) for sample in samples]
    # Each frame counts once where it is used as it is stored: two frames for every weight.
    few = component_channels(samples[0], _DEGREE, len(samples[0].fit), 2)
    stored = None
    enough = len(samples[0].fit) > component_weights(settings.L, _DEGREE)
    if enough:
        stored = _curve(
            [
                componentwise(sample, _DEGREE, degrees, few, 1, turning, max_angle=0.0).field
                for sample in samples
            ],
            draws,
        )
    shuffled = _curve(
        [measure(part, _DEGREE, degrees, channels, shuffling).field for part in parts], draws
    )
    rigid = _curve([rigid_body(samples[0], degrees)], draws)
    quadrature = _quadrature(samples, settings.L, degrees, draws)
    step("controls: shuffled, rigid, stored, quadrature")
    cone = _cone(parts, some, settings, few, CONE if enough else CONE[1:], turning, draws)
    step("controls: cone")
    free = [
        train_spn(part, SpnTask.upto(None, degrees), settings.spn, training, device)
        for part in parts
    ]
    point, drawn = bootstrap_spn(free, draws.count, draws.rng, draws.blocks)
    nonpolynomial = RecoveryCurve.of(point.injected, drawn.injected)
    step("controls: non-polynomial readout")
    blank = None
    if untrained is not None:
        blank = _curve([measure(untrained, _DEGREE, degrees, channels).field], draws)
    step("controls: untrained backbone")
    return Controls(
        shuffled=shuffled,
        rigid_body=rigid,
        stored=stored,
        quadrature=quadrature,
        cone=cone,
        nonpolynomial=ControlCurve.of(nonpolynomial, len(samples)),
        untrained=blank,
        shuffled_sites=tuple(some),
    )


def _curve(fields: Sequence[Array], draws: Draws) -> ControlCurve:
    """Pooled over sites, with its interval; ``fields`` (ℓ, sites, rows) by backbone."""
    point, drawn = bootstrap_field(fields, draws.count, draws.rng, draws.blocks)
    return ControlCurve.of(RecoveryCurve.of(point, drawn), len(fields))


def _quadrature(samples: Sequence[Samples], L: int, degrees: int, draws: Draws) -> ControlCurve:
    """In-sample fits over an exact rule, one for each of a few held-out frames."""

    def left(sample: Samples) -> Array:
        frames = range(min(_QUADRATURE_FRAMES, len(sample.held)))
        shares = [
            over_quadrature(
                replace(sample, held=sample.held[frame:]), _DEGREE, L, degrees,
                COMPONENT_CHANNELS[_DEGREE],
            )
            for frame in frames
        ]  # fmt: skip
        result: Array = 1 - np.array(shares).T[:, None]
        return result

    return _curve([left(sample) for sample in samples], replace(draws, blocks=None))


def _cone(
    parts: Sequence[Samples],
    sites: Sequence[int],
    settings: Settings,
    channels: int,
    angles: Sequence[int],
    rng: np.random.Generator,
    draws: Draws,
) -> Cone:
    degrees = top_degree(settings.L, _DEGREE)
    curves = []
    for angle in angles:
        turn = np.deg2rad(angle) if angle < 180 else np.pi
        fields = [
            componentwise(part, _DEGREE, degrees, channels, settings.orientations, rng, turn).field
            for part in parts
        ]
        curves.append(_curve(fields, draws))
    return Cone(tuple(sites), channels, tuple(map(float, angles)), tuple(curves))
