"""Gain, recovery, contrast and cliff with a hierarchical cluster bootstrap, and the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neural_checks.readouts.recovery import Recovery
from neural_checks.readouts.trained import SpnRun
from span_theorem.span import boundary

__all__ = [
    "Metrics",
    "Verdict",
    "bootstrap",
    "bootstrap_spn",
    "recovery_cliff",
    "resample",
    "summarise",
    "verdict",
]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Metrics:
    """Pooled over sites; arrays are indexed by ℓ − 1. A leading axis, if any, counts draws.

    ``field`` 1 − Σ|y − p_y|²/Σ|y|² (R² of T4: 0 above the boundary for every polynomial readout);
    ``gain`` G, ``recovery`` ρ and ``injected`` R²_inj as in the experiment's definition;
    ``recovery_injected`` is ρ with the part of the gain that is there without injection taken off.
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


def resample(table: Array, draws: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Means of ``table`` (backbones, seeds, rows, frames): (rows,), and ``draws`` of them.

    In every draw backbones are drawn with replacement, then seeds within each of them; the frames
    are the same ones for every backbone and seed, so one draw of frames serves them all. Whatever
    belongs to one frame stays together, and every draw is kept.
    """
    if draws < 1:
        raise ValueError(f"draws must be ≥ 1, got {draws}")
    backbones, seeds, rows, frames = table.shape
    counts = rng.multinomial(frames, np.full(frames, 1 / frames), size=draws) / frames
    means = np.einsum("bsrf,df->bsdr", table, counts, optimize=True)
    drawn = np.zeros((draws, rows))
    every = np.arange(draws)
    for _ in range(backbones):
        backbone = rng.integers(backbones, size=draws)
        for _ in range(seeds):
            seed = rng.integers(seeds, size=draws)
            drawn += means[backbone, seed, every] / (backbones * seeds)
    return table.mean(axis=(0, 1, 3)), drawn


def bootstrap(
    runs: Sequence[Recovery], draws: int, rng: np.random.Generator, amplitude: float = 1.0
) -> tuple[Metrics, Metrics]:
    """Metrics of all backbones together, and ``draws`` bootstrap draws (:func:`resample`).

    A fit by ridge has no seeds and averages over patterns exactly: backbones and frames remain.
    """
    if not amplitude > 0:
        raise ValueError(f"amplitude must be > 0, got {amplitude}")
    # Rows: means over sites of the field at every ℓ, then before, after and spurious.
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
    )[:, None]

    def metrics(means: Array) -> Metrics:
        before, after, spurious = (means[..., k] for k in (-3, -2, -1))
        return summarise(means[..., :-3], before, after, spurious, amplitude)

    point, drawn = resample(table, draws, rng)
    return metrics(point), metrics(drawn)


def bootstrap_spn(
    runs: Sequence[SpnRun], draws: int, rng: np.random.Generator
) -> tuple[Metrics, Metrics]:
    """The same for trained readouts, with their seeds, each with patterns of its own."""
    degrees = runs[0].power.shape[1]
    table = np.array(
        [
            np.concatenate(
                [part.mean(axis=2) for part in (run.total, run.left, run.power, run.missed)]
                + [
                    np.broadcast_to(
                        run.before.mean(axis=0), (len(run.total), 1, run.before.shape[1])
                    )
                ],
                axis=1,
            )
            for run in runs
        ]
    )

    def metrics(means: Array) -> Metrics:
        total, left, power, missed = (means[..., k * degrees : (k + 1) * degrees] for k in range(4))
        gain = 1 - left / total
        oracle = 1 - means[..., -1:] / total
        return Metrics(None, gain, gain / oracle, 1 - missed / power, None)

    point, drawn = resample(table, draws, rng)
    return metrics(point), metrics(drawn)


def recovery_cliff(point: Metrics, draws: Metrics, at: int, level: float = 0.95) -> dict[str, Any]:
    """The ratio ρ(at)/ρ(at + 1) with its interval.

    Where the interval of ρ(at + 1) reaches 0 the ratio has no upper end, and ``low``, ρ(at) at its
    lower end over ρ(at + 1) at its upper end, is a lower bound; it is None, like the ratio, where
    ρ(at + 1) is 0 to rounding or less.
    """
    tail = (1 - level) / 2
    inside, outside = draws.recovery[:, at - 1], draws.recovery[:, at]
    value_in, value_out = float(point.recovery[at - 1]), float(point.recovery[at])
    low, high = (float(q) for q in np.quantile(outside, [tail, 1 - tail]))
    ratio = value_in / value_out if value_out > 1e-9 else None
    if low > 1e-9:
        ends = [float(q) for q in np.quantile(inside / outside, [tail, 1 - tail])]
        return {"ratio": ratio, "low": ends[0], "high": ends[1], "lower_bound_only": False}
    bound = float(np.quantile(inside, tail)) / high if high > 1e-9 else None
    return {"ratio": ratio, "low": bound, "high": None, "lower_bound_only": True}


@dataclass(frozen=True)
class Verdict:
    """The measured last recovered degree beside the proved boundary.

    ``metric`` names what was judged: ``R2_field``, or ``R2_inj`` for a trained readout.

    ``measured`` is None where no degree, or every degree measured, is recovered, or the cliff is
    not sharp. ``undecided``: it does not agree, but only because intervals reach both sides of the
    limit. ``cliff`` is the ratio R²(measured)/R²(measured + 1), a lower bound (to the upper end of
    the interval) where the interval of the latter reaches 0, and None where that upper end is 0 to
    rounding or less.
    """

    metric: str
    boundary: int
    measured: int | None
    cliff: float | None
    cliff_is_lower_bound: bool
    contrast: float
    agrees: bool
    undecided: bool
    sentence: str


#: A degree counts as recovered where the lower end of the interval of its R² is above this.
RECOVERED = 0.05
#: … and as not recovered where the upper end is below this.
LOST = 0.05


def verdict(point: Metrics, draws: Metrics, L: int, degree: int, level: float = 0.95) -> Verdict:
    """Where the R² falls (``Metrics.score``), against ``span_theorem.boundary(L, degree)``.

    The cliff sits at ℓ* if every degree ≤ ℓ* is recovered and every degree above is not, both by
    the interval at ``level``. Anything else is no cliff. It disagrees where a degree up to the
    boundary is lost or one above it is recovered, and is undecided where only intervals that reach
    both sides of the limit stand in the way.
    """
    expected = boundary(L, degree)
    tail = (1 - level) / 2
    low, high = np.quantile(draws.score, [tail, 1 - tail], axis=0)
    recovered, lost = low > RECOVERED, high < LOST
    count = int(np.argmin(recovered)) if not recovered.all() else len(recovered)
    # Nothing recovered is a cliff only where the boundary is 0: features of degree 0 alone.
    least = min(1, expected)
    sharp = least <= count < len(recovered) and bool(lost[count:].all())
    measured = count if sharp else None
    at = expected if measured is None else measured
    inside, outside = (
        (float(point.score[at - 1]), float(point.score[at]))
        if 0 < at < len(point.score)
        else (float("nan"), float("nan"))
    )
    bound = 0 < at < len(point.score) and bool(low[at] <= 0)
    # With 0 in the interval only the ratio to its upper end is certain.
    denominator = float(high[at]) if bound else outside
    cliff = inside / denominator if denominator > 1e-9 else None
    agrees = measured == expected
    against = bool(lost[:expected].any() or recovered[expected:].any())
    undecided = not agrees and not against
    place = (
        "no single cliff"
        if measured is None
        else f"the cliff is between ℓ = {measured} and {measured + 1}"
    )
    sentence = (
        f"measured for readout degree {degree} on features of degree ≤ {L}: {place}; "
        f"proved boundary {expected}: "
        + ("agrees" if agrees else "undecided" if undecided else "DISAGREES")
    )
    gain = point.gain
    contrast = float(gain[at - 1] - gain[at]) if 0 < at < len(gain) else float("nan")
    metric = "R2_inj" if point.field is None else "R2_field"
    return Verdict(metric, expected, measured, cliff, bound, contrast, agrees, undecided, sentence)
