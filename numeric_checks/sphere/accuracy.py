"""Error of floating-point harmonics against 60 digits, as the degree grows.

The reference is the recurrence of the normalised Legendre functions in mpmath numbers
(:mod:`numeric_checks.sphere.reference`), from the same directions read as exact. Three ways are
compared with it: sphericart, scipy, and :func:`numeric_checks.sphere.harmonics.real_harmonics`,
which takes the first up to l = 64 and the second above. sphericart is the faster; beyond l = 86 it
loses all digits within a few degrees, and further up it overflows to NaN.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sphericart import SphericalHarmonics

from numeric_checks.sphere.harmonics import (
    MAX_DEGREE,
    random_directions,
    real_harmonics,
    scipy_harmonics,
    unit_vectors,
)
from numeric_checks.sphere.reference import DIGITS, precise_harmonics
from span_theorem.arguments import natural, within

__all__ = ["DEGREES", "Accuracy", "accuracy_seconds", "measure_accuracy"]

Array = NDArray[np.float64]

DEGREES = (1, 2, 4, 8, 16, 24, 32, 48, 64, 72, 80, 84, 86, 88, 90, 96, 128, 192, 256, 384, 512)
_METHODS = ("sphericart", "scipy", "used")
_SPECIAL = ((1e-3, 2e-3, 1.0), (0.6, 0.8, 0.0))  # near a pole, and on the equator


def _sphericart(l: int, directions: Array) -> Array:
    values: Array = SphericalHarmonics(l).compute(directions)
    return values


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Largest |error| of Y_lm over m and the directions, by degree; None where a value is NaN.

    ``bound`` is (2l+1)²ε. Attributes ``sphericart``, ``scipy`` and ``used`` follow ``degrees``.
    """

    degrees: tuple[int, ...]
    directions: int
    seed: int
    sphericart: tuple[float | None, ...]
    scipy: tuple[float | None, ...]
    used: tuple[float | None, ...]
    bound: tuple[float, ...]
    seconds: float

    @property
    def digits(self) -> int:
        """Decimal digits of the reference."""
        return DIGITS

    @property
    def within(self) -> bool:
        """Whether the harmonics used are within the bound at every degree."""
        return all(e is not None and e <= b for e, b in zip(self.used, self.bound, strict=True))

    def as_dict(self) -> dict[str, Any]:
        """The content as JSON types, with the verdict."""
        content = {name: value for name, value in asdict(self).items() if name != "seconds"}
        return {"within": self.within} | content


def measure_accuracy(
    degrees: Sequence[int] = DEGREES, directions: int = 6, seed: int = 0
) -> Accuracy:
    """Compare at random directions, one near a pole and one on the equator.

    Args:
        degrees: integers from 0 to 512, at least one.
        directions: number of random directions, ≥ 1.
        seed: integer ≥ 0.

    Raises:
        TypeError, ValueError: an argument out of range.
    """
    start = time.perf_counter()
    rng = np.random.default_rng(natural("seed", seed))
    degrees = tuple(sorted({within("degree", degree, 0, MAX_DEGREE) for degree in degrees}))
    vectors = np.concatenate([random_directions(directions, rng), unit_vectors(_SPECIAL)])
    exact = precise_harmonics(degrees, vectors)
    routes: dict[str, Callable[[int, Array], Array]] = {
        "sphericart": _sphericart,
        "scipy": scipy_harmonics,
        "used": real_harmonics,
    }
    errors: dict[str, list[float | None]] = {name: [] for name in _METHODS}
    for l in degrees:
        for name, route in routes.items():
            error = float(np.abs(route(l, vectors)[:, l * l :] - exact[l]).max())
            errors[name].append(error if np.isfinite(error) else None)
    epsilon = float(np.finfo(np.float64).eps)
    return Accuracy(
        degrees=degrees,
        directions=len(vectors),
        seed=seed,
        sphericart=tuple(errors["sphericart"]),
        scipy=tuple(errors["scipy"]),
        used=tuple(errors["used"]),
        bound=tuple((2 * l + 1) ** 2 * epsilon for l in degrees),
        seconds=time.perf_counter() - start,
    )


def accuracy_seconds(l_max: int, directions: int) -> float:
    """A rough estimate, in seconds on one core: the recurrence takes l²/2 steps a direction."""
    return 1e-5 * l_max**2 * (directions + len(_SPECIAL))
