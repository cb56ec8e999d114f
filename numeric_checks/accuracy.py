"""Compare floating-point spherical harmonics with 60 digits: ``python -m numeric_checks.accuracy``.

Exit codes: 0 the harmonics used are within (2l+1)²ε at every degree, 2 bad usage or input, 3 they
are not.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from numeric_checks.command import run_check
from numeric_checks.sphere.accuracy_view import draw, table
from span_theorem import command
from span_theorem.arguments import integer_option
from span_theorem.options import add_seed

if TYPE_CHECKING:
    from numeric_checks.sphere.accuracy import Accuracy

__all__ = ["main"]


def _parser() -> command.Parser:
    parser = command.parser(
        "numeric_checks.accuracy",
        description="Compare floating-point spherical harmonics with 60 digits.",
        epilog=command.CODES.format(ok="within (2l+1)²ε", refuted="not within (2l+1)²ε"),
    )
    parser.add_argument(
        "--l",
        type=integer_option("l", 0, 512),
        nargs="+",
        metavar="l",
        help="degrees to compare (default: 21 degrees up to 512)",
    )
    command.alias(parser, "--degrees", "--l")
    parser.add_argument(
        "--directions",
        type=integer_option("directions", 1, 10_000),
        default=6,
        metavar="N",
        help="number of random directions (default %(default)s)",
    )
    add_seed(parser, "random directions")
    return parser


def _check(given: argparse.Namespace) -> Accuracy:
    from numeric_checks.costs import announce
    from numeric_checks.sphere.accuracy import DEGREES, accuracy_seconds, measure_accuracy

    degrees = given.l or DEGREES
    seconds = accuracy_seconds(max(degrees), given.directions)
    announce(f"l up to {max(degrees)}", seconds, command.say)
    return measure_accuracy(degrees, given.directions, given.seed)


def _exit_code(seen: Accuracy) -> command.Exit:
    return command.Exit.OK if seen.within else command.Exit.REFUTED


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of ``python -m numeric_checks.accuracy``; the exit code."""
    return run_check(_parser(), argv, _check, table, _exit_code, draw)


if __name__ == "__main__":
    sys.exit(main())
