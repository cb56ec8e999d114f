"""What trained readouts are given: feature components and targets at random rotations.

A batch is drawn frame by frame. Every frame gets a fresh Haar-random rotation R, which turns the
features by D(R), the marked directions and the force errors by R. Patterns c and directions ê stay
fixed in the laboratory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neural_checks.readouts.samples import Samples
from numeric_checks.readouts.channels import reduce_channels, reduce_features
from numeric_checks.rotations.sampling import random_rotations
from numeric_checks.rotations.wigner import FeatureBlocks, unit_harmonics, wigner_upto
from span_theorem.irreps import Irrep

__all__ = ["InjectedField", "SpnInputs", "SpnTask"]

Array = NDArray[np.float64]

#: Principal channels below this share of the largest are scaled as if they had it.
FAINT = 0.1


@dataclass(frozen=True)
class InjectedField:
    """A field of degree ``ell`` ≥ 1 injected at ``amplitude`` ε ≥ 0; 0 stands for no injection."""

    ell: int
    amplitude: float = 1.0


@dataclass(frozen=True)
class SpnTask:
    """What a trained readout is, and what it is trained on.

    Attributes:
        degree: 1, 2 or 3, or None for two SiLU layers in place of the products.
        targets: the fields that it is trained on, each with outputs of its own.
        shared: one network for all sites instead of one per site.
        apart: every target has hidden units of its own, as if each had a network.
        fed: the harmonics y_ℓ(û) of the targets enter beside the features.
        stored: frames are used as they are stored and not rotated.
        width: products, or SiLU units; None takes that of the configuration.

    Raises ValueError for a degree other than 1, 2, 3 or None, and where there is no target.
    """

    degree: int | None
    targets: tuple[InjectedField, ...]
    shared: bool = False
    apart: bool = False
    fed: bool = False
    stored: bool = False
    width: int | None = None

    def __post_init__(self) -> None:
        if self.degree not in (1, 2, 3, None):
            raise ValueError(f"degree must be 1, 2, 3 or None, got {self.degree}")
        if not self.targets or min(target.ell for target in self.targets) < 1:
            raise ValueError("targets must have degrees ℓ ≥ 1, and there must be at least one")

    @classmethod
    def upto(
        cls, degree: int | None, degrees: int, amplitude: float = 1.0, shared: bool = False
    ) -> SpnTask:
        """Fields of ℓ = 1..``degrees`` at one amplitude, whose outputs share the hidden units."""
        targets = tuple(InjectedField(ell, amplitude) for ell in range(1, degrees + 1))
        return cls(degree, targets, shared)

    @property
    def top(self) -> int:
        """The largest ℓ of a target."""
        return max(target.ell for target in self.targets)


class SpnInputs:
    """Components and targets of frames at fresh random rotations, as float32 tensors.

    ``seeds`` networks see batches, patterns c and directions ê of their own. ``size`` is the number
    of components that enter.
    """

    def __init__(
        self, samples: Samples, task: SpnTask, channels: int, seeds: int, rng: np.random.Generator
    ) -> None:
        self.rng, self.task, self.sites = rng, task, samples.vectors.shape[1]
        self._vectors, self._errors = samples.vectors, samples.errors
        blocks = _principal(samples, channels, task.shared)
        self._ls = {name: Irrep.parse(name).l for name in blocks}
        self._blocks = {
            name: values.astype(np.float32).reshape(len(values), -1, values.shape[3])
            for name, values in blocks.items()
        }
        self._fed = sorted({target.ell for target in task.targets}) if task.fed else []
        self.size = sum(b.shape[2] * b.shape[3] for b in blocks.values())
        self.size += sum(2 * ell + 1 for ell in self._fed)
        self._patterns = [_pattern(target.ell, seeds, rng) for target in task.targets]
        axes = rng.standard_normal((seeds, len(task.targets), 3))
        self._axes = axes / np.linalg.norm(axes, axis=2, keepdims=True)

    def draw(self, frames: NDArray[np.int64]) -> tuple[Any, Any, Any]:
        """For ``frames`` (seeds, batch): components (seeds, sites, batch, size), injected field
        (seeds, sites, batch, targets, 3) and force error (seeds, sites, batch, 1, 3)."""
        import torch

        seeds, batch = frames.shape
        flat = frames.ravel()
        turns = None if self.task.stored else random_rotations(len(flat), self.rng)
        directions = _turned(self._vectors[flat], turns)
        error = _turned(self._errors[flat], turns).reshape(seeds, batch, -1, 1, 3)
        harmonics = unit_harmonics(self.task.top, directions)
        x = self._components(flat, turns, harmonics).reshape(seeds, batch, self.sites, self.size)
        field = np.empty((seeds, batch, self.sites, len(self.task.targets), 3))
        for place, (target, c) in enumerate(zip(self.task.targets, self._patterns, strict=True)):
            y = harmonics[target.ell].reshape(seeds, batch * self.sites, -1)
            g = target.amplitude * np.matmul(y, c[:, :, None])
            field[:, :, :, place] = (g * self._axes[:, None, place]).reshape(seeds, batch, -1, 3)

        def tensor(values: Any) -> Any:
            return torch.from_numpy(np.ascontiguousarray(values.swapaxes(1, 2), dtype=np.float32))

        return tensor(x), tensor(field), tensor(error)

    def _components(
        self, flat: NDArray[np.int64], turns: Array | None, harmonics: list[Array]
    ) -> NDArray[np.float32]:
        """Turned feature components of the frames, (frames, sites, size)."""
        wigner = None if turns is None else wigner_upto(max(self._ls.values(), default=0), turns)
        parts: list[Any] = []
        for name, block in self._blocks.items():
            values, l = block[flat], self._ls[name]
            if wigner is not None and l > 0:
                values = values @ wigner[l].transpose(0, 2, 1).astype(np.float32)
            parts.append(values.reshape(len(flat), self.sites, -1))
        parts += [harmonics[ell].astype(np.float32) for ell in self._fed]
        result: NDArray[np.float32] = np.concatenate(parts, axis=2)
        return result


def _pattern(ell: int, seeds: int, rng: np.random.Generator) -> Array:
    """Patterns (seeds, 2ℓ+1) of length √(2ℓ+1): the field g = c·y_ℓ then has mean square one."""
    c = rng.standard_normal((seeds, 2 * ell + 1))
    result: Array = c * np.sqrt(2 * ell + 1) / np.linalg.norm(c, axis=1, keepdims=True)
    return result


def _turned(vectors: Array, turns: Array | None) -> Array:
    result: Array = vectors if turns is None else np.matmul(vectors, turns.transpose(0, 2, 1))
    return result


def _principal(samples: Samples, channels: int, shared: bool) -> FeatureBlocks:
    """Principal channels (frames, sites, channels, 2l+1), at equal size.

    Every site has principal channels of its own, or all have the same ones (``shared``). Rotations
    act on them as before. The faint ones are not blown up, or a frame unlike those fitted would
    count by its third power.
    """
    fit = samples.fit
    if shared:
        reduced = reduce_features(samples.features, channels, fit)
    else:
        reduced = {
            name: np.stack(
                [reduce_channels(values[:, s], channels, fit) for s in range(values.shape[1])],
                axis=1,
            )
            for name, values in samples.features.items()
        }
    over = (0, 1, 3) if shared else (0, 3)
    result: FeatureBlocks = {}
    for name, kept in reduced.items():
        scale = np.sqrt((kept[fit] ** 2).mean(axis=over, keepdims=True))
        scale = np.maximum(scale, FAINT * scale.max(axis=2, keepdims=True))
        result[name] = kept / np.where(scale > 0, scale, 1.0)
    return result
