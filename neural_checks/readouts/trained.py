"""Readouts trained by gradient descent on feature components at random rotations.

The published protocol: a network of polynomial degree d_r (linear, quadratic, cubic) on the
components of one atom's features, fitted to the residual force r = F + ΔF − F_backbone. Here
p(x) = W x + b + A ⊙_{j ≤ d_r} (B_j x + β_j), a sum of products of d_r affine forms, hence of degree
d_r whatever its width. ``degree=None`` puts two SiLU layers in place of the products: the control
that is not a polynomial. Nothing here knows a Clebsch–Gordan coefficient.

Every (seed, site) has a network of its own, and every seed a pattern c and a direction ê of its own
for each ℓ; the outputs for all ℓ share one hidden layer. Frames are drawn with a fresh Haar-random
rotation at every step.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neural_checks.readouts.samples import Samples
from numeric_checks.readouts.channels import reduce_channels
from numeric_checks.rotations.sampling import random_rotations
from numeric_checks.rotations.wigner import unit_harmonics, wigner_upto
from span_theorem.irreps import Irrep

__all__ = ["SpnConfig", "SpnRun", "train_spn"]

Array = NDArray[np.float64]

#: Principal channels below this share of the largest are scaled as if they had it.
FAINT = 0.1


@dataclass(frozen=True)
class SpnConfig:
    """How the networks are trained: Adam, cosine schedule, squared error.

    ``channels`` principal channels per irrep enter (``cubic_channels`` where products are cubic);
    ``width`` products (or SiLU units); ``orientations`` of every held-out frame are averaged over.
    """

    steps: int = 1500
    batch: int = 64
    seeds: int = 3
    width: int = 64
    channels: int = 8
    cubic_channels: int = 4
    learning_rate: float = 0.01
    orientations: int = 6

    def __post_init__(self) -> None:
        for name in (
            "steps", "batch", "seeds", "width", "channels", "cubic_channels", "orientations",
        ):  # fmt: skip
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be ≥ 1, got {getattr(self, name)}")
        if not self.learning_rate > 0:
            raise ValueError(f"learning_rate must be > 0, got {self.learning_rate}")


@dataclass(frozen=True)
class SpnRun:
    """Squared lengths on held-out frames, (seeds, ℓ, sites, frames), in units of F_rms².

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


def train_spn(
    samples: Samples,
    degree: int | None,
    degrees: int,
    config: SpnConfig,
    rng: np.random.Generator,
    amplitude: float = 1.0,
    device: str = "cpu",
) -> SpnRun:
    """Train networks of degree ``degree`` for ℓ = 1..``degrees`` at every site of ``samples``.

    ``amplitude`` is ε; the same state of ``rng`` gives the same result. Raises ValueError for a
    degree other than 1, 2, 3 or None, FloatingPointError if the loss is not finite.
    """
    if degree not in (1, 2, 3, None):
        raise ValueError(f"degree must be 1, 2, 3 or None, got {degree}")
    inputs = _Inputs(samples, degrees, config, degree, amplitude, rng)
    network = _Network(inputs, config, degree, device)
    _train(network, inputs, samples.fit, config)
    return _measure(network, inputs, samples, config)


def _train(network: _Network, inputs: _Inputs, fit: NDArray[np.int64], config: SpnConfig) -> None:
    """Adam on frames of ``fit``, each step at fresh rotations."""
    import torch

    parameters = network.parameters
    optimiser = torch.optim.Adam(parameters.values(), lr=config.learning_rate, fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: 0.5 * (1 + math.cos(math.pi * step / config.steps)) + 1e-3
    )

    def draw() -> tuple[Any, Any, Any]:
        return inputs.draw(inputs.rng.choice(fit, (config.seeds, config.batch)))

    with ThreadPoolExecutor(1) as ahead:  # one draw ahead of the step, in the order of the steps
        drawn = ahead.submit(draw)
        for step in range(config.steps):
            x, field, error = (t.to(network.device) for t in drawn.result())
            if step + 1 < config.steps:
                drawn = ahead.submit(draw)
            wanted = (field + error).flatten(0, 1).flatten(2)
            loss = (network(x) - wanted).pow(2).mean(dim=(1, 2)).sum()
            if not bool(torch.isfinite(loss)):
                raise FloatingPointError(
                    f"readout of degree {network.degree}: loss not finite at step {step}"
                )
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()


def _measure(network: _Network, inputs: _Inputs, samples: Samples, config: SpnConfig) -> SpnRun:
    """Squared lengths on the held-out frames, averaged over orientations."""
    import torch

    sites = samples.vectors.shape[1]
    shape = (config.seeds, inputs.degrees, sites, len(samples.held))
    total, left, power, missed = (np.zeros(shape) for _ in range(4))
    held = np.broadcast_to(samples.held, (config.seeds, len(samples.held)))
    for _ in range(config.orientations):
        x, field, error = (t.to(network.device) for t in inputs.draw(held))
        with torch.no_grad():
            p = network(x).reshape(field.shape)
        for sums, values in (
            (total, field + error),
            (left, field + error - p),
            (power, field),
            (missed, field - p),
        ):
            squares = values.double().pow(2).sum(-1).cpu().numpy()  # (seeds, sites, frames, ℓ)
            sums += squares.transpose(0, 3, 1, 2) / config.orientations
    before = (samples.errors[samples.held] ** 2).sum(axis=2).T
    return SpnRun(total, left, power, missed, before, network.weights, config.steps)


class _Inputs:
    """Components and targets of frames at fresh random rotations, as float32 tensors."""

    def __init__(
        self,
        samples: Samples,
        degrees: int,
        config: SpnConfig,
        degree: int | None,
        amplitude: float,
        rng: np.random.Generator,
    ) -> None:
        self.rng, self.degrees, self.amplitude = rng, degrees, amplitude
        self.vectors, self.errors = samples.vectors, samples.errors
        channels = config.cubic_channels if degree == 3 else config.channels
        self.blocks = {
            name: _principal(values, channels, samples.fit)
            for name, values in samples.features.items()
        }
        self.ls = {name: Irrep.parse(name).l for name in self.blocks}
        self.size = sum(b.shape[2] * b.shape[3] for b in self.blocks.values())
        self.patterns = []
        for ell in range(1, degrees + 1):
            c = rng.standard_normal((config.seeds, 2 * ell + 1))
            self.patterns.append(
                c * np.sqrt(2 * ell + 1) / np.linalg.norm(c, axis=1, keepdims=True)
            )
        e = rng.standard_normal((config.seeds, degrees, 3))
        self.axes = e / np.linalg.norm(e, axis=2, keepdims=True)

    def draw(self, frames: NDArray[np.int64]) -> tuple[Any, Any, Any]:
        """For ``frames`` (seeds, batch): components (seeds, sites, batch, size), injected field
        and force error (seeds, sites, batch, ℓ, 3)."""
        import torch

        seeds, batch = frames.shape
        turns = random_rotations(seeds * batch, self.rng)
        wigner = wigner_upto(max(self.ls.values(), default=0), turns)
        flat = frames.ravel()
        parts = []
        for name, block in self.blocks.items():
            turned = np.matmul(block[flat], wigner[self.ls[name]].transpose(0, 2, 1)[:, None])
            parts.append(turned.reshape(*turned.shape[:2], -1))
        x = np.concatenate(parts, axis=2).reshape(seeds, batch, -1, self.size)
        directions = np.matmul(self.vectors[flat], turns.transpose(0, 2, 1))
        error = np.matmul(self.errors[flat], turns.transpose(0, 2, 1))
        harmonics = unit_harmonics(self.degrees, directions)[1:]
        field = np.empty((seeds, batch, directions.shape[1], self.degrees, 3))
        for ell, (y, c) in enumerate(zip(harmonics, self.patterns, strict=True)):
            y = y.reshape(seeds, batch, -1, y.shape[-1])
            g = self.amplitude * np.einsum("sbim,sm->sbi", y, c)
            field[:, :, :, ell] = g[..., None] * self.axes[:, None, None, ell]
        error = error.reshape(seeds, batch, -1, 1, 3)

        def tensor(values: Array) -> Any:
            return torch.from_numpy(np.ascontiguousarray(values.swapaxes(1, 2), dtype=np.float32))

        return tensor(x), tensor(field), tensor(error)


def _principal(values: Array, channels: int, fit: NDArray[np.int64]) -> Array:
    """Principal channels (frames, sites, channels, 2l+1) of every site, at equal size.

    Rotations act on them as before. The faint ones are not blown up, or a frame unlike those
    fitted would count by its third power.
    """
    kept = np.stack(
        [reduce_channels(values[:, s], channels, fit) for s in range(values.shape[1])], axis=1
    )
    scale = np.sqrt((kept[fit] ** 2).mean(axis=(0, 3), keepdims=True))
    scale = np.maximum(scale, FAINT * scale.max(axis=2, keepdims=True))
    result: Array = kept / np.where(scale > 0, scale, 1.0)
    return result


class _Network:
    """Independent networks, one per seed and site, multiplied as one batch."""

    def __init__(self, inputs: _Inputs, config: SpnConfig, degree: int | None, device: str) -> None:
        import torch

        self.degree, self.device = degree, device
        self._nets = config.seeds * inputs.vectors.shape[1]
        self._generator = torch.Generator().manual_seed(int(inputs.rng.integers(2**31)))
        size, width, outputs = inputs.size, config.width, 3 * inputs.degrees
        made = {"linear": self._normal(size, outputs), "bias": self._zeros(outputs)}
        if degree is None:
            made |= {"in": self._normal(size, width), "in_bias": self._zeros(width)}
            made |= {"mid": self._normal(width, width), "mid_bias": self._zeros(width)}
        elif degree >= 2:
            made |= {"in": self._normal(size, degree * width)}
            made |= {"in_bias": self._zeros(degree * width)}
        if degree is None or degree >= 2:
            made["out"] = self._normal(width, outputs)
        self.parameters: dict[str, Any] = made

    def _normal(self, rows: int, columns: int) -> Any:
        import torch

        shape = (self._nets, rows, columns)
        made = torch.randn(shape, generator=self._generator, dtype=torch.float32) * rows**-0.5
        return made.to(self.device).requires_grad_(True)

    def _zeros(self, columns: int) -> Any:
        import torch

        return torch.zeros(
            (self._nets, 1, columns), dtype=torch.float32, device=self.device, requires_grad=True
        )

    @property
    def weights(self) -> int:
        """Weights of one of the networks."""
        return sum(p[0].numel() for p in self.parameters.values())

    def __call__(self, x: Any) -> Any:
        """(nets, batch, outputs) of components (seeds, sites, batch, size)."""
        import torch

        p, x = self.parameters, x.flatten(0, 1)
        result = torch.baddbmm(p["bias"], x, p["linear"])
        if self.degree == 1:
            return result
        hidden = torch.baddbmm(p["in_bias"], x, p["in"])
        if self.degree is None:
            silu = torch.nn.functional.silu
            hidden = silu(torch.baddbmm(p["mid_bias"], silu(hidden), p["mid"]))
        else:
            hidden = torch.stack(hidden.chunk(self.degree, dim=2)).prod(dim=0)
        return torch.baddbmm(result, hidden, p["out"])
