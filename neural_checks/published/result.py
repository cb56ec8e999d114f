"""The report of one published network on one data set, and how it is kept.

A report is small: curves, not features or single sites. Arrays over degrees are indexed by ℓ − 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from neural_checks.diagnosis.result import DiagnosisReport, FramesUsed
from neural_checks.schema import Schema

__all__ = [
    "PUBLISHED",
    "PublishedCurve",
    "PublishedReadout",
    "PublishedReport",
    "Weights",
    "measurement_of",
]

Row = tuple[float, ...]


class Weights(StrEnum):
    """Of the training, or the same numbers shuffled within every tensor."""

    TRAINED = "trained"
    SHUFFLED = "shuffled"


@dataclass(frozen=True)
class PublishedCurve:
    """R² of the field with its 95 % interval, ℓ = 1, 2, …"""

    values: Row
    low: Row
    high: Row


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
    closed: PublishedCurve
    component: PublishedCurve
    outcome: str
    sentence: str
    force_mae: float | None
    equivariance: dict[str, float]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class PublishedReport:
    """What was measured of a network with published weights on one data set.

    ``model``, ``system``: names for people, by which a table is sorted; ``weights_from``: where the
    weights come from; ``network``: the description of the network, with versions, layer and
    checksum of the weights; ``attainable``: S_ℓ (T9), None where every site has all of the field;
    ``zero_mae``: error of predicting zero forces, meV/Å; ``command``: what repeats the run.
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
    schema: int = 1


PUBLISHED = Schema(PublishedReport, "a report of a published network", 1, {})


def measurement_of(report: DiagnosisReport, weights: Weights) -> PublishedReadout:
    """The part of a diagnosis that is kept."""

    def curve(row: Any) -> PublishedCurve:
        return PublishedCurve(
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
