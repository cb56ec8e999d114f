"""The command line of a check: the options that all share, and what is printed, drawn, returned."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from numeric_checks.output import figure_paths, save_figure

__all__ = ["run_check"]

EXIT_USAGE = 2


class Result(Protocol):
    """What a check found."""

    def as_dict(self) -> dict[str, Any]:
        """The content as JSON types."""
        ...


R = TypeVar("R", bound=Result)


def run_check(
    parser: argparse.ArgumentParser,
    argv: Sequence[str] | None,
    check: Callable[[argparse.Namespace], R],
    table: Callable[[R], str],
    exit_code: Callable[[R], int],
    draw: Callable[[R], Any] | None = None,
) -> int:
    """Parse ``argv``, run ``check`` and show what it found; the exit code.

    Adds ``--json``, and where there is something to ``draw`` also ``--figure`` and ``--force``.
    A figure whose path will not do is refused before the check starts. A TypeError or ValueError
    of the check is bad input: one line on stderr, and 2; so is an OSError when the figure is
    written, after the result was printed.
    """
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    if draw is not None:
        parser.add_argument("--figure", metavar="PATH", help=".svg or .png; without a suffix both")
        parser.add_argument("--force", action="store_true", help="replace an existing figure")
    arguments = parser.parse_args(argv)
    try:
        drawn = draw is not None and arguments.figure is not None
        paths = figure_paths(arguments.figure, arguments.force) if drawn else ()
        found = check(arguments)
    except (TypeError, ValueError) as error:
        print(f"{parser.prog}: error: {error}", file=sys.stderr)
        return EXIT_USAGE
    print(json.dumps(found.as_dict(), indent=1) if arguments.json else table(found))
    if draw is not None and paths:
        try:
            save_figure(draw(found), paths)
        except OSError as error:
            print(f"{parser.prog}: error: {error}", file=sys.stderr)
            return EXIT_USAGE
    return exit_code(found)
