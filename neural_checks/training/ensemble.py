"""Several seeds of one backbone, one after the other or in processes side by side."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from functools import partial
from pathlib import Path
from queue import Empty
from typing import Any

from neural_checks.backbones.nequip import BackboneConfig
from neural_checks.data.split import Split
from neural_checks.training.train import TrainConfig, Trained, train
from numeric_checks.molecules.data import ForceData

__all__ = ["checkpoint_path", "train_all"]


def checkpoint_path(folder: Path, seed: int) -> Path:
    """Where the backbone of ``seed`` is kept."""
    return folder / f"backbone-{seed}.pt"


def train_all(
    data: ForceData,
    split: Split,
    model: BackboneConfig,
    config: TrainConfig,
    seeds: Sequence[int],
    folder: Path,
    device: str = "cpu",
    parallel: int = 1,
    report: Callable[[int, int, int, float, float], None] | None = None,
    as_trained: bool = False,
) -> list[Trained]:
    """Train every seed, or finish it, ``parallel`` at once; the result does not depend on that.

    ``report(seed, step, steps, loss, validation_mae)`` is called now and then. Processes share the
    GPU, or the cores with one thread each. Every seed has its own checkpoint, so that a run killed
    at any moment goes on from there; with ``as_trained`` checkpoints are taken as they are. Raises
    ValueError for ``parallel`` < 1, FileNotFoundError for a checkpoint to be taken that is not
    there, and what :func:`neural_checks.training.train.train` raises.
    """
    if parallel < 1:
        raise ValueError(f"parallel must be ≥ 1, got {parallel}")
    task = partial(train, data, split, model, config)
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
    report: Callable[[int, int, int, float, float], None] | None,
) -> None:
    context = multiprocessing.get_context("spawn")  # a CUDA context does not survive a fork
    with (
        context.Manager() as manager,
        ProcessPoolExecutor(min(parallel, len(seeds)), mp_context=context) as pool,
    ):
        queue = manager.Queue()
        waiting: set[Future[None]] = {
            pool.submit(_train_one, task, seed, checkpoint_path(folder, seed), device, queue)
            for seed in seeds
        }
        try:
            while waiting:
                done, waiting = wait(waiting, timeout=0.5, return_when=FIRST_COMPLETED)
                while True:
                    try:
                        line = queue.get_nowait()
                    except Empty:
                        break
                    if report is not None:
                        report(*line)
                for future in done:
                    future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _train_one(
    task: Callable[..., Trained], seed: int, checkpoint: Path, device: str, queue: Any
) -> None:
    import warnings

    import torch

    warnings.simplefilter("ignore")  # packages' own, once per process
    torch.set_num_threads(1)
    parent = multiprocessing.parent_process()

    def say(step: int, steps: int, loss: float, mae: float) -> None:
        if parent is not None and not parent.is_alive():
            os._exit(1)  # nobody waits for the result; the checkpoint is at most a minute old
        queue.put((seed, step, steps, loss, mae))

    task(seed, checkpoint, device, say)
