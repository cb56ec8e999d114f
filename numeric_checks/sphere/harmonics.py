"""Real spherical harmonics in floating point, and random directions.

The basis is that of :mod:`span_theorem.real_basis`: polar axis z, order m = -l … l, no
Condon–Shortley phase, orthonormal over S². Column l² + l + m holds Y_lm.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sphericart import SphericalHarmonics

from span_theorem.arguments import natural, within

__all__ = ["MAX_DEGREE", "random_directions", "real_harmonics", "scipy_harmonics", "unit_vectors"]

MAX_DEGREE = 512
"""Largest degree of the harmonics: their error is measured up to it. scipy's are NaN above 645."""

MAX_SPHERICART = 64
"""Largest degree taken from sphericart, which is faster than scipy and fails above l = 86."""

_CHUNK = 2**22  # complex values held at once: 64 MiB, whatever the number of directions


def unit_vectors(directions: ArrayLike) -> NDArray[np.float64]:
    """The directions scaled to unit length, float64, shape (N, 3).

    Args:
        directions: real array, shape (N, 3), N ≥ 1; Cartesian (x, y, z) in any unit.

    Raises:
        TypeError: the array is not real.
        ValueError: a wrong shape, no direction, a NaN or infinity, or a zero vector.

    >>> unit_vectors([[0, 0, 2]])
    array([[0., 0., 1.]])
    """
    array = np.asarray(directions)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"directions must be real numbers, got dtype {array.dtype}")
    if array.ndim != 2 or array.shape[1] != 3 or array.shape[0] == 0:
        raise ValueError(f"directions must have shape (N, 3) with N ≥ 1, got {array.shape}")
    vectors = array.astype(np.float64)
    if not np.isfinite(vectors).all():
        row = int(np.argmin(np.isfinite(vectors).all(axis=1)))
        raise ValueError(f"directions must be finite, got {vectors[row]} in row {row}")
    largest = np.abs(vectors).max(axis=1, keepdims=True)
    if not largest.all():
        raise ValueError(
            f"directions must not be zero, got a zero vector in row {int(np.argmin(largest))}"
        )
    vectors /= largest  # before the square, which could overflow or underflow
    unit: NDArray[np.float64] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def random_directions(count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Independent directions, uniform on S²; float64, shape (count, 3).

    Raises:
        TypeError: ``count`` is not an integer.
        ValueError: ``count`` < 1.
    """
    if natural("number of directions", count) == 0:
        raise ValueError("number of directions must be an integer ≥ 1, got 0")
    return unit_vectors(rng.standard_normal((count, 3)))


def real_harmonics(l_max: int, directions: ArrayLike) -> NDArray[np.float64]:
    """Y_lm at the directions for all l ≤ l_max, m = -l … l; float64, shape (N, (l_max+1)²).

    ∫ Y_lm² dΩ = 1. Up to l = 64 from sphericart, above from :func:`scipy_harmonics`; how far either
    can be trusted is measured by :mod:`numeric_checks.sphere.accuracy`.

    Args:
        l_max: largest degree, an integer from 0 to 512.
        directions: as in :func:`unit_vectors`; the length does not matter.

    Raises:
        TypeError, ValueError: as :func:`unit_vectors`, or ``l_max`` out of range.

    >>> (real_harmonics(1, [[0, 0, 1]]) * np.sqrt(4 * np.pi)).round(6) + 0.0
    array([[1.      , 0.      , 1.732051, 0.      ]])
    """
    l_max = within("l_max", l_max, 0, MAX_DEGREE)
    vectors = unit_vectors(directions)
    if l_max <= MAX_SPHERICART:
        values: NDArray[np.float64] = SphericalHarmonics(l_max).compute(vectors)
        return values
    return scipy_harmonics(l_max, vectors)


def scipy_harmonics(l_max: int, directions: ArrayLike) -> NDArray[np.float64]:
    """The functions of :func:`real_harmonics` from scipy's complex harmonics.

    Y_lm = √2 (-1)^m Re Y_l^m for m > 0, √2 (-1)^m Im Y_l^|m| for m < 0 and Y_l^0 for m = 0, Y_l^m
    with the Condon–Shortley phase.
    """
    from scipy.special import sph_harm_y_all

    l_max = within("l_max", l_max, 0, MAX_DEGREE)
    vectors = unit_vectors(directions)
    out = np.empty((len(vectors), (l_max + 1) ** 2))
    step = max(1, _CHUNK // ((l_max + 1) * (2 * l_max + 1)))
    for start in range(0, len(vectors), step):
        x, y, z = vectors[start : start + step].T
        # The polar angle from both components: arccos z alone loses half the digits at the poles.
        values = sph_harm_y_all(l_max, l_max, np.arctan2(np.hypot(x, y), z), np.arctan2(y, x))
        rows = out[start : start + step]
        for l in range(l_max + 1):
            rows[:, l * l + l] = values[l, 0].real
            for m in range(1, l + 1):
                scaled = (-1) ** m * np.sqrt(2) * values[l, m]
                rows[:, l * l + l + m] = scaled.real
                rows[:, l * l + l - m] = scaled.imag
    return out
