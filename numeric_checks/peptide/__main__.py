"""Build a peptide from its sequence and sample it under Amber14 forces.

``python -m numeric_checks.peptide --sequence GYDPETGTWG --frames N --out FILE.npz``. It may be
killed and started again: frames, checkpoint and settings are kept in ``FILE.npz.partial``, and the
result is the same. Exit codes: 0 written, 2 bad usage or input. Needs the extra ``peptide``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from span_theorem import command
from span_theorem.arguments import integer_option, number_option
from span_theorem.files import check_targets
from span_theorem.options import add_output_file, add_seed
from span_theorem.progress import Progress

__all__ = ["main"]


def _parser() -> command.Parser:
    parser = command.parser(
        "numeric_checks.peptide",
        description="Build a peptide from its sequence and sample it under Amber14 forces.",
        epilog="exit codes: 0 written, 2 bad usage or input",
    )
    parser.add_argument(
        "--sequence",
        default="GYDPETGTWG",
        help="amino acids in one-letter code (default %(default)s)",
    )
    parser.add_argument("--frames", type=integer_option("frames", 1, 10**7), required=True)
    add_output_file(parser, "the data set", required=True)
    command.alias(parser, "--output", "--out")
    parser.add_argument(
        "--temperature",
        type=number_option("temperature", 0, 2000, open_low=True),
        default=400.0,
        help="temperature in K (default %(default)s)",
    )
    parser.add_argument(
        "--steps-per-frame",
        type=integer_option("steps-per-frame", 1, 10**9),
        default=400,
        help="steps of 0.5 fs between frames (default %(default)s)",
    )
    parser.add_argument(
        "--equilibration",
        type=integer_option("equilibration", 0, 10**9),
        default=40_000,
        help="steps before the first frame (default %(default)s)",
    )
    add_seed(parser, "velocities and dynamics")
    return parser


def _work(given: argparse.Namespace) -> command.Result:
    check_targets(given.out)
    from numeric_checks.peptide.dataset import make_peptide
    from numeric_checks.peptide.structure import PeptideSettings

    settings = PeptideSettings(
        sequence=given.sequence,
        temperature=given.temperature,
        seed=given.seed,
        steps_per_frame=given.steps_per_frame,
        equilibration_steps=given.equilibration,
    )
    with Progress() as progress:
        make_peptide(
            given.out,
            settings,
            given.frames,
            report=lambda done: progress.update("frames", done, given.frames),
        )
    found = {"file": given.out.name, "frames": given.frames, "seed": settings.seed}
    return command.Result(f"wrote {given.out}: {given.frames} frames, seed {settings.seed}", found)


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of ``python -m numeric_checks.peptide``; the exit code."""
    return command.run(_parser(), argv, _work)


if __name__ == "__main__":
    sys.exit(main())
