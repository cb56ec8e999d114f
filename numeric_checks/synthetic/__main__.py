"""Read a target of known angular frequency from one direction and from a star.

``python -m numeric_checks.synthetic``; exit codes: 0 observed, 2 bad usage or input, 3 not
observed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from numeric_checks.command import run_check
from numeric_checks.synthetic.view import draw, table
from span_theorem import command
from span_theorem.arguments import integer_option
from span_theorem.options import add_seed

if TYPE_CHECKING:
    from numeric_checks.synthetic.result import Calibration

__all__ = ["main"]

_LARGEST = 64


def _parser() -> command.Parser:
    parser = command.parser(
        "numeric_checks.synthetic",
        description="Read a target of known angular frequency from one direction, where the "
        "boundary is dL, and from a star of k neighbours, where it is L.",
        epilog=command.CODES.format(ok="observed", refuted="not observed"),
    )
    for name, what in (("L", "features"), ("d", "products")):
        parser.add_argument(
            f"--{name}",
            type=integer_option(name, 1, _LARGEST),
            default=6,
            help=f"largest degree of the {what} (default %(default)s); dL is at most {_LARGEST}",
        )
        command.alias(parser, f"--{name}-max", f"--{name}")
    parser.add_argument(
        "--fold",
        type=integer_option("fold", 1, _LARGEST),
        default=5,
        help="frequency of the target (default %(default)s)",
    )
    add_seed(parser, "random products")
    return parser


def _check(given: argparse.Namespace) -> Calibration:
    from numeric_checks.costs import announce
    from numeric_checks.synthetic.cells import calibrate, calibration_seconds

    if given.L * given.d <= _LARGEST:
        seconds = calibration_seconds(given.L, given.d)
        announce(f"L ≤ {given.L}, d ≤ {given.d}", seconds, command.say)
    return calibrate(given.L, given.d, given.fold, given.seed)


def _exit_code(seen: Calibration) -> command.Exit:
    return command.Exit.OK if seen.verdict == "observed" else command.Exit.REFUTED


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of ``python -m numeric_checks.synthetic``; the exit code."""
    return run_check(_parser(), argv, _check, table, _exit_code, draw)


if __name__ == "__main__":
    sys.exit(main())
