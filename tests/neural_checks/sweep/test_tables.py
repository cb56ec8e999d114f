"""Cells of a sweep from made-up files of jobs: what is pooled, what decides, how it is named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sweep_config import CONFIG, planted, written

from neural_checks.readouts.verdict import Outcome
from neural_checks.sweep.config import read_config
from neural_checks.sweep.figures import draw, label, varied
from neural_checks.sweep.result import JobRecord, ReadoutRecord
from neural_checks.sweep.settings import Job
from neural_checks.sweep.tables import cells


@pytest.fixture
def jobs(tmp_path: Path) -> tuple[Job, ...]:
    """L = 0, 1, 3, two seeds each."""
    return read_config(written(tmp_path, CONFIG), tmp_path).jobs


def free(record: JobRecord, ell: int, spread: float) -> JobRecord:
    """The record with R² = 0.05 ± spread at ``ell`` for the readout that is not polynomial."""
    last = record.readouts[-1]
    noise = np.random.default_rng(0).normal(size=len(last.before))
    weak = tuple((0.95 + spread * (noise - noise.mean())).tolist())
    field = (*last.field[: ell - 1], weak, *last.field[ell:])
    return replace(record, readouts=(*record.readouts[:-1], replace(last, field=field)))


def test_a_readout_that_is_not_polynomial_may_be_undecided(jobs: tuple[Job, ...]) -> None:
    """Whether it goes beyond the boundary is open where the interval reaches both sides."""
    record = planted(jobs[2])
    edge = 3 * record.L
    for ell, spread, outcome in (
        (edge + 1, 0.3, Outcome.UNDECIDED),  # the first degree above the boundary
        (edge, 0.3, Outcome.UNDECIDED),
        (edge + 2, 0.3, Outcome.AGREES),  # one above is enough
    ):
        found = cells([free(record, ell, spread)], [1.0], 300, 0)[-1]
        assert (found.d_r, found.outcome) == (None, outcome)
    stopped = planted(jobs[2], broken=False)
    assert cells([stopped], [1.0], 300, 0)[-1].outcome is Outcome.DISAGREES
    nothing = planted(jobs[0])
    assert cells([nothing], [1.0], 300, 0)[-1].outcome is Outcome.AGREES
    assert cells([free(nothing, 2, 0.3)], [1.0], 300, 0)[-1].outcome is Outcome.UNDECIDED
    leaking = replace(nothing, readouts=(*nothing.readouts[:-1], _all(nothing.readouts[-1], 0.2)))
    assert cells([leaking], [1.0], 300, 0)[-1].outcome is Outcome.DISAGREES


def _all(readout: ReadoutRecord, left: float) -> ReadoutRecord:
    return replace(readout, field=tuple((left,) * len(row) for row in readout.field))


def of_file(job: Job, seed: int | None, **data: Any) -> JobRecord:
    """The record of a feature file."""
    record = planted(job)
    about = {**record.backbone, **({} if seed is None else {"seed": seed})}
    settings = {**record.job, "features": True}
    return replace(record, id=f"{job.id}{seed}{data}", job=settings, backbone=about,
                   data=record.data | data)  # fmt: skip


def test_feature_files_are_pooled_only_where_they_differ_by_their_seed(
    jobs: tuple[Job, ...],
) -> None:
    def seeds(*records: JobRecord) -> list[int]:
        return [cell.seeds for cell in cells(records, [1.0], 20, 0) if cell.d_r is None]

    first, second = jobs[2], jobs[3]
    assert seeds(of_file(first, 0), of_file(second, 1)) == [2]
    # Two files that do not say may be of two networks that have nothing in common.
    assert seeds(of_file(first, None), of_file(second, None)) == [1, 1]
    assert seeds(of_file(first, 0), of_file(second, 1, sha256="1" * 64)) == [1, 1]


def test_seeds_with_other_numbers_of_frames_are_refused_in_one_line(jobs: tuple[Job, ...]) -> None:
    record = of_file(jobs[3], 1)
    fewer = replace(
        record,
        readouts=tuple(
            ReadoutRecord(
                one.kind, one.degree, one.channels, one.weights,
                tuple(row[:-1] for row in one.field), one.before[:-1], one.after[:-1],
                one.spurious[:-1],
            )
            for one in record.readouts
        ),
    )  # fmt: skip
    with pytest.raises(ValueError, match=r"cannot be pooled: .* numbers of held-out frames"):
        cells([of_file(jobs[2], 0), fewer], [1.0], 20, 0)


def test_settings_that_differ_by_their_steps_alone_are_told_apart(jobs: tuple[Job, ...]) -> None:
    short = planted(jobs[2])
    job = replace(jobs[2], train=replace(jobs[2].train, steps=77))
    long = replace(planted(job), backbone={**short.backbone, "steps": 77})
    table = cells([short, long], [1.0], 20, 0)
    keys = varied(table)
    assert {label(cell, keys) for cell in table} == {"9 steps", "77 steps"}
    # Where other settings tell them apart, steps are not named.
    other = cells([planted(jobs[0]), long], [1.0], 20, 0)
    assert {label(cell, varied(other)) for cell in other} == {"L = 0", "L = 1"}


def test_the_matrix_is_drawn_where_a_readout_was_measured_at_some_l_alone(
    jobs: tuple[Job, ...],
) -> None:
    pytest.importorskip("matplotlib")
    kinds = dict(zip(jobs[::2], ("closed form", "component-wise", "closed form"), strict=True))
    records = []
    for job, kind in kinds.items():
        record = planted(job)
        chosen = tuple(one for one in record.readouts if one.kind == kind)
        records.append(replace(record, readouts=chosen))
    drawn = draw(cells(records, [1.0], 20, 0), 20)
    labels = [text.get_text() for text in drawn["matrix"].axes[0].get_yticklabels()]
    assert labels == ["L = 0\nn = 1", "L = 1\nn = 1", "L = 3\nn = 1"]
