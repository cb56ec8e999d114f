"""The result of a diagnosis: what was measured of one network, and how it is kept.

Arrays over degrees are indexed by ℓ − 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from neural_checks.backbones.equivariance import Group
from neural_checks.diagnosis.upgrade import from_version_1, from_version_2
from neural_checks.readouts.verdict import Outcome, RecoveryCurve, Verdict
from neural_checks.schema import Schema
from numeric_checks.demand.result import Listening

__all__ = [
    "REPORT",
    "Cost",
    "Deficit",
    "DiagnosisReport",
    "FittedCurve",
    "FramesUsed",
    "Options",
    "Row",
    "Site",
    "SiteKind",
    "Target",
]

Row = tuple[float, ...]


class SiteKind(StrEnum):
    """What is measured together; see :mod:`neural_checks.diagnosis.sites`."""

    AUTO = "auto"
    ATOMS = "atoms"
    SPECIES = "species"
    ENVIRONMENT = "environment"


@dataclass(frozen=True)
class Options:
    """How a diagnosis is made.

    ``degree`` d of the readout, 1 to 3; ``orientations`` per frame of the component-wise readout,
    more where frames are few for its weights;
    ``draws`` of the bootstrap over frames; ``level`` of R² / S_ℓ below which a site has a deficit;
    ``seed`` of rotations and draws; ``sites`` what is measured together; ``listen`` whether the
    network's force error is examined too; ``trained`` whether a readout that the atoms share is
    trained as well.
    """

    degree: int = 2
    orientations: int = 12
    draws: int = 2000
    level: float = 0.5
    seed: int = 0
    sites: SiteKind = SiteKind.AUTO
    listen: bool = True
    trained: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "sites", SiteKind(self.sites))
        if self.degree not in (1, 2, 3):
            raise ValueError(f"degree must be 1, 2 or 3, got {self.degree!r}")
        for name in ("orientations", "draws"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be ≥ 1, got {getattr(self, name)}")
        if not 0 < self.level < 1:
            raise ValueError(f"level must lie between 0 and 1, got {self.level}")


@dataclass(frozen=True)
class FittedCurve(RecoveryCurve):
    """R² of the field with its 95 % interval, and the largest number of weights of a fit."""

    weights: int


@dataclass(frozen=True)
class Site:
    """An atom of a molecule, or a kind of site of many molecules.

    ``marked`` is the index of the marked neighbour of an atom; None for a kind of site, whose
    marked neighbour is found frame by frame. ``rows`` counts the held-out atoms measured.
    ``exchanged`` are the neighbours that symmetry exchanges with the marked one, and ``attainable``
    what that leaves to be read: S_ℓ of T9 for ℓ = 1, 2, …, 1 where nothing is exchanged.
    """

    label: str
    number: int
    marked: int | None = None
    rows: int | None = None
    exchanged: tuple[int, ...] = ()
    attainable: Row = ()

    def share(self, ell: int) -> float:
        """S_ℓ; 1 where it is not known."""
        return self.attainable[ell - 1] if ell <= len(self.attainable) else 1.0


@dataclass(frozen=True)
class Deficit:
    """A site where less than the level of what can be read of degree ``ell`` ≤ dL is recovered.

    That is R² / S_ℓ < level, with S_ℓ = ``attainable``.
    """

    site: int
    label: str
    ell: int
    R2: float
    attainable: float = 1.0


@dataclass(frozen=True)
class Target:
    """What the bandwidth ℓ* of the data's forces says; see :mod:`numeric_checks.bandwidth`.

    ``explained`` is the share of the forces' variance that direction and distance explain, of which
    ``level`` needs degrees up to ``bandwidth``. ``atoms`` holds ℓ* atom by atom, ``marked`` the
    neighbours that its directions point to.
    """

    text: str
    bandwidth: int | None
    bandwidth_interval: tuple[int, int] | None
    lower_bound: bool
    measure: str
    verdict: str
    atoms: tuple[int | None, ...]
    explained: float | None = None
    level: float | None = None
    marked: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Cost:
    """Counts for features of ``irreps``, of degree ≤ ``L``, and a readout of degree ``degree``.

    ``components`` of the features of one atom; ``weights`` of an equivariant readout of a vector:
    the multiplicity of 1o among the products of at most ``degree`` features (T2); ``monomials`` of
    a component-wise readout; ``paths`` (l1, l2, l3) of a layer that multiplies such features by
    harmonics l2 ≤ L of an edge; ``multiplications`` of these paths: entries of the 3j symbols that
    are not zero, times channels, per edge.
    """

    L: int
    degree: int
    boundary: int
    components: int
    weights: int
    monomials: int
    paths: int
    multiplications: int
    irreps: str = ""


@dataclass(frozen=True)
class FramesUsed:
    """The data, and how many of their frames were fitted and held out.

    ``blocks`` counts the blocks of consecutive frames that the bootstrap draws; None where frames
    are drawn one by one. ``frames_sha256`` tells whether two measurements used the same frames;
    empty where it is not known.
    """

    name: str
    sha256: str
    fit: int
    held: int
    blocks: int | None = None
    frames_sha256: str = ""


@dataclass(frozen=True)
class DiagnosisReport:
    """What was measured of one network.

    ``closed`` and ``component`` are the curves of the two readouts, ``trained`` that of a network
    which the atoms share, where it was asked for; ``orientation`` the R² that the
    rigid orientation alone explains, None where there is no fixed molecule; ``attainable`` the
    share S_ℓ of the field that symmetry leaves to be read (T9), over all sites, None where every
    site has all of it; ``per_site`` (ℓ, sites) the closed form's R²; ``force_mae`` and
    ``zero_mae``, meV/Å, the error of the network's forces and that of predicting zero, None where
    not known; ``target`` the bandwidth of the forces of the data, None with the reason in
    ``target_note``; ``listening`` what linear models explain of the network's force error, None
    with the reason in ``listening_note``; ``decision`` of the advice
    (:class:`~neural_checks.diagnosis.advice.Decision`), empty in earlier reports; ``warnings`` what
    a reader must know first; ``left_out`` what was not measured; ``notes`` what a reader must know
    of the sites; ``equivariance`` the errors under the ``group`` that the network was found
    equivariant under, ``mirror_errors`` those of mirrored frames.

    Raises ValueError where curves, sites and boundary do not fit together.
    """

    network: Mapping[str, Any]
    data: FramesUsed
    irreps: str
    L: int
    options: Options
    closed: FittedCurve
    component: FittedCurve
    orientation: Row | None
    sites: tuple[Site, ...]
    per_site: tuple[Row, ...]
    equivariance: dict[str, float]
    force_mae: float | None
    zero_mae: float | None
    verdict: Verdict
    deficits: tuple[Deficit, ...]
    target: Target | None
    target_note: str
    costs: tuple[Cost, ...]
    advice: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    provenance: dict[str, Any] | None = None
    attainable: Row | None = None
    group: Group = Group.O3
    mirror_errors: dict[str, float] | None = None
    notes: tuple[str, ...] = ()
    listening: Listening | None = None
    listening_note: str = "it was not asked for"
    decision: str = ""
    trained: FittedCurve | None = None
    schema: int = 3

    def __post_init__(self) -> None:
        degrees = len(self.closed.values)
        rows = [("closed", self.closed), ("component", self.component), ("trained", self.trained)]
        lengths = {
            f"{name}.{part}": len(getattr(curve, part))
            for name, curve in rows
            if curve is not None
            for part in ("values", "low", "high")
        }
        for name in ("per_site", "orientation", "attainable"):
            if getattr(self, name) is not None:
                lengths[name] = len(getattr(self, name))
        for name, length in lengths.items():
            if length != degrees:
                raise ValueError(f"{name} must hold {degrees} degrees, holds {length}")
        if any(len(row) != len(self.sites) for row in self.per_site):
            raise ValueError(f"per_site must hold {len(self.sites)} sites for every degree")
        if not 0 <= self.verdict.boundary < degrees:
            raise ValueError(
                f"the boundary must lie below the {degrees} degrees, got {self.verdict.boundary}"
            )
        for name in ("costs", "equivariance"):
            if not getattr(self, name):
                raise ValueError(f"{name} must not be empty")

    @property
    def boundary(self) -> int:
        """The proved boundary dL."""
        return self.verdict.boundary

    @property
    def outcome(self) -> Outcome:
        """That of the verdict."""
        return self.verdict.outcome

    @property
    def sentence(self) -> str:
        """The verdict in one sentence."""
        return self.verdict.sentence


REPORT = Schema(
    DiagnosisReport, "a report of a diagnosis", 3, {1: from_version_1, 2: from_version_2}
)
