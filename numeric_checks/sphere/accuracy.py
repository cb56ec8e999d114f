"""Error of floating-point harmonics against 60 digits, as the degree grows.

The reference is the recurrence of the normalised Legendre functions in mpmath numbers, from the
same directions read as exact. Three ways are compared with it: sphericart, scipy, and
:func:`numeric_checks.sphere.harmonics.real_harmonics`, which takes the first up to l = 64 and the
second above. sphericart is the faster; beyond l = 86 it loses all digits within a few degrees, and
further up it overflows to NaN.

Command line: ``python -m numeric_checks.accuracy``; exit codes: 0 the harmonics used are within
(2l+1)²ε at every degree, 2 bad usage or input, 3 they are not.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import mpmath
import numpy as np
from numpy.typing import ArrayLike, NDArray
from sphericart import SphericalHarmonics

from numeric_checks.command import run_check
from numeric_checks.figures import COLORS, subplots
from numeric_checks.provenance import versions
from numeric_checks.sphere.harmonics import (
    random_directions,
    real_harmonics,
    scipy_harmonics,
    unit_vectors,
)
from span_theorem import command
from span_theorem.arguments import natural

__all__ = ["Accuracy", "main", "measure_accuracy", "precise_harmonics"]

Array = NDArray[np.float64]

DIGITS = 60
DEGREES = (1, 2, 4, 8, 16, 24, 32, 48, 64, 72, 80, 84, 86, 88, 90, 96, 128, 192, 256, 384, 512)
MAX_DEGREE = 1024
_METHODS = ("sphericart", "scipy", "used")


def precise_harmonics(degrees: Sequence[int], directions: ArrayLike) -> dict[int, Array]:
    """Y_lm for the degrees l given, m = -l … l, computed with 60 digits and rounded once.

    The normalised Legendre functions follow the three-term recurrence in l at every m, started at
    P_mm; basis and normalisation of :func:`numeric_checks.sphere.harmonics.real_harmonics`.

    Args:
        degrees: integers from 0 to 1,024.
        directions: real, shape (N, 3); doubles are read as exact and scaled to length 1.

    Returns:
        {l: float64 array (N, 2l+1)}.

    >>> float(precise_harmonics([1], [[0, 0, 2]])[1][0, 1].round(9))  # √(3/4π)
    0.488602512
    """
    wanted = {natural("degree", degree) for degree in degrees}
    if not wanted or max(wanted) > MAX_DEGREE:
        raise ValueError(f"degrees must be 0 to {MAX_DEGREE}, at least one, got {list(degrees)}")
    vectors = unit_vectors(directions)
    top = max(wanted)
    out = {l: np.empty((len(vectors), 2 * l + 1)) for l in wanted}
    with mpmath.workdps(DIGITS):
        points = []
        for row in vectors:
            x, y, z = (mpmath.mpf(float(c)) for c in row)
            length = mpmath.sqrt(x * x + y * y + z * z)
            points.append((x / length, y / length, z / length))
        # At order m: √2·N_mm (x + iy)^m, whose parts are Y_m,±m.
        start = 1 / mpmath.sqrt(4 * mpmath.pi)
        powers = [(start, mpmath.mpf(0))] * len(points)
        for m in range(top + 1):
            if m:
                factor = mpmath.sqrt(mpmath.mpf(2 * m + 1) / (2 * m) * (2 if m == 1 else 1))
                powers = [
                    (factor * (re * x - im * y), factor * (re * y + im * x))
                    for (re, im), (x, y, _) in zip(powers, points, strict=True)
                ]
            steps = [
                mpmath.sqrt(mpmath.mpf(4 * l * l - 1) / (l * l - m * m))
                for l in range(m + 1, top + 1)
            ]
            for n, ((re, im), (_, _, z)) in enumerate(zip(powers, points, strict=True)):
                previous, current = mpmath.mpf(0), mpmath.mpf(1)
                for l in range(m, top + 1):
                    if l in out:
                        out[l][n, l + m] = float(re * current)
                        if m:
                            out[l][n, l - m] = float(im * current)
                    if l < top:
                        back = previous / steps[l - m - 1] if l > m else 0
                        previous, current = current, steps[l - m] * (z * current - back)
    return out


def _sphericart(l: int, directions: Array) -> Array:
    return SphericalHarmonics(l).compute(directions)


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
    def within(self) -> bool:
        """Whether the harmonics used are within the bound at every degree."""
        return all(e is not None and e <= b for e, b in zip(self.used, self.bound, strict=True))

    def as_dict(self) -> dict[str, Any]:
        """The content as JSON types, with versions."""
        content = {name: value for name, value in asdict(self).items() if name != "seconds"}
        return {"within": self.within} | content | {"versions": versions()}


def measure_accuracy(
    degrees: Sequence[int] = DEGREES, directions: int = 6, seed: int = 0
) -> Accuracy:
    """Compare at random directions, one near a pole and one on the equator.

    Args:
        degrees: integers from 0 to 1,024, at least one.
        directions: number of random directions, ≥ 1.
        seed: integer ≥ 0.

    Raises:
        TypeError, ValueError: an argument out of range.
    """
    start = time.perf_counter()
    rng = np.random.default_rng(natural("seed", seed))
    degrees = tuple(sorted({natural("degree", degree) for degree in degrees}))
    special = [[1e-3, 2e-3, 1.0], [0.6, 0.8, 0.0]]
    vectors = np.concatenate([random_directions(directions, rng), unit_vectors(special)])
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
        bound=tuple((2 * l + 1) ** 2 * epsilon for l in degrees),
        seconds=time.perf_counter() - start,
        **{name: tuple(values) for name, values in errors.items()},  # type: ignore[arg-type]
    )


def _table(seen: Accuracy) -> str:
    lines = [
        f"Largest error of Y_lm over m at {seen.directions} directions against {DIGITS} digits, "
        f"seed {seen.seed}",
        "",
        f"{'l':>5}" + "".join(f"{name:>12}" for name in (*_METHODS, "(2l+1)²ε")),
    ]
    columns = (seen.degrees, seen.sphericart, seen.scipy, seen.used, seen.bound)
    for l, *errors in zip(*columns, strict=True):
        lines.append(
            f"{l:>5}" + "".join(f"{'NaN' if e is None else f'{e:.1e}':>12}" for e in errors)
        )
    verdict = "within" if seen.within else "NOT within"
    return "\n".join([*lines, "", f"harmonics used: {verdict} (2l+1)²ε; {seen.seconds:.1f} s"])


def _draw(seen: Accuracy) -> Any:

    figure, axes = subplots(figsize=(6.8, 4.4), layout="constrained")
    styles = {"sphericart": "o-", "scipy": "s-", "used": "x:"}
    for color, (name, style) in zip(COLORS, styles.items(), strict=False):
        values = [np.nan if e is None else e for e in getattr(seen, name)]
        label = "real_harmonics (used)" if name == "used" else name
        size = 9 if name == "used" else 5
        axes.loglog(seen.degrees, values, style, color=color, label=label, ms=size, lw=1.2)
    axes.loglog(seen.degrees, seen.bound, color="0.6", lw=1, label="(2l+1)²ε")
    overflow = [l for l, e in zip(seen.degrees, seen.sphericart, strict=True) if e is None]
    if overflow:
        axes.plot(overflow, [3.0] * len(overflow), "|", color=COLORS[0], ms=8)
        axes.annotate(
            "NaN",
            (overflow[0], 3.0),
            xytext=(4, 6),
            textcoords="offset points",
            fontsize=8,
            color=COLORS[0],
        )
    axes.set(xlabel="degree l", ylabel="largest error of Y_lm", ylim=(1e-17, 50))
    axes.legend(fontsize=8, loc="center left")
    figure.supxlabel(
        f"Maximum over m and {seen.directions} directions, against {DIGITS} digits. "
        f"Seed {seen.seed}.",
        fontsize=8,
    )
    return figure


def _parser() -> command.Parser:
    parser = command.parser(
        "numeric_checks.accuracy",
        description="Compare floating-point spherical harmonics with 60 digits.",
        epilog="Exit codes: 0 within (2l+1)²ε, 2 bad usage or input, 3 not.",
    )
    parser.add_argument(
        "--degrees", type=int, nargs="+", default=DEGREES, metavar="l", help="default: up to 512"
    )
    parser.add_argument("--directions", type=int, default=6, metavar="N", help="random ones")
    parser.add_argument("--seed", type=int, default=0)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of ``python -m numeric_checks.accuracy``; the exit code."""
    return run_check(
        _parser(),
        argv,
        lambda given: measure_accuracy(given.degrees, given.directions, given.seed),
        _table,
        lambda seen: command.Exit.OK if seen.within else command.Exit.REFUTED,
        _draw,
    )
