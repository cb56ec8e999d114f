"""Observe the rank of products of features on random directions.

``python -m numeric_checks.rank --L 2 --d 2``; exit codes: 0 observed, 2 bad usage or input, 3 not
observed, 4 undecided.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from numeric_checks.command import run_check
from numeric_checks.rank.view import table
from span_theorem import command
from span_theorem.arguments import integer_option
from span_theorem.options import add_seed

if TYPE_CHECKING:
    from numeric_checks.rank.result import RankObservation

__all__ = ["main"]

_EXIT_CODES = {
    "observed": command.Exit.OK,
    "not observed": command.Exit.REFUTED,
    "undecided": command.Exit.UNDECIDED,
}


def _parser() -> command.Parser:
    parser = command.parser(
        "numeric_checks.rank",
        description="Observe the rank of products of d features on random directions by singular "
        "values, and compare it with the dimension that the span theorem gives.",
        epilog=command.CODES.format(ok="observed", refuted="not observed"),
    )
    for name, largest, what in (
        ("L", 512, "largest degree of the features"),
        ("d", 1000, "degree of the products"),
    ):
        parser.add_argument(
            f"--{name}", type=integer_option(name, 0, largest), required=True, help=what
        )
    parser.add_argument("--features", choices=("upto", "exact"), default="upto")
    parser.add_argument(
        "--directions",
        type=integer_option("directions", 1, 16),
        default=1,
        metavar="K",
        help="features of K free directions (T7; default 1)",
    )
    parser.add_argument(
        "--samples",
        type=integer_option("samples", 1, 10**9),
        metavar="N",
        help="number of random directions, or K-tuples of them (default: the expected "
        "dimension plus a quarter)",
    )
    add_seed(parser, "directions and random products")
    parser.add_argument(
        "--device", default="cpu", help="cpu (default), or cuda or cuda:N with torch"
    )
    parser.add_argument(
        "--naive",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="show the naive singular values beside the stages (default)",
    )
    return parser


def _check(given: argparse.Namespace) -> RankObservation:
    from numeric_checks.costs import announce
    from numeric_checks.rank.observe import check_cost, observe_rank, rank_seconds

    if given.directions > 1:
        return _check_several(given)
    case = (given.L, given.d, given.features, given.samples)
    check_cost(*case)
    announce(f"L = {given.L}, d = {given.d}", rank_seconds(*case, given.naive), command.say)
    return observe_rank(*case, given.seed, given.device, given.naive)


def _check_several(given: argparse.Namespace) -> RankObservation:
    from numeric_checks.costs import announce
    from numeric_checks.rank.observe import svd_seconds
    from numeric_checks.rank.several import check_several_cost, observe_directions_rank
    from span_theorem.directions import directions_dimension

    if given.features != "upto":
        raise ValueError("--directions takes features of degree ≤ L: no --features exact")
    count = check_several_cost(given.L, given.d, given.directions, given.samples)
    dimension = directions_dimension(given.L, given.d, given.directions)
    announce(f"{dimension} functions", svd_seconds(dimension, count, given.naive), command.say)
    return observe_directions_rank(
        given.L, given.d, given.directions, count, given.seed, given.device, given.naive
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of ``python -m numeric_checks.rank``; the exit code."""
    return run_check(_parser(), argv, _check, table, lambda seen: _EXIT_CODES[seen.verdict])


if __name__ == "__main__":
    sys.exit(main())
