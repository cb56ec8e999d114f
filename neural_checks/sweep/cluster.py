"""Jobs through ``dask.distributed``: on this machine, on a cluster that is there, or under SLURM.

Scheduling, restarting workers and moving the work of a dead one are dask's. A worker holds one job
at a time, so that its death costs that job alone, which is begun again elsewhere (a few times:
a job that kills every worker it meets is given up).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["connect", "read_options", "run_all", "slurm_cluster"]


@contextmanager
def connect(
    workers: int,
    scheduler: str | None = None,
    slurm: Mapping[str, Any] | None = None,
    deaths: int = 3,
) -> Iterator[Client]:
    """A client of the scheduler at address ``scheduler``, of SLURM, or of ``workers`` processes.

    ``deaths`` workers may die of one job before it is given up (a cluster that is already there
    keeps its own number). Raises OSError where no scheduler answers at the address.
    """
    import dask
    from distributed import Client, LocalCluster

    if workers < 1:
        raise ValueError(f"workers must be ≥ 1, got {workers}")
    if scheduler is not None:
        with Client(scheduler) as client:
            yield client
        return
    with dask.config.set({"distributed.scheduler.allowed-failures": deaths}):
        if slurm is not None:
            cluster = slurm_cluster(slurm)
            cluster.scale(jobs=workers)
        else:
            cluster = LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                memory_limit=0,  # dask would end a worker for what torch keeps in reserve
                dashboard_address=None,
            )
        with cluster, Client(cluster) as client:
            yield client


def slurm_cluster(options: Mapping[str, Any]) -> Any:
    """A ``dask_jobqueue.SLURMCluster`` with these keyword arguments; nothing is submitted yet.

    One core and one process a job unless the options say otherwise. Raises ValueError for options
    that it does not accept or lacks.
    """
    from dask_jobqueue import SLURMCluster

    chosen = {"cores": 1, "processes": 1, **options}
    chosen["scheduler_options"] = {"dashboard_address": None, **chosen.get("scheduler_options", {})}
    try:
        return SLURMCluster(**chosen)
    except TypeError as error:
        raise ValueError(f"SLURM options {sorted(options)}: {error}") from error


def run_all(
    client: Client,
    function: Callable[..., Any],
    tasks: Mapping[str, tuple[Any, ...]],
    done: Callable[[str], None],
    failed: Callable[[str, str], None],
    workers: int = 1,
) -> None:
    """Call ``function(*arguments)`` for every task, first those that come first.

    ``done(name)`` or ``failed(name, why)`` is called once per task, as they end. As many tasks are
    handed over as there are workers, or as ``workers`` that are still to come. A task that dask
    gives up because workers died is tried once more alone: dask blames all that a worker holds.
    """
    given_up: list[str] = []

    def killed(name: str, _why: str) -> None:
        given_up.append(name)

    _run(client, function, tasks, done, failed, killed, workers)
    for name in given_up:
        _run(client, function, {name: tasks[name]}, done, failed, failed, 1, "-alone")


def _run(
    client: Client,
    function: Callable[..., Any],
    tasks: Mapping[str, tuple[Any, ...]],
    done: Callable[[str], None],
    failed: Callable[[str, str], None],
    killed: Callable[[str, str], None],
    workers: int,
    suffix: str = "",
) -> None:
    from distributed import KilledWorker, as_completed

    waiting = iter(tasks)
    held: dict[str, str] = {}
    completed = as_completed()

    def submit() -> None:
        while len(held) < max(workers, sum(client.nthreads().values())):
            name = next(waiting, None)
            if name is None:
                return
            key = f"sweep-{name}{suffix}"
            held[key] = name
            completed.add(client.submit(function, *tasks[name], key=key, pure=False))

    submit()
    for future in completed:
        name, status = held.pop(future.key), future.status
        error = future.exception() if status == "error" else None
        future.release()  # what is done must not be done again if its worker dies
        if status == "finished":
            done(name)
        elif isinstance(error, KilledWorker):
            killed(name, f"KilledWorker: {error}")
        elif error is not None:
            failed(name, f"{type(error).__name__}: {error}")
        else:
            failed(name, f"not done: {status} by the scheduler")
        submit()


def read_options(path: Path) -> dict[str, Any]:
    """Options of :func:`slurm_cluster` from a JSON file; ValueError where it is no object."""
    try:
        options = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    if not isinstance(options, dict):
        raise ValueError(f"{path}: expected an object with options of SLURMCluster")
    return options
