"""A small configuration of a sweep, a file of one, and files of its jobs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from neural_checks.sweep.result import JobRecord, ReadoutRecord
from neural_checks.sweep.settings import Job

CONFIG: dict[str, Any] = {
    "name": "planted",
    "base": {"measure": {"fit": 20, "held": 30}, "train": {"train": 50}},
    "grids": [{"vary": {"model.l_max": [0, 1, 3], "seed": [0, 1]}}],
    "bootstrap": 200,
}


PARTS = ("before", "after", "spurious")


def written(folder: Path, config: Any, suffix: str = ".json") -> Path:
    """The file of ``config`` in ``folder``."""
    path = folder / f"config{suffix}"
    path.write_text(json.dumps(config), encoding="utf-8")
    return path


def planted(job: Job, shift: int = 0, broken: bool = True) -> JobRecord:
    """A job's file with its cliffs at d_r·L + shift, so far as there are features."""
    rng = np.random.default_rng(job.seed)
    L, held = job.model.l_max, job.measure.held

    def entry(kind: str, degree: int | None, last: int, count: int) -> ReadoutRecord:
        level = np.where(np.arange(1, count + 1) <= last, 0.2, 1.0)[:, None]
        field = level + 0.01 * rng.normal(size=(count, held))
        flat = {name: tuple((0.1 + 0.01 * rng.random(held)).tolist()) for name in PARTS}
        rows = tuple(map(tuple, field.tolist()))
        return ReadoutRecord(kind, degree, 1, (1,) * count, rows, **flat)

    readouts = [
        entry(kind, d, d * L + shift if L else 0, d * L + 3)
        for d in job.measure.degrees
        for kind in ("closed form", "component-wise")
    ]
    top = 3 * L + 3
    readouts.append(entry("non-polynomial", None, (top if broken else 3 * L) if L else 0, top))
    return JobRecord(
        id=job.id,
        job=json.loads(json.dumps(job.content)),
        L=L,
        data={"name": "planted", "level_of_theory": "none", "sha256": "0" * 64},
        backbone={"package": "none", "force_mae_meV_per_A": 1.0, "steps": 9},
        readouts=tuple(readouts),
        provenance={},
    )
