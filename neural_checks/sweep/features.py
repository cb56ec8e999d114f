"""Feature files of other packages' networks, for a sweep over architectures.

``python -m neural_checks.sweep.features mace --L 2 --data aspirin_rmd17.npz --out mace_L2.npz``
trains a network of the package briefly on forces and writes its features on the frames that a sweep
uses by default. ``mace`` needs an environment of its own (:mod:`neural_checks.backbones.mace`);
that is what the file is for.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from neural_checks.backbones.hooked import HookedBackbone
from neural_checks.backbones.scaling import Scaling
from neural_checks.data.split import split
from neural_checks.features.file import write
from neural_checks.features.recorded import FeatureSet, record
from neural_checks.sweep.config import Measure
from neural_checks.training.brief import train_briefly
from neural_checks.training.train import TrainConfig
from numeric_checks.molecules.data import EMBEDDED, ForceData, load

__all__ = ["features_of", "main"]


def features_of(
    package: str, data: ForceData, L: int, channels: int, steps: int, seed: int, measure: Measure
) -> FeatureSet:
    """Features of a network of ``package`` (``mace`` or ``e3nn``) after ``steps`` steps.

    The frames are those of a sweep's job: the same split, ``measure.fit`` and ``measure.held``.
    """
    config = TrainConfig(test=measure.held)
    frames = split(data, config.train, config.validation, config.test, config.split_seed)
    backbone = _network(package, Scaling.of(data, frames.train, 4.0), L, channels, seed)
    if steps:
        train_briefly(backbone, data, frames.train, steps, seed=seed)
    fit, held = frames.train[: measure.fit], frames.test[: measure.held]
    backbone.select_layer(data.structures.take(fit[:2]))
    found = record(backbone, data, fit, held, np.random.default_rng(seed))
    said = {"channels": channels, "steps": steps, "seed": seed}
    return replace(found, description={**found.description, **said})


def _network(package: str, scaling: Scaling, L: int, channels: int, seed: int) -> HookedBackbone:
    if package == "mace":
        from neural_checks.backbones.mace import new_mace

        return new_mace(scaling, L, channels, seed=seed)
    if package == "e3nn":
        from neural_checks.e3nn_example import PlainBackbone

        return PlainBackbone(scaling, L, channels, seed=seed)
    raise ValueError(f"package must be mace or e3nn, got {package!r}")


def main(argv: Sequence[str] | None = None) -> int:
    """Command line: 0 where the file was written, 2 for bad usage or input."""
    parser = argparse.ArgumentParser(
        prog="python -m neural_checks.sweep.features",
        description="Train a network of another package briefly and write its feature file.",
    )
    parser.add_argument("package", choices=("mace", "e3nn"))
    parser.add_argument("--data", default=EMBEDDED, help="'embedded' (default) or a data file")
    parser.add_argument("--out", type=Path, required=True, help="the .npz to write")
    parser.add_argument("--L", type=int, default=2, help="largest degree; default 2")
    parser.add_argument("--channels", type=int, default=16, help="default 16")
    parser.add_argument("--steps", type=int, default=300, help="of 5 frames; default 300")
    parser.add_argument("--seed", type=int, default=0, help="default 0")
    arguments = parser.parse_args(argv)
    try:
        if arguments.out.exists():
            raise FileExistsError(f"{arguments.out} exists")
        found = features_of(
            arguments.package,
            load(arguments.data),
            arguments.L,
            arguments.channels,
            arguments.steps,
            arguments.seed,
            Measure(),
        )
        write(arguments.out, found)
    except (ImportError, OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"{arguments.out}: {found.irreps}, seed {arguments.seed}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
