"""Training, validation and test frames of a data set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from numeric_checks.molecules.data import ForceData
from numeric_checks.molecules.repeats import repeats
from span_theorem.arguments import integer, natural

__all__ = ["Split", "split", "split_of"]


@dataclass(frozen=True)
class Split:
    """Disjoint frame indices for training, validation (early stopping) and testing."""

    train: NDArray[np.int64]
    validation: NDArray[np.int64]
    test: NDArray[np.int64]
    rule: str


def split(data: ForceData, train: int, validation: int, test: int, seed: int) -> Split:
    """Frames for training, validation and testing.

    Where the file holds a published split (``train_01``/``test_01`` or ``train``/``test``),
    training and validation frames are drawn from its training part and test frames from its test
    part; otherwise all are drawn from one permutation. Of equal frames only the first can be drawn,
    training frames before test frames. The draw depends only on ``seed``.

    Raises:
        TypeError, ValueError: a part of less than one frame, or more frames than there are.
    """
    for name, value in (("train", train), ("validation", validation), ("test", test)):
        if integer(name, value) < 1:
            raise ValueError(f"{name} must be ≥ 1, got {value}")
    rng = np.random.default_rng(natural("seed", seed))
    for suffix in ("_01", ""):
        if f"train{suffix}" in data.published and f"test{suffix}" in data.published:
            known, tried = data.published[f"train{suffix}"], data.published[f"test{suffix}"]
            both = np.concatenate([known, tried])
            first = both[repeats(data.structures.take(both)) < 0]
            # After the draw, which stays as it is where no frame repeats another.
            pool, held = rng.permutation(known), rng.permutation(tried)
            pool, held = pool[np.isin(pool, first)], held[np.isin(held, first)]
            rule = f"published split train{suffix}/test{suffix}"
            break
    else:
        order = rng.permutation(np.flatnonzero(repeats(data.structures) < 0))
        # Test frames come off the end so that a larger training set keeps the same test frames.
        pool, held = order[: max(len(order) - test, 0)], order[::-1]
        rule = "random permutation"
    if train + validation > len(pool) or test > len(held):
        raise ValueError(
            f"{data.name}: asked for {train}+{validation} training and {test} test frames, "
            f"available {len(pool)} and {len(held)} ({rule})"
        )
    return Split(
        train=np.sort(pool[:train]),
        validation=np.sort(pool[train : train + validation]),
        test=np.sort(held[:test]),
        rule=f"{rule}, seed {seed}",
    )


def split_of(data: ForceData, train: Mapping[str, Any]) -> Split:
    """The :func:`split` that a checkpoint with these settings of its training was trained on."""
    return split(data, train["train"], train["validation"], train["test"], train["split_seed"])
