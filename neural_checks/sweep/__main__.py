"""Run a grid of backbones and readouts from a committed file, on any number of workers.

``python -m neural_checks.sweep CONFIG``, with a path or the name of a file in
``neural_checks/sweep/configs``. Jobs already done are skipped, so that the same command continues a
sweep that was stopped in any way. Exit code 0: every cliff that should be at d_r·L was measured
there and the non-polynomial readout went beyond it; 3: not so; 4: some job has no result; 2: bad
usage or input.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from neural_checks.sweep.config import Job, Sweep, read_config
from neural_checks.sweep.job import locked, read_record, run_job, write_json
from neural_checks.sweep.tables import cells, rows, write_csv

__all__ = ["main"]


def _parser() -> argparse.ArgumentParser:
    folder = files("neural_checks.sweep") / "configs"
    known = sorted(Path(entry.name).stem for entry in folder.iterdir())
    parser = argparse.ArgumentParser(
        prog="python -m neural_checks.sweep",
        description="Measure the cliff over a grid of networks, data and readouts.",
        epilog=f"configurations that come along: {', '.join(known)}",
    )
    parser.add_argument("config", help="JSON or TOML file, or the name of one that comes along")
    parser.add_argument("--data-dir", type=Path, default=Path(), help="folder of the data files")
    parser.add_argument(
        "--skip-absent", action="store_true", help="leave out jobs whose data file is not there"
    )
    parser.add_argument("--results", type=Path, default=Path("results"), help="default: results")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--scheduler", help="address of a dask scheduler that is running")
    where.add_argument(
        "--slurm", type=Path, metavar="FILE", help="JSON file with options of SLURMCluster"
    )
    parser.add_argument("--workers", type=int, default=2, help="processes or SLURM jobs; default 2")
    parser.add_argument(
        "--deaths", type=int, default=3, help="workers that may die of one job; default 3"
    )
    parser.add_argument("--device", default="cpu", help="torch device of a worker")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--list", action="store_true", help="print the jobs and their state, and end")
    what.add_argument("--job-script", action="store_true", help="print SLURM's script, and end")
    what.add_argument("--json", action="store_true", help="print the cells instead of a table")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Command line; see the module's text for the exit code."""
    arguments = _parser().parse_args(argv)
    try:
        return _main(arguments)
    except (ImportError, OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


def _main(arguments: argparse.Namespace) -> int:
    if arguments.job_script:
        return _job_script(arguments)
    sweep = read_config(_find(arguments.config), arguments.data_dir, arguments.skip_absent)
    for name in sweep.absent:
        print(f"left out, no data file: {name}", file=sys.stderr)
    folder = arguments.results / sweep.name
    if arguments.list:
        return _list(sweep, folder)
    try:
        with locked(folder / "lock", wait=False):
            failures = _run(sweep, folder, arguments)
            return _report(sweep, folder, failures, arguments.json)
    except BlockingIOError as error:
        holder = (folder / "lock").read_text(encoding="utf-8")
        raise ValueError(f"process {holder} is at work on the sweep in {folder}") from error


def _find(config: str) -> Path:
    path = Path(config)
    if not path.is_file():
        packaged = Path(str(files("neural_checks.sweep") / "configs" / f"{config}.json"))
        if packaged.is_file():
            return packaged
        raise FileNotFoundError(f"no configuration {config}")
    return path


def _job_script(arguments: argparse.Namespace) -> int:
    from neural_checks.sweep.cluster import read_options, slurm_cluster

    if arguments.slurm is None:
        raise ValueError("--job-script needs --slurm FILE")
    with slurm_cluster(read_options(arguments.slurm)) as cluster:
        print(cluster.job_script())
    return 0


def _describe(job: Job) -> str:
    model = job.model
    if job.features:
        return f"feature file {job.data}"
    return (
        f"{job.data}: L = {model.l_max}, {model.layers} layers, {model.channels} channels, "
        f"seed {job.seed}{'' if job.trained else ', untrained'}"
    )


def _failure_path(folder: Path, name: str) -> Path:
    return folder / "failed" / f"{name}.json"


def _list(sweep: Sweep, folder: Path) -> int:
    for job in sweep.jobs:
        state = "to do"
        if read_record(folder, job) is not None:
            state = "done"
        elif _failure_path(folder, job.id).exists():
            state = "failed"
        print(f"{job.id}  {state:6}  {_describe(job)}")
    return 0


def _run(sweep: Sweep, folder: Path, arguments: argparse.Namespace) -> dict[str, str]:
    """Do what is not done; the reasons of the jobs that failed, by id."""
    todo = {job.id: job for job in sweep.jobs if read_record(folder, job) is None}
    failures: dict[str, str] = {}
    if not todo:
        return failures
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
    from rich.progress import TimeRemainingColumn as Remaining

    from neural_checks.sweep.cluster import connect, read_options, run_all

    slurm = None if arguments.slurm is None else read_options(arguments.slurm)
    # The longest first, so that none of them is left for the end.
    ordered = sorted(todo.values(), key=lambda job: -job.cost)
    # Workers may run in another folder.
    place = (str(folder.absolute()), str(arguments.data_dir.absolute()), arguments.device)
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), Remaining())
    with (
        connect(arguments.workers, arguments.scheduler, slurm, arguments.deaths) as client,
        Progress(*columns, console=console) as progress,
    ):
        bar = progress.add_task(sweep.name, total=sum(job.cost for job in ordered))
        ended = 0

        def step(name: str, outcome: str) -> None:
            nonlocal ended
            ended += 1
            progress.update(
                bar,
                advance=todo[name].cost,
                description=f"{sweep.name} {ended}/{len(todo)}",
            )
            console.print(f"{name} {outcome}: {_describe(todo[name])}", highlight=False)

        def done(name: str) -> None:
            if read_record(folder, todo[name]) is None:
                failed(name, f"done, but its file is not in {folder}: do the workers see it?")
                return
            _failure_path(folder, name).unlink(missing_ok=True)
            step(name, "done")

        def failed(name: str, why: str) -> None:
            failures[name] = why
            job = todo[name]
            write_json(_failure_path(folder, name), {"id": name, "job": str(job), "error": why})
            step(name, f"failed ({why})")

        # The workers of a cluster that is already there are counted by it.
        coming = 1 if arguments.scheduler else arguments.workers
        tasks = {job.id: (job, *place) for job in ordered}
        run_all(client, run_job, tasks, done, failed, coming)
    return failures


def _report(sweep: Sweep, folder: Path, failures: dict[str, str], as_json: bool) -> int:
    """Tables and figures from the files of the jobs, and the exit code."""
    found = [read_record(folder, job) for job in sweep.jobs]
    records = [record for record in found if record is not None]
    missing = len(found) - len(records)
    table: list[dict[str, Any]] = []
    if records:
        settings = (sweep.amplitudes, sweep.draws, sweep.seed)
        table = cells(records, *settings)
        write_csv(folder / "table.csv", rows(records, *settings))
        write_csv(folder / "cells.csv", table)
        from neural_checks.sweep.figures import draw

        draw(folder, sweep.name, table, sweep.draws)
    # Where the cliff is does not depend on the amplitude.
    wrong = [
        cell
        for cell in table
        if cell["amplitude"] == sweep.amplitudes[0] and not cell["as_expected"]
    ]
    code = 3 if wrong else 4 if missing else 0
    summary = {
        "name": sweep.name,
        "about": sweep.about,
        "jobs": len(sweep.jobs),
        "without_result": missing,
        "failed": failures,
        "left_out_for_want_of_data": list(sweep.absent),
        "not_as_expected": len(wrong),
        "exit_code": code,
    }
    write_json(folder / "summary.json", summary)
    if as_json:
        print(json.dumps({**summary, "cells": table}))
    else:
        _print(summary, table, folder)
    return code


def _measured(cell: dict[str, Any]) -> str:
    if cell["measured"] == cell["degrees_measured"]:
        return f"≥ {cell['measured']}, all that were measured"
    place = "none" if cell["measured"] is None else cell["measured"]
    return f"{place} [{cell['cliff_low']}, {cell['cliff_high']}]"


def _print(summary: dict[str, Any], table: list[dict[str, Any]], folder: Path) -> None:
    from rich.console import Console
    from rich.table import Table

    from neural_checks.sweep.figures import label, varied

    console = Console(width=150)  # the table needs it, also where output is piped
    view = Table(title=f"{summary['name']}: measured cliffs")
    for head in ("setting", "n", "readout", "d_r", "proved", "measured", "R² at", "R² above", ""):
        view.add_column(head, no_wrap=True)

    def interval(cell: dict[str, Any], name: str) -> str:
        if cell[name] is None:
            return "–"
        return f"{cell[name]:.3f} [{cell[f'{name}_low']:.3f}, {cell[f'{name}_high']:.3f}]"

    keys = varied(table)
    for cell in table:
        if cell["amplitude"] != table[0]["amplitude"]:
            continue
        view.add_row(
            label(cell, keys),
            str(cell["seeds"]),
            cell["readout"],
            "–" if cell["d_r"] is None else str(cell["d_r"]),
            str(cell["boundary"]),
            _measured(cell),
            interval(cell, "R2_at"),
            interval(cell, "R2_above"),
            "" if cell["as_expected"] else "NOT AS EXPECTED",
        )
    console.print(view)
    console.print(
        f"{summary['jobs'] - summary['without_result']} of {summary['jobs']} jobs done; "
        f"{summary['not_as_expected']} cells not as expected; written to {folder}"
    )


if __name__ == "__main__":
    sys.exit(main())
