"""Options that several commands share: one name, one range and one wording each."""

from __future__ import annotations

import argparse
from pathlib import Path

from span_theorem.arguments import integer_option, shown

__all__ = [
    "LARGEST_SEED",
    "MOST_DRAWS",
    "add_draws",
    "add_force",
    "add_output_file",
    "add_output_folder",
    "add_seed",
]

LARGEST_SEED = 2**31 - 2
"""One more is the largest that every package takes; some of them take none below 1."""

MOST_DRAWS = 100_000


def add_seed(parser: argparse.ArgumentParser, of: str) -> None:
    """Add ``--seed``, 0 by default; ``of`` says what it decides."""
    parser.add_argument(
        "--seed",
        type=integer_option("seed", 0, LARGEST_SEED),
        default=0,
        help=f"seed of {of} (default %(default)s)",
    )


def add_draws(
    parser: argparse.ArgumentParser, default: int | None, over: str = "", otherwise: str = ""
) -> None:
    """Add ``--draws``; ``over`` says what is drawn, ``otherwise`` what holds without a default."""
    parser.add_argument(
        "--draws",
        type=integer_option("draws", 1, MOST_DRAWS),
        default=default,
        help=f"draws of the bootstrap{over and f' over {over}'} "
        f"(default {otherwise or '%(default)s'})",
    )


def add_force(parser: argparse.ArgumentParser) -> None:
    """Add ``--force``."""
    parser.add_argument("--force", action="store_true", help="replace files that exist")


def add_output_folder(
    parser: argparse.ArgumentParser,
    files: str,
    otherwise: str = "",
    default: Path | None = None,
) -> None:
    """Add ``--out`` and ``--force``: the folder that ``files`` are written to.

    ``otherwise`` says which it is without the option, where ``default`` is None.
    """
    says = "%(default)s" if default is not None else otherwise
    parser.add_argument(
        "--out",
        type=Path,
        default=default,
        help=f"folder for {files}, made if needed{says and f' (default {says})'}",
    )
    add_force(parser)


def add_output_file(
    container: argparse._ActionsContainer, content: str, *, required: bool = False
) -> None:
    """Add ``--out``: the ``.npz`` file that ``content`` is written to."""
    container.add_argument(
        "--out",
        type=_npz,
        metavar="FILE",
        help=f"write {content} to this .npz file",
        required=required,
    )


def _npz(text: str) -> Path:
    """A path that ends in .npz, as numpy gives files of arrays."""
    if Path(text).suffix != ".npz":
        raise argparse.ArgumentTypeError(f"the file must end in .npz, got {shown(text)}")
    return Path(text)
