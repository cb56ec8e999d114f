"""docs/experiment.md, from its reports: what was run, and what layers keep along a training."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import run_pages
from proof_map import DOCS

from neural_checks.injection.along import ALONG, AlongPoint, AlongReport
from neural_checks.injection.result import InjectionReport
from neural_checks.readouts.verdict import RecoveryCurve

Write = Callable[[Path, str], None]

#: The limit of the verdict before values had been seen.
FORMER_LIMIT = 0.1


def write_all(write: Write) -> None:
    """The tables that docs/experiment.md includes."""
    runs, generated = run_pages.injections(), DOCS / "_generated"
    write(generated / "experiment.md", table(runs))
    write(generated / "experiment-limit.md", limit_said(runs, FORMER_LIMIT))
    write(generated / "experiment-least.md", least(runs))
    courses = sorted(DOCS.glob("results/along*/along.json"))
    write(generated / "along.md", "\n".join(course(path) for path in courses))


def table(runs: run_pages.Runs) -> str:
    """One row per run, from its report alone."""
    lines = [
        "| run | preset | L | layers | channels | cutoff, Å | networks | steps "
        "| degrees of readouts | device |",
        "|---" * 10 + "|",
    ]
    return "\n".join([*lines, *(_row(name, report) for name, report in runs.items())]) + "\n"


def _row(name: str, report: InjectionReport) -> str:
    first = report.backbones[0]
    about = first.description
    steps = dict.fromkeys(f"{row.steps:,}" for row in report.backbones)
    cells = [
        f"[{name}](/measured/runs/{name}.md)",
        f"`{report.preset}`",
        str(report.measurement.settings.L),
        str(first.layers),
        str(about.get("channels", "not known")),
        f"{about['cutoff']:g}" if "cutoff" in about else "not known",
        str(len(report.backbones)),
        ", ".join(steps),
        ", ".join(map(str, report.measurement.settings.degrees_read)),
        str(report.environment["device"]),
    ]
    return "| " + " | ".join(cells) + " |"


def _interval(value: float, low: float | None, high: float | None) -> str:
    ends = "" if low is None or high is None else f" [{low:.3f}, {high:.3f}]"
    return f"{value:.3f}{ends}"


def limit_said(runs: run_pages.Runs, limit: float) -> str:
    """The judged readouts that would have another verdict if R² had to reach ``limit``."""
    changed, count = [], 0
    for name, report in runs.items():
        for readout in report.measurement.judged:
            count += 1
            if _sharp(readout.score, readout.verdict.boundary, limit) != readout.verdict.agrees:
                changed.append(f"{name}, {readout.name}")
    among = f": {'; '.join(changed)}" if changed else ""
    return f"With {limit:g}, {len(changed)} of {count} verdicts would change{among}.\n"


def _sharp(curve: RecoveryCurve, edge: int, limit: float) -> bool:
    return min(curve.low[:edge]) > limit > max(curve.high[edge:])


def least(runs: run_pages.Runs) -> str:
    """The least force error by L, and how long that network was trained."""
    found: dict[int, tuple[float, str, int]] = {}
    for name, report in runs.items():
        if report.data.name != "aspirin_rmd17":
            continue
        for row in report.backbones:
            if row.force_mae is not None:
                one = (row.force_mae, name, row.steps)
                L = report.measurement.settings.L
                found[L] = min(found.get(L, one), one)
    told = (
        f"{mae:.0f} meV/Å with L = {L} ({name}, {steps:,} steps)"
        for L, (mae, name, steps) in sorted(found.items())
    )
    return (
        f"The least force errors on rMD17 aspirin are {', '.join(told)}: where the steps differ, "
        "networks of different L differ in training too.\n"
    )


def course(path: Path) -> str:
    """What one record of checkpoints says: table, sentences and figure."""
    report, folder = ALONG.read(path), f"/results/{path.parent.name}"
    return (
        f"L = {report.L}:\n\n{along_table(report)}\n"
        f"Record: {{download}}`along.json <{folder}/along.json>`.\n\n{along_said(report)}\n"
        f"![R² of the field at dL and force error by training step, L = {report.L}]"
        f"({folder}/along.png)\n"
    )


def along_table(report: AlongReport) -> str:
    """One row per checkpoint: the force error, and R² of the field at dL in every layer."""
    layers = sorted({point.layer for point in report.points})
    read = {point.layer for point in report.points if point.read}
    heads = [f"layer {layer}{', the one read' if layer in read else ''}" for layer in layers]
    lines = [
        f"| seed | step | force MAE, meV/Å | {' | '.join(heads)} |",
        "|---" * (3 + len(layers)) + "|",
    ]
    for seed, step in sorted({(point.seed, point.step) for point in report.points}):
        points = {p.layer: p for p in report.points if (p.seed, p.step) == (seed, step)}
        values = [_field(points[layer]) if layer in points else "–" for layer in layers]
        mae = next(iter(points.values())).force_mae
        lines.append(f"| {seed} | {step:,} | {mae:.1f} | {' | '.join(values)} |")
    return "\n".join(lines) + (
        f"\n\n`{report.data}`, L = {report.L}, quadratic closed form at ℓ = dL = "
        f"{report.boundary}; "
        f"{report.fit} frames fitted, {report.held} held out, B = {report.draws:,}; 95 % "
        "intervals over "
        "frames.\n"
    )


def _field(point: AlongPoint) -> str:
    return _interval(point.field.value, point.field.low, point.field.high)


def along_said(report: AlongReport) -> str:
    """From the first to the last checkpoint of every training, and in how many less is kept."""
    told, less = [], 0
    trainings = sorted({point.seed for point in report.points})
    for seed in trainings:
        points = [point for point in report.points if point.seed == seed]
        steps = sorted({point.step for point in points})
        ends = [
            {point.layer: point for point in points if point.step == step}
            for step in (steps[0], steps[-1])
        ]
        (layer,) = {point.layer for point in points if point.read}
        first, last = (end[layer] for end in ends)
        less += (last.field.high or 0) < (first.field.low or 0)
        others = ", ".join(
            f"layer {k} from {ends[0][k].field.value:.3f} to {ends[1][k].field.value:.3f}"
            for k in sorted(ends[0])
            if k != layer
        )
        told.append(
            f"- Seed {seed}, step {steps[0]:,} to {steps[-1]:,}: the force error goes from "
            f"{first.force_mae:.0f} to {last.force_mae:.0f} meV/Å. R² at dL of the layer that is "
            "read goes "
            f"from {_field(first)} to {_field(last)}" + (f", of {others}." if others else ".")
        )
    count = len(trainings)
    return "\n".join(told) + (
        f"\n\nIn {less} of {count} training{'s' if count > 1 else ''} the layer that is read "
        "keeps less at "
        "the end than at the first checkpoint, with intervals that do not meet. The networks of "
        "one "
        "training are not independent, and an interval here is over frames alone.\n"
    )
