"""One job of a sweep: train, measure, write one file.

The file appears complete or not at all, so that a job killed at any moment is not done, and
continues from its training checkpoint. A lock held by the process keeps two workers off the same
job, as when a worker believed dead was only out of reach; the operating system frees it with the
process, whatever ends that.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock

from neural_checks.backbones.equivariance import check_equivariance
from neural_checks.backbones.nequip import NequIPBackbone
from neural_checks.backbones.scaling import Scaling
from neural_checks.data.split import Split, split
from neural_checks.features.file import read
from neural_checks.readouts.closed_form import measure
from neural_checks.readouts.fitted_channels import fitted_channels
from neural_checks.readouts.nonpolynomial import nonpolynomial
from neural_checks.readouts.recovery import with_components
from neural_checks.readouts.samples import (
    Samples,
    collect_samples,
    require_marks,
    top_degree,
)
from neural_checks.sweep.result import JobRecord, ReadoutRecord, read_job_file
from neural_checks.sweep.settings import Job, MeasureSettings
from neural_checks.training.train import force_mae, train
from numeric_checks.molecules.data import EMBEDDED, ForceData, load, sha256
from numeric_checks.outputs import clear_unfinished
from numeric_checks.provenance import environment
from numeric_checks.readouts.componentwise import componentwise
from numeric_checks.readouts.samples import spread_sites
from span_theorem.files import write_json, write_text

__all__ = ["read_record", "record_path", "run_job"]


def record_path(folder: Path, job_id: str) -> Path:
    """Where the job's file is, once the job is done."""
    return folder / "jobs" / f"{job_id}.json"


def read_record(folder: Path, job: Job) -> JobRecord | None:
    """The job's file, or None where it is not there.

    Raises ValueError where it is damaged, of another format or of another job.
    """
    path = record_path(folder, job.id)
    try:
        record = read_job_file(path)
    except FileNotFoundError:
        return None
    # By way of JSON: there a tuple is a list.
    if record.id != job.id or record.job != json.loads(json.dumps(job.content)):
        raise ValueError(f"{path} is not of this job; remove it")
    return record


def run_job(job: Job, folder: str, data_dir: str, device: str = "cpu") -> str:
    """Do the job unless its file is there; return its id.

    ``folder`` is the sweep's. Raises ValueError where the data file is not the one of the job.
    """
    path = record_path(Path(folder), job.id)
    work = Path(folder) / "work" / job.id
    for place in (work, path.parent):
        place.mkdir(parents=True, exist_ok=True)
    with FileLock(work / "lock"):
        clear_unfinished(work)
        clear_unfinished(path.parent, path.name)
        write_text(work / "holder", f"{os.getpid()}\n", force=True)
        if not path.exists():
            record = _record(job, work, Path(data_dir), device)
            write_json(path, asdict(record), force=True, indent=None)
    return job.id


def _record(job: Job, work: Path, data_dir: Path, device: str) -> JobRecord:
    begun, started = time.monotonic(), time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    rng = np.random.default_rng(job.measure.seed)
    source = (
        _from_file(job, data_dir)
        if job.features
        else _from_network(job, work, data_dir, device, rng)
    )
    samples = source.pop("samples")
    samples = samples.at(spread_sites(samples.vectors.shape[1], job.measure.sites))
    measuring = time.monotonic()
    readouts = _readouts(samples, source["L"], job.measure, rng)
    return JobRecord(
        id=job.id,
        job=job.content,
        **source,
        readouts=readouts,
        provenance={
            # Features from a file are read, and measured, on the processor.
            "environment": environment("cpu" if job.features else device),
            "started": started,
            "seconds": round(time.monotonic() - begun, 2),
            "measurement_seconds": round(time.monotonic() - measuring, 2),
        },
    )


def _from_file(job: Job, data_dir: Path) -> dict[str, Any]:
    """Samples of a feature file, and what the record says of it."""
    path = data_dir / job.data
    if sha256(path) != job.checksum:
        raise ValueError(f"{job.data} changed: the job is for SHA-256 {job.checksum}")
    found = read(path)
    samples, description = found.samples(), dict(found.description)
    samples = replace(
        samples, fit=samples.fit[: job.measure.fit], held=samples.held[: job.measure.held]
    )
    mae = None
    if found.reference_forces is not None and not np.isnan(found.evaluation.forces).all():
        mae = samples.force_mae
    return {
        "samples": samples,
        "L": found.L,
        "data": {
            "name": found.data_name or "not stated",
            "level_of_theory": "not stated",
            "sha256": found.data_sha256,
            "frames": len(found.structures),
            "numbers": found.numbers.tolist(),
            "split": "frames held out in the feature file",
        },
        "backbone": {
            "package": "not stated",
            **description,
            "force_mae_meV_per_A": mae,
            "equivariance_errors": found.errors,
            "force_rms_length_eV_per_A": samples.force_rms,
        },
    }


def _from_network(
    job: Job, work: Path, data_dir: Path, device: str, rng: np.random.Generator
) -> dict[str, Any]:
    """Samples of a network that is trained here, and what the record says of it."""
    import torch

    torch.set_num_threads(1)  # results must not depend on how many cores a worker has
    data = load(EMBEDDED if job.data == EMBEDDED else data_dir / job.data)
    if data.checksum != job.checksum:
        raise ValueError(
            f"{job.data} changed: SHA-256 {data.checksum}, but the job is for {job.checksum}"
        )
    config, what = job.train, job.measure
    frames = split(data, config.train, config.validation, config.test, config.split_seed)
    fit, held = frames.train[: what.fit], frames.test[: what.held]
    require_marks(data.structures, fit)  # found out after the training, it would be lost
    backbone, training = _backbone(job, data, frames, work, device)
    backbone.select_layer(data.structures.take(fit[:2]))
    equivariance = check_equivariance(backbone, data.structures.take(held[:4]), rng)
    mae = force_mae(backbone, data, frames.test)
    samples = collect_samples(backbone, data, fit, held)
    return {
        "samples": samples,
        "L": job.model.l_max,
        "data": {**data.origin, "split": frames.rule},
        "backbone": {
            **backbone.description,
            "channels": job.model.channels,
            **training,
            "force_mae_meV_per_A": mae,
            "equivariance_errors": equivariance,
            "force_rms_length_eV_per_A": samples.force_rms,
        },
    }


def _backbone(
    job: Job, data: ForceData, frames: Split, work: Path, device: str
) -> tuple[NequIPBackbone, dict[str, Any]]:
    """The network, and what the record says of its training."""
    if not job.trained:
        scaling = Scaling.of(data, frames.train, job.model.cutoff)
        untrained = NequIPBackbone(job.model, scaling, job.seed, device)
        return untrained, {"steps": 0, "stopped": "not trained", "skipped_steps": 0, "history": []}
    outcome = train(
        data, frames, job.model, job.train, job.seed, work / "backbone.pt", device,
        checkpoint_seconds=20.0,
    )  # fmt: skip
    return outcome.backbone, {
        "steps": outcome.steps,
        "stopped": outcome.stopped,
        "skipped_steps": outcome.skipped_steps,
        "history": [list(row) for row in outcome.history],
    }


def _readouts(
    samples: Samples, L: int, what: MeasureSettings, rng: np.random.Generator
) -> tuple[ReadoutRecord, ...]:
    """Every readout of the job; squared errors by ℓ and held-out frame, mean over the sites."""
    result = []
    one = fitted_channels(samples, 1)
    for degree in what.degrees:
        degrees = top_degree(L, degree)
        channels = what.closed_channels[degree - 1]
        closed = measure(fitted_channels(samples, channels), degree, degrees)
        if "closed form" in what.readouts:
            result.append(ReadoutRecord.of("closed form", degree, channels, closed))
        if "component-wise" in what.readouts:
            fitted = componentwise(one, degree, degrees, 1, what.orientations, rng)
            both = with_components(closed, fitted)
            result.append(ReadoutRecord.of("component-wise", degree, 1, both))
    if "non-polynomial" in what.readouts:
        free = nonpolynomial(samples, top_degree(L, max(what.degrees)))
        result.append(ReadoutRecord.of("non-polynomial", None, free.weights[0], free))
    return tuple(result)
