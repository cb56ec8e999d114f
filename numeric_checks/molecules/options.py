"""Options of commands that read data files: names of labels, and frames wanted."""

from __future__ import annotations

import argparse

from numeric_checks.molecules.select import selection

__all__ = ["add_data_options"]


def add_data_options(parser: argparse.ArgumentParser, energies: bool = True) -> None:
    """Give a command ``--forces-key``, ``--select``, and ``--energy-key`` where it uses energies.

    ``--select`` may be given several times.
    """
    if energies:
        parser.add_argument(
            "--energy-key",
            metavar="NAME",
            help="name of the array of energies, if it is not a usual one",
        )
    parser.add_argument(
        "--forces-key", metavar="NAME", help="name of the array of forces, if it is not a usual one"
    )
    parser.add_argument(
        "--select",
        action="append",
        default=[],
        type=_selection,
        metavar="KIND=VALUE",
        help="frames wanted: formula=C9H8O4, composition=GeSb2Te4, species=H,C,O or index=0:100; "
        "several conditions must all hold",
    )


def _selection(text: str) -> str:
    try:
        selection(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text
