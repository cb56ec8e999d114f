"""Costs: refused above the limit and not at it, announced where somebody has to wait."""

from __future__ import annotations

import pytest

from numeric_checks.costs import MAX_BYTES, announce, check_memory


def test_memory_is_refused_above_the_limit() -> None:
    check_memory("a case", MAX_BYTES)
    with pytest.raises(ValueError, match="a case needs about 32 GiB; at most 16 GiB is allowed"):
        check_memory("a case", 2 * MAX_BYTES)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (29.0, []),
        (45.0, ["a case may take about 45 s on one core"]),
        (150.0, ["a case may take about 2 min on one core"]),
        (7300.0, ["a case may take about 2 h on one core"]),
    ],
)
def test_a_long_wait_is_announced(seconds: float, said: list[str]) -> None:
    heard: list[str] = []
    announce("a case", seconds, heard.append)
    assert heard == said
