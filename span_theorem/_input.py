"""Checks of arguments that several modules share: one wording for one kind of fault."""

from __future__ import annotations

import operator
from typing import SupportsIndex

__all__ = ["integer", "natural"]


def integer(name: str, value: SupportsIndex) -> int:
    """``value`` as an int; TypeError for floats, strings and booleans."""
    if isinstance(value, bool):
        raise TypeError(f"{name} must be an integer, got {value!r}")
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be an integer, got {value!r}") from None


def natural(name: str, value: SupportsIndex) -> int:
    """``value`` as an int ≥ 0; ValueError for a negative one."""
    number = integer(name, value)
    if number < 0:
        raise ValueError(f"{name} must be an integer ≥ 0, got {number}")
    return number
