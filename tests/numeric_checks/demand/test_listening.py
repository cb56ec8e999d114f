"""What the shares of a network's error say of it, in a word."""

from __future__ import annotations

import pytest

from numeric_checks.demand.listening import _verdict
from numeric_checks.demand.result import Share

NONE, SOME, MUCH = Share(0.0, -0.01, 0.01), Share(0.2, 0.1, 0.3), Share(0.5, 0.4, 0.6)
UNSURE = Share(0.5, -0.1, 0.9)


@pytest.mark.parametrize(
    ("within", "beyond", "verdict"),
    [
        (SOME, MUCH, "degrees"),
        (NONE, SOME, "degrees"),
        (MUCH, SOME, "training"),
        (SOME, NONE, "training"),
        (SOME, UNSURE, "training"),
        (NONE, UNSURE, "undecided"),
        (UNSURE, NONE, "undecided"),
        (NONE, NONE, "neither"),
    ],
)
def test_a_share_counts_where_its_interval_is_above_zero(
    within: Share, beyond: Share, verdict: str
) -> None:
    assert _verdict(1, 3, "", within, beyond, SOME, NONE)[0] == verdict


def test_what_keeps_from_a_verdict() -> None:
    assert _verdict(1, 3, "few frames", SOME, MUCH, SOME, NONE) == (
        "undecided",
        "undecided: few frames",
    )
    assert "cannot be trusted" in _verdict(1, 3, "", SOME, MUCH, SOME, SOME)[1]
    assert "raise l_max" in _verdict(3, 3, "", SOME, MUCH, SOME, NONE)[1]
