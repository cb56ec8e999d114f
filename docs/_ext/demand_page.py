"""The tables of angular demand: data, networks beside it, cost; from committed results alone."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import demand_made
import demand_said
from proof_map import DOCS

from numeric_checks.demand.result import least_degree

Write = Callable[[Path, str], None]

RESULTS = DOCS / "results" / "demand"
VALIDATION = RESULTS / "validation" / "report.json"
COST = DOCS / "results" / "benchmarks" / "demand.json"


def write_all(write: Write) -> None:
    """The tables that docs/demand.md includes."""
    reports = {
        path.parent.name: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(RESULTS.glob("*/report.json"))
        if path != VALIDATION
    }
    validation, cost = (json.loads(path.read_text(encoding="utf-8")) for path in (VALIDATION, COST))
    for name, text in {
        "demand": table(reports),
        "demand-ratios": ratios(validation),
        "demand-seeds": seeds(validation),
        "demand-training": training(validation),
        "demand-longer": longer(validation),
        "demand-agreement": agreement(validation),
        "demand-networks": networks(validation),
        "demand-said": demand_said.text(validation),
        "demand-made": demand_made.text(),
        "demand-settings": settings(reports),
        "demand-cost": costs(cost),
        "demand-listening": listening(),
    }.items():
        write(DOCS / "_generated" / f"{name}.md", text)


def table(reports: dict[str, dict[str, Any]]) -> str:
    """The error by ℓ, the ratios and ℓ*; one row a data set, number of factors and size."""
    top = max((len(report["curve"]) for report in reports.values()), default=0)
    heads = " | ".join(f"ℓ ≤ {ell}" for ell in range(top))
    lines = [
        f"| data | factors | size | {heads} | ratios from ℓ = 1 on | ℓ* |",
        "|---|---|---|" + "---|" * (top + 2),
    ]
    for name, report in reports.items():
        for part in (report, *report["fewer_factors"]):
            if part["factors"] < 2:
                continue
            for size, key in (("full", "curve"), ("equal weights", "matched")):
                errors = [point["mae"] for point in part[key]]
                if not errors:
                    continue
                cells = [f"{error:.1f}" for error in errors] + ["–"] * (top - len(errors))
                ratios = ", ".join(
                    f"{after / before:.2f}" for before, after in pairwise(errors[1:])
                )
                star = _star(report, part, key)
                lines.append(
                    f"| {{download}}`{name} </results/demand/{name}/table.txt>` "
                    f"| {part['factors']} | {size} | {' | '.join(cells)} | {ratios} "
                    f"| {star} |"
                )
    return "\n".join(lines) + "\n"


def settings(reports: dict[str, dict[str, Any]]) -> str:
    """Radial functions, cut-off and frames of the reports; where most agree, the others by name."""
    lines = []
    for key, words in (("radial", "radial functions"), ("cutoff", "Å of cut-off")):
        values = {name: report["settings"][key] for name, report in reports.items()}
        usual = max(values.values(), key=list(values.values()).count)
        rest = [f"{name} {value:g}" for name, value in values.items() if value != usual]
        lines.append(f"{usual:g} {words}" + (f" ({', '.join(rest)})" if rest else ""))
    return (
        "Mean absolute error of a force component in meV/Å on held-out frames; "
        f"{', '.join(lines)}. The rows of one name are a committed report, "
        "`docs/results/demand/NAME/report.json`, with settings, source and checksum.\n"
    )


def _star(report: dict[str, Any], part: dict[str, Any], key: str) -> str:
    if report["undecided"]:
        return "undecided"
    if key == "matched":
        errors = [point["mae"] for point in part[key]]
        found = least_degree(errors, report["settings"]["level"])
        return f"{'≥ ' if 0 < found == len(errors) - 1 else ''}{found}"
    return f"{'≥ ' if part['lower_bound'] else ''}{part['demand']}"


def _markdown(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"


def _curve(found: dict[str, Any]) -> tuple[int, str]:
    return found["factors"], found["size"]


def _heading(curve: tuple[int, str]) -> str:
    return f"ν = {curve[0]}, {'full size' if curve[1] == 'full' else 'equal weights'}"


def ratios(validation: dict[str, Any]) -> str:
    """One row a pair of L: the ratio measured with its spread, and what every curve foretold."""
    curves = sorted({_curve(row) for row in validation["ratios"]})
    rows: dict[tuple[Any, ...], dict[Any, Any]] = {}
    for row in validation["ratios"]:
        key = tuple(row[name] for name in ("data", "architecture", "steps", "L"))
        rows.setdefault(key, {"row": row})[_curve(row)] = row["foretold"]
    return _markdown(
        [
            "data", "network", "seeds", "L", "below the linear model", "measured",
            *map(_heading, curves),
        ],
        [
            [
                data, architecture, str(len(values["row"]["seeds"].split())), f"{L} → {L + 1}",
                "yes" if values["row"]["below_linear_model"] else "no", _spread(values["row"]),
                *(f"{values[curve]:.2f}" if curve in values else "–" for curve in curves),
            ]
            for (data, architecture, _, L), values in rows.items()
        ],
    )  # fmt: skip


def _spread(row: dict[str, Any]) -> str:
    several = len(row["seeds"].split()) > 1
    ends = f" ({row['measured_low']:.2f}–{row['measured_high']:.2f})" if several else ""
    return f"**{row['measured']:.2f}**{ends}"


def seeds(validation: dict[str, Any]) -> str:
    """How far the ratio of one seed is off the mean."""
    spread = validation["seeds_differ"]
    if spread is None:
        return "One seed was trained.\n"
    return (
        "The ratio of one seed is off the mean over seeds by a factor of "
        f"{math.exp(spread):.2f} (one standard deviation).\n"
    )


def training(validation: dict[str, Any]) -> str:
    """One row a pair of L: the ratio of validation errors in the course of the training."""
    found = validation["training"]
    text = _markdown(
        [
            "networks", "L", "seeds",
            *(f"at {share:.0%} of the steps" for share in found["shares"]), "test",
        ],
        [
            [
                one["series"], f"{one['L']} → {one['L'] + 1}", str(len(one["seeds"])),
                *("–" if ratio is None else f"{ratio:.2f}" for ratio in one["during"]),
                f"{one['tested']:.2f}",
            ]
            for one in found["courses"]
        ],
    )  # fmt: skip
    told = found["sentence"]
    return f"{text}\n{told[0].upper()}{told[1:]}.\n"


def longer(validation: dict[str, Any]) -> str:
    """One row a pair of L: the ratio after fewer and after more steps."""
    found = validation["training"]["longer"]
    if not found:
        return "No network was trained for more steps.\n"
    return _markdown(
        ["data", "network", "L", "seeds", "steps", "ratio", "error of L + 1 fell to"],
        [
            [
                one["data"], one["architecture"], f"{one['L']} → {one['L'] + 1}",
                str(len(one["seeds"])), " → ".join(f"{steps:,}" for steps in one["steps"]),
                " → ".join(f"{ratio:.2f}" for ratio in one["ratios"]), f"{one['fell']:.0%}",
            ]
            for one in found
        ],
    )  # fmt: skip


def agreement(validation: dict[str, Any]) -> str:
    """One row a curve: rank correlation with its interval, and how far the ratios are off."""

    def number(value: float | None) -> str:
        return "–" if value is None else f"{value:.2f}"

    return _markdown(
        [
            "demand", "from L", "networks", "pairs", "data sets", "rank correlation [95 %]",
            "p", "at the same L",
            "measured / foretold", "off by a factor", "best constant: off by",
        ],
        [
            [
                _heading(_curve(one["curve"])),
                str(one["first"]), "below the linear model" if one["below"] else "all",
                str(one["pairs"]), str(one["sets"]),
                number(one["rank"])
                + ("" if one["low"] is None else f" [{one['low']:.2f}, {one['high']:.2f}]"),
                number(one["p"]), number(one["within"]),
                *(number(math.exp(one[name])) for name in ("bias", "spread", "constant")),
            ]
            for one in validation["agreement"]
        ],
    )  # fmt: skip


def _word(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def networks(validation: dict[str, Any]) -> str:
    """One row a network: its error, and whether it still fell when the training ended."""
    told = {True: "yes", False: "no", None: "not known"}
    places = ("data", "architecture", "steps", "L", "seed")
    found = sorted(validation["networks"], key=lambda one: [one[name] for name in places])
    return _markdown(
        [
            "data", "network", "steps", "L", "seed", "channels", "test error, meV/Å",
            "fell over the last quarter by", "still falling",
        ],
        [
            [
                *(_word(one[name]) for name in (*places, "channels")),
                f"{one['mae']:.1f}",
                "–" if one["last_fall"] is None else f"{one['last_fall']:.1%}",
                told[one["falling"]],
            ]
            for one in found
        ],
    )  # fmt: skip


def listening() -> str:
    """One row a network listened to by a diagnosis, and on how many frames."""

    def shown(share: dict[str, float]) -> str:
        return f"{share['value']:.2f} [{share['low']:.2f}, {share['high']:.2f}]"

    rows, frames = [], set()
    for path in sorted(RESULTS.glob("listening/*/report.json")):
        report = json.loads(path.read_text(encoding="utf-8"))
        heard = report["listening"]
        frames.add(report["data"]["held"])
        rows.append(
            [
                f"[{report['data']['name']}](results/demand/listening/{path.parent.name}/table.txt)",
                str(heard["L"]), f"{heard['mae_meV_per_A']:.1f}",
                *(shown(heard[name]) for name in ("within", "beyond", "beyond_equal", "control")),
                report["decision"],
            ]
        )  # fmt: skip
    table = _markdown(
        [
            "data", "L", "error, meV/Å", "degrees ≤ L explain", "up to l_max more",
            "more at equal weights", "control", "decision",
        ],
        rows,
    )  # fmt: skip
    held = " or ".join(map(str, sorted(frames)))
    return f"{table}\nOn {held} frames of the test part. Intervals of 95 % over blocks of frames.\n"


def _seconds(row: dict[str, Any]) -> str:
    """CPU seconds of the process; of columns without the start of the process."""
    return f"{row['part_s']:.1f}" if "part_s" in row else f"{row['cpu_s']:.0f}"


def costs(result: dict[str, Any]) -> str:
    """One row a process: CPU seconds, memory, and the error that was reached."""
    rows = []
    for row in result["rows"]:
        what = [
            row["program"],
            *(str(row[name]) for name in ("factors", "l_max", "frames")),
            f"{row['cutoff']:g}",
            str(row.get("pairs_of_a_frame", "–")),
        ]
        measured = ["–", "–", "–", row["failure"]] if "failure" in row else [
            str(row["weights"]), _seconds(row), f"{row['peak_MB']:,}",
            f"{row['mae_meV_per_A']:.1f}" if "mae_meV_per_A" in row else "–",
        ]  # fmt: skip
        rows.append([*what, *measured])
    return _markdown(
        [
            "program", "factors", "ℓ ≤", "frames", "cut-off, Å", "pairs of a frame",
            "weights of the largest model", "CPU s", "peak MB", "error, meV/Å",
        ],
        rows,
    )  # fmt: skip
