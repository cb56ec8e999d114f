"""The frame of every command: options, exit codes, messages, and what is printed where.

A command is a parser (:func:`parser`) and a function that does the work and returns a
:class:`Result`. :func:`run` joins them. It owns

- the exit codes (:class:`Exit`);
- the map from exception to message: bad input is one line on standard error and exit code 2;
- the order of things: results are on the disk before anything is printed, and a result that cannot
  be written is still printed;
- the console: characters that it cannot show and control characters are replaced, long lines are
  folded to its width;
- interrupts: Ctrl-C and SIGTERM unwind the work, so that it can save, and end in one line.

The result goes to standard output, as text or with ``--json`` as one JSON object; everything else
goes to standard error. ``SPAN_THEOREM_TRACEBACK=1`` shows the traceback behind a message.
"""

from __future__ import annotations

import argparse
import contextlib
import enum
import io
import json
import os
import shutil
import signal
import sys
import textwrap
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from span_theorem import extras
from span_theorem.arguments import printable
from span_theorem.files import plain

__all__ = [
    "Exit",
    "Parser",
    "Result",
    "Terminated",
    "alias",
    "parser",
    "run",
    "run_main",
    "say",
    "show",
]


class Exit(enum.IntEnum):
    """Exit codes; 1 is left to crashes, since an exception that nobody caught exits with 1."""

    OK = 0
    USAGE = 2
    REFUTED = 3
    UNDECIDED = 4
    INTERRUPTED = 130
    TERMINATED = 143


CODES = "exit codes: 0 {ok}, 2 bad usage or input, 3 {refuted}, 4 undecided"
"""A line for the help of a command, to be filled in with its own words."""


_BAD_INPUT = (
    TypeError,
    ValueError,
    OSError,
    ImportError,
    ArithmeticError,
    MemoryError,
    RecursionError,
)


class Terminated(KeyboardInterrupt):
    """SIGTERM arrived; it unwinds the work in the way that Ctrl-C does."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a command found: ``text`` for people, ``data`` for ``--json``, and the exit code.

    ``outputs`` write one file each and return its name. They run before anything is printed, and
    one that fails does not keep the others, or the text, from the reader.
    """

    text: str
    data: Any
    exit: Exit = Exit.OK
    outputs: Sequence[Callable[[], str]] = ()


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """Print ``message`` as one line on standard error and exit with 2."""
        self.exit(Exit.USAGE, _line(f"{self.prog}: error: {message}") + "\n")

    def print_help(self, file: Any = None) -> None:
        """Print the help; exit with 2 where standard output does not take it."""
        if file is not None:
            super().print_help(file)
        elif code := show(self.format_help().rstrip()):
            raise SystemExit(code)


_program: str | None = None  # the dispatcher's name, where it called the command


@contextlib.contextmanager
def called_as(program: str) -> Iterator[None]:
    """Name the commands parsed meanwhile ``program …`` in usage and messages."""
    global _program
    before, _program = _program, program
    try:
        yield
    finally:
        _program = before


def parser(module: str, description: str, epilog: str = "", *, json: bool = True) -> Parser:
    """The parser of ``python -m module``, with ``--json`` unless ``json`` is false."""
    made = Parser(
        prog=_program or f"python -m {module}",
        description=description,
        epilog=epilog,
        allow_abbrev=False,
    )
    if json:
        made.add_argument("--json", action="store_true", help="print one JSON object")
    return made


def alias(made: argparse.ArgumentParser, old: str, new: str) -> None:
    """Let ``made`` take the option ``new`` under its former name too, without showing it."""
    action = made._option_string_actions[new]
    made._option_string_actions[old] = action


def say(message: str) -> None:
    """One note on standard error, such as what long work will cost."""
    if sys.stderr is None:  # closed; print would take standard output instead
        return
    with contextlib.suppress(OSError, ValueError):  # nobody listens
        print(_fold(printable(message), _width(sys.stderr)), file=sys.stderr, flush=True)


def show(text: str) -> Exit:
    """Print a text that is not a result, such as an overview; USAGE where it cannot be printed."""
    faults = _print(Result(text, None), as_json=False)
    for fault in faults:
        say(fault)
    return Exit.USAGE if faults else Exit.OK


def run(
    made: argparse.ArgumentParser,
    argv: Sequence[str] | None,
    work: Callable[[argparse.Namespace], Result],
) -> int:
    """Parse ``argv``, do ``work``, write and print what it found; the exit code.

    Bad options end in argparse's way, with SystemExit and code 2. TypeError, ValueError, OSError,
    ImportError, ArithmeticError, MemoryError and RecursionError of the work are bad input; any
    other exception is a fault of the program and is raised.
    """
    _prepare_console()
    arguments = made.parse_args(argv)

    def whole() -> int:
        # Standard output is for the result: what a package prints meanwhile goes beside it.
        with contextlib.redirect_stdout(sys.stderr):
            result = work(arguments)
        faults = _write(result.outputs)
        faults += _print(result, getattr(arguments, "json", False))
        for fault in faults:
            _complain(made.prog, fault)
        return Exit.USAGE if faults else result.exit

    return run_main(made.prog, whole)


def run_main(program: str, body: Callable[[], int]) -> int:
    """``body()``, or the exit code and the one line for what it raised; see :func:`run`."""
    _prepare_console()
    try:
        with _terminable():
            return body()
    except KeyboardInterrupt as error:
        _complain(program, str(error) or "interrupted")
        return Exit.TERMINATED if isinstance(error, Terminated) else Exit.INTERRUPTED
    except _BAD_INPUT as error:
        _complain(program, _message(error))
        return Exit.USAGE


def _prepare_console() -> None:
    """A terminal or a pipe that cannot show ≤ is no reason to fail."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """SIGTERM raises :class:`Terminated` meanwhile (in the main thread, where Python allows it)."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_number: int, _frame: Any) -> None:
        raise Terminated("terminated")

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _write(outputs: Sequence[Callable[[], str]]) -> list[str]:
    faults = []
    for output in outputs:
        try:
            say(f"wrote {output()}")
        except (OSError, ValueError) as error:
            faults.append(f"not written: {_message(error)}")
    return faults


def _print(result: Result, as_json: bool) -> list[str]:
    """Print the result; the fault where standard output does not take it."""
    if as_json:
        text = json.dumps(plain(result.data), indent=1, allow_nan=False)
    else:
        text = _fold(printable(result.text), _width(sys.stdout))
    if sys.stdout is None:
        return ["the result cannot be printed: standard output is closed"]
    try:
        print(text, flush=True)
    except (OSError, ValueError) as error:
        # Otherwise the interpreter would fail again when it flushes the stream at its end.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return [f"the result cannot be printed: {_message(error)}"]
    return []


def _message(error: BaseException) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name:
        return extras.remedy(error.name)
    if isinstance(error, MemoryError):
        return f"not enough memory{f': {error}' if str(error) else ''}"
    if isinstance(error, RecursionError):
        return "the input is nested too deeply"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror if error.filename is None else f"{error.filename}: {error.strerror}"
    return str(error) or type(error).__name__


def _complain(program: str, message: str) -> None:
    if os.environ.get("SPAN_THEOREM_TRACEBACK") == "1":
        traceback.print_exc()
    if sys.stderr is None:
        return
    with contextlib.suppress(OSError, ValueError):
        print(_line(f"{program}: error: {message}"), file=sys.stderr, flush=True)


def _line(text: str, limit: int = 2000) -> str:
    """``text`` as one line, without control characters, cut to ``limit`` characters."""
    line = "".join(c if c.isprintable() else " " for c in " ".join(text.split()))
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _width(stream: Any) -> int | None:
    """Columns of a terminal, or of what ``COLUMNS`` says; None where lines may be of any length."""
    try:
        known = "COLUMNS" in os.environ or stream.isatty()
    except (AttributeError, ValueError):
        known = False
    return max(shutil.get_terminal_size().columns, 20) if known else None


def _fold(text: str, width: int | None) -> str:
    """Lines longer than ``width`` go on below, indented by two more than they began."""
    if width is None:
        return text
    lines = []
    for line in text.splitlines():
        if len(line) <= width:
            lines.append(line)
            continue
        indent = line[: len(line) - len(line.lstrip())][: width // 2]
        lines += textwrap.wrap(
            line.strip(),
            width,
            initial_indent=indent,
            subsequent_indent=indent + "  ",
            break_on_hyphens=False,
        )
    return "\n".join(lines)
