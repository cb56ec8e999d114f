"""The controls of the injection experiment as they are kept: a curve with its interval for each.

All arrays over degrees are indexed by ℓ − 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from neural_checks.readouts.verdict import RecoveryCurve

__all__ = ["Cone", "ControlCurve", "Controls", "Interval"]

Row = tuple[float, ...]
Table = tuple[Row, ...]


@dataclass(frozen=True)
class Interval:
    """A value with the ends of its 95 % interval, None where it was measured without one."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class ControlCurve:
    """R² by ℓ under a control, on ``backbones`` of them; ``low`` and ``high`` as in an interval."""

    values: Row
    low: Row | None = None
    high: Row | None = None
    backbones: int = 1

    @classmethod
    def of(cls, curve: RecoveryCurve, backbones: int) -> ControlCurve:
        """A curve with its interval."""
        return cls(curve.values, curve.low, curve.high, backbones)

    def at(self, ell: int) -> Interval:
        """The value at degree ``ell`` ≥ 1."""
        if self.low is None or self.high is None:
            return Interval(self.values[ell - 1])
        return Interval(self.values[ell - 1], self.low[ell - 1], self.high[ell - 1])


@dataclass(frozen=True)
class Cone:
    """R² of the field where frames turn by at most ``angles`` degrees, one curve per angle.

    Measured at the atoms ``sites``, with ``channels`` per irrep.
    """

    sites: tuple[int, ...]
    channels: int
    angles: Row
    curves: tuple[ControlCurve, ...]

    @property
    def values(self) -> Table:
        """R² (angles, ℓ)."""
        return tuple(curve.values for curve in self.curves)


@dataclass(frozen=True)
class Controls:
    """Quadratic readouts under each control: R² of the field by ℓ.

    ``nonpolynomial`` is R²_inj. ``stored`` is None where there were too few frames for it,
    ``untrained`` where no untrained backbone was given. The cone and
    the non-polynomial readout are measured at the atoms ``cone.sites``, the shuffled target at
    ``shuffled_sites``, where None stands for all atoms.
    """

    shuffled: ControlCurve
    rigid_body: ControlCurve
    stored: ControlCurve | None
    quadrature: ControlCurve
    cone: Cone
    nonpolynomial: ControlCurve
    untrained: ControlCurve | None
    shuffled_sites: tuple[int, ...] | None = None

    def rows(self) -> Iterator[tuple[str, ControlCurve]]:
        """Every row of the table of controls, with its words."""
        for name, words in _WORDS.items():
            curve = getattr(self, name)
            if curve is not None:
                yield words, curve
            if name == "quadrature":
                for angle, at in zip(self.cone.angles, self.cone.curves, strict=True):
                    yield f"turns up to {angle:g}°", at


_WORDS = {
    "shuffled": "shuffled target",
    "rigid_body": "rigid body",
    "stored": "stored orientation, component-wise",
    "quadrature": "exact quadrature, component-wise, in sample",
    "nonpolynomial": "non-polynomial readout (SiLU network), R²_inj",
    "untrained": "untrained backbone",
}
