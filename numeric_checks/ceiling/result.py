"""What the observation of a ceiling found, row by row, and what speaks against the claim."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

__all__ = ["REACHED", "ROUNDING", "Ceiling", "CeilingRow", "failures_of", "missing_controls"]

ROUNDING = 1e-12
"""Largest R² that counts as zero over the quadrature, and largest difference that T5 allows."""

REACHED = 1e-6
"""R² over the quadrature above which a degree counts as reached, however poor the features."""

_CONTROL = 0.01  # R² that the readout which is not polynomial must show above the boundary


@dataclass(frozen=True, slots=True)
class CeilingRow:
    """R² of the best readouts of one target degree ℓ.

    Attributes:
        ell: degree of the target.
        equivariant: closed form, held-out frames.
        exact: component-wise over the quadrature, in sample.
        exact_equivariant: equivariant form on the same frames, in sample; T5 says it equals
            ``exact``.
        random, random_error: component-wise, held-out frames at random rotations, and one standard
            error over these frames.
        nonpolynomial, nonpolynomial_error: the readout that is not polynomial, likewise.
    """

    ell: int
    equivariant: float
    exact: float
    exact_equivariant: float
    random: float
    random_error: float
    nonpolynomial: float
    nonpolynomial_error: float


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What was observed: one row per ℓ, and whether all of it is as claimed.

    ``failures`` says in words what is not, and ``doubts`` which control these features do not
    allow; the verdict is ``"observed"`` where both are empty, ``"undecided"`` with doubts alone.
    ``weights`` and ``samples`` are P and N of the component-wise fit at random rotations;
    ``exact_frames`` were fitted over the quadrature.
    """

    irreps: str
    L: int
    d: int
    claim: int
    seed: int
    atoms: int
    fit_frames: int
    held_frames: int
    exact_frames: int
    orientations: int
    weights: int
    samples: int
    rows: tuple[CeilingRow, ...]
    failures: tuple[str, ...]
    doubts: tuple[str, ...]
    seconds: float

    @property
    def verdict(self) -> Literal["observed", "not observed", "undecided"]:
        """``"observed"``, ``"not observed"`` or ``"undecided"``."""
        if self.failures:
            return "not observed"
        return "undecided" if self.doubts else "observed"

    @property
    def text(self) -> str:
        """One line for a reader, and one for every failure."""
        above = max((row.exact for row in self.rows if row.ell > self.claim), default=0.0)
        return (
            f"R² above ℓ = {self.claim} at most {above:.0e} over an exact quadrature "
            f"(irreps {self.irreps}, d = {self.d}, seed {self.seed}): {self.verdict}"
            + "".join(f"\n  {reason}" for reason in (*self.failures, *self.doubts))
        )

    def as_dict(self) -> dict[str, Any]:
        """The content as JSON types, with verdict and text."""
        return {"text": self.text, "verdict": self.verdict} | asdict(self)


def failures_of(rows: Sequence[CeilingRow], boundary: int, claim: int) -> tuple[str, ...]:
    """What in the rows speaks against the boundary ``claim`` of features whose dL is ``boundary``.

    That dL itself is not reached speaks against nothing: the features may be poor, or symmetric.
    """
    found = []
    for row in rows:
        at = f"ℓ = {row.ell}:"
        if abs(row.exact - row.exact_equivariant) > ROUNDING:
            found.append(
                f"{at} component-wise R² {row.exact:.12f} over the quadrature is not that of the "
                f"equivariant form, {row.exact_equivariant:.12f}"
            )
        if row.ell > claim:
            if row.exact > ROUNDING:
                found.append(f"{at} R² {row.exact:.1e} over the quadrature, above ℓ = {claim}")
            if row.equivariant > ROUNDING:
                found.append(f"{at} R² {row.equivariant:.1e} in closed form, above ℓ = {claim}")
            if row.random > 3 * row.random_error:
                found.append(f"{at} R² {row.random:.3f} at random rotations, above ℓ = {claim}")
        if row.ell == claim != boundary and row.exact < REACHED:
            found.append(_not_reached(row))
    return tuple(found)


def missing_controls(
    rows: Sequence[CeilingRow], L: int, boundary: int, claim: int
) -> tuple[str, ...]:
    """Which control the rows of features of degree ≤ L do not show.

    A degree that these features cannot show at all, whatever is read of them, controls nothing:
    that none is read above the boundary then says nothing of the degree of the readout.
    """
    found = []
    for row in rows:
        if row.ell == claim == boundary and row.exact < REACHED:
            found.append(f"{_not_reached(row)} by these features")
        # Invariants alone (L = 0) know no orientation, whatever is done with them.
        needed = max(_CONTROL, 3 * row.nonpolynomial_error)
        if L and row.ell == claim + 1 and row.nonpolynomial < needed:
            found.append(
                f"ℓ = {row.ell}: R² {row.nonpolynomial:.3f} where no polynomial is fitted: no "
                "control; more atoms, or other irreps, may show one"
            )
    return tuple(found)


def _not_reached(row: CeilingRow) -> str:
    return f"ℓ = {row.ell}: R² {row.exact:.1e} over the quadrature: ℓ = {row.ell} is not reached"
