"""The tables of a run: two csv files, and text for the terminal."""

from __future__ import annotations

from neural_checks.injection.result import InjectionReport, Measurement, Metric, Readout
from numeric_checks.molecules.symbols import SYMBOLS
from numeric_checks.tables import aligned, as_csv, number

__all__ = ["per_atom_csv", "table_csv", "text"]


def table_csv(report: InjectionReport) -> str:
    """One line per readout, metric and ℓ; the published values stand in it as well."""
    lines: list[list[object]] = [
        ["readout", "degree", "ell", "boundary", "metric", "value", "low", "high"]
    ]
    for readout in report.measurement.readouts:
        start = [readout.kind, readout.degree]
        for metric in Metric:
            curve = readout.curve(metric)
            if curve is None:
                continue
            for ell in range(1, len(curve.values) + 1):
                numbers = [f"{value:.6g}" for value in curve.at(ell)]
                lines.append([*start, ell, readout.verdict.boundary, metric, *numbers])
    for metric in Metric:
        for ell, value in report.published_values(metric).items():
            lines.append(["published", 2, ell, 4, metric, f"{value:g}", "", ""])
    return as_csv(lines)


def per_atom_csv(report: InjectionReport) -> str:
    """Recovery at the boundary for every atom and readout."""
    lines: list[list[object]] = [["atom", "element", "readout", "degree", "ell", "metric", "value"]]
    for readout in report.measurement.readouts:
        ell = readout.verdict.boundary
        for atom, value in enumerate(readout.per_site[ell - 1]):
            symbol = SYMBOLS[report.data.numbers[atom]]
            lines.append(
                [atom, symbol, readout.kind, readout.degree, ell, readout.scored, f"{value:.6g}"]
            )
    return as_csv(lines)


def text(report: InjectionReport) -> str:
    """Tables, a verdict per readout, and the verdict on the whole as the last line."""
    measured = report.measurement
    lines = [*_head(report), ""]
    for metric, title in (
        (Metric.RECOVERY, "recovery ρ(ℓ)"),
        (Metric.INJECTED, "R²_inj(ℓ)"),
        (Metric.FIELD, "R² of the injected field, and controls (quadratic)"),
    ):
        lines += [title, *_by_degree(report, metric), ""]
    lines += ["no injection: gain on the force error alone", *_alone(measured), ""]
    lines += [
        "ρ(dL) / ρ(dL + 1) by amplitude ε; deviation of R²_inj(dL) over seeds",
        *_sensitivity(measured),
        "",
    ]
    lines += [
        f"{r.kind}, {r.verdict.sentence}; {_cliff(r)}"
        + (f"; not judged ({r.not_judged})" if r.not_judged else "")
        for r in measured.readouts
    ]
    return "\n".join([*lines, report.sentence])


def _head(report: InjectionReport) -> list[str]:
    maes = ", ".join(
        "not known" if b.force_mae is None else f"{b.force_mae:.1f}" for b in report.backbones
    )
    lines = [
        f"{report.data.name} ({report.data.level_of_theory}): n = {len(report.backbones)}, force "
        f"MAE {maes} meV/Å; seed {report.measurement.settings.seed}"
    ]
    for backbone, errors in zip(report.backbones, report.measurement.equivariance, strict=True):
        lines.append(
            f"backbone {backbone.seed}: layer {backbone.layer + 1} of {backbone.layers} is read "
            f"({backbone.layer_irreps}); equivariance error {max(errors.values()):.1e}"
        )
    return lines


def _by_degree(report: InjectionReport, metric: Metric) -> list[str]:
    measured = report.measurement
    longest = max(len(readout.recovery.values) for readout in measured.readouts)
    rows = [["readout", *(f"ℓ={ell}" for ell in range(1, longest + 1))]]
    for readout in measured.readouts:
        curve = readout.curve(metric)
        if curve is not None:
            rows.append([readout.name, *map(number, curve.values)])
    published = report.published_values(metric)
    if published:
        cells = (published.get(ell) for ell in range(1, max(published) + 1))
        rows.append(
            ["published, degree 2", *("" if value is None else number(value) for value in cells)]
        )
    if metric is Metric.FIELD:
        rows += [[words, *map(number, c.values)] for words, c in measured.controls.rows()]
    return aligned(rows, indent="  ")


def _alone(measured: Measurement) -> list[str]:
    """The gain without injection of every readout that has it, with its interval."""
    rows = []
    for readout in measured.readouts:
        gain = readout.alone
        if gain is not None:
            ends = (gain.low, gain.high)
            known = [number(end) for end in ends if end is not None]
            rows.append([readout.name, number(gain.value), f"[{', '.join(known)}]"])
    return aligned(rows or [["not measured"]], indent="  ")


def _sensitivity(measured: Measurement) -> list[str]:
    """ρ at dL and just above it against ε, and the spread over seeds of the trained readouts."""
    amplitudes = next(list(r.by_amplitude) for r in measured.readouts if r.by_amplitude)
    rows = [["readout", *(f"ε = {amplitude}" for amplitude in amplitudes), "seeds"]]
    for readout in measured.readouts:
        edge = readout.verdict.boundary
        cells = [""] * len(amplitudes)
        if readout.by_amplitude:
            at = [readout.by_amplitude[amplitude].recovery for amplitude in amplitudes]
            cells = [f"{number(row[edge - 1])} / {number(row[edge])}" for row in at]
        spread = readout.seed_deviation(edge)
        rows.append([readout.name, *cells, "" if spread is None else f"{spread:.3f}"])
    return aligned(rows, indent="  ")


def _cliff(readout: Readout) -> str:
    cliff, at = readout.cliff, readout.verdict.boundary
    head = f"ρ({at})/ρ({at + 1})"
    if cliff.low is None:
        return f"{head} has no bound, since ρ({at + 1}) is not above 0"
    if cliff.lower_bound_only or cliff.ratio is None:
        return f"{head} ≥ {cliff.low:.1f}"
    return f"{head} = {cliff.ratio:.1f} [{cliff.low:.1f}, {cliff.high:.1f}]"
