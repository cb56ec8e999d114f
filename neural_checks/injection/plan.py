"""What a run of the aspirin experiment is to do: its options, judged together before any work."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from neural_checks.backbones.nequip import BackboneConfig
from neural_checks.devices import usable_device
from neural_checks.injection.result import Settings
from neural_checks.readouts.samples import component_weights
from neural_checks.readouts.trained import SpnConfig
from neural_checks.training.ensemble import read_ensemble
from neural_checks.training.train import TrainConfig

__all__ = ["Plan"]


@dataclass(frozen=True)
class Plan:
    """What the options ask for, judged together before any work."""

    preset: str
    train: TrainConfig
    model: BackboneConfig
    settings: Settings
    fit: int
    held: int
    seeds: Sequence[int]
    device: str
    parallel: int
    as_trained: bool
    keep: tuple[int, ...] = ()

    @classmethod
    def of(cls, arguments: argparse.Namespace, presets: Mapping[str, Any]) -> Plan:
        """The plan of the options, which name one of the ``presets``.

        Raises ValueError for what cannot be done.
        """
        preset = presets[arguments.preset]

        def given(value: int | None, otherwise: int) -> int:
            return otherwise if value is None else value

        train = dict(preset["train"], split_seed=arguments.seed)
        if arguments.steps is not None:
            train["steps"] = arguments.steps
        model = dict(preset["model"])
        if arguments.L is not None:
            model["l_max"] = arguments.L
        config = BackboneConfig(**model)
        plan = cls(
            preset=arguments.preset,
            train=TrainConfig(**train),
            model=config,
            settings=Settings(
                L=config.l_max,
                degrees_read=tuple(sorted(set(arguments.degrees))),
                amplitude=arguments.amplitude,
                orientations=preset["orientations"],
                draws=given(arguments.draws, preset["bootstrap"]),
                seed=arguments.seed,
                spn=SpnConfig(**preset["spn"]),
                control_sites=preset["control_sites"],
            ),
            fit=preset["fit"],
            held=preset["held"],
            seeds=range(given(arguments.backbones, preset["backbones"])),
            device=usable_device(arguments.device),
            parallel=arguments.parallel,
            as_trained=arguments.as_trained,
            keep=tuple(arguments.keep),
        )
        return plan.checked()

    def checked(self) -> Plan:
        """The plan; ValueError where a readout would have more weights than samples."""
        L, rows = self.settings.L, self.fit * self.settings.orientations
        for degree in self.settings.degrees_read:
            weights = component_weights(L, degree)
            if weights >= rows:
                raise ValueError(
                    f"L = {L} with --degrees {degree} has {weights} monomials for the {rows} "
                    f"samples of preset {self.preset}: leave that degree out, take a smaller L, or "
                    "another preset"
                )
        return self

    def of_checkpoints(self, folder: Path, most: int | None) -> Plan:
        """The plan with network, training and seeds of the checkpoints in ``folder``.

        Raises FileNotFoundError where there is none, ValueError where they differ.
        """
        model, train, seeds = read_ensemble(folder)
        settings = replace(self.settings, L=model.l_max)
        plan = replace(self, model=model, train=train, settings=settings, seeds=seeds[:most])
        return plan.checked()
