"""A plain network made of e3nn's own parts: an example of a model that a user writes.

Two convolutions (harmonics of the edges, a radial network for the weights, a gate) and a linear
readout of scalars: nothing from nequip or mace. ``neural_checks.e3nn_example:untrained`` and
``:trained`` are what ``python -m neural_checks.diagnose --model`` takes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from neural_checks.backbones.hooked import AtomGraph, HookedBackbone
from neural_checks.backbones.precision import single_precision
from neural_checks.backbones.scaling import Scaling
from neural_checks.data.split import split
from neural_checks.training.brief import train_briefly
from numeric_checks.molecules.data import ForceData

if TYPE_CHECKING:
    import torch

__all__ = ["PlainBackbone", "trained", "untrained"]

CUTOFF = 4.0


class PlainBackbone(HookedBackbone):
    """The network, float32, features of degree ≤ ``l_max`` in ``channels`` channels, cutoff 4 Å."""

    def __init__(
        self,
        scaling: Scaling,
        l_max: int = 2,
        channels: int = 8,
        convolutions: int = 2,
        seed: int = 0,
        layer: int | None = None,
    ) -> None:
        import torch

        super().__init__(scaling.elements, CUTOFF, layer=layer)
        torch.manual_seed(seed)
        self.seed, self.steps = seed, 0
        with single_precision():
            self.model = _network(scaling, l_max, channels, convolutions)

    @property
    def description(self) -> dict[str, Any]:
        """Package, sizes, steps of training and the layer that is read."""
        from importlib.metadata import version

        return {
            "package": f"e3nn {version('e3nn')}",
            "model": "plain convolutions with gates",
            "seed": self.seed,
            "steps": self.steps,
            "cutoff": CUTOFF,
            "layers": len(self.layers()),
            **self.layer_description(),
        }

    def inputs(self, graph: AtomGraph) -> tuple[Any, ...]:
        import torch

        one_hot = torch.nn.functional.one_hot(self.types(graph.numbers), len(self.elements))
        edges = torch.stack([graph.centres, graph.neighbours])
        offsets = graph.offsets().float()
        return (
            graph.positions.float(), one_hot.float(), edges, offsets, graph.frame, graph.counts,
        )  # fmt: skip

    def layers(self) -> list[tuple[Any, Any]]:
        return [(layer, layer.irreps_out) for layer in self.model.convolutions]

    def node_features(self, output: Any) -> torch.Tensor:
        features: torch.Tensor = output
        return features

    def energy(self, inputs: Any) -> torch.Tensor:
        energy: torch.Tensor = self.model(*inputs)
        return energy

    def predict(self, inputs: Any) -> tuple[torch.Tensor, torch.Tensor]:
        import torch

        positions = inputs[0].detach().requires_grad_(True)
        energy = self.model(positions, *inputs[1:])
        (gradient,) = torch.autograd.grad(energy.sum(), positions)
        return energy, -gradient


def _network(scaling: Scaling, l_max: int, channels: int, convolutions: int) -> Any:
    import torch
    from e3nn import nn, o3

    elements = len(scaling.elements)
    harmonics = o3.Irreps.spherical_harmonics(l_max)
    scalars = o3.Irreps(f"{channels}x0e")
    rest = o3.Irreps([(channels, (l, (-1) ** l)) for l in range(1, l_max + 1)])
    gates = o3.Irreps(f"{channels * l_max}x0e")
    silu, sigmoid = torch.nn.functional.silu, torch.sigmoid
    gate = ([silu], gates, [sigmoid] if l_max else [])

    class Convolution(torch.nn.Module):
        def __init__(self, irreps_in: Any) -> None:
            super().__init__()
            self.gate = nn.Gate(scalars, gate[0], gate[1] if l_max else "", gate[2], rest)
            inner = self.gate.irreps_in
            self.product = o3.FullyConnectedTensorProduct(
                irreps_in, harmonics, inner, shared_weights=False
            )
            self.radial = nn.FullyConnectedNet([8, 32, self.product.weight_numel], silu)
            self.itself = o3.Linear(irreps_in, inner)
            self.irreps_out = self.gate.irreps_out

        def forward(self, features: Any, edges: Any, sphere: Any, radial: Any) -> Any:
            centre, neighbour = edges
            messages = self.product(features[neighbour], sphere, self.radial(radial))
            summed = torch.zeros((len(features), messages.shape[1]), dtype=messages.dtype)
            summed = summed.index_add(0, centre, messages) / scaling.average_neighbors**0.5
            return self.gate(summed + self.itself(features))

    class Network(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = o3.Linear(f"{elements}x0e", scalars)
            self.convolutions = torch.nn.ModuleList()
            irreps = scalars
            for _ in range(convolutions):
                self.convolutions.append(Convolution(irreps))
                irreps = self.convolutions[-1].irreps_out
            # One more product, so that l > 0 features of the last convolution reach the energy.
            self.square = o3.FullyConnectedTensorProduct(irreps, irreps, scalars)
            self.readout = o3.Linear(scalars, "1x0e")

        def forward(
            self, positions: Any, attributes: Any, edges: Any, offsets: Any, frame: Any, counts: Any
        ) -> Any:
            centre, neighbour = edges
            vectors = positions[neighbour] + offsets - positions[centre]
            length = vectors.norm(dim=1)
            sphere = o3.spherical_harmonics(harmonics, vectors, True, normalization="component")
            centres = torch.linspace(0.5, CUTOFF, 8, dtype=torch.float32)
            smooth = 0.5 * (torch.cos(torch.pi * length / CUTOFF) + 1)
            radial = torch.exp(-4 * (length[:, None] - centres) ** 2) * smooth[:, None]
            features = self.embedding(attributes)
            for convolution in self.convolutions:
                features = convolution(features, edges, sphere, radial)
            atomic = self.readout(self.square(features, features))
            energy = atomic.new_zeros(len(counts)).index_add(0, frame, atomic[:, 0])
            return scaling.force_rms * energy + scaling.energy_shift * counts

    return Network()


def untrained(data: ForceData) -> PlainBackbone:
    """The network with random weights, seed 0."""
    return PlainBackbone(Scaling.of(data, np.arange(min(300, len(data))), CUTOFF))


def trained(data: ForceData, steps: int = 400) -> PlainBackbone:
    """The network after ``steps`` steps of 5 frames: minutes on one core; deterministic."""
    frames = split(data, min(900, len(data) // 2), 1, 1, 0).train
    backbone = PlainBackbone(Scaling.of(data, frames, CUTOFF))
    train_briefly(backbone, data, frames, steps)
    backbone.steps = steps
    return backbone
