"""The command line of a check: the frame of :mod:`span_theorem.command`, and a figure."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from numeric_checks.figures import figure_paths, save_figure
from span_theorem.command import Exit, Result, run

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
    written to its path is refused before the check starts.
    """
    if draw is not None:
        parser.add_argument("--figure", metavar="PATH", help=".svg or .png; without a suffix both")
        parser.add_argument("--force", action="store_true", help="replace an existing figure")

    def work(arguments: argparse.Namespace) -> Result:
        wanted = draw is not None and arguments.figure is not None
        paths = figure_paths(arguments.figure, arguments.force) if wanted else ()
        found = check(arguments)

        def write() -> str:
            if draw is not None:
                save_figure(draw(found), paths, force=arguments.force)
            return ", ".join(map(str, paths))

        outputs = (write,) if paths else ()
        return Result(table(found), found.as_dict(), exit_code(found), outputs)

    return run(parser, argv, work)
