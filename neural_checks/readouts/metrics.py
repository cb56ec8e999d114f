"""Gain, recovery, R² of the field and contrast, from mean squared errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Cliff", "Metrics", "recovery_cliff", "summarise"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Metrics:
    """Pooled over sites; arrays are indexed by ℓ − 1. A leading axis, if any, counts draws.

    ``field`` 1 − Σ|y − p_y|²/Σ|y|² (R² of T4: 0 above the boundary for every polynomial readout);
    ``gain`` G, ``recovery`` ρ and ``injected`` R²_inj as in the experiment's definition;
    ``recovery_injected`` is ρ without the part of the gain that appears without injection.
    A readout trained on the residual as a whole has no part of its own for the field: ``field`` and
    ``recovery_injected`` are None there.
    """

    field: Array | None
    gain: Array
    recovery: Array
    injected: Array
    recovery_injected: Array | None

    @property
    def score(self) -> Array:
        """What the verdict is about: ``field`` where there is one, otherwise ``injected``."""
        return self.injected if self.field is None else self.field


def summarise(
    field: Array, before: Array, after: Array, spurious: Array, amplitude: float
) -> Metrics:
    """Metrics from means over (frames, sites): ``field`` (…, ℓ), the others (…,); ε = amplitude."""
    power = amplitude**2
    total = (before + power)[..., None]
    left = after[..., None] + power * field
    gain = 1 - left / total
    best = power / total
    return Metrics(
        field=1 - field,
        gain=gain,
        recovery=gain / best,
        injected=1 - (field + spurious[..., None] / power),
        recovery_injected=(gain - (1 - (after[..., None] + power) / total)) / best,
    )


@dataclass(frozen=True)
class Cliff:
    """The ratio ρ(ℓ)/ρ(ℓ + 1) with its interval.

    Where the interval of ρ(ℓ + 1) reaches 0 the ratio has no upper end, and ``low``, the lower end
    of ρ(ℓ) over the upper end of ρ(ℓ + 1), is a lower bound. Elsewhere draws with ρ(ℓ + 1) ≤ 0
    count as a ratio above all others. ``ratio`` and ``low`` are None where
    their denominator is 0 to rounding or less.
    """

    ratio: float | None
    low: float | None
    high: float | None
    lower_bound_only: bool


def recovery_cliff(point: Metrics, draws: Metrics, at: int, level: float = 0.95) -> Cliff:
    """The cliff of ρ between ℓ = ``at`` and the next degree."""
    tail = (1 - level) / 2
    inside, outside = draws.recovery[:, at - 1], draws.recovery[:, at]
    value_in, value_out = float(point.recovery[at - 1]), float(point.recovery[at])
    low, high = (float(q) for q in np.quantile(outside, [tail, 1 - tail]))
    ratio = value_in / value_out if value_out > _ROUNDING else None
    if low > _ROUNDING:
        ratios = np.full(len(outside), np.inf)
        np.divide(inside, outside, out=ratios, where=outside > 0)
        with np.errstate(invalid="ignore"):  # between two that are infinite
            ends = [float(q) for q in np.quantile(ratios, [tail, 1 - tail])]
        if np.isfinite(ends).all():
            return Cliff(ratio, ends[0], ends[1], lower_bound_only=False)
    bound = float(np.quantile(inside, tail)) / high if high > _ROUNDING else None
    return Cliff(ratio, bound, None, lower_bound_only=True)


#: A recovery below this is 0 to rounding.
_ROUNDING = 1e-9
