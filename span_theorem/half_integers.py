"""Angular momenta j = 0, 1/2, 1, 3/2, … as exact arguments, carried inside as the integer 2j."""

from __future__ import annotations

import operator
from fractions import Fraction
from functools import lru_cache
from math import isfinite
from numbers import Rational
from typing import SupportsIndex

from span_theorem.arguments import shown

__all__ = ["Momentum", "doubled", "doubled_degree", "doubled_degrees", "exact_ratio", "halved"]

Momentum = int | Fraction | SupportsIndex
"""An integer or half-integer: an int, a Fraction such as ``Fraction(1, 2)``, a sympy Rational."""


def exact_ratio(value: object) -> tuple[int, int] | None:
    """Numerator and denominator > 0 of an exact rational in lowest terms; None for anything else.

    Known are int, Fraction, numpy's integers, sympy's Integer and Rational, python-flint's fmpz and
    fmpq. A bool or a float is none.

    >>> exact_ratio(Fraction(3, 2)), exact_ratio(0.5)
    ((3, 2), None)
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, Fraction):
        return value.as_integer_ratio()
    if isinstance(value, Rational):
        return int(value.numerator), int(value.denominator)
    kind = type(value)
    if kind.__module__.startswith("flint."):
        if kind.__name__ == "fmpz":
            return operator.index(value), 1  # type: ignore[arg-type]  # an fmpz
        if kind.__name__ == "fmpq":
            return int(value.p), int(value.q)  # type: ignore[attr-defined]  # an fmpq
    return None


def doubled(name: str, value: Momentum) -> int:
    """2·value as an int, of an exact integer or half-integer.

    Raises:
        TypeError: for a float, with the remedy, and for what is not a number.
        ValueError: for another fraction.

    >>> doubled("m", Fraction(-1, 2)), doubled("m", 3)
    (-1, 6)
    """
    if type(value) is int:
        return 2 * value
    ratio = value.as_integer_ratio() if type(value) is Fraction else exact_ratio(value)
    if ratio is None:
        return 2 * _whole(name, value)
    numerator, denominator = ratio
    if denominator == 2:
        return numerator
    if denominator == 1:
        return 2 * numerator
    raise ValueError(f"{name} must be an integer or a half-integer, got {shown(value)}")


def _whole(name: str, value: object) -> int:
    """``value`` as an int, of what is no known rational; TypeError with the remedy."""
    try:
        if not isinstance(value, bool):
            return operator.index(value)  # type: ignore[arg-type]  # a TypeError is caught
    except TypeError:
        pass
    remedy = ""
    if isinstance(value, float) and isfinite(value) and (2 * value).is_integer():
        whole = int(2 * value)
        remedy = f"; write {f'Fraction({whole}, 2)' if whole % 2 else whole // 2}"
    raise TypeError(
        f"{name} must be an integer or a half-integer (int, Fraction or sympy Rational), got "
        f"{shown(value)}{remedy}"
    )


def doubled_degrees(l1: Momentum, l2: Momentum, l3: Momentum) -> tuple[int, int, int]:
    """2l1, 2l2, 2l3; ValueError for a negative one, which names no representation.

    >>> doubled_degrees(Fraction(3, 2), 1, 0)
    (3, 2, 0)
    """
    a, b, c = doubled("l1", l1), doubled("l2", l2), doubled("l3", l3)
    if a < 0 or b < 0 or c < 0:
        for name, value in (("l1", l1), ("l2", l2), ("l3", l3)):
            doubled_degree(name, value)
    return a, b, c


def doubled_degree(name: str, value: Momentum) -> int:
    """2·value as an int ≥ 0; ValueError for a negative one, which names no representation.

    >>> doubled_degree("j1", Fraction(3, 2))
    3
    """
    number = doubled(name, value)
    if number < 0:
        raise ValueError(f"{name} must be an integer or half-integer ≥ 0, got {shown(value)}")
    return number


@lru_cache(maxsize=4096)
def halved(number: int) -> int | Fraction:
    """number / 2, an int where it is one.

    >>> halved(3), halved(4)
    (Fraction(3, 2), 2)
    """
    return Fraction(number, 2) if number & 1 else number // 2
