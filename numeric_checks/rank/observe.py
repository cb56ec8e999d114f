"""The rank of products of features on random directions, observed by singular values.

The span is built in stages (:mod:`numeric_checks.rank.stages`), each with its gap between the last
singular value kept and the first one dropped; the naive construction is shown beside it. Where σ_r
is not well above the cut-off small cases are repeated in 50-digit arithmetic
(:mod:`numeric_checks.rank.precise`), and others are undecided.

Nothing here proves anything: it *observes* numerically what :mod:`span_theorem` proves.
Command line: ``python -m numeric_checks.rank --L 2 --d 2``; exit codes: 0 observed, 2 bad usage or
input, 3 not observed, 4 undecided.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from numeric_checks.command import run_check
from numeric_checks.rank.arrays import arrays_on
from numeric_checks.rank.precise import affordable, precise_rank
from numeric_checks.rank.stages import Stage, naive_stage, room, staged_rank
from numeric_checks.sphere.harmonics import random_directions, real_harmonics, unit_vectors
from span_theorem import command
from span_theorem.arguments import natural
from span_theorem.irreps import Features, feature_irreps
from span_theorem.span import span_dimension

__all__ = [
    "RankObservation",
    "feature_values",
    "main",
    "observe_rank",
    "observer",
]

Verdict = Literal["observed", "not observed", "undecided"]

EXIT_CODES = {
    "observed": command.Exit.OK,
    "not observed": command.Exit.REFUTED,
    "undecided": command.Exit.UNDECIDED,
}

MAX_BYTES = 16 * 2**30  # refuse what would need more memory than this
_COPIES = 4  # arrays of the size of the largest stage that live at once


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
    device: str
    expected: int
    rank: int
    verdict: Verdict
    reason: str
    stages: tuple[Stage, ...]
    naive: Stage | None
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


def _decide(rank: int, expected: int, count: int, clear: bool) -> tuple[Verdict, str]:
    if not clear:
        return "undecided", "a singular value lies too near the cut-off"
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
    device: str = "cpu",
    naive: bool = True,
) -> RankObservation:
    """Observe the dimension of the span of degree-d products on random directions (T1, T1′).

    Args:
        L, d: integers ≥ 0.
        features: ``"upto"`` (Y_lm, l ≤ L) or ``"exact"`` (Y_Lm alone).
        directions: how many random directions, or the directions themselves, shape (N, 3);
            by default a quarter more than the expected dimension, plus 16.
        seed: integer ≥ 0, of the directions and of the random products.
        device: ``"cpu"``, or ``"cuda"`` for a GPU through torch.
        naive: whether to take the naive singular values too, which decide nothing.

    Raises:
        TypeError, ValueError: an argument out of range, directions that are empty, zero or not
            finite, a device that is not there, or a case that would need more than 16 GiB.

    >>> seen = observe_rank(2, 2)
    >>> seen.rank, seen.verdict, [stage.rank for stage in seen.stages]
    (25, 'observed', [9, 25])
    """
    start = time.perf_counter()
    L, d, seed = natural("L", L), natural("d", d), natural("seed", seed)
    arrays = arrays_on(device)
    expected = [span_dimension(L, k, features) for k in range(d + 1)]
    rng = np.random.default_rng(seed)
    given = None
    if directions is None:
        count = room(expected[-1])
    elif np.ndim(directions) == 0:
        count = natural("number of directions", directions)  # type: ignore[arg-type]
    else:
        given = unit_vectors(directions)
        count = len(given)
    needed = 8 * _COPIES * count * room(max(expected))
    if needed > MAX_BYTES:
        raise ValueError(
            f"L = {L}, d = {d} with {count} directions needs about {needed / 2**30:.0f} GiB; "
            f"at most {MAX_BYTES / 2**30:.0f} GiB is allowed"
        )
    vectors = random_directions(count, rng) if given is None else given
    values = feature_values(L, features, vectors)
    stages = staged_rank(values, expected, rng, arrays)
    beside = naive_stage(values, d, expected[-1], rng, arrays) if naive else None
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
        device=arrays.device,
        expected=expected[-1],
        rank=rank,
        verdict=verdict,
        reason=reason,
        stages=stages,
        naive=beside,
        precise=precise,
        seconds=time.perf_counter() - start,
    )


def observer(L: int, d: int, features: Features) -> dict[str, Any]:
    """The observation as ``span_theorem.verify`` shows it: ``text`` is the line it prints."""
    return observe_rank(L, d, features).as_dict()


def _table(seen: RankObservation) -> str:
    rows = [(f"k = {stage.degree}", stage) for stage in seen.stages]
    if seen.naive is not None:
        rows.append(("naive", seen.naive))
    lines = [
        f"Products of d = {seen.d} features of degree {'≤' if seen.features == 'upto' else '='} "
        f"L = {seen.L} at {seen.directions} directions, seed {seen.seed}, device {seen.device}",
        "",
        f"{'stage':>9}  {'columns':>8}  {'rank':>6}  {'expected':>8}  {'σ₁':>8}  {'σ_r':>8}  "
        f"{'σ_r+1':>8}  {'cut-off':>8}  {'gap':>8}",
    ]
    for name, stage in rows:
        numbers = (stage.largest, stage.kept, stage.dropped, stage.cutoff, stage.gap)
        lines.append(
            f"{name:>9}  {stage.columns:>7}{'*' if stage.sampled else ' '}  {stage.rank:>6}  "
            f"{stage.expected:>8}  " + "  ".join(f"{_number(value):>8}" for value in numbers)
        )
    if any(stage.sampled for _, stage in rows):
        lines.append("  * random products, because all of them would be too many")
    lines += ["", seen.text + f"; {seen.seconds:.2f} s"]
    return "\n".join(lines)


def _parser() -> command.Parser:
    parser = command.parser(
        "numeric_checks.rank",
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
    parser.add_argument("--device", default="cpu", help="cpu (default), cuda or cuda:N, by torch")
    parser.add_argument(
        "--naive",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="show the naive singular values beside the stages (default)",
    )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of ``python -m numeric_checks.rank``; the exit code."""
    return run_check(
        _parser(),
        argv,
        lambda given: observe_rank(
            given.L,
            given.d,
            given.features,
            given.directions,
            given.seed,
            given.device,
            given.naive,
        ),
        _table,
        lambda seen: EXIT_CODES[seen.verdict],
    )
