"""The angular bandwidth ℓ* of a per-atom field of a data set, without any network.

``python -m numeric_checks.bandwidth FILE``; exit codes: 0 decided for the atoms pooled, 2 bad usage
or input, 4 undecided.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from numeric_checks.bandwidth.result import MEASURES, OPTION_RANGES, SpectrumOptions
from numeric_checks.bandwidth.view import draw, table
from numeric_checks.command import run_check
from numeric_checks.molecules.options import add_data_options
from span_theorem import command
from span_theorem.arguments import integer_option, number_option
from span_theorem.options import add_draws, add_seed

if TYPE_CHECKING:
    from numeric_checks.bandwidth.result import Bandwidth

__all__ = ["main"]

_SHARE = 1 - 1e-9  # the largest level below 1 that an option takes


def _parser() -> command.Parser:
    parser = command.parser(
        "numeric_checks.bandwidth",
        description="The angular spectrum w(ℓ) of a per-atom field in its local frame, and the "
        "smallest ℓ* whose degrees carry a given share of the variance.",
        epilog="exit codes: 0 decided for the atoms pooled, 2 bad usage or input, 4 undecided",
    )
    parser.add_argument("data", help="'embedded', an .npz file or any file that ASE reads")
    parser.add_argument("--field", default="forces", help="'forces' or the name of an array")
    add_data_options(parser, energies=False)
    parser.add_argument(
        "--atoms",
        type=integer_option("atoms", 0, 10**6),
        nargs="+",
        help="indices of atoms (default: all)",
    )
    _integer(parser, "--l-max", "l_max", "largest degree fitted")
    command.alias(parser, "--lmax", "--l-max")
    _integer(
        parser, "--radial", "radial", "degree in the distance; 0 stands for the direction alone"
    )
    parser.add_argument(
        "--level",
        type=number_option("level", 0, _SHARE, open_low=True),
        default=SpectrumOptions().level,
        help="share of the explained variance that ℓ* must reach (default %(default)s)",
    )
    parser.add_argument(
        "--measure",
        choices=MEASURES,
        default="sampled",
        help="measure on the sphere (default %(default)s)",
    )
    parser.add_argument(
        "--frame",
        choices=("local", "laboratory"),
        default="local",
        help="frame of the directions (default %(default)s)",
    )
    add_draws(parser, SpectrumOptions().draws, "blocks of frames")
    command.alias(parser, "--bootstrap", "--draws")
    _integer(parser, "--blocks", "blocks", "of consecutive frames")
    add_seed(parser, "the draws and folds")
    parser.add_argument(
        "--frames",
        type=integer_option("frames", 1, 10**9),
        help="use only the first FRAMES frames (default: all)",
    )
    return parser


def _integer(parser: argparse.ArgumentParser, flag: str, name: str, what: str) -> None:
    parser.add_argument(
        flag,
        dest=name,
        type=integer_option(flag.lstrip("-"), *OPTION_RANGES[name]),
        default=getattr(SpectrumOptions(), name),
        help=f"{what} (default %(default)s)",
    )


def _check(given: argparse.Namespace) -> Bandwidth:
    from numeric_checks.bandwidth.estimate import bandwidth
    from numeric_checks.molecules.fields import load_field
    from span_theorem.progress import Progress

    options = SpectrumOptions(
        l_max=given.l_max,
        radial=given.radial,
        level=given.level,
        draws=given.draws,
        blocks=given.blocks,
        seed=given.seed,
    )
    field = load_field(given.data, given.field, forces_key=given.forces_key).select(*given.select)
    if given.frames is not None:
        field = field.first(given.frames)
    total = len(given.atoms or field.numbers)
    with Progress() as progress:
        return bandwidth(
            field,
            options,
            atoms=given.atoms,
            measure=given.measure,
            frame=given.frame,
            report=lambda done: progress.update("atoms", done, total),
        )


def _exit_code(found: Bandwidth) -> command.Exit:
    return command.Exit.OK if found.pooled.decided else command.Exit.UNDECIDED


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of ``python -m numeric_checks.bandwidth``; the exit code."""
    return run_check(_parser(), argv, _check, table, _exit_code, draw)


if __name__ == "__main__":
    sys.exit(main())
