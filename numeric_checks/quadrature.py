"""Quadrature on S² and SO(3) that is exact to a stated degree, and random rotations (T6).

Both are products of Gauss–Legendre nodes in cos β and equally spaced angles. In the angles
α (and γ) the function e^{imα} with |m| ≤ n sums to zero over n+1 equally spaced points unless
m = 0; what is left of a Wigner matrix element is P_l(cos β), a polynomial of degree l, for which
k Gauss nodes are exact while l ≤ 2k-1. One degree above, e^{i(n+1)α} is constant on the points
and the sum fails.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation
from scipy.special import roots_legendre

from span_theorem._input import natural

__all__ = ["random_rotations", "rotation_quadrature", "sphere_quadrature"]

MAX_NODES = 10**7
"""Largest number of nodes of one rule: 0.7 GB of rotation matrices."""


def _axes(degree: int, angles: int) -> tuple[NDArray[np.float64], ...]:
    """Gauss nodes and weights (sum 1) in cos β, and the equally spaced angles in [0, 2π)."""
    points, heights = degree + 1, degree // 2 + 1
    if heights * points**angles > MAX_NODES:
        raise ValueError(
            f"degree {degree} needs {heights * points**angles} nodes; at most {MAX_NODES} allowed"
        )
    nodes, weights = roots_legendre(heights)
    return nodes, weights / 2, 2 * np.pi * np.arange(points) / points


def sphere_quadrature(degree: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Directions and weights with Σ w f(r̂) = ∫ f dΩ for every f in H_≤degree.

    Args:
        degree: integer ≥ 0.

    Returns:
        directions, float64, shape (N, 3), unit vectors; weights, float64, shape (N,), positive,
        with sum 4π; N = (⌊degree/2⌋+1)(degree+1).

    Raises:
        TypeError, ValueError: a negative or non-integer degree, or more than 10⁷ nodes.

    >>> directions, weights = sphere_quadrature(2)
    >>> (weights @ directions**2 * 3 / (4 * np.pi)).round(12)  # x², y², z² average to 1/3
    array([1., 1., 1.])
    """
    degree = natural("degree", degree)
    heights, weights, angles = _axes(degree, 1)
    z, phi = (axis.ravel() for axis in np.meshgrid(heights, angles, indexing="ij"))
    sine = np.sqrt((1 - z) * (1 + z))
    directions = np.stack([sine * np.cos(phi), sine * np.sin(phi), z], axis=1)
    return directions, np.repeat(weights, len(angles)) * 4 * np.pi / len(angles)


def rotation_quadrature(degree: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rotations and weights with Σ w f(R) = ∫ f dR for every Wigner matrix element, l ≤ degree.

    dR is Haar measure of total 1, so Σ w D^l_mn(R) = 0 for 0 < l ≤ degree. To integrate products
    D^a D^b take degree ≥ a + b.

    Args:
        degree: integer ≥ 0.

    Returns:
        matrices, float64, shape (N, 3, 3), proper rotations acting on column vectors (x, y, z),
        R = R_z(α) R_y(β) R_z(γ); weights, float64, shape (N,), positive, with sum 1;
        N = (⌊degree/2⌋+1)(degree+1)².

    Raises:
        TypeError, ValueError: a negative or non-integer degree, or more than 10⁷ nodes.

    >>> matrices, weights = rotation_quadrature(3)
    >>> matrices.shape, bool(abs(np.tensordot(weights, matrices, 1)).max() < 1e-15)
    ((32, 3, 3), True)
    """
    degree = natural("degree", degree)
    heights, weights, angles = _axes(degree, 2)
    alpha, beta, gamma = (
        axis.ravel() for axis in np.meshgrid(angles, np.arccos(heights), angles, indexing="ij")
    )
    matrices = Rotation.from_euler("ZYZ", np.stack([alpha, beta, gamma], axis=1)).as_matrix()
    count = len(angles)
    return matrices, np.tile(np.repeat(weights, count), count) / count**2


def random_rotations(
    count: int, rng: np.random.Generator, max_angle: float = np.pi
) -> NDArray[np.float64]:
    """Independent Haar-distributed rotations; float64, shape (count, 3, 3).

    A random unit quaternion: normal variables scaled to length 1 are uniform on S³, which covers
    SO(3) twice and evenly. ``max_angle`` < π (radians) restricts Haar measure to rotations by at
    most that angle: axes uniform, angle of density 1 − cos ω.

    Raises:
        TypeError, ValueError: ``count`` is no integer, or < 1; ``max_angle`` is not in [0, π].
    """
    if natural("number of rotations", count) == 0:
        raise ValueError("number of rotations must be an integer ≥ 1, got 0")
    if not 0.0 <= max_angle <= np.pi:
        raise ValueError(f"max_angle must be in [0, π], got {max_angle}")
    if max_angle == np.pi:
        return Rotation.from_quat(rng.standard_normal((count, 4))).as_matrix()
    axes = rng.standard_normal((count, 3))
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    grid = np.linspace(0.0, max_angle, 20001)
    # ω − sin ω = ω³/6 − … loses its leading digits near 0, where the cube root is linear.
    angles = np.interp(rng.random(count) ** (1 / 3), np.cbrt(_share(grid)), grid)
    return Rotation.from_rotvec(angles[:, None] * axes).as_matrix()


def _share(angles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Haar measure of rotations by at most each of the angles, in units of that of the last."""
    small = angles**3 / 6 * (1 - angles**2 / 20)
    measure = np.where(angles < 1e-2, small, angles - np.sin(angles))
    return measure / measure[-1] if measure[-1] > 0 else angles
