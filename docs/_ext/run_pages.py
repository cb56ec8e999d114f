"""Pages of measured runs, written from docs/results/<run>/ alone."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from proof_map import DOCS

from neural_checks.injection.control_rows import ControlCurve, Interval
from neural_checks.injection.grid_result import GRID, GridCell
from neural_checks.injection.result import REPORT, InjectionReport, Metric, Readout

Write = Callable[[Path, str], None]
Runs = Mapping[str, InjectionReport]

FIGURES = {
    "recovery": "Recovery ρ on held-out frames against the degree ℓ of the injected field, by "
    "degree and kind of readout. Bars at dL: the proved boundary. Error bars: 95 % intervals",
    "cone": "The leak: R² of the field where frames are turned by at most an angle, component-wise "
    "quadratic readout. Dashed: above dL",
    "per_atom": "The molecule, coloured by R² of the field at the boundary, quadratic closed form",
    "training": "Force error on validation frames while training",
    "seeds": "R²_inj of every seed of the trained readouts on every backbone",
    "bootstrap": "The bootstrap distributions of Δ = G(dL) − G(dL + 1) (above) and of ρ(dL) and "
    "ρ(dL + 1) (below)",
}
METRICS = {
    Metric.FIELD: "R² of the field",
    Metric.RECOVERY: "Recovery ρ",
    Metric.INJECTED: "R²_inj",
}
MAX_ROWS = 400
GRID_ROWS = 12


def injections() -> Runs:
    """The committed reports of the injection experiment, by name of the run."""
    return {
        path.parent.name: _injection(path, path.stat().st_mtime_ns)
        for path in _paths()
        if _is_injection(json.loads(path.read_text(encoding="utf-8")))
    }


def _paths() -> list[Path]:
    return sorted(DOCS.glob("results/*/report.json"))


def _is_injection(content: Any) -> bool:
    return isinstance(content, dict) and {"readouts", "measurement"} & set(content) != set()


@cache
def _injection(path: Path, _changed: int) -> InjectionReport:
    return REPORT.read(path)


def write_all(write: Write) -> None:
    """The pages of all runs, their index, and the tables that other pages include."""
    injected = injections()
    folder = DOCS / "measured" / "runs"
    names = [path.parent.name for path in _paths()]
    for path in _paths():
        name = path.parent.name
        if name in injected:
            page = _run_page(name, injected[name])
        else:
            page = _plain_page(name, json.loads(path.read_text(encoding="utf-8")))
        write(folder / f"{name}.md", page)
    listed = "\n".join(names)
    write(
        folder / "index.md",
        "# Runs\n\nOne page per committed run, made from its files while building.\n\n"
        f"{_overview(injected)}\n\n```{{toctree}}\n:maxdepth: 1\n\n{listed}\n```\n",
    )
    for path in folder.glob("*.md"):
        if path.stem not in {*names, "index"}:
            path.unlink()
    generated = DOCS / "_generated"
    write(generated / "first_figure.md", _first_figure(injected))
    write(generated / "overview.md", _overview(injected) + "\n")
    write(generated / "published.md", _published(injected) + "\n")
    write(generated / "controls.md", _controls(injected) + "\n")
    write(generated / "grid.md", _grids() + "\n")


def _counts(report: InjectionReport) -> str:
    n = len(report.backbones)
    return (
        f"n = {n} backbone{'s' if n > 1 else ''}, {report.frames.held} held-out frames, "
        f"B = {report.measurement.settings.draws:,} bootstrap draws"
    )


def _maes(report: InjectionReport) -> str:
    return ", ".join(
        "not known" if row.force_mae is None else f"{row.force_mae:.0f}" for row in report.backbones
    )


def _number(value: float) -> str:
    text = f"{value:.3f}"
    return "0.000" if text == "-0.000" else text.replace("-", "−")


def _with_interval(readout: Readout, metric: Metric, ell: int) -> str:
    curve = readout.curve(metric)
    if curve is None or not 1 <= ell <= len(curve.values):
        return "–"
    value, low, high = map(_number, curve.at(ell))
    return f"{value} [{low}, {high}]"


def _measured(readout: Readout) -> str:
    verdict = readout.verdict
    found = "none" if verdict.measured is None else str(verdict.measured)
    if readout.not_judged:
        return f"{found} (not judged: {readout.not_judged})"
    return f"{found} ({verdict.outcome})" if verdict.agrees else f"{found} (**{verdict.outcome}**)"


def _overview(runs: Runs) -> str:
    lines = [
        "| run | data | n | B | force MAE on test frames, meV/Å | cliffs at the boundary |",
        "|---|---|---|---|---|---|",
    ]
    for name, report in runs.items():
        verdicts = [readout.verdict for readout in report.measurement.judged]
        rest = len(report.measurement.readouts) - len(verdicts)
        lines.append(
            f"| [{name}](/measured/runs/{name}.md) | `{report.data.name}` "
            f"| {len(report.backbones)} | {report.measurement.settings.draws:,} | {_maes(report)} "
            f"| {sum(v.agrees for v in verdicts)} of {len(verdicts)}"
            + (f", {rest} not judged |" if rest else " |")
        )
    levels = dict.fromkeys((r.data.name, r.data.level_of_theory) for r in runs.values())
    lines += ["", f"Data: {'; '.join(f'`{name}`: {level}' for name, level in levels)}."]
    return "\n".join(lines)


def _published(runs: Runs) -> str:
    """Ours beside the published figures, quadratic readouts with L = 2, at dL and just above."""
    lines = [
        "| source | readout | n | ρ(4) | ρ(5) | R²_inj(4) | R²_inj(5) |",
        "|---|---|---|---|---|---|---|",
    ]
    first = next(iter(runs.values()), None)
    if first is not None:
        p = first.published
        cells = " | ".join(f"{row[ell]}" for row in (p.recovery, p.injected) for ell in (4, 5))
        lines.append(f"| {p.source} | quadratic, trained | {p.backbones} | {cells} |")
    for name, report in runs.items():
        for readout in report.measurement.readouts:
            if readout.degree == 2 and report.published_values(Metric.RECOVERY):
                cells = " | ".join(
                    _with_interval(readout, metric, ell)
                    for metric in (Metric.RECOVERY, Metric.INJECTED)
                    for ell in (4, 5)
                )
                lines.append(
                    f"| [{name}](/measured/runs/{name}.md) | quadratic, {readout.kind} "
                    f"| {len(report.backbones)} | {cells} |"
                )
    draws = sorted({f"{r.measurement.settings.draws:,}" for r in runs.values()})
    lines.append("")
    lines.append(f"Our intervals: 95 %, B = {' or '.join(draws)} bootstrap draws.")
    return "\n".join(lines)


def _grids() -> str:
    """The cells nearest to the published numbers, of every committed grid."""
    parts = []
    for path in sorted(DOCS.glob("results/*/grid.json")):
        report, name = GRID.read(path), path.parent.name
        maes = ", ".join(f"{mae:.0f}" for mae in report.force_mae)
        steps = ", ".join(f"{count:,}" for count in report.steps)
        lines = [
            "| one network | reference | orientation | channels | ε | ρ(4) | ρ(5) | R²_inj(4) "
            "| R²_inj(5) | ρ − R²_inj, ℓ = 4 | ρ − R²_inj, ℓ = 5 |",
            "|---" * 11 + "|",
        ]
        lines += [_grid_row(cell) for cell in report.cells[:GRID_ROWS]]
        lines += [
            "",
            f"The first {min(GRID_ROWS, len(report.cells))} of {len(report.cells)} cells"
            + (f" ({report.missing} not measured)" if report.missing else "")
            + f", on the networks of [{name}](/measured/runs/{name}.md): {report.data}, "
            f"n = {len(report.steps)} backbone{'s' if len(report.steps) > 1 else ''} of {steps} "
            f"training steps and force MAE {maes} meV/Å; readouts trained "
            f"{report.settings['steps']} steps with {report.settings['seeds']} seeds; "
            f"{report.held} held-out frames, B = {report.draws:,}, 95 % intervals. "
            "{download}`All cells "
            f"<../results/{name}/grid.csv>`.",
        ]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) or "No grid is committed."


def _grid_row(cell: GridCell) -> str:
    names = ("rho", "R2_inj", "difference")
    numbers = [cell.numbers[f"{name}_{side}"] for name in names for side in ("at", "above")]
    return "| " + " | ".join([*cell.words, *map(_interval, numbers)]) + " |"


def _control_table(report: InjectionReport) -> str:
    controls = report.measurement.controls
    sites = ", ".join(str(site) for site in controls.cone.sites)
    few = "Cone and non-polynomial readout"
    if controls.shuffled_sites is not None:
        few = "Shuffled target, cone and non-polynomial readout"
    lines = [
        _by_degree("control", [(words, _cells(curve)) for words, curve in controls.rows()]),
        "",
        "R² of the field on held-out frames, quadratic readouts, "
        + _control_counts(report, controls.shuffled),
        "",
        f"{few}: atoms {sites} only.",
        "",
        *_alone(report),
    ]
    return "\n".join(lines)


def _control_counts(report: InjectionReport, curve: ControlCurve) -> str:
    held, draws = report.frames.held, report.measurement.settings.draws
    if curve.low is None:
        return f"first backbone (n = 1, {held} held-out frames; no bootstrap, so no B)."
    return f"95 % intervals; n = {curve.backbones}, {held} held-out frames, B = {draws:,}."


def _cells(curve: ControlCurve) -> list[str]:
    return [_interval(curve.at(ell)) for ell in range(1, len(curve.values) + 1)]


def _interval(found: Interval) -> str:
    ends = [_number(end) for end in (found.low, found.high) if end is not None]
    return _number(found.value) + (f" [{', '.join(ends)}]" if ends else "")


def _alone(report: InjectionReport) -> list[str]:
    """The gain without injection, by readout."""
    known = [(r.name, r.alone) for r in report.measurement.readouts if r.alone is not None]
    return [
        "| no injection: readout | gain on the force error alone |",
        "|---|---|",
        *(f"| {name} | {_interval(gain)} |" for name, gain in known),
    ]


def _by_degree(head: str, rows: Sequence[tuple[str, Sequence[float | str]]]) -> str:
    """A table with one column per degree ℓ; rows may end early."""
    width = max((len(values) for _, values in rows), default=0)
    lines = [
        f"| {head} | " + " | ".join(f"ℓ = {k}" for k in range(1, width + 1)) + " |",
        "|---" * (width + 1) + "|",
    ]
    for name, values in rows:
        shown = [value if isinstance(value, str) else _number(value) for value in values]
        cells = shown + [""] * width
        lines.append(f"| {name} | " + " | ".join(cells[:width]) + " |")
    return "\n".join(lines)


def _controls(runs: Runs) -> str:
    return "\n\n".join(f"### {name}\n\n{_control_table(report)}" for name, report in runs.items())


def _figure(name: str, stem: str, caption: str) -> str:
    """The figure of a run, as PNG where there is one: on the site it weighs half of the SVG."""
    folder = DOCS / "results" / name
    file = next((f for f in (f"{stem}.png", f"{stem}.svg") if (folder / f).is_file()), None)
    if file is None:
        return ""
    return f"```{{figure}} ../../results/{name}/{file}\n:alt: {caption}\n\n{caption}.\n```\n"


def _first_figure(runs: Runs) -> str:
    """The picture that the README shows first, with a caption from its report."""
    readme = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    match = re.search(r"!\[([^\]]*)\]\(docs/(results/([^/)]+)/[^)]+)\)", readme)
    if match is None or match[3] not in runs:
        raise ValueError("the first picture of README.md is not of a run in docs/results")
    report = runs[match[3]]
    caption = (
        f"*Measured* on {report.data.level_of_theory}: recovery ρ of a field of degree ℓ, by "
        "readouts of degree 1, 2, 3 of features of degree ≤ "
        f"{report.measurement.settings.L}. The bars are the *proved* boundaries dL. "
        f"{_counts(report)}. The readouts are trained by gradient descent and know nothing of "
        "representations: their values above dL are measurements. "
        f"[This run](/measured/runs/{match[3]}.md)"
    )
    return f"```{{figure}} /{match[2]}\n:alt: {match[1]}\n\n{caption}.\n```\n"


def _run_page(name: str, report: InjectionReport) -> str:
    counts = _counts(report)
    lines = [
        f"# {name}",
        "",
        f"*Measured.* {report.data.level_of_theory}; features of degree ≤ L = "
        f"{report.measurement.settings.L}; {counts}; preset `{report.preset}`. Force MAE on test "
        f"frames: {_maes(report)} meV/Å.",
        "",
        _figure(name, "recovery", f"{FIGURES['recovery']}. {counts}"),
        *_verdicts(report, counts),
    ]
    for metric, title in METRICS.items():
        rows = [
            (readout.name, curve.values)
            for readout in report.measurement.readouts
            if (curve := readout.curve(metric)) is not None
        ]
        lines += [f"## {title} by degree", "", _by_degree("readout", rows), "", f"{counts}.", ""]
    lines += _amplitudes(report)
    for stem, title in (("seeds", "Seeds of the trained readouts"), ("bootstrap", "Bootstrap")):
        figure = _figure(name, stem, f"{FIGURES[stem]}. {counts}")
        lines += [f"## {title}", "", figure] if figure else []
    lines += ["## Controls", "", _control_table(report), ""]
    lines += ["[What each control is for](../controls.md).", ""]
    cone = _control_counts(report, report.measurement.controls.cone.curves[0]).rstrip(".")
    lines += [_figure(name, "cone", f"{FIGURES['cone']}; {cone}"), "## The molecule", ""]
    lines += [_figure(name, "per_atom", f"{FIGURES['per_atom']}. {counts}"), "## Training", ""]
    training = f"n = {len(report.backbones)}, single curves: no bootstrap, so no B"
    lines += [_figure(name, "training", f"{FIGURES['training']}. {training}")]
    return "\n".join([*lines, *_origin(report), "", *_downloads(name)]) + "\n"


def _amplitudes(report: InjectionReport) -> list[str]:
    """ρ one degree above the boundary where the injected field is weaker or stronger."""
    readouts = [readout for readout in report.measurement.readouts if readout.by_amplitude]
    if not readouts:
        return []
    names = list(readouts[0].by_amplitude or {})
    lines = ["## ρ at dL + 1, by amplitude ε", ""]
    lines += ["| readout | " + " | ".join(f"ε = {name}" for name in names) + " |"]
    lines += ["|---" * (len(names) + 1) + "|"]
    for readout in readouts:
        values = (found.recovery for found in (readout.by_amplitude or {}).values())
        cells = " | ".join(_number(row[readout.verdict.boundary]) for row in values)
        lines.append(f"| {readout.name} | {cells} |")
    return [*lines, "", f"{_counts(report)}.", ""]


def _verdicts(report: InjectionReport, counts: str) -> list[str]:
    lines = [
        "## Verdicts",
        "",
        f"{report.sentence}.",
        "",
        "| readout | weights | dL | R² of the field at dL | first above | ρ at dL | ρ above "
        "| R²_inj at dL | R²_inj above | measured cliff |",
        "|---" * 10 + "|",
    ]
    for readout in report.measurement.readouts:
        edge = readout.verdict.boundary
        cells = " | ".join(
            _with_interval(readout, metric, ell) for metric in METRICS for ell in (edge, edge + 1)
        )
        lines.append(
            f"| {readout.name} | {max(readout.weights):,} | {edge} | {cells} "
            f"| {_measured(readout)} |"
        )
    return [*lines, "", f"95 % intervals; {counts}.", ""]


def _origin(report: InjectionReport) -> list[str]:
    data, frames, environment = report.data, report.frames, report.environment
    versions = ", ".join(f"{k} {v}" for k, v in environment["versions"].items())
    lines = [
        "## Where it comes from",
        "",
        f"- data: `{data.name}`, {data.frames:,} frames, sha256 `{data.sha256[:16]}…`; "
        f"{data.source}",
        f"- frames: {frames.train} to train, {frames.fit} to fit, {frames.held} held out "
        f"({frames.rule})",
        f"- software: Python {environment['python']}, {versions}; {_device(environment)}; commit "
        f"`{(environment.get('git_commit') or 'unknown')[:12]}`",
        f"- measurement: {report.measurement_seconds:.0f} s",
    ]
    return [*lines, f"- note: {report.note}"] if report.note else lines


def _device(environment: dict[str, Any]) -> str:
    name = environment.get("device_name")
    return f"{environment['device']} ({name})" if name else str(environment["device"])


def _downloads(name: str) -> list[str]:
    folder = DOCS / "results" / name
    return [
        f"- {{download}}`{file} <../../results/{name}/{file}>`"
        for file in ("report.json", "table.csv", "per_atom.csv")
        if (folder / file).is_file()
    ]


def _plain_page(name: str, report: dict[str, Any]) -> str:
    """A run of another kind: its figures and its table, with what the report says in words."""
    folder = DOCS / "results" / name
    about = report.get("about") or report.get("title") or "A committed run."
    lines = [f"# {name}", "", str(about), ""]
    caption = str(report.get("caption") or _plain_caption(report))
    stems = {path.stem for pattern in ("*.svg", "*.png") for path in folder.glob(pattern)}
    for stem in sorted(stems):
        lines.append(_figure(name, stem, f"{stem.replace('_', ' ')}. {caption}"))
    table = folder / "table.csv"
    if table.is_file():
        with table.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.reader(stream))
        lines += ["## Table", "", "| " + " | ".join(rows[0]) + " |", "|---" * len(rows[0]) + "|"]
        lines += ["| " + " | ".join(_cell(c) for c in row) + " |" for row in rows[1:MAX_ROWS]]
        more = len(rows) - MAX_ROWS
        lines += ["", caption + "." + (f" {more} more rows in the file." if more > 0 else ""), ""]
    return "\n".join([*lines, *_downloads(name)]) + "\n"


def _plain_caption(report: dict[str, Any]) -> str:
    settings = report.get("settings")
    settings = settings if isinstance(settings, dict) else {}
    n = report.get("n_backbones", report.get("n", settings.get("n")))
    draws = report.get("draws", settings.get("draws"))
    parts = ["n = not stated" if n is None else f"n = {n}"]
    parts.append("no bootstrap (no B)" if draws is None else f"B = {draws:,}")
    return ", ".join(parts)


def _cell(text: str) -> str:
    try:
        return f"{float(text):.4g}".replace("-", "−") if "." in text else text
    except ValueError:
        return text.replace("|", r"\|")
