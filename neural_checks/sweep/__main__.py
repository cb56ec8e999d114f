"""Run a grid of backbones and readouts from a committed file, on any number of workers.

``python -m neural_checks.sweep CONFIG``, with a path or the name of a file in
``neural_checks/sweep/configs``. Jobs already done are skipped, so that the same command continues a
sweep that was stopped. Exit codes: 0 every cliff that should be at d_r·L was measured
there and the non-polynomial readout went beyond it, 2 bad usage or input, 3 not so, 4 undecided: an
interval that reaches both sides of the limit, or a job without a result.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from span_theorem import command
from span_theorem.arguments import integer_option

if TYPE_CHECKING:
    from neural_checks.sweep.settings import Sweep

__all__ = ["main"]


def _parser() -> command.Parser:
    folder = files("neural_checks.sweep") / "configs"
    known = sorted(Path(entry.name).stem for entry in folder.iterdir())
    parser = command.parser(
        "neural_checks.sweep",
        description="Measure the cliff over a grid of networks, data and readouts.",
        epilog=f"included configurations: {', '.join(known)}; "
        + command.CODES.format(ok="as expected", refuted="not as expected"),
    )
    parser.add_argument(
        "config", help="JSON or TOML file, or the name of an included configuration"
    )
    parser.add_argument("--data-dir", type=Path, default=Path(), help="folder of the data files")
    parser.add_argument(
        "--skip-absent", action="store_true", help="leave out jobs whose data file is missing"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("results"), help="folder of sweeps (default %(default)s)"
    )
    command.alias(parser, "--results", "--out")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--scheduler", help="address of a running dask scheduler")
    where.add_argument(
        "--slurm", type=Path, metavar="FILE", help="JSON file with options of SLURMCluster"
    )
    parser.add_argument(
        "--workers",
        type=integer_option("workers", 1, 10_000),
        default=2,
        help="processes or SLURM jobs (default %(default)s)",
    )
    parser.add_argument(
        "--deaths",
        type=integer_option("deaths", 1, 1000),
        default=3,
        help="give a job up after this many of its workers have died (default %(default)s)",
    )
    parser.add_argument(
        "--device", default="cpu", help="torch device of every worker (default cpu)"
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--list", action="store_true", help="print the jobs and their state, then stop"
    )
    what.add_argument(
        "--job-script", action="store_true", help="print the script for SLURM, then stop"
    )
    return parser


def _work(given: argparse.Namespace) -> command.Result:
    if given.job_script:
        return _job_script(given)
    from neural_checks.sweep.config import read_config

    sweep = read_config(_find(given.config), given.data_dir, given.skip_absent)
    for name in sweep.absent:
        command.say(f"left out because the data file is missing: {name}")
    if given.list:
        return _list(sweep, given.out / sweep.name)
    from neural_checks.sweep.report import report
    from neural_checks.sweep.run import Workers, run_jobs
    from numeric_checks.outputs import output_folder

    if given.scheduler is None and given.slurm is None:
        from neural_checks.devices import usable_device

        usable_device(given.device)
    workers = Workers(given.workers, given.scheduler, given.slurm, given.deaths, given.device)
    # The same command continues a sweep, and makes the tables of a complete one anew.
    with output_folder(given.out / sweep.name, last="summary.json", force=True) as folder:
        failures = run_jobs(sweep, folder, given.data_dir, workers)
        return report(sweep, folder, failures)


def _find(config: str) -> Path:
    path = Path(config)
    packaged = Path(str(files("neural_checks.sweep") / "configs" / f"{path.name}.json"))
    # A folder of that name may be the results of the included configuration.
    there = path.exists() and not path.is_dir()
    if not there and path.name == config and packaged.is_file():
        return packaged
    if not there:
        raise FileNotFoundError(f"no configuration {config}")
    return path


def _job_script(given: argparse.Namespace) -> command.Result:
    from neural_checks.sweep.cluster import read_options, slurm_cluster

    if given.slurm is None:
        raise ValueError("--job-script needs --slurm FILE")
    with slurm_cluster(read_options(given.slurm)) as cluster:
        script = cluster.job_script()
    return command.Result(script, {"script": script})


def _list(sweep: Sweep, folder: Path) -> command.Result:
    from neural_checks.sweep.run import states

    found = states(sweep, folder)
    lines = [f"{job.id}  {found[job.id]:6}  {job.text}" for job in sweep.jobs]
    content = [{"id": job.id, "state": found[job.id], "job": job.text} for job in sweep.jobs]
    return command.Result("\n".join(lines), content)


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of ``python -m neural_checks.sweep``; the exit code."""
    return command.run(_parser(), argv, _work)


if __name__ == "__main__":
    sys.exit(main())
