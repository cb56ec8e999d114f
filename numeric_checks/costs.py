"""The cost of a check: too much memory is refused, and a long wait is announced."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["MAX_BYTES", "announce", "check_memory"]

MAX_BYTES = 16 * 2**30
"""Checks that would need more memory than this are refused."""

_PATIENCE = 30.0  # seconds


def check_memory(what: str, needed: float) -> None:
    """Refuse a case that needs more than 16 GiB.

    Raises:
        ValueError: with ``what`` asks for it, the estimate and the limit.
    """
    if needed > MAX_BYTES:
        raise ValueError(
            f"{what} needs about {needed / 2**30:.0f} GiB; "
            f"at most {MAX_BYTES / 2**30:.0f} GiB is allowed"
        )


def announce(what: str, seconds: float, say: Callable[[str], None]) -> None:
    """Tell the reader through ``say`` where work may take more than half a minute.

    >>> announce("the rank", 3.0, print)
    >>> announce("the rank", 7200.0, print)
    the rank may take about 2 h on one core
    """
    if seconds > _PATIENCE:
        units = ((3600.0, "h"), (60.0, "min"), (1.0, "s"))
        size, unit = next((size, unit) for size, unit in units if seconds >= size)
        say(f"{what} may take about {seconds / size:.0f} {unit} on one core")
