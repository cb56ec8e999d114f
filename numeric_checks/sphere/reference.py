"""Real spherical harmonics with 60 digits: the reference for those in floating point."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import mpmath
import numpy as np
from numpy.typing import ArrayLike, NDArray

from numeric_checks.sphere.harmonics import unit_vectors
from span_theorem.arguments import natural

__all__ = ["DIGITS", "MAX_DEGREE", "precise_harmonics"]

Array = NDArray[np.float64]

DIGITS = 60
"""Decimal digits of the arithmetic."""

MAX_DEGREE = 1024
"""The largest degree."""


def precise_harmonics(degrees: Sequence[int], directions: ArrayLike) -> dict[int, Array]:
    """Y_lm for the degrees l given, m = -l … l, computed with 60 digits and rounded once.

    The normalised Legendre functions follow the three-term recurrence in l at every m, started at
    P_mm; basis and normalisation of :func:`numeric_checks.sphere.harmonics.real_harmonics`.

    Args:
        degrees: integers from 0 to 1,024.
        directions: real, shape (N, 3); doubles are read as exact and scaled to length 1.

    Returns:
        {l: float64 array (N, 2l+1)}.

    Raises:
        TypeError, ValueError: no degree, one out of range, or as
            :func:`numeric_checks.sphere.harmonics.unit_vectors`.

    >>> float(precise_harmonics([1], [[0, 0, 2]])[1][0, 1].round(9))  # √(3/4π)
    0.488602512
    """
    wanted = {natural("degree", degree) for degree in degrees}
    if not wanted or max(wanted) > MAX_DEGREE:
        raise ValueError(f"degrees must be 0 to {MAX_DEGREE}, at least one, got {list(degrees)}")
    vectors = unit_vectors(directions)
    out = {l: np.empty((len(vectors), 2 * l + 1)) for l in wanted}
    with mpmath.workdps(DIGITS):
        points = [_scaled(row) for row in vectors]
        for m, powers, steps in _orders(points, max(wanted)):
            for n, ((re, im), (_, _, z)) in enumerate(zip(powers, points, strict=True)):
                for l, value in enumerate(_legendre(z, steps), start=m):
                    if l in out:
                        out[l][n, l + m] = float(re * value)
                        if m:
                            out[l][n, l - m] = float(im * value)
    return out


def _scaled(row: Array) -> tuple[Any, Any, Any]:
    """The point of the unit sphere in the direction of a row of doubles, read as exact."""
    x, y, z = (mpmath.mpf(float(c)) for c in row)
    length = mpmath.sqrt(x * x + y * y + z * z)
    return x / length, y / length, z / length


def _orders(
    points: Sequence[tuple[Any, Any, Any]], top: int
) -> Iterator[tuple[int, list[tuple[Any, Any]], list[Any]]]:
    """For m = 0 … top: m, the real and imaginary part of √2·N_mm (x + iy)^m, and the recurrence.

    The parts are Y_m,±m; without the factor √2 for m = 0. The steps of the recurrence in l are
    √((4l² - 1)/(l² - m²)) for l = m+1 … top.
    """
    powers = [(1 / mpmath.sqrt(4 * mpmath.pi), mpmath.mpf(0))] * len(points)
    for m in range(top + 1):
        if m:
            factor = mpmath.sqrt(mpmath.mpf(2 * m + 1) / (2 * m) * (2 if m == 1 else 1))
            powers = [
                (factor * (re * x - im * y), factor * (re * y + im * x))
                for (re, im), (x, y, _) in zip(powers, points, strict=True)
            ]
        steps = [
            mpmath.sqrt(mpmath.mpf(4 * l * l - 1) / (l * l - m * m)) for l in range(m + 1, top + 1)
        ]
        yield m, powers, steps


def _legendre(z: Any, steps: Sequence[Any]) -> Iterator[Any]:
    """The normalised Legendre functions over that of l = m, for l = m, m + 1, …"""
    previous, current = mpmath.mpf(0), mpmath.mpf(1)
    yield current
    before = None
    for step in steps:
        back = previous / before if before is not None else 0
        previous, current = current, step * (z * current - back)
        before = step
        yield current
