"""The model of the ``mace-torch`` package as a backbone (I. Batatia et al., NeurIPS 2022).

The package pins an e3nn that the ``nequip`` package does not accept: it needs an environment of its
own. The features of a layer are what its product block returns; the last layer keeps scalars alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neural_checks.backbones.hooked import HookedBackbone, Scaling
from neural_checks.training.brief import single_precision

if TYPE_CHECKING:
    import torch

__all__ = ["MACEBackbone", "load_mace", "new_mace"]


class MACEBackbone(HookedBackbone):
    """A ``mace.modules.MACE`` or ``ScaleShiftMACE`` for one molecule of atomic ``numbers``.

    Raises ValueError for an element that the model does not know.
    """

    def __init__(
        self,
        model: Any,
        numbers: tuple[int, ...],
        device: str = "cpu",
        layer: int | None = None,
        origin: str = "built here",
    ) -> None:
        import torch

        super().__init__(numbers, device, layer)
        self.model, self.origin = model.to(device), origin
        self.cutoff = float(model.r_max)
        self._dtype = next(model.parameters()).dtype
        known = [int(z) for z in model.atomic_numbers]
        if missing := sorted(set(numbers) - set(known)):
            raise ValueError(f"the model knows the elements {known}, not {missing}")
        types = torch.tensor([known.index(z) for z in numbers], device=device)
        self._attributes = torch.nn.functional.one_hot(types, len(known)).to(self._dtype)

    @property
    def description(self) -> dict[str, Any]:
        """Package, sizes and the layer that is read."""
        from importlib.metadata import version

        return {
            "package": f"mace-torch {version('mace-torch')}",
            "model": type(self.model).__name__,
            "origin": self.origin,
            "cutoff": self.cutoff,
            "layers": len(self.layers()),
            **self.layer_description(),
        }

    def graph(self, positions: torch.Tensor) -> dict[str, torch.Tensor]:
        import torch

        frames, atoms, _ = positions.shape
        frame, centre, neighbour = self.edges(positions.detach(), self.cutoff)
        zero = torch.zeros((len(frame), 3), dtype=self._dtype, device=self.device)
        counts = torch.arange(frames + 1, device=self.device)
        return {
            "positions": positions.reshape(-1, 3).to(self._dtype),
            "node_attrs": self._attributes.repeat(frames, 1),
            "edge_index": torch.stack([neighbour, centre]) + frame * atoms,
            "shifts": zero,
            "unit_shifts": zero,
            "cell": torch.zeros((3 * frames, 3), dtype=self._dtype, device=self.device),
            "batch": counts[:-1].repeat_interleave(atoms),
            "ptr": counts * atoms,
            "head": torch.zeros(frames, dtype=torch.long, device=self.device),
        }

    def layers(self) -> list[tuple[Any, Any]]:
        return [(product, product.linear.irreps_out) for product in self.model.products]

    def node_features(self, output: Any) -> torch.Tensor:
        features: torch.Tensor = output
        return features

    def predict(self, graph: Any) -> tuple[torch.Tensor, torch.Tensor]:
        output = self.model(graph)
        return output["energy"], output["forces"]

    def energy(self, graph: Any) -> torch.Tensor:
        energy: torch.Tensor = self.model(graph, training=True, compute_force=False)["energy"]
        return energy


def new_mace(
    scaling: Scaling, l_max: int = 2, channels: int = 16, cutoff: float = 4.0, seed: int = 0
) -> MACEBackbone:
    """A random ScaleShiftMACE of two layers, float32, body order 4 (``correlation=3``)."""
    import torch
    from mace import modules  # before e3nn: it sets how e3nn's files are read
    from mace.modules import interaction_classes

    # isort: split
    from e3nn import o3

    torch.manual_seed(seed)
    elements = sorted(set(scaling.numbers))
    hidden = "+".join(f"{channels}x{l}{'eo'[l % 2]}" for l in range(l_max + 1))
    block = interaction_classes["RealAgnosticResidualInteractionBlock"]
    with single_precision():
        model = modules.ScaleShiftMACE(
            atomic_inter_scale=scaling.force_rms,
            atomic_inter_shift=0.0,
            r_max=cutoff,
            num_bessel=8,
            num_polynomial_cutoff=5,
            max_ell=l_max,
            interaction_cls=block,
            interaction_cls_first=block,
            num_interactions=2,
            num_elements=len(elements),
            hidden_irreps=o3.Irreps(hidden),
            MLP_irreps=o3.Irreps("16x0e"),
            atomic_energies=np.full(len(elements), scaling.energy_shift),
            avg_num_neighbors=scaling.average_neighbors,
            atomic_numbers=elements,
            correlation=3,
            gate=torch.nn.functional.silu,
        )
    return MACEBackbone(model, scaling.numbers)


def load_mace(path: Path, numbers: tuple[int, ...], layer: int | None = None) -> MACEBackbone:
    """A model file of the package: a whole pickled module, which runs code when it is loaded.

    Raises ValueError where the file holds no MACE model, ImportError without the package.
    """
    import mace  # noqa: F401  before e3nn
    import torch

    model = torch.load(path, map_location="cpu", weights_only=False)
    if not all(hasattr(model, name) for name in ("products", "interactions", "atomic_numbers")):
        raise ValueError(f"{path.name} holds {type(model).__name__}, no MACE model")
    return MACEBackbone(model.eval(), numbers, layer=layer, origin=path.name)
