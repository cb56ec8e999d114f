"""The aspirin experiment: train backbones, inject fields of degree ℓ, find where recovery ends.

``python -m neural_checks.aspirin --preset quick`` or ``python neural_checks/aspirin.py``. Exit code
0: the measured cliff is where ``span_theorem`` proves the boundary, for every readout; 3: for one
it is elsewhere; 4: for one it is undecided, and elsewhere for none; 2: bad usage or input.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

if not __package__:  # run as a file: the checkout, not this folder, is what to import from
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from span_theorem.arguments import integer_option, number_option
from span_theorem.command import Parser, Result, alias, parser, run, say
from span_theorem.options import add_draws, add_output_folder, add_seed

if TYPE_CHECKING:
    from neural_checks.data.split import Split
    from neural_checks.injection.plan import Plan
    from neural_checks.injection.result import InjectionReport, TrainedBackbone
    from neural_checks.training.train import Trained
    from numeric_checks.molecules.data import ForceData
    from span_theorem.progress import Progress

__all__ = ["main"]

#: Largest l of a backbone: beyond it a training step takes minutes.
LARGEST_L = 8

REPORT_FILE, TABLE_FILES = "report.json", ("table.csv", "per_atom.csv")


def _presets() -> dict[str, Any]:
    text = (files("neural_checks.injection") / "presets.json").read_text(encoding="utf-8")
    presets: dict[str, Any] = json.loads(text)
    return presets


def _parser() -> Parser:
    from numeric_checks.molecules.options import add_data_options

    presets = _presets()
    made = parser(
        "neural_checks.aspirin",
        "Train NequIP backbones, inject fields of degree ℓ and find where recovery ends.",
        "presets: "
        + "; ".join(f"{name}: {p['about']}" for name, p in presets.items())
        + ". exit codes: 0 every cliff is at the proved boundary, 3 one does not, "
        "4 undecided, 2 bad usage or input",
    )
    made.add_argument("--preset", choices=sorted(presets), default="quick")
    made.add_argument(
        "--data",
        default="embedded",
        help="'embedded' (default); 'rmd17' or 'ccsd', downloaded once; or an .npz file or any "
        "file "
        "that ASE reads",
    )
    made.add_argument(
        "--downloads", type=Path, default=Path("data"), help="folder of downloads (default: data)"
    )
    add_data_options(made)
    add_output_folder(made, "this run, instead of --results and --run")
    made.add_argument(
        "--results", type=Path, default=Path("results"), help="folder of runs (default: results)"
    )
    made.add_argument("--run", type=_name, help="name of this run (default: DATA-PRESET)")
    _add_training_options(made)
    _add_measurement_options(made)
    made.add_argument("--device", default="cpu", help="cpu (default), cuda, cuda:1, …")
    return made


def _add_training_options(made: Parser) -> None:
    made.add_argument(
        "--backbones",
        type=integer_option("backbones", 1, 1000),
        help="number of backbones; their seeds count from 0",
    )
    made.add_argument(
        "--steps",
        type=integer_option("steps", 1, 10**9),
        help="training steps (default: those of the preset)",
    )
    made.add_argument(
        "--L",
        type=integer_option("L", 1, LARGEST_L),
        help="largest degree of the features (default: that of the preset)",
    )
    made.add_argument(
        "--parallel",
        type=integer_option("parallel", 1, 1000),
        default=1,
        help="number of backbones trained at once (default 1)",
    )
    made.add_argument(
        "--keep",
        type=integer_option("keep", 1, 10**9),
        nargs="+",
        default=[],
        metavar="STEP",
        help="keep a copy of every checkpoint at these steps, for neural_checks.injection.along",
    )
    made.add_argument(
        "--as-trained",
        action="store_true",
        help="measure the checkpoints backbone-N.pt in the folder of the run as they are, finished "
        "or not, without training; network and training are those that the files name",
    )


def _add_measurement_options(made: Parser) -> None:
    made.add_argument(
        "--degrees",
        type=int,
        nargs="+",
        choices=(1, 2, 3),
        default=[1, 2, 3],
        help="degrees of the readouts (default: 1 2 3)",
    )
    made.add_argument(
        "--amplitude",
        type=number_option("amplitude", 0, 1e6, open_low=True),
        default=1.0,
        help="amplitude ε of the field (default 1)",
    )
    add_draws(made, None, otherwise="those of the preset")
    alias(made, "--bootstrap", "--draws")
    add_seed(made, "the measurement and the split")


def _name(text: str) -> str:
    """A name for a folder inside another; one that would lead elsewhere is refused."""
    if not text or text in (".", "..") or Path(text).name != text or "\0" in text:
        raise argparse.ArgumentTypeError(
            f"the name of a run must be one folder's name, got {text!r}; --out takes a path"
        )
    return text


def main(argv: Sequence[str] | None = None) -> int:
    """Command line; see the module's text for the exit code."""
    return run(_parser(), argv, _work)


def _work(arguments: argparse.Namespace) -> Result:
    import matplotlib  # noqa: F401  # the figures are drawn last: missing, it is said first

    from neural_checks.injection.plan import Plan
    from neural_checks.injection.result import REPORT
    from neural_checks.injection.tables import text
    from numeric_checks.outputs import output_folder, write_outputs

    plan = Plan.of(arguments, _presets())
    data = _data(arguments)
    folder = arguments.out or arguments.results / (
        arguments.run or f"{data.name}-{arguments.preset}"
    )
    missing = [] if arguments.force else _missing(folder, data, plan)
    if plan.as_trained and not missing:
        plan = plan.of_checkpoints(folder, arguments.backbones)
    # A complete run is refused; one whose report is there but not its tables or figures is not.
    with output_folder(folder, last=(missing or [REPORT_FILE])[0], force=arguments.force):
        report = REPORT.read(folder / REPORT_FILE) if missing else _measure(data, plan, folder)
        writers = _writers(report)
        if missing:
            writers = {name: writer for name, writer in writers.items() if name in missing}
        outputs = write_outputs(folder, writers)
    return Result(text(report), REPORT.dump(report), report.measurement.outcome.exit, outputs)


def _data(arguments: argparse.Namespace) -> ForceData:
    from neural_checks.data.archives import ARCHIVES, fetch
    from numeric_checks.molecules.data import load

    name = arguments.data
    data = load(
        fetch(name, arguments.downloads) if name in ARCHIVES else name,
        energy_key=arguments.energy_key,
        forces_key=arguments.forces_key,
    ).select(*arguments.select)
    if not data.structures.fixed:
        raise ValueError(
            f"{data.name} holds frames of different atoms; this experiment needs one molecule, the "
            "same atoms in the same order in every frame; --select takes one of several"
        )
    data.require_energies("training")
    data.require_forces("training")
    for note in data.notes:
        say(f"{data.name}: {note}")
    return data


def _missing(folder: Path, data: ForceData, plan: Plan) -> list[str]:
    """Files that are not there beside a finished report; ValueError if it is of another run."""
    from neural_checks.injection.result import REPORT

    if not (folder / REPORT_FILE).is_file():
        return []
    report = REPORT.read(folder / REPORT_FILE)
    missing = [name for name in _writers(report) if not (folder / name).exists()]
    if missing and (report.data.sha256, report.preset) != (data.checksum, plan.preset):
        raise ValueError(
            f"{folder / REPORT_FILE} is of {report.data.name}, preset {report.preset}, and not of "
            f"what is asked for: {data.name}, preset {plan.preset}; give another folder, or --force"
        )
    return missing


def _writers(report: InjectionReport) -> dict[str, Callable[[Path], None]]:
    """What writes each file of a run; the report is the last."""
    from neural_checks.injection.figures import figure_of, names
    from neural_checks.injection.result import REPORT
    from neural_checks.injection.tables import per_atom_csv, table_csv
    from numeric_checks.figures import save_figure
    from span_theorem.files import write_text

    def table(make: Callable[[InjectionReport], str]) -> Callable[[Path], None]:
        return lambda path: write_text(path, make(report), force=True)

    def figure(path: Path) -> None:
        save_figure(figure_of(report, path.stem), (path,), force=True)

    writers: dict[str, Callable[[Path], None]] = dict(
        zip(TABLE_FILES, map(table, (table_csv, per_atom_csv)), strict=True)
    )
    for name in names(report):
        writers |= {f"{name}.svg": figure, f"{name}.png": figure}
    writers[REPORT_FILE] = lambda path: REPORT.write(path, report, force=True)
    return writers


def _measure(data: ForceData, plan: Plan, folder: Path) -> InjectionReport:
    """Train, then measure; every long stage shows its progress."""
    from neural_checks.backbones.nequip import NequIPBackbone
    from neural_checks.backbones.scaling import Scaling
    from neural_checks.data.split import split
    from neural_checks.injection.experiment import Subject, run_experiment
    from neural_checks.injection.result import DataOrigin, Frames, InjectionReport
    from neural_checks.readouts.samples import require_marks
    from numeric_checks.provenance import environment
    from span_theorem.progress import Progress

    train = plan.train
    frames = split(data, train.train, train.validation, train.test, train.split_seed)
    fit, held = frames.train[: plan.fit], frames.test[: plan.held]
    require_marks(data.structures, fit)
    with Progress() as progress:
        trained = _train(data, frames, plan, folder, progress)
        first = data.structures.take(fit[:2])
        scaling = Scaling.of(data, frames.train, plan.model.cutoff)
        untrained = NequIPBackbone(plan.model, scaling, 1000, plan.device)
        for backbone in (*(outcome.backbone for outcome in trained), untrained):
            backbone.select_layer(first)
        rows = tuple(_row(outcome, data, frames) for outcome in trained)
        begun, used = time.monotonic(), time.process_time()
        subject = Subject([outcome.backbone for outcome in trained], data, fit, held, untrained)
        measured = run_experiment(
            subject,
            plan.settings,
            plan.device,
            lambda done, total, note: progress.update("measurement", done, total, note),
        )
    blocks = subject.blocks
    return InjectionReport(
        measurement=measured,
        data=DataOrigin.of(data.origin),
        frames=Frames(
            len(frames.train),
            len(fit),
            len(held),
            frames.rule,
            None if blocks is None else int(blocks.max()) + 1,
        ),
        backbones=rows,
        preset=plan.preset,
        train={"seeds": list(plan.seeds), **asdict(train)},
        environment=environment(plan.device),
        measurement_seconds=time.monotonic() - begun,
        measurement_cpu_seconds=time.process_time() - used,
        geometry=tuple((x, y, z) for x, y, z in data.positions[fit[0]].tolist()),
    )


def _train(
    data: ForceData, frames: Split, plan: Plan, folder: Path, progress: Progress
) -> list[Trained]:
    from neural_checks.training.ensemble import train_all

    def training(seed: int, step: int, steps: int, loss: float, mae: float) -> None:
        note = f"loss {loss:.4f}, force MAE {mae:.1f} meV/Å"
        progress.update(f"backbone {seed}", step, steps, note)

    return train_all(
        data,
        frames,
        plan.model,
        plan.train,
        plan.seeds,
        folder,
        plan.device,
        plan.parallel,
        training,
        plan.as_trained,
        plan.keep,
    )


def _row(outcome: Trained, data: ForceData, frames: Split) -> TrainedBackbone:
    from neural_checks.injection.result import TrainedBackbone
    from neural_checks.training.train import force_mae

    said = dict(outcome.backbone.description)
    return TrainedBackbone(
        seed=said.pop("seed"),
        layer=said.pop("layer"),
        layers=said.pop("layers"),
        layer_irreps=said.pop("layer_irreps"),
        force_mae=force_mae(outcome.backbone, data, frames.test),
        steps=outcome.steps,
        stopped=outcome.stopped,
        training_seconds=outcome.seconds,
        skipped_steps=outcome.skipped_steps,
        history=tuple((step, loss, mae) for step, loss, mae in outcome.history),
        description=said,
    )


if __name__ == "__main__":
    sys.exit(main())
