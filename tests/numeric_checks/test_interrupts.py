"""Interrupts that wait: noted, raised at a place of the work's choice or at its end, never lost."""

from __future__ import annotations

import os
import signal

import pytest

from numeric_checks.interrupts import deferred
from span_theorem.command import Terminated


@pytest.mark.parametrize(
    ("number", "kind", "word"),
    [
        (signal.SIGINT, KeyboardInterrupt, "interrupted"),
        (signal.SIGTERM, Terminated, "terminated"),
    ],
)
def test_an_interrupt_that_the_work_does_not_raise_is_raised_at_its_end(
    number: signal.Signals, kind: type[BaseException], word: str
) -> None:
    before, done = signal.getsignal(number), []

    def work(saved: str = "") -> None:
        with deferred() as interrupt:
            os.kill(os.getpid(), number)
            assert interrupt.asked
            done.append("a frame")
            if saved:
                interrupt.raise_if_asked(saved)
            done.append("the rest")

    with pytest.raises(kind, match=f"^{word}$"):
        work()
    assert done == ["a frame", "the rest"]
    assert signal.getsignal(number) is before
    with pytest.raises(kind, match=f"^{word}; a frame is kept$"):
        work("a frame is kept")
    assert done == ["a frame", "the rest", "a frame"]


def test_an_error_of_the_work_is_not_hidden() -> None:
    def work() -> None:
        with deferred():
            os.kill(os.getpid(), signal.SIGINT)
            raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        work()


def test_without_an_interrupt_nothing_is_raised() -> None:
    with deferred() as interrupt:
        interrupt.raise_if_asked()
    assert not interrupt.asked
