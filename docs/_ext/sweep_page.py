"""The tables of the sweeps and what they say, from the committed files alone."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from proof_map import DOCS

from neural_checks.sweep.result import telling

Write = Callable[[Path, str], None]
Cell = dict[str, str]

NAMES = ("cliff", "controls", "molecules", "architectures")
DEGREES = ("1", "2", "3")
#: What tells the settings of a sweep apart, in the order of the column that names them.
SETTING = ("data", "L", "channels", "layers", "architecture", "gates", "trained")


def write_all(write: Write) -> None:
    """The tables that docs/sweep.md includes."""
    for name in NAMES:
        cells = _cells(name)
        write(DOCS / "_generated" / f"sweep-{name}.md", table(cells))
        write(DOCS / "_generated" / f"sweep-{name}-said.md", said(cells, _summary(name)))
    cliff, controls, molecules = map(_cells, NAMES[:3])
    write(DOCS / "_generated" / "sweep-runs.md", runs())
    write(DOCS / "_generated" / "sweep-equal.md", equal_boundaries(cliff))
    write(DOCS / "_generated" / "sweep-contrast.md", contrast(controls))
    write(DOCS / "_generated" / "sweep-contrast-said.md", contrast_said(controls))
    write(DOCS / "_generated" / "sweep-least.md", least(molecules))


def _cells(name: str) -> list[Cell]:
    path = DOCS / "results" / f"sweep-{name}" / "cells.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _summary(name: str) -> dict[str, Any]:
    return _read(DOCS / "results" / f"sweep-{name}" / "summary.json")


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def jobs(name: str) -> list[dict[str, Any]]:
    """The files of the jobs of a sweep."""
    return [_read(path) for path in sorted(DOCS.glob(f"results/sweep-{name}/jobs/*.json"))]


def runs() -> str:
    """One row a sweep and package: what was trained and measured, and how the sweep ended."""
    lines = [
        "| sweep | package | networks | L | channels | layers | cut-off, Å | steps of training "
        "| frames fitted, held out | seconds for one, on the clock | exit code |",
        "|---" * 11 + "|",
    ]
    for name in NAMES:
        found, exit_code = jobs(name), _summary(name)["exit_code"]
        for package in dict.fromkeys(job["backbone"]["package"] for job in found):
            of = [job for job in found if job["backbone"]["package"] == package]
            networks = [job["backbone"] for job in of]
            measured = [job["job"]["measure"] for job in of]
            trained = [job["backbone"] for job in of if job["job"]["trained"]]
            seconds = "trained apart"
            if not any(job["job"]["features"] for job in of):
                seconds = _ends([round(job["provenance"]["seconds"]) for job in of])
            cells = [
                f"{{download}}`{name} </results/sweep-{name}/cells.csv>`", package,
                str(len(of)), _ends([job["L"] for job in of]),
                *(_ends([one[key] for one in networks]) for key in ("channels", "layers")),
                _ends([one["cutoff"] for one in networks]),
                _each([one["steps"] for one in trained]),
                f"{_each([m['fit'] for m in measured])}, {_each([m['held'] for m in measured])}",
                seconds, str(exit_code),
            ]  # fmt: skip
            lines.append(f"| {' | '.join(cells)} |")
    settings = {
        tuple(job["job"]["train"][key] for key in ("train", "batch"))
        for name in NAMES
        for job in jobs(name)
        if job["job"]["trained"] and not job["job"]["features"]
    }
    if len(settings) != 1:
        raise ValueError(f"networks of the sweeps were trained on different frames: {settings}")
    ((frames, batch),) = settings
    draws = {_read(DOCS / "results" / f"sweep-{n}" / "config.json").get("bootstrap") for n in NAMES}
    if draws != {None}:
        raise ValueError("a sweep has a number of draws of its own, which the page must say")
    return "\n".join(lines) + (
        f"\n\nNetworks of nequip were trained on {frames:,} frames, {batch} in a step, and "
        "measured "
        "on all atoms.\n"
    )


def _ends(values: Sequence[float]) -> str:
    low, high = min(values), max(values)
    return f"{low:,g}" if low == high else f"{low:,g}–{high:,g}"


def _each(values: Sequence[int]) -> str:
    return " or ".join(f"{value:,}" for value in sorted(set(values)))


def _polynomial_cells(cells: Iterable[Cell]) -> list[Cell]:
    return [cell for cell in cells if float(cell["amplitude"]) == 1 and cell["d_r"]]


def said(cells: Sequence[Cell], summary: dict[str, Any]) -> str:
    """How many cliffs of polynomial readouts are at the boundary, and every one that is not."""
    wanted = _polynomial_cells(cells)
    agree = [cell for cell in wanted if cell["outcome"] == "agrees"]
    text = (
        f"Of {len(wanted)} cliffs of polynomial readouts (closed form and component-wise) "
        f"{'all' if len(agree) == len(wanted) else len(agree)} are at $d_rL$"
    )
    rest = [cell for cell in wanted if cell["outcome"] != "agrees"]
    if rest:
        told = (
            f"{cell['data']}, {cell['readout']}, $d_r$ = {cell['d_r']}: {cell['outcome']} "
            f"(R² at and above $d_rL$: {_with_ends(cell, 'R2_at')} and "
            f"{_with_ends(cell, 'R2_above')}; of its {cell['seeds']} networks alone, "
            f"{cell['alone']} "
            "agree)"
            for cell in rest
        )
        text += f"; the others are: {'; '.join(told)}"
    free = [cell for cell in cells if float(cell["amplitude"]) == 1 and not cell["d_r"]]
    beyond = [cell for cell in free if cell["outcome"] == "agrees"]
    return (
        f"{text}. The readout that is not polynomial went beyond the boundary, or recovered "
        "nothing "
        f"where L = 0, in {len(beyond)} of {len(free)} settings, as expected. The sweep ended with "
        f"exit code {summary['exit_code']}.\n"
    )


def _with_ends(cell: Cell, name: str) -> str:
    value, low, high = (cell[f"{name}{end}"] for end in ("", "_low", "_high"))
    return f"{_number(value)} [{_number(low)}, {_number(high)}]" if value else "–"


def equal_boundaries(cells: Sequence[Cell]) -> str:
    """The pairs of settings with one boundary from different L and d_r, and their cliffs."""
    wanted = [
        cell
        for cell in _polynomial_cells(cells)
        if cell["readout"] == "component-wise" and int(cell["L"]) > 0
    ]
    told = [
        f"L = {a['L']}, $d_r$ = {a['d_r']} and L = {b['L']}, $d_r$ = {b['d_r']} have the boundary "
        f"{a['boundary']}; the measured cliffs are {a['measured'] or 'undecided'} and "
        f"{b['measured'] or 'undecided'}"
        for a, b in combinations(wanted, 2)
        if a["boundary"] == b["boundary"]
    ]
    return "The same boundary in two ways, component-wise: " + "; ".join(told) + ".\n"


def least(cells: Sequence[Cell]) -> str:
    """The data of which least is recovered at the boundary, by the degree of the readout."""
    told = []
    for degree in DEGREES:
        at = [
            cell
            for cell in _polynomial_cells(cells)
            if cell["readout"] == "component-wise" and cell["d_r"] == degree
        ]
        low = min(at, key=lambda cell: float(cell["R2_at"]))
        told.append(f"`{low['data']}` for $d_r$ = {degree} ({_number(low['R2_at'])})")
    return f"The least recovered at $d_rL$ is that of {', '.join(told)}.\n"


def table(cells: Iterable[Cell]) -> str:
    """One row a setting: the cliff with its interval, and R² at and one above d_r·L."""
    settings: dict[tuple[str, ...], dict[str, Cell]] = {}
    for cell in cells:
        if float(cell["amplitude"]) == 1 and cell["readout"] != "closed form":
            key = tuple(cell[name] for name in SETTING)
            settings.setdefault(key, {})[cell["d_r"]] = cell
    varied = [len({key[place] for key in settings}) > 1 for place in range(len(SETTING))]
    lines = [
        "| setting | n | force MAE, meV/Å | $d_r$ = 1 | $d_r$ = 2 | $d_r$ = 3 "
        "| not polynomial, R² above every $d_rL$ |",
        "|---" * 7 + "|",
    ]
    for key, by_degree in settings.items():
        first = by_degree["1"]
        free = by_degree[""]
        lines.append(
            f"| {_label(key, varied)} | {first['seeds']} "
            f"| {float(first['force_mae_meV_per_A']):.0f} "
            f"| {' | '.join(_polynomial(by_degree[degree]) for degree in DEGREES)} "
            f"| {_number(free['R2_above'])} at ℓ = {int(free['boundary']) + 1} |"
        )
    return "\n".join(lines) + "\n"


def _label(key: tuple[str, ...], varied: list[bool]) -> str:
    data, L, channels, layers, architecture, gates, trained = key
    words = (
        data, f"L = {L}", f"{channels} channels", f"{layers} layers", architecture,
        "tanh gates" if gates == "tanh" else "",
    )  # fmt: skip
    said = [word for word, changes in zip(words, varied, strict=False) if changes and word]
    return ", ".join(said + ([] if trained == "True" else ["untrained"]))


def _polynomial(cell: Cell) -> str:
    at = _number(cell["R2_at"]) if cell["R2_at"] else "–"
    measured = cell["measured"] or cell["outcome"]
    return (
        f"{measured} [{cell['cliff_low']}, {cell['cliff_high']}]; "
        f"{at} / {_number(cell['R2_above'])}"
    )


def _number(text: str) -> str:
    value = f"{float(text):.2f}"
    return "0.00" if value == "-0.00" else value.replace("-", "−")


def _contrasts(cells: Iterable[Cell]) -> list[Cell]:
    """d_r = 2, component-wise, by amplitude: the setting that :func:`telling` puts first."""

    def order(cell: Cell) -> tuple[bool, int, float]:
        error = cell["force_mae_meV_per_A"]
        return telling(
            cell["trained"] == "True", int(cell["seeds"]), float(error) if error else None
        )

    every = list(cells)
    best = min(every, key=order)
    rows = [
        cell
        for cell in every
        if cell["readout"] == "component-wise"
        and cell["d_r"] == "2"
        and all(cell[name] == best[name] for name in SETTING)
    ]
    return sorted(rows, key=lambda cell: float(cell["amplitude"]))


def contrast(cells: Iterable[Cell]) -> str:
    """G(d_r·L) − G(d_r·L + 1) by amplitude, with its interval."""
    rows = _contrasts(cells)
    heads = " | ".join(f"ε = {float(cell['amplitude']):g}" for cell in rows)
    values = " | ".join(_with_ends(cell, "contrast") for cell in rows)
    name = f"{rows[0]['channels']} channels, {rows[0]['layers']} layers"
    return f"| | {heads} |\n{'|---' * (len(rows) + 1)}|\n| {name} | {values} |\n"


def contrast_said(cells: Iterable[Cell]) -> str:
    """At how many amplitudes the interval of the contrast is above zero."""
    rows = _contrasts(cells)
    above = sum(float(cell["contrast_low"]) > 0 for cell in rows)
    return (
        f"Its interval is above zero at {above} of {len(rows)} amplitudes ($d_r$ = 2, "
        "component-wise; of the trained networks with the most seeds, those with the least force "
        "error):\n"
    )
