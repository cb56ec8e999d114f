"""Quadrature on S² that is exact to a stated degree (T6).

A product of Gauss–Legendre nodes in cos β and equally spaced angles. In the angle α the function
e^{imα} with |m| ≤ n sums to zero over n+1 equally spaced points unless m = 0; what is left is
P_l(cos β), a polynomial of degree l, for which k Gauss nodes are exact while l ≤ 2k-1. One degree
above, e^{i(n+1)α} is constant on the points and the sum fails.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import roots_legendre

from span_theorem.arguments import natural

__all__ = ["gauss_axes", "sphere_quadrature"]

MAX_NODES = 10**7
"""Largest number of nodes of one rule: 0.7 GB of rotation matrices."""


def gauss_axes(degree: int, angles: int) -> tuple[NDArray[np.float64], ...]:
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
    heights, weights, angles = gauss_axes(degree, 1)
    z, phi = (axis.ravel() for axis in np.meshgrid(heights, angles, indexing="ij"))
    sine = np.sqrt((1 - z) * (1 + z))
    directions = np.stack([sine * np.cos(phi), sine * np.sin(phi), z], axis=1)
    return directions, np.repeat(weights, len(angles)) * 4 * np.pi / len(angles)
