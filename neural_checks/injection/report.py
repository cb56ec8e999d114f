"""What a run leaves: report.json, table.csv, per_atom.csv, and the tables on the terminal."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

__all__ = ["print_tables", "write"]

_METRICS = ("R2_field", "rho", "G", "R2_inj", "rho_injected")


def write(folder: Path, report: dict[str, Any]) -> None:
    """Write the three files, each whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)

    def table(lines: list[list[Any]]) -> Callable[[TextIO], None]:
        return lambda stream: csv.writer(stream, lineterminator="\n").writerows(lines)

    def text(stream: TextIO) -> None:
        json.dump(report, stream, indent=1)

    for name, put in (
        ("report.json", text),
        ("table.csv", table(_table(report))),
        ("per_atom.csv", table(_per_atom(report))),
    ):
        temporary = folder / f"{name}.writing"
        with temporary.open("w", encoding="utf-8") as stream:
            put(stream)
        os.replace(temporary, folder / name)


def _table(report: dict[str, Any]) -> list[list[Any]]:
    """One line per readout, metric and ℓ; the published values stand in it as well."""
    lines: list[list[Any]] = [
        ["readout", "degree", "ell", "boundary", "metric", "value", "low", "high"]
    ]
    for entry in report["readouts"].values():
        start = [entry["kind"], entry["degree"]]
        proved = entry["verdict"]["boundary"]
        for metric in _METRICS:
            if metric not in entry:
                continue
            pairs = zip(entry[metric], entry[f"{metric}_interval"], strict=True)
            for ell, (value, (low, high)) in enumerate(pairs, start=1):
                numbers = [f"{number:.6g}" for number in (value, low, high)]
                lines.append([*start, ell, proved, metric, *numbers])
    for key, value in report["published"].items():
        metric, ell = key.rsplit("_", 1)
        lines.append(["published", 2, int(ell), 4, metric, f"{value:g}", "", ""])
    return lines


def _per_atom(report: dict[str, Any]) -> list[list[Any]]:
    """Recovery at the boundary for every atom and readout."""
    from ase.data import chemical_symbols

    lines: list[list[Any]] = [["atom", "element", "readout", "degree", "ell", "metric", "value"]]
    for entry in report["readouts"].values():
        ell = entry["verdict"]["boundary"]
        metric = entry["verdict"]["metric"]
        for atom, value in enumerate(entry[f"per_site_{metric}"][ell - 1]):
            symbol = chemical_symbols[report["data"]["numbers"][atom]]
            lines.append(
                [atom, symbol, entry["kind"], entry["degree"], ell, metric, f"{value:.6g}"]
            )
    return lines


def print_tables(report: dict[str, Any], folder: Path) -> None:
    """The tables and one verdict line per readout, on standard output."""
    from rich.console import Console
    from rich.table import Table

    console = Console(width=160)  # the tables need it, also where output is piped
    mae = ", ".join(f"{row['force_mae_meV_per_A']:.1f}" for row in report["backbones"])
    console.print(
        f"{report['data']['name']} ({report['data']['level_of_theory']}): "
        f"n = {report['n_backbones']}, force MAE {mae} meV/Å; "
        f"seed {report['settings']['seed']}"
    )
    for row, errors in zip(report["backbones"], report["equivariance"], strict=True):
        console.print(
            f"backbone {row['seed']}: layer {row['layer'] + 1} of {row['layers']} is read "
            f"({row['layer_irreps']}); equivariance error {max(errors.values()):.1e}"
        )
    longest = max(len(entry["rho"]) for entry in report["readouts"].values())
    for metric, title in (
        ("rho", "recovery ρ(ℓ)"),
        ("R2_inj", "R²_inj(ℓ)"),
        ("R2_field", "R² of the injected field, and controls (quadratic, first backbone)"),
    ):
        table = Table(title=title)
        for head in ("readout", *(f"ℓ={ell}" for ell in range(1, longest + 1))):
            table.add_column(head, justify="right", no_wrap=True)
        for name, entry in report["readouts"].items():
            if metric in entry:
                table.add_row(name, *(f"{value:.3f}" for value in entry[metric]))
        published = {
            int(key.rsplit("_", 1)[1]): value
            for key, value in report["published"].items()
            if key.startswith(metric)
        }
        if published:
            last = max(published)
            cells = (f"{published[k]:.3f}" if k in published else "" for k in range(1, last + 1))
            table.add_row("published, degree 2", *cells)
        if metric == "R2_field":
            for name, values in report["controls"].items():
                if isinstance(values, list):
                    table.add_row(name, *(f"{value:.3f}" for value in values))
                elif isinstance(values, float):
                    console.print(f"{name}: {values:.3f}")
            cone = report["controls"]["rotations within a cone, component-wise"]
            for angle, values in zip(cone["largest_turn_degrees"], cone["R2_field"], strict=True):
                table.add_row(f"turns up to {angle}°", *(f"{value:.3f}" for value in values))
        console.print(table)
    console.print(_sensitivity(report))
    for name, entry in report["readouts"].items():
        console.print(f"{name}: {entry['verdict']['sentence']}; {_cliff(entry)}")
    console.print(f"written to {folder}")


def _sensitivity(report: dict[str, Any]) -> Any:
    """ρ at dL and just above it against ε, and the spread over seeds of the trained readouts."""
    from rich.table import Table

    table = Table(title="ρ(dL) / ρ(dL + 1) by amplitude ε; deviation of R²_inj(dL) over seeds")
    amplitudes = next(
        list(e["amplitude_sensitivity"])
        for e in report["readouts"].values()
        if e["kind"] != "trained"
    )
    for head in ("readout", *(f"ε = {amplitude}" for amplitude in amplitudes), "seeds"):
        table.add_column(head, justify="right", no_wrap=True)
    for name, entry in report["readouts"].items():
        at = entry["verdict"]["boundary"]
        cells = [
            f"{entry['amplitude_sensitivity'][a]['rho'][at - 1]:.3f} / "
            f"{entry['amplitude_sensitivity'][a]['rho'][at]:.3f}"
            if "amplitude_sensitivity" in entry
            else ""
            for a in amplitudes
        ]
        spread = entry.get("seed_standard_deviation_R2_inj")
        table.add_row(name, *cells, "" if spread is None else f"{spread[at - 1]:.3f}")
    return table


def _cliff(entry: dict[str, Any]) -> str:
    cliff, at = entry["rho_cliff"], entry["verdict"]["boundary"]
    head = f"ρ({at})/ρ({at + 1})"
    if cliff["low"] is None:
        return f"{head} has no bound: ρ({at + 1}) is not above 0"
    if cliff["lower_bound_only"]:
        return f"{head} ≥ {cliff['low']:.1f}"
    return f"{head} = {cliff['ratio']:.1f} [{cliff['low']:.1f}, {cliff['high']:.1f}]"
