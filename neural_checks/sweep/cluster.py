"""Jobs through ``dask.distributed``: on this machine, on a running cluster, or under SLURM.

Scheduling, restarting workers and moving the work of a dead one are dask's. A worker holds one job
at a time, so that its death costs that job alone, which is begun again elsewhere (a few times:
a job that kills every worker it meets is given up).
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from span_theorem.files import read_text, unrepeated

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["connect", "read_options", "run_all", "slurm_cluster"]

_LARGEST = 1_000_000  # bytes of a file of options


_PATIENCE = 10  # seconds until a scheduler that does not answer is given up

_NEVER = "1000 days"


@contextmanager
def connect(
    workers: int,
    scheduler: str | None = None,
    slurm: Mapping[str, Any] | None = None,
    deaths: int = 3,
) -> Iterator[Client]:
    """A client of the scheduler at address ``scheduler``, of SLURM, or of ``workers`` processes.

    A job is given up once ``deaths`` of its workers have died (a running cluster keeps its own
    number). Raises ValueError for ``workers`` or ``deaths`` < 1, OSError where no scheduler answers
    at the address.
    """
    import dask
    from distributed import Client, LocalCluster

    for name, value in (("workers", workers), ("deaths", deaths)):
        if value < 1:
            raise ValueError(f"{name} must be ≥ 1, got {value}")
    # What dask logs of a lost connection is said once, by the exception.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    if scheduler is not None:
        with Client(scheduler, timeout=_PATIENCE) as client:
            yield client
        return
    settings = {
        # Dask gives up after one failure more than it allows.
        "distributed.scheduler.allowed-failures": deaths - 1,
        # A worker that is not back after this time is never started again. Its next death would
        # count too, and a sweep without workers would wait for ever.
        "distributed.deploy.lost-worker-timeout": _NEVER,
    }
    with dask.config.set(settings):
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
    from dask_jobqueue.slurm import SLURMCluster

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
    """Call ``function(*arguments)`` for every task, in the order of ``tasks``.

    ``done(name)`` or ``failed(name, why)`` is called once per task, as they end. As many tasks are
    handed over as there are workers, or as ``workers`` that are still to come. A task that dask
    gives up because workers died is tried once more alone: dask blames all that a worker holds.

    A task whose outcome is lost with its worker is called again, so ``function`` may be called
    more than once for a task that worked or raised.

    Raises:
        ConnectionError: the scheduler is gone.
    """
    given_up: list[str] = []
    for name, outcome in _outcomes(client, function, tasks, workers):
        if outcome.killed:
            given_up.append(name)
        elif outcome.error:
            failed(name, outcome.error)
        else:
            done(name)
    for name in given_up:
        alone = {name: tasks[name]}
        for _, outcome in _outcomes(client, function, alone, 1, "-alone"):
            if outcome.error:
                failed(name, outcome.error)
            else:
                done(name)


def _quietly(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call ``function`` in a worker: what it raises is told by the sweep, not by dask's log too."""
    logging.getLogger("distributed.worker").setLevel(logging.CRITICAL)
    return function(*arguments)


@dataclass(frozen=True)
class _Outcome:
    """How a task ended: without an error, or with one; ``killed`` where workers died of it."""

    error: str = ""
    killed: bool = False


def _outcomes(
    client: Client,
    function: Callable[..., Any],
    tasks: Mapping[str, tuple[Any, ...]],
    workers: int,
    suffix: str = "",
) -> Iterator[tuple[str, _Outcome]]:
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
            completed.add(client.submit(_quietly, function, *tasks[name], key=key, pure=False))

    with _scheduler_needed(client):
        submit()
    for future in completed:
        status = future.status
        if status in ("lost", "pending"):  # its worker died meanwhile: dask does it again
            completed.add(future)
            continue
        name = held.pop(future.key)
        with _scheduler_needed(client):
            error = future.exception() if status == "error" else None
            if error is None and status != "finished" and client.status != "running":
                raise OSError("the connection is closed")
            future.release()  # what is done must not be done again if its worker dies
        if error is not None:
            yield name, _Outcome(f"{type(error).__name__}: {error}", type(error) is KilledWorker)
        elif status == "finished":
            yield name, _Outcome()
        else:
            yield name, _Outcome(f"not done: {status} by the scheduler")
        with _scheduler_needed(client):
            submit()


@contextmanager
def _scheduler_needed(client: Client) -> Iterator[None]:
    """An OSError of dask within means that the scheduler is gone."""
    try:
        yield
    except OSError as error:
        raise ConnectionError(
            "the scheduler is gone: finished jobs are kept, and the same command continues with "
            f"the others ({error})"
        ) from error


def read_options(path: Path) -> dict[str, Any]:
    """Options of :func:`slurm_cluster` from a JSON file.

    Raises:
        FileNotFoundError: it is not there; ValueError: it is no JSON object.
    """
    try:
        options = json.loads(read_text(path, _LARGEST), object_pairs_hook=unrepeated)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    if not isinstance(options, dict):
        raise ValueError(f"{path}: expected an object with options of SLURMCluster")
    return options
