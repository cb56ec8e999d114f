"""Set diagnoses side by side: R² by degree of several networks, or of all layers of one.

``python -m neural_checks.compare RUN RUN …``. A RUN is the folder that ``neural_checks.diagnose
--out`` wrote, or its report.json; ``NAME=RUN`` gives it a name. Exit code 0: all agree with the
proved boundary; 3: one does not; 4: one is undecided and none disagrees; 2: bad usage or input.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from span_theorem.command import Parser, Result, parser, run
from span_theorem.options import add_output_folder

if TYPE_CHECKING:
    from neural_checks.diagnosis.comparison import RunTable
    from neural_checks.diagnosis.result import DiagnosisReport

__all__ = ["main"]

REPORT_FILE = "comparison.json"


def _parser() -> Parser:
    made = parser(
        "neural_checks.compare",
        "R² by degree of several diagnoses in one table and figure.",
        "exit codes: 0 all agree with the boundary, 3 one does not, 4 one is undecided, 2 bad "
        "usage or input",
    )
    made.add_argument(
        "runs",
        nargs="+",
        metavar="RUN",
        help="folder of a diagnosis, or its report.json; NAME=RUN gives it a name",
    )
    made.add_argument(
        "--any-data", action="store_true", help="compare runs on different data too, and say so"
    )
    add_output_folder(made, "table.txt, table.csv, the figure and comparison.json")
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Command line; see the module's text for the exit code."""
    return run(_parser(), argv, _work)


def _work(arguments: argparse.Namespace) -> Result:
    from neural_checks.diagnosis.comparison import compare, text
    from numeric_checks.outputs import output_folder, write_outputs
    from span_theorem.files import plain

    if arguments.out is not None:
        import matplotlib  # noqa: F401  # the figure is drawn last: missing, it is said first
    found = compare([pair for given in arguments.runs for pair in _read(given)], arguments.any_data)
    held = (
        nullcontext()
        if arguments.out is None
        else output_folder(arguments.out, last=REPORT_FILE, force=arguments.force)
    )
    with held:
        outputs = () if arguments.out is None else write_outputs(arguments.out, _writers(found))
    return Result(text(found), plain(_content(found)), found.outcome.exit, outputs)


def _read(given: str) -> list[tuple[str, DiagnosisReport]]:
    """The diagnoses of one argument, named; of a run over all layers, one for each."""
    from neural_checks.diagnosis.comparison import LayersReport, read_report

    name, equals, rest = given.partition("=")
    named = bool(equals) and not Path(given).exists()
    path = Path(rest if named else given)
    if path.is_dir():
        path = path / "report.json"
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such report of a diagnosis")
    found = read_report(path)
    if not named:
        name = path.resolve().parent.name or path.stem
    if isinstance(found, LayersReport):
        return [(f"{name}, layer {k}", report) for k, report in enumerate(found.layers)]
    return [(name, found)]


def _content(found: RunTable) -> dict[str, object]:
    from dataclasses import asdict

    return {**asdict(found), "outcome": found.outcome.value}


def _writers(found: RunTable) -> dict[str, Callable[[Path], None]]:
    """What writes each file; the report is the last."""
    from neural_checks.diagnosis.comparison import csv_text, draw, text
    from numeric_checks.figures import save_figure
    from span_theorem.files import write_json, write_text

    def drawn(path: Path) -> None:
        save_figure(draw(found), (path,), force=True)

    return {
        "table.txt": lambda path: write_text(path, text(found) + "\n", force=True),
        "table.csv": lambda path: write_text(path, csv_text(found), force=True),
        "comparison.svg": drawn,
        "comparison.png": drawn,
        REPORT_FILE: lambda path: write_json(path, _content(found), force=True),
    }


if __name__ == "__main__":
    sys.exit(main())
