"""The model of the ``mace-torch`` package as a backbone (I. Batatia et al., NeurIPS 2022).

The package pins an e3nn that the ``nequip`` package does not accept: it needs an environment of its
own. The features of a layer are what its product block returns; the last layer keeps scalars alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neural_checks.backbones.hooked import AtomGraph, HookedBackbone
from neural_checks.backbones.precision import single_precision
from neural_checks.backbones.scaling import Scaling

if TYPE_CHECKING:
    import torch

__all__ = ["MACEBackbone", "load_mace", "new_mace"]


class MACEBackbone(HookedBackbone):
    """A ``mace.modules.MACE`` or ``ScaleShiftMACE``."""

    def __init__(
        self,
        model: Any,
        device: str = "cpu",
        layer: int | None = None,
        origin: str = "built here",
    ) -> None:
        known = [int(z) for z in model.atomic_numbers]
        super().__init__(known, float(model.r_max), device, layer)
        self.model, self.origin = model.to(device), origin
        self._dtype = next(model.parameters()).dtype

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

    def inputs(self, graph: AtomGraph) -> dict[str, torch.Tensor]:
        """The package's dictionary; its edges run from the neighbour to the centre."""
        import torch

        one_hot = torch.nn.functional.one_hot(self.types(graph.numbers), len(self.elements))
        zero = torch.zeros(1, dtype=graph.counts.dtype, device=self.device)
        return {
            "positions": graph.positions.to(self._dtype),
            "node_attrs": one_hot.to(self._dtype),
            "edge_index": torch.stack([graph.neighbours, graph.centres]),
            "shifts": -graph.offsets().to(self._dtype),
            "unit_shifts": -graph.shifts.to(self._dtype),
            "cell": graph.cells.reshape(-1, 3).to(self._dtype),
            "pbc": graph.periodic,
            "batch": graph.frame,
            "ptr": torch.cat([zero, graph.counts.cumsum(0)]),
            "head": torch.zeros(len(graph), dtype=torch.long, device=self.device),
        }

    def layers(self) -> list[tuple[Any, Any]]:
        return [(product, product.linear.irreps_out) for product in self.model.products]

    def node_features(self, output: Any) -> torch.Tensor:
        features: torch.Tensor = output
        return features

    def predict(self, inputs: Any) -> tuple[torch.Tensor, torch.Tensor]:
        output = self.model(inputs)
        return output["energy"], output["forces"]

    def energy(self, inputs: Any) -> torch.Tensor:
        energy: torch.Tensor = self.model(inputs, training=True, compute_force=False)["energy"]
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
    elements = list(scaling.elements)
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
    return MACEBackbone(model)


def load_mace(path: Path, layer: int | None = None, device: str = "cpu") -> MACEBackbone:
    """A model file of the package: a whole pickled module, which runs code when it is loaded.

    Raises ValueError where the file holds no MACE model, ImportError without the package.
    """
    import mace  # noqa: F401  before e3nn
    import torch

    model = torch.load(path, map_location="cpu", weights_only=False)
    if not all(hasattr(model, name) for name in ("products", "interactions", "atomic_numbers")):
        raise ValueError(f"{path.name} holds {type(model).__name__}, no MACE model")
    return MACEBackbone(model.eval(), device, layer, path.name)
