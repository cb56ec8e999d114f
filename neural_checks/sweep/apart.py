"""A job in the main thread of a process of its own.

A worker of dask does its jobs in a thread. Compiling a network there has failed where the same job
in a main thread succeeded, so that a job whose training is compiled gets a process. The process
lives no longer than the worker: it ends when the other end of its standard input is closed. If a
signal ends it, the worker ends by a signal too, so that dask counts the death as that of the
worker.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from typing import IO, cast

from pydantic import TypeAdapter

from neural_checks.sweep.job import run_job
from neural_checks.sweep.settings import Job

__all__ = ["do_job", "run_apart", "serve"]

_TASK = TypeAdapter(tuple[Job, str, str, str])
_SERVE = f"from {__name__} import serve; raise SystemExit(serve())"


def do_job(job: Job, folder: str, data_dir: str, device: str = "cpu") -> str:
    """:func:`neural_checks.sweep.job.run_job`, in a process of its own where that is needed."""
    compiled = job.trained and not job.features and job.train.compiled
    return (run_apart if compiled else run_job)(job, folder, data_dir, device)


def run_apart(job: Job, folder: str, data_dir: str, device: str = "cpu") -> str:
    """:func:`neural_checks.sweep.job.run_job` in a process of its own; the id of the job.

    Raises RuntimeError with what the process says of its failure.
    """
    with subprocess.Popen(
        [sys.executable, "-P", "-c", _SERVE], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        task, answer = cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout)
        try:
            task.write(_TASK.dump_json((job, folder, data_dir, device)) + b"\n")
            task.flush()  # and open: its end would end the process
            said = answer.read().decode("utf-8", "replace").strip()
        except BaseException:
            process.kill()
            raise
        code = process.wait()
    if code < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    if code:
        raise RuntimeError(said or f"the process of the job ended with {code}")
    return job.id


def serve() -> int:
    """Do the one job that standard input tells; a failure is told on standard output."""
    # What libraries print must not be taken for the answer.
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    # Without a buffer: its lock, held by the thread, would stop the interpreter's end.
    task = _TASK.validate_json(os.fdopen(0, "rb", buffering=0, closefd=False).readline())
    threading.Thread(target=_end_with_input, daemon=True).start()
    try:
        run_job(*task)
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        print(f"{type(error).__name__}: {error}", file=answer, flush=True)
        return 1
    return 0


def _end_with_input() -> None:
    """End the process when standard input does; the last checkpoint is kept."""
    while os.read(0, 1):
        pass
    os._exit(1)
