"""The angular spectrum of a field sampled at directions: w(ℓ), its intervals, and ℓ*.

*What is estimated.* Values v (a scalar, or the components of a vector in an orthonormal frame) come
with directions û and, if wanted, distances r. The part of v that they determine,
f(r, û) = E[v | r, û], is written Σ c_κℓm R_κ(r) Y_ℓm(û) with polynomials R_κ, R_0 = 1; without
distances κ = 0 alone. The power of degree ℓ, q(ℓ) = Σ_κm |c_κℓm|² summed over the components of v,
is seen neither by a rotation of the directions nor by one of the frame of the components. The
constant does not count, so that w(ℓ) = q(ℓ)/Σ q are fractions of *variance*; and the bandwidth ℓ*
at a level is the smallest ℓ with Σ_{ℓ'≤ℓ} w(ℓ') ≥ level. These definitions are this project's own.

*Two measures.* ``"sphere"``: the basis is orthonormal over the uniform sphere, and c are found by
least squares. Where no direction was seen, some function of unit norm on the sphere vanishes on the
samples, and c is not identified: the verdict is then *undecided*. ``"sampled"``: Σ_{ℓ'≤n} q(ℓ') is
the most that any function of degree ≤ n explains *on the directions as sampled*, whatever part of
the sphere they cover, and ℓ* is the least degree of a polynomial in û that reaches the level there:
a lower bound on the degree of every field on the sphere that does. For uniform directions the two
agree.

*Noise* is here what the direction (and distance) does not determine. For ``"sphere"``, |ĉ|² is too
large by the variance of ĉ, which is estimated from blocks of consecutive frames (sandwich) and
taken off; q may come out slightly negative. For ``"sampled"``, q is the fall of the squared error
on held-out blocks, up to the degree with the least error. The share explained on held-out blocks,
and what degrees above ℓ_max would add (from residuals at neighbouring directions in different
blocks) are always given: a field that is no function of the direction, or one that goes on above
ℓ_max, gets no bandwidth.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from numeric_checks.bandwidth.expansion import (
    MEASURES,
    MIN_COVERAGE,
    Measure,
    Options,
    Parts,
    Sampling,
    estimate,
)
from numeric_checks.sphere.harmonics import unit_vectors

__all__ = ["MEASURES", "Measure", "Options", "Spectrum", "spectra", "spectrum"]

Array = NDArray[np.float64]

MIN_EXPLAINED = 0.05
"""Share of the variance, on held-out frames, that must be explained."""
SAMPLES_PER_UNKNOWN = 4


@dataclass(frozen=True)
class Spectrum:
    """The spectrum of one field, or of several pooled; see the module's text.

    Attributes:
        measure: ``"sphere"`` or ``"sampled"``.
        weights: w(ℓ), float64, shape (l_max+1,); NaN where nothing is resolved.
        weights_interval: (l_max+1, 2).
        power: q(ℓ), (l_max+1,), in units of the field squared.
        variance: mean square about the mean, same unit.
        explained: (l_max+1,), share of the variance of held-out frames that degrees ≤ ℓ explain;
            pooled, each field uses degrees up to its own best one.
        best: the degree with the largest ``explained``.
        explained_interval: of ``explained[best]``.
        beyond: share of the variance that varies with the direction but is not in the fit of
            degree ``l_max`` (sphere) or ``best`` (sampled); may be < 0.
        beyond_interval: its interval.
        bandwidth: ℓ*; None where undecided.
        bandwidth_interval: quantiles of ℓ* over the draws; None where undecided.
        resolvable: the largest ℓ ≤ l_max such that the samples tell degrees ≤ ℓ apart; −1 if none.
        coverage: least mean square on the samples of a function of degree ≤ l_max that has mean
            square 1 on the sphere.
        samples: frames; ``fields``: how many fields were pooled; ``unknowns``: coefficients per
            component and field.
        coefficients: (unknowns, components), for one field and ``"sphere"``, else None; row
            (ℓ² + ℓ + m)(K+1) + κ belongs to R_κ(r)·√4π·Y_ℓm, R_κ orthonormal over the samples.
        verdict: ``"decided"`` or ``"undecided"``; ``reason`` in words.
    """

    measure: Measure
    weights: Array
    weights_interval: Array
    power: Array
    variance: float
    explained: Array
    best: int
    explained_interval: tuple[float, float]
    beyond: float
    beyond_interval: tuple[float, float]
    bandwidth: int | None
    bandwidth_interval: tuple[int, int] | None
    resolvable: int
    coverage: float
    samples: int
    fields: int
    unknowns: int
    coefficients: Array | None
    verdict: Literal["decided", "undecided"]
    reason: str
    options: Options

    @property
    def decided(self) -> bool:
        """Whether the verdict is ``"decided"``."""
        return self.verdict == "decided"

    def as_dict(self) -> dict[str, Any]:
        """The content as JSON types, six digits, NaN as None, without coefficients and options."""
        left_out = ("coefficients", "options")
        return {
            f.name: _plain(getattr(self, f.name)) for f in fields(self) if f.name not in left_out
        }


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    if isinstance(value, float):
        return float(f"{value:.6g}") if np.isfinite(value) else None
    return value


def spectrum(
    directions: ArrayLike,
    values: ArrayLike,
    options: Options | None = None,
    measure: Measure = "sphere",
    distances: ArrayLike | None = None,
) -> Spectrum:
    """The spectrum of one field.

    Args:
        directions: (N, 3), real, any length but zero.
        values: (N,) scalars or (N, k) components in an orthonormal frame that may move.
        options: see :class:`Options`.
        measure: ``"sphere"`` or ``"sampled"``.
        distances: (N,), or None for a field of the direction alone.

    Raises:
        TypeError: an array is not real.
        ValueError: no directions, NaN or infinity, zero vectors, shapes that do not fit, a field
            or distance without variance, or too few samples for the unknowns.

    >>> u = np.random.default_rng(0).standard_normal((4000, 3))
    >>> x, y, z = unit_vectors(u).T
    >>> spectrum(u, x * y * z, Options(l_max=5)).bandwidth  # of degree 3
    3
    """
    rows, field = np.asarray(directions), np.asarray(values)
    if rows.ndim != 2 or field.ndim not in (1, 2):
        raise ValueError(
            f"directions must have shape (N, 3) and values (N,) or (N, k), got {rows.shape} and "
            f"{field.shape}"
        )
    radii = None if distances is None else np.asarray(distances)[..., None]
    return spectra(rows[:, None], field[:, None], options, measure, radii)[0][0]


def spectra(
    directions: ArrayLike,
    values: ArrayLike,
    options: Options | None = None,
    measure: Measure = "sphere",
    distances: ArrayLike | None = None,
    report: Callable[[int], None] | None = None,
) -> tuple[tuple[Spectrum, ...], Spectrum]:
    """The spectra of several fields sampled in the same frames, and the pooled one.

    Powers, variances and errors are added over the fields before any ratio is taken, errors with
    the degree of every field held at its best one; the draws share their frames. Args and Raises as
    :func:`spectrum`, with shapes (N, fields, 3), (N, fields) or (N, fields, k), and (N, fields);
    ``report`` is told the number of fields done.

    Returns:
        one spectrum per field, and the pooled spectrum.
    """
    options = Options() if options is None else options
    if measure not in MEASURES:
        raise ValueError(f"measure must be one of {', '.join(MEASURES)}, got {measure!r}")
    vectors, components, radii = _checked(directions, values, distances, options)
    sampling = Sampling.of(len(vectors), options)
    parts = []
    for i in range(vectors.shape[1]):
        parts.append(
            estimate(vectors[:, i], components[:, i], radii[:, i], options, measure, sampling)
        )
        if report is not None:
            report(i + 1)
    single = tuple(_summary([part], sampling, options, measure) for part in parts)
    return single, single[0] if len(single) == 1 else _summary(parts, sampling, options, measure)


def _checked(
    directions: ArrayLike, values: ArrayLike, distances: ArrayLike | None, options: Options
) -> tuple[Array, Array, Array]:
    """Unit directions (N, fields, 3), values (N, fields, k), R_κ(r) (N, fields, K+1); float64."""
    rows, field = np.asarray(directions), np.asarray(values)
    if rows.ndim != 3 or rows.shape[2] != 3 or 0 in rows.shape:
        raise ValueError(f"directions must have shape (N, fields, 3), N ≥ 1, got {rows.shape}")
    if field.dtype.kind not in "iuf":
        raise TypeError(f"values must be real numbers, got dtype {field.dtype}")
    if field.shape[:2] != rows.shape[:2] or field.ndim not in (2, 3) or 0 in field.shape:
        raise ValueError(
            f"values must have shape (N, fields) or (N, fields, k) with (N, fields) = "
            f"{rows.shape[:2]}, got {field.shape}"
        )
    vectors = unit_vectors(rows.reshape(-1, 3)).reshape(rows.shape)
    components = field.astype(np.float64).reshape(*rows.shape[:2], -1)
    if not np.isfinite(components).all():
        frame, row = np.argwhere(~np.isfinite(components))[0][:2]
        raise ValueError(f"values must be finite, got NaN or infinity in frame {frame}, row {row}")
    order = 0 if distances is None else options.radial
    unknowns = (order + 1) * (options.l_max + 1) ** 2
    least = max(SAMPLES_PER_UNKNOWN * unknowns, 2 * options.blocks)
    if len(vectors) < least:
        raise ValueError(
            f"{len(vectors)} samples are too few for {unknowns} unknowns (l_max = "
            f"{options.l_max}, radial degree {order}) in {options.blocks} blocks: at least {least} "
            "are needed"
        )
    flat = np.ptp(components, axis=0).max(axis=-1) <= 1e-12 * np.abs(components).max(axis=(0, 2))
    if flat.any():
        raise ValueError(f"field {flat.argmax()} is constant: there is no variance to divide")
    if order == 0:
        return vectors, components, np.ones((*rows.shape[:2], 1))
    radii = np.asarray(distances)
    if radii.dtype.kind not in "iuf" or radii.shape != rows.shape[:2]:
        raise ValueError(f"distances must be real of shape {rows.shape[:2]}, got {radii.shape}")
    if not np.isfinite(radii).all():
        raise ValueError("distances must be finite")
    spread = radii.std(axis=0)
    if (spread <= 1e-9 * np.abs(radii).max(axis=0)).any():
        raise ValueError("a distance is constant: give no distances")
    powers = ((radii - radii.mean(axis=0)) / spread)[..., None] ** np.arange(order + 1)
    # QR over the frames makes the powers orthonormal on the samples, the constant first.
    radial = np.stack(
        [np.linalg.qr(powers[:, i])[0] for i in range(rows.shape[1])], axis=1
    ) * np.sqrt(len(rows))
    return vectors, components, radial * np.sign(radial[:1, :, :1])


def _summary(
    parts: Sequence[Parts], sampling: Sampling, options: Options, measure: Measure
) -> Spectrum:
    """Ratios, intervals, ℓ* and the verdict, of one field or several pooled."""
    frames, l_max = len(sampling.label), options.l_max
    tails = [(1 - options.confidence) / 2, (1 + options.confidence) / 2]
    errors = parts[0].errors if len(parts) == 1 else np.sum([_to_best(p) for p in parts], axis=0)
    near = sum(p.near for p in parts)
    coverage = np.min([p.coverage for p in parts], axis=0)
    resolvable = int((np.minimum.accumulate(coverage) >= MIN_COVERAGE).sum()) - 1

    drawn_errors = sampling.counts @ errors
    total, drawn_total = errors[:, 0].sum(), drawn_errors[:, 0]
    explained = 1 - errors[:, 1:].sum(axis=0) / total
    best = int(explained.argmax())
    low, high = np.quantile(1 - drawn_errors[:, best + 1] / drawn_total, tails).tolist()
    beyond = float(near.sum() / total)
    beyond_low, beyond_high = np.quantile(sampling.counts @ near / drawn_total, tails).tolist()

    if measure == "sphere":
        power, drawn = sum(p.power for p in parts), sum(p.drawn for p in parts)
    else:
        power, drawn = _falls(errors.sum(axis=0)) / frames, _falls(drawn_errors) / frames
    weights, interval = np.full(l_max + 1, np.nan), np.full((l_max + 1, 2), np.nan)
    bandwidth, bandwidths = None, None
    resolved = power.sum() > 0 and bool((drawn.sum(axis=1) > 0).all())
    if resolved:
        weights = power / power.sum()
        fractions = drawn / drawn.sum(axis=1, keepdims=True)
        interval = np.quantile(fractions, tails, axis=0).T
        bandwidth = int(_reached(weights, options.level))
        reached = _reached(fractions, options.level)
        bandwidths = (
            int(np.quantile(reached, tails[0], method="lower")),
            int(np.quantile(reached, tails[1], method="higher")),
        )
    reason = ""
    if measure == "sphere" and resolvable < l_max:
        known = f"tell degrees ≤ {resolvable} apart, not" if resolvable >= 0 else "tell no degrees"
        reason = f"the directions cover only part of the sphere: they {known} up to {l_max}"
    elif not resolved or low <= MIN_EXPLAINED:
        reason = (
            f"degrees ≤ {l_max} explain {explained[best]:.1%} of the variance of held-out frames "
            f"({low:.1%} to {high:.1%}): the field is hardly a function of the direction, or one "
            "of higher degree"
        )
    elif beyond_low > (1 - options.level) * (explained[best] + beyond_low):
        reason = (
            f"the field goes on above the degree fitted: another {beyond:.1%} of the variance, at "
            f"least {beyond_low:.1%}, varies with the direction"
        )
    elif bandwidths is not None and bandwidths[1] >= l_max:
        reason = f"{options.level:g} of it may be reached only at l_max = {l_max}, or above"
    return Spectrum(
        measure=measure,
        weights=weights,
        weights_interval=interval,
        power=power,
        variance=sum(p.variance for p in parts),
        explained=explained,
        best=best,
        explained_interval=(low, high),
        beyond=beyond,
        beyond_interval=(beyond_low, beyond_high),
        bandwidth=None if reason else bandwidth,
        bandwidth_interval=None if reason else bandwidths,
        resolvable=resolvable,
        coverage=float(coverage[-1]),
        samples=frames,
        fields=len(parts),
        unknowns=parts[0].unknowns,
        coefficients=parts[0].coefficients if len(parts) == 1 else None,
        verdict="undecided" if reason else "decided",
        reason=reason or f"{options.level:g} of it is reached by degree {bandwidth}",
        options=options,
    )


def _to_best(part: Parts) -> Array:
    """Held-out errors of one field among others: degrees above its best one are not used.

    Otherwise the fields whose directions support few degrees would hide what others need.
    """
    best = part.errors[:, 1:].sum(axis=0).argmin() + 1
    return part.errors[:, np.minimum(np.arange(part.errors.shape[1]), best)]


def _falls(errors: Array) -> Array:
    """What each degree takes off the error (…, l_max+2), up to the degree with the least error."""
    best = errors.argmin(axis=-1)[..., None]
    columns = np.arange(1, errors.shape[-1])
    return np.where(columns <= best, -np.diff(errors, axis=-1), 0.0)


def _reached(weights: Array, level: float) -> NDArray[np.int64]:
    """The smallest ℓ with Σ_{ℓ' ≤ ℓ} w ≥ level; the sum to l_max is 1 but for rounding."""
    return (weights.cumsum(axis=-1) >= level - 1e-9).argmax(axis=-1)
