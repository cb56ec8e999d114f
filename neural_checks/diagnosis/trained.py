"""A trained readout in a diagnosis: one network for all atoms, or for all atoms of a kind.

It stands beside the published protocol, in which a network trained by gradient descent reads the
features of every atom. It is weaker than the closed form, which is the best such polynomial per
site, and it takes no part in the verdict.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from neural_checks.diagnosis.result import FittedCurve, Options
from neural_checks.diagnosis.sites import Collected
from neural_checks.readouts.bootstrap import bootstrap_spn
from neural_checks.readouts.recovery import joined_rows
from neural_checks.readouts.samples import top_degree
from neural_checks.readouts.trained import SpnConfig, SpnRun, SpnTask, train_spn
from neural_checks.readouts.verdict import RecoveryCurve

__all__ = ["trained_curve"]

#: As in the presets of the injection experiment.
CONFIG = SpnConfig(steps=1000, seeds=2)


def trained_curve(
    collected: Collected,
    L: int,
    options: Options,
    rng: np.random.Generator,
    config: SpnConfig = CONFIG,
) -> FittedCurve:
    """R²_inj by ℓ at ε = 1 of a readout that all sites of a part share, with its interval.

    The errors of the network's forces are left out: the field alone is read, as by the other
    readouts of a diagnosis.
    """
    task = SpnTask.upto(options.degree, top_degree(L, options.degree), shared=True)
    runs = [
        train_spn(replace(part, errors=np.zeros_like(part.errors)), task, config, rng)
        for part in collected.samples
    ]
    point, draws = bootstrap_spn([_joined(runs)], options.draws, rng, collected.rows)
    curve = RecoveryCurve.of(point.injected, draws.injected)
    return FittedCurve(curve.values, curve.low, curve.high, max(run.weights for run in runs))


def _joined(runs: list[SpnRun]) -> SpnRun:
    """The runs as that of one site."""
    names = ("total", "left", "power", "missed", "before")
    arrays: dict[str, Any] = {
        name: joined_rows([getattr(run, name) for run in runs]) for name in names
    }
    return replace(runs[0], **arrays)
