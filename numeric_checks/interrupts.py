"""Interrupts that wait for the end of a step, so that what is saved is a whole state."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from typing import Any

from span_theorem.command import Terminated

__all__ = ["Interrupt", "deferred"]


class Interrupt:
    """Whether Ctrl-C or SIGTERM came."""

    def __init__(self) -> None:
        self.number: int | None = None

    @property
    def asked(self) -> bool:
        """Whether the work is to end."""
        return self.number is not None

    def raise_if_asked(self, saved: str = "the checkpoint is written") -> None:
        """Raise what the signal would have raised when it came; ``saved`` is added to its word."""
        if self.number is None:
            return
        word = "terminated" if self.number == signal.SIGTERM else "interrupted"
        kind = Terminated if self.number == signal.SIGTERM else KeyboardInterrupt
        raise kind(f"{word}; {saved}" if saved else word)


@contextlib.contextmanager
def deferred() -> Iterator[Interrupt]:
    """SIGINT and SIGTERM are noted meanwhile, for the work to end at a place of its own choice.

    A second one is raised at once. One that the work did not raise is raised at the end. In other
    threads than the main one, where Python allows no handlers, nothing is changed.
    """
    interrupt = Interrupt()
    if threading.current_thread() is not threading.main_thread():
        yield interrupt
        return

    def note(number: int, _frame: Any) -> None:
        if interrupt.asked:
            interrupt.raise_if_asked("")
        interrupt.number = number

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield interrupt
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    interrupt.raise_if_asked("")
