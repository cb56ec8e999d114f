"""Which verdicts count for a run."""

from __future__ import annotations

from neural_checks.readouts.verdict import LIMIT, RecoveryCurve, Verdict

__all__ = ["why_not_judged"]


def why_not_judged(kind: str, channels: int | None, score: RecoveryCurve, verdict: Verdict) -> str:
    """Why the verdict on a readout does not count for the run; empty where it does.

    The theorem says that nothing above dL is recovered, not that every readout recovers what is
    below. A component-wise readout of one channel per irrep, and one trained network for all atoms,
    are weak: that they miss degrees within the boundary says nothing of the boundary. What they
    recover above dL counts, and so does a cliff at dL.
    """
    leaks = any(low > LIMIT for low in score.low[verdict.boundary :])
    if verdict.agrees or leaks:
        return ""
    if kind == "component-wise" and channels == 1:
        return "one channel per irrep: what it misses within dL says nothing of the boundary"
    if kind == "trained, shared":
        return "one network for all atoms: what it misses within dL says nothing of the boundary"
    return ""
