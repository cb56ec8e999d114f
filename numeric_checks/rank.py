"""The rank of products of features on random directions, observed by singular values.

*Staged construction.* Degree-d products are built one factor at a time: an orthonormal basis of
the span of degree k-1 (as vectors of values at the directions) is multiplied by the features, and
the left singular vectors of the result above the cut-off are the basis of degree k. Each stage
asks only what one more factor adds, so the gap between the last singular value kept and the first
one dropped stays wide. *Naive construction.* The values of all degree-d products at once: they
crowd into low degrees ℓ, the singular values decay without a gap, and the count falls short at
high degree. It is kept beside the staged result because it is the obvious thing to try.

The cut-off is max(m, n)·ε·σ₁ for an m × n matrix: the rounding of its entries and of the
decomposition perturbs every singular value by about that much at most (Weyl's inequality). Where
σ_r is not well above it small cases are repeated in 50-digit arithmetic
(:mod:`numeric_checks.precise`), and others are undecided.

Nothing here proves anything: it *observes* numerically what :mod:`span_theorem` proves.
Command line: ``python -m numeric_checks.rank --L 2 --d 2``; exit codes: 0 observed, 2 bad usage or
input, 3 not observed, 4 undecided.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import combinations_with_replacement
from math import comb
from typing import Any, Literal

import numpy as np
import scipy.linalg
from numpy.typing import ArrayLike, NDArray

from numeric_checks.harmonics import random_directions, real_harmonics, unit_vectors
from numeric_checks.precise import affordable, precise_rank
from span_theorem._input import natural
from span_theorem.irreps import Features, feature_irreps
from span_theorem.span import span_dimension

__all__ = [
    "MIN_MARGIN",
    "RankObservation",
    "Stage",
    "feature_values",
    "main",
    "naive_stage",
    "observe_rank",
    "observer",
    "staged_rank",
]

Verdict = Literal["observed", "not observed", "undecided"]

EXIT_CODES = {"observed": 0, "not observed": 3, "undecided": 4}
EXIT_USAGE = 2

MIN_MARGIN = 1e3
"""σ_r over the cut-off below which a rank counts as ambiguous."""

MAX_BYTES = 16 * 2**30  # refuse what would need more memory than this
_COPIES = 4  # arrays of the size of the largest stage that live at once


@dataclass(frozen=True, slots=True)
class Stage:
    """The singular values of one matrix of product values, around the cut-off.

    Attributes:
        degree: number of factors in the products.
        columns: number of columns of the matrix.
        sampled: whether the columns are random products instead of all of them.
        expected: dimension of the span by T1 or T1′.
        rank: number of singular values above ``cutoff``.
        largest, kept, dropped: σ₁, σ_r, σ_{r+1}; None where the matrix has no further value.
        cutoff: max(m, n)·ε·σ₁.
        gap: σ_r/σ_{r+1}; None without a σ_{r+1}, or where it is exactly 0.
        margin: σ_r over the cut-off.
    """

    degree: int
    columns: int
    sampled: bool
    expected: int
    rank: int
    largest: float
    kept: float
    dropped: float | None
    cutoff: float
    gap: float | None
    margin: float

    @property
    def ambiguous(self) -> bool:
        """Whether σ_r is too close to the cut-off to be told from rounding."""
        return self.margin < MIN_MARGIN


@dataclass(frozen=True, slots=True)
class RankObservation:
    """What was observed for one (L, d): every stage, the naive result and the verdict.

    ``precise`` is the rank in 50-digit arithmetic where double precision was ambiguous and the
    case small enough, else None; ``rank`` is then this number.
    ``reason`` says in words why the verdict is what it is; ``seconds`` is wall time.
    """

    L: int
    d: int
    features: Features
    directions: int
    seed: int
    expected: int
    rank: int
    verdict: Verdict
    reason: str
    stages: tuple[Stage, ...]
    naive: Stage
    precise: int | None
    seconds: float

    @property
    def gap(self) -> float | None:
        """The smallest gap σ_r/σ_{r+1} over the stages; None where no stage has a σ_{r+1} > 0."""
        return min((s.gap for s in self.stages if s.gap is not None), default=None)

    @property
    def text(self) -> str:
        """One line for a reader."""
        return (
            f"rank {self.rank} of {self.expected} at {self.directions} directions "
            f"(seed {self.seed}), smallest gap {_number(self.gap)}"
            + ("" if self.precise is None else ", repeated with 50 digits")
            + f": {self.verdict}"
            + (f" ({self.reason})" if self.verdict != "observed" else "")
        )

    def as_dict(self) -> dict[str, Any]:
        """The content as JSON types, with ``gap`` and ``text``."""
        content = asdict(self)
        content["stages"] = [asdict(stage) for stage in self.stages]
        return {"text": self.text, "gap": self.gap} | content


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.1e}"


def feature_values(L: int, features: Features, directions: ArrayLike) -> NDArray[np.float64]:
    """√4π·Y_lm at the directions, for l ≤ L (``"upto"``) or l = L (``"exact"``).

    float64, shape (N, (L+1)²) or (N, 2L+1), order l, then m = -l … l. The factor √4π makes the
    mean square of every feature over the sphere 1, so no product is large or small by convention.
    """
    feature_irreps(L, features)  # rejects an unknown name
    values = np.sqrt(4 * np.pi) * real_harmonics(L, directions)
    return values if features == "upto" else values[:, L * L :]


def _room(dimension: int) -> int:
    """Directions for a span of this dimension: a quarter more, so that a gap can show."""
    return dimension + dimension // 4 + 16


def _columns(dimension: int) -> int:
    """Random products of one stage.

    Twice the dimension D: rounding carried over from the previous stage grows by about
    √c/(√c - √D) with c columns, which is 3 here and would be 9 with c = 5D/4.
    """
    return 2 * dimension + 16


def _singular(
    matrix: NDArray[np.float64], degree: int, expected: int, sampled: bool, *, basis: bool
) -> tuple[Stage, NDArray[np.float64]]:
    """The stage of a matrix, and its left singular vectors above the cut-off where wanted."""
    columns = matrix.shape[1]
    cutoff_factor = max(matrix.shape) * np.finfo(np.float64).eps
    if columns > len(matrix):
        # The triangle has the same singular values and left vectors, and is smaller.
        matrix = scipy.linalg.qr(matrix.T, mode="r", check_finite=False)[0][: len(matrix)].T
    if basis:
        left, values, _ = scipy.linalg.svd(
            matrix, full_matrices=False, overwrite_a=True, check_finite=False
        )
    else:
        left = np.empty((len(matrix), 0))
        values = scipy.linalg.svdvals(matrix, overwrite_a=True, check_finite=False)
    cutoff = float(cutoff_factor * values[0])
    rank = int((values > cutoff).sum())
    kept = float(values[rank - 1]) if rank else 0.0
    dropped = float(values[rank]) if rank < len(values) else None
    stage = Stage(
        degree=degree,
        columns=columns,
        sampled=sampled,
        expected=expected,
        rank=rank,
        largest=float(values[0]),
        kept=kept,
        dropped=dropped,
        cutoff=cutoff,
        gap=kept / dropped if dropped else None,
        margin=kept / cutoff if cutoff else 0.0,
    )
    return stage, left[:, :rank]


def staged_rank(
    values: NDArray[np.float64], expected: Sequence[int], rng: np.random.Generator
) -> tuple[Stage, ...]:
    """The stages k = 1 … d of multiplying, orthonormalising and multiplying again.

    All (basis vector) × (feature) products are taken where they are few. Otherwise products of a
    random combination of basis vectors with a random combination of features: such products span
    the same space, because tensors u ⊗ v span the tensor product, and twice as many of them as the
    expected dimension leave room to see a larger rank.

    Args:
        values: feature values, float64, shape (N, features).
        expected: the dimensions expected for k = 0 … d; they size the random products and are
            stored in the stages, and decide no rank.
        rng: source of the random combinations.
    """
    count = len(values)
    basis = np.full((count, 1), count**-0.5)
    degree_top = len(expected) - 1
    if degree_top == 0:
        return (_singular(basis, 0, expected[0], False, basis=False)[0],)
    stages = []
    for degree in range(1, degree_top + 1):
        columns = _columns(expected[degree])
        sampled = basis.shape[1] * values.shape[1] > 2 * columns
        if sampled:
            left = rng.standard_normal((basis.shape[1], columns))
            right = rng.standard_normal((values.shape[1], columns))
            products = (basis @ left) * (values @ right)
        else:
            products = (basis[:, :, None] * values[:, None, :]).reshape(count, -1)
        stage, basis = _singular(
            products, degree, expected[degree], sampled, basis=degree < degree_top
        )
        stages.append(stage)
    return tuple(stages)


def naive_stage(
    values: NDArray[np.float64], d: int, expected: int, rng: np.random.Generator
) -> Stage:
    """The plain singular values of degree-d product values, for comparison.

    All monomials of degree d in the features where they are few, else d-th powers of random
    linear forms, which span the same space by polarisation.
    """
    width, columns = values.shape[1], _room(expected)
    sampled = comb(width + d - 1, d) > 4 * columns
    if sampled:
        forms = rng.standard_normal((width, columns))
        matrix = (values @ forms) ** d
        matrix /= np.linalg.norm(matrix, axis=0)
    else:
        matrix = np.stack(
            [
                np.prod(values[:, list(chosen)], axis=1)
                for chosen in combinations_with_replacement(range(width), d)
            ],
            axis=1,
        )
    return _singular(matrix, d, expected, sampled, basis=False)[0]


def _decide(rank: int, expected: int, count: int, clear: bool) -> tuple[Verdict, str]:
    if not clear:
        return "undecided", f"a singular value lies within {MIN_MARGIN:g} times the cut-off"
    if rank == count <= expected:
        # Every row is independent: the directions, not the functions, limit the rank.
        return "undecided", f"{count} directions cannot show a rank above {count}"
    if rank == expected:
        return "observed", "the rank is the dimension of the span theorem"
    return "not observed", f"the rank differs from the expected {expected}"


def observe_rank(
    L: int,
    d: int,
    features: Features = "upto",
    directions: int | ArrayLike | None = None,
    seed: int = 0,
) -> RankObservation:
    """Observe the dimension of the span of degree-d products on random directions (T1, T1′).

    Args:
        L, d: integers ≥ 0.
        features: ``"upto"`` (Y_lm, l ≤ L) or ``"exact"`` (Y_Lm alone).
        directions: how many random directions, or the directions themselves, shape (N, 3);
            by default a quarter more than the expected dimension, plus 16.
        seed: integer ≥ 0, of the directions and of the random products.

    Raises:
        TypeError, ValueError: an argument out of range, directions that are empty, zero or not
            finite, or a case that would need more than 16 GiB.

    >>> seen = observe_rank(2, 2)
    >>> seen.rank, seen.verdict, [stage.rank for stage in seen.stages]
    (25, 'observed', [9, 25])
    """
    start = time.perf_counter()
    L, d, seed = natural("L", L), natural("d", d), natural("seed", seed)
    expected = [span_dimension(L, k, features) for k in range(d + 1)]
    rng = np.random.default_rng(seed)
    given = None
    if directions is None:
        count = _room(expected[-1])
    elif np.ndim(directions) == 0:
        count = natural("number of directions", directions)  # type: ignore[arg-type]
    else:
        given = unit_vectors(directions)
        count = len(given)
    needed = 8 * _COPIES * count * _columns(max(expected))
    if needed > MAX_BYTES:
        raise ValueError(
            f"L = {L}, d = {d} with {count} directions needs about {needed / 2**30:.0f} GiB; "
            f"at most {MAX_BYTES / 2**30:.0f} GiB is allowed"
        )
    vectors = random_directions(count, rng) if given is None else given
    values = feature_values(L, features, vectors)
    stages = staged_rank(values, expected, rng)
    naive = naive_stage(values, d, expected[-1], rng)
    rank, clear = stages[-1].rank, not any(stage.ambiguous for stage in stages)
    precise = None
    if not clear and affordable(L, d, features, count):
        precise = precise_rank(L, d, features, vectors)
        if precise is not None:
            rank, clear = precise, True
    verdict, reason = _decide(rank, expected[-1], count, clear)
    return RankObservation(
        L=L,
        d=d,
        features=features,
        directions=count,
        seed=seed,
        expected=expected[-1],
        rank=rank,
        verdict=verdict,
        reason=reason,
        stages=stages,
        naive=naive,
        precise=precise,
        seconds=time.perf_counter() - start,
    )


def observer(L: int, d: int, features: Features) -> dict[str, Any]:
    """The observation as ``span_theorem.verify`` shows it: ``text`` is the line it prints."""
    return observe_rank(L, d, features).as_dict()


def _table(seen: RankObservation) -> str:
    lines = [
        f"Products of d = {seen.d} features of degree {'≤' if seen.features == 'upto' else '='} "
        f"L = {seen.L} at {seen.directions} directions, seed {seen.seed}",
        "",
        f"{'stage':>9}  {'columns':>8}  {'rank':>6}  {'expected':>8}  {'σ₁':>8}  {'σ_r':>8}  "
        f"{'σ_r+1':>8}  {'cut-off':>8}  {'gap':>8}",
    ]
    for name, stage in [(f"k = {s.degree}", s) for s in seen.stages] + [("naive", seen.naive)]:
        numbers = (stage.largest, stage.kept, stage.dropped, stage.cutoff, stage.gap)
        lines.append(
            f"{name:>9}  {stage.columns:>7}{'*' if stage.sampled else ' '}  {stage.rank:>6}  "
            f"{stage.expected:>8}  " + "  ".join(f"{_number(value):>8}" for value in numbers)
        )
    if any(stage.sampled for stage in (*seen.stages, seen.naive)):
        lines.append("  * random products, because all of them would be too many")
    lines += ["", seen.text + f"; {seen.seconds:.2f} s"]
    return "\n".join(lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m numeric_checks.rank",
        description="Observe the rank of products of d features on random directions by singular "
        "values, and compare it with the dimension that the span theorem gives.",
        epilog="Exit codes: 0 observed, 2 bad usage or input, 3 not observed, 4 undecided.",
    )
    parser.add_argument("--L", type=int, required=True, help="largest degree of the features")
    parser.add_argument("--d", type=int, required=True, help="degree of the products")
    parser.add_argument("--features", choices=("upto", "exact"), default="upto")
    parser.add_argument(
        "--directions", type=int, metavar="N", help="default: expected dimension, a quarter more"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of ``python -m numeric_checks.rank``; the exit code."""
    parser = _parser()
    args = parser.parse_args(argv)
    try:
        seen = observe_rank(args.L, args.d, args.features, args.directions, args.seed)
    except (TypeError, ValueError) as error:
        print(f"{parser.prog}: error: {error}", file=sys.stderr)
        return EXIT_USAGE
    print(json.dumps(seen.as_dict()) if args.json else _table(seen))
    return EXIT_CODES[seen.verdict]


if __name__ == "__main__":
    sys.exit(main())
