"""A torch network behind a calculator of ASE, as packages ship them; imported by name in tests.

Its two layers are densities of the neighbours, the first of degree 0 and 1, the second of degree 0,
1 and 2 about the z axis; the last module returns scalars alone.
"""

from __future__ import annotations

from typing import Any

import torch
from ase.calculators.calculator import Calculator, all_changes

CUTOFF = 4.0


def harmonics(unit: torch.Tensor) -> list[torch.Tensor]:
    """Degrees 0, 1, 2 about z, each of length one, l = 1 as (y, z, x)."""
    x, y, z = unit.unbind(-1)
    root = 3**0.5
    second = [root * x * y, root * y * z, (3 * z * z - 1) / 2, root * x * z]
    return [
        torch.ones_like(x)[..., None],
        torch.stack([y, z, x], -1),
        torch.stack([*second, root * (x * x - y * y) / 2], -1),
    ]


class Density(torch.nn.Module):
    """(atoms, components, channels): sums of harmonics over neighbours, with radial weights."""

    def __init__(self, degrees: int, channels: int) -> None:
        super().__init__()
        self.degrees = degrees
        self.centres = torch.nn.Parameter(torch.linspace(1.0, 2.5, channels))

    def forward(self, vectors: torch.Tensor, scale: torch.Tensor) -> dict[str, torch.Tensor]:
        distance = vectors.norm(dim=-1)
        radial = torch.exp(-8 * (distance[..., None] - self.centres) ** 2) * scale[..., None]
        y = torch.cat(harmonics(vectors / distance[..., None])[: self.degrees], dim=-1)
        return {"h": torch.einsum("ijm,ijc->imc", y, radial), "edges": radial.flatten(0, 1)}


class Network(torch.nn.Module):
    """Energy: squares of the densities of degree 0 and 1 of both layers, never of degree 2."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = torch.nn.ModuleList([Density(2, 3), Density(3, 4)])
        self.readout = torch.nn.Linear(7, 1, bias=False)

    def forward(self, positions: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
        n = len(positions)
        other = ~torch.eye(n, dtype=torch.bool)
        vectors = (positions[None] - positions[:, None])[other].reshape(n, n - 1, 3)
        scale = numbers.to(positions)[None].expand(n, n)[other].reshape(n, n - 1)
        first, second = (layer(vectors, scale)["h"] for layer in self.layers)
        squares = torch.cat([(h[:, :4] ** 2).sum(1) for h in (first, second)], dim=1)
        return self.readout(squares).sum()


class ToyCalculator(Calculator):
    """Energy in eV and forces in eV/Å of the network, weights from a seed."""

    implemented_properties = ["energy", "forces"]  # noqa: RUF012  as ASE declares them

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.model = Network().double()
        self.frames = 0

    def calculate(self, atoms: Any = None, properties: Any = None, changes: Any = all_changes):
        super().calculate(atoms, properties, changes)
        self.frames += 1
        positions = torch.tensor(atoms.positions, requires_grad=True)
        energy = self.model(positions, torch.tensor(atoms.numbers))
        (gradient,) = torch.autograd.grad(energy, positions)
        self.results = {"energy": energy.item(), "forces": -gradient.numpy()}


not_a_calculator = dict
