"""What the tests of commands share."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest


def _exit_code(main: Callable[[Sequence[str]], int], arguments: Sequence[str]) -> int:
    try:
        return main(arguments)
    except SystemExit as stopped:  # argparse, for an option out of range
        return int(stopped.code or 0)


@pytest.fixture
def exit_code() -> Callable[[Callable[[Sequence[str]], int], Sequence[str]], int]:
    """The exit code of a command, whether argparse or the work ended it."""
    return _exit_code
