"""Controls of the injection experiment: what must vanish, what must not, and where it leaks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from neural_checks.injection.result import Cone, Controls, Settings
from neural_checks.readouts.closed_form import measure
from neural_checks.readouts.rigid import rigid_body
from neural_checks.readouts.samples import (
    Samples,
    component_channels,
    component_weights,
    top_degree,
)
from neural_checks.readouts.trained import SpnRun, train_spn
from numeric_checks.readouts.channels import CLOSED_FORM_CHANNELS, COMPONENT_CHANNELS
from numeric_checks.readouts.componentwise import componentwise, over_quadrature
from numeric_checks.readouts.samples import spread_sites

__all__ = ["CONE", "run_controls"]

Array = NDArray[np.float64]

#: Largest turns from the stored orientation, degrees; 0 leaves every frame as it is stored.
CONE = (0, 15, 30, 60, 90, 120, 150, 180)

_DEGREE = 2


def run_controls(
    samples: Samples,
    settings: Settings,
    untrained: Samples | None,
    rng: np.random.Generator,
    device: str,
    step: Callable[[str], None],
) -> Controls:
    """R² of the field by ℓ under each control, for quadratic readouts of one backbone.

    The cone and the non-polynomial readout are measured at ``settings.control_sites`` atoms. Frames
    as they are stored are left out where there are no more of them than monomials.
    ``step`` is told what was done.
    """
    shuffling, turning, training = rng.spawn(3)
    degrees, channels = top_degree(settings.L, _DEGREE), CLOSED_FORM_CHANNELS[_DEGREE]
    # Each frame counts once where it is used as it is stored: two frames for every weight.
    few = component_channels(samples, _DEGREE, len(samples.fit), 2)
    enough = len(samples.fit) > component_weights(settings.L, _DEGREE)
    some = spread_sites(samples.vectors.shape[1], settings.control_sites)
    plain = measure(samples, _DEGREE, 1, channels)
    stored = None
    if enough:
        fitted = componentwise(samples, _DEGREE, degrees, few, 1, turning, max_angle=0.0)
        stored = _pooled(fitted.field)
    shuffled = measure(samples, _DEGREE, degrees, channels, shuffling)
    rigid, quadrature = (
        rigid_body(samples, degrees),
        over_quadrature(samples, _DEGREE, settings.L, degrees, COMPONENT_CHANNELS[_DEGREE]),
    )
    step("controls: shuffled, rigid, stored, quadrature")
    cone = _cone(samples.at(some), settings, few, CONE if enough else CONE[1:], turning)
    cone = replace(cone, sites=tuple(some))
    step("controls: cone")
    free = train_spn(samples.at(some), None, degrees, settings.spn, training, device=device)
    step("controls: non-polynomial readout")
    blank = None if untrained is None else measure(untrained, _DEGREE, degrees, channels)
    step("controls: untrained backbone")
    return Controls(
        gain_without_injection=float(1 - plain.after.mean() / plain.before.mean()),
        shuffled=tuple(shuffled.pooled.tolist()),
        rigid_body=_pooled(rigid),
        stored=stored,
        quadrature=tuple(quadrature),
        cone=cone,
        nonpolynomial=_injected(free),
        untrained=None if blank is None else tuple(blank.pooled.tolist()),
    )


def _cone(
    samples: Samples,
    settings: Settings,
    channels: int,
    angles: Sequence[int],
    rng: np.random.Generator,
) -> Cone:
    degrees = top_degree(settings.L, _DEGREE)
    rows = []
    for angle in angles:
        turn = np.deg2rad(angle) if angle < 180 else np.pi
        fitted = componentwise(
            samples, _DEGREE, degrees, channels, settings.orientations, rng, turn
        )
        rows.append(_pooled(fitted.field))
    return Cone((), channels, tuple(map(float, angles)), tuple(rows))


def _pooled(field: Array) -> tuple[float, ...]:
    return tuple((1 - field.mean(axis=(1, 2))).tolist())


def _injected(run: SpnRun) -> tuple[float, ...]:
    values = 1 - run.missed.mean(axis=(0, 2, 3)) / run.power.mean(axis=(0, 2, 3))
    return tuple(values.tolist())
