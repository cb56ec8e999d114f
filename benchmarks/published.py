"""Measure a network with published weights on one data set, for the page of published models.

    python benchmarks/published.py --name SevenNet-0 --system aspirin \\
        --model neural_checks.backbones.adapters:sevennet --data aspirin_rmd17.npz \\
        --out docs/results/published/sevennet-0/aspirin

The network's features are measured with readouts of degree 1, 2 and 3, and the same network with
shuffled weights beside it. Exit code 0: measured, whatever was found; 2: bad usage or input.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neural_checks.backbones.options import add_reading_options, reading_of
from span_theorem.arguments import integer_option
from span_theorem.command import Parser, Result, parser, run, say

if TYPE_CHECKING:
    import numpy as np

    from neural_checks.features.recorded import FeatureSet
    from neural_checks.published.result import PublishedReadout, PublishedReport
    from numeric_checks.molecules.data import ForceData

__all__ = ["main"]

REPORT_FILE = "report.json"


def _parser() -> Parser:
    from numeric_checks.molecules.options import add_data_options

    made = parser(
        "benchmarks/published.py",
        "What a network with published weights keeps: readouts of degree 1, 2, 3, and the same "
        "network with shuffled weights.",
        "exit codes: 0 measured, 2 bad usage or input",
    )
    made.prog = "python benchmarks/published.py"
    made.add_argument("--name", required=True, help="the network's name in the table")
    made.add_argument("--system", required=True, help="the data's name in the table")
    made.add_argument(
        "--weights-from", default="", help="where the weights come from: package or repository"
    )
    made.add_argument("--model", required=True, help="as neural_checks.diagnose takes it")
    made.add_argument("--data", required=True, help="as neural_checks.diagnose takes it")
    add_data_options(made)
    made.add_argument("--layer", type=integer_option("layer", 0, 1000), help="layer to read")
    made.add_argument("--trust-model", action="store_true", help="load files that can run code")
    add_reading_options(made)
    made.add_argument(
        "--degrees",
        type=int,
        choices=(1, 2, 3),
        nargs="+",
        default=[1, 2, 3],
        help="degrees of the readout (default 1 2 3)",
    )
    made.add_argument(
        "--control-degrees",
        type=int,
        choices=(1, 2, 3),
        nargs="*",
        default=[2],
        help="degrees of the readout for shuffled weights (default 2)",
    )
    frames = integer_option("the number of frames", 1, 10**7)
    made.add_argument("--fit", type=frames, default=300, help="frames to fit on (default 300)")
    made.add_argument("--held", type=frames, default=150, help="frames held out (default 150)")
    made.add_argument(
        "--draws",
        type=integer_option("draws", 1, 100_000),
        default=1000,
        help="draws of the bootstrap (default 1000)",
    )
    made.add_argument(
        "--seed",
        type=integer_option("seed", 0, 2**31 - 1),
        default=0,
        help="seed of split, rotations and draws (default 0)",
    )
    made.add_argument("--out", type=Path, help="folder for report.json, made if needed")
    made.add_argument("--force", action="store_true", help="replace a report that exists")
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Command line; see the module's text for the exit code."""
    return run(_parser(), argv, partial(_work, argv=sys.argv[1:] if argv is None else list(argv)))


def _work(arguments: argparse.Namespace, argv: Sequence[str]) -> Result:
    from neural_checks.published.result import PUBLISHED
    from numeric_checks.outputs import output_folder, write_outputs
    from span_theorem.command import Exit

    reading = reading_of(arguments)
    if reading.shuffle is not None:
        raise ValueError("--control-degrees measures shuffled weights: leave --shuffle-weights out")
    folder = arguments.out
    held = (
        nullcontext()
        if folder is None
        else output_folder(folder, last=REPORT_FILE, force=arguments.force)
    )
    with held:
        report = _report(arguments, argv)
        writers = {REPORT_FILE: lambda path: PUBLISHED.write(path, report, force=True)}
        outputs = () if folder is None else write_outputs(folder, writers)
    return Result(_text(report), PUBLISHED.dump(report), Exit.OK, outputs)


def _report(arguments: argparse.Namespace, argv: Sequence[str]) -> PublishedReport:
    from neural_checks.diagnosis.measure import diagnose
    from neural_checks.diagnosis.result import Options
    from neural_checks.published.result import PublishedReport, Weights, measurement_of
    from numeric_checks.molecules.data import load
    from numeric_checks.provenance import environment

    data = load(arguments.data, energy_key=arguments.energy_key, forces_key=arguments.forces_key)
    data = data.select(*arguments.select)
    begun = time.monotonic()
    measured: list[PublishedReadout] = []
    first: Any = None
    for weights, degrees in (
        (Weights.TRAINED, arguments.degrees),
        (Weights.SHUFFLED, arguments.control_degrees),
    ):
        features = _features(arguments, data, weights) if degrees else None
        for degree in sorted(set(degrees)) if features is not None else ():
            options = Options(degree=degree, draws=arguments.draws, seed=arguments.seed)
            found = diagnose(features, options)
            first = first or found
            measured.append(measurement_of(found, weights))
            say(f"[{time.monotonic() - begun:6.1f} s] {weights}, d = {degree}: {found.sentence}")
    return PublishedReport(
        model=arguments.name,
        system=arguments.system,
        weights_from=arguments.weights_from,
        network=first.network,
        data=first.data,
        irreps=first.irreps,
        sites=len(first.sites),
        attainable=first.attainable,
        zero_mae=first.zero_mae,
        measurements=tuple(measured),
        command=_command(argv),
        provenance={
            "seed": arguments.seed,
            "draws": arguments.draws,
            "seconds": round(time.monotonic() - begun, 1),
            "environment": environment("cpu"),
        },
    )


def _command(argv: Sequence[str]) -> str:
    """The command as it can be repeated; folders are left out of paths."""
    words = [Path(word).name if "/" in word else word for word in argv]
    return shlex.join(["python", "benchmarks/published.py", *words])


def _features(arguments: argparse.Namespace, data: ForceData, weights: Any) -> FeatureSet:
    """The features of the network with its own or with shuffled weights, the same frames."""
    from neural_checks.backbones.load import load_backbone
    from neural_checks.data.split import split
    from neural_checks.features.recorded import record
    from neural_checks.published.result import Weights
    from numeric_checks.seeds import streams
    from span_theorem.progress import Progress

    reading = reading_of(arguments)
    if weights is Weights.SHUFFLED:
        reading = replace(reading, shuffle=arguments.seed)
    parts = split(data, arguments.fit, 1, arguments.held, arguments.seed)
    backbone = load_backbone(
        arguments.model, data, arguments.layer, arguments.trust_model, reading=reading
    )
    rng: np.random.Generator = streams(arguments.seed, "equivariance")["equivariance"]
    with Progress() as progress:
        report = partial(progress.update, f"features, {weights} weights")
        return record(backbone, data, parts.train, parts.test, rng, report=report)


def _text(report: PublishedReport) -> str:
    lines = [f"{report.model} on {report.system}: {report.irreps}"]
    for row in report.measurements:
        values = ", ".join(f"{v:.3f}" for v in row.closed.values[: row.boundary])
        lines.append(f"{row.weights}, d = {row.degree}, dL = {row.boundary}: {values or 'L = 0'}")
        lines.append(f"  {row.sentence}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
