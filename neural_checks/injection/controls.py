"""Controls of the injection experiment: what must vanish, what must not, and where it leaks."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from neural_checks.injection.result import Cone, Controls, Settings
from neural_checks.readouts.closed_form import measure
from neural_checks.readouts.rigid import rigid_body
from neural_checks.readouts.samples import Samples, top_degree
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

    The cone and the non-polynomial readout are measured at ``settings.control_sites`` atoms.
    ``step`` is told what was done.
    """
    shuffling, turning, training = rng.spawn(3)
    degrees, channels = top_degree(settings.L, _DEGREE), CLOSED_FORM_CHANNELS[_DEGREE]
    few = _few_channels(samples)
    some = spread_sites(samples.vectors.shape[1], settings.control_sites)
    plain = measure(samples, _DEGREE, 1, channels)
    stored = componentwise(samples, _DEGREE, degrees, few, 1, turning, max_angle=0.0)
    shuffled = measure(samples, _DEGREE, degrees, channels, shuffling)
    rigid, quadrature = (
        rigid_body(samples, degrees),
        over_quadrature(samples, _DEGREE, settings.L, degrees, COMPONENT_CHANNELS[_DEGREE]),
    )
    step("controls: shuffled, rigid, stored, quadrature")
    cone = _cone(samples, settings, few, some, turning)
    step("controls: cone")
    free = train_spn(samples.at(some), None, degrees, settings.spn, training, device=device)
    step("controls: non-polynomial readout")
    blank = None if untrained is None else measure(untrained, _DEGREE, degrees, channels)
    step("controls: untrained backbone")
    return Controls(
        gain_without_injection=float(1 - plain.after.mean() / plain.before.mean()),
        shuffled=tuple(shuffled.pooled.tolist()),
        rigid_body=_pooled(rigid),
        stored=_pooled(stored.field),
        quadrature=tuple(quadrature),
        cone=cone,
        nonpolynomial=_injected(free),
        untrained=None if blank is None else tuple(blank.pooled.tolist()),
    )


def _few_channels(samples: Samples) -> int:
    """Channels of the component-wise fit to stored orientations.

    Each frame counts once there, so fewer weights are taken until two frames stand for each.
    """
    few = COMPONENT_CHANNELS[_DEGREE]
    while few > 1 and 2 * _weights(samples, few) > len(samples.fit):
        few -= 1
    return few


def _weights(samples: Samples, channels: int) -> int:
    """Monomials of degree ≤ 2 in the components of ``channels`` per irrep."""
    size = sum(min(v.shape[2], channels) * v.shape[3] for v in samples.features.values())
    return math.comb(size + _DEGREE, _DEGREE)


def _cone(
    samples: Samples,
    settings: Settings,
    channels: int,
    sites: Sequence[int],
    rng: np.random.Generator,
) -> Cone:
    degrees = top_degree(settings.L, _DEGREE)
    rows = []
    for angle in CONE:
        turn = np.deg2rad(angle) if angle < 180 else np.pi
        fitted = componentwise(
            samples, _DEGREE, degrees, channels, settings.orientations, rng, turn, sites
        )
        rows.append(_pooled(fitted.field))
    return Cone(tuple(sites), channels, tuple(map(float, CONE)), tuple(rows))


def _pooled(field: Array) -> tuple[float, ...]:
    return tuple((1 - field.mean(axis=(1, 2))).tolist())


def _injected(run: SpnRun) -> tuple[float, ...]:
    values = 1 - run.missed.mean(axis=(0, 2, 3)) / run.power.mean(axis=(0, 2, 3))
    return tuple(values.tolist())
