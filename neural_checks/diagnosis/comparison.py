"""Several diagnoses side by side: of different networks, or of every layer of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neural_checks.diagnosis.result import REPORT, DiagnosisReport
from neural_checks.readouts.verdict import LIMIT, Outcome, overall
from neural_checks.schema import Schema, read_json
from numeric_checks.figures import COLORS, legend_above, literal, subplots
from numeric_checks.tables import aligned, as_csv, number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "LAYERS",
    "ComparedRun",
    "LayersReport",
    "RunTable",
    "compare",
    "csv_text",
    "draw",
    "of_layers",
    "read_report",
    "text",
]


@dataclass(frozen=True)
class LayersReport:
    """The diagnoses of every layer of one network, first to last."""

    layers: tuple[DiagnosisReport, ...]
    schema: int = 1

    @property
    def outcome(self) -> Outcome:
        """Disagrees where one layer does, else undecided where one is."""
        return overall(report.outcome for report in self.layers)


LAYERS = Schema(LayersReport, "a report of all layers of a network", 1, {})


def read_report(path: str | Path) -> DiagnosisReport | LayersReport:
    """The report in a file, of one layer or of all; ValueError, naming the file, for another."""
    content = read_json(path)
    schema: Schema[Any] = LAYERS if isinstance(content, dict) and "layers" in content else REPORT
    try:
        found: DiagnosisReport | LayersReport = schema.load(content)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    return found


@dataclass(frozen=True)
class ComparedRun:
    """One row of a comparison: R² by ℓ, with what can be attained and what it costs.

    ``values`` are those that the verdict is about, with the ends of their intervals: the closed
    form's at ℓ ≤ ``boundary``, the component-wise readout's above. ``attainable`` is S_ℓ of T9.
    ``force_mae``, meV/Å; ``multiplications`` per edge and ``components`` per atom are counts;
    ``seconds`` and ``peak_MiB`` those of the run. None where not known.
    """

    name: str
    package: str
    layer: str
    irreps: str
    L: int
    degree: int
    boundary: int
    outcome: Outcome
    values: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    attainable: tuple[float, ...]
    force_mae: float | None
    zero_mae: float | None
    components: int
    multiplications: int
    seconds: float | None
    peak_MiB: float | None
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class RunTable:
    """Runs side by side; ``notes`` say in what they differ besides their networks."""

    data: str
    rows: tuple[ComparedRun, ...]
    notes: tuple[str, ...]
    schema: int = 1

    @property
    def outcome(self) -> Outcome:
        """Disagrees where one run does, else undecided where one is."""
        return overall(row.outcome for row in self.rows)


def compare(reports: Sequence[tuple[str, DiagnosisReport]], any_data: bool = False) -> RunTable:
    """One table of several diagnoses.

    Args:
        reports: names and diagnoses, in the order of the table.
        any_data: take runs on different data too, and say so.

    Raises:
        ValueError: no report; two of one name; runs on different data, unless ``any_data``.
    """
    if not reports:
        raise ValueError("nothing to compare: give at least one run")
    names = [name for name, _ in reports]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"two runs are called {twice[0]!r}: names must differ, as NAME=RUN")
    data = _data(reports)
    if len(data) > 1 and not any_data:
        listed = "; ".join(f"{', '.join(members)}: {what}" for what, members in data.items())
        raise ValueError(f"the runs are on different data ({listed}); --any-data compares them")
    return RunTable(
        data="; ".join(data),
        rows=tuple(_measured(name, report) for name, report in reports),
        notes=tuple(_differences(reports)),
    )


def of_layers(found: LayersReport) -> RunTable:
    """The layers of one network as rows."""
    return compare([(f"layer {k}", report) for k, report in enumerate(found.layers)])


def _data(reports: Sequence[tuple[str, DiagnosisReport]]) -> dict[str, list[str]]:
    """The data of the runs, each with the names of its runs."""
    found: dict[str, list[str]] = {}
    for name, report in reports:
        used = report.data
        what = f"{used.name or 'not stated'} (SHA-256 {used.sha256[:12] or 'not stated'})"
        found.setdefault(what, []).append(name)
    return found


def _differences(reports: Sequence[tuple[str, DiagnosisReport]]) -> list[str]:
    """What besides the network is not the same in all runs, one line each."""
    aspects: dict[str, list[str]] = {
        "data": [report.data.sha256[:12] for _, report in reports],
        "frames": [_frames(report) for _, report in reports],
        "degree of the readout": [str(report.options.degree) for _, report in reports],
        "sites": [f"{len(report.sites)} {report.options.sites}" for _, report in reports],
        "draws": [str(report.options.draws) for _, report in reports],
    }
    lines = []
    for aspect, values in aspects.items():
        if len(set(values)) > 1:
            pairs = zip(reports, values, strict=True)
            listed = ", ".join(f"{name} {value}" for (name, _), value in pairs)
            lines.append(f"{aspect} differ: {listed}")
    unknown = [name for name, report in reports if not report.data.frames_sha256]
    if unknown and len(reports) > 1:
        lines.append(f"which frames were used is not known of {', '.join(unknown)}")
    return lines


def _frames(report: DiagnosisReport) -> str:
    used = report.data
    which = f" {used.frames_sha256[:8]}" if used.frames_sha256 else ""
    return f"{used.fit}+{used.held}{which}"


def _measured(name: str, report: DiagnosisReport) -> ComparedRun:
    joined = report.closed.followed_by(report.component, report.boundary)
    provenance = report.provenance or {}
    own = report.costs[0]
    layer = report.network.get("layer")
    return ComparedRun(
        name=name,
        package=str(report.network.get("package", "not stated")),
        layer="" if layer is None else str(layer),
        irreps=report.irreps,
        L=report.L,
        degree=report.options.degree,
        boundary=report.boundary,
        outcome=report.outcome,
        values=joined.values,
        low=joined.low,
        high=joined.high,
        attainable=report.attainable or (1.0,) * len(joined.values),
        force_mae=report.force_mae,
        zero_mae=report.zero_mae,
        components=own.components,
        multiplications=own.multiplications,
        seconds=provenance.get("seconds"),
        peak_MiB=provenance.get("peak_MiB"),
        warnings=report.warnings,
    )


def text(found: RunTable) -> str:
    """Plain text: one line a run, warnings and differences first."""
    degrees = range(1, max(len(row.values) for row in found.rows) + 1)
    head = ["", "L", "d", "dL", *(f"ℓ = {ell}" for ell in degrees)]
    head += ["MAE", "verdict", "components", "products/edge", "s", "MiB"]
    rows = [head]
    for row in found.rows:
        cells = [number(v) + ("*" if k >= row.boundary else "") for k, v in enumerate(row.values)]
        cells += [""] * (len(degrees) - len(cells))
        first = (row.name, str(row.L), str(row.degree), str(row.boundary))
        counts = (f"{row.components:,}", f"{row.multiplications:,}")
        run = (number(row.seconds, 0), number(row.peak_MiB, 0))
        rows.append([*first, *cells, number(row.force_mae, 0), row.outcome.value, *counts, *run])
    for share in dict.fromkeys(row.attainable for row in found.rows):
        if min(share) < 1:
            rows.append(["attainable S_ℓ", "", "", "", *map(number, share)])
    warned = [f"WARNING: {row.name}: {line}" for row in found.rows for line in row.warnings]
    return "\n".join(
        [
            *warned,
            *(f"note: {line}" for line in found.notes),
            f"data: {found.data}",
            "R² of a field of degree ℓ (* above the boundary dL); force MAE in meV/Å",
            "",
            *aligned(rows),
        ]
    )


_COLUMNS = (
    "name", "package", "layer", "irreps", "L", "degree", "boundary", "outcome", "ell", "R2",
    "low", "high", "attainable", "force_mae_meV_per_A", "zero_mae_meV_per_A", "components",
    "multiplications", "seconds", "peak_MiB",
)  # fmt: skip


def csv_text(found: RunTable) -> str:
    """A line for every run and degree, with a header."""
    lines: list[Sequence[object]] = [_COLUMNS]
    for row in found.rows:
        curves = zip(row.values, row.low, row.high, row.attainable, strict=True)
        for ell, curve in enumerate(curves, start=1):
            first = (row.name, row.package, row.layer, row.irreps, row.L, row.degree, row.boundary)
            last = (row.force_mae, row.zero_mae, row.components, row.multiplications)
            lines.append((*first, row.outcome.value, ell, *curve, *last, row.seconds, row.peak_MiB))
    return as_csv(lines)


def draw(found: RunTable) -> Figure:
    """Left: R² against ℓ, one line a run, with S_ℓ; right: R² / S_ℓ by run, up to the boundary."""
    height = max(4.6, 1.8 + 0.32 * len(found.rows))
    drawing, (left, right) = subplots(1, 2, figsize=(11.5, height), width_ratios=[1.0, 1.1])
    _draw_curves(left, found)
    legend_above(drawing, left, columns=4, fontsize=7)
    image = _draw_table(right, found)
    drawing.colorbar(image, ax=right, label="R² / S_ℓ")
    drawing.supxlabel(f"data: {literal(found.data)}; 95 % intervals over frames", fontsize=8)
    return drawing


def _draw_curves(axes: Any, found: RunTable) -> None:
    for k, row in enumerate(found.rows):
        degrees = np.arange(1, len(row.values) + 1) + 0.04 * (k - len(found.rows) / 2)
        values = np.array(row.values)
        spread = np.abs(np.array([row.low, row.high]) - values)
        color, marker = COLORS[k % len(COLORS)], "os^Dv"[k // len(COLORS) % 5]
        name = literal(row.name)
        axes.errorbar(degrees, values, spread, color=color, marker=marker, ms=4, label=name)
        axes.axvline(row.boundary + 0.5, color=color, alpha=0.25, lw=3)
    for share in dict.fromkeys(row.attainable for row in found.rows):
        if min(share) < 1:
            places = np.arange(1, len(share) + 1)
            axes.plot(places, share, color="0.3", marker="_", ms=12, ls="none", label="S_ℓ")
    axes.axhline(0, color="0.7", lw=0.8)
    axes.set_xlabel("degree ℓ of the field")
    axes.set_ylabel("R², held-out frames")
    axes.set_title("bars: the proved boundaries dL")


def _draw_table(axes: Any, found: RunTable) -> Any:
    most = max(len(row.values) for row in found.rows)
    values = np.full((len(found.rows), most), np.nan)
    for k, row in enumerate(found.rows):
        shares = np.array(row.attainable)
        parts = np.where(shares > LIMIT, np.array(row.values) / np.maximum(shares, LIMIT), np.nan)
        values[k, : len(parts)] = parts
        axes.plot([row.boundary - 0.5] * 2, [k - 0.5, k + 0.5], color="white", lw=3)
    image = axes.imshow(values, aspect="auto", cmap="viridis", vmin=0, vmax=1)
    for (k, ell), value in np.ndenumerate(values):
        if np.isfinite(value):
            shade = "black" if value > 0.6 else "white"
            axes.text(ell, k, number(value, 2), ha="center", va="center", fontsize=7, color=shade)
    axes.set_xticks(range(most), [str(ell) for ell in range(1, most + 1)])
    names = [literal(row.name) for row in found.rows]
    axes.set_yticks(range(len(found.rows)), names, fontsize=8)
    axes.set_xlabel("degree ℓ of the field")
    axes.set_title("share of what can be read")
    return image
