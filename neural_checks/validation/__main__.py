"""Compare angular demand with trained networks of several L.

``python -m neural_checks.validation NETWORKS... --demand REPORTS...``. NETWORKS are folders of
sweeps, job files, or results of ``benchmarks/demand_mace.py``; REPORTS are reports of
``numeric_checks.demand`` or folders of them. Exit codes: 0 compared, 2 bad usage or input, 4
undecided: too few pairs for a rank correlation.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from span_theorem import command
from span_theorem.arguments import number_option
from span_theorem.options import add_draws, add_output_folder, add_seed

if TYPE_CHECKING:
    from neural_checks.validation.view import Validation

__all__ = ["main"]


def _parser() -> command.Parser:
    parser = command.parser(
        "neural_checks.validation",
        description="Ratios of force errors from one L to the next: foretold by demand, measured "
        "on networks.",
        epilog="exit codes: 0 compared, 4 undecided, 2 bad usage or input",
    )
    parser.add_argument(
        "networks", nargs="+", type=Path, help="folders of sweeps, or files of trained networks"
    )
    parser.add_argument(
        "--demand", nargs="+", type=Path, required=True, help="reports of numeric_checks.demand"
    )
    parser.add_argument(
        "--level",
        type=number_option("level", 0, 0.99, open_low=True),
        default=0.1,
        help="tolerance of the L at which a series stops (default %(default)s)",
    )
    add_draws(parser, 2000, "data sets, and permutations")
    add_seed(parser, "draws and permutations")
    add_output_folder(parser, "report.json, table.csv, table.txt and the figure")
    return parser


def _work(given: argparse.Namespace) -> command.Result:
    from neural_checks.validation.view import text
    from numeric_checks.outputs import output_folder, write_outputs

    found = _compared(given)
    undecided = all(one.rank is None for one in found.agreements)
    code = command.Exit.UNDECIDED if undecided else command.Exit.OK
    if given.out is None:
        return command.Result(text(found), _content(found), code)
    with output_folder(given.out, last="report.json", force=given.force) as folder:
        outputs = write_outputs(folder, _writers(found))
    return command.Result(text(found), _content(found), code, outputs)


def _compared(given: argparse.Namespace) -> Validation:
    from neural_checks.validation.compare import agreement, pairs_of, read_curves, stops_of
    from neural_checks.validation.networks import counted, read_networks, series_of
    from neural_checks.validation.training import courses, longer
    from neural_checks.validation.view import Validation

    networks, curves = read_networks(given.networks), read_curves(given.demand)
    every = series_of(networks)
    series = counted(every)
    pairs = pairs_of(series, curves)
    if not pairs:
        raise ValueError(
            "no two networks of the same data, architecture, steps and seed have neighbouring L "
            "and a demand report of their data"
        )
    known = sorted({curve for pair in pairs for curve in pair.foretold})
    return Validation(
        networks=networks,
        series=series,
        courses=courses(every),
        longer=longer(every),
        pairs=pairs,
        stops=stops_of(series, curves, given.level),
        agreements=[
            one
            for first, below in ((0, False), (1, False), (1, True))
            for curve in known
            if (one := agreement(pairs, curve, given.draws, given.seed, first, below)) is not None
        ],
        curves=curves,
        level=given.level,
        draws=given.draws,
    )


def _content(found: Validation) -> dict[str, Any]:
    from neural_checks.validation.compare import seeds_differ
    from neural_checks.validation.training import SHARES
    from neural_checks.validation.view import ratio_rows, sentence, training_sentence
    from numeric_checks.provenance import command_line, versions

    return {
        "schema": 2,
        "sentence": sentence(found),
        "judged": asdict(found.best),
        "level": found.level,
        "draws": found.draws,
        "ratios": ratio_rows(found),
        "seeds_differ": seeds_differ(found.pairs),
        "training": {
            "sentence": training_sentence(found),
            "shares": list(SHARES),
            "courses": [asdict(one) for one in found.courses],
            "longer": [asdict(one) for one in found.longer],
        },
        "stops": [
            {
                "series": stop.series,
                "L": [stop.first, stop.last],
                "measured": stop.measured,
                "foretold": [
                    {**asdict(curve), "L": value} for curve, value in stop.foretold.items()
                ],
            }
            for stop in found.stops
        ],
        "agreement": [asdict(one) for one in found.agreements],
        "networks": [
            {**asdict(one), "last_fall": one.last_fall, "falling": one.falling}
            for one in found.networks
        ],
        "made_with": {
            "command": command_line("python -m neural_checks.validation", sys.argv[1:]),
            "versions": versions(),
        },
    }


def _writers(found: Validation) -> dict[str, Any]:
    """What writes each file; the report is the last."""
    from neural_checks.sweep.tables import write_csv
    from neural_checks.validation.figure import draw
    from neural_checks.validation.view import ratio_rows, text
    from numeric_checks.figures import save_figure
    from span_theorem.files import write_json, write_text

    def save(path: Path) -> None:
        save_figure(draw(found), (path,), force=True)

    return {
        "table.txt": lambda path: write_text(path, text(found) + "\n", force=True),
        "table.csv": lambda path: write_csv(path, ratio_rows(found)),
        "validation.png": save,
        "validation.svg": save,
        "report.json": lambda path: write_json(path, _content(found), force=True),
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of ``python -m neural_checks.validation``; the exit code."""
    return command.run(_parser(), argv, _work)


if __name__ == "__main__":
    sys.exit(main())
