"""Measure a network with published weights on one data set, for the page of published models.

    python benchmarks/published.py --name SevenNet-0 --system aspirin \\
        --model neural_checks.backbones.adapters:sevennet --data aspirin_rmd17.npz \\
        --out docs/results/published/sevennet-0/aspirin

The network's features are measured with readouts of degree 1, 2 and 3, and the same network with
shuffled weights beside it; with ``--layer all`` every layer of the trained network too, with one
degree. Its force error is examined once. Exit code 0: measured, whatever was found; 2: bad usage or
input.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING

from neural_checks.backbones.options import add_reading_options, reading_of
from neural_checks.diagnosis.options import ALL_LAYERS, layer_option
from span_theorem.arguments import integer_option
from span_theorem.command import Parser, Result, parser, run
from span_theorem.options import add_draws, add_output_folder, add_seed

if TYPE_CHECKING:
    from neural_checks.published.result import PublishedReport

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
    made.add_argument(
        "--layer",
        type=layer_option,
        help="layer to read, or 'all': the default layer, and every layer with the degree 2, or "
        "the largest of --degrees without it",
    )
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
    add_draws(made, 1000)
    add_seed(made, "split, rotations and draws")
    add_output_folder(made, "report.json")
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Command line; see the module's text for the exit code."""
    return run(_parser(), argv, partial(_work, argv=sys.argv[1:] if argv is None else list(argv)))


def _work(arguments: argparse.Namespace, argv: Sequence[str]) -> Result:
    from neural_checks.published.result import REPORT
    from numeric_checks.outputs import output_folder, write_outputs
    from span_theorem.command import Exit

    folder = arguments.out
    held = (
        nullcontext()
        if folder is None
        else output_folder(folder, last=REPORT_FILE, force=arguments.force)
    )
    with held:
        report = _report(arguments, argv)
        writers = {REPORT_FILE: lambda path: REPORT.write(path, report, force=True)}
        outputs = () if folder is None else write_outputs(folder, writers)
    return Result(_text(report), REPORT.dump(report), Exit.OK, outputs)


def _report(arguments: argparse.Namespace, argv: Sequence[str]) -> PublishedReport:
    from neural_checks.published.measure import Names, PublishedPlan, measure_published
    from numeric_checks.molecules.data import load
    from numeric_checks.provenance import command_line

    every = arguments.layer == ALL_LAYERS
    plan = PublishedPlan(
        model=arguments.model,
        layer=None if every else arguments.layer,
        trust=arguments.trust_model,
        reading=reading_of(arguments),
        all_layers=every,
        degrees=arguments.degrees,
        control_degrees=arguments.control_degrees,
        fit=arguments.fit,
        held=arguments.held,
        draws=arguments.draws,
        seed=arguments.seed,
    )
    data = load(arguments.data, energy_key=arguments.energy_key, forces_key=arguments.forces_key)
    names = Names(arguments.name, arguments.system, arguments.weights_from)
    command = command_line("python benchmarks/published.py", argv)
    return measure_published(plan, data.select(*arguments.select), names, command)


def _text(report: PublishedReport) -> str:
    lines = [f"{report.model} on {report.system}: {report.irreps}"]
    for row in report.measurements:
        values = ", ".join(f"{v:.3f}" for v in row.closed.values[: row.boundary])
        lines.append(f"{row.weights}, d = {row.degree}, dL = {row.boundary}: {values or 'L = 0'}")
        lines.append(f"  {row.sentence}")
    for layer in report.layers:
        values = ", ".join(
            f"{v:.3f}" for v in layer.readout.closed.values[: layer.readout.boundary]
        )
        lines.append(f"layer {layer.layer}, {layer.irreps}: {values or 'L = 0'}")
    heard = report.listening
    lines.append(f"listening: {report.listening_note if heard is None else heard.sentence}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
