"""``span-theorem NAME …``, or ``python -m span_theorem NAME …``: every command by its name.

The commands are the entry points of the group ``span_theorem.commands``, so that this layer knows
none of those above it. ``span-theorem NAME`` is ``python -m`` of the module that the entry point
names, with the same options.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path

from span_theorem import extras
from span_theorem._version import __version__
from span_theorem.command import Exit, called_as, run_main, show
from span_theorem.registered import registered, resolve

__all__ = ["main"]


def _about(target: str) -> str:
    """The first line of the module's text, read without importing the module."""
    try:
        spec = find_spec(target.partition(":")[0])
        if spec is None or spec.origin is None:
            return ""
        text = ast.get_docstring(ast.parse(Path(spec.origin).read_text(encoding="utf-8")))
    except (ImportError, OSError, SyntaxError):
        return ""
    return (text or "").partition("\n")[0].partition(": ``")[0].rstrip(".")


def _overview(commands: dict[str, str]) -> str:
    width = max(map(len, commands), default=0)
    lines = ["usage: span-theorem NAME …  (span-theorem NAME --help shows the options)", ""]
    lines += [f"  {name:<{width}}  {_about(target)}" for name, target in commands.items()]
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of ``span-theorem``; the exit code of the command."""
    given = list(sys.argv[1:] if argv is None else argv)
    return run_main("span-theorem", lambda: _dispatch(given))


def _dispatch(given: list[str]) -> int:
    commands = registered("span_theorem.commands")
    if not given or given[0] in ("-h", "--help"):
        shown = show(_overview(commands))
        return shown if given else Exit.USAGE
    name, *rest = given
    if name == "--version":
        return show(f"span-theorem {__version__}")
    if name not in commands:
        near = get_close_matches(name, commands, 1)
        meant = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"no command {name[:60]!r}{meant} (known: {', '.join(commands)})")
    try:
        command = resolve(commands[name])
    except ModuleNotFoundError as error:
        raise ValueError(extras.remedy(error.name or name)) from error
    with called_as(f"span-theorem {name}"):
        code: int = command(rest)
    return code


if __name__ == "__main__":
    sys.exit(main())
