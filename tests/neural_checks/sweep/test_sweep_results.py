"""Committed results of sweeps: what their job files say, for the jobs of the configurations."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from neural_checks.readouts.verdict import LIMIT
from neural_checks.sweep.config import read_config
from neural_checks.sweep.result import FORMAT, Cell, JobRecord, Row, read_job_file
from neural_checks.sweep.tables import cells, rows

NAMES = ("architectures", "cliff", "controls", "molecules")


@pytest.fixture(params=NAMES)
def result(request: pytest.FixtureRequest, repository: Path) -> Path:
    return repository / "docs" / "results" / f"sweep-{request.param}"


def records(folder: Path) -> list[JobRecord]:
    return [read_job_file(path) for path in sorted((folder / "jobs").glob("*.json"))]


def lines(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_every_job_has_its_provenance(result: Path, data_dir: Path) -> None:
    """Its name is the hash of its content, and the jobs are those of the configuration."""
    found = records(result)
    for record in found:
        text = json.dumps(record.job, sort_keys=True)
        assert hashlib.sha256(text.encode()).hexdigest()[:16] == record.id
        assert record.format == FORMAT
        environment = record.provenance["environment"]
        assert len(environment["git_commit"]) == 40
        assert {"torch", "numpy", "e3nn"} <= set(environment["versions"])
        assert environment["device"] == "cpu"
        assert max(record.backbone["equivariance_errors"].values()) < 1e-4
    # The configuration that was run lies beside the results: those of the package may move on.
    sweep = read_config(result / "config.json", data_dir, skip_absent=True)
    files = {record.id for record in found if record.job["features"]}
    assert {job.id for job in sweep.jobs} == {record.id for record in found} - files


def test_the_table_has_every_row_once(result: Path) -> None:
    table = lines(result / "table.csv")
    key = ("job", "readout", "d_r", "ell", "amplitude")
    keys = [tuple(row[k] for k in key) for row in table]
    assert len(set(keys)) == len(keys)
    amplitudes = {row["amplitude"] for row in table}
    expected = {
        (record.id, readout.kind, str(readout.degree or ""), str(ell), amplitude)
        for record in records(result)
        for readout in record.readouts
        for ell in range(1, len(readout.field) + 1)
        for amplitude in amplitudes
    }
    assert set(keys) == expected
    by_key = dict(zip(keys, table, strict=True))
    for record in records(result):
        for readout in record.readouts:
            for ell, field in enumerate(readout.field, start=1):
                for amplitude in amplitudes:
                    degree = str(readout.degree or "")
                    row = by_key[record.id, readout.kind, degree, str(ell), amplitude]
                    assert float(row["R2_field"]) == pytest.approx(1 - np.mean(field), abs=2e-5)


def test_the_cells_say_whether_the_cliff_is_at_the_boundary(result: Path) -> None:
    """By another route than the verdict: from R² on both sides of d_r·L and its intervals."""
    found = lines(result / "cells.csv")
    assert found
    for cell in found:
        edge, reach = int(cell["boundary"]), cell["measured"]
        above = float(cell["R2_above_high"]) < LIMIT
        if cell["d_r"]:
            assert edge == int(cell["d_r"]) * int(cell["L"])
            at = edge == 0 or float(cell["R2_at_low"]) > LIMIT
            assert (cell["outcome"] == "agrees") == (cell["as_expected"] == "True")
            if cell["as_expected"] == "True":
                assert at
                assert above
                assert int(reach) == edge
            else:
                assert reach != str(edge)
        else:
            expected = above if cell["L"] == "0" else int(reach) > edge
            assert (cell["as_expected"] == "True") == expected


@pytest.mark.slow
def test_the_tables_come_from_the_files_of_the_jobs(result: Path, tmp_path: Path) -> None:
    """In the order of the configuration, with its seed: to the last digit."""
    stored = lines(result / "table.csv")
    order = list(dict.fromkeys(row["job"] for row in stored))
    by_id = {record.id: record for record in records(result)}
    chosen = [by_id[name] for name in order]
    amplitudes = [float(value) for value in dict.fromkeys(row["amplitude"] for row in stored)]

    def text(values: list[Row] | list[Cell]) -> list[dict[str, str]]:
        return [
            {key: "" if v is None else str(v) for key, v in value.columns().items()}
            for value in values
        ]

    assert text(rows(chosen, amplitudes, 2000, 0)) == stored
    assert text(cells(chosen, amplitudes, 2000, 0)) == lines(result / "cells.csv")
