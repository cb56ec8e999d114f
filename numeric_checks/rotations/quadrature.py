"""Quadrature on SO(3) that is exact to a stated degree (T6).

Gauss–Legendre nodes in cos β and equally spaced angles α, γ, as on the sphere
(:mod:`numeric_checks.sphere.quadrature`): what the angles leave of a Wigner matrix element is a
polynomial in cos β.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from numeric_checks.sphere.quadrature import gauss_axes
from span_theorem.arguments import natural

__all__ = ["rotation_quadrature"]


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
    heights, weights, angles = gauss_axes(degree, 2)
    alpha, beta, gamma = (
        axis.ravel() for axis in np.meshgrid(angles, np.arccos(heights), angles, indexing="ij")
    )
    matrices = Rotation.from_euler("ZYZ", np.stack([alpha, beta, gamma], axis=1)).as_matrix()
    count = len(angles)
    return matrices, np.tile(np.repeat(weights, count), count) / count**2
