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

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from itertools import product
from pathlib import Path
from typing import Any

from neural_checks.backbones.nequip import BackboneConfig
from neural_checks.training.train import TrainConfig
from numeric_checks.molecules.data import EMBEDDED, load, sha256

__all__ = ["READOUTS", "Job", "Measure", "Sweep", "read_config"]

#: Kinds of readout; see :mod:`neural_checks.sweep.readouts`.
READOUTS = ("closed form", "component-wise", "non-polynomial")


@dataclass(frozen=True)
class Measure:
    """What is measured on a backbone.

    ``fit`` and ``held`` frames of the training and the test part; ``sites`` atoms, evenly spread
    over the molecule (0: all); readout degrees ``degrees``; ``closed_channels`` channels per irrep
    of the closed form of degree 1, 2, 3; ``orientations`` of a fitted frame, component-wise.
    """

    fit: int = 300
    held: int = 100
    sites: int = 0
    degrees: tuple[int, ...] = (1, 2, 3)
    readouts: tuple[str, ...] = READOUTS
    closed_channels: tuple[int, int, int] = (64, 6, 2)
    orientations: int = 20
    seed: int = 0

    def __post_init__(self) -> None:
        for name, least in (("fit", 5), ("held", 1), ("sites", 0), ("orientations", 1)):
            if getattr(self, name) < least:
                raise ValueError(f"measure.{name} must be ≥ {least}, got {getattr(self, name)}")
        if not self.degrees or not set(self.degrees) <= {1, 2, 3}:
            raise ValueError(f"measure.degrees must be among 1, 2, 3, got {list(self.degrees)}")
        if not self.readouts or not set(self.readouts) <= set(READOUTS):
            raise ValueError(
                f"measure.readouts must be among {', '.join(READOUTS)}, got {list(self.readouts)}"
            )
        if len(self.closed_channels) != 3 or min(self.closed_channels) < 1:
            raise ValueError(
                f"measure.closed_channels must be three numbers ≥ 1, got {self.closed_channels}"
            )


@dataclass(frozen=True)
class Job:
    """One backbone, trained or not, and everything measured on it.

    ``data`` is ``"embedded"`` or the name of a file, ``checksum`` its SHA-256; with ``features``
    the data are a feature file.
    """

    data: str
    checksum: str
    model: BackboneConfig
    train: TrainConfig
    measure: Measure
    seed: int = 0
    trained: bool = True
    features: bool = False

    @property
    def id(self) -> str:
        """The first 16 hexadecimal digits of the SHA-256 of the content."""
        text = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def cost(self) -> float:
        """Expected cost, arbitrary units: steps of training and frames read."""
        frames = self.measure.fit + self.measure.held
        if self.trained and not self.features:
            frames += 3 * self.train.steps * self.train.batch
        return frames * (self.model.l_max + 1) ** 3 * self.model.layers * (self.model.channels + 8)


@dataclass(frozen=True)
class Sweep:
    """Jobs in the order of the file, each once; ``absent`` names data files that were left out.

    ``amplitudes`` (ε) and ``draws`` concern the tables, which are made from the jobs' files.
    """

    name: str
    about: str
    jobs: tuple[Job, ...]
    amplitudes: tuple[float, ...] = (1.0,)
    draws: int = 2000
    seed: int = 0
    absent: tuple[str, ...] = ()


def read_config(path: Path, data_dir: Path, skip_absent: bool = False) -> Sweep:
    """Read and expand a configuration; data files other than the embedded one are in ``data_dir``.

    Raises:
        FileNotFoundError: the configuration, or a data file, is not there. With ``skip_absent``
            jobs without data are left out instead, unless none remains.
        ValueError: an unknown key, or a value that is not accepted; the text names it.
    """
    text = path.read_text(encoding="utf-8")
    try:
        raw = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    accepted = ("name", "about", "base", "grids", "amplitudes", "bootstrap", "seed")
    _known(raw, accepted, path.name)
    checksums: dict[str, str | None] = {}
    jobs: dict[str, Job] = {}
    absent: list[str] = []
    for settings in _expand(raw.get("base", {}), raw.get("grids", [{}])):
        data = settings.get("features", settings.get("data", EMBEDDED))
        if data not in checksums:
            checksums[data] = _checksum(data, data_dir)
            if checksums[data] is None:
                absent.append(str(data_dir / data))
        checksum = checksums[data]
        if checksum is not None:
            try:
                job = _job(settings, data, checksum)
            except TypeError as error:  # a value of another type than the field's
                raise ValueError(f"{path}: {settings}: {error}") from error
            jobs.setdefault(job.id, job)
    if absent and (not skip_absent or not jobs):
        raise FileNotFoundError(f"no data file {', '.join(absent)}: give its folder by --data-dir")
    amplitudes = tuple(float(value) for value in raw.get("amplitudes", [1.0]))
    if not amplitudes or not min(amplitudes) > 0:
        raise ValueError(f"amplitudes must be > 0, got {list(amplitudes)}")
    draws = int(raw.get("bootstrap", 2000))
    if draws < 1:
        raise ValueError(f"bootstrap must be ≥ 1, got {draws}")
    return Sweep(
        str(raw.get("name", path.stem)),
        str(raw.get("about", "")),
        tuple(jobs.values()),
        amplitudes,
        draws,
        int(raw.get("seed", 0)),
        tuple(absent),
    )


def _checksum(data: str, data_dir: Path) -> str | None:
    """SHA-256 of a data file; None where there is no such file."""
    if data == EMBEDDED:
        return load(EMBEDDED).checksum
    return sha256(data_dir / data) if (data_dir / data).is_file() else None


def _expand(base: dict[str, Any], grids: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The settings of every job as flat dictionaries with dotted keys."""
    result = []
    for grid in grids:
        _known(grid, ("title", "set", "vary"), "a grid")
        vary = {key: _listed(key, values) for key, values in grid.get("vary", {}).items()}
        for chosen in product(*vary.values()):
            settings = (
                _flat(base) | _flat(grid.get("set", {})) | dict(zip(vary, chosen, strict=True))
            )
            result.append(settings)
    return result


def _listed(key: str, values: Any) -> list[Any]:
    if not isinstance(values, list) or not values:
        raise ValueError(f"vary.{key} must be a list that is not empty, got {values!r}")
    return values


def _flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in settings.items():
        if isinstance(value, Mapping):
            result |= _flat(value, f"{prefix}{key}.")
        else:
            result[prefix + key] = value
    return result


def _job(settings: dict[str, Any], data: str, checksum: str) -> Job:
    parts: dict[str, dict[str, Any]] = {"model": {}, "train": {}, "measure": {}, "": {}}
    for key, value in settings.items():
        part, _, name = key.rpartition(".")
        if part not in parts:
            raise ValueError(f"unknown key {key!r}; parts are model, train, measure")
        parts[part][name] = tuple(value) if isinstance(value, list) else value
    for part, kind in (("model", BackboneConfig), ("train", TrainConfig), ("measure", Measure)):
        _known(parts[part], [field.name for field in fields(kind)], part)
    _known(parts[""], ("data", "seed", "trained", "features"), "a job")
    measure = Measure(**parts["measure"])
    if "features" in parts[""]:
        return Job(data, checksum, BackboneConfig(), TrainConfig(), measure, features=True)
    # Training needs as many test frames as are held out; more would only be read for the error.
    train = TrainConfig(**{"test": measure.held, **parts["train"]})
    if measure.held > train.test or measure.fit > train.train:
        raise ValueError(
            f"measure.fit {measure.fit} and measure.held {measure.held} exceed the "
            f"{train.train} training and {train.test} test frames"
        )
    seed, trained = parts[""].get("seed", 0), parts[""].get("trained", True)
    if not isinstance(seed, int) or isinstance(seed, bool) or seed < 0:
        raise ValueError(f"seed must be an integer ≥ 0, got {seed!r}")
    if not isinstance(trained, bool):
        raise ValueError(f"trained must be true or false, got {trained!r}")
    if not trained:
        # One untrained network, whatever its training would have been.
        train = replace(train, **{name: getattr(TrainConfig(), name) for name in _UNTRAINED})
    return Job(data, checksum, BackboneConfig(**parts["model"]), train, measure, seed, trained)


_UNTRAINED = ("steps", "batch", "learning_rate", "warmup", "average", "energy_weight", "clip")


def _known(given: Mapping[str, Any], accepted: Any, where: str) -> None:
    for key in given:
        if key not in accepted:
            raise ValueError(f"unknown key {key!r} in {where}; expected {', '.join(accepted)}")
