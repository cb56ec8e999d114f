"""Which verdicts count for a run."""

from __future__ import annotations

from neural_checks.readouts.verdict import LIMIT, RecoveryCurve, Verdict

__all__ = ["why_not_judged"]


def why_not_judged(kind: str, channels: int | None, score: RecoveryCurve, verdict: Verdict) -> str:
    """Why the verdict on a readout does not count for the run; empty where it does.

    A component-wise readout of one channel per irrep is weak: that it misses degrees within the
    boundary says nothing of the boundary. What it recovers above dL counts, and so does a cliff at
    dL.
    """
    leaks = any(low > LIMIT for low in score.low[verdict.boundary :])
    if kind == "component-wise" and channels == 1 and not verdict.agrees and not leaks:
        return "one channel per irrep: what it misses at dL says nothing of the boundary"
    return ""
