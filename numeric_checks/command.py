"""The command line of a check: the frame of :mod:`span_theorem.command`, a figure, provenance."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from numeric_checks.figures import figure_paths, save_figure
from numeric_checks.provenance import command_line, versions
from span_theorem.command import Exit, Result, run
from span_theorem.options import add_force

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["run_check"]


class Finding(Protocol):
    """What a check found."""

    def as_dict(self) -> dict[str, Any]:
        """The content as JSON types."""
        ...


R = TypeVar("R", bound=Finding)


def run_check(
    parser: argparse.ArgumentParser,
    argv: Sequence[str] | None,
    check: Callable[[argparse.Namespace], R],
    table: Callable[[R], str],
    exit_code: Callable[[R], Exit],
    draw: Callable[[R], Figure] | None = None,
) -> int:
    """Parse ``argv``, run ``check`` and show what it found; the exit code.

    Adds ``--figure`` and ``--force`` where there is something to ``draw``. A figure that cannot be
    written to its path is refused before the check starts. The JSON object says in ``made_with``
    by which command and versions it was made.
    """
    if draw is not None:
        parser.add_argument("--figure", metavar="PATH", help=".svg or .png; without a suffix both")
        add_force(parser)

    def work(arguments: argparse.Namespace) -> Result:
        wanted = draw is not None and arguments.figure is not None
        paths = figure_paths(arguments.figure, arguments.force) if wanted else ()
        found = check(arguments)

        def write() -> str:
            if draw is not None:
                save_figure(draw(found), paths, force=arguments.force)
            return ", ".join(map(str, paths))

        outputs = (write,) if paths else ()
        made_with = _made_with(parser.prog, sys.argv[1:] if argv is None else argv)
        return Result(
            table(found), found.as_dict() | {"made_with": made_with}, exit_code(found), outputs
        )

    return run(parser, argv, work)


def _made_with(program: str, argv: Sequence[str]) -> dict[str, Any]:
    """Command and versions; folders are left out of the command."""
    found = versions()
    return {
        "command": command_line(program, argv),
        "python": found.pop("python"),
        "versions": found,
    }
