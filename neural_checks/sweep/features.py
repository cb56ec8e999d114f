"""Feature files of other packages' networks, for a sweep over architectures.

``python -m neural_checks.sweep.features mace --L 2 --data aspirin_rmd17.npz --out mace_L2.npz``
trains a network of the package briefly on forces and writes its features on the frames that a sweep
uses by default. ``mace`` needs an environment of its own (:mod:`neural_checks.backbones.mace`);
that is what the file is for. Exit codes: 0 written, 2 bad usage or input.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from span_theorem import command
from span_theorem.arguments import integer_option
from span_theorem.options import add_force, add_output_file, add_seed

if TYPE_CHECKING:
    from neural_checks.backbones.hooked import HookedBackbone
    from neural_checks.backbones.scaling import Scaling
    from neural_checks.features.recorded import FeatureSet
    from neural_checks.sweep.settings import MeasureSettings
    from numeric_checks.molecules.data import ForceData

__all__ = ["features_of", "main"]


def features_of(
    package: str,
    data: ForceData,
    L: int,
    channels: int,
    steps: int,
    seed: int,
    measure: MeasureSettings,
) -> FeatureSet:
    """Features of a network of ``package`` (``mace`` or ``e3nn``) after ``steps`` steps.

    The frames are those of a sweep's job: the same split, ``measure.fit`` and ``measure.held``.
    """
    import numpy as np

    from neural_checks.backbones.scaling import Scaling
    from neural_checks.data.split import split
    from neural_checks.features.recorded import record
    from neural_checks.training.brief import train_briefly
    from neural_checks.training.train import TrainConfig

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


def _parser() -> command.Parser:
    parser = command.parser(
        "neural_checks.sweep.features",
        description="Train a network of another package briefly and write its feature file.",
        epilog="exit codes: 0 written, 2 bad usage or input",
    )
    parser.add_argument("package", choices=("mace", "e3nn"))
    parser.add_argument("--data", default="embedded", help="'embedded' (default) or a data file")
    add_output_file(parser, "the features", required=True)
    add_force(parser)
    for name, low, high, default, what in (
        ("L", 0, 8, 2, "largest degree"),
        ("channels", 1, 1024, 16, "per irrep"),
        ("steps", 0, 10**6, 300, "of 5 frames"),
    ):
        parser.add_argument(
            f"--{name}",
            type=integer_option(name, low, high),
            default=default,
            help=f"{what} (default %(default)s)",
        )
    add_seed(parser, "the network, its training and the check of equivariance")
    return parser


def _work(given: argparse.Namespace) -> command.Result:
    from neural_checks.features.file import require_suffix
    from numeric_checks.outputs import output_file

    require_suffix(given.out)
    with output_file(given.out, force=given.force):
        if given.package == "mace":
            importlib.import_module("mace")  # before e3nn, and before the data are read

        from neural_checks.features.file import write
        from neural_checks.sweep.settings import MeasureSettings
        from numeric_checks.molecules.data import load

        found = features_of(
            given.package,
            load(given.data),
            given.L,
            given.channels,
            given.steps,
            given.seed,
            MeasureSettings(),
        )
        write(given.out, found, given.force)
    content = {"file": given.out.name, "irreps": found.irreps, "seed": given.seed}
    return command.Result(f"{given.out}: {found.irreps}, seed {given.seed}", content)


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of ``python -m neural_checks.sweep.features``; the exit code."""
    return command.run(_parser(), argv, _work)


if __name__ == "__main__":
    sys.exit(main())
