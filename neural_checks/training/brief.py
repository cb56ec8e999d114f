"""A short training of any hooked backbone on forces, for examples and for comparing packages.

Adam on the mean squared force error, frames drawn from a seed, fixed number of steps, nothing kept
between runs: for a training worth the name use the package's own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neural_checks.backbones.hooked import HookedBackbone
from numeric_checks.molecules.data import ForceData
from span_theorem.progress import Progress

__all__ = ["train_briefly"]


def train_briefly(
    backbone: HookedBackbone,
    data: ForceData,
    frames: NDArray[np.int64],
    steps: int,
    batch: int = 5,
    learning_rate: float = 0.01,
    seed: int = 0,
    energy_weight: float = 0.01,
) -> list[float]:
    """Train ``backbone`` in place; the root of the mean squared force error (eV/Å) of every step.

    The learning rate falls to zero along a cosine. ``energy_weight`` times the squared energy error
    per atom is added to the loss. Raises FloatingPointError for a loss that is not finite.
    """
    import torch

    if steps < 1 or batch < 1:
        raise ValueError(f"steps and batch must be ≥ 1, got {steps} and {batch}")
    rng = np.random.default_rng(seed)
    model, atoms = backbone.model, data.structures.counts
    optimiser = torch.optim.Adam(model.parameters(), lr=learning_rate, amsgrad=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    history = []
    with Progress() as progress:
        for step in range(steps):
            model.train()
            chosen = rng.choice(frames, size=min(batch, len(frames)), replace=False)
            part = data.take(chosen)
            graph = backbone.graph(part.structures)
            positions = graph.positions.float().requires_grad_(True)
            energies = backbone.energy(backbone.inputs(graph.at(positions))).reshape(-1)
            (gradient,) = torch.autograd.grad(energies.sum(), positions, create_graph=True)
            wrong = (-gradient - torch.tensor(part.forces, dtype=torch.float32)) ** 2
            known = torch.tensor(part.energies, dtype=torch.float32)
            shift = (energies - known) / torch.tensor(atoms[chosen], dtype=torch.float32)
            loss = wrong.mean() + energy_weight * (shift**2).mean()
            if not bool(torch.isfinite(loss)):
                raise FloatingPointError(f"loss not finite at step {step}")
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 10.0)
            optimiser.step()
            schedule.step()
            history.append(float(wrong.detach().mean().sqrt()))
            note = f"force RMSE {np.mean(history[-50:]):.3f} eV/Å"
            progress.update("short training", step + 1, steps, note)
    model.eval()
    return history
