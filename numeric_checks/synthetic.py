"""Synthetic calibration: two targets whose answer is known, and what each says about scope.

- *One direction.* The fivefold target Re Y_55(r̂) is read from all products of d
  features Y_lm(r̂), l ≤ L, by least squares over an exact quadrature of the sphere. By T1 its R² is
  1 where dL ≥ 5 and 0 where dL < 5; from features of degree exactly L, by T1′, it is 1 only where
  moreover dL is odd (or L = 5 for d = 1).
- *The k-fold star* of Joshi et al. (2023): k equal neighbours at equal angles in a plane, summed
  into one density Σ_j Y_lm(r̂_j), l ≤ L, and turned in that plane by φ. The target is the angle
  that can be known, (cos kφ, sin kφ). A density of degree l < k does not depend on φ, so no
  polynomial in it does: R² is 0 for L < k and 1 for L ≥ k, whatever d is.

So products raise the ceiling from L to dL for one direction, and not for a sum over directions that
cancels before the product is taken.

Nothing here proves anything: it *observes* numerically what is known exactly.
Command line: ``python -m numeric_checks.synthetic``; exit codes: 0 observed, 2 bad usage or input,
3 not observed.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from numeric_checks.command import run_check
from numeric_checks.figures import COLORS, subplots
from numeric_checks.provenance import versions
from numeric_checks.rank.observe import feature_values
from numeric_checks.rank.stages import staged_basis
from numeric_checks.readouts.monomials import monomials
from numeric_checks.sphere.harmonics import real_harmonics
from numeric_checks.sphere.quadrature import sphere_quadrature
from span_theorem import command
from span_theorem.arguments import natural
from span_theorem.irreps import Features
from span_theorem.span import boundary, span_degrees, span_dimension

__all__ = ["Calibration", "Cell", "calibrate", "direction_cell", "main", "star_cell"]

Array = NDArray[np.float64]

EXIT_CODES = {"observed": command.Exit.OK, "not observed": command.Exit.REFUTED}

ROUNDING = 1e-9
"""Largest difference from 0 or 1 that counts as rounding."""

FOLDS = range(2, 8)
_LARGEST = 64  # of dL: minutes


@dataclass(frozen=True, slots=True)
class Cell:
    """R² of the best readout in one case, and what is expected of it.

    Attributes:
        L, d: degree of the features, and of the polynomials.
        fold: angular frequency of the target.
        expected: 0 or 1.
        value: R² over the quadrature.
    """

    L: int
    d: int
    fold: int
    expected: int
    value: float

    @property
    def holds(self) -> bool:
        """Whether the value is the expected one to rounding."""
        return abs(self.value - self.expected) <= ROUNDING


def _share(basis: Array, target: Array) -> float:
    """The part of ‖target‖² in the span of orthonormal columns; both weighted."""
    return float(((basis.T @ target) ** 2).sum() / (target**2).sum())


def direction_cell(
    L: int, d: int, features: Features = "upto", fold: int = 5, seed: int = 0
) -> Cell:
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
    top, fold = boundary(L, d), _fold(fold)
    if top > _LARGEST:
        raise ValueError(f"dL must be at most {_LARGEST}, got {top}")
    directions, weights = sphere_quadrature(top + max(top, fold))
    root = np.sqrt(weights)[:, None]
    # A factor √w on every vector makes plain sums exact integrals; d-th powers must not have it.
    expected = [span_dimension(L, k, features) for k in range(d + 1)]
    rng = np.random.default_rng(natural("seed", seed))
    _, products = staged_basis(feature_values(L, features, directions), expected, rng)
    basis = np.linalg.qr(root * products)[0]
    target = root * real_harmonics(fold, directions)[:, -1:]
    return Cell(L, d, fold, int(fold in span_degrees(L, d, features)), _share(basis, target))


def star_cell(L: int, d: int, fold: int, turn: Array | None = None) -> Cell:
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
    top, fold = boundary(L, d), _fold(fold)
    if top > _LARGEST or d > 4:
        raise ValueError(f"d must be at most 4 and dL at most {_LARGEST}, got {d} and {top}")
    # Equally spaced angles: exact for frequencies below their number.
    phi = 2 * np.pi * np.arange(2 * max(top, fold) + 1) / (2 * max(top, fold) + 1)
    angles = phi[:, None] + 2 * np.pi * np.arange(fold) / fold
    neighbours = np.stack([np.cos(angles), np.sin(angles), 0 * angles], axis=-1)
    if turn is not None:
        neighbours = neighbours @ np.asarray(turn).T
    density = real_harmonics(L, neighbours.reshape(-1, 3)).reshape(len(phi), fold, -1).sum(axis=1)
    # Polynomials in the components of the density are polynomials in a basis of their span.
    basis = _orthonormal(density)
    basis = _orthonormal(monomials(basis * np.sqrt(len(phi)), d) if d else np.ones((len(phi), 1)))
    target = np.stack([np.cos(fold * phi), np.sin(fold * phi)], axis=1)
    # One neighbour is one direction, and its ceiling is dL.
    reached = (fold <= L and d > 0) if fold > 1 else top >= 1
    return Cell(L, d, fold, int(reached), _share(basis, target))


def _fold(fold: int) -> int:
    if not 1 <= natural("fold", fold) <= _LARGEST:
        raise ValueError(f"fold must be an integer from 1 to {_LARGEST}, got {fold}")
    return fold


def _orthonormal(columns: Array) -> Array:
    basis, singular, _ = np.linalg.svd(columns, full_matrices=False)
    return basis[:, singular > 1e-10 * singular[0]]


@dataclass(frozen=True, slots=True)
class Calibration:
    """Both calibrations: cells of one direction, ``upto`` and ``exact``, and cells of stars."""

    fold: int
    seed: int
    upto: tuple[Cell, ...]
    exact: tuple[Cell, ...]
    stars: tuple[Cell, ...]
    seconds: float

    @property
    def cells(self) -> tuple[Cell, ...]:
        """All of them."""
        return self.upto + self.exact + self.stars

    @property
    def verdict(self) -> str:
        """``"observed"`` where every cell is as expected."""
        return "observed" if all(cell.holds for cell in self.cells) else "not observed"

    @property
    def text(self) -> str:
        """One line for a reader."""
        wrong = sum(not cell.holds for cell in self.cells)
        largest = max(abs(cell.value - cell.expected) for cell in self.cells)
        return (
            f"{len(self.cells)} cases, {wrong} not as expected, largest difference of R² from 0 or "
            f"1: {largest:.0e} (seed {self.seed}): {self.verdict}"
        )

    def as_dict(self) -> dict[str, Any]:
        """The content as JSON types, with verdict, text and versions."""
        content = {name: value for name, value in asdict(self).items() if name != "seconds"}
        return {"text": self.text, "verdict": self.verdict} | content | {"versions": versions()}


def calibrate(L_max: int = 6, d_max: int = 6, fold: int = 5, seed: int = 0) -> Calibration:
    """Every case of one direction with 1 ≤ L ≤ ``L_max``, 1 ≤ d ≤ ``d_max``, and of the stars.

    Stars: k = 2 … 7, L = 1 … 8, d = 1 … 4.

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
    if boundary(L_max, d_max) > _LARGEST:
        raise ValueError(f"L_max·d_max must be at most {_LARGEST}, got {L_max * d_max}")
    grid = [(L, d) for L in range(1, L_max + 1) for d in range(1, d_max + 1)]
    return Calibration(
        fold=_fold(fold),
        seed=seed,
        upto=tuple(direction_cell(L, d, "upto", fold, seed) for L, d in grid),
        exact=tuple(direction_cell(L, d, "exact", fold, seed) for L, d in grid),
        stars=tuple(star_cell(L, d, k) for k in FOLDS for L in range(1, 9) for d in range(1, 5)),
        seconds=time.perf_counter() - start,
    )


def _grid(cells: Sequence[Cell]) -> tuple[list[int], list[int], dict[tuple[int, int], float]]:
    values = {(cell.L, cell.d): cell.value for cell in cells}
    return sorted({L for L, _ in values}), sorted({d for _, d in values}), values


def _first(cells: Sequence[Cell], fold: int, d: int) -> int | None:
    """The smallest L at which a star is read, as measured."""
    return min((c.L for c in cells if (c.fold, c.d) == (fold, d) and c.value > 0.5), default=None)


def _table(seen: Calibration) -> str:
    lines = []
    for name, cells in (("l ≤ L", seen.upto), ("l = L", seen.exact)):
        rows, columns, values = _grid(cells)
        lines += [
            f"One direction, target of frequency {seen.fold}, features {name}: R²",
            "  L \\ d" + "".join(f"{d:>8}" for d in columns),
            *(f"{L:>7}" + "".join(f"{abs(values[L, d]):>8.4f}" for d in columns) for L in rows),
            "",
        ]
    degrees = sorted({cell.d for cell in seen.stars})
    lines += [
        "k-fold star, density of degree ≤ L: the smallest L at which the angle is read (R² > 1/2)",
        "      k" + "".join(f"   d = {d}" for d in degrees) + "     one direction needs L ≥ k/d",
    ]
    for fold in FOLDS:
        lines.append(
            f"{fold:>7}"
            + "".join(f"{_first(seen.stars, fold, d) or '-':>8}" for d in degrees)
            + "     "
            + ", ".join(str(-(-fold // d)) for d in degrees)
        )
    return "\n".join([*lines, "", seen.text + f"; {seen.seconds:.1f} s"])


def _draw(seen: Calibration) -> Any:

    figure, axes = subplots(1, 3, figsize=(11, 4), layout="constrained")
    for panel, name, cells in ((axes[0], "l ≤ L", seen.upto), (axes[1], "l = L", seen.exact)):
        rows, columns, values = _grid(cells)
        table = np.array([[values[L, d] for d in columns] for L in rows])
        panel.imshow(table, cmap="Blues", vmin=0, vmax=1.3, origin="lower")
        for (row, column), value in np.ndenumerate(table):
            text = f"{value:.0e}" if value < 1e-3 else f"{value:.3g}"
            color = "white" if value > 0.5 else "black"
            panel.text(column, row, text, color=color, ha="center", va="center", fontsize=8)
        panel.set(
            xticks=range(len(columns)),
            xticklabels=columns,
            xlabel="d",
            yticks=range(len(rows)),
            yticklabels=rows,
            ylabel="L",
            title=f"one direction, features {name}",
        )
        if cells is seen.upto:
            edge = np.arange(len(columns) + 1) - 0.5
            least = [max(-(-seen.fold // d), 1) for d in columns]
            panel.stairs(np.array(least) - 1.5, edge, color=COLORS[1], lw=2, baseline=None)
    panel = axes[2]
    degrees = sorted({cell.d for cell in seen.stars})
    for d, color, marker in zip(degrees, COLORS, "os^D", strict=False):
        first = [_first(seen.stars, k, d) for k in FOLDS]
        shift = 0.06 * (d - 2.5)
        label = f"star, d = {d}"
        panel.plot(np.array(FOLDS) + shift, first, marker, color=color, label=label)
        panel.plot(FOLDS, [-(-k // d) for k in FOLDS], ":", color=color, lw=1.2)
    panel.plot([], [], ":", color="0.4", label="one direction: ⌈k/d⌉")
    panel.set(xlabel="k", ylabel="smallest L that reads the angle", title="k-fold star")
    panel.legend(fontsize=8)
    figure.supxlabel(
        f"Numbers: R² of Re Y with ℓ = m = {seen.fold} over an exact quadrature; "
        f"step: dL = {seen.fold}. Seed {seen.seed}.",
        fontsize=8,
    )
    return figure


def _parser() -> command.Parser:
    parser = command.parser(
        "numeric_checks.synthetic",
        description="Read a target of known angular frequency from one direction, where the "
        "boundary is dL, and from a star of k neighbours, where it is L.",
        epilog="Exit codes: 0 observed, 2 bad usage or input, 3 not observed.",
    )
    parser.add_argument("--L-max", type=int, default=6)
    parser.add_argument("--d-max", type=int, default=6)
    parser.add_argument("--fold", type=int, default=5, help="frequency of the target (default 5)")
    parser.add_argument("--seed", type=int, default=0)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of ``python -m numeric_checks.synthetic``; the exit code."""
    return run_check(
        _parser(),
        argv,
        lambda given: calibrate(given.L_max, given.d_max, given.fold, given.seed),
        _table,
        lambda seen: EXIT_CODES[seen.verdict],
        _draw,
    )


if __name__ == "__main__":
    sys.exit(main())
