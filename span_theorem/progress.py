"""Progress with an estimate of the time left, on standard error."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

from span_theorem.arguments import printable

__all__ = ["OnProgress", "Progress"]

#: A function that is called with the number of steps done and their total.
OnProgress = Callable[[int, int], None]

#: Seconds between two lines of one task where standard error is no terminal.
QUIET = 15.0


class Progress:
    """Bars on a terminal (``rich``), otherwise a line per task now and then.

    >>> with Progress() as progress:
    ...     progress.update("measurement", 1, 1)
    """

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._tasks: dict[str, Any] = {}
        self._said: dict[str, float] = {}
        self._begun: dict[str, tuple[float, int]] = {}
        self._bars: Any = None
        if sys.stderr is not None and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
            from rich.progress import Progress as Bars

            self._bars = Bars(
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
                TextColumn("{task.fields[note]}", markup=False),
                console=Console(stderr=True),
                speed_estimate_period=600,
            )

    def __enter__(self) -> Progress:
        if self._bars is not None:
            self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bars is not None:
            self._bars.stop()

    def update(self, task: str, done: int, total: int, note: str = "") -> None:
        """``done`` of ``total`` steps of ``task`` are over."""
        task, note = printable(task), printable(note)
        if self._bars is not None:
            if task not in self._tasks:
                self._tasks[task] = self._bars.add_task(task, total=total, completed=done, note="")
            self._bars.update(self._tasks[task], completed=done, note=note)
            return
        now = time.monotonic()
        since, first = self._begun.setdefault(task, (now, done))
        if done < total and now - self._said.get(task, -QUIET) < QUIET:
            return
        self._said[task] = now
        left = ""
        if first < done < total:
            left = f", about {(now - since) / (done - first) * (total - done):.0f} s left"
        _print(f"[{now - self._started:6.0f} s] {task}: {done}/{total}{left}  {note}")


def _print(line: str) -> None:
    """A line for whoever reads it: a closed or full standard error does not end the work."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError, ValueError):
            print(line, file=sys.stderr, flush=True)
