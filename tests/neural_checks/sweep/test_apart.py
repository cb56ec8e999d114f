"""Jobs in processes of their own: the same result, the error by name, and no process left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("pydantic")

from neural_checks.backbones.nequip import BackboneConfig
from neural_checks.features.file import write
from neural_checks.features.recorded import record
from neural_checks.sweep import apart
from neural_checks.sweep.apart import _TASK, do_job, run_apart
from neural_checks.sweep.job import record_path, run_job
from neural_checks.sweep.settings import Job, MeasureSettings
from neural_checks.training.train import TrainConfig
from numeric_checks.molecules.data import load, sha256

MEASURE = MeasureSettings(fit=60, held=20, degrees=(1,), readouts=("closed form",))
LONG = Job(
    data="embedded",
    checksum="",
    model=BackboneConfig(l_max=1, layers=2, channels=2, radial_width=4),
    train=TrainConfig(train=45, validation=2, test=25, steps=10**6, batch=2),
    measure=MEASURE,
)


@pytest.fixture
def job(toy: Any, tmp_path: Path) -> Job:
    import numpy as np

    data = toy.toy_data(140)
    fit, held = np.arange(100), np.arange(100, 140)
    rng = np.random.default_rng(0)
    write(tmp_path / "a.npz", record(toy.DensityBackbone(1, 6), data, fit, held, rng))
    return replace(LONG, data="a.npz", checksum=sha256(tmp_path / "a.npz"), features=True)


def measured(folder: Path, job: Job) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(record_path(folder, job.id).read_text(encoding="utf-8"))
    del found["provenance"]
    return found


def test_a_job_survives_the_way_to_its_process() -> None:
    for one in (LONG, replace(LONG, model=replace(LONG.model, tanh_gates=True), seed=3)):
        (there, *place) = _TASK.validate_json(_TASK.dump_json((one, "a", "b", "cpu")))
        assert there == one
        assert there.id == one.id
        assert place == ["a", "b", "cpu"]


def test_jobs_whose_training_is_compiled_have_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "run_apart", lambda *_: "apart")
    monkeypatch.setattr(apart, "run_job", lambda *_: "here")
    compiled = replace(LONG, train=replace(LONG.train, compiled=True))
    assert do_job(LONG, "", "") == "here"
    assert do_job(compiled, "", "") == "apart"
    assert do_job(replace(compiled, trained=False), "", "") == "here"
    assert do_job(replace(compiled, features=True), "", "") == "here"


def test_the_result_is_the_same_and_an_error_is_told(job: Job, tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    assert run_job(job, str(here), str(tmp_path)) == job.id
    assert run_apart(job, str(there), str(tmp_path)) == job.id
    assert measured(there, job) == measured(here, job)
    with pytest.raises(RuntimeError, match=r"^ValueError: a\.npz changed"):
        run_apart(replace(job, checksum="0" * 64), str(tmp_path / "wrong"), str(tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize("victim", ["worker", "process"])
def test_worker_and_process_end_together(victim: str, tmp_path: Path) -> None:
    job = replace(LONG, checksum=load("embedded").checksum)
    code = (
        "import sys; from neural_checks.sweep.apart import _TASK, run_apart; "
        "run_apart(*_TASK.validate_json(sys.argv[1]))"
    )
    task = _TASK.dump_json((job, str(tmp_path), ".", "cpu")).decode()
    holder = tmp_path / "work" / job.id / "holder"
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", code, task], stderr=subprocess.DEVNULL
    ) as worker:
        while not (holder.exists() and holder.read_text()) and worker.poll() is None:
            time.sleep(0.05)
        process = int(holder.read_text())
        assert process != worker.pid
        os.kill(worker.pid if victim == "worker" else process, signal.SIGKILL)
        assert worker.wait(60) == -signal.SIGKILL
    for _ in range(600):
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    os.kill(process, signal.SIGKILL)
    raise AssertionError("the process outlived its worker")
