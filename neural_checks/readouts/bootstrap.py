"""The hierarchical cluster bootstrap: backbones, then seeds, then frames or blocks of frames."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from neural_checks.readouts.metrics import Metrics, summarise
from neural_checks.readouts.recovery import Recovery
from neural_checks.readouts.trained import SpnRun
from numeric_checks.molecules.repeats import blocks as consecutive

__all__ = [
    "BLOCKS",
    "bootstrap",
    "bootstrap_field",
    "bootstrap_gain",
    "bootstrap_spn",
    "resample",
    "trajectory_blocks",
]

Array = NDArray[np.float64]
Labels = NDArray[np.int64]

#: Blocks of consecutive frames, as in the bootstrap of the bandwidth.
BLOCKS = 50


def resample(
    table: Array, draws: int, rng: np.random.Generator, blocks: Labels | None = None
) -> tuple[Array, Array]:
    """Means of ``table`` (backbones, seeds, quantities, rows) over all but the quantities.

    In every draw backbones are drawn with replacement, then seeds within each of them. All
    backbones and seeds share the rows, so they also share each draw of rows. Rows with the
    same label in ``blocks`` (rows,) are drawn together: the atoms of a frame, or frames that follow
    each other on a trajectory. Without ``blocks`` every row is drawn by itself. No draw is
    discarded.

    Returns:
        The means (quantities,), and ``draws`` of them, (draws, quantities).

    Raises:
        ValueError: ``draws`` < 1, or the number of labels is not that of the rows.
    """
    if draws < 1:
        raise ValueError(f"draws must be ≥ 1, got {draws}")
    table, sizes = _summed(table, blocks)
    backbones, seeds, rows, units = table.shape
    counts = rng.multinomial(units, np.full(units, 1 / units), size=draws)
    # Blocks differ in size: the mean of a draw is over the rows that are in it.
    weights = counts / (counts @ sizes)[:, None]
    means = np.einsum("bsru,du->bsdr", table, weights, optimize=True)
    drawn = np.zeros((draws, rows))
    every = np.arange(draws)
    for _ in range(backbones):
        backbone = rng.integers(backbones, size=draws)
        for _ in range(seeds):
            seed = rng.integers(seeds, size=draws)
            drawn += means[backbone, seed, every] / (backbones * seeds)
    return table.mean(axis=(0, 1)).sum(axis=1) / sizes.sum(), drawn


def _summed(table: Array, blocks: Labels | None) -> tuple[Array, Array]:
    """Sums of ``table`` over the rows of every block, (…, blocks), and the sizes of the blocks."""
    rows = table.shape[3]
    if blocks is None:
        return table, np.ones(rows)
    if len(blocks) != rows:
        raise ValueError(f"blocks must hold a label for each of {rows} rows, got {len(blocks)}")
    order = np.argsort(blocks, kind="stable")
    _, starts, sizes = np.unique(blocks[order], return_index=True, return_counts=True)
    return np.add.reduceat(table[..., order], starts, axis=3), sizes.astype(np.float64)


def trajectory_blocks(order: Labels | None, count: int = BLOCKS) -> Labels | None:
    """Blocks of frames that follow each other, at most ``count`` of them; see :func:`resample`.

    ``order`` (frames,) are places along a trajectory; None, where they are not known, gives None:
    every frame is then drawn by itself.

    >>> trajectory_blocks(np.array([30, 10, 20, 40]), 2)
    array([1, 0, 0, 1])
    """
    return None if order is None else consecutive(order, len(order), min(count, len(order)))


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


def bootstrap_field(
    fields: Sequence[Array], draws: int, rng: np.random.Generator, blocks: Labels | None = None
) -> tuple[Array, Array]:
    """R² of the field (ℓ,) and its draws (draws, ℓ), from |y − p_y|² (ℓ, sites, rows) by backbone.

    ``blocks`` are as in :func:`resample`.
    """
    table = np.array([field.mean(axis=1) for field in fields])[:, None]
    point, drawn = resample(table, draws, rng, blocks)
    return 1 - point, 1 - drawn


def bootstrap_gain(
    pairs: Sequence[tuple[Array, Array]],
    draws: int,
    rng: np.random.Generator,
    blocks: Labels | None = None,
) -> tuple[float, Array]:
    """Gain 1 − Σ|r − p|²/Σ|r|² and its draws, from |r|² and |r − p|² by backbone.

    Both are (seeds, sites, rows); a fit without seeds has one of them.
    """
    table = np.array([np.stack([part.mean(axis=1) for part in pair], axis=1) for pair in pairs])
    point, drawn = resample(table, draws, rng, blocks)
    return float(1 - point[1] / point[0]), 1 - drawn[:, 1] / drawn[:, 0]
