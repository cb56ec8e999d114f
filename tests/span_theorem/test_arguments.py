"""Checks of arguments: accepted values come back, others name the value and the range."""

from __future__ import annotations

import argparse
from fractions import Fraction
from typing import Any

import pytest

from span_theorem.arguments import (
    integer,
    integer_option,
    natural,
    number_option,
    shown,
    within,
)


@pytest.mark.parametrize("value", [2.0, "2", True, None, Fraction(2)])
def test_only_integers_are_integers(value: Any) -> None:
    with pytest.raises(TypeError, match="L must be an integer, got"):
        integer("L", value)


def test_ranges() -> None:
    assert natural("L", 0) == 0
    assert within("L", 8, 0, 8) == 8
    with pytest.raises(ValueError, match="L must be an integer ≥ 0, got -1"):
        natural("L", -1)
    with pytest.raises(ValueError, match="L must be an integer from 0 to 8, got 9"):
        within("L", 9, 0, 8)


def test_a_huge_integer_is_shown_without_its_digits() -> None:
    with pytest.raises(ValueError, match="got an integer of about 1000000 bits"):
        within("L", 1 << 999_999, 0, 8)
    assert len(shown("9" * 10_000)) == 60


def test_a_list_that_has_no_end_when_it_is_written_out_is_not_written_out() -> None:
    bomb: list[object] = ["x"]
    for _ in range(30):
        bomb = [bomb] * 9
    circle: list[object] = []
    circle.append(circle)
    for value in (bomb, [1, bomb], circle, ["y" * 10**6] * 9999):
        assert shown(value) == "a list with too many entries to show"
    assert shown({"a": bomb}) == "a dict with too many entries to show"
    for plain in ([[1, [2.5]], {"a": (1, None)}], [], {1: {2, 3}}, "9" * 50, b"x"):
        assert shown(plain) == repr(plain)


@pytest.mark.parametrize("text", ["", "1.5", "1e3", "9", "-1", "٣", "1_0", "9" * 5000, " 1"])
def test_an_integer_option_refuses(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="L must be an integer from 0 to 8"):
        integer_option("L", 0, 8)(text)


@pytest.mark.parametrize("text", ["", "nan", "inf", "-0.1", "1.1", "x", "0"])
def test_a_number_option_refuses(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="level must be a number above 0 and"):
        number_option("level", 0, 1, open_low=True)(text)


def test_a_number_option_without_an_upper_end() -> None:
    assert number_option("amplitude", 0)("1e3") == 1000.0
    with pytest.raises(argparse.ArgumentTypeError, match="at least 0, got"):
        number_option("amplitude", 0)("-1")
