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
from neural_checks.diagnosis.options import (
    ALL_LAYERS,
    add_measurement_options,
    add_model_options,
    demands_of,
)
from span_theorem.command import Parser, Result, parser, run, say
from span_theorem.facade import make_callable
from span_theorem.options import add_output_folder

if TYPE_CHECKING:
    from neural_checks.backbones.reading import Reading
    from neural_checks.diagnosis.comparison import LayersReport
    from neural_checks.diagnosis.result import DiagnosisReport
    from neural_checks.features.recorded import FeatureSet
    from neural_checks.schema import Schema
    from numeric_checks.molecules.data import ForceData

__all__ = ["main"]

make_callable(__name__, "neural_checks.diagnosis.measure:diagnose")

REPORT_FILE, TABLE_FILE, FIGURE_FILES = (
    "report.json",
    "table.txt",
    ("diagnosis.svg", "diagnosis.png"),
)

#: Options that change no number of a report.
_NOT_ASKED = ("out", "force", "json", "export", "all_frames", "trust_model", "batch")


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
    add_model_options(made)
    add_reading_options(made)
    add_measurement_options(made)
    made.add_argument("--export", type=Path, help="also write the features to this .npz file")
    made.add_argument(
        "--all-frames",
        action="store_true",
        help="export the features of all frames of --data, part by part; those of --held are held "
        "out",
    )
    add_output_folder(made, "table.txt, the figure and report.json")
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Command line; see the module's text for the exit code."""
    return run(_parser(), argv, _work)


def _work(arguments: argparse.Namespace) -> Result:
    from neural_checks.diagnosis.comparison import read_report
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
        if missing:
            found = read_report(folder / REPORT_FILE)
            _require_asked(arguments, found)
        else:
            found = _measured(arguments)
        writers = _writers(found)
        if missing:
            writers = {name: writer for name, writer in writers.items() if name in missing}
        outputs = () if folder is None else write_outputs(folder, writers)
    return Result(_text(found), _schema(found).dump(found), found.outcome.exit, outputs)


def _schema(found: Any) -> Schema[Any]:
    from neural_checks.diagnosis.comparison import LAYERS, LayersReport
    from neural_checks.diagnosis.result import REPORT

    return LAYERS if isinstance(found, LayersReport) else REPORT


def _text(found: DiagnosisReport | LayersReport) -> str:
    """The table of one layer; of all layers their comparison, then each of them."""
    from neural_checks.diagnosis import comparison
    from neural_checks.diagnosis.view import text

    if not isinstance(found, comparison.LayersReport):
        return text(found)
    parts = [comparison.text(comparison.of_layers(found))]
    parts += [f"Layer {k}\n\n{text(report)}" for k, report in enumerate(found.layers)]
    return "\n\n".join(parts)


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
    demands_of(arguments)
    if arguments.layer == ALL_LAYERS and arguments.export is not None:
        raise ValueError("a feature file holds one layer: give --layer a number, or no --export")
    reading = reading_of(arguments)
    if arguments.model.endswith(".npz"):
        _judge_feature_file(arguments, reading)
    elif arguments.data is None:
        raise ValueError("--data is needed, unless --model is a feature file")
    if arguments.data is None:
        for option in ("energy_key", "forces_key", "select"):
            if getattr(arguments, option):
                raise ValueError(f"--{option.replace('_', '-')} says how to read --data; give it")
    if arguments.device is not None:
        from neural_checks.devices import usable_device

        usable_device(arguments.device)


def _judge_feature_file(arguments: argparse.Namespace, reading: Reading) -> None:
    """The options of a run on features that a file holds."""
    if arguments.layer is not None or arguments.export is not None:
        raise ValueError("a feature file holds one layer: leave --layer and --export out")
    conditions = (arguments.head, arguments.charge, arguments.spin)
    for given, options in (
        (bool(reading.hooks) or reading.shuffle is not None, "--hook and --shuffle-weights"),
        (bool(reading.arguments) or reading.features != "product", "--argument and --features"),
        (arguments.device is not None, "--device"),
        (arguments.batch is not None, "--batch"),
        (any(value is not None for value in conditions), "--head, --charge and --spin"),
    ):
        if given:
            raise ValueError(f"a feature file is evaluated already: leave {options} out")


def _missing(arguments: argparse.Namespace) -> list[str]:
    """Files that are not there beside a finished report."""
    folder = arguments.out
    if folder is None or arguments.force or not (folder / REPORT_FILE).is_file():
        return []
    return [name for name in (TABLE_FILE, *FIGURE_FILES) if not (folder / name).exists()]


def _asked(arguments: argparse.Namespace) -> dict[str, Any]:
    """What a run measures, in JSON types: its options but those that change no number."""
    from numeric_checks.molecules.data import sha256
    from span_theorem.files import plain

    path = Path(arguments.model)
    asked = {name: value for name, value in vars(arguments).items() if name not in _NOT_ASKED}
    asked["model"] = path.name if path.is_file() else arguments.model
    asked["model_sha256"] = sha256(path) if path.is_file() else None
    asked["data"] = None if arguments.data is None else Path(arguments.data).name
    content: dict[str, Any] = plain(asked)
    return content


def _require_asked(arguments: argparse.Namespace, found: DiagnosisReport | LayersReport) -> None:
    """ValueError where the report that is there is known to be of another run."""
    from neural_checks.diagnosis.comparison import LayersReport
    from span_theorem.arguments import shown

    report = found.layers[0] if isinstance(found, LayersReport) else found
    before, now = (report.provenance or {}).get("asked"), _asked(arguments)
    if not isinstance(before, dict):
        return  # an earlier version did not say
    for name in sorted({*before, *now}):
        if before.get(name) != now.get(name):
            raise ValueError(
                f"{arguments.out / REPORT_FILE} is of another run: {name} was "
                f"{shown(before.get(name))} and is {shown(now.get(name))}; --force replaces it"
            )


def _writers(found: DiagnosisReport | LayersReport) -> dict[str, Callable[[Path], None]]:
    """What writes each file of a diagnosis; the report is the last."""
    from neural_checks.diagnosis import comparison
    from neural_checks.diagnosis.view import figure
    from numeric_checks.figures import save_figure
    from span_theorem.files import write_text

    def draw(path: Path) -> None:
        if isinstance(found, comparison.LayersReport):
            drawing = comparison.draw(comparison.of_layers(found))
        else:
            drawing = figure(found)
        save_figure(drawing, (path,), force=True)

    return {
        TABLE_FILE: lambda path: write_text(path, _text(found) + "\n", force=True),
        **dict.fromkeys(FIGURE_FILES, draw),
        REPORT_FILE: lambda path: _schema(found).write(path, found, force=True),
    }


def _measured(arguments: argparse.Namespace) -> DiagnosisReport | LayersReport:
    """One layer, or every one; the network's error is examined once, as it has no layer."""
    from neural_checks.backbones.layers import every_layer
    from neural_checks.diagnosis.comparison import LayersReport

    if arguments.layer != ALL_LAYERS:
        return _diagnose(arguments)
    data = _data(arguments)
    if data is None:
        raise ValueError(f"--layer {ALL_LAYERS} runs a network, which needs --data")
    layers = every_layer(_network(arguments, data))
    reports = []
    for one in layers:
        say(f"layer {one.layer} of {len(layers)}")
        reports.append(_diagnose(arguments, data, one, listen=one is layers[-1]))
    return LayersReport(tuple(reports))


def _diagnose(
    arguments: argparse.Namespace,
    data: ForceData | None = None,
    backbone: Any = None,
    listen: bool = True,
) -> DiagnosisReport:
    """Features, then the measurement; what was used for it stands in the provenance."""
    from neural_checks.diagnosis.measure import diagnose
    from neural_checks.diagnosis.result import Options, SiteKind
    from neural_checks.features.file import write
    from numeric_checks.provenance import environment

    options = Options(
        degree=arguments.degree,
        draws=arguments.draws,
        level=arguments.level,
        seed=arguments.seed,
        sites=SiteKind(arguments.sites),
        listen=listen and not arguments.no_listening,
        trained=arguments.trained,
    )
    data = _data(arguments) if data is None else data
    begun = time.monotonic()
    features = _features(arguments, data, backbone)
    passes = time.monotonic() - begun
    say(f"[{passes:5.1f} s] features {features.irreps}")
    if arguments.export is not None and not arguments.all_frames:
        write(arguments.export, features, arguments.force)
    unasked = listen or arguments.no_listening
    silence = "it was not asked for" if unasked else "it is examined once, with the last layer"
    found = diagnose(features, options, data, silence=silence)
    say(f"[{time.monotonic() - begun:5.1f} s] measured")
    asked = _asked(arguments)
    provenance: dict[str, Any] = {
        "model": asked["model"],
        "model_sha256": asked["model_sha256"],
        "seed": arguments.seed,
        "asked": asked,
        "seconds": time.monotonic() - begun,
        "seconds_of_features": passes,
        "peak_MiB": _peak_memory(),
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


def _features(
    arguments: argparse.Namespace, data: ForceData | None, backbone: Any = None
) -> FeatureSet:
    from neural_checks.features.file import read

    if data is None:
        return read(Path(arguments.model), demands_of(arguments))
    if arguments.model.endswith(".npz"):
        features = read(Path(arguments.model), demands_of(arguments))
        if features.data_sha256 != data.checksum:
            raise ValueError(
                f"{arguments.model} belongs to data {features.data_name or 'not stated'} (SHA-256 "
                f"{features.data_sha256[:12] or 'not stated'}…), not to {data.name} "
                f"({data.checksum[:12]}…)"
            )
        return features
    return _recorded(arguments, data, backbone or _network(arguments, data))


def _network(arguments: argparse.Namespace, data: ForceData) -> Any:
    """The network that is named, set to one layer where one is asked for."""
    from neural_checks.backbones.interface import Conditions
    from neural_checks.backbones.load import load_backbone

    return load_backbone(
        arguments.model,
        data,
        None if arguments.layer == ALL_LAYERS else arguments.layer,
        arguments.trust_model,
        Conditions(arguments.head, arguments.charge, arguments.spin),
        arguments.device or "cpu",
        reading_of(arguments),
    )


def _peak_memory() -> float:
    """The largest memory of this process so far, MiB."""
    import resource

    # Bytes on macOS, KiB elsewhere.
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


def _recorded(arguments: argparse.Namespace, data: ForceData, backbone: Any) -> FeatureSet:
    """The features of a network on frames drawn by the seed."""
    import numpy as np

    from neural_checks.backbones.interface import limited
    from neural_checks.data.split import split
    from neural_checks.features.recorded import record
    from neural_checks.features.stream import record_to_file
    from numeric_checks.seeds import streams
    from span_theorem.progress import Progress

    # Test frames come off the other end of the permutation than training frames.
    parts = split(data, arguments.fit, 1, arguments.held, arguments.seed)
    rng = streams(arguments.seed, "equivariance")["equivariance"]
    backbone = limited(backbone, arguments.batch)
    demands = demands_of(arguments)
    with Progress() as progress:
        features = record(
            backbone,
            data,
            parts.train,
            parts.test,
            rng,
            report=partial(progress.update, "features"),
            demands=demands,
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
                demands=demands,
            )
    return features


if __name__ == "__main__":
    sys.exit(main())
