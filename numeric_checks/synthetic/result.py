"""R² of single cases of the calibration, and all of them together."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

__all__ = ["FOLDS", "ROUNDING", "Calibration", "CalibrationCase"]

ROUNDING = 1e-9
"""Largest difference from 0 or 1 that counts as rounding."""

FOLDS = range(2, 8)
"""The stars of the calibration."""


@dataclass(frozen=True, slots=True)
class CalibrationCase:
    """R² of the best readout in one case, and what is expected of it.

    Attributes:
        L, d: degree of the features, and of the polynomials.
        fold: angular frequency of the target.
        expected: 0 or 1.
        value: R² over the quadrature.
    """

    L: int
    d: int
    fold: int
    expected: int
    value: float

    @property
    def holds(self) -> bool:
        """Whether the value is the expected one to rounding."""
        return abs(self.value - self.expected) <= ROUNDING


@dataclass(frozen=True, slots=True)
class Calibration:
    """Cells of one direction, ``upto`` and ``exact``, of stars, and of the angle of two directions.

    In the last ``fold`` is the Legendre degree of the target.
    """

    fold: int
    seed: int
    upto: tuple[CalibrationCase, ...]
    exact: tuple[CalibrationCase, ...]
    stars: tuple[CalibrationCase, ...]
    angles: tuple[CalibrationCase, ...]
    seconds: float

    @property
    def cells(self) -> tuple[CalibrationCase, ...]:
        """All of them."""
        return self.upto + self.exact + self.stars + self.angles

    @property
    def verdict(self) -> Literal["observed", "not observed"]:
        """``"observed"`` where every cell is as expected."""
        return "observed" if all(cell.holds for cell in self.cells) else "not observed"

    @property
    def text(self) -> str:
        """One line for a reader."""
        wrong = sum(not cell.holds for cell in self.cells)
        largest = max(abs(cell.value - cell.expected) for cell in self.cells)
        return (
            f"{len(self.cells)} cases, {wrong} not as expected, largest difference of R² from 0 or "
            f"1: {largest:.0e} (seed {self.seed}): {self.verdict}"
        )

    def as_dict(self) -> dict[str, Any]:
        """The content as JSON types, with verdict and text."""
        content = {name: value for name, value in asdict(self).items() if name != "seconds"}
        return {"text": self.text, "verdict": self.verdict} | content
