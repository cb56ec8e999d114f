"""The jobs of a sweep that are not done, handed to workers; and what became of each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from neural_checks.sweep.apart import do_job
from neural_checks.sweep.job import read_record
from neural_checks.sweep.settings import Job, Sweep
from span_theorem.command import say
from span_theorem.files import write_json
from span_theorem.progress import Progress

__all__ = ["Workers", "run_jobs", "states"]


@dataclass(frozen=True)
class Workers:
    """Who does the jobs; see :func:`neural_checks.sweep.cluster.connect`.

    ``count`` processes here or SLURM jobs, or those of the ``scheduler`` at an address; ``slurm``
    names a file of options; after ``deaths`` dead workers a job is given up; ``device`` is torch's.
    """

    count: int = 2
    scheduler: str | None = None
    slurm: Path | None = None
    deaths: int = 3
    device: str = "cpu"


def run_jobs(sweep: Sweep, folder: Path, data_dir: Path, workers: Workers) -> dict[str, str]:
    """Do what is not done; the reasons of the jobs that failed, by id.

    A reason is kept in ``failed/ID.json`` until the job is done.
    """
    todo = {}
    for job in sweep.jobs:
        if read_record(folder, job) is None:
            todo[job.id] = job
        else:
            _failure_path(folder, job.id).unlink(missing_ok=True)
    if not todo:
        return {}
    from neural_checks.sweep.cluster import connect, read_options, run_all

    slurm = None if workers.slurm is None else read_options(workers.slurm)
    # The longest first, so that none of them is left for the end.
    ordered = sorted(todo.values(), key=lambda job: -job.cost)
    # Workers may run in another folder.
    place = (str(folder.absolute()), str(data_dir.absolute()), workers.device)
    tasks = {job.id: (job, *place) for job in ordered}
    with (
        connect(workers.count, workers.scheduler, slurm, workers.deaths) as client,
        Progress() as progress,
    ):
        watch = _Watch(sweep.name, folder, todo, progress)
        # A running cluster knows how many workers it has.
        coming = 1 if workers.scheduler else workers.count
        run_all(client, do_job, tasks, watch.done, watch.failed, coming)
    return watch.failures


class _Watch:
    """Says and keeps how the jobs end."""

    def __init__(self, name: str, folder: Path, todo: dict[str, Job], progress: Progress) -> None:
        self.failures: dict[str, str] = {}
        self._name, self._folder, self._todo, self._progress = name, folder, todo, progress
        self._ended = 0

    def done(self, name: str) -> None:
        if read_record(self._folder, self._todo[name]) is None:
            self.failed(
                name, f"done, but its file is not in {self._folder}: do the workers see it?"
            )
            return
        _failure_path(self._folder, name).unlink(missing_ok=True)
        self._step(name, "done")

    def failed(self, name: str, why: str) -> None:
        self.failures[name] = why
        path = _failure_path(self._folder, name)
        path.parent.mkdir(exist_ok=True)
        content = {"id": name, "job": self._todo[name].text, "error": why}
        write_json(path, content, force=True)
        self._step(name, f"failed ({why})")

    def _step(self, name: str, outcome: str) -> None:
        self._ended += 1
        say(f"{name} {outcome}: {self._todo[name].text}")
        self._progress.update(self._name, self._ended, len(self._todo))


def states(sweep: Sweep, folder: Path) -> dict[str, str]:
    """``"done"``, ``"failed"`` or ``"to do"``, by the id of the job."""
    found = {}
    for job in sweep.jobs:
        if read_record(folder, job) is not None:
            found[job.id] = "done"
        else:
            failed = _failure_path(folder, job.id).exists()
            found[job.id] = "failed" if failed else "to do"
    return found


def _failure_path(folder: Path, name: str) -> Path:
    return folder / "failed" / f"{name}.json"
