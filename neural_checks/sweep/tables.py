"""Tables of a sweep, made from the files of its jobs and nothing else.

``table.csv`` is tidy: a row per backbone, readout, degree ℓ and amplitude. ``cells.csv`` pools the
seeds of a setting: a row per setting, readout and amplitude, with the measured cliff beside the
proved boundary and intervals from the bootstrap over backbones and frames.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neural_checks.readouts.bootstrap import bootstrap
from neural_checks.readouts.metrics import Metrics
from neural_checks.readouts.verdict import LIMIT, Outcome, RecoveryCurve, degrees_above, judge
from neural_checks.sweep.result import Cell, JobRecord, ReadoutRecord, Row, Side
from numeric_checks.tables import as_csv
from span_theorem.files import write_text

__all__ = ["cells", "rows", "write_csv"]

Array = NDArray[np.float64]


def rows(
    records: Sequence[JobRecord], amplitudes: Sequence[float], draws: int, seed: int
) -> list[Row]:
    """The tidy table: R² of the field with its interval over held-out frames, and G, ρ, R²_inj."""
    return [
        row
        for record in records
        for row in _rows(record, amplitudes, draws, np.random.default_rng(seed))
    ]


def _rows(
    record: JobRecord, amplitudes: Sequence[float], draws: int, rng: np.random.Generator
) -> Iterator[Row]:
    """Those of one job, with a generator of its own: a row must not depend on the other jobs."""
    for readout in record.readouts:
        runs = [readout.recovery()]
        point, drawn = bootstrap(runs, draws, rng)
        low, high = np.quantile(_field(drawn), [0.025, 0.975], axis=0)
        for amplitude in amplitudes:
            at, _ = bootstrap(runs, 1, rng, amplitude)
            for k, value in enumerate(_field(point)):
                yield Row(
                    job=record.id,
                    setting=record.setting,
                    seed=record.seed,
                    force_mae_meV_per_A=_mean([record]),
                    readout=readout.kind,
                    d_r=readout.degree,
                    boundary=record.boundary(readout),
                    ell=k + 1,
                    R2_field=_round(value),
                    R2_field_low=_round(low[k]),
                    R2_field_high=_round(high[k]),
                    amplitude=amplitude,
                    G=_round(at.gain[k]),
                    rho=_round(at.recovery[k]),
                    R2_inj=_round(at.injected[k]),
                )


def cells(
    records: Sequence[JobRecord], amplitudes: Sequence[float], draws: int, seed: int
) -> list[Cell]:
    """One cell per setting, readout and amplitude; jobs that differ by their seed are one setting.

    Raises:
        ValueError: jobs of one setting that were measured differently.
    """
    groups: dict[str, list[JobRecord]] = {}
    for record in records:
        groups.setdefault(_group(record), []).append(record)
    result: list[Cell] = []
    for members in groups.values():
        rng = np.random.default_rng(seed)
        for index in range(len(members[0].readouts)):
            result += _cells(members, index, amplitudes, draws, rng)
    return result


def _group(record: JobRecord) -> str:
    content: Any = {key: value for key, value in record.job.items() if key != "seed"}
    if record.job["features"]:  # every seed has a file of its own
        content = [record.job["measure"], asdict(record.setting), record.data["sha256"]]
        if record.seed is None:  # nothing says that it differs from another by its seed alone
            content.append(record.id)
    return json.dumps(content, sort_keys=True)


def _cells(
    members: Sequence[JobRecord],
    index: int,
    amplitudes: Sequence[float],
    draws: int,
    rng: np.random.Generator,
) -> Iterator[Cell]:
    """The cells of one readout of one setting."""
    first = members[0]
    readout = first.readouts[index]
    if len({_measured(member, index) for member in members}) > 1:
        raise ValueError(
            f"the jobs {', '.join(m.id for m in members)} differ by their seed alone and cannot be "
            "pooled: they have other readouts or other numbers of held-out frames"
        )
    runs = [member.readouts[index].recovery() for member in members]
    each = [bootstrap([run], draws, rng) for run in runs]
    alone = sum(_judged(first, readout, point, drawn)[0] is Outcome.AGREES for point, drawn in each)
    for amplitude in amplitudes:
        yield _cell(members, readout, bootstrap(runs, draws, rng, amplitude), amplitude, alone)


def _measured(record: JobRecord, index: int) -> tuple[Any, ...]:
    """What must be the same for jobs that are pooled."""
    if index >= len(record.readouts):
        return ()
    readout = record.readouts[index]
    return readout.kind, readout.degree, len(readout.field), len(readout.before)


def _judged(
    record: JobRecord, readout: ReadoutRecord, point: Metrics, drawn: Metrics
) -> tuple[Outcome, int | None]:
    """The outcome, and the last degree recovered (None: no single cliff)."""
    curve = RecoveryCurve.of(_field(point), _field(drawn))
    if readout.degree is not None:
        verdict = judge(curve, record.L, readout.degree)
        return verdict.outcome, verdict.measured
    measured, possible = (int(degrees_above(np.array(ends))) for ends in (curve.low, curve.high))
    edge = record.boundary(readout)
    if record.L == 0:  # nothing to read
        agrees, disagrees = max(curve.high) < LIMIT, max(curve.low) > LIMIT
    else:
        agrees, disagrees = measured > edge, possible <= edge
    if agrees or disagrees:
        return Outcome.AGREES if agrees else Outcome.DISAGREES, measured
    return Outcome.UNDECIDED, measured


def _cell(
    members: Sequence[JobRecord],
    readout: ReadoutRecord,
    metrics: tuple[Metrics, Metrics],
    amplitude: float,
    alone: int,
) -> Cell:
    first, (point, drawn) = members[0], metrics
    edge = first.boundary(readout)
    curve = RecoveryCurve.of(_field(point), _field(drawn))
    outcome, measured = _judged(first, readout, point, drawn)
    low, high, sharp = _cliff(_field(drawn), readout.degree is not None)
    contrast = drawn.gain[:, max(edge - 1, 0)] - drawn.gain[:, edge]
    contrast_low, contrast_high = np.quantile(contrast, [0.025, 0.975])
    return Cell(
        setting=first.setting,
        seeds=len(members),
        force_mae_meV_per_A=_mean(members),
        held_frames=len(first.readouts[0].before),
        readout=readout.kind,
        d_r=readout.degree,
        boundary=edge,
        measured=measured,
        cliff_low=low,
        cliff_high=high,
        sharp=_round(sharp),
        degrees_measured=len(curve.values),
        as_expected=outcome is Outcome.AGREES,
        outcome=outcome,
        at=_side(edge, curve, point),
        above=_side(edge + 1, curve, point),
        amplitude=amplitude,
        contrast=_round(point.gain[max(edge - 1, 0)] - point.gain[edge]),
        contrast_low=_round(contrast_low),
        contrast_high=_round(contrast_high),
        R2_by_ell=tuple(map(_round, curve.values)),
        R2_by_ell_low=tuple(map(_round, curve.low)),
        R2_by_ell_high=tuple(map(_round, curve.high)),
        alone=alone,
    )


def _cliff(draws: Array, polynomial: bool) -> tuple[int | None, int | None, float]:
    """Where 95 % of the draws with a single cliff have it, and their share; (draws, ℓ)."""
    reached = degrees_above(draws)
    sharp: NDArray[np.bool_] = np.ones(len(reached), dtype=bool)
    if polynomial:
        above = np.arange(1, draws.shape[1] + 1) > reached[:, None]
        sharp = np.logical_not(((draws >= LIMIT) & above).any(axis=1))
    if not sharp.any():
        return None, None, 0.0
    low, high = np.quantile(reached[sharp], [0.025, 0.975], method="inverted_cdf")
    return int(low), int(high), float(sharp.mean())


def _side(ell: int, curve: RecoveryCurve, point: Metrics) -> Side:
    if ell < 1:  # at L = 0 the boundary is 0, and no field of degree 0 is injected
        return Side()
    value, low, high = curve.at(ell)
    return Side(
        R2=_round(value),
        R2_low=_round(low),
        R2_high=_round(high),
        rho=_round(point.recovery[ell - 1]),
        R2_inj=_round(point.injected[ell - 1]),
    )


def _field(metrics: Metrics) -> Array:
    """The R² of the field, which every readout of a sweep has."""
    if metrics.field is None:
        raise ValueError("a readout of a sweep must have an R² of the field")
    return metrics.field


def write_csv(path: Path, lines: Sequence[Mapping[str, Any]]) -> None:
    """Rows with the keys of the first as head; complete or not at all."""
    head = list(lines[0])
    write_text(path, as_csv([head, *([line[key] for key in head] for line in lines)]), force=True)


def _mean(records: Sequence[JobRecord]) -> float | None:
    """Mean force MAE in meV/Å; None where it is not known of every one."""
    values = [record.force_mae for record in records]
    known = [value for value in values if value is not None]
    return _round(np.mean(known)) if len(known) == len(values) else None


def _round(value: Any) -> float:
    return round(float(value), 5) + 0.0  # no minus zero
