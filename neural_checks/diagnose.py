"""Diagnose a network: which angular degrees a readout recovers from its features, and what helps.

``python -m neural_checks.diagnose --model MODEL --data FILE``. MODEL is a feature file (``.npz``),
a checkpoint or package of nequip, a model file of mace, a checkpoint of ``neural_checks.aspirin``,
or ``module:function``. Exit code 0: the measured cliff sits at the proved boundary; 3: it does not;
4: undecided; 2: bad usage or input.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neural_checks.backbones.options import add_reading_options, reading_of
from span_theorem.arguments import integer_option, number_option
from span_theorem.command import Parser, Result, parser, run, say
from span_theorem.facade import make_callable

if TYPE_CHECKING:
    from neural_checks.diagnosis.result import DiagnosisReport
    from neural_checks.features.recorded import FeatureSet
    from numeric_checks.molecules.data import ForceData

__all__ = ["main"]

make_callable(__name__, "neural_checks.diagnosis.measure:diagnose")

REPORT_FILE, TABLE_FILE, FIGURE_FILES = (
    "report.json",
    "table.txt",
    ("diagnosis.svg", "diagnosis.png"),
)


def _parser() -> Parser:
    from numeric_checks.molecules.options import add_data_options

    made = parser(
        "neural_checks.diagnose",
        "Which angular degrees a polynomial readout of a network's features recovers.",
        "exit codes: 0 the cliff is at the proved boundary, 3 it is not, 4 undecided, 2 bad usage "
        "or input",
    )
    made.add_argument(
        "--model",
        required=True,
        help="feature file .npz, nequip .ckpt or .nequip.zip, mace model file, a checkpoint of "
        "neural_checks.aspirin, module:function, or with --hook module:callable, which makes a "
        "calculator of ASE",
    )
    made.add_argument(
        "--data",
        help="'embedded', an .npz file or any file with forces that ASE reads; a feature file "
        "needs none, but then there is no advice on bandwidth",
    )
    add_data_options(made)
    made.add_argument(
        "--layer",
        type=integer_option("layer", 0, 1000),
        help="layer to read, counted from 0 (default: the deepest whose l > 0 features have "
        "gradient)",
    )
    _add_model_options(made)
    add_reading_options(made)
    _add_measurement_options(made)
    made.add_argument("--export", type=Path, help="also write the features to this .npz file")
    made.add_argument(
        "--all-frames",
        action="store_true",
        help="export the features of all frames of --data, part by part; those of --held are held "
        "out",
    )
    made.add_argument(
        "--out", type=Path, help="folder for table.txt, the figure and report.json, made if needed"
    )
    made.add_argument("--force", action="store_true", help="replace files that exist")
    return made


def _add_measurement_options(made: Parser) -> None:
    made.add_argument(
        "--sites",
        choices=("auto", "atoms", "species", "environment"),
        default="auto",
        help="which atoms share a readout: none (each atom of one molecule has its own), all of a "
        "species, or those of a species with the same bonded neighbours (default: atoms if all "
        "frames hold the same atoms with the same neighbours, else species)",
    )
    made.add_argument(
        "--degree", type=int, choices=(1, 2, 3), default=2, help="degree of the readout (default 2)"
    )
    frames = integer_option("the number of frames", 1, 10**7)
    made.add_argument(
        "--fit", type=frames, default=300, help="frames to fit readouts on (default 300)"
    )
    made.add_argument("--held", type=frames, default=150, help="frames held out (default 150)")
    made.add_argument(
        "--level",
        type=number_option("level", 0.001, 0.999),
        default=0.5,
        help="a site with a lower R² is a deficit (default 0.5)",
    )
    made.add_argument(
        "--no-listening",
        action="store_true",
        help="leave out the examination of the network's force error, which takes a minute or two",
    )
    made.add_argument(
        "--draws",
        type=integer_option("draws", 1, 100_000),
        default=2000,
        help="draws of the bootstrap (default 2000)",
    )
    made.add_argument(
        "--seed",
        type=integer_option("seed", 0, 2**31 - 1),
        default=0,
        help="seed of split, rotations and draws (default 0)",
    )


def _add_model_options(made: Parser) -> None:
    made.add_argument("--head", help="head to read, if the model has several")
    made.add_argument(
        "--charge",
        type=number_option("charge", -1000, 1000),
        help="total charge of every frame in e, if the model needs it",
    )
    made.add_argument(
        "--spin",
        type=number_option("spin", 0, 1000),
        help="total spin of every frame as the model counts it, if it needs it",
    )
    made.add_argument(
        "--device",
        help="cpu (default), cuda or cuda:N: where the network runs; the measurement is on the CPU",
    )
    made.add_argument(
        "--trust-model",
        action="store_true",
        help="load the model file even if it can run code (any pickle, packages of nequip)",
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Command line; see the module's text for the exit code."""
    return run(_parser(), argv, _work)


def _work(arguments: argparse.Namespace) -> Result:
    from neural_checks.diagnosis.result import REPORT
    from neural_checks.diagnosis.view import text
    from numeric_checks.outputs import output_folder, write_outputs

    _judge(arguments)
    folder, missing = arguments.out, _missing(arguments)
    held = (
        nullcontext()
        if folder is None
        # A complete run is refused; one whose report is there but not its figure is not.
        else output_folder(folder, last=(missing or [REPORT_FILE])[0], force=arguments.force)
    )
    with held:
        report = REPORT.read(folder / REPORT_FILE) if missing else _diagnose(arguments)
        writers = _writers(report)
        if missing:
            writers = {name: writer for name, writer in writers.items() if name in missing}
        outputs = () if folder is None else write_outputs(folder, writers)
    return Result(text(report), REPORT.dump(report), report.verdict.outcome.exit, outputs)


def _judge(arguments: argparse.Namespace) -> None:
    """What the options ask for together, before any work."""
    from span_theorem.files import check_targets

    if arguments.out is not None:
        import matplotlib  # noqa: F401  # the figure is drawn last: missing, it is said first
    check_targets(arguments.export, force=arguments.force)
    if arguments.export is not None and arguments.export.suffix != ".npz":
        raise ValueError(f"--export writes a feature file, which ends in .npz: {arguments.export}")
    if arguments.all_frames and arguments.export is None:
        raise ValueError("--all-frames says what --export writes: give --export")
    reading = reading_of(arguments)
    if arguments.model.endswith(".npz"):
        if reading.hooks or reading.shuffle is not None:
            raise ValueError(
                "a feature file is evaluated already: leave --hook and --shuffle-weights out"
            )
        if arguments.device is not None:
            raise ValueError("a feature file is evaluated already: leave --device out")
        if arguments.layer is not None or arguments.export is not None:
            raise ValueError("a feature file holds one layer: leave --layer and --export out")
        if any(v is not None for v in (arguments.head, arguments.charge, arguments.spin)):
            raise ValueError(
                "a feature file is evaluated already: leave --head, --charge and --spin out"
            )
    elif arguments.data is None:
        raise ValueError("--data is needed, unless --model is a feature file")
    if arguments.data is None:
        for option in ("energy_key", "forces_key", "select"):
            if getattr(arguments, option):
                raise ValueError(f"--{option.replace('_', '-')} says how to read --data; give it")
    if arguments.device is not None:
        from neural_checks.devices import usable_device

        usable_device(arguments.device)


def _missing(arguments: argparse.Namespace) -> list[str]:
    """Files that are not there beside a finished report."""
    folder = arguments.out
    if folder is None or arguments.force or not (folder / REPORT_FILE).is_file():
        return []
    return [name for name in (TABLE_FILE, *FIGURE_FILES) if not (folder / name).exists()]


def _writers(report: DiagnosisReport) -> dict[str, Callable[[Path], None]]:
    """What writes each file of a diagnosis; the report is the last."""
    from neural_checks.diagnosis.result import REPORT
    from neural_checks.diagnosis.view import figure, text
    from numeric_checks.figures import save_figure
    from span_theorem.files import write_text

    def draw(path: Path) -> None:
        save_figure(figure(report), (path,), force=True)

    return {
        TABLE_FILE: lambda path: write_text(path, text(report) + "\n", force=True),
        **dict.fromkeys(FIGURE_FILES, draw),
        REPORT_FILE: lambda path: REPORT.write(path, report, force=True),
    }


def _diagnose(arguments: argparse.Namespace) -> DiagnosisReport:
    """Features, then the measurement; what was used for it stands in the provenance."""
    from neural_checks.diagnosis.measure import diagnose
    from neural_checks.diagnosis.result import Options, SiteKind
    from neural_checks.features.file import write
    from numeric_checks.molecules.data import sha256
    from numeric_checks.provenance import environment

    options = Options(
        degree=arguments.degree,
        draws=arguments.draws,
        level=arguments.level,
        seed=arguments.seed,
        sites=SiteKind(arguments.sites),
        listen=not arguments.no_listening,
    )
    data = _data(arguments)
    begun = time.monotonic()
    features = _features(arguments, data)
    say(f"[{time.monotonic() - begun:5.1f} s] features {features.irreps}")
    if arguments.export is not None and not arguments.all_frames:
        write(arguments.export, features, arguments.force)
    found = diagnose(features, options, data)
    say(f"[{time.monotonic() - begun:5.1f} s] measured")
    path = Path(arguments.model)
    provenance: dict[str, Any] = {
        "model": path.name if path.is_file() else arguments.model,
        "model_sha256": sha256(path) if path.is_file() else None,
        "seed": arguments.seed,
        "seconds": time.monotonic() - begun,
        "environment": environment("measured on the CPU"),
    }
    return replace(found, provenance=provenance)


def _data(arguments: argparse.Namespace) -> ForceData | None:
    from numeric_checks.molecules.data import load

    if arguments.data is None:
        return None
    data = load(arguments.data, energy_key=arguments.energy_key, forces_key=arguments.forces_key)
    data = data.select(*arguments.select)
    for note in data.notes:
        say(f"{data.name}: {note}")
    return data


def _features(arguments: argparse.Namespace, data: ForceData | None) -> FeatureSet:
    from neural_checks.features.file import read

    if data is None:
        return read(Path(arguments.model))
    if arguments.model.endswith(".npz"):
        features = read(Path(arguments.model))
        if features.data_sha256 != data.checksum:
            raise ValueError(
                f"{arguments.model} belongs to data {features.data_name or 'not stated'} (SHA-256 "
                f"{features.data_sha256[:12] or 'not stated'}…), not to {data.name} "
                f"({data.checksum[:12]}…)"
            )
        return features
    return _recorded(arguments, data)


def _recorded(arguments: argparse.Namespace, data: ForceData) -> FeatureSet:
    """The features of a network on frames drawn by the seed."""
    import numpy as np

    from neural_checks.backbones.interface import Conditions
    from neural_checks.backbones.load import load_backbone
    from neural_checks.data.split import split
    from neural_checks.features.recorded import record
    from neural_checks.features.stream import record_to_file
    from numeric_checks.seeds import streams
    from span_theorem.progress import Progress

    # Test frames come off the other end of the permutation than training frames.
    parts = split(data, arguments.fit, 1, arguments.held, arguments.seed)
    conditions = Conditions(arguments.head, arguments.charge, arguments.spin)
    backbone = load_backbone(
        arguments.model,
        data,
        arguments.layer,
        arguments.trust_model,
        conditions,
        arguments.device or "cpu",
        reading_of(arguments),
    )
    rng = streams(arguments.seed, "equivariance")["equivariance"]
    with Progress() as progress:
        features = record(
            backbone,
            data,
            parts.train,
            parts.test,
            rng,
            report=partial(progress.update, "features"),
        )
        if arguments.all_frames:
            held_out = np.zeros(len(data), dtype=bool)
            held_out[parts.test] = True
            record_to_file(
                arguments.export,
                backbone,
                [data],
                held_out,
                rng,
                force=arguments.force,
                report=partial(progress.update, "features of all frames"),
            )
    return features


if __name__ == "__main__":
    sys.exit(main())
