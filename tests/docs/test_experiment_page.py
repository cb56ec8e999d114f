"""The tables of the experiment are those of the reports."""

from __future__ import annotations

import json
from pathlib import Path

import experiment_page

from neural_checks.injection.along import ALONG


def test_every_checkpoint_of_the_training_has_its_row(repository: Path) -> None:
    path = repository / "docs" / "results" / "along" / "along.json"
    points = json.loads(path.read_text(encoding="utf-8"))["points"]
    head, _, *rows = experiment_page.along_table(ALONG.read(path)).splitlines()
    (read,) = {point["layer"] for point in points if point["read"]}
    assert f"layer {read}, the one read" in head
    found = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    assert [row[0] for row in found] == [f"{s:,}" for s in sorted({p["step"] for p in points})]
    for row in found:
        there = [p for p in points if f"{p['step']:,}" == row[0]]
        assert row[1] == f"{there[0]['force_mae']:.1f}"
        shown = [float(cell.split(" ")[0]) for cell in row[2:]]
        by_layer = sorted((p["layer"], round(p["field"]["value"], 3)) for p in there)
        assert shown == [value for _, value in by_layer]
