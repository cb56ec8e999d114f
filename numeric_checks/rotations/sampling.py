"""Random rotations, distributed by Haar measure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from span_theorem.arguments import natural

__all__ = ["random_rotations"]


def random_rotations(
    count: int, rng: np.random.Generator, max_angle: float = np.pi
) -> NDArray[np.float64]:
    """Independent Haar-distributed rotations; float64, shape (count, 3, 3).

    A random unit quaternion: normal variables scaled to length 1 are uniform on S³, which covers
    SO(3) twice and evenly. ``max_angle`` < π (radians) restricts Haar measure to rotations by at
    most that angle: axes uniform, angle of density 1 − cos ω.

    Raises:
        TypeError, ValueError: ``count`` is not an integer, or < 1; ``max_angle`` is not in [0, π].
    """
    if natural("number of rotations", count) == 0:
        raise ValueError("number of rotations must be an integer ≥ 1, got 0")
    if not 0.0 <= max_angle <= np.pi:
        raise ValueError(f"max_angle must be in [0, π], got {max_angle}")
    turns: NDArray[np.float64]
    if max_angle == np.pi:
        turns = Rotation.from_quat(rng.standard_normal((count, 4))).as_matrix()
        return turns
    axes = rng.standard_normal((count, 3))
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    grid = np.linspace(0.0, max_angle, 20001)
    # ω − sin ω = ω³/6 − … loses its leading digits near 0, where the cube root is linear.
    angles = np.interp(rng.random(count) ** (1 / 3), np.cbrt(_share(grid)), grid)
    turns = Rotation.from_rotvec(angles[:, None] * axes).as_matrix()
    return turns


def _share(angles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Haar measure of rotations by at most each of the angles, in units of that of the last."""
    small = angles**3 / 6 * (1 - angles**2 / 20)
    measure = np.where(angles < 1e-2, small, angles - np.sin(angles))
    return measure / measure[-1] if measure[-1] > 0 else angles
