"""How a sweep ended: tables, figures and summary from the files of its jobs, and the exit code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neural_checks.readouts.verdict import Outcome
from neural_checks.sweep.figures import draw, label, varied
from neural_checks.sweep.job import read_record
from neural_checks.sweep.result import Cell, Side, Summary
from neural_checks.sweep.settings import Sweep
from neural_checks.sweep.tables import cells, rows, write_csv
from numeric_checks.figures import save_figure
from numeric_checks.outputs import write_outputs
from numeric_checks.tables import aligned
from span_theorem.command import Exit, Result
from span_theorem.files import write_json

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["report", "table"]


def report(sweep: Sweep, folder: Path, failures: dict[str, str]) -> Result:
    """Write ``table.csv``, ``cells.csv``, the figures and, last, ``summary.json``; the result."""
    found = [read_record(folder, job) for job in sweep.jobs]
    records = [record for record in found if record is not None]
    pooled: list[Cell] = []
    writers: dict[str, Callable[[Path], None]] = {}
    if records:
        settings = (sweep.amplitudes, sweep.draws, sweep.seed)
        pooled = cells(records, *settings)
        tables = {
            "table.csv": [row.columns() for row in rows(records, *settings)],
            "cells.csv": [cell.columns() for cell in pooled],
        }
        writers |= {name: _csv(lines) for name, lines in tables.items()}
        for name, figure in draw(pooled, sweep.draws).items():
            writers |= {f"{name}{suffix}": _figure(figure) for suffix in (".svg", ".png")}
    summary = _summary(sweep, pooled, len(found) - len(records), failures)
    writers["summary.json"] = lambda path: write_json(path, asdict(summary), force=True)
    outputs = write_outputs(folder, writers)
    content = asdict(summary) | {"cells": [cell.columns(lists=True) for cell in pooled]}
    return Result(table(summary, pooled), content, Exit(summary.exit_code), outputs)


def _csv(lines: list[dict[str, Any]]) -> Callable[[Path], None]:
    return lambda path: write_csv(path, lines)


def _figure(figure: Figure) -> Callable[[Path], None]:
    return lambda path: save_figure(figure, (path,), force=True)


def _summary(sweep: Sweep, pooled: list[Cell], missing: int, failures: dict[str, str]) -> Summary:
    # Where the cliff is does not depend on the amplitude.
    outcomes = [cell.outcome for cell in pooled if cell.amplitude == sweep.amplitudes[0]]
    undecided = outcomes.count(Outcome.UNDECIDED)
    wrong = outcomes.count(Outcome.DISAGREES)
    code = Exit.REFUTED if wrong else Exit.UNDECIDED if missing or undecided else Exit.OK
    return Summary(
        name=sweep.name,
        about=sweep.about,
        jobs=len(sweep.jobs),
        without_result=missing,
        left_out_for_want_of_data=sweep.absent,
        not_as_expected=wrong + undecided,
        undecided=undecided,
        exit_code=int(code),
        failed=failures,
    )


def table(summary: Summary, pooled: list[Cell]) -> str:
    """A line per setting and readout, and one for the whole."""
    keys = varied(pooled)
    lines = [["setting", "n", "readout", "d_r", "proved", "measured", "R² at", "R² above", ""]]
    for cell in pooled:
        if cell.amplitude != pooled[0].amplitude:
            continue
        lines.append(
            [
                label(cell, keys),
                str(cell.seeds),
                cell.readout,
                "–" if cell.d_r is None else str(cell.d_r),
                str(cell.boundary),
                _measured(cell),
                _interval(cell.at),
                _interval(cell.above),
                _remark(cell),
            ]
        )
    done = summary.jobs - summary.without_result
    return "\n".join(
        [
            f"{summary.name}: measured cliffs",
            "",
            *(aligned(lines, left=len(lines[0])) if pooled else ["no job has a result"]),
            "",
            f"{done} of {summary.jobs} jobs done; {summary.not_as_expected} cells not as expected, "
            f"{summary.undecided} of them undecided",
        ]
    )


def _measured(cell: Cell) -> str:
    if cell.measured == cell.degrees_measured:
        return f"≥ {cell.measured}, all that were measured"
    place = "none" if cell.measured is None else cell.measured
    return f"{place} [{cell.cliff_low}, {cell.cliff_high}]"


def _interval(side: Side) -> str:
    if side.R2 is None:
        return "–"
    return f"{side.R2:.3f} [{side.R2_low:.3f}, {side.R2_high:.3f}]"


def _remark(cell: Cell) -> str:
    remarks = {
        Outcome.AGREES: "",
        Outcome.UNDECIDED: "UNDECIDED",
        Outcome.DISAGREES: "NOT AS EXPECTED",
    }
    return remarks[cell.outcome]
