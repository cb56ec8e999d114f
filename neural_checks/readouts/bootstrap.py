"""The hierarchical cluster bootstrap: backbones, then seeds, then frames or blocks of frames."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from neural_checks.readouts.metrics import Metrics, summarise
from neural_checks.readouts.recovery import Recovery
from neural_checks.readouts.trained import SpnRun

__all__ = ["bootstrap", "bootstrap_spn", "resample"]

Array = NDArray[np.float64]
Labels = NDArray[np.int64]


def resample(
    table: Array, draws: int, rng: np.random.Generator, blocks: Labels | None = None
) -> tuple[Array, Array]:
    """Means of ``table`` (backbones, seeds, quantities, rows) over all but the quantities.

    In every draw backbones are drawn with replacement, then seeds within each of them. The rows are
    the same ones for every backbone and seed, so one draw of rows serves them all. Rows with the
    same label in ``blocks`` (rows,) are drawn together: the atoms of a frame, or frames that follow
    each other on a trajectory. Without ``blocks`` every row is drawn by itself. Every draw is kept.

    Returns:
        The means (quantities,), and ``draws`` of them, (draws, quantities).

    Raises:
        ValueError: ``draws`` < 1, or as many labels as rows are not given.
    """
    if draws < 1:
        raise ValueError(f"draws must be ≥ 1, got {draws}")
    backbones, seeds, rows, _ = table.shape
    counts = _counts(table.shape[3], draws, rng, blocks)
    means = np.einsum("bsrf,df->bsdr", table, counts, optimize=True)
    drawn = np.zeros((draws, rows))
    every = np.arange(draws)
    for _ in range(backbones):
        backbone = rng.integers(backbones, size=draws)
        for _ in range(seeds):
            seed = rng.integers(seeds, size=draws)
            drawn += means[backbone, seed, every] / (backbones * seeds)
    return table.mean(axis=(0, 1, 3)), drawn


def _counts(
    rows: int, draws: int, rng: np.random.Generator, blocks: Labels | None
) -> NDArray[np.float64]:
    """(draws, rows): the weight of every row in a draw; the weights of a draw sum to one."""
    if blocks is None:
        return rng.multinomial(rows, np.full(rows, 1 / rows), size=draws) / rows
    if len(blocks) != rows:
        raise ValueError(f"blocks must hold a label for each of {rows} rows, got {len(blocks)}")
    names, block = np.unique(blocks, return_inverse=True)
    drawn = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=draws)[:, block]
    # Blocks differ in size: the mean of a draw is over the rows that are in it.
    weights: Array = drawn / drawn.sum(axis=1, keepdims=True)
    return weights


def bootstrap(
    runs: Sequence[Recovery],
    draws: int,
    rng: np.random.Generator,
    amplitude: float = 1.0,
    blocks: Labels | None = None,
) -> tuple[Metrics, Metrics]:
    """Metrics of all backbones together, and ``draws`` bootstrap draws (:func:`resample`).

    A fit by ridge has no seeds and averages over patterns exactly: backbones and frames remain.
    """
    if not amplitude > 0:
        raise ValueError(f"amplitude must be > 0, got {amplitude}")
    # Rows: means over sites of the field at every ℓ, then before, after and spurious.
    table = np.array(
        [
            np.concatenate(
                [run.field.mean(axis=1)]
                + [
                    part.mean(axis=0, keepdims=True)
                    for part in (run.before, run.after, run.spurious)
                ]
            )
            for run in runs
        ]
    )[:, None]

    def metrics(means: Array) -> Metrics:
        before, after, spurious = (means[..., k] for k in (-3, -2, -1))
        return summarise(means[..., :-3], before, after, spurious, amplitude)

    point, drawn = resample(table, draws, rng, blocks)
    return metrics(point), metrics(drawn)


def bootstrap_spn(
    runs: Sequence[SpnRun], draws: int, rng: np.random.Generator, blocks: Labels | None = None
) -> tuple[Metrics, Metrics]:
    """The same for trained readouts, with their seeds, each with patterns of its own."""
    degrees = runs[0].power.shape[1]
    table = np.array(
        [
            np.concatenate(
                [part.mean(axis=2) for part in (run.total, run.left, run.power, run.missed)]
                + [
                    np.broadcast_to(
                        run.before.mean(axis=0), (len(run.total), 1, run.before.shape[1])
                    )
                ],
                axis=1,
            )
            for run in runs
        ]
    )

    def metrics(means: Array) -> Metrics:
        total, left, power, missed = (means[..., k * degrees : (k + 1) * degrees] for k in range(4))
        gain = 1 - left / total
        oracle = 1 - means[..., -1:] / total
        return Metrics(None, gain, gain / oracle, 1 - missed / power, None)

    point, drawn = resample(table, draws, rng, blocks)
    return metrics(point), metrics(drawn)
