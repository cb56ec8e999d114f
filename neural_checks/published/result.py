"""The report of one published network on one data set, and how it is kept.

A report is small: curves, not features or single sites. Arrays over degrees are indexed by ℓ − 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from neural_checks.diagnosis.result import DiagnosisReport, FramesUsed
from neural_checks.readouts.verdict import RecoveryCurve
from neural_checks.schema import Schema
from numeric_checks.demand.result import Listening, Share

__all__ = [
    "REPORT",
    "PublishedLayer",
    "PublishedListening",
    "PublishedReadout",
    "PublishedReport",
    "Weights",
    "listening_of",
    "measurement_of",
]

Row = tuple[float, ...]
#: Why a report has nothing of the network's force error, where nothing else is said.
NOT_ASKED = "not measured"


class Weights(StrEnum):
    """Of the training, or the same numbers shuffled within every tensor."""

    TRAINED = "trained"
    SHUFFLED = "shuffled"


@dataclass(frozen=True)
class PublishedReadout:
    """One readout of degree ``degree`` of one set of weights.

    ``closed`` and ``component`` are the curves of the two readouts of a diagnosis, ``outcome`` and
    ``sentence`` its verdict; ``force_mae`` in meV/Å.
    """

    weights: Weights
    degree: int
    L: int
    boundary: int
    closed: RecoveryCurve
    component: RecoveryCurve
    outcome: str
    sentence: str
    force_mae: float | None
    equivariance: dict[str, float]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class PublishedLayer:
    """One layer of the trained network, counted from 0, measured by one readout."""

    layer: int
    irreps: str
    readout: PublishedReadout


@dataclass(frozen=True)
class PublishedListening:
    """What linear models explain of the trained network's force error.

    Shares of its square on held-out frames, as :class:`numeric_checks.demand.result.Listening` has
    them: by degrees ≤ L (``within``), by those above L and up to ``l_max`` besides (``beyond``),
    and the control; with its verdict.
    """

    L: int
    l_max: int
    factors: int
    frames: Mapping[str, int]
    within: Share
    beyond: Share
    control: Share
    verdict: str
    sentence: str


@dataclass(frozen=True)
class PublishedReport:
    """What was measured of a network with published weights on one data set.

    ``model``, ``system``: names for people, by which a table is sorted; ``weights_from``: where the
    weights come from; ``network``: the description of the network, with versions, layer and
    checksum of the weights; ``attainable``: S_ℓ (T9), None where every site has all of the field;
    ``zero_mae``: error of predicting zero forces, meV/Å; ``layers``: every layer of the trained
    network, where they were asked for; ``listening``: None with the reason in ``listening_note``;
    ``command``: what repeats the run.
    """

    model: str
    system: str
    weights_from: str
    network: Mapping[str, Any]
    data: FramesUsed
    irreps: str
    sites: int
    attainable: Row | None
    zero_mae: float | None
    measurements: tuple[PublishedReadout, ...]
    command: str
    provenance: dict[str, Any]
    layers: tuple[PublishedLayer, ...] = ()
    listening: PublishedListening | None = None
    listening_note: str = NOT_ASKED
    schema: int = 2


def _from_version_1(old: dict[str, Any]) -> dict[str, Any]:
    """Version 2 adds every layer and what the force error says; neither was measured before."""
    return {**old, "layers": [], "listening": None, "listening_note": NOT_ASKED, "schema": 2}


REPORT = Schema(PublishedReport, "a report of a published network", 2, {1: _from_version_1})


def listening_of(found: Listening) -> PublishedListening:
    """The part of what was heard in the network's error that is kept."""

    def share(value: Share) -> Share:
        return Share(*(round(v, 5) for v in (value.value, value.low, value.high)))

    return PublishedListening(
        L=found.L,
        l_max=found.l_max,
        factors=found.factors,
        frames=dict(found.frames),
        within=share(found.within),
        beyond=share(found.beyond),
        control=share(found.control),
        verdict=found.verdict,
        sentence=found.sentence,
    )


def measurement_of(report: DiagnosisReport, weights: Weights) -> PublishedReadout:
    """The part of a diagnosis that is kept."""

    def curve(row: RecoveryCurve) -> RecoveryCurve:
        return RecoveryCurve(
            *(tuple(round(v, 5) for v in part) for part in (row.values, row.low, row.high))
        )

    return PublishedReadout(
        weights=weights,
        degree=report.options.degree,
        L=report.L,
        boundary=report.verdict.boundary,
        closed=curve(report.closed),
        component=curve(report.component),
        outcome=str(report.verdict.outcome),
        sentence=report.verdict.sentence,
        force_mae=report.force_mae,
        equivariance=dict(report.equivariance),
        warnings=report.warnings,
    )
