"""Readouts trained by gradient descent on feature components at random rotations.

The published protocol: a spectral prediction network (SPN) of polynomial degree d_r (linear,
quadratic, cubic) on the components of one atom's features, fitted to the residual force
r = F + ΔF − F_backbone. Here p(x) = W x + b + A ⊙_{j ≤ d_r} (B_j x + β_j), a sum of products of d_r
affine forms, hence of degree d_r whatever its width. ``degree=None`` puts two SiLU layers in place
of the products: the control that is not a polynomial. Nothing here knows a Clebsch–Gordan
coefficient.

One network serves all sites (``shared``), or every site has its own. Every seed has networks,
batches, rotations, patterns c and directions ê of its own. All networks of a call are trained
together as one batch of matrices.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neural_checks.readouts.samples import Samples
from neural_checks.readouts.spn_inputs import InjectedField, SpnInputs, SpnTask

__all__ = ["InjectedField", "SpnConfig", "SpnRun", "SpnTask", "train_spn"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class SpnConfig:
    """How the networks are trained: Adam, cosine schedule, squared error.

    ``channels`` principal channels per irrep enter (``cubic_channels`` where products are cubic);
    ``width`` products (or SiLU units); ``batch`` frames a step of a network of one site,
    ``shared_batch`` of one for all sites; ``orientations`` of every held-out frame are averaged
    over. The gradient of every network is shortened to the length ``clip`` at most (None: it is
    not): a frame unlike the others, as when a proton moves over, has products so large that Adam
    would be thrown off by it and keep the size of its steps for the rest of the training.
    """

    steps: int = 1500
    batch: int = 64
    shared_batch: int = 16
    seeds: int = 3
    width: int = 64
    channels: int = 8
    cubic_channels: int = 4
    learning_rate: float = 0.01
    orientations: int = 6
    clip: float | None = 1.0

    def __post_init__(self) -> None:
        for name in (
            "steps", "batch", "shared_batch", "seeds", "width", "channels", "cubic_channels",
            "orientations",
        ):  # fmt: skip
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be ≥ 1, got {getattr(self, name)}")
        if not self.learning_rate > 0:
            raise ValueError(f"learning_rate must be > 0, got {self.learning_rate}")
        if self.clip is not None and not self.clip > 0:
            raise ValueError(f"clip must be > 0 or None, got {self.clip}")

    def channels_of(self, degree: int | None) -> int:
        """Principal channels per irrep of a readout of that degree."""
        return self.cubic_channels if degree == 3 else self.channels


@dataclass(frozen=True)
class SpnRun:
    """Squared lengths on held-out frames, (seeds, targets, sites, frames), in units of F_rms².

    ``total`` |r|², ``left`` |r − p|², ``power`` |ΔF|², ``missed`` |ΔF − p|²; ``before`` |e|² of the
    backbone's own error, (sites, frames). ``weights`` and ``steps`` of one network.
    """

    total: Array
    left: Array
    power: Array
    missed: Array
    before: Array
    weights: int
    steps: int

    def take(self, targets: Sequence[int] | slice) -> SpnRun:
        """The run with only some of its targets."""
        parts = {n: getattr(self, n)[:, targets] for n in ("total", "left", "power", "missed")}
        return replace(self, **parts)


def train_spn(
    samples: Samples,
    task: SpnTask,
    config: SpnConfig,
    rng: np.random.Generator,
    device: str = "cpu",
) -> SpnRun:
    """Train the networks of ``task``, ``config.seeds`` of them (for every site, unless shared).

    The same state of ``rng`` gives the same result. Raises FloatingPointError if the loss is not
    finite.
    """
    channels = config.channels_of(task.degree)
    inputs = SpnInputs(samples, task, channels, config.seeds, rng)
    network = _Network(inputs, config, device)
    _train(network, inputs, samples.fit, config)
    return _measure(network, inputs, samples, config)


def _train(network: _Network, inputs: SpnInputs, fit: NDArray[np.int64], config: SpnConfig) -> None:
    """Adam on frames of ``fit``, each step at fresh rotations."""
    import torch

    parameters = network.parameters
    optimiser = torch.optim.Adam(parameters.values(), lr=config.learning_rate, fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: 0.5 * (1 + math.cos(math.pi * step / config.steps)) + 1e-3
    )
    batch = config.shared_batch if inputs.task.shared else config.batch

    def draw() -> tuple[Any, Any, Any]:
        return inputs.draw(inputs.rng.choice(fit, (config.seeds, batch)))

    with ThreadPoolExecutor(1) as ahead:  # one draw ahead of the step, in the order of the steps
        drawn = ahead.submit(draw)
        for step in range(config.steps):
            x, field, error = (t.to(network.device) for t in drawn.result())
            if step + 1 < config.steps:
                drawn = ahead.submit(draw)
            predicted = network(x)
            wanted = (field + error).reshape(predicted.shape)
            loss = (predicted - wanted).pow(2).mean(dim=(1, 2)).sum()
            if not bool(torch.isfinite(loss)):
                degree = inputs.task.degree
                raise FloatingPointError(
                    f"readout of degree {degree}: loss not finite at step {step}"
                )
            optimiser.zero_grad()
            loss.backward()
            network.clip(config.clip)
            optimiser.step()
            schedule.step()


def _measure(network: _Network, inputs: SpnInputs, samples: Samples, config: SpnConfig) -> SpnRun:
    """Squared lengths on the held-out frames, averaged over orientations."""
    import torch

    shape = (config.seeds, len(inputs.task.targets), inputs.sites, len(samples.held))
    total, left, power, missed = (np.zeros(shape) for _ in range(4))
    held = np.broadcast_to(samples.held, (config.seeds, len(samples.held)))
    orientations = 1 if inputs.task.stored else config.orientations
    for _ in range(orientations):
        x, field, error = (t.to(network.device) for t in inputs.draw(held))
        with torch.no_grad():
            p = network(x).reshape(field.shape)
        for sums, values in (
            (total, field + error),
            (left, field + error - p),
            (power, field),
            (missed, field - p),
        ):
            squares = values.double().pow(2).sum(-1).cpu().numpy()  # (seeds, sites, frames, target)
            sums += squares.transpose(0, 3, 1, 2) / orientations
    before = (samples.errors[samples.held] ** 2).sum(axis=2).T
    return SpnRun(total, left, power, missed, before, network.weights, config.steps)


class _Network:
    """Independent networks, one per seed (and site, unless shared), multiplied as one batch.

    Targets that are ``apart`` have hidden units of their own, which read the same components.
    """

    def __init__(self, inputs: SpnInputs, config: SpnConfig, device: str) -> None:
        import torch

        task = inputs.task
        self.task, self.device = task, device
        self._nets = config.seeds * (1 if task.shared else inputs.sites)
        self._generator = torch.Generator().manual_seed(int(inputs.rng.integers(2**31)))
        size, width = inputs.size, task.width or config.width
        outputs = 3 * len(task.targets)
        self._heads = len(task.targets) if task.apart else 1
        hidden = self._heads * width
        made = {"linear": self._normal(size, outputs), "bias": self._zeros(outputs)}
        if task.degree is None:
            made |= {"in": self._normal(size, hidden), "in_bias": self._zeros(hidden)}
            made |= {"mid": self._normal(width, width, self._heads)}
            made |= {"mid_bias": self._zeros(width, self._heads)}
        elif task.degree >= 2:
            made |= {"in": self._normal(size, task.degree * hidden)}
            made |= {"in_bias": self._zeros(task.degree * hidden)}
        if task.degree is None or task.degree >= 2:
            made["out"] = self._normal(width, outputs // self._heads, self._heads)
        self.parameters: dict[str, Any] = made

    def _normal(self, rows: int, columns: int, heads: int = 1) -> Any:
        import torch

        shape = (self._nets * heads, rows, columns)
        made = torch.randn(shape, generator=self._generator, dtype=torch.float32) * rows**-0.5
        return made.to(self.device).requires_grad_(True)

    def _zeros(self, columns: int, heads: int = 1) -> Any:
        import torch

        shape = (self._nets * heads, 1, columns)
        return torch.zeros(shape, dtype=torch.float32, device=self.device, requires_grad=True)

    @property
    def weights(self) -> int:
        """Weights of one of the networks."""
        total: int = sum(p.numel() for p in self.parameters.values())
        return total // self._nets

    def clip(self, longest: float | None) -> None:
        """Shorten the gradient of each of the networks to the length ``longest`` at most."""
        if longest is None:
            return
        gradients = [parameter.grad for parameter in self.parameters.values()]
        squares = sum(g.reshape(self._nets, -1).square().sum(dim=1) for g in gradients)
        factors = (longest / squares.sqrt()).clamp(max=1.0)
        for gradient in gradients:
            each = factors.repeat_interleave(len(gradient) // self._nets)
            gradient.mul_(each[:, None, None])

    def __call__(self, x: Any) -> Any:
        """(nets, rows, outputs) of components (seeds, sites, batch, size); a row is a frame, or a
        frame and site where the network is shared."""
        import torch

        p = self.parameters
        x = x.flatten(1, 2) if self.task.shared else x.flatten(0, 1)
        result = torch.baddbmm(p["bias"], x, p["linear"])
        if self.task.degree == 1:
            return result
        hidden = torch.baddbmm(p["in_bias"], x, p["in"])
        if self.task.degree is None:
            silu = torch.nn.functional.silu
            hidden = self._by_head(silu(hidden))
            hidden = silu(torch.baddbmm(p["mid_bias"], hidden, p["mid"]))
        else:
            first, *others = hidden.chunk(self.task.degree, dim=2)
            for factor in others:
                first = first * factor
            hidden = self._by_head(first)
        if self._heads == 1:
            return torch.baddbmm(result, hidden, p["out"])
        made = torch.bmm(hidden, p["out"]).unflatten(0, (self._nets, self._heads))
        return result + made.transpose(1, 2).flatten(2)

    def _by_head(self, hidden: Any) -> Any:
        """(nets, rows, heads·width) to (nets·heads, rows, width)."""
        if self._heads == 1:
            return hidden
        return hidden.unflatten(2, (self._heads, -1)).transpose(1, 2).flatten(0, 1)
