"""Training of a backbone on energies and forces: resumable, deterministic, guarded.

The frames of step k depend only on (seed, k), and the schedule only on k. The checkpoint holds
weights, optimiser, running average, best weights and history. So a run that is killed at any moment
and started again gives the same result.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from neural_checks.backbones.checkpoints import Checkpoint, read_checkpoint
from neural_checks.backbones.hooked import AtomGraph
from neural_checks.backbones.interface import Backbone, evaluate_all
from neural_checks.backbones.neighbors import Edges, edges
from neural_checks.backbones.nequip import BackboneConfig, NequIPBackbone
from neural_checks.backbones.scaling import Scaling
from neural_checks.data.split import Split
from numeric_checks.interrupts import deferred
from numeric_checks.molecules.data import ForceData
from span_theorem.arguments import shown, within

if TYPE_CHECKING:
    import torch

__all__ = ["OnStep", "TrainConfig", "Trained", "force_mae", "kept_path", "train"]

#: Called with step, steps, loss and validation error (meV/Å).
OnStep = Callable[[int, int, float, float], None]


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
            within(name, getattr(self, name), 1, 10**9)
        for name in ("warmup", "split_seed"):
            within(name, getattr(self, name), 0, 2**63)
        for name, high in (
            ("learning_rate", 10.0), ("average", 1.0), ("clip", 1e12), ("energy_weight", 1e12),
        ):  # fmt: skip
            value = getattr(self, name)
            if not isinstance(value, int | float) or not 0 <= value < high:
                raise ValueError(
                    f"{name} must be at least 0 and below {high:g}, got {shown(value)}"
                )
        if self.learning_rate == 0:
            raise ValueError("learning_rate must be above 0")
        if not isinstance(self.compiled, bool):
            raise TypeError(f"compiled must be true or false, got {shown(self.compiled)}")

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


def force_mae(backbone: Backbone, data: ForceData, frames: NDArray[np.int64]) -> float:
    """Mean absolute error of the force components on ``frames``, meV/Å."""
    chosen = data.take(frames)
    forces = evaluate_all(backbone, chosen.structures).forces
    return float(1000 * np.abs(forces - chosen.forces).mean())


def train(
    data: ForceData,
    split: Split,
    model: BackboneConfig,
    config: TrainConfig,
    seed: int,
    checkpoint: Path,
    device: str = "cpu",
    report: OnStep | None = None,
    checkpoint_seconds: float = 60.0,
    stop_after: int | None = None,
    stop: Callable[[], bool] = lambda: False,
    keep: Sequence[int] = (),
) -> Trained:
    """Train, or finish a training begun: ``checkpoint`` is read if it exists and kept up to date.

    ``report`` is called at every validation. ``stop_after`` ends early after that many steps in
    this call, leaving the checkpoint; with 0 the best weights so far are read and nothing else is
    done. ``stop`` is asked between steps and ends early too. So do Ctrl-C and SIGTERM, which are
    raised once the checkpoint is written. At the steps of ``keep`` a copy of the checkpoint is
    written beside it (:func:`kept_path`).

    Raises:
        ValueError: the checkpoint is damaged, or belongs to other settings or data;
        FloatingPointError: ten consecutive steps had a loss or gradient that is not finite.
    """
    scaling = Scaling.of(data, split.train, model.cutoff)
    backbone = NequIPBackbone(model, scaling, seed, device)
    run = _Training(data, split, config, seed, backbone)
    if checkpoint.exists():
        run.resume(checkpoint.name, read_checkpoint(checkpoint))
        if run.stopped or stop_after == 0:
            return run.finished()
    run.prepare()
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    last_save, first = time.monotonic(), run.step
    with deferred() as interrupt:
        while not run.stopped:
            asked = interrupt.asked or stop()
            if asked or (stop_after is not None and run.step - first >= stop_after):
                run.state().write(checkpoint)
                interrupt.raise_if_asked()
                break
            run.advance()
            if run.step in keep:
                run.state().write(kept_path(checkpoint, run.step))
            if report is not None and run.validated:
                report(run.step, config.steps, *run.history[-1][1:])
            if run.stopped or time.monotonic() - last_save > checkpoint_seconds:
                run.state().write(checkpoint)
                last_save = time.monotonic()
    return run.finished()


def kept_path(checkpoint: Path, step: int) -> Path:
    """Where the copy of a checkpoint at a step is kept.

    >>> kept_path(Path("backbone-0.pt"), 2000).name
    'backbone-0-step2000.pt'
    """
    return checkpoint.with_name(f"{checkpoint.stem}-step{step}{checkpoint.suffix}")


class _Training:
    """A training in progress: :meth:`advance` makes one step, :meth:`state` is its checkpoint."""

    def __init__(
        self,
        data: ForceData,
        split: Split,
        config: TrainConfig,
        seed: int,
        backbone: NequIPBackbone,
    ) -> None:
        self.data, self.split, self.config, self.seed = data, split, config, seed
        self.backbone, self.scaling = backbone, backbone.scaling
        self.kept = [p for p in backbone.model.parameters() if p.requires_grad]
        self.average = [p.detach().clone() for p in self.kept]
        self.best = [p.clone() for p in self.average]
        self.step = self.bad = self.skipped = self.since = 0
        self.spent, self.best_mae, self.stopped = 0.0, math.inf, ""
        self.history: list[tuple[int, float, float]] = []
        self.validated = False
        self.begun = time.monotonic()
        self.resumed: Checkpoint | None = None

    def resume(self, name: str, state: Checkpoint) -> None:
        """Take over a checkpoint; ValueError where it belongs to other settings or data."""
        try:
            model, config = BackboneConfig(**state.model), TrainConfig(**state.train)
        except TypeError as error:
            raise ValueError(f"{name}: its settings are not known here: {error}") from error
        mine = (self.data.checksum, self.backbone.config, self.config, self.seed)
        if (state.data, model, config, state.seed) != mine:
            raise ValueError(f"{name} belongs to other settings or data; remove it or rename")
        state.require_fit(name, self.kept)
        device = self.backbone.device
        self.average = [value.to(device) for value in state.average]
        self.best = [value.to(device) for value in state.best]
        self.step, self.bad, self.skipped = state.step, state.bad, state.skipped
        self.since, self.spent, self.best_mae = state.since, state.seconds, state.best_mae
        self.stopped, self.history = state.stopped, list(state.history)
        self.resumed = state

    def prepare(self) -> None:
        """Build what trains: the network or its compiled twin, the optimiser, the frames."""
        import torch

        config, device = self.config, self.backbone.device
        self.network = self.backbone.model
        if config.compiled:
            model = self.backbone.config
            twin = NequIPBackbone(model, self.scaling, self.seed, str(device), compiled=True)
            self.network = twin.model
        self.parameters = [p for p in self.network.parameters() if p.requires_grad]
        self.optimiser = torch.optim.Adam(self.parameters, lr=config.learning_rate, amsgrad=True)
        if self.resumed is not None:
            _set(self.parameters, self.resumed.parameters)
            settings = self.optimiser.state_dict()
            self.optimiser.load_state_dict({**settings, "state": self.resumed.optimiser})
        self.frames = self.data.take(self.split.train)
        structures, cutoff = self.frames.structures, self.backbone.cutoff
        self.edges = [edges(structures.take([k]), cutoff) for k in range(len(structures))]

    def advance(self) -> None:
        """One step: frames, loss, gradient, weights, running average; validation where it is due.

        Raises FloatingPointError after MAX_BAD_STEPS steps that were not finite.
        """
        import torch
        from torch.optim.swa_utils import get_ema_multi_avg_fn

        config = self.config
        self.network.train()
        for group in self.optimiser.param_groups:
            group["lr"] = config.rate(self.step)
        loss = self._loss()
        self.optimiser.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.parameters, config.clip)
        if bool(torch.isfinite(loss)) and bool(torch.isfinite(norm)):
            self.optimiser.step()
            self.bad = 0
        else:
            self._bad_step()
        decay = min(config.average, (1 + self.step) / (10 + self.step))
        update = get_ema_multi_avg_fn(decay)
        update(self.average, [p.detach() for p in self.parameters], self.step)
        self.step += 1
        self.validated = self.step % config.validate_every == 0 or self.step == config.steps
        if self.validated:
            self._validate(loss.item())

    def _loss(self) -> torch.Tensor:
        import torch

        scale, device = self.scaling.force_rms, self.backbone.device
        index = _batch(self.seed, self.step, len(self.frames), self.config.batch)
        part = self.frames.take(index)
        found = Edges.join([self.edges[k] for k in index], part.structures.counts)
        graph = AtomGraph.of(part.structures, found, device)
        output = self.network(self.backbone.inputs(graph))
        force_error = output["forces"] - torch.tensor(part.forces, device=device)
        energies = torch.tensor(part.energies, device=device)
        energy_error = (output["total_energy"].reshape(-1) - energies) / graph.counts
        loss: torch.Tensor = (force_error / scale).pow(2).mean() + self.config.energy_weight * (
            energy_error / scale
        ).pow(2).mean()
        return loss

    def _bad_step(self) -> None:
        self.bad, self.skipped = self.bad + 1, self.skipped + 1
        if self.bad >= MAX_BAD_STEPS:
            raise FloatingPointError(
                f"loss or gradient not finite in {self.bad} consecutive steps, at step "
                f"{self.step}; a smaller learning rate than {self.config.learning_rate:g} may help"
            )

    def _validate(self, loss: float) -> None:
        """The error of the running average, which is kept where it is the least so far."""
        current = [p.detach().clone() for p in self.parameters]
        _set(self.kept, self.average)
        mae = force_mae(self.backbone, self.data, self.split.validation)
        _set(self.parameters, current)
        self.history.append((self.step, loss, mae))
        if mae < self.best_mae:
            self.best_mae, self.best, self.since = mae, [p.clone() for p in self.average], 0
        else:
            self.since += 1
        if self.step == self.config.steps:
            self.stopped = "all steps done"
        elif self.since >= self.config.patience:
            self.stopped = f"no improvement in {self.since} validations"

    def state(self) -> Checkpoint:
        """What a checkpoint holds of this moment."""
        return Checkpoint(
            data=self.data.checksum,
            model=asdict(self.backbone.config),
            train=asdict(self.config),
            seed=self.seed,
            scaling=self.scaling.stored(),
            parameters=[p.detach() for p in self.parameters],
            average=self.average,
            best=self.best,
            optimiser=self.optimiser.state_dict()["state"],
            step=self.step,
            bad=self.bad,
            skipped=self.skipped,
            since=self.since,
            seconds=self._seconds(),
            best_mae=self.best_mae,
            stopped=self.stopped,
            history=self.history,
        )

    def finished(self) -> Trained:
        """The backbone with the best weights so far."""
        _set(self.kept, self.best)
        self.backbone.model.eval()
        stopped = self.stopped or "interrupted"
        return Trained(
            self.backbone, self.step, stopped, self._seconds(), self.skipped, self.history
        )

    def _seconds(self) -> float:
        ended = self.resumed is not None and bool(self.resumed.stopped)
        return self.spent if ended else self.spent + time.monotonic() - self.begun


def _batch(seed: int, step: int, frames: int, batch: int) -> NDArray[np.int64]:
    """Positions in the training set of the frames of a step: a fresh permutation every epoch.

    The seeds of the permutations are those of the first checkpoints, which go on with them.
    """
    batch = min(batch, frames)
    epoch, place = divmod(step, frames // batch)
    order = np.random.default_rng([seed, epoch]).permutation(frames)
    return order[place * batch : (place + 1) * batch]


def _set(parameters: Sequence[torch.Tensor], values: Sequence[torch.Tensor]) -> None:
    import torch

    with torch.no_grad():
        for parameter, value in zip(parameters, values, strict=True):
            parameter.copy_(value)
