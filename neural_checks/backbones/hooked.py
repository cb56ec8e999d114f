"""Backbones: networks that give per-atom equivariant features, energies and forces.

:class:`Backbone` is all that the experiment asks of a network. :class:`HookedBackbone` reads a
torch model by forward hooks. :class:`NequIPBackbone` adapts so the model of the ``nequip`` package
(S. Batzner et al., Nat. Commun. 13, 2453 (2022)), built from Python.

Feature layout: component (m, fastest) within channel within irrep, basis and order of e3nn (l = 1
as x, y, z); rotation by ``R`` acts on degree l by e3nn's Wigner matrix.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from numeric_checks.rotations.wigner import FeatureBlocks
from span_theorem.arguments import shown, within
from span_theorem.irreps import Irrep

if TYPE_CHECKING:
    import torch

    from numeric_checks.molecules.data import ForceData

__all__ = [
    "Backbone",
    "BackboneConfig",
    "Evaluation",
    "HookedBackbone",
    "NequIPBackbone",
    "Scaling",
]

Array = NDArray[np.float64]

#: Frames of one forward pass.
CHUNK = 50


@dataclass(frozen=True)
class Evaluation:
    """What one pass of a network over frames gives.

    ``features`` of every atom by irrep; ``energies`` (frames,) in eV; ``forces`` (frames, atoms, 3)
    in eV/Å; all float64.
    """

    features: FeatureBlocks
    energies: Array
    forces: Array


class Backbone(Protocol):
    """A trained network, frozen."""

    @property
    def description(self) -> Mapping[str, Any]:
        """What the report says of the network: package, layer, irreps, sizes."""
        ...

    def evaluate(self, positions: Array) -> Evaluation:
        """Features, energies and forces of ``positions`` (frames, atoms, 3) in Å, float64."""
        ...


@dataclass(frozen=True)
class BackboneConfig:
    """Size of the network. ``l_max`` is L; ``cutoff`` in Å."""

    l_max: int = 2
    layers: int = 3
    channels: int = 16
    parity: bool = False
    cutoff: float = 4.0
    radial_width: int = 64

    def __post_init__(self) -> None:
        for name, low, high in (
            ("l_max", 0, 8), ("layers", 2, 16), ("channels", 1, 1024), ("radial_width", 1, 4096),
        ):  # fmt: skip
            within(name, getattr(self, name), low, high)
        if not isinstance(self.parity, bool):
            raise TypeError(f"parity must be true or false, got {shown(self.parity)}")
        if not isinstance(self.cutoff, int | float) or not 0 < self.cutoff <= 20:
            raise ValueError(f"cutoff must be above 0 and at most 20 Å, got {shown(self.cutoff)}")

    def settings(self, elements: Sequence[int]) -> dict[str, Any]:
        """The sizes by the package's names, for atoms of these ``elements``."""
        return {
            "type_names": [f"Z{z}" for z in elements],
            "l_max": self.l_max,
            "num_layers": self.layers,
            "num_features": self.channels,
            "parity": self.parity,
            "radial_mlp_width": self.radial_width,
            "r_max": self.cutoff,
        }


@dataclass(frozen=True)
class Scaling:
    """What the network is told about the data: per-type constants, from training frames only."""

    numbers: tuple[int, ...]
    energy_shift: float
    force_rms: float
    average_neighbors: float

    @classmethod
    def of(cls, data: ForceData, frames: NDArray[np.int64], cutoff: float) -> Scaling:
        """Mean energy per atom (eV), RMS force component (eV/Å), mean number of neighbours."""
        positions = data.positions[frames]
        distances = np.linalg.norm(positions[:, :, None] - positions[:, None], axis=-1)
        atoms = len(data.numbers)
        return cls(
            numbers=tuple(int(z) for z in data.numbers),
            energy_shift=float(data.energies[frames].mean() / atoms),
            force_rms=float(np.sqrt((data.molecule_forces[frames] ** 2).mean())),
            average_neighbors=float((distances < cutoff).sum() / len(frames) / atoms - 1.0),
        )

    def stored(self) -> dict[str, Any]:
        """What a checkpoint keeps: the elements instead of the atoms, and the constants."""
        kept = asdict(self)
        return {"elements": sorted(set(kept.pop("numbers"))), **kept}


class HookedBackbone(ABC):
    """A torch model whose layers are read by forward hooks, for one molecule.

    ``layer=None`` selects the deepest layer whose l > 0 channels receive gradient from the energy,
    measured by :meth:`select_layer`. A subclass sets ``model`` and says how to call it.
    """

    model: Any

    def __init__(
        self, numbers: tuple[int, ...], device: str = "cpu", layer: int | None = None
    ) -> None:
        import torch

        self.numbers, self.layer = numbers, layer
        self.device = torch.device(device)
        self.gradients: dict[str, list[float]] = {}

    @property
    @abstractmethod
    def description(self) -> dict[str, Any]: ...

    @abstractmethod
    def graph(self, positions: torch.Tensor) -> Any:
        """Input of the model for ``positions`` (frames, atoms, 3)."""

    @abstractmethod
    def layers(self) -> list[tuple[Any, Any]]:
        """(module, e3nn irreps of its node features) of every layer, first to last."""

    @abstractmethod
    def node_features(self, output: Any) -> torch.Tensor:
        """Node features (frames · atoms, components) in what a layer returns."""

    @abstractmethod
    def predict(self, graph: Any) -> tuple[torch.Tensor, torch.Tensor]:
        """Energies (frames,) in eV and forces (frames · atoms, 3) in eV/Å."""

    @abstractmethod
    def energy(self, graph: Any) -> torch.Tensor:
        """Energies (frames,) with the graph of autograd kept."""

    def layer_description(self) -> dict[str, Any]:
        """The layer that is read, the gradients of all layers, the number of parameters."""
        return {
            "layer": self.layer,
            "layer_irreps": None if self.layer is None else str(self.layers()[self.layer][1]),
            "gradient_by_layer": self.gradients,
            "parameters": sum(p.numel() for p in self.model.parameters()),
        }

    def edges(self, positions: torch.Tensor, cutoff: float) -> tuple[Any, Any, Any]:
        """(frame, centre, neighbour) of all ordered pairs of atoms closer than ``cutoff``."""
        import torch

        distances = torch.linalg.norm(positions[:, :, None] - positions[:, None], dim=-1)
        near = (distances < cutoff) & ~torch.eye(
            len(self.numbers), dtype=torch.bool, device=self.device
        )
        return near.nonzero(as_tuple=True)

    def evaluate(self, positions: Array) -> Evaluation:
        """Features of the selected layer, energies and forces, from one pass over the frames.

        ``positions`` (frames, atoms, 3) in Å; where no layer is selected yet, one is. Raises
        ValueError for another shape, or a layer that is not there.
        """
        import torch

        positions = np.asarray(positions, dtype=np.float64)
        atoms = len(self.numbers)
        if positions.ndim != 3 or positions.shape[1:] != (atoms, 3) or not len(positions):
            raise ValueError(
                f"positions must have shape (frames ≥ 1, {atoms}, 3), got {positions.shape}"
            )
        layer = self.layer if self.layer is not None else self.select_layer(positions[:2])
        layers = self.layers()
        if not 0 <= layer < len(layers):
            raise ValueError(f"layer must be 0 … {len(layers) - 1}, got {layer}")
        module, irreps = layers[layer]
        seen: list[torch.Tensor] = []
        energies, forces = [], []
        self.model.eval()
        handle = module.register_forward_hook(
            lambda _module, _inputs, output: seen.append(self.node_features(output).detach())
        )
        try:
            for part in torch.tensor(positions, device=self.device).split(CHUNK):
                energy, force = self.predict(self.graph(part))
                energies.append(energy.detach().reshape(-1))
                forces.append(force.detach().reshape(part.shape))
        finally:
            handle.remove()

        def array(parts: list[torch.Tensor]) -> Array:
            return torch.cat(parts).cpu().numpy().astype(np.float64)

        flat = array(seen).reshape(len(positions), atoms, -1)
        return Evaluation(_by_irrep(flat, irreps), array(energies), array(forces))

    def select_layer(self, positions: Array) -> int:
        """The deepest layer whose l > 0 features receive gradient from the energy (l = 0: any).

        The norm of ∂E/∂h per degree is measured on ``positions`` and kept in ``gradients``.
        Raises ValueError where no layer qualifies.
        """
        import torch

        layers = self.layers()
        seen: dict[int, torch.Tensor] = {}

        def keep(index: int) -> Any:
            def hook(_module: Any, _inputs: Any, output: Any) -> Any:
                features = self.node_features(output)
                if not features.requires_grad:
                    features.requires_grad_(True)
                seen[index] = features

            return hook

        handles = [
            module.register_forward_hook(keep(index)) for index, (module, _) in enumerate(layers)
        ]
        self.model.train()  # keeps the graph that the forces' own backward pass would free
        try:
            energy = self.energy(self.graph(torch.tensor(positions, device=self.device))).sum()
            gradients = torch.autograd.grad(
                energy, [seen[i] for i in range(len(layers))], allow_unused=True
            )
        finally:
            self.model.eval()
            for handle in handles:
                handle.remove()
        top = max(degree for _, irreps in layers for _, (degree, _) in irreps)
        chosen = None
        for index, ((_, irreps), gradient) in enumerate(zip(layers, gradients, strict=True)):
            norms = [0.0] * (top + 1)
            offset = 0
            for multiplicity, (degree, _) in irreps:
                size = multiplicity * (2 * degree + 1)
                if gradient is not None:
                    part = gradient[:, offset : offset + size]
                    norms[degree] = float(np.hypot(norms[degree], part.norm().item()))
                offset += size
            self.gradients[f"layer {index + 1} of {len(layers)}"] = norms
            if all(norm > 0.0 for norm in norms[1:]):
                chosen = index
        if chosen is None:
            raise ValueError("no layer has l > 0 features that receive gradient from the energy")
        self.layer = chosen
        return chosen


class NequIPBackbone(HookedBackbone):
    """The ``nequip`` package's model, float32, for one molecule."""

    def __init__(
        self,
        config: BackboneConfig,
        scaling: Scaling,
        seed: int,
        device: str = "cpu",
        compiled: bool = False,
        layer: int | None = None,
    ) -> None:
        import torch
        from nequip.model import NequIPGNNModel
        from nequip.utils.global_state import set_global_state

        set_global_state()
        super().__init__(scaling.numbers, device, layer)
        self.config, self.scaling, self.seed, self.cutoff = config, scaling, seed, config.cutoff
        elements = sorted(set(scaling.numbers))
        settings = config.settings(elements)
        names = settings["type_names"]
        self.model = NequIPGNNModel(
            seed=seed,
            model_dtype="float32",
            compile_mode="compile" if compiled else "eager",
            **settings,
            avg_num_neighbors=scaling.average_neighbors,
            per_type_energy_scales=dict.fromkeys(names, scaling.force_rms),
            per_type_energy_shifts=dict.fromkeys(names, scaling.energy_shift),
        ).to(device)
        self._types = torch.tensor([elements.index(z) for z in scaling.numbers], device=device)

    @property
    def description(self) -> dict[str, Any]:
        """Package, sizes and the layer that is read."""
        from importlib.metadata import version

        return {
            "package": f"nequip {version('nequip')}",
            **asdict(self.config),
            "seed": self.seed,
            **self.layer_description(),
        }

    def graph(self, positions: torch.Tensor) -> dict[str, torch.Tensor]:
        """Input of the model for ``positions`` (frames, atoms, 3): all pairs within the cutoff."""
        import torch

        frames, atoms, _ = positions.shape
        frame, centre, neighbour = self.edges(positions, self.cutoff)
        return {
            "pos": positions.reshape(-1, 3),
            "atom_types": self._types.repeat(frames),
            "edge_index": torch.stack([centre, neighbour]) + frame * atoms,
            "batch": torch.arange(frames, device=self.device).repeat_interleave(atoms),
            "num_atoms": torch.full((frames,), atoms, device=self.device),
            "pbc": torch.zeros((frames, 3), dtype=torch.bool, device=self.device),
        }

    def layers(self) -> list[tuple[Any, Any]]:
        return [
            (module, module.irreps_out["node_features"])
            for name, module in self.model.named_modules()
            if name.endswith("_convnet")
        ]

    def node_features(self, output: Any) -> torch.Tensor:
        features: torch.Tensor = output["node_features"]
        return features

    def predict(self, graph: Any) -> tuple[torch.Tensor, torch.Tensor]:
        output = self.model(graph)
        return output["total_energy"], output["forces"]

    def energy(self, graph: Any) -> torch.Tensor:
        energy: torch.Tensor = self.model(graph)["total_energy"]
        return energy


def _by_irrep(flat: Array, irreps: Any) -> FeatureBlocks:
    """(frames, atoms, components) cut at the blocks of e3nn ``irreps``."""
    result: FeatureBlocks = {}
    offset = 0
    for multiplicity, (degree, parity) in irreps:
        size = multiplicity * (2 * degree + 1)
        block = flat[..., offset : offset + size]
        name = str(Irrep(degree, parity))
        block = block.reshape(*flat.shape[:2], multiplicity, 2 * degree + 1)
        previous = result.get(name)
        result[name] = block if previous is None else np.concatenate([previous, block], axis=2)
        offset += size
    return result
