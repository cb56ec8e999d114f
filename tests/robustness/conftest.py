"""Robustness: no call ends in a traceback, and bad input is one line and exit code 2.

The suite calls every command of the project in ways that a user, a script or an attacker may:

- ``test_arguments``: every option of every command, taken from its parser, with values that it
  cannot take; options that are unknown, missing, repeated or too much;
- ``test_certificates``: values planted in every field of certificates, mutants with recorded seeds;
- ``test_console``: ASCII consoles, 40 columns, closed pipes, full disks;
- ``test_together``: two runs at once, kills at random moments;
- ``test_kills``: kills, interrupts, full disks, two runs at once for all that writes or is long.

Most calls are made in this process (``call``), on a console that shows ASCII alone; those that
need a process of their own use ``process``. Every call is counted. With
``SPAN_THEOREM_ROBUSTNESS=PATH`` the counts are written to that file; the table on the page about
limits is made from it. One module at a time may be run: the file keeps the counts of the others::

    SPAN_THEOREM_ROBUSTNESS=docs/results/robustness/record.json \\
        python -m pytest tests/robustness [-m "not docs"]
"""

from __future__ import annotations

import errno
import io
import json
import os
import platform
import resource
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 60.0  # seconds that a call may take without having said what it will cost
MEMORY = 8 * 2**30  # bytes that a call may take, beyond what is imported
ANNOUNCED = ("order of", "may take about")
EXPECTED = {0, 2, 3, 4, 130, 143}


@dataclass(frozen=True)
class Outcome:
    """What one call of a command came to."""

    command: str
    arguments: tuple[str, ...]
    code: int | None  # None where it raised or ran too long
    out: str
    err: str
    seconds: float
    crash: str = ""  # an exception that nobody caught

    @property
    def traceback(self) -> bool:
        """Whether the user would have seen a traceback."""
        return (
            bool(self.crash) and "StartedError" not in self.crash
        ) or "Traceback (most recent call last)" in self.err

    @property
    def one_line(self) -> bool:
        """Whether standard error holds one printable line, which may be folded."""
        line = self.err.removesuffix("\n").replace("\n  ", " ")
        return bool(line) and line.isprintable()

    def fault(self) -> str:
        """What is wrong with the outcome, or nothing."""
        if self.traceback:
            return f"traceback: {self.crash or self.err[-500:]}"
        if self.crash:
            return "the work began"
        if self.code not in EXPECTED:
            return f"exit code {self.code}"
        if self.seconds > LIMIT and not any(words in self.err for words in ANNOUNCED):
            return f"took {self.seconds:.0f} s and did not say so"
        if self.code == 2 and not self.one_line:
            return f"exit code 2 with {self.err[-500:]!r} on standard error"
        return ""

    def __str__(self) -> str:
        shown = " ".join(ascii(a) if len(a) < 100 else f"{a[:100]!a}…" for a in self.arguments)
        return f"{self.command} {shown}: {self.code}, {self.fault() or 'as it should be'}"


@dataclass
class Tally:
    """How many calls of every command and kind, and what they came to."""

    rows: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

    def add(self, kind: str, outcome: Outcome) -> None:
        """Count one call."""
        empty = {"calls": 0, "refused": 0, "tracebacks": 0, "slowest_seconds": 0.0}
        row = self.rows.setdefault((outcome.command, kind), empty)
        row["calls"] += 1
        row["refused"] += outcome.code == 2
        row["tracebacks"] += outcome.traceback
        row["slowest_seconds"] = max(row["slowest_seconds"], round(outcome.seconds, 2))

    def record(self, part: str, before: dict[str, Any]) -> dict[str, Any]:
        """The content of the record: ``before``, with the modules that were run replaced."""
        made = {
            (command, kind): {"command": command, "kind": kind} | row
            for (command, kind), row in self.rows.items()
        }
        kinds = {kind for _, kind in made}
        kept = {
            (row["command"], row["kind"]): row
            for row in before.get("rows", ())
            if row["kind"] not in kinds
        }
        return {
            "python": platform.python_version(),
            "parts": dict(sorted((before.get("parts", {}) | dict.fromkeys(kinds, part)).items())),
            "rows": [row for _, row in sorted((kept | made).items())],
        }


def _read_commands() -> dict[str, str]:
    """Name and entry point of every command, and of the dispatcher itself."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = dict(project["entry-points"]["span_theorem.commands"])
    return {"span-theorem": project["scripts"]["span-theorem"]} | found


COMMANDS = _read_commands()
TALLY = Tally()


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Write the record where one is wanted; modules that were not run keep what it says of them."""
    place = os.environ.get("SPAN_THEOREM_ROBUSTNESS")
    ended = exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
    if place and TALLY.rows and ended:
        path = Path(place)
        before = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        part = "quick" if "not slow" in session.config.option.markexpr else "all"
        record = TALLY.record(part, before)
        text = json.dumps(record, indent=1, ensure_ascii=False)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")


class _Refusing(io.TextIOWrapper):
    """A stream that takes nothing, as a full disk or a closed pipe."""

    def __init__(self, number: int) -> None:
        super().__init__(io.BytesIO(), encoding="ascii")
        self._number = number

    def write(self, _: str) -> int:
        raise OSError(self._number, os.strerror(self._number))


class TooLongError(BaseException):
    """Not an Exception, so that nobody takes it for one."""


@contextmanager
def _memory(more: int) -> Iterator[None]:
    """At most ``more`` bytes of address space beyond what this process has, while the call runs."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + more, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


@contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    """Seconds of the processor, since others may be at work; twenty times as many of waiting."""

    def stop(_number: int, _frame: Any) -> None:
        raise TooLongError

    timers = {signal.SIGPROF: signal.ITIMER_PROF, signal.SIGALRM: signal.ITIMER_REAL}
    before = {number: signal.signal(number, stop) for number in timers}
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.setitimer(signal.ITIMER_REAL, 20 * seconds)
    try:
        yield
    finally:
        for timer in timers.values():
            signal.setitimer(timer, 0)
        for number, handler in before.items():
            signal.signal(number, handler)


def _console(kind: str) -> io.TextIOWrapper:
    if kind == "full":
        return _Refusing(errno.ENOSPC)
    if kind == "closed pipe":
        return _Refusing(errno.EPIPE)
    return io.TextIOWrapper(io.BytesIO(), encoding="ascii")


def _said(stream: io.TextIOWrapper) -> str:
    stream.flush()
    raw = stream.buffer
    assert isinstance(raw, io.BytesIO)
    return raw.getvalue().decode("ascii")


def _entry(command: str) -> Callable[[Sequence[str]], int]:
    """The ``main`` of a command."""
    module, _, name = COMMANDS[command].partition(":")
    found: Callable[[Sequence[str]], int] = getattr(import_module(module), name)
    return found


@pytest.fixture
def call(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, request: pytest.FixtureRequest
) -> Callable[..., Outcome]:
    """``call(command, *arguments)``: the outcome of one call in this process, in ``tmp_path``.

    ``stdout`` may be "full" or "closed pipe"; ``limit`` is in seconds.
    """
    kind = request.path.stem.removeprefix("test_")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "40")

    def make(command: str, *arguments: str, stdout: str = "", limit: float = 2 * LIMIT) -> Outcome:
        main = _entry(command)
        out, err = _console(stdout), _console("")
        code: int | None = None
        crash = ""
        start = time.process_time()
        with monkeypatch.context() as patch, _memory(MEMORY), _at_most(limit):
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            try:
                code = int(main(list(arguments)))
            except SystemExit as end:
                code = 0 if end.code is None else end.code if isinstance(end.code, int) else 1
            except TooLongError:
                crash = f"stopped after {limit} s"
            except BaseException as error:
                crash = f"{type(error).__name__}: {str(error)[:300]}"
        seconds = time.process_time() - start
        outcome = Outcome(command, arguments, code, _said(out), _said(err), seconds, crash)
        TALLY.add(kind, outcome)
        return outcome

    return make


@pytest.fixture
def process(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[..., Outcome]:
    """``process(command, *arguments)``: the outcome of one call in a process of its own.

    ``env`` is added to the environment, ``shell`` redirects (``">/dev/full"``), ``limit_memory``
    is in bytes of address space, ``timeout`` in seconds.
    """
    kind = request.path.stem.removeprefix("test_")

    def make(
        command: str,
        *arguments: str,
        env: dict[str, str] | None = None,
        shell: str = "",
        limit_memory: int | None = None,
        timeout: float = 2 * LIMIT,
    ) -> Outcome:
        def limited() -> None:
            if limit_memory is not None:
                resource.setrlimit(resource.RLIMIT_AS, (limit_memory, limit_memory))

        module = COMMANDS[command].partition(":")[0].removesuffix(".__main__")
        whole = [sys.executable, "-m", module, *arguments]
        start = time.perf_counter()
        try:
            done = subprocess.run(
                ["sh", "-c", f'"$@" {shell}', "sh", *whole] if shell else whole,
                cwd=tmp_path,
                env=os.environ | {"PYTHONPATH": str(ROOT)} | (env or {}),
                capture_output=True,
                timeout=timeout,
                preexec_fn=limited,
                check=False,
            )
            code: int | None = done.returncode
            out, err = (text.decode("utf-8", "replace") for text in (done.stdout, done.stderr))
            crash = ""
        except subprocess.TimeoutExpired:
            code, out, err, crash = None, "", "", f"stopped after {timeout} s"
        seconds = time.perf_counter() - start
        outcome = Outcome(command, arguments, code, out, err, seconds, crash)
        TALLY.add(kind, outcome)
        return outcome

    return make


@pytest.fixture
def count_run(request: pytest.FixtureRequest) -> Callable[[str, int, str, str, float], None]:
    """``count_run(command, code, out, err, seconds)``: count a process that a test ran itself."""
    kind = request.path.stem.removeprefix("test_")
    return lambda command, code, out, err, seconds: TALLY.add(
        kind, Outcome(command, (), code, out, err, seconds)
    )


@pytest.fixture(scope="session")
def entry_points() -> dict[str, str]:
    """``module:function`` of every command, by its name."""
    return dict(COMMANDS)


@pytest.fixture
def entry() -> Callable[[str], Callable[[Sequence[str]], int]]:
    """``entry(command)``: the ``main`` of a command."""
    return _entry
