"""What the reports of published networks say together, each sentence counted from its rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from neural_checks.published.result import PublishedReadout, PublishedReport, Weights
from neural_checks.readouts.verdict import LIMIT
from numeric_checks.readouts.channels import CLOSED_FORM_CHANNELS

__all__ = ["attainable", "demand", "number", "of_weights", "text"]

Reports = Sequence[PublishedReport]


def number(value: float) -> str:
    """Two digits, with a proper minus sign."""
    text = f"{value:.2f}"
    return "0.00" if text == "-0.00" else text.replace("-", "−")


def of_weights(report: PublishedReport, weights: Weights) -> list[PublishedReadout]:
    """The readouts of one set of weights, by degree."""
    return [row for row in report.measurements if row.weights is weights]


def attainable(report: PublishedReport, ell: int) -> float:
    """S_ℓ; 1 where symmetry takes nothing, or ℓ is not known."""
    share = report.attainable
    return share[ell - 1] if share is not None and 1 <= ell <= len(share) else 1.0


def demand(report: Mapping[str, Any] | None) -> str:
    """ℓ* of a data set, as its report of angular demand has it."""
    if report is None:
        return "not measured"
    if report["undecided"]:
        return "undecided"
    return f"{'≥ ' if report['lower_bound'] else ''}{report['demand']}"


def text(reports: Reports, demands: Mapping[str, Mapping[str, Any]]) -> str:
    """A list of sentences; one that has no rows is left out."""
    made = [
        _verdicts(reports),
        _invariant(reports),
        *(_kept(reports, degree) for degree in (1, 2, 3)),
        _systems(reports),
        _symmetry(reports),
        _depth(reports),
        _training(reports),
        _degree_three(reports),
        _forces(reports),
        _listening(reports),
        _demand(reports, demands),
    ]
    return "\n".join(f"- {sentence}" for sentence in made if sentence) + "\n"


def _rows(reports: Reports) -> list[tuple[PublishedReport, PublishedReadout]]:
    """Every readout, those of single layers too."""
    found = [(report, row) for report in reports for row in report.measurements]
    return found + [(report, one.readout) for report in reports for one in report.layers]


def _span(values: Sequence[float]) -> str:
    low, high = number(min(values)), number(max(values))
    return low if low == high else f"{low} to {high}"


def _share(row: PublishedReadout, report: PublishedReport) -> float:
    """R² at dL, as a part of what symmetry leaves."""
    return row.closed.values[row.boundary - 1] / attainable(report, row.boundary)


def _at(report: PublishedReport, degree: int, weights: Weights) -> float | None:
    """R² / S at dL of the readout of one degree; None where it was not made, or L = 0."""
    for row in of_weights(report, weights):
        if row.degree == degree and row.L:
            return _share(row, report)
    return None


def _verdicts(reports: Reports) -> str:
    rows = _rows(reports)
    if not rows:
        return ""
    counts = Counter(row.outcome for _, row in rows)
    above = max(value for _, row in rows for value in row.component.values[row.boundary :])
    named = [
        f"{report.model} on {report.system}, {row.weights}, $d = {row.degree}$: {row.outcome}"
        for report, row in rows
        if row.outcome != "agrees"
    ]
    others = f" ({'; '.join(named)})" if named else ""
    networks = len({report.model for report in reports})
    return (
        f"**The boundary.** Of {len(rows)} readouts of {networks} networks, {counts['agrees']} "
        f"agree with the proved boundary{others}. The largest component-wise $R^2$ above $dL$ is "
        f"{number(above)}.{_misses(rows)}"
    )


def _misses(rows: Sequence[tuple[PublishedReport, PublishedReadout]]) -> str:
    """What the readouts that do not agree have in common, if they recover nothing above dL."""
    others = [row for _, row in rows if row.outcome != "agrees"]
    # The closed form couples to no degree above dL: only the other readout could show a leak.
    above = (value for row in others for value in row.component.high[row.boundary :])
    if not others or any(value > LIMIT for value in above):
        return ""
    return (
        " The others recover nothing above $dL$ either. They miss a degree within it, or leave "
        "one open, and [T4](/statements/t4.md) does not exclude that: it bounds from above."
    )


def _invariant(reports: Reports) -> str:
    rows = [(report, row) for report, row in _rows(reports) if not row.L]
    if not rows:
        return ""
    names = "; ".join(sorted({report.model for report, _ in rows}))
    largest = max(value for _, row in rows for value in row.component.values)
    return (
        f"**Degree 0 alone.** Features of degree 0 (in {names}) give nothing of any degree, for "
        f"any degree of the readout: of {len(rows)} readouts the largest $R^2$ is "
        f"{number(largest)}."
    )


def _kept(reports: Reports, degree: int) -> str:
    found = [(one, _at(one, degree, Weights.TRAINED)) for one in reports]
    kept = {(one.model, one.system): value for one, value in found if value is not None}
    if not kept:
        return ""
    word = {1: "linear", 2: "quadratic", 3: "cubic"}[degree]
    top = max(kept, key=lambda key: kept[key])
    low = min(kept, key=lambda key: kept[key])
    ends = {1: "L", 2: "2L", 3: "3L"}[degree]
    sentence = (
        f"**The {word} readout** recovers {_span(list(kept.values()))} of what symmetry leaves at "
        f"$\\ell = {ends}$ from trained weights with $L \\geq 1$ ({len(kept)} rows)"
    )
    if len(kept) > 1:
        sentence += f": most from {' on '.join(top)}, least from {' on '.join(low)}"
    if degree == 3:
        sentence += (
            f". It takes at most {CLOSED_FORM_CHANNELS[3]} principal channels of each irrep, so "
            "what it misses is no loss of all the features"
        )
    return sentence + "."


def _systems(reports: Reports) -> str:
    values: dict[str, dict[str, float]] = {}
    for report in reports:
        found = _at(report, 2, Weights.TRAINED)
        if found is not None:
            values.setdefault(report.model, {})[report.system] = found
    several = {name: by for name, by in values.items() if len(by) > 1}
    if not several:
        return ""
    spread = {name: max(by.values()) - min(by.values()) for name, by in several.items()}
    told = []
    for name in dict.fromkeys(
        (max(spread, key=spread.__getitem__), min(spread, key=spread.__getitem__))
    ):
        by = several[name]
        low, high = (pick(by, key=by.__getitem__) for pick in (min, max))
        told.append(f"{name}, from {number(by[low])} on {low} to {number(by[high])} on {high}")
    return (
        f"**One network, several systems** (quadratic, at $dL$). Of {len(several)} networks the "
        "system "
        f"matters most to {', and least to '.join(told)}."
    )


def _symmetry(reports: Reports) -> str:
    found = [
        (report, row)
        for report in reports
        if report.attainable is not None
        for row in report.measurements
        if row.L
    ]
    if not found:
        return ""
    raw = [row.closed.values[row.boundary - 1] for _, row in found]
    shares = [_share(row, report) for report, row in found]
    systems = " and ".join(sorted({report.system for report, _ in found}))
    return (
        f"**Symmetry.** On {systems} $R^2$ at $dL$ is {_span(raw)}, and {_span(shares)} of what "
        f"symmetry leaves, $S_\\ell$ ({len(found)} readouts): values below 1 are not all a fault "
        "of the network."
    )


def _depth(reports: Reports) -> str:
    ends, falls = [], 0
    for report in reports:
        values = [
            _share(one.readout, report)
            for one in report.layers
            if one.readout.L == max(other.readout.L for other in report.layers) > 0
        ]
        if len(values) > 1:
            ends.append((values[-1] - values[0], f"{report.model} on {report.system}", values))
            falls += values[-1] < values[0]
    if not ends:
        return ""
    _, name, values = min(ends)
    return (
        f"**Depth.** From the first to the last layer with the largest degree, the share at $dL$ "
        f"falls in {falls} of {len(ends)} rows, most in {name}: {' → '.join(map(number, values))}."
    )


def _training(reports: Reports) -> str:
    pairs = []
    for report in reports:
        own = _at(report, 2, Weights.TRAINED)
        other = _at(report, 2, Weights.SHUFFLED)
        if own is not None and other is not None:
            pairs.append((report, own - other, other))
    if not pairs:
        return ""
    raised = [report for report, change, _ in pairs if change > 0]
    changes = [change for _, change, _ in pairs]
    shuffled = _span([other for *_, other in pairs])
    return (
        f"**Training.** The same networks with shuffled weights keep {shuffled} at $dL = 2L$. "
        f"Trained weights keep more in {len(raised)} of {len(pairs)} rows; the difference is "
        f"{_span(changes)}."
    )


def _degree_three(reports: Reports) -> str:
    values = [
        value
        for report in reports
        for row in of_weights(report, Weights.TRAINED)
        if row.L >= 3 and row.degree == 2
        for value in row.closed.values[4:6]
    ]
    if not values:
        return ""
    return (
        "**What $l = 3$ buys** a quadratic readout is $\\ell = 5$ and 6, which no network with "
        f"$L = 2$ gives: $R^2$ from {number(min(values))} to {number(max(values))} in "
        f"{len(values) // 2} rows."
    )


def _forces(reports: Reports) -> str:
    parts = []
    for system in sorted({report.system for report in reports}):
        rows = sorted(
            (row.force_mae, report.model, row.L)
            for report in reports
            if report.system == system
            for row in of_weights(report, Weights.TRAINED)[:1]
            if row.force_mae is not None
        )
        if len(rows) > 2:
            ends = (f"{mae:,.0f} ({name}, $L = {L}$)" for mae, name, L in (rows[0], rows[-1]))
            parts.append(f"on {system} from {' to '.join(ends)}")
    if not parts:
        return ""
    return (
        "**Forces.** What a readout can recover and how small the force error is are different "
        f"questions. Force errors in meV/Å: {'; '.join(parts)}. The error of a network trained on "
        "another level of theory holds the difference of the two levels."
    )


def _listening(reports: Reports) -> str:
    heard = [report.listening for report in reports if report.listening is not None]
    if not heard:
        return ""
    counts = Counter(one.verdict for one in heard)
    said = ", ".join(f"{count} × {name}" for name, count in sorted(counts.items()))
    tops = " or ".join(str(top) for top in sorted({one.l_max for one in heard}))
    return (
        f"**Listening.** Of {len(heard)} force errors, linear models of degrees up to {tops} say: "
        f"{said} (*training*: degrees ≤ $L$ would lower the error; *degrees*: those above $L$; "
        "*neither*; *undecided* with these few frames)."
    )


def _demand(reports: Reports, demands: Mapping[str, Mapping[str, Any]]) -> str:
    systems = [s for s in demands if any(report.system == s for report in reports)]
    if not systems:
        return ""
    parts = ", ".join(f"{demand(demands[system])} for {system}" for system in systems)
    return (
        "**Demand.** By linear models the forces of the data need degrees up to "
        f"$\\ell^*$ = {parts}; this does not depend on a network."
    )
