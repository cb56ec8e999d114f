"""Training of a backbone on energies and forces: resumable, deterministic, guarded.

The frames of step k depend on (seed, k) alone, the schedule on k alone, so that a run killed at
any moment and started again follows the trajectory it would have had: the checkpoint holds
weights, optimiser, running average, best weights and history.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from neural_checks.backbones.hooked import Backbone, BackboneConfig, NequIPBackbone, Scaling
from neural_checks.data.split import Split
from numeric_checks.molecules.data import ForceData

__all__ = ["TrainConfig", "Trained", "force_mae", "train"]


@dataclass(frozen=True)
class TrainConfig:
    """How a backbone is trained.

    Loss: mean squared force error in units of the RMS force component, plus ``energy_weight`` times
    the mean squared energy error per atom in the same number of eV. Learning rate: linear warm-up,
    then a cosine down to one hundredth. ``average`` is the decay of the running average of the
    weights, which is what is validated and kept; ``patience`` counts validations without
    improvement; gradients are clipped to norm ``clip``. ``compiled`` trains a compiled twin of the
    network: minutes to compile, then about twice as fast on a CPU; validation and features stay
    with the eager network, which is given the weights.
    """

    train: int = 900
    validation: int = 50
    test: int = 250
    split_seed: int = 0
    steps: int = 6000
    batch: int = 5
    learning_rate: float = 0.01
    warmup: int = 50
    average: float = 0.99
    energy_weight: float = 1.0
    clip: float = 10.0
    validate_every: int = 200
    patience: int = 20
    compiled: bool = False

    def __post_init__(self) -> None:
        for name in ("train", "validation", "test", "steps", "batch", "validate_every", "patience"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be ≥ 1, got {getattr(self, name)}")
        if not 0.0 <= self.average < 1.0:
            raise ValueError(f"average must be in [0, 1), got {self.average}")
        if not self.learning_rate > 0:
            raise ValueError(f"learning_rate must be > 0, got {self.learning_rate}")

    def rate(self, step: int) -> float:
        """Learning rate of step ``step`` (0 ≤ step < steps)."""
        if step < self.warmup:
            return self.learning_rate * (step + 1) / self.warmup
        progress = (step - self.warmup) / max(1, self.steps - self.warmup)
        return self.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress)))


@dataclass(frozen=True)
class Trained:
    """A trained backbone: ``history`` holds (step, train loss, validation force MAE in meV/Å)."""

    backbone: NequIPBackbone
    steps: int
    stopped: str
    seconds: float
    skipped_steps: int
    history: list[tuple[int, float, float]]


#: Consecutive steps with a loss or gradient that is not finite before training gives up.
MAX_BAD_STEPS = 10


def force_mae(backbone: Backbone, data: ForceData, frames: Any) -> float:
    """Mean absolute error of the force components on ``frames``, meV/Å."""
    forces = backbone.evaluate(data.positions[frames]).forces
    return float(1000 * np.abs(forces - data.molecule_forces[frames]).mean())


def _batch(seed: int, step: int, frames: int, batch: int) -> np.ndarray:
    """Positions in the training set of the frames of a step: a fresh permutation every epoch."""
    batch = min(batch, frames)
    epoch, place = divmod(step, frames // batch)
    order = np.random.default_rng([seed, epoch]).permutation(frames)
    return order[place * batch : (place + 1) * batch]


def train(
    data: ForceData,
    split: Split,
    model: BackboneConfig,
    config: TrainConfig,
    seed: int,
    checkpoint: Path,
    device: str = "cpu",
    report: Callable[[int, int, float, float], None] | None = None,
    checkpoint_seconds: float = 60.0,
    stop_after: int | None = None,
) -> Trained:
    """Train, or finish a training begun: ``checkpoint`` is read if it exists and kept up to date.

    ``report(step, steps, loss, validation_mae)`` is called now and then. ``stop_after`` ends early
    after that many steps in this call, leaving the checkpoint; with 0 the best weights so far are
    read and nothing else is done.

    Raises ValueError if the checkpoint belongs to other settings or data, FloatingPointError after
    ten consecutive steps whose loss or gradient is not finite.
    """
    import torch

    scaling = Scaling.of(data, split.train, model.cutoff)
    backbone = NequIPBackbone(model, scaling, seed, device)
    kept = [p for p in backbone.model.parameters() if p.requires_grad]
    identity = {
        "data": data.checksum,
        "model": asdict(model),
        "train": asdict(config),
        "seed": seed,
    }
    state = None
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True, map_location=device)
        if state["identity"] != identity:
            raise ValueError(f"{checkpoint} belongs to other settings or data; remove it or rename")
        if state["stopped"] or stop_after == 0:  # nothing to train, hence nothing to compile
            _set(kept, state["best"])
            backbone.model.eval()
            past = [tuple(row) for row in state["history"]]
            stopped = state["stopped"] or "interrupted"
            return Trained(
                backbone, state["step"], stopped, state["seconds"], state["skipped"], past
            )
    network = backbone.model
    if config.compiled:
        network = NequIPBackbone(model, scaling, seed, device, compiled=True).model
    parameters = [p for p in network.parameters() if p.requires_grad]
    optimiser = torch.optim.Adam(parameters, lr=config.learning_rate, amsgrad=True)
    average = [p.detach().clone() for p in parameters]
    step, bad, skipped, spent = 0, 0, 0, 0.0
    best_mae, best, since = math.inf, [p.clone() for p in average], 0
    history: list[tuple[int, float, float]] = []
    stopped = ""
    if state is not None:
        _set(parameters, state["parameters"])
        optimiser.load_state_dict(state["optimiser"])
        average, best = state["average"], state["best"]
        step, bad, skipped, spent = (state[k] for k in ("step", "bad", "skipped", "seconds"))
        best_mae, since = state["best_mae"], state["since"]
        history = [tuple(row) for row in state["history"]]

    def save() -> None:
        state = {
            "identity": identity,
            "parameters": [p.detach() for p in parameters],
            "optimiser": optimiser.state_dict(),
            "average": average,
            "best": best,
            "step": step,
            "bad": bad,
            "skipped": skipped,
            "seconds": spent + time.monotonic() - begun,
            "best_mae": best_mae,
            "since": since,
            "stopped": stopped,
            "history": [list(row) for row in history],
        }
        temporary = checkpoint.with_name(checkpoint.name + ".writing")
        torch.save(state, temporary)
        os.replace(temporary, checkpoint)

    positions = torch.tensor(data.positions[split.train], device=device)
    forces = torch.tensor(data.molecule_forces[split.train], device=device)
    energies = torch.tensor(data.energies[split.train], device=device)
    atoms = len(data.numbers)
    begun = last_save = time.monotonic()
    first = step
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    while not stopped:
        if stop_after is not None and step - first >= stop_after:
            save()
            break
        network.train()
        for group in optimiser.param_groups:
            group["lr"] = config.rate(step)
        index = torch.as_tensor(_batch(seed, step, len(split.train), config.batch), device=device)
        output = network(backbone.graph(positions[index]))
        force_error = output["forces"].reshape(-1, atoms, 3) - forces[index]
        energy_error = (output["total_energy"].reshape(-1) - energies[index]) / atoms
        loss = (force_error / scaling.force_rms).pow(2).mean() + config.energy_weight * (
            energy_error / scaling.force_rms
        ).pow(2).mean()
        optimiser.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(parameters, config.clip)
        if bool(torch.isfinite(loss)) and bool(torch.isfinite(norm)):
            optimiser.step()
            bad = 0
        else:
            bad, skipped = bad + 1, skipped + 1
            if bad >= MAX_BAD_STEPS:
                raise FloatingPointError(
                    f"loss or gradient not finite in {bad} consecutive steps, at step {step}"
                )
        with torch.no_grad():
            decay = min(config.average, (1 + step) / (10 + step))
            for mean, parameter in zip(average, parameters, strict=True):
                mean.lerp_(parameter, 1 - decay)
        step += 1
        if step % config.validate_every == 0 or step == config.steps:
            current = [p.detach().clone() for p in parameters]
            _set(kept, average)
            mae = force_mae(backbone, data, split.validation)
            _set(parameters, current)
            history.append((step, loss.item(), mae))
            if mae < best_mae:
                best_mae, best, since = mae, [p.clone() for p in average], 0
            else:
                since += 1
            if step == config.steps:
                stopped = "all steps done"
            elif since >= config.patience:
                stopped = f"no improvement in {since} validations"
            if report is not None:
                report(step, config.steps, loss.item(), mae)
        if stopped or time.monotonic() - last_save > checkpoint_seconds:
            save()
            last_save = time.monotonic()
    _set(kept, best)
    backbone.model.eval()
    seconds = spent + time.monotonic() - begun
    return Trained(backbone, step, stopped or "interrupted", seconds, skipped, history)


def _set(parameters: list[Any], values: list[Any]) -> None:
    import torch

    with torch.no_grad():
        for parameter, value in zip(parameters, values, strict=True):
            parameter.copy_(value)
