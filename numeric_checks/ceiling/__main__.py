"""Observe the ceiling dL of polynomial readouts on random equivariant features.

``python -m numeric_checks.ceiling --irreps 4x0e+4x1o+5x2e --d 2``; exit codes: 0 observed, 2 bad
usage or input, 3 not observed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from numeric_checks.ceiling.view import draw, table
from numeric_checks.command import run_check
from span_theorem import command
from span_theorem.arguments import integer_option
from span_theorem.options import add_seed

if TYPE_CHECKING:
    from numeric_checks.ceiling.result import Ceiling

__all__ = ["main"]

_LARGEST = 64  # target degree


def _parser() -> command.Parser:
    parser = command.parser(
        "numeric_checks.ceiling",
        description="Observe that no polynomial readout of degree d of equivariant features of "
        "degree ≤ L explains any of a target of degree above dL.",
        epilog=command.CODES.format(ok="observed", refuted="not observed"),
    )
    parser.add_argument(
        "--irreps", default="4x0e+4x1o+5x2e", help="irreps of the features (default %(default)s)"
    )
    parser.add_argument(
        "--d",
        type=integer_option("d", 1, 3),
        default=2,
        help="degree of the readout, 1 to 3 (default %(default)s)",
    )
    parser.add_argument(
        "--l-max",
        type=integer_option("l-max", 1, _LARGEST),
        metavar="ℓ",
        help="largest target degree (default two above the boundary)",
    )
    command.alias(parser, "--ell-max", "--l-max")
    parser.add_argument(
        "--claim",
        type=integer_option("claim", 0, _LARGEST),
        metavar="ℓ",
        help="claimed boundary (default dL); exit code 3 if it is false",
    )
    add_seed(parser, "molecule, features, rotations and random units")
    parser.add_argument(
        "--atoms",
        type=integer_option("atoms", 3, 100),
        default=5,
        help="number of atoms (default %(default)s)",
    )
    parser.add_argument(
        "--frames",
        type=integer_option("frames", 10, 10**6),
        default=300,
        help="frames to fit (default %(default)s)",
    )
    parser.add_argument(
        "--orientations",
        type=integer_option("orientations", 1, 10**6),
        metavar="N",
        help="random rotations per frame fitted (default 20 samples per weight)",
    )
    return parser


def _check(given: argparse.Namespace) -> Ceiling:
    from numeric_checks.ceiling.observe import observe_ceiling

    return observe_ceiling(
        given.irreps,
        given.d,
        given.l_max,
        given.claim,
        given.seed,
        given.atoms,
        given.frames,
        given.orientations,
    )


def _exit_code(seen: Ceiling) -> command.Exit:
    return {
        "observed": command.Exit.OK,
        "not observed": command.Exit.REFUTED,
        "undecided": command.Exit.UNDECIDED,
    }[seen.verdict]


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of ``python -m numeric_checks.ceiling``; the exit code."""
    return run_check(_parser(), argv, _check, table, _exit_code, draw)


if __name__ == "__main__":
    sys.exit(main())
