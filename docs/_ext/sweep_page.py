"""The tables of the sweeps, from the committed cells alone."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from pathlib import Path

from proof_map import DOCS

Write = Callable[[Path, str], None]
Cell = dict[str, str]

DEGREES = ("1", "2", "3")
#: What tells the settings of a sweep apart, in the order of the column that names them.
SETTING = ("data", "L", "channels", "layers", "architecture", "gates", "trained")


def write_all(write: Write) -> None:
    """The tables that docs/sweep.md includes."""
    for name in ("cliff", "controls", "molecules", "architectures"):
        write(DOCS / "_generated" / f"sweep-{name}.md", table(_cells(name)))
    write(DOCS / "_generated" / "sweep-contrast.md", contrast(_cells("controls")))


def _cells(name: str) -> list[Cell]:
    path = DOCS / "results" / f"sweep-{name}" / "cells.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


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
    return (
        f"{cell['measured']} [{cell['cliff_low']}, {cell['cliff_high']}]; "
        f"{at} / {_number(cell['R2_above'])}"
    )


def _number(text: str) -> str:
    value = f"{float(text):.2f}"
    return "0.00" if value == "-0.00" else value.replace("-", "−")


def contrast(cells: Iterable[Cell]) -> str:
    """G(d_r·L) − G(d_r·L + 1) by amplitude, d_r = 2: trained, most seeds, least force error."""
    every = [cell for cell in cells if cell["trained"] == "True"]
    best = min(every, key=lambda cell: (-int(cell["seeds"]), float(cell["force_mae_meV_per_A"])))
    rows = [
        cell
        for cell in every
        if cell["readout"] == "component-wise"
        and cell["d_r"] == "2"
        and all(cell[name] == best[name] for name in SETTING)
    ]
    rows.sort(key=lambda cell: float(cell["amplitude"]))
    heads = " | ".join(f"ε = {float(cell['amplitude']):g}" for cell in rows)
    values = " | ".join(
        f"{_number(cell['contrast'])} [{_number(cell['contrast_low'])}, "
        f"{_number(cell['contrast_high'])}]"
        for cell in rows
    )
    name = f"{best['channels']} channels, {best['layers']} layers"
    return f"| | {heads} |\n{'|---' * (len(rows) + 1)}|\n| {name} | {values} |\n"
