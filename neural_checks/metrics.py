"""Gain, recovery, contrast and cliff with a hierarchical cluster bootstrap, and the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neural_checks.recovery import Recovery
from span_theorem.span import boundary

__all__ = ["Metrics", "Verdict", "bootstrap", "summarise", "verdict"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Metrics:
    """Pooled over sites; arrays are indexed by ℓ − 1. A leading axis, if any, counts draws.

    ``field`` 1 − Σ|y − p_y|²/Σ|y|² (R² of T4: 0 above the boundary for every polynomial readout);
    ``gain`` G, ``recovery`` ρ and ``injected`` R²_inj as in the experiment's definition;
    ``recovery_injected`` is ρ with the part of the gain that is there without injection taken off.
    """

    field: Array
    gain: Array
    recovery: Array
    injected: Array
    recovery_injected: Array


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


def bootstrap(
    runs: Sequence[Recovery], draws: int, rng: np.random.Generator, amplitude: float = 1.0
) -> tuple[Metrics, Metrics]:
    """Metrics of all runs together, and ``draws`` bootstrap draws of them.

    Backbones are drawn with replacement, then frames within each drawn backbone; the atoms of a
    frame stay together. The closed form has no seeds and averages over patterns exactly, so no
    other level is left. Every draw is kept. The frames are the same ones for every backbone.
    """
    if draws < 1:
        raise ValueError(f"draws must be ≥ 1, got {draws}")
    if not amplitude > 0:
        raise ValueError(f"amplitude must be > 0, got {amplitude}")
    # (backbones, quantities, frames): means over sites; the last three rows are before, after, p_e.
    table = np.array(
        [
            np.concatenate(
                [run.field.mean(axis=1)]
                + [
                    part.mean(axis=0, keepdims=True)
                    for part in (run.before, run.after, run.spurious)
                ]
            )
            for run in runs
        ]
    )
    backbones, _, frames = table.shape

    def metrics(means: Array) -> Metrics:
        before, after, spurious = (means[..., k] for k in (-3, -2, -1))
        return summarise(means[..., :-3], before, after, spurious, amplitude)

    drawn = np.zeros((draws, table.shape[1]))
    for _ in range(backbones):
        which = rng.integers(backbones, size=draws)
        counts = rng.multinomial(frames, np.full(frames, 1 / frames), size=draws) / frames
        for backbone in range(backbones):
            chosen = which == backbone
            drawn[chosen] += counts[chosen] @ table[backbone].T / backbones
    return metrics(table.mean(axis=(0, 2))), metrics(drawn)


@dataclass(frozen=True)
class Verdict:
    """The measured last recovered degree beside the proved boundary.

    ``measured`` is None where no degree, or every degree measured, is recovered. ``cliff`` is the
    ratio R²(measured)/R²(measured + 1), a lower bound (to the upper end of the interval) where the
    interval of the latter reaches 0, and None where that upper end is 0 to rounding or less.
    """

    boundary: int
    measured: int | None
    cliff: float | None
    cliff_is_lower_bound: bool
    contrast: float
    agrees: bool
    sentence: str


#: A degree counts as recovered where the lower end of the interval of its field R² is above this.
RECOVERED = 0.1
#: … and as not recovered where the upper end is below this.
LOST = 0.1


def verdict(point: Metrics, draws: Metrics, L: int, degree: int, level: float = 0.95) -> Verdict:
    """Where the field R² falls, against ``span_theorem.boundary(L, degree)``.

    The cliff sits at ℓ* if every degree ≤ ℓ* is recovered and every degree above is not, both by
    the interval at ``level``. Anything else is no cliff, and disagrees.
    """
    expected = boundary(L, degree)
    tail = (1 - level) / 2
    low, high = np.quantile(draws.field, [tail, 1 - tail], axis=0)
    recovered, lost = low > RECOVERED, high < LOST
    count = int(np.argmin(recovered)) if not recovered.all() else len(recovered)
    # Nothing recovered is a cliff only where the boundary is 0: features of degree 0 alone.
    least = min(1, expected)
    sharp = least <= count < len(recovered) and bool(lost[count:].all())
    measured = count if sharp else None
    at = expected if measured is None else measured
    inside, outside = (
        (float(point.field[at - 1]), float(point.field[at]))
        if 0 < at < len(point.field)
        else (float("nan"), float("nan"))
    )
    bound = 0 < at < len(point.field) and bool(low[at] <= 0)
    # With 0 in the interval only the ratio to its upper end is certain.
    denominator = float(high[at]) if bound else outside
    cliff = inside / denominator if denominator > 1e-9 else None
    agrees = measured == expected
    place = (
        "no single cliff"
        if measured is None
        else f"the cliff is between ℓ = {measured} and {measured + 1}"
    )
    sentence = (
        f"measured for readout degree {degree} on features of degree ≤ {L}: {place}; "
        f"proved boundary {expected}: {'agrees' if agrees else 'DISAGREES'}"
    )
    gain = point.gain
    contrast = float(gain[at - 1] - gain[at]) if 0 < at < len(gain) else float("nan")
    return Verdict(expected, measured, cliff, bound, contrast, agrees, sentence)
