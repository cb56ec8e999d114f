"""Checks of arguments: one wording for one kind of fault, in Python and on the command line.

Public functions check what they are given with :func:`integer`, :func:`natural` and
:func:`within`; private ones trust it. The ``…_option`` functions make the ``type=`` of an argparse
option, so that a value is judged before any work.
"""

from __future__ import annotations

import argparse
import math
import numbers
import operator
import re
import unicodedata
from collections.abc import Callable
from typing import SupportsIndex

__all__ = [
    "finite",
    "integer",
    "integer_option",
    "natural",
    "number_option",
    "printable",
    "shown",
    "within",
]


def shown(value: object, limit: int = 60) -> str:
    """``repr`` of a value for a message, cut to ``limit`` characters.

    >>> shown("9" * 100, 10)
    "'99999999…"
    """
    if _is_large(value):
        return f"a {type(value).__name__} with too many entries to show"
    try:
        text = repr(value)
    except ValueError:  # an int of more digits than Python prints
        text = f"an integer of about {int(value).bit_length()} bits"  # type: ignore[call-overload]  # an int
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _is_large(value: object, most: int = 10_000) -> bool:
    """Whether a container prints more than ``most`` entries, or texts of thousands each.

    A small file may name one list many times within another, and so on: written out it has no end.
    """
    waiting, entries, length = [value], 0, 0
    while waiting and entries <= most and length <= 1000 * most:
        node = waiting.pop()
        entries += 1
        if isinstance(node, str | bytes):
            length += len(node) if node is not value else 0
        elif isinstance(node, dict | list | tuple | set | frozenset):
            if len(node) + len(waiting) > most:
                return True
            waiting += [*node.keys(), *node.values()] if isinstance(node, dict) else node
    return bool(waiting)


def printable(text: str) -> str:
    """``text`` with control characters as escapes, all but tabs and ends of lines.

    A name from outside could otherwise give orders to the terminal that it is printed on.

    >>> printable("a\\x1b[2Jb")
    'a\\\\x1b[2Jb'
    """
    if text.isprintable():
        return text
    return "".join(c.encode("unicode_escape").decode() if _orders(c) else c for c in text)


def _orders(character: str) -> bool:
    """Whether it is a control or format character, a line or paragraph separator."""
    if character in "\t\n":
        return False
    return unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp")


def integer(name: str, value: SupportsIndex) -> int:
    """``value`` as an int; TypeError for floats, strings and booleans."""
    if isinstance(value, bool):
        raise TypeError(f"{name} must be an integer, got {value!r}")
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be an integer, got {shown(value)}") from None


def natural(name: str, value: SupportsIndex) -> int:
    """``value`` as an int ≥ 0; ValueError for a negative one."""
    number = integer(name, value)
    if number < 0:
        raise ValueError(f"{name} must be an integer ≥ 0, got {shown(number)}")
    return number


def within(name: str, value: SupportsIndex, low: int, high: int) -> int:
    """``value`` as an int with low ≤ value ≤ high; ValueError outside.

    >>> within("L", 3, 0, 8)
    3
    """
    number = integer(name, value)
    if not low <= number <= high:
        raise ValueError(f"{name} must be an integer from {low} to {high}, got {shown(number)}")
    return number


def finite(name: str, value: object) -> float:
    """``value`` as a finite float; TypeError for what is no number, ValueError for inf and nan.

    >>> finite("mae", 3)
    3.0
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be a number, got {shown(value)}")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"{name} must be a finite number, got {shown(value)}")
    return number


def integer_option(name: str, low: int, high: int) -> Callable[[str], int]:
    """The ``type=`` of an option that takes an integer from ``low`` to ``high``.

    >>> integer_option("L", 0, 8)("3")
    3
    """

    def convert(text: str) -> int:
        # Digits first: int() of a very long string is slow, and "1_0" or "٣" is no option.
        value = int(text) if re.fullmatch(r"[+-]?[0-9]{1,18}", text, re.ASCII) else None
        if value is None or not low <= value <= high:
            raise argparse.ArgumentTypeError(
                f"{name} must be an integer from {low} to {high}, got {shown(text)}"
            )
        return value

    return convert


def number_option(
    name: str, low: float, high: float = math.inf, *, open_low: bool = False
) -> Callable[[str], float]:
    """The ``type=`` of an option that takes a finite number from ``low`` to ``high``.

    ``open_low`` leaves ``low`` itself out.

    >>> number_option("level", 0, 1)("0.95")
    0.95
    """
    least = f"above {low:g}" if open_low else f"at least {low:g}"
    accepted = least if math.isinf(high) else f"{least} and at most {high:g}"

    def convert(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value) or not low <= value <= high or (open_low and value == low):
            raise argparse.ArgumentTypeError(
                f"{name} must be a number {accepted}, got {shown(text)}"
            )
        return value

    return convert
