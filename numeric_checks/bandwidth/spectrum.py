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
blocks) are always given. A field that is not a function of the direction, or that has parts above
ℓ_max, gets no bandwidth.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from numeric_checks.bandwidth.expansion import MIN_COVERAGE, FieldFit, Sampling, fit_field
from numeric_checks.bandwidth.result import MEASURES, AngularMeasure, Spectrum, SpectrumOptions
from numeric_checks.sphere.harmonics import unit_vectors

__all__ = ["MIN_EXPLAINED", "SAMPLES_PER_UNKNOWN", "spectra", "spectrum"]

Array = NDArray[np.float64]

MIN_EXPLAINED = 0.05
"""Share of the variance, on held-out frames, that must be explained."""

SAMPLES_PER_UNKNOWN = 4
"""Least number of frames for every coefficient fitted."""


def spectrum(
    directions: ArrayLike,
    values: ArrayLike,
    options: SpectrumOptions | None = None,
    measure: AngularMeasure = "sphere",
    distances: ArrayLike | None = None,
) -> Spectrum:
    """The spectrum of one field.

    Args:
        directions: (N, 3), real, any length but zero.
        values: (N,) scalars or (N, k) components in an orthonormal frame that may move.
        options: see :class:`SpectrumOptions`.
        measure: ``"sphere"`` or ``"sampled"``.
        distances: (N,), or None for a field of the direction alone.

    Raises:
        TypeError: an array is not real.
        ValueError: no directions, NaN or infinity, zero vectors, shapes that do not fit, a field
            or distance without variance, too few samples for the unknowns, or an unknown measure.

    >>> u = np.random.default_rng(0).standard_normal((4000, 3))
    >>> x, y, z = unit_vectors(u).T
    >>> spectrum(u, x * y * z, SpectrumOptions(l_max=5)).bandwidth  # of degree 3
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
    options: SpectrumOptions | None = None,
    measure: AngularMeasure = "sphere",
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
    options = SpectrumOptions() if options is None else options
    if measure not in MEASURES:
        raise ValueError(f"measure must be one of {', '.join(MEASURES)}, got {measure!r}")
    vectors, components, radii = _checked(directions, values, distances, options)
    sampling = Sampling.of(len(vectors), options)
    parts = []
    for i in range(vectors.shape[1]):
        parts.append(
            fit_field(vectors[:, i], components[:, i], radii[:, i], options, measure, sampling)
        )
        if report is not None:
            report(i + 1)
    single = tuple(_summary([part], sampling, options, measure) for part in parts)
    return single, single[0] if len(single) == 1 else _summary(parts, sampling, options, measure)


def _checked(
    directions: ArrayLike,
    values: ArrayLike,
    distances: ArrayLike | None,
    options: SpectrumOptions,
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
    _check_samples(len(vectors), order, options)
    flat = np.ptp(components, axis=0).max(axis=-1) <= 1e-12 * np.abs(components).max(axis=(0, 2))
    if flat.any():
        raise ValueError(f"field {flat.argmax()} is constant: there is no variance to divide")
    if order == 0:
        return vectors, components, np.ones((*rows.shape[:2], 1))
    return vectors, components, _radial(np.asarray(distances), rows.shape[:2], order)


def _check_samples(frames: int, order: int, options: SpectrumOptions) -> None:
    unknowns = (order + 1) * (options.l_max + 1) ** 2
    least = max(SAMPLES_PER_UNKNOWN * unknowns, 2 * options.blocks)
    if frames < least:
        raise ValueError(
            f"{frames} samples are too few for {unknowns} unknowns (l_max = {options.l_max}, "
            f"radial degree {order}) in {options.blocks} blocks: at least {least} are needed"
        )


def _radial(distances: Array, shape: tuple[int, ...], order: int) -> Array:
    """R_0 … R_order (N, fields, order + 1): polynomials, orthonormal on the samples, R_0 = 1."""
    if distances.dtype.kind not in "iuf" or distances.shape != shape:
        raise ValueError(f"distances must be real of shape {shape}, got {distances.shape}")
    if not np.isfinite(distances).all():
        raise ValueError("distances must be finite")
    spread = distances.std(axis=0)
    if (spread <= 1e-9 * np.abs(distances).max(axis=0)).any():
        raise ValueError("a distance is constant: take radial = 0, the direction alone")
    powers = ((distances - distances.mean(axis=0)) / spread)[..., None] ** np.arange(order + 1)
    # QR over the frames makes the powers orthonormal on the samples, the constant first.
    radial = np.stack([np.linalg.qr(powers[:, i])[0] for i in range(shape[1])], axis=1) * np.sqrt(
        shape[0]
    )
    signed: Array = radial * np.sign(radial[:1, :, :1])
    return signed


@dataclass(frozen=True)
class _HeldOut:
    """What held-out frames say, of one field or several pooled."""

    errors: Array  # (blocks, l_max+2), as in FieldFit
    drawn_errors: Array  # (draws, l_max+2)
    explained: Array  # (l_max+1,)
    best: int
    interval: tuple[float, float]  # of explained[best]
    beyond: float
    beyond_interval: tuple[float, float]

    @classmethod
    def of(cls, fits: Sequence[FieldFit], sampling: Sampling, tails: Sequence[float]) -> _HeldOut:
        errors = fits[0].errors if len(fits) == 1 else np.sum([_to_best(p) for p in fits], axis=0)
        near = np.sum([p.near for p in fits], axis=0)
        drawn_errors = sampling.counts @ errors
        total, drawn_total = errors[:, 0].sum(), drawn_errors[:, 0]
        explained = 1 - errors[:, 1:].sum(axis=0) / total
        best = int(explained.argmax())
        return cls(
            errors=errors,
            drawn_errors=drawn_errors,
            explained=explained,
            best=best,
            interval=_interval(1 - drawn_errors[:, best + 1] / drawn_total, tails),
            beyond=float(near.sum() / total),
            beyond_interval=_interval(sampling.counts @ near / drawn_total, tails),
        )


@dataclass(frozen=True)
class _Weights:
    """w(ℓ), its interval, ℓ* and its own; NaN and None where no power is left of the noise."""

    weights: Array
    interval: Array
    bandwidth: int | None = None
    bandwidths: tuple[int, int] | None = None

    @classmethod
    def of(cls, power: Array, drawn: Array, level: float, tails: Sequence[float]) -> _Weights:
        if not (power.sum() > 0 and bool((drawn.sum(axis=1) > 0).all())):
            return cls(np.full(len(power), np.nan), np.full((len(power), 2), np.nan))
        weights, fractions = power / power.sum(), drawn / drawn.sum(axis=1, keepdims=True)
        reached = _reached(fractions, level)
        ends = (
            int(np.quantile(reached, tails[0], method="lower")),
            int(np.quantile(reached, tails[1], method="higher")),
        )
        interval = np.quantile(fractions, tails, axis=0).T
        return cls(weights, interval, int(_reached(weights, level)), ends)


def _summary(
    fits: Sequence[FieldFit],
    sampling: Sampling,
    options: SpectrumOptions,
    measure: AngularMeasure,
) -> Spectrum:
    """Ratios, intervals, ℓ* and the verdict, of one field or several pooled."""
    frames = len(sampling.label)
    tails = [(1 - options.confidence) / 2, (1 + options.confidence) / 2]
    held = _HeldOut.of(fits, sampling, tails)
    coverage = np.min([p.coverage for p in fits], axis=0)
    resolvable = int((np.minimum.accumulate(coverage) >= MIN_COVERAGE).sum()) - 1
    if measure == "sphere":
        power = np.sum([p.power for p in fits], axis=0)
        # One row of zeros where a field has no draws of its own.
        drawn = sum((p.drawn for p in fits[1:]), fits[0].drawn)
    else:
        power = _falls(held.errors.sum(axis=0)) / frames
        drawn = _falls(held.drawn_errors) / frames
    found = _Weights.of(power, drawn, options.level, tails)
    reason = _doubt(held, found, resolvable, options, measure)
    return Spectrum(
        measure=measure,
        weights=found.weights,
        weights_interval=found.interval,
        power=power,
        variance=sum(p.variance for p in fits),
        explained=held.explained,
        best=held.best,
        explained_interval=held.interval,
        beyond=held.beyond,
        beyond_interval=held.beyond_interval,
        bandwidth=None if reason else found.bandwidth,
        bandwidth_interval=None if reason else found.bandwidths,
        resolvable=resolvable,
        coverage=float(coverage[-1]),
        samples=frames,
        fields=len(fits),
        unknowns=fits[0].unknowns,
        coefficients=fits[0].coefficients if len(fits) == 1 else None,
        verdict="undecided" if reason else "decided",
        reason=reason or f"{options.level:g} of it is reached by degree {found.bandwidth}",
        options=options,
    )


def _doubt(
    held: _HeldOut,
    found: _Weights,
    resolvable: int,
    options: SpectrumOptions,
    measure: AngularMeasure,
) -> str:
    """Why ℓ* is undecided, in words; empty where it is decided."""
    l_max, (low, high) = options.l_max, held.interval
    share, beyond_low = held.explained[held.best], held.beyond_interval[0]
    if measure == "sphere" and resolvable < l_max:
        known = f"tell degrees ≤ {resolvable} apart, not" if resolvable >= 0 else "tell no degrees"
        return f"the directions cover only part of the sphere: they {known} up to {l_max}"
    if found.bandwidths is None or low <= MIN_EXPLAINED:
        return (
            f"degrees ≤ {l_max} explain {share:.1%} of the variance of held-out frames "
            f"({low:.1%} to {high:.1%}): the field is hardly a function of the direction, or one "
            "of higher degree"
        )
    if beyond_low > (1 - options.level) * (share + beyond_low):
        return (
            f"the field has parts above the degree fitted: another {held.beyond:.1%} of the "
            f"variance, at least {beyond_low:.1%}, varies with the direction"
        )
    if found.bandwidths[1] >= l_max:
        return f"{options.level:g} of it may be reached only at l_max = {l_max}, or above"
    return ""


def _interval(values: Array, tails: Sequence[float]) -> tuple[float, float]:
    low, high = np.quantile(values, tails)
    return float(low), float(high)


def _to_best(fit: FieldFit) -> Array:
    """Held-out errors of one field among others: degrees above its best one are not used.

    Otherwise the fields whose directions support few degrees would hide what others need.
    """
    best = fit.errors[:, 1:].sum(axis=0).argmin() + 1
    return fit.errors[:, np.minimum(np.arange(fit.errors.shape[1]), best)]


def _falls(errors: Array) -> Array:
    """What each degree takes off the error (…, l_max+2), up to the degree with the least error."""
    best = errors.argmin(axis=-1)[..., None]
    columns = np.arange(1, errors.shape[-1])
    return np.where(columns <= best, -np.diff(errors, axis=-1), 0.0)


def _reached(weights: Array, level: float) -> NDArray[np.int64]:
    """The smallest ℓ with Σ_{ℓ' ≤ ℓ} w ≥ level; the sum to l_max is 1 but for rounding."""
    first: NDArray[np.int64] = (weights.cumsum(axis=-1) >= level - 1e-9).argmax(axis=-1)
    return first
