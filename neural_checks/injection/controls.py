"""Controls of the injection experiment: what must vanish, what must not, and where it leaks."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neural_checks.readouts.closed_form import measure
from neural_checks.readouts.rigid import rigid_body
from neural_checks.readouts.samples import Samples
from neural_checks.readouts.trained import SpnConfig, train_spn
from numeric_checks.readouts.componentwise import componentwise, over_quadrature
from numeric_checks.readouts.samples import spread_sites

__all__ = ["CONE", "run_controls"]

Array = NDArray[np.float64]

#: Largest turns from the stored orientation, degrees; 0 leaves every frame as it is stored.
CONE = (0, 15, 30, 60, 90, 120, 150, 180)


def _weights(samples: Samples, channels: int, degree: int) -> int:
    """Monomials of degree ≤ ``degree`` in the components of ``channels`` per irrep."""
    size = sum(min(v.shape[2], channels) * v.shape[3] for v in samples.features.values())
    return math.comb(size + degree, degree)


def run_controls(
    samples: Samples,
    L: int,
    degrees: int,
    channels: int | None,
    component_channels: int,
    spn: SpnConfig,
    sites: int,
    orientations: int,
    seed: int,
    untrained: Samples | None,
    device: str,
    step: Callable[[str], None],
) -> dict[str, Any]:
    """R² of the field by ℓ = 1..``degrees`` under each control, quadratic readouts, one backbone.

    ``channels`` of the closed form; at most ``component_channels`` of the component-wise fits,
    fewer where frames are few; the cone and the non-polynomial readout are measured at ``sites``
    atoms. ``step`` is told what was done.
    """
    degree = 2
    rng = np.random.default_rng([seed, 4])
    some = spread_sites(samples.vectors.shape[1], sites)

    def pooled(field: Array) -> list[float]:
        values: list[float] = (1 - field.mean(axis=(1, 2))).tolist()
        return values

    # Each frame counts once where orientations are stored: fewer weights, so that none is fitted
    # to less than two frames.
    few = component_channels
    while few > 1 and 2 * _weights(samples, few, degree) > len(samples.fit):
        few -= 1
    plain = measure(samples, degree, 1, channels)
    controls: dict[str, Any] = {
        "no injection: gain on the force error alone": float(
            1 - plain.after.mean() / plain.before.mean()
        ),
        "shuffled target": pooled(measure(samples, degree, degrees, channels, rng).field),
        "rigid body": pooled(rigid_body(samples, degrees)),
        "stored orientation, component-wise": pooled(
            componentwise(samples, degree, degrees, few, 1, rng, max_angle=0.0).field
        ),
        "exact quadrature, component-wise, in sample": over_quadrature(
            samples, degree, L, degrees, component_channels
        ),
    }
    step("controls: shuffled, rigid, stored, quadrature")
    controls["rotations within a cone, component-wise"] = {
        "sites": some,
        "channels": few,
        "largest_turn_degrees": list(CONE),
        "R2_field": [
            pooled(
                componentwise(
                    samples,
                    degree,
                    degrees,
                    few,
                    orientations,
                    rng,
                    max_angle=np.deg2rad(angle) if angle < 180 else np.pi,
                    sites=some,
                ).field
            )
            for angle in CONE
        ],
    }
    step("controls: cone")
    free = train_spn(samples, None, degrees, spn, seed, sites=some, device=device)
    controls["non-polynomial readout (SiLU network), R²_inj"] = (
        1 - free.missed.mean(axis=(0, 2, 3)) / free.power.mean(axis=(0, 2, 3))
    ).tolist()
    step("controls: non-polynomial readout")
    if untrained is not None:
        controls["untrained backbone"] = pooled(measure(untrained, degree, degrees, channels).field)
    step("controls: untrained backbone")
    return controls
