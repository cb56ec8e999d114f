"""Options and results of spectra and bandwidths: plain data, and their JSON form."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from span_theorem.arguments import within

__all__ = [
    "MEASURES",
    "OPTION_RANGES",
    "AngularMeasure",
    "Bandwidth",
    "FieldAxes",
    "Spectrum",
    "SpectrumOptions",
]

Array = NDArray[np.float64]

AngularMeasure = Literal["sphere", "sampled"]
"""What the spectrum is orthogonal over: see :mod:`numeric_checks.bandwidth.spectrum`."""

FieldAxes = Literal["local", "laboratory"]
"""The axes in which directions and vectors are taken."""

MEASURES: tuple[AngularMeasure, ...] = ("sphere", "sampled")

OPTION_RANGES = {
    "l_max": (1, 64),
    "radial": (0, 16),
    "draws": (20, 10**6),
    "blocks": (10, 10**4),
    "seed": (0, 2**32 - 1),
}
"""The least and the largest value of every option that is an integer."""


@dataclass(frozen=True, slots=True)
class SpectrumOptions:
    """How a spectrum is estimated.

    ``l_max`` largest degree fitted; ``radial`` largest degree of the polynomials in the distance,
    where distances are given; ``level`` of ℓ*, in (0, 1); ``draws`` of the bootstrap, over
    ``blocks`` of consecutive frames; ``seed`` of draws and folds; ``confidence`` of the intervals.

    Raises TypeError or ValueError for a value out of range.
    """

    l_max: int = 8
    radial: int = 2
    level: float = 0.95
    draws: int = 1000
    blocks: int = 50
    seed: int = 0
    confidence: float = 0.95

    def __post_init__(self) -> None:
        for name, (low, high) in OPTION_RANGES.items():
            within(name, getattr(self, name), low, high)
        for name in ("level", "confidence"):
            if not 0 < getattr(self, name) < 1:
                raise ValueError(f"{name} must lie between 0 and 1, got {getattr(self, name)}")


@dataclass(frozen=True)
class Spectrum:
    """The spectrum of one field, or of several pooled; see the module's text.

    Attributes:
        measure: ``"sphere"`` or ``"sampled"``.
        weights: w(ℓ), float64, shape (l_max+1,); NaN where nothing is resolved.
        weights_interval: (l_max+1, 2).
        power: q(ℓ), (l_max+1,), in units of the field squared.
        variance: mean square about the mean, same unit.
        explained: (l_max+1,), share of the variance of held-out frames that degrees ≤ ℓ explain;
            pooled, each field uses degrees up to its own best one.
        best: the degree with the largest ``explained``.
        explained_interval: of ``explained[best]``.
        beyond: share of the variance that varies with the direction but is not in the fit of
            degree ``l_max`` (sphere) or ``best`` (sampled); may be < 0.
        beyond_interval: its interval.
        bandwidth: ℓ*; None where undecided.
        bandwidth_interval: quantiles of ℓ* over the draws; None where undecided.
        resolvable: the largest ℓ ≤ l_max such that the samples tell degrees ≤ ℓ apart; −1 if none.
        coverage: least mean square on the samples of a function of degree ≤ l_max that has mean
            square 1 on the sphere.
        samples: frames; ``fields``: how many fields were pooled; ``unknowns``: coefficients per
            component and field.
        coefficients: (unknowns, components), for one field and ``"sphere"``, else None; row
            (ℓ² + ℓ + m)(K+1) + κ belongs to R_κ(r)·√4π·Y_ℓm, R_κ orthonormal over the samples.
        verdict: ``"decided"`` or ``"undecided"``; ``reason`` in words.
    """

    measure: AngularMeasure
    weights: Array
    weights_interval: Array
    power: Array
    variance: float
    explained: Array
    best: int
    explained_interval: tuple[float, float]
    beyond: float
    beyond_interval: tuple[float, float]
    bandwidth: int | None
    bandwidth_interval: tuple[int, int] | None
    resolvable: int
    coverage: float
    samples: int
    fields: int
    unknowns: int
    coefficients: Array | None
    verdict: Literal["decided", "undecided"]
    reason: str
    options: SpectrumOptions

    @property
    def decided(self) -> bool:
        """Whether the verdict is ``"decided"``."""
        return self.verdict == "decided"

    def as_dict(self) -> dict[str, Any]:
        """The content as JSON types, six digits, NaN as None, without coefficients and options."""
        left_out = ("coefficients", "options")
        return {
            f.name: _plain(getattr(self, f.name)) for f in fields(self) if f.name not in left_out
        }


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    if isinstance(value, float):
        return float(f"{value:.6g}") if np.isfinite(value) else None
    return value


@dataclass(frozen=True)
class Bandwidth:
    """The spectra of a per-atom field, atom by atom and pooled.

    Attributes:
        name, checksum: of the data; ``quantity`` and ``unit`` of the field.
        frame: ``"local"`` or ``"laboratory"``; ``measure`` as in :class:`Spectrum`.
        sites: (sites,) the atoms i; ``numbers`` (sites,) their atomic numbers.
        frame_atoms: (sites, 3) the atoms (j, k, m); j is the marked neighbour.
        atoms: one :class:`Spectrum` per site.
        pooled: all sites together; ``pooled.bandwidth`` is ℓ*, None where undecided;
            ``pooled.explained[n]`` the share of the variance that degrees ≤ n explain.
        options: of the estimate; ``notes`` what was left out of the data.
    """

    name: str
    checksum: str
    quantity: str
    unit: str
    frame: FieldAxes
    measure: AngularMeasure
    sites: NDArray[np.int64]
    numbers: NDArray[np.int64]
    frame_atoms: NDArray[np.int64]
    atoms: tuple[Spectrum, ...]
    pooled: Spectrum
    options: SpectrumOptions
    notes: tuple[str, ...] = ()

    @property
    def lower_bound(self) -> bool:
        """Whether ℓ* holds for the directions seen alone, so that on the sphere it is at least."""
        return self.measure == "sampled" and self.pooled.resolvable < self.options.l_max

    @property
    def text(self) -> str:
        """One line for a reader."""
        p = self.pooled
        if p.bandwidth is None or p.bandwidth_interval is None:
            return f"undecided: {p.reason}"
        low, high = p.bandwidth_interval
        return (
            f"ℓ* {'≥' if self.lower_bound else '='} {p.bandwidth} ({low} to {high}) at level "
            f"{self.options.level:g} of the {p.explained[p.best]:.1%} of the variance that the "
            f"direction {'and distance explain' if self.options.radial else 'explains'}"
            + (": observed on the directions sampled" if self.lower_bound else ": observed")
        )

    def as_dict(self) -> dict[str, Any]:
        """The content as JSON types."""
        return {
            "text": self.text,
            "name": self.name,
            "sha256": self.checksum,
            "quantity": self.quantity,
            "unit": self.unit,
            "frame": self.frame,
            "measure": self.measure,
            "lower_bound": self.lower_bound,
            "options": asdict(self.options),
            "notes": list(self.notes),
            "pooled": self.pooled.as_dict(),
            "atoms": [
                {"atom": int(i), "number": int(z), "frame_atoms": jkm.tolist(), **s.as_dict()}
                for i, z, jkm, s in zip(
                    self.sites, self.numbers, self.frame_atoms, self.atoms, strict=True
                )
            ],
        }
