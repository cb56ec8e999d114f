"""What a sweep runs: a committed file, checked and expanded to jobs.

A configuration (JSON or TOML) has a ``base`` job and ``grids``; a grid sets some keys and varies
others over lists, and stands for their product. Keys are those of the job, with dots::

    {"name": "widths", "about": "…",
     "base": {"data": "embedded", "train": {"steps": 300}},
     "grids": [{"vary": {"model.channels": [8, 16, 32], "seed": [0, 1]}}]}

With the key ``features`` a job reads a feature file (:mod:`neural_checks.features.file`) instead of
training: network, data, frames and seed are then the file's, and the keys for them play no part.

The job is known by a hash of its content and of the data file, so that a grid may repeat a job of
another grid, and a result is never taken for that of other settings or data.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product
from math import prod
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from neural_checks.backbones.nequip import BackboneConfig
from neural_checks.sweep.settings import Job, MeasureSettings, Sweep
from neural_checks.training.train import TrainConfig
from numeric_checks.molecules.data import EMBEDDED, load, sha256
from span_theorem.arguments import shown
from span_theorem.files import read_text, unrepeated

__all__ = ["MAX_JOBS", "read_config"]

MAX_JOBS = 10_000
"""The largest number of jobs, repeated ones included, that the grids of a file may stand for."""

_LARGEST = 1_000_000  # bytes of a configuration
_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"  # a folder below the results, and no path out of them
_UNTRAINED = ("steps", "batch", "learning_rate", "warmup", "average", "energy_weight", "clip")

Settings = dict[str, Any]
M = TypeVar("M", bound=BaseModel)


class _Form(BaseModel):
    """Unknown keys and values of another type are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class GridForm(_Form):
    """One grid: the product of the lists of ``vary``, all with the settings of ``set``."""

    title: str = ""
    fixed: Settings = Field(default_factory=dict, alias="set")
    vary: dict[str, Annotated[list[Any], Field(min_length=1)]] = Field(default_factory=dict)


class SweepForm(_Form):
    """The file."""

    name: str | None = Field(default=None, pattern=rf"^{_NAME}$")
    about: str = Field(default="", max_length=2000)
    base: Settings = Field(default_factory=dict)
    grids: list[GridForm] = Field(default_factory=lambda: [GridForm()], min_length=1)
    amplitudes: list[Annotated[float, Field(gt=0, le=1e6)]] = Field(
        default_factory=lambda: [1.0], min_length=1
    )
    bootstrap: int = Field(default=2000, ge=1, le=1_000_000)
    seed: int = Field(default=0, ge=0, le=2**32 - 1)


class JobForm(_Form):
    """The settings of one job, keys with dots as objects within objects."""

    data: str = EMBEDDED
    features: str | None = None
    seed: int = Field(default=0, ge=0, le=2**32 - 1)
    trained: bool = True
    model: BackboneConfig = Field(default_factory=BackboneConfig)
    train: TrainConfig = Field(default_factory=TrainConfig)
    measure: MeasureSettings = Field(default_factory=MeasureSettings)


def read_config(path: Path, data_dir: Path, skip_absent: bool = False) -> Sweep:
    """Read and expand a configuration; data files other than the embedded one are in ``data_dir``.

    Raises:
        FileNotFoundError: the configuration, or a data file, is not there. With ``skip_absent``
            jobs without data are left out instead, unless none remains.
        ValueError: no such configuration; one line that names the key, the value and what is
            accepted.
    """
    form = _checked(SweepForm, _parsed(path), path.name)
    name = path.stem if form.name is None else form.name
    if not re.fullmatch(_NAME, name):
        raise ValueError(
            f"{path.name}: the file's name cannot name a folder of results: give one by the key "
            f"'name', of letters, digits, '.', '_' and '-', got {shown(name)}"
        )
    checksums: dict[str, str | None] = {}
    jobs: dict[str, Job] = {}
    for settings in _expanded(form, path.name):
        one = _checked(JobForm, settings, path.name)
        data = one.data if one.features is None else one.features
        if data not in checksums:
            checksums[data] = _checksum(data, data_dir, path.name)
        checksum = checksums[data]
        if checksum is not None:
            job = _job(one, data, checksum, path.name)
            jobs.setdefault(job.id, job)
    absent = tuple(str(data_dir / data) for data, found in checksums.items() if found is None)
    if absent and (not skip_absent or not jobs):
        raise FileNotFoundError(f"no data file {', '.join(absent)}: give its folder by --data-dir")
    return Sweep(
        name, form.about, tuple(jobs.values()), tuple(form.amplitudes), form.bootstrap, form.seed,
        absent,
    )  # fmt: skip


def _parsed(path: Path) -> Any:
    text = read_text(path, _LARGEST)
    try:
        if path.suffix == ".toml":
            return tomllib.loads(text)
        return json.loads(text, object_pairs_hook=unrepeated)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path.name}: {error}") from error


def _checked(form: type[M], content: Any, where: str) -> M:
    """``content`` as the form; ValueError with the first fault in one line."""
    try:
        # By way of JSON: there a list stands for a tuple, and TOML has no types of its own.
        return form.model_validate_json(json.dumps(content, default=str))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        said = str(first["msg"]).removeprefix("Value error, ")
        if first["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
            said = "is not a known key"
        if first["type"] != "value_error":  # those say themselves what they got
            said += f", got {shown(first['input'])}"
        raise ValueError(f"{where}: {place}: {said}") from None
    except TypeError as error:  # of the checks of a part's own
        raise ValueError(f"{where}: {error}") from None


def _expanded(form: SweepForm, where: str) -> Iterator[Settings]:
    """The settings of every job, keys with dots as objects within objects."""
    count = sum(prod(len(values) for values in grid.vary.values()) for grid in form.grids)
    if count > MAX_JOBS:
        raise ValueError(f"{where}: the grids describe {count} jobs; at most {MAX_JOBS}")
    for grid in form.grids:
        common = _flat(form.base) | _flat(grid.fixed)
        for chosen in product(*grid.vary.values()):
            varied = dict(zip(grid.vary, chosen, strict=True))
            yield _nested(common | _flat(varied), where)


def _flat(settings: Mapping[str, Any], prefix: str = "") -> Settings:
    result: Settings = {}
    for key, value in settings.items():
        if isinstance(value, Mapping) and value:
            result |= _flat(value, f"{prefix}{key}.")
        else:
            result[prefix + key] = value
    return result


def _nested(settings: Settings, where: str) -> Settings:
    result: Settings = {}
    for key, value in settings.items():
        *parts, last = key.split(".")
        place = result
        for part in parts:
            place = place.setdefault(part, {})
            if not isinstance(place, dict):
                raise ValueError(f"{where}: {key} is set, but {part} is {shown(place)}")
        place[last] = value
    # Training needs as many test frames as are held out; more would only be read for the error.
    measure = result.get("measure")
    held = measure.get("held") if isinstance(measure, dict) else None
    train = result.setdefault("train", {})
    if isinstance(train, dict):
        default = MeasureSettings().held
        train.setdefault("test", held if isinstance(held, int) and held > 0 else default)
    return result


def _checksum(data: str, data_dir: Path, where: str) -> str | None:
    """SHA-256 of a data file; None where there is no such file."""
    if data == EMBEDDED:
        return load(EMBEDDED).checksum
    given = Path(data)
    if not data.isprintable() or given.is_absolute() or ".." in given.parts or not given.parts:
        raise ValueError(
            f"{where}: data must be 'embedded' or the name of a file in --data-dir, got "
            f"{shown(data)}"
        )
    return sha256(data_dir / data) if (data_dir / data).is_file() else None


def _job(form: JobForm, data: str, checksum: str, where: str) -> Job:
    if form.features is not None:
        return Job(data, checksum, BackboneConfig(), TrainConfig(), form.measure, features=True)
    train, measure = form.train, form.measure
    if measure.held > train.test or measure.fit > train.train:
        raise ValueError(
            f"{where}: measure.fit {measure.fit} and measure.held {measure.held} exceed the "
            f"{train.train} training and {train.test} test frames"
        )
    if not form.trained:
        # One untrained network, whatever its training would have been.
        train = replace(train, **{name: getattr(TrainConfig(), name) for name in _UNTRAINED})
    return Job(data, checksum, form.model, train, measure, form.seed, form.trained)
