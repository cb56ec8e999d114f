"""Several seeds of one backbone, one after the other or in processes side by side."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path
from queue import Empty
from typing import Any

from neural_checks.backbones.checkpoints import read_checkpoint
from neural_checks.backbones.nequip import BackboneConfig
from neural_checks.data.split import Split
from neural_checks.training.train import TrainConfig, Trained, train
from numeric_checks.molecules.data import ForceData

__all__ = ["checkpoint_path", "read_ensemble", "train_all"]

#: Called with seed, step, steps, loss and validation error (meV/Å).
OnMemberStep = Callable[[int, int, int, float, float], None]

#: Seconds that workers have to end their step and write their checkpoint.
GRACE = 60.0


def checkpoint_path(folder: Path, seed: int) -> Path:
    """Where the backbone of ``seed`` is kept."""
    return folder / f"backbone-{seed}.pt"


def read_ensemble(folder: Path) -> tuple[BackboneConfig, TrainConfig, list[int]]:
    """Network, training and seeds of the checkpoints ``backbone-N.pt`` in ``folder``.

    Raises:
        FileNotFoundError: there is none.
        ValueError: they are not of the same network and training, or one is damaged.
    """
    found = {}
    for path in folder.glob("backbone-*.pt"):
        number = path.stem.removeprefix("backbone-")
        if number.isdecimal():
            found[int(number)] = read_checkpoint(path)
    if not found:
        raise FileNotFoundError(f"no checkpoint backbone-N.pt in {folder}")
    try:
        # As objects: files of before a setting existed lack it, and mean its default.
        settings = {
            seed: (BackboneConfig(**state.model), TrainConfig(**state.train))
            for seed, state in found.items()
        }
    except (TypeError, ValueError) as error:
        raise ValueError(f"{folder}: settings of its checkpoints are not known: {error}") from error
    first = settings[min(found)]
    for seed, state in found.items():
        if state.seed != seed or settings[seed] != first:
            raise ValueError(
                f"{checkpoint_path(folder, seed)} is of seed {state.seed} and must be of seed "
                f"{seed}, of the same network and training as the others"
            )
    return *first, sorted(found)


def train_all(
    data: ForceData,
    split: Split,
    model: BackboneConfig,
    config: TrainConfig,
    seeds: Sequence[int],
    folder: Path,
    device: str = "cpu",
    parallel: int = 1,
    report: OnMemberStep | None = None,
    as_trained: bool = False,
    keep: Sequence[int] = (),
) -> list[Trained]:
    """Train every seed, or finish it, ``parallel`` at once; the result does not depend on that.

    ``report`` is called now and then. Processes share the GPU, or the cores with one thread each.
    Every seed has its own checkpoint, so a run killed at any moment continues from there; with
    ``as_trained`` checkpoints are taken as they are. Copies are kept at the steps of ``keep``.
    Ctrl-C and SIGTERM let every worker write its checkpoint, and end it.

    Raises:
        ValueError: ``parallel`` < 1.
        FileNotFoundError: a checkpoint to be taken is not there.

    What :func:`neural_checks.training.train.train` raises is raised too.
    """
    if parallel < 1:
        raise ValueError(f"parallel must be ≥ 1, got {parallel}")
    task = partial(train, data, split, model, config, keep=tuple(keep))
    if as_trained:
        for seed in seeds:
            if not checkpoint_path(folder, seed).exists():
                raise FileNotFoundError(f"no checkpoint {checkpoint_path(folder, seed)}")
    elif parallel > 1 and len(seeds) > 1:
        _side_by_side(task, seeds, folder, device, parallel, report)

    def one(seed: int) -> Trained:
        def say(step: int, steps: int, loss: float, mae: float) -> None:
            if report is not None:
                report(seed, step, steps, loss, mae)

        stop_after = 0 if as_trained else None
        return task(seed, checkpoint_path(folder, seed), device, say, stop_after=stop_after)

    return [one(seed) for seed in seeds]  # after processes: read from the finished checkpoints


def _side_by_side(
    task: Callable[..., Trained],
    seeds: Sequence[int],
    folder: Path,
    device: str,
    parallel: int,
    report: OnMemberStep | None,
) -> None:
    """Train in processes; whatever ends this early lets them save and ends them."""
    context = multiprocessing.get_context("spawn")  # a CUDA context does not survive a fork
    others = set(multiprocessing.active_children())
    queue, stop = context.Queue(), context.Event()
    pool = ProcessPoolExecutor(
        min(parallel, len(seeds)), context, initializer=_prepare, initargs=(queue, stop)
    )
    waiting: set[Future[None]] = set()
    try:
        waiting |= {
            pool.submit(_train_one, task, seed, checkpoint_path(folder, seed), device)
            for seed in seeds
        }
        while waiting:
            done, waiting = wait(waiting, timeout=0.5, return_when=FIRST_COMPLETED)
            _pass_on(queue, report)
            for future in done:
                future.result()
        _pass_on(queue, report)
    except BaseException:
        stop.set()
        pool.shutdown(wait=False, cancel_futures=True)
        _end(set(multiprocessing.active_children()) - others)
        raise
    pool.shutdown()


def _pass_on(queue: Any, report: OnMemberStep | None) -> None:
    while True:
        try:
            line = queue.get_nowait()
        except Empty:
            return
        if report is not None:
            report(*line)


def _end(workers: set[BaseProcess]) -> None:
    """Wait for workers that were asked to stop; one that is not done in time is terminated."""
    for worker in workers:
        worker.join(GRACE)
    for worker in workers:
        if worker.is_alive():
            worker.terminate()
            worker.join(5.0)
        if worker.is_alive():
            worker.kill()


_queue: Any = None  # set in each worker by _prepare
_stop: Any = None


def _prepare(queue: Any, stop: Any) -> None:
    """What a worker starts with."""
    import signal
    import warnings

    import torch

    global _queue, _stop
    _queue, _stop = queue, stop
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all: the parent decides
    queue.cancel_join_thread()  # a progress line that nobody reads holds nobody up
    warnings.simplefilter("ignore")  # packages' own, once per process
    torch.set_num_threads(1)


def _train_one(task: Callable[..., Trained], seed: int, checkpoint: Path, device: str) -> None:
    parent = multiprocessing.parent_process()

    def stopped() -> bool:
        if parent is not None and not parent.is_alive():
            os._exit(1)  # nobody waits for the result; the checkpoint is at most a minute old
        return bool(_stop.is_set())

    def say(step: int, steps: int, loss: float, mae: float) -> None:
        _queue.put((seed, step, steps, loss, mae))

    task(seed, checkpoint, device, say, stop=stopped)
