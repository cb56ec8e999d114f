"""The result of the injection experiment: what is measured, and how it is kept.

All arrays over degrees are indexed by ℓ − 1. The names of the metrics are those of the page on the
experiment: R²_field, G, ρ, R²_inj.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from statistics import fmean, pstdev
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neural_checks.injection.control_rows import Controls, Interval
from neural_checks.injection.upgrade import from_version_1, from_version_2, from_version_3
from neural_checks.readouts.metrics import Cliff
from neural_checks.readouts.trained import SpnConfig
from neural_checks.readouts.verdict import LIMIT, Outcome, RecoveryCurve, Verdict, overall
from neural_checks.schema import Schema

__all__ = [
    "PUBLISHED",
    "REPORT",
    "Amplitude",
    "DataOrigin",
    "Distribution",
    "Frames",
    "Histogram",
    "InjectionReport",
    "Measurement",
    "Metric",
    "Published",
    "Readout",
    "ReadoutKind",
    "Settings",
    "TrainedBackbone",
]

Row = tuple[float, ...]
Table = tuple[Row, ...]


class ReadoutKind(StrEnum):
    """How the polynomial of a readout is found."""

    CLOSED = "closed form"
    POOLED = "pooled closed form"
    COMPONENT = "component-wise"
    TRAINED = "trained, per atom"
    SHARED = "trained, shared"

    @property
    def by_gradient(self) -> bool:
        """Whether it is trained by gradient descent, with seeds."""
        return self in (ReadoutKind.TRAINED, ReadoutKind.SHARED)


class Metric(StrEnum):
    """The metrics by their name in tables."""

    FIELD = "R2_field"
    RECOVERY = "rho"
    GAIN = "G"
    INJECTED = "R2_inj"
    RECOVERY_INJECTED = "rho_injected"


@dataclass(frozen=True)
class Settings:
    """What is measured.

    ``L`` largest degree of the features; ``degrees_read`` the readout degrees d_r; ``amplitude``
    ε; ``orientations`` per frame of the component-wise readout; ``draws`` of the bootstrap; ``spn``
    the trained readouts; ``control_sites`` the number of atoms of the costlier controls.
    """

    L: int
    degrees_read: tuple[int, ...] = (1, 2, 3)
    amplitude: float = 1.0
    orientations: int = 30
    draws: int = 2000
    seed: int = 0
    spn: SpnConfig = field(default_factory=SpnConfig)
    control_sites: int = 4

    def __post_init__(self) -> None:
        if self.L < 1:
            raise ValueError(f"L must be ≥ 1, got {self.L}: with L = 0 nothing is recovered")
        if not self.degrees_read or not set(self.degrees_read) <= {1, 2, 3}:
            raise ValueError(f"degrees of readouts must be among 1, 2, 3, got {self.degrees_read}")
        if not 0 < self.amplitude < float("inf"):
            raise ValueError(f"amplitude must be a number above 0, got {self.amplitude}")
        for name in ("orientations", "draws", "control_sites"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be ≥ 1, got {getattr(self, name)}")


@dataclass(frozen=True)
class Amplitude:
    """The metrics that depend on the amplitude ε, at one value of it."""

    recovery: Row
    gain: Row
    injected: Row


@dataclass(frozen=True)
class Histogram:
    """Draws of the bootstrap, counted in bins of equal width from ``low`` to ``high``."""

    low: float
    high: float
    counts: tuple[int, ...]

    @classmethod
    def of(cls, draws: NDArray[np.float64], bins: int = 40) -> Histogram:
        """That of ``draws``, from the least to the largest of them."""
        counts, edges = np.histogram(draws, bins)
        return cls(float(edges[0]), float(edges[-1]), tuple(counts.tolist()))


@dataclass(frozen=True)
class Distribution:
    """The bootstrap distributions of Δ, of ρ(dL) and of ρ(dL + 1); ``interval`` of Δ at 95 %."""

    contrast: Histogram
    inside: Histogram
    outside: Histogram
    interval: tuple[float, float]


@dataclass(frozen=True)
class Readout:
    """One readout on all backbones.

    ``channels`` per irrep that enter, None for all; ``weights`` by ℓ. ``field`` is None for a
    readout that is trained on the residual as a whole, and so is ``recovery_injected``. The verdict
    is on :attr:`score`. ``per_backbone`` (backbones, ℓ) and ``per_site`` (ℓ, sites) are of the
    score; ``per_seed`` (backbones, seeds, ℓ) where there are seeds; ``by_amplitude`` where the
    metrics at other amplitudes follow from the same fit. ``contrast`` is Δ = G(dL) − G(dL + 1);
    ``cliff`` is that of ρ, between the same degrees. ``alone`` is the gain without injection.
    """

    kind: ReadoutKind
    degree: int
    channels: int | None
    weights: tuple[int, ...]
    field: RecoveryCurve | None
    gain: RecoveryCurve
    recovery: RecoveryCurve
    injected: RecoveryCurve
    recovery_injected: RecoveryCurve | None
    contrast: float
    cliff: Cliff
    verdict: Verdict
    per_backbone: Table
    per_site: Table
    per_seed: tuple[Table, ...] | None = None
    by_amplitude: dict[str, Amplitude] | None = None
    alone: Interval | None = None
    distribution: Distribution | None = None

    @property
    def name(self) -> str:
        """Kind and degree."""
        return f"{self.kind}, degree {self.degree}"

    @property
    def not_judged(self) -> str:
        """Why the verdict does not count for the run; empty where it does.

        The theorem says that nothing above dL is recovered, not that every readout recovers what
        is below. A component-wise readout of one channel per irrep, and one trained network for
        all atoms, are weak: that they miss degrees within the boundary says nothing of the
        boundary. What they recover above dL counts, and so does a cliff at dL.
        """
        leaks = any(low > LIMIT for low in self.score.low[self.verdict.boundary :])
        if self.verdict.agrees or leaks:
            return ""
        if self.kind is ReadoutKind.COMPONENT and self.channels == 1:
            weakness = "one channel per irrep"
        elif self.kind is ReadoutKind.SHARED:
            weakness = "one network for all atoms"
        else:
            return ""
        return f"{weakness}: what it misses within dL says nothing of the boundary"

    @property
    def scored(self) -> Metric:
        """The metric that the verdict is on."""
        return Metric.INJECTED if self.field is None else Metric.FIELD

    @property
    def score(self) -> RecoveryCurve:
        """The curve that the verdict is on."""
        return self.injected if self.field is None else self.field

    def curve(self, metric: Metric) -> RecoveryCurve | None:
        """The curve of a metric, None where this readout has none."""
        return {
            Metric.FIELD: self.field,
            Metric.RECOVERY: self.recovery,
            Metric.GAIN: self.gain,
            Metric.INJECTED: self.injected,
            Metric.RECOVERY_INJECTED: self.recovery_injected,
        }[metric]

    def seed_deviation(self, ell: int) -> float | None:
        """Standard deviation over seeds of the score at ``ell``, mean over backbones."""
        if self.per_seed is None:
            return None
        return fmean(pstdev(row[ell - 1] for row in seeds) for seeds in self.per_seed)


@dataclass(frozen=True)
class Published:
    """Published values of a quadratic readout with L = 2, by metric and degree ℓ."""

    source: str
    backbones: int
    recovery: dict[int, float]
    injected: dict[int, float]

    def values(self, metric: Metric) -> dict[int, float]:
        """By ℓ; empty where nothing is published of a metric."""
        return {Metric.RECOVERY: self.recovery, Metric.INJECTED: self.injected}.get(metric, {})


#: The elements of aspirin, C9H8O4, to which the published values belong.
_ASPIRIN = [1] * 8 + [6] * 9 + [8] * 4

#: Their ρ may be defined otherwise.
PUBLISHED = Published("arXiv 2605.08286", 4, {4: 0.913, 5: 0.078}, {4: 0.374, 5: 0.006})


@dataclass(frozen=True)
class Measurement:
    """All numbers; ``equivariance`` errors by quantity, one entry per backbone.

    ``force_rms`` is the RMS length of a force in eV/Å, the unit of the injected field.
    """

    settings: Settings
    equivariance: tuple[dict[str, float], ...]
    force_rms: float
    readouts: tuple[Readout, ...]
    controls: Controls

    @property
    def outcome(self) -> Outcome:
        """One outcome for all readouts that are judged."""
        return overall(readout.verdict.outcome for readout in self.judged)

    @property
    def judged(self) -> tuple[Readout, ...]:
        """The readouts whose verdict counts."""
        return tuple(readout for readout in self.readouts if not readout.not_judged)


@dataclass(frozen=True)
class TrainedBackbone:
    """One backbone: where its features are read, how its training ended, its error on test frames.

    ``history`` holds (step, training loss, validation force MAE in meV/Å).
    """

    seed: int
    layer: int
    layers: int
    layer_irreps: str
    force_mae: float | None
    steps: int = 0
    stopped: str = ""
    training_seconds: float = 0.0
    skipped_steps: int = 0
    history: tuple[tuple[int, float, float], ...] = ()
    description: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class DataOrigin:
    """The data set; ``numbers`` of the molecule's atoms, ``notes`` on what was left out.

    Built from :attr:`numeric_checks.molecules.data.ForceData.origin` by :meth:`of`.
    """

    name: str
    level_of_theory: str
    source: str
    sha256: str
    frames: int
    numbers: tuple[int, ...]
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, origin: Mapping[str, Any]) -> DataOrigin:
        """That of a data set of one molecule."""
        return cls(
            name=origin["name"],
            level_of_theory=origin["level_of_theory"],
            source=origin["source"],
            sha256=origin["sha256"],
            frames=origin["frames"],
            numbers=tuple(origin["numbers"]),
            notes=tuple(origin.get("notes", ())),
        )


@dataclass(frozen=True)
class Frames:
    """How many frames were used for what, and the rule of the split.

    ``blocks`` counts the blocks of consecutive held-out frames that the bootstrap draws; None where
    frames are drawn one by one, since the data do not say their order.
    """

    train: int
    fit: int
    held: int
    rule: str
    blocks: int | None = None


@dataclass(frozen=True)
class InjectionReport:
    """A run of the experiment.

    ``geometry`` (atoms, 3), Å, is that of the first frame fitted, for the figure of the molecule;
    reports of version 1 have none.
    """

    measurement: Measurement
    data: DataOrigin
    frames: Frames
    backbones: tuple[TrainedBackbone, ...]
    preset: str
    train: dict[str, Any]
    environment: dict[str, Any]
    measurement_seconds: float
    measurement_cpu_seconds: float
    published: Published = PUBLISHED
    geometry: tuple[tuple[float, float, float], ...] | None = None
    note: str = ""
    schema: int = 4

    def published_values(self, metric: Metric) -> dict[int, float]:
        """What is published of a metric, by ℓ; empty where this run is not of aspirin and L = 2."""
        like = self.measurement.settings.L == 2 and sorted(self.data.numbers) == _ASPIRIN
        return self.published.values(metric) if like else {}

    @property
    def sentence(self) -> str:
        """The verdict on the run as a whole, in one sentence."""
        judged = self.measurement.judged
        agree = sum(readout.verdict.agrees for readout in judged)
        rest = len(self.measurement.readouts) - len(judged)
        return (
            f"{self.measurement.outcome.upper()}: {agree} of {len(judged)} readouts have their "
            "cliff at the proved boundary" + (f"; {rest} not judged" if rest else "")
        )


REPORT = Schema(
    InjectionReport,
    "a report of the injection experiment",
    4,
    {1: from_version_1, 2: from_version_2, 3: from_version_3},
)
