"""Networks on made clusters, whose forces need one known degree, beside the linear models."""

from __future__ import annotations

import json
from typing import Any

from proof_map import DOCS

from numeric_checks.demand.result import least_degree

FOLDER = DOCS / "results" / "demand" / "validation" / "clusters"


def text() -> str:
    """One table, two rows a data set: errors of networks by L, and of linear models by ℓ."""
    validation = _read("report.json")
    level = validation["level"]
    errors: dict[str, dict[int, list[float]]] = {}
    for one in validation["networks"]:
        errors.setdefault(one["data"], {}).setdefault(one["L"], []).append(one["mae"])
    top = max(L for by_degree in errors.values() for L in by_degree)
    heads = " | ".join(f"L or ℓ = {L}" for L in range(top + 1))
    lines = [f"| ℓ0 | meV/Å | {heads} | stops at |", "|---|---|" + "---|" * (top + 2)]
    for name, by_degree in sorted(errors.items()):
        networks = [sum(by_degree[L]) / len(by_degree[L]) for L in range(top + 1)]
        linear = [point["mae"] for point in _read(name, "report.json")["curve"]][: top + 1]
        for kind, values in (("NequIP", networks), ("linear model", linear)):
            shown = " | ".join(f"{value:.1f}" for value in values)
            stop = least_degree(values, level)
            lines.append(f"| {name.rpartition('_')[2]} | {kind} | {shown} | {stop} |")
    return "\n".join(lines) + "\n"


def _read(*place: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(FOLDER.joinpath(*place).read_text(encoding="utf-8"))
    return found
