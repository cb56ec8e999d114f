"""The tables of the experiment are those of the reports."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import experiment_page
import pytest
import run_pages

from neural_checks.injection.along import ALONG
from neural_checks.readouts.verdict import LIMIT


@pytest.fixture(params=("along", "along-L3"))
def path(request: pytest.FixtureRequest, repository: Path) -> Path:
    """The record of the checkpoints of a training."""
    return repository / "docs" / "results" / str(request.param) / "along.json"


def test_every_record_of_checkpoints_is_shown(repository: Path) -> None:
    found = sorted(repository.glob("docs/results/along*/along.json"))
    assert [path.parent.name for path in found] == ["along", "along-L3"]
    for path in found:
        course = experiment_page.course(path)
        assert experiment_page.along_table(ALONG.read(path)) in course
        assert course.count(f"/results/{path.parent.name}/along.") == 2
        assert (path.parent / "along.png").is_file()


def test_every_checkpoint_of_the_training_has_its_row(path: Path) -> None:
    points = json.loads(path.read_text(encoding="utf-8"))["points"]
    head, _, *rows = experiment_page.along_table(ALONG.read(path)).splitlines()
    (read,) = {point["layer"] for point in points if point["read"]}
    assert f"layer {read}, the one read" in head
    rows = rows[: rows.index("")]
    found = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    places = sorted({(point["seed"], point["step"]) for point in points})
    assert [(row[0], row[1]) for row in found] == [(f"{a}", f"{b:,}") for a, b in places]
    for row, place in zip(found, places, strict=True):
        there = [point for point in points if (point["seed"], point["step"]) == place]
        assert row[2] == f"{there[0]['force_mae']:.1f}"
        shown = [float(cell.split(" ")[0]) for cell in row[3:]]
        by_layer = sorted((p["layer"], round(p["field"]["value"], 3)) for p in there)
        assert shown == [value for _, value in by_layer]


def test_what_is_said_of_the_training_is_counted_from_its_points(path: Path) -> None:
    report = ALONG.read(path)
    text = experiment_page.along_said(report)
    for seed in {point.seed for point in report.points}:
        read = [point for point in report.points if point.seed == seed and point.read]
        first, last = (pick(read, key=lambda p: p.step) for pick in (min, max))
        told = next(line for line in text.splitlines() if line.startswith(f"- Seed {seed},"))
        assert f"from {first.force_mae:.0f} to {last.force_mae:.0f} meV/Å" in told
        assert f"from {first.field.value:.3f} [" in told
        assert f"to {last.field.value:.3f} [" in told
    # The same points in the other order of steps: nothing is kept less at the end.
    top = max(point.step for point in report.points) + 1
    turned = tuple(replace(point, step=top - point.step) for point in report.points)
    count = len({point.seed for point in report.points})
    assert f"In 0 of {count} training" in experiment_page.along_said(replace(report, points=turned))
    two = tuple(replace(point, seed=point.seed + 100) for point in report.points)
    both = replace(report, points=(*report.points, *two))
    assert f"of {2 * count} trainings" in experiment_page.along_said(both)
    assert len(experiment_page.along_table(both).splitlines()) > len(
        experiment_page.along_table(report).splitlines()
    )


def test_verdicts_that_another_limit_would_change_are_counted_from_the_reports() -> None:
    runs = run_pages.injections()
    text = experiment_page.limit_said(runs, 0.1)
    judged = [readout for run in runs.values() for readout in run.measurement.judged]
    assert f" of {len(judged)} verdicts would change" in text
    # At the present limit none changes, and with R² ≤ 1 nothing reaches a limit of 1.
    assert f"With {LIMIT:g}, 0 of" in experiment_page.limit_said(runs, LIMIT)
    agree = sum(readout.verdict.agrees for readout in judged)
    assert f"With 1, {agree} of" in experiment_page.limit_said(runs, 1.0)
    # Those of which a value itself is on the wrong side of the limit are among them.
    weak = [
        f"{name}, {readout.name}"
        for name, run in runs.items()
        for readout in run.measurement.judged
        if readout.verdict.agrees and min(readout.score.values[: readout.verdict.boundary]) < 0.1
    ]
    assert weak
    assert all(name in text for name in weak)


def test_the_least_force_errors_are_those_of_the_reports() -> None:
    runs = run_pages.injections()
    least = experiment_page.least(runs)
    for name, run in runs.items():
        if run.data.name == "aspirin_rmd17":
            shown = float(least.split(f" with L = {run.measurement.settings.L}")[0].split()[-2])
            assert all(round(row.force_mae or 1e9) >= shown for row in run.backbones), name
