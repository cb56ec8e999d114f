"""Synthetic calibration: targets whose answer is known, and what each says about scope.

- *One direction.* The fivefold target Re Y_55(r̂) is read from all products of d
  features Y_lm(r̂), l ≤ L, by least squares over an exact quadrature of the sphere. By T1 its R² is
  1 where dL ≥ 5 and 0 where dL < 5; from features of degree exactly L, by T1′, it is 1 only where
  moreover dL is odd (or L = 5 for d = 1).
- *The k-fold star* of Joshi et al. (2023): k equal neighbours at equal angles in a plane, summed
  into one density Σ_j Y_lm(r̂_j), l ≤ L, and turned in that plane by φ. The target is the angle
  that can be known, (cos kφ, sin kφ). A density of degree l < k does not depend on φ, so no
  polynomial in it does: R² is 0 for L < k and 1 for L ≥ k, whatever d is.

- *Two directions.* The Legendre polynomial P_ℓ(r̂_1·r̂_2) of the angle between two free directions is
  read from all products of d features of degree ≤ L of either, by least squares over an exact
  quadrature of both spheres. By T7 its R² is 1 where ℓ ≤ L⌊d/2⌋ and 0 above.

So products raise the ceiling from L to dL for one direction, and not for a sum over directions that
cancels before the product is taken.

Nothing here proves anything: it *observes* numerically what is known exactly.
"""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from numeric_checks.rank.observe import feature_values
from numeric_checks.rank.stages import staged_basis
from numeric_checks.readouts.monomials import monomials
from numeric_checks.readouts.projection import explained_share, orthonormal_columns
from numeric_checks.sphere.harmonics import real_harmonics
from numeric_checks.sphere.quadrature import sphere_quadrature
from numeric_checks.synthetic.result import FOLDS, Calibration, CalibrationCase
from span_theorem.arguments import natural, within
from span_theorem.directions import angle_boundary, directions_dimension
from span_theorem.irreps import FeatureKind
from span_theorem.span import boundary, span_degrees, span_dimension

__all__ = [
    "MAX_BOUNDARY",
    "angle_cells",
    "calibrate",
    "calibration_seconds",
    "direction_cell",
    "star_cell",
]

Array = NDArray[np.float64]

MAX_BOUNDARY = 64
"""The largest dL of one case."""

MAX_ANGLE_FUNCTIONS = 450
"""The most functions of two directions in one case."""


def direction_cell(
    L: int, d: int, features: FeatureKind = "upto", fold: int = 5, seed: int = 0
) -> CalibrationCase:
    """The target Re Y_kk(r̂), k = ``fold``, from products of d features of one direction.

    Least squares over a quadrature of the sphere that is exact for all that occurs, on a basis of
    the products from :func:`numeric_checks.rank.stages.staged_basis`. ``expected`` is the statement
    of T1 or T1′.

    Args:
        L, d: integers ≥ 0, dL ≤ 64.
        features: ``"upto"`` or ``"exact"``.
        fold: integer from 1 to 64.
        seed: integer ≥ 0, of the random products.

    Raises:
        TypeError, ValueError: an argument out of range.

    >>> [direction_cell(2, d).value.__round__(9) + 0.0 for d in (2, 3)]
    [0.0, 1.0]
    """
    top, fold = boundary(L, d), within("fold", fold, 1, MAX_BOUNDARY)
    if top > MAX_BOUNDARY:
        raise ValueError(f"dL must be at most {MAX_BOUNDARY}, got {top}")
    directions, weights = sphere_quadrature(top + max(top, fold))
    root = np.sqrt(weights)[:, None]
    # A factor √w on every vector makes plain sums exact integrals; d-th powers must not have it.
    expected = [span_dimension(L, k, features) for k in range(d + 1)]
    rng = np.random.default_rng(natural("seed", seed))
    _, products = staged_basis(feature_values(L, features, directions), expected, rng)
    basis = np.linalg.qr(root * products)[0]
    target = root * real_harmonics(fold, directions)[:, -1:]
    return CalibrationCase(
        L, d, fold, int(fold in span_degrees(L, d, features)), explained_share(basis, target)
    )


def star_cell(L: int, d: int, fold: int, turn: Array | None = None) -> CalibrationCase:
    """The angle of a k-fold star from polynomials of degree ≤ d in its density of degree ≤ L.

    Args:
        L, d: integers ≥ 0 with d ≤ 4, and dL ≤ 64.
        fold: k, integer from 1 to 64; with k = 1 the star is one direction.
        turn: rotation matrix (3, 3) of the plane of the star; by default the plane is z = 0.

    Raises:
        TypeError, ValueError: an argument out of range.

    >>> [star_cell(L, 3, fold=5).value.__round__(9) + 0.0 for L in (4, 5)]
    [0.0, 1.0]
    """
    top, fold = boundary(L, d), within("fold", fold, 1, MAX_BOUNDARY)
    if top > MAX_BOUNDARY or d > 4:
        raise ValueError(f"d must be at most 4 and dL at most {MAX_BOUNDARY}, got {d} and {top}")
    # Equally spaced angles: exact for frequencies below their number.
    phi = 2 * np.pi * np.arange(2 * max(top, fold) + 1) / (2 * max(top, fold) + 1)
    angles = phi[:, None] + 2 * np.pi * np.arange(fold) / fold
    neighbours = np.stack([np.cos(angles), np.sin(angles), 0 * angles], axis=-1)
    if turn is not None:
        neighbours = neighbours @ np.asarray(turn).T
    density = real_harmonics(L, neighbours.reshape(-1, 3)).reshape(len(phi), fold, -1).sum(axis=1)
    # Polynomials in the components of the density are polynomials in a basis of their span.
    basis = orthonormal_columns(density)
    basis = orthonormal_columns(
        monomials(basis * np.sqrt(len(phi)), d) if d else np.ones((len(phi), 1))
    )
    target = np.stack([np.cos(fold * phi), np.sin(fold * phi)], axis=1)
    # One neighbour is one direction, and its ceiling is dL.
    reached = (fold <= L and d > 0) if fold > 1 else top >= 1
    return CalibrationCase(L, d, fold, int(reached), explained_share(basis, target))


def angle_cells(L: int, d: int, seed: int = 0) -> tuple[CalibrationCase, ...]:
    """The targets P_ℓ(cos θ), ℓ = 0 … dL, θ the angle between two free directions (T7).

    Least squares on a basis of the products of at most d features Y_lm(r̂_1), Y_lm(r̂_2), l ≤ L,
    over the product of two quadratures of the sphere, exact for all that occurs.

    Args:
        L, d: integers ≥ 0 for which the products span at most 450 functions.
        seed: integer ≥ 0, of the random products.

    Raises:
        TypeError, ValueError: an argument out of range.

    >>> [round(case.value, 9) + 0.0 for case in angle_cells(1, 2)]
    [1.0, 1.0, 0.0]
    """
    expected = [directions_dimension(L, k, 2) for k in range(natural("d", d) + 1)]
    if expected[-1] > MAX_ANGLE_FUNCTIONS:
        raise ValueError(
            f"L = {L}, d = {d} span {expected[-1]} functions of two directions: at most "
            f"{MAX_ANGLE_FUNCTIONS}"
        )
    points, weights = sphere_quadrature(2 * boundary(L, d))
    first, second = (grid.ravel() for grid in np.indices((len(points), len(points))))
    root = np.sqrt(weights[first] * weights[second])[:, None]
    features = feature_values(L, "upto", points)[:, 1:]
    values = np.concatenate([np.ones((len(first), 1)), features[first], features[second]], axis=1)
    rng = np.random.default_rng(natural("seed", seed))
    basis = np.linalg.qr(root * staged_basis(values, expected, rng)[1])[0]
    cosine = (points[first] * points[second]).sum(axis=1)
    legendre = np.polynomial.legendre.legvander(cosine, boundary(L, d))
    reach = angle_boundary(L, d)
    return tuple(
        CalibrationCase(
            L,
            d,
            degree,
            int(degree <= reach),
            explained_share(basis, root * legendre[:, degree : degree + 1]),
        )
        for degree in range(boundary(L, d) + 1)
    )


def calibrate(L_max: int = 6, d_max: int = 6, fold: int = 5, seed: int = 0) -> Calibration:
    """Every case of one direction with 1 ≤ L ≤ ``L_max``, 1 ≤ d ≤ ``d_max``, stars and angles.

    Stars: k = 2 … 7, L = 1 … 8, d = 1 … 4. Angles: the same (L, d) where the products of features
    of two directions span at most 450 functions.

    Args:
        L_max, d_max: integers ≥ 1, with L_max·d_max ≤ 64.
        fold: of the target of one direction, 1 to 64.
        seed: integer ≥ 0, of the random products.

    Raises:
        TypeError, ValueError: an argument out of range.
    """
    start = time.perf_counter()
    for name, value in (("L_max", L_max), ("d_max", d_max)):
        if natural(name, value) == 0:
            raise ValueError(f"{name} must be an integer ≥ 1, got 0")
    natural("seed", seed)
    if boundary(L_max, d_max) > MAX_BOUNDARY:
        raise ValueError(f"L_max·d_max must be at most {MAX_BOUNDARY}, got {L_max * d_max}")
    grid = [(L, d) for L in range(1, L_max + 1) for d in range(1, d_max + 1)]
    return Calibration(
        fold=within("fold", fold, 1, MAX_BOUNDARY),
        seed=seed,
        upto=tuple(direction_cell(L, d, "upto", fold, seed) for L, d in grid),
        exact=tuple(direction_cell(L, d, "exact", fold, seed) for L, d in grid),
        stars=tuple(star_cell(L, d, k) for k in FOLDS for L in range(1, 9) for d in range(1, 5)),
        angles=tuple(
            cell
            for L, d in grid
            if directions_dimension(L, d, 2) <= MAX_ANGLE_FUNCTIONS
            for cell in angle_cells(L, d, seed)
        ),
        seconds=time.perf_counter() - start,
    )


def calibration_seconds(L_max: int, d_max: int) -> float:
    """A rough estimate, in seconds on one core, from the singular values of the largest matrices.

    >>> calibration_seconds(6, 6) < 60 < calibration_seconds(8, 8)
    True
    """
    grid = [boundary(L, d) for L in range(1, L_max + 1) for d in range(1, d_max + 1)]
    return 20.0 + sum(2e-9 * (top + 2.0) ** 6 for top in grid)
