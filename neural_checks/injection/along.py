"""Recovery along one training: what every layer keeps at dL, by step of the training.

``python -m neural_checks.injection.along RUN --data FILE`` reads the copies that
``neural_checks.aspirin --keep 2000 5000 …`` left in the folder RUN, and the checkpoints themselves.
Every copy is measured by the quadratic closed form, layer by layer, and kept as it is done, so a
run that is killed goes on where it was.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neural_checks.injection.control_rows import Interval
from neural_checks.schema import Schema
from span_theorem.arguments import integer_option
from span_theorem.command import Exit, Parser, Result, parser, run
from span_theorem.files import read_text, write_json
from span_theorem.options import add_draws, add_output_folder

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from neural_checks.backbones.nequip import NequIPBackbone
    from neural_checks.readouts.samples import Samples
    from numeric_checks.molecules.data import ForceData
    from span_theorem.progress import Progress

__all__ = ["ALONG", "AlongPoint", "AlongReport", "along_figure", "main"]

REPORT_FILE, FIGURE_FILES = "along.json", ("along.svg", "along.png")
_DEGREE = 2


@dataclass(frozen=True)
class AlongPoint:
    """One layer at one step of the training of one seed; ``layer`` counts from 1.

    ``field`` is R² of the field and ``recovery`` ρ at dL, ``alone`` the gain without injection;
    ``force_mae`` in meV/Å on the held-out frames. ``read`` says that the experiment reads this
    layer.
    """

    seed: int
    step: int
    layer: int
    read: bool
    force_mae: float
    field: Interval
    recovery: Interval
    alone: float


@dataclass(frozen=True)
class AlongReport:
    """The points of a run, by seed, step and layer; ``boundary`` dL of the quadratic readout."""

    data: str
    L: int
    boundary: int
    fit: int
    held: int
    draws: int
    points: tuple[AlongPoint, ...]
    environment: dict[str, Any]
    schema: int = 1


ALONG = Schema(AlongReport, "a report of recovery along a training", 1, {})


def _parser() -> Parser:
    made = parser(
        "neural_checks.injection.along",
        "What every layer keeps of a field of degree dL, by step of one training.",
        "exit codes: 0 measured, 2 bad usage or input",
    )
    made.add_argument("run", type=Path, help="folder with backbone-N.pt and its kept copies")
    made.add_argument("--data", required=True, help="the data that they were trained on")
    add_output_folder(made, "the report and the figure", otherwise="RUN/along")
    for name, default, text in (
        ("--fit", 400, "training frames that the closed form is fitted on"),
        ("--held", 200, "test frames"),
    ):
        option = integer_option(name.lstrip("-"), 5, 10**6)
        made.add_argument(name, type=option, default=default, help=f"{text} (default {default})")
    add_draws(made, 2000, "frames")
    made.add_argument("--device", default="cpu", help="cpu (default), cuda, cuda:1, …")
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Command line; exit code 0 when everything is measured."""
    return run(_parser(), argv, _work)


def _work(arguments: argparse.Namespace) -> Result:
    import matplotlib  # noqa: F401  # the figure is drawn last: missing, it is said first

    from neural_checks.devices import usable_device
    from numeric_checks.figures import save_figure
    from numeric_checks.molecules.data import load
    from numeric_checks.outputs import output_folder, write_outputs
    from span_theorem.progress import Progress

    usable_device(arguments.device)
    data = load(arguments.data)
    folder = arguments.out or arguments.run / "along"
    with (
        output_folder(folder, last=REPORT_FILE, force=arguments.force),
        Progress() as progress,
    ):
        report = _measure(arguments, data, folder, progress)
        figure = along_figure(report)
        writers = {
            name: lambda path: save_figure(figure, (path,), force=True) for name in FIGURE_FILES
        }
        writers[REPORT_FILE] = lambda path: ALONG.write(path, report, force=True)
        outputs = write_outputs(folder, writers)
    return Result(_text(report), ALONG.dump(report), Exit.OK, outputs)


def _measure(
    arguments: argparse.Namespace, data: ForceData, folder: Path, progress: Progress
) -> AlongReport:
    from neural_checks.training.ensemble import read_ensemble
    from numeric_checks.provenance import environment
    from span_theorem.span import boundary

    model, train, seeds = read_ensemble(arguments.run)
    paths = sorted(
        path
        for seed in seeds
        for path in (
            arguments.run / f"backbone-{seed}.pt",
            *arguments.run.glob(f"backbone-{seed}-step*.pt"),
        )
    )
    points: list[AlongPoint] = []
    for number, path in enumerate(paths, start=1):
        points += _points(path, data, arguments, folder)
        progress.update("checkpoints", number, len(paths))
    # The last step is there twice where a copy was kept at it.
    unique = {(point.seed, point.step, point.layer): point for point in points}
    return AlongReport(
        data=data.name,
        L=model.l_max,
        boundary=boundary(model.l_max, _DEGREE),
        fit=min(arguments.fit, train.train),
        held=min(arguments.held, train.test),
        draws=arguments.draws,
        points=tuple(unique[key] for key in sorted(unique)),
        environment=environment(arguments.device),
    )


def _points(
    path: Path, data: ForceData, arguments: argparse.Namespace, folder: Path
) -> list[AlongPoint]:
    """The points of one checkpoint: read where they were measured before."""
    from pydantic import TypeAdapter

    from numeric_checks.molecules.data import sha256

    identity = [sha256(path), data.checksum, arguments.fit, arguments.held, arguments.draws]
    digest = hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:16]
    kept, adapter = folder / "points" / f"{digest}.json", TypeAdapter(list[AlongPoint])
    if kept.is_file():
        try:
            return adapter.validate_json(read_text(kept, 10**6))
        except ValueError as error:
            raise ValueError(f"{kept} is damaged, remove it: {type(error).__name__}") from None
    made = _of_checkpoint(path, data, arguments)
    kept.parent.mkdir(exist_ok=True)
    write_json(kept, [asdict(point) for point in made], force=True)
    return made


def _of_checkpoint(path: Path, data: ForceData, arguments: argparse.Namespace) -> list[AlongPoint]:
    from neural_checks.backbones.checkpoints import read_checkpoint
    from neural_checks.backbones.nequip_files import restore_trained
    from neural_checks.data.split import split_of

    state = read_checkpoint(path)
    frames = split_of(data, state.train)
    fit, held = frames.train[: arguments.fit], frames.test[: arguments.held]
    backbone = restore_trained(path.name, state, data, device=arguments.device)
    read = backbone.select_layer(data.structures.take(fit[:2]))
    return [
        _of_layer(backbone, layer, read, data, (fit, held), (state.seed, state.step), arguments)
        for layer in _layers(backbone)
    ]


def _layers(backbone: NequIPBackbone) -> list[int]:
    """The layers that have features of the largest degree."""
    top = backbone.config.l_max
    return [
        index
        for index, (_, irreps) in enumerate(backbone.layers())
        if top in {degree for _, (degree, _) in irreps}
    ]


def _of_layer(
    backbone: NequIPBackbone,
    layer: int,
    read: int,
    data: ForceData,
    frames: tuple[Any, Any],
    place: tuple[int, int],
    arguments: argparse.Namespace,
) -> AlongPoint:
    from neural_checks.readouts.bootstrap import bootstrap, trajectory_blocks
    from neural_checks.readouts.closed_form import measure
    from neural_checks.readouts.samples import collect_samples
    from numeric_checks.readouts.channels import CLOSED_FORM_CHANNELS
    from span_theorem.span import boundary

    backbone.layer = layer
    samples: Samples = collect_samples(backbone, data, *frames)
    edge = boundary(backbone.config.l_max, _DEGREE)
    found = measure(samples, _DEGREE, edge, CLOSED_FORM_CHANNELS[_DEGREE])
    blocks = None if data.order is None else trajectory_blocks(data.order[frames[1]])
    rng = np.random.default_rng(0)
    point, draws = bootstrap([found], arguments.draws, rng, blocks=blocks)

    def interval(name: str) -> Interval:
        low, high = np.quantile(getattr(draws, name)[:, edge - 1], [0.025, 0.975]).tolist()
        return Interval(float(getattr(point, name)[edge - 1]), low, high)

    return AlongPoint(
        seed=place[0],
        step=place[1],
        layer=layer + 1,
        read=layer == read,
        force_mae=samples.force_mae,
        field=interval("field"),
        recovery=interval("recovery"),
        alone=float(1 - found.after.mean() / found.before.mean()),
    )


def _text(report: AlongReport) -> str:
    lines = [
        f"{report.data}, L = {report.L}: R² of the field at ℓ = {report.boundary}, quadratic "
        "closed form; ρ; force MAE (meV/Å)"
    ]
    lines += [
        f"seed {p.seed}, step {p.step:6d}, layer {p.layer}{' (read)' if p.read else '       '}: "
        f"{p.field.value:.3f} [{p.field.low:.3f}, {p.field.high:.3f}]; {p.recovery.value:.3f}; "
        f"{p.force_mae:.1f}"
        for p in report.points
    ]
    return "\n".join(lines)


def along_figure(report: AlongReport) -> Figure:
    """R² of the field at dL by step for every layer, and the force error beside it."""
    from neural_checks.injection.figure_frame import SMALL, caption, panels
    from numeric_checks.figures import COLORS, legend_above

    figure, axes_of = panels(1, 2, 5.0, 4.6)
    left, right = axes_of[0]
    seeds = sorted({point.seed for point in report.points})
    for seed, line in zip(seeds, cycle(["-", "--", ":", "-."]), strict=False):
        of_seed = [point for point in report.points if point.seed == seed]
        for layer, color in zip(sorted({p.layer for p in of_seed}), COLORS, strict=False):
            points = [point for point in of_seed if point.layer == layer]
            values = np.array([point.field.value for point in points])
            ends = np.array([[p.field.low, p.field.high] for p in points], dtype=float).T
            label = f"layer {layer}" + (", the one read" if points[0].read else "")
            left.errorbar(
                [point.step for point in points], values, yerr=np.abs(ends - values), color=color,
                ls=line, marker="o", ms=5, lw=1.4, capsize=2.5,
                label=label if seed == seeds[0] else None,
            )  # fmt: skip
        points = [point for point in of_seed if point.read]
        right.plot(
            [p.step for p in points], [p.force_mae for p in points], ls=line, marker="o", ms=5,
            lw=1.4, color=COLORS[0], label=f"seed {seed}",
        )  # fmt: skip
    steps = sorted({point.step for point in report.points})
    for axes in (left, right):
        axes.set_xscale("log")
        axes.set_xticks(steps, labels=[f"{step / 1000:g}" for step in steps], minor=False)
        axes.set_xticks([], minor=True)
        axes.set_xlabel("training steps, in thousands", fontsize=12)
    left.set_ylabel(f"R² of the field at dL = {report.boundary}", fontsize=12)
    right.set_ylabel("force MAE, held-out frames (meV/Å)", fontsize=12)
    legend_above(figure, left, columns=3, fontsize=SMALL)
    if len(seeds) > 1:
        right.legend(fontsize=SMALL)
    caption(
        figure,
        f"{report.data}, L = {report.L}, quadratic closed form, checkpoints of "
        f"{'one training' if len(seeds) == 1 else 'every training'}, "
        f"n = {len(seeds)} seed{'s' if len(seeds) > 1 else ''}, {report.held} held-out frames, "
        f"B = {report.draws}; 95 % intervals over frames.",
        width=10.0,
    )
    return figure


if __name__ == "__main__":
    sys.exit(main())
