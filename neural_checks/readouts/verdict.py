"""The one rule by which a measured curve is set beside the proved boundary.

A curve gives R² of the field of degree ℓ = 1, 2, … with an interval. A degree is *recovered* where
the interval lies above :data:`LIMIT`, *lost* where it lies below, and unclear otherwise. The curve
agrees with the boundary dL where every ℓ ≤ dL is recovered and every ℓ > dL is lost; it disagrees
where one ℓ ≤ dL is lost or one ℓ > dL is recovered; otherwise it is undecided.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from span_theorem.command import Exit
from span_theorem.span import boundary

__all__ = [
    "LIMIT",
    "Doubts",
    "Outcome",
    "RecoveryCurve",
    "Verdict",
    "degrees_above",
    "judge",
    "overall",
]

Array = NDArray[np.float64]

#: R² that separates a recovered degree from a lost one.
LIMIT = 0.05


class Outcome(StrEnum):
    """What a measurement says of the boundary."""

    AGREES = "agrees"
    DISAGREES = "disagrees"
    UNDECIDED = "undecided"

    @property
    def exit(self) -> Exit:
        """The exit code of a command that ends with this outcome."""
        codes = {Outcome.AGREES: Exit.OK, Outcome.DISAGREES: Exit.REFUTED}
        return codes.get(self, Exit.UNDECIDED)


@dataclass(frozen=True)
class RecoveryCurve:
    """Values for ℓ = 1, 2, … and the ends of their intervals."""

    values: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]

    @classmethod
    def of(cls, point: Array, draws: Array, level: float = 0.95) -> RecoveryCurve:
        """``point`` (ℓ,) with the central ``level`` of the bootstrap's ``draws`` (draws, ℓ)."""
        tail = (1 - level) / 2
        low, high = np.quantile(draws, [tail, 1 - tail], axis=0)
        return cls(tuple(point.tolist()), tuple(low.tolist()), tuple(high.tolist()))

    def followed_by(self, above: RecoveryCurve, edge: int) -> RecoveryCurve:
        """This curve at ℓ ≤ ``edge`` and ``above`` at the others."""
        return RecoveryCurve(
            self.values[:edge] + above.values[edge:],
            self.low[:edge] + above.low[edge:],
            self.high[:edge] + above.high[edge:],
        )

    def relative_to(self, shares: Sequence[float]) -> RecoveryCurve:
        """The curve as a part of what can be attained, ℓ by ℓ; shares up to the limit count as 1.

        >>> RecoveryCurve((0.25,), (0.2,), (0.25,)).relative_to([0.25])
        RecoveryCurve(values=(1.0,), low=(0.8,), high=(1.0,))
        """
        by = [share if share > LIMIT else 1.0 for share in shares]
        parts = (self.values, self.low, self.high)
        return RecoveryCurve(
            *(tuple(v / share for v, share in zip(p, by, strict=True)) for p in parts)
        )

    def at(self, ell: int) -> tuple[float, float, float]:
        """Value, low and high end at degree ``ell`` ≥ 1."""
        return self.values[ell - 1], self.low[ell - 1], self.high[ell - 1]


@dataclass(frozen=True)
class Doubts:
    """Reasons known beforehand that keep a measurement from deciding; empty where there is none.

    ``everything``: nothing can be decided. ``misses``: a degree within the boundary that is lost
    says nothing against the boundary. Both are clauses that follow "but" or stand alone.
    """

    everything: str = ""
    misses: str = ""


@dataclass(frozen=True)
class Verdict:
    """A measurement beside the proved ``boundary``.

    ``measured`` is the last recovered degree of a sharp cliff: every degree up to it is recovered
    and every degree above it is lost. It is None where there is no such place.
    """

    outcome: Outcome
    boundary: int
    measured: int | None
    reason: str
    sentence: str

    @property
    def agrees(self) -> bool:
        """Whether the measured cliff is at the boundary."""
        return self.outcome is Outcome.AGREES


def judge(curve: RecoveryCurve, L: int, degree: int, doubts: Doubts | None = None) -> Verdict:
    """The verdict on the R² of a readout of degree ``degree`` of features of degree ≤ ``L``.

    Args:
        curve: R² of the field for ℓ = 1, 2, …, at least one degree beyond the boundary.
        L, degree: give the boundary dL of :func:`span_theorem.span.boundary`.
        doubts: what keeps the measurement from deciding.

    Raises:
        ValueError: the curve ends at the boundary or before.

    >>> judge(RecoveryCurve((0.9, 0.0), (0.8, -0.1), (1.0, 0.01)), 1, 1).outcome.value
    'agrees'
    """
    edge = boundary(L, degree)
    if len(curve.values) <= edge:
        raise ValueError(
            f"a verdict on the boundary {edge} needs degrees above it, the curve ends at "
            f"ℓ = {len(curve.values)}"
        )
    doubts = doubts or Doubts()
    recovered, lost = np.array(curve.low) > LIMIT, np.array(curve.high) < LIMIT
    outcome, reason = _decide(recovered, lost, edge, doubts)
    measured = _cliff(recovered, lost, edge)
    place = (
        "no single cliff"
        if measured is None
        else "nothing is recovered"
        if measured == 0
        else f"the cliff is between ℓ = {measured} and {measured + 1}"
    )
    sentence = (
        f"readout degree {degree} on features of degree ≤ {L}: {place}; proved boundary {edge}: "
        f"{outcome.upper()} ({reason})"
    )
    return Verdict(outcome, edge, measured, reason, sentence)


def _decide(
    recovered: NDArray[np.bool_], lost: NDArray[np.bool_], edge: int, doubts: Doubts
) -> tuple[Outcome, str]:
    missing = _list(np.flatnonzero(lost[:edge]) + 1)
    leaking = _list(np.flatnonzero(recovered[edge:]) + edge + 1)
    unclear = _list(np.flatnonzero(~(recovered | lost)) + 1)
    if doubts.everything:
        return Outcome.UNDECIDED, doubts.everything
    if leaking:
        return Outcome.DISAGREES, f"ℓ = {leaking} above the boundary is recovered"
    if missing and doubts.misses:
        return Outcome.UNDECIDED, f"ℓ = {missing} is not recovered, but {doubts.misses}"
    if missing:
        return Outcome.DISAGREES, f"ℓ = {missing} within the boundary is not recovered"
    if unclear:
        return Outcome.UNDECIDED, f"the intervals at ℓ = {unclear} contain the limit {LIMIT:g}"
    if edge == 0:
        return Outcome.AGREES, "nothing is recovered, at any ℓ"
    return Outcome.AGREES, f"every ℓ ≤ {edge} is recovered, none above"


def _cliff(recovered: NDArray[np.bool_], lost: NDArray[np.bool_], edge: int) -> int | None:
    count = int(np.cumprod(recovered).sum())
    # Nothing recovered is a cliff only where the boundary is 0: features of degree 0 alone.
    sharp = min(1, edge) <= count < len(recovered) and bool(lost[count:].all())
    return count if sharp else None


def overall(outcomes: Iterable[Outcome]) -> Outcome:
    """One outcome of several: disagrees where one does, else undecided where one is."""
    found = set(outcomes)
    for outcome in (Outcome.DISAGREES, Outcome.UNDECIDED):
        if outcome in found:
            return outcome
    return Outcome.AGREES


def degrees_above(values: Array) -> NDArray[np.int64]:
    """How many degrees from ℓ = 1 on lie above the limit without a gap; (…, ℓ) to (…,).

    >>> degrees_above(np.array([0.9, 0.8, 0.0, 0.7])).item()
    2
    """
    counts: NDArray[np.int64] = np.cumprod(values > LIMIT, axis=-1).sum(axis=-1)
    return counts


def _list(degrees: Sequence[int] | NDArray[np.int64]) -> str:
    return ", ".join(map(str, degrees))
