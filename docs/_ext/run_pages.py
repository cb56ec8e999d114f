"""Pages of measured runs, written from docs/results/<run>/ alone."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from proof_map import DOCS

Write = Callable[[Path, str], None]

FIGURES = {
    "recovery": "{what} on held-out frames against the degree ℓ of the injected field, by degree "
    "and kind of readout. Bars at dL: the proved boundary. Error bars: 95 % intervals",
    "cone": "The leak: R² of the field where frames are turned by at most an angle, component-wise "
    "quadratic readout. Dashed: above dL",
    "per_atom": "The molecule, coloured by R² of the field at the boundary, quadratic closed form",
    "training": "Force error on validation frames while training",
}
METRICS = {"R2_field": "R² of the field", "rho": "Recovery ρ", "R2_inj": "R²_inj"}
MAX_ROWS = 400


def reports() -> dict[str, dict[str, Any]]:
    """Every committed report by the name of its run."""
    return {
        path.parent.name: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(DOCS.glob("results/*/report.json"))
    }


def has_readouts(report: dict[str, Any]) -> bool:
    """Whether the report is one of the injection experiment."""
    entries = report.get("readouts")
    return isinstance(entries, dict) and all("verdict" in e for e in entries.values())


def write_all(write: Write) -> None:
    """The pages of all runs, their index, and the tables that other pages include."""
    found = reports()
    injected = {name: report for name, report in found.items() if has_readouts(report)}
    folder = DOCS / "measured" / "runs"
    for name, report in found.items():
        page = _run_page(name, report) if name in injected else _plain_page(name, report)
        write(folder / f"{name}.md", page)
    listed = "\n".join(found)
    write(
        folder / "index.md",
        "# Runs\n\nOne page per committed run, made from its files while building.\n\n"
        f"{_overview(injected)}\n\n```{{toctree}}\n:maxdepth: 1\n\n{listed}\n```\n",
    )
    for path in folder.glob("*.md"):
        if path.stem not in {*found, "index"}:
            path.unlink()
    generated = DOCS / "_generated"
    write(generated / "first_figure.md", _first_figure(found))
    write(generated / "overview.md", _overview(injected) + "\n")
    write(generated / "published.md", _published(injected) + "\n")
    write(generated / "controls.md", _controls(injected) + "\n")


def _counts(report: dict[str, Any]) -> str:
    n = report["n_backbones"]
    return (
        f"n = {n} backbone{'s' if n > 1 else ''}, {report['frames']['held']} held-out frames, "
        f"B = {report['settings']['draws']:,} bootstrap draws"
    )


def _maes(report: dict[str, Any]) -> str:
    return ", ".join(f"{row['force_mae_meV_per_A']:.0f}" for row in report["backbones"])


def _number(value: float) -> str:
    text = f"{value:.3f}"
    return "0.000" if text == "-0.000" else text.replace("-", "−")


def _with_interval(entry: dict[str, Any], key: str, ell: int) -> str:
    low, high = entry[f"{key}_interval"][ell - 1]
    return f"{_number(entry[key][ell - 1])} [{_number(low)}, {_number(high)}]"


def _measured(entry: dict[str, Any]) -> str:
    verdict = entry["verdict"]
    found = "none" if verdict["measured"] is None else str(verdict["measured"])
    if verdict["agrees"]:
        return f"{found} (agrees)"
    return f"{found} ({'undecided' if verdict.get('undecided') else '**disagrees**'})"


def _overview(runs: dict[str, dict[str, Any]]) -> str:
    lines = [
        "| run | data | n | B | force MAE on test frames, meV/Å | cliffs at the boundary |",
        "|---|---|---|---|---|---|",
    ]
    for name, report in runs.items():
        verdicts = [entry["verdict"]["agrees"] for entry in report["readouts"].values()]
        lines.append(
            f"| [{name}](/measured/runs/{name}.md) | {report['data']['level_of_theory']} "
            f"| {report['n_backbones']} | {report['settings']['draws']:,} | {_maes(report)} "
            f"| {sum(verdicts)} of {len(verdicts)} |"
        )
    return "\n".join(lines)


def _published(runs: dict[str, dict[str, Any]]) -> str:
    """Ours beside the published figures, quadratic readouts with L = 2, at dL and just above."""
    lines = [
        "| source | readout | n | ρ(4) | ρ(5) | R²_inj(4) | R²_inj(5) |",
        "|---|---|---|---|---|---|---|",
    ]
    first = next(iter(runs.values()), None)
    if first is not None:
        p = first["published"]
        lines.append(
            f"| arXiv 2605.08286 | quadratic, trained | 4 | {p['rho_4']} | {p['rho_5']} "
            f"| {p['R2_inj_4']} | {p['R2_inj_5']} |"
        )
    for name, report in runs.items():
        for entry in report["readouts"].values():
            if entry["degree"] == 2 and entry["verdict"]["boundary"] == 4:
                cells = " | ".join(
                    _with_interval(entry, key, ell) for key in ("rho", "R2_inj") for ell in (4, 5)
                )
                lines.append(
                    f"| [{name}](/measured/runs/{name}.md) | quadratic, {entry['kind']} "
                    f"| {report['n_backbones']} | {cells} |"
                )
    draws = sorted({f"{r['settings']['draws']:,}" for r in runs.values()})
    lines.append("")
    lines.append(f"Our intervals: 95 %, B = {' or '.join(draws)} bootstrap draws.")
    return "\n".join(lines)


def _control_rows(report: dict[str, Any]) -> tuple[list[tuple[str, list[float]]], list[str]]:
    rows: list[tuple[str, list[float]]] = []
    scalars = []
    for name, values in report["controls"].items():
        if isinstance(values, dict):  # rotations within a cone of growing angle
            for angle, row in zip(values["largest_turn_degrees"], values["R2_field"], strict=True):
                rows.append((f"turns up to {angle}°", row))
            sites = ", ".join(str(site) for site in values["sites"])
            scalars.append(f"Cone and non-polynomial readout: atoms {sites} only")
        elif isinstance(values, list):
            rows.append((name, values))
        elif isinstance(values, int | float):
            scalars.append(f"{name[0].upper()}{name[1:]}: {_number(values)}")
    return rows, scalars


def _control_table(report: dict[str, Any]) -> str:
    rows, scalars = _control_rows(report)
    note = (
        "R² of the field on held-out frames, quadratic readout, first backbone "
        f"(n = 1, {report['frames']['held']} held-out frames; no bootstrap, so no B)."
    )
    return "\n".join([_by_degree("control", rows), "", note, *(f"\n{t}." for t in scalars)])


def _by_degree(head: str, rows: list[tuple[str, list[float]]]) -> str:
    """A table with one column per degree ℓ; rows may end early."""
    width = max((len(values) for _, values in rows), default=0)
    lines = [
        f"| {head} | " + " | ".join(f"ℓ = {k}" for k in range(1, width + 1)) + " |",
        "|---" * (width + 1) + "|",
    ]
    for name, values in rows:
        cells = [_number(value) for value in values] + [""] * width
        lines.append(f"| {name} | " + " | ".join(cells[:width]) + " |")
    return "\n".join(lines)


def _controls(runs: dict[str, dict[str, Any]]) -> str:
    return "\n\n".join(f"### {name}\n\n{_control_table(report)}" for name, report in runs.items())


def _figure(name: str, stem: str, caption: str) -> str:
    folder = DOCS / "results" / name
    file = next((f for f in (f"{stem}.svg", f"{stem}.png") if (folder / f).is_file()), None)
    if file is None:
        return ""
    return f"```{{figure}} ../../results/{name}/{file}\n:alt: {caption}\n\n{caption}.\n```\n"


def _first_figure(found: dict[str, dict[str, Any]]) -> str:
    """The picture that the README shows first, with a caption from its report."""
    readme = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    match = re.search(r"!\[([^\]]*)\]\(docs/(results/([^/)]+)/[^)]+)\)", readme)
    if match is None or match[3] not in found:
        raise ValueError("the first picture of README.md is not of a run in docs/results")
    report = found[match[3]]
    caption = (
        f"*Measured* on {report['data']['level_of_theory']}: {_shown(report)} of a field of degree "
        f"ℓ, by readouts of degree 1, 2, 3 of features of degree ≤ {report['settings']['L']}. The "
        f"bars are the *proved* boundaries dL. {_counts(report)}. The closed form has nothing to "
        "couple above dL: its zeros there are the theorem. The other readouts know nothing of "
        f"representations: their values there are measurements. [This run](/measured/runs/"
        f"{match[3]}.md)"
    )
    return f"```{{figure}} /{match[2]}\n:alt: {match[1]}\n\n{caption}.\n```\n"


def _shown(report: dict[str, Any]) -> str:
    """What the recovery figure shows; ρ since there are trained readouts, which all have it."""
    trained = any("rho_cliff" in entry for entry in report["readouts"].values())
    return "recovery ρ" if trained else "R²"


def _run_page(name: str, report: dict[str, Any]) -> str:
    counts, data, frames = _counts(report), report["data"], report["frames"]
    what = _shown(report)
    what = what[0].upper() + what[1:]
    training = f"n = {report['n_backbones']}, single curves: no bootstrap, so no B"
    lines = [
        f"# {name}",
        "",
        f"*Measured.* {data['level_of_theory']}; features of degree ≤ L = "
        f"{report['settings']['L']}; {counts}; preset `{report['preset']}`. Force MAE on test "
        f"frames: {_maes(report)} meV/Å.",
        "",
        _figure(name, "recovery", f"{FIGURES['recovery'].format(what=what)}. {counts}"),
        "## Verdicts",
        "",
        "| readout | weights | dL | R² of the field at dL | first above | ρ at dL | ρ above "
        "| R²_inj at dL | R²_inj above | measured cliff |",
        "|---" * 10 + "|",
    ]
    for key, entry in report["readouts"].items():
        edge = entry["verdict"]["boundary"]
        cells = [
            _with_interval(entry, kind, ell) if len(entry.get(kind, ())) >= ell else "–"
            for kind in ("R2_field", "rho", "R2_inj")
            for ell in (edge, edge + 1)
        ]
        weights = max(entry["weights"])
        lines.append(f"| {key} | {weights:,} | {edge} | {' | '.join(cells)} | {_measured(entry)} |")
    lines += ["", f"95 % intervals; {counts}.", ""]
    for metric, title in METRICS.items():
        rows = [(k, e[metric]) for k, e in report["readouts"].items() if metric in e]
        lines += [f"## {title} by degree", "", _by_degree("readout", rows), "", f"{counts}.", ""]
    lines += ["## Controls", "", _control_table(report), ""]
    lines += ["[What each control is for](../controls.md).", ""]
    cone = "first backbone (n = 1; no bootstrap, so no B)"
    lines += [_figure(name, "cone", f"{FIGURES['cone']}; {cone}"), "## The molecule", ""]
    lines += [_figure(name, "per_atom", f"{FIGURES['per_atom']}. {counts}"), "## Training", ""]
    lines += [_figure(name, "training", f"{FIGURES['training']}. {training}")]
    environment = report["environment"]
    versions = ", ".join(f"{k} {v}" for k, v in environment["versions"].items())
    lines += [
        "## Where it comes from",
        "",
        f"- data: `{data['name']}`, {data['frames']:,} frames, sha256 `{data['sha256'][:16]}…`; "
        f"{data['source']}",
        f"- frames: {frames['train']} to train, {frames['fit']} to fit, {frames['held']} held out "
        f"({frames['rule']})",
        f"- software: Python {environment['python']}, {versions}; {_device(environment)}; commit "
        f"`{(environment.get('git_commit') or 'unknown')[:12]}`",
    ]
    if "measurement_seconds" in report:
        lines.append(f"- measurement: {report['measurement_seconds']:.0f} s")
    if report.get("note"):
        lines.append(f"- note: {report['note']}")
    lines += ["", *_downloads(name)]
    return "\n".join(lines) + "\n"


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
