"""The verdict on curves: recovered, lost, unclear; what agrees, disagrees and decides nothing."""

from __future__ import annotations

import numpy as np
import pytest

from neural_checks.readouts.verdict import (
    Doubts,
    Outcome,
    RecoveryCurve,
    degrees_above,
    judge,
    overall,
)


@pytest.mark.parametrize(
    ("low", "high", "says"),
    [
        ([0.9, 0.8, 0.7, 0.3, -0.1], [1.0, 0.9, 0.8, 0.4, 0.0], Outcome.AGREES),
        ([0.9, 0.8, 0.7, 0.02, -0.1], [1.0, 0.9, 0.8, 0.1, 0.0], Outcome.UNDECIDED),
        ([0.9, 0.8, 0.7, 0.3, -0.1], [1.0, 0.9, 0.8, 0.4, 0.1], Outcome.UNDECIDED),
        ([0.9, 0.8, 0.7, -0.1, -0.1], [1.0, 0.9, 0.8, 0.0, 0.0], Outcome.DISAGREES),
        ([0.9, 0.8, 0.7, 0.02, 0.06], [1.0, 0.9, 0.8, 0.1, 0.2], Outcome.DISAGREES),
    ],
)
def test_only_uncertain_degrees_leave_the_verdict_undecided(
    low: list[float], high: list[float], says: Outcome
) -> None:
    ends = np.array([low, high])
    draws = np.repeat(ends, 500, axis=0)  # quantiles are the two ends
    decided = judge(RecoveryCurve.of(ends.mean(axis=0), draws), 2, 2)
    assert decided.outcome is says
    assert says.upper() in decided.sentence
    assert decided.agrees == (says is Outcome.AGREES)


def curve(*values: float) -> RecoveryCurve:
    return RecoveryCurve(values, tuple(v - 0.01 for v in values), tuple(v + 0.01 for v in values))


def test_doubts_keep_misses_from_counting_but_not_leaks() -> None:
    lost, leak, clear = curve(0.9, 0, 0), curve(0.9, 0.8, 0.8), curve(0.9, 0.8, 0)
    doubt = Doubts(misses="few frames")
    assert judge(lost, 1, 2).outcome is Outcome.DISAGREES
    assert judge(lost, 1, 2, doubt).outcome is Outcome.UNDECIDED
    assert "few frames" in judge(lost, 1, 2, doubt).sentence
    assert judge(clear, 1, 2, doubt).outcome is Outcome.AGREES
    assert judge(leak, 1, 2, doubt).outcome is Outcome.DISAGREES
    assert judge(leak, 1, 2, Doubts(everything="no frames")).outcome is Outcome.UNDECIDED


def test_a_value_that_is_no_number_decides_nothing() -> None:
    assert judge(curve(0.9, float("nan"), 0), 1, 2).outcome is Outcome.UNDECIDED


def test_a_curve_that_ends_at_the_boundary_is_refused() -> None:
    with pytest.raises(ValueError, match="boundary 2 needs degrees above"):
        judge(curve(0.9, 0.8), 1, 2)


def test_features_of_degree_zero_recover_nothing() -> None:
    assert judge(curve(0, 0, 0), 0, 2).measured == 0
    assert judge(curve(0, 0.5, 0), 0, 2).outcome is Outcome.DISAGREES


def test_one_that_disagrees_decides_and_then_one_that_is_undecided() -> None:
    agrees = judge(curve(0.9, 0), 1, 1).outcome
    disagrees = judge(curve(0.9, 0.8), 1, 1).outcome
    undecided = judge(curve(0.9, 0.05), 1, 1).outcome
    assert overall([agrees, agrees]) is Outcome.AGREES
    assert overall([agrees, undecided]) is Outcome.UNDECIDED
    assert overall([undecided, disagrees, agrees]) is Outcome.DISAGREES
    assert [o.exit for o in Outcome] == [0, 3, 4]


def test_reach_counts_without_gaps() -> None:
    assert degrees_above(
        np.array([[0.9, 0.0, 0.9], [0.0, 0.9, 0.9], [0.9, 0.9, 0.9]])
    ).tolist() == [
        1,
        0,
        3,
    ]


def test_two_curves_are_joined_at_the_boundary() -> None:
    joined = curve(1, 2, 3).followed_by(curve(4, 5, 6), 1)
    assert joined.values == (1, 5, 6)
    assert joined.at(2) == (5, 4.99, 5.01)
