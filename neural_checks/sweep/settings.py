"""The jobs of a sweep: what one trains and measures, and by which name it is known."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

from neural_checks.backbones.nequip import BackboneConfig
from neural_checks.training.train import TrainConfig
from span_theorem.arguments import within

__all__ = ["READOUTS", "Job", "MeasureSettings", "Sweep"]

READOUTS = ("closed form", "component-wise", "non-polynomial")
"""Kinds of readout; see :mod:`neural_checks.readouts`."""


@dataclass(frozen=True)
class MeasureSettings:
    """What is measured on a backbone.

    ``fit`` and ``held`` frames of the training and the test part; ``sites`` atoms, evenly spread
    over the molecule (0: all); readout degrees ``degrees``; ``closed_channels`` channels per irrep
    of the closed form of degree 1, 2, 3, of which the first is fitted to the marked direction (so
    fewer serve than :data:`numeric_checks.readouts.channels.CLOSED_FORM_CHANNELS`);
    ``orientations`` of a fitted frame, component-wise.

    Raises TypeError or ValueError for a value out of range.
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
        for name, low, high in (
            ("fit", 5, 10**6), ("held", 1, 10**6), ("sites", 0, 10**6), ("orientations", 1, 10**4),
            ("seed", 0, 2**32 - 1),
        ):  # fmt: skip
            within(f"measure.{name}", getattr(self, name), low, high)
        if not self.degrees or not set(self.degrees) <= {1, 2, 3}:
            raise ValueError(f"measure.degrees must be among 1, 2, 3, got {list(self.degrees)}")
        if len(set(self.degrees)) < len(self.degrees):
            raise ValueError(f"measure.degrees must differ, got {list(self.degrees)}")
        if not self.readouts or not set(self.readouts) <= set(READOUTS):
            raise ValueError(
                f"measure.readouts must be among {', '.join(READOUTS)}, got {list(self.readouts)}"
            )
        if len(self.closed_channels) != 3 or not all(1 <= c <= 1024 for c in self.closed_channels):
            raise ValueError(
                "measure.closed_channels must be three numbers from 1 to 1024, got "
                f"{list(self.closed_channels)}"
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
    measure: MeasureSettings
    seed: int = 0
    trained: bool = True
    features: bool = False

    @property
    def content(self) -> dict[str, Any]:
        """The settings as they stand in the job's file.

        One that was added later is left out while it has its default: the names of jobs stay.
        """
        content = asdict(self)
        if not self.model.tanh_gates:
            del content["model"]["tanh_gates"]
        return content

    @property
    def id(self) -> str:
        """The first 16 hexadecimal digits of the SHA-256 of the content."""
        text = json.dumps(self.content, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def cost(self) -> float:
        """Expected cost, arbitrary units: steps of training and frames read."""
        frames = self.measure.fit + self.measure.held
        if self.trained and not self.features:
            frames += 3 * self.train.steps * self.train.batch
        return frames * (self.model.l_max + 1) ** 3 * self.model.layers * (self.model.channels + 8)

    @property
    def text(self) -> str:
        """One line for a reader."""
        if self.features:
            return f"feature file {self.data}"
        model = self.model
        return (
            f"{self.data}: L = {model.l_max}, {model.layers} layers, {model.channels} channels, "
            f"{'tanh gates, ' if model.tanh_gates else ''}"
            f"seed {self.seed}{'' if self.trained else ', untrained'}"
        )


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
