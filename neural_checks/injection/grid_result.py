"""The grid of definitions: which of them can give the four published numbers.

A cell fixes what the literature leaves open: one readout for all atoms or one per atom, the
reference that ρ is relative to, the orientation of the frames, the channels that enter, and ε. Its
numbers come from squared errors of the trainings that it needs, with a bootstrap over backbones,
seeds and frames.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neural_checks.injection.control_rows import Interval
from neural_checks.injection.result import PUBLISHED, Published
from neural_checks.readouts.bootstrap import resample
from neural_checks.schema import Schema
from numeric_checks.tables import as_csv

__all__ = [
    "GRID",
    "GridCell",
    "GridReport",
    "Reference",
    "Squares",
    "cell_of",
    "grid_csv",
    "grid_text",
    "nearest_first",
]

Array = NDArray[np.float64]
Labels = NDArray[np.int64]

#: The numbers of a cell, at ℓ = dL and dL + 1.
_NAMES = (
    "rho_at", "rho_above", "R2_inj_at", "R2_inj_above", "difference_at", "difference_above",
    "G_at", "G_above", "reference_at", "reference_above",
)  # fmt: skip


class Reference(StrEnum):
    """What the gain of the readout is divided by, for ρ."""

    EXACT = "exact field"
    FED = "SPN also fed Y_ℓ(û)"
    CUBIC = "shared cubic SPN"
    SILU = "shared SiLU network"


@dataclass(frozen=True)
class Squares:
    """Squared lengths of one training, mean over sites, at one ε: (seeds, 2, frames), ℓ = dL first.

    ``total`` |r|², ``left`` |r − p|², ``power`` |ΔF|², ``missed`` |ΔF − p|²; ``before`` (frames,)
    |e|² of the backbone.
    """

    total: Array
    left: Array
    power: Array
    missed: Array
    before: Array


@dataclass(frozen=True)
class GridCell:
    """One choice of definitions, and its numbers with intervals.

    ``numbers``: ``rho``, ``R2_inj``, ``difference`` ρ − R²_inj, ``G`` of the readout and
    ``reference`` G* of the reference, each ``_at`` dL and one degree ``_above``. ``distance`` is
    the root mean square deviation of ρ and R²_inj at both degrees from the published four; it
    orders the table and decides nothing.
    """

    shared: bool
    reference: Reference
    stored: bool
    channels: int
    amplitude: float
    backbones: int
    numbers: dict[str, Interval]
    distance: float

    @property
    def words(self) -> tuple[str, str, str, str, str]:
        """The choices, in the order of the table."""
        return (
            "shared" if self.shared else "per atom",
            str(self.reference),
            "as stored" if self.stored else "Haar",
            str(self.channels),
            f"{self.amplitude:g}",
        )


@dataclass(frozen=True)
class GridReport:
    """A grid: the cells nearest to the published numbers first.

    ``force_mae`` in meV/Å on held-out frames and ``steps`` of training, by backbone; ``settings``
    of the trained readouts. ``missing`` counts the cells that were asked for and not measured.
    """

    data: str
    L: int
    boundary: int
    force_mae: tuple[float, ...]
    steps: tuple[int, ...]
    held: int
    draws: int
    settings: dict[str, Any]
    cells: tuple[GridCell, ...]
    environment: dict[str, Any]
    published: Published = PUBLISHED
    missing: int = 0
    schema: int = 1


GRID = Schema(GridReport, "a grid of definitions", 1, {})


def cell_of(
    choice: Mapping[str, Any],
    readouts: Sequence[Squares],
    references: Sequence[Squares] | None,
    draws: int,
    rng: np.random.Generator,
    blocks: Labels | None,
) -> GridCell:
    """A cell from the squares of its readout and of its reference, by backbone.

    ``references`` is None for the exact field, which leaves the backbone's error. Seeds of readout
    and reference are paired by their number. ``choice`` holds the first five fields of the cell.
    """
    table = np.array([_rows(own, other) for own, other in _paired(readouts, references)])
    point, drawn = resample(table, draws, rng, blocks)
    numbers, spread = _numbers(point), _numbers(drawn)
    intervals = {}
    for name in _NAMES:
        low, high = np.quantile(spread[name], [0.025, 0.975]).tolist()
        intervals[name] = Interval(float(numbers[name]), low, high)
    edge = 4
    p = PUBLISHED
    wanted = (p.recovery[edge], p.recovery[edge + 1], p.injected[edge], p.injected[edge + 1])
    found = (float(numbers[name]) for name in _NAMES[:4])
    distance = math.sqrt(sum((a - b) ** 2 for a, b in zip(found, wanted, strict=True)) / 4)
    return GridCell(**choice, backbones=len(readouts), numbers=intervals, distance=distance)


def _paired(
    readouts: Sequence[Squares], references: Sequence[Squares] | None
) -> list[tuple[Squares, Squares | None]]:
    if references is None:
        return [(own, None) for own in readouts]
    return list(zip(readouts, references, strict=True))


def _rows(own: Squares, other: Squares | None) -> Array:
    """(seeds, 12, frames): total, left, power, missed of the readout, total, left of its reference,
    at both degrees each."""
    if other is None:
        before = np.broadcast_to(own.before, own.total.shape)
        against = (own.total, before)
    else:
        against = (other.total, other.left)
    result: Array = np.concatenate((own.total, own.left, own.power, own.missed, *against), axis=1)
    return result


def _numbers(means: Array) -> dict[str, Array]:
    """The numbers of a cell from the means (…, 12) of :func:`_rows`."""
    total, left, power, missed, other, rest = (means[..., 2 * k : 2 * k + 2] for k in range(6))
    gain, reference = 1 - left / total, 1 - rest / other
    recovery, injected = gain / reference, 1 - missed / power
    pairs = (recovery, injected, recovery - injected, gain, reference)
    flat = [pair[..., place] for pair in pairs for place in (0, 1)]
    return dict(zip(_NAMES, flat, strict=True))


def nearest_first(cells: Sequence[GridCell]) -> tuple[GridCell, ...]:
    """The cells by their distance from the published numbers."""
    return tuple(sorted(cells, key=lambda cell: cell.distance))


def grid_csv(report: GridReport) -> str:
    """One line per cell: its choices, then every number with the ends of its interval."""
    ends = [f"{name}{end}" for name in _NAMES for end in ("", "_low", "_high")]
    choices = ["spn", "reference", "orientation", "channels", "amplitude"]
    rows: list[list[object]] = [[*choices, "backbones", "distance", *ends]]
    for cell in report.cells:
        found = [cell.numbers[name] for name in _NAMES]
        values = [end for n in found for end in (n.value, n.low, n.high)]
        shown = ["" if value is None else f"{value:.6g}" for value in values]
        rows.append([*cell.words, cell.backbones, f"{cell.distance:.6g}", *shown])
    return as_csv(rows)


def grid_text(report: GridReport, most: int = 12) -> str:
    """The cells nearest to the published numbers, for the terminal."""
    p = report.published
    lines = [
        f"{report.data}: n = {len(report.steps)}, force MAE "
        f"{', '.join(f'{mae:.1f}' for mae in report.force_mae)} meV/Å; {len(report.cells)} cells"
        + (f", {report.missing} not measured yet" if report.missing else ""),
        f"published ({p.source}): ρ {p.recovery[4]} {p.recovery[5]}, "
        f"R²_inj {p.injected[4]} {p.injected[5]}",
    ]
    for cell in report.cells[:most]:
        found = " ".join(f"{cell.numbers[name].value:7.3f}" for name in _NAMES[:6])
        lines.append(f"{found}  {', '.join(cell.words)}")
    return "\n".join(lines)
