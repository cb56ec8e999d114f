"""What the observation of a rank found."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from numeric_checks.rank.stages import Stage
from span_theorem.irreps import FeatureKind

__all__ = ["RankObservation", "RankVerdict", "one_digit"]

RankVerdict = Literal["observed", "not observed", "undecided"]


@dataclass(frozen=True, slots=True)
class RankObservation:
    """What was observed for one (L, d): every stage, the naive result and the verdict.

    ``precise`` is the rank in 50-digit arithmetic where double precision was ambiguous and the
    case small enough, else None; ``rank`` is then this number.
    ``reason`` says in words why the verdict is what it is; ``seconds`` is wall time.
    ``directions`` counts the random directions, or K-tuples of them where the products are of
    features of K = ``free_directions`` directions (T7).
    """

    L: int
    d: int
    features: FeatureKind
    directions: int
    seed: int
    device: str
    expected: int
    rank: int
    verdict: RankVerdict
    reason: str
    stages: tuple[Stage, ...]
    naive: Stage | None
    precise: int | None
    seconds: float
    free_directions: int = 1

    @property
    def gap(self) -> float | None:
        """The smallest gap σ_r/σ_{r+1} over the stages; None where no stage has a σ_{r+1} > 0."""
        return min((s.gap for s in self.stages if s.gap is not None), default=None)

    @property
    def text(self) -> str:
        """One line for a reader."""
        return (
            f"rank {self.rank} of {self.expected} at {self.directions} {self.samples} "
            f"(seed {self.seed}), smallest gap {one_digit(self.gap)}"
            + ("" if self.precise is None else ", repeated with 50 digits")
            + f": {self.verdict}"
            + (f" ({self.reason})" if self.verdict != "observed" else "")
        )

    @property
    def samples(self) -> str:
        """What ``directions`` counts, in words."""
        K = self.free_directions
        return "directions" if K == 1 else f"sets of {K} directions"

    def as_dict(self) -> dict[str, Any]:
        """The content as JSON types, with ``gap`` and ``text``."""
        return {"text": self.text, "gap": self.gap} | asdict(self)


def one_digit(value: float | None) -> str:
    """A number of one digit after the point, or "none"."""
    return "none" if value is None else f"{value:.1e}"
