"""The model of the ``nequip-allegro`` package as a backbone (A. Musaelian et al., Nat. Commun. 14,
579 (2023)). Allegro keeps tensors of edges and none of atoms: they are pooled here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neural_checks.backbones.hooked import AtomGraph
from neural_checks.backbones.nequip import LoadedNequIP

if TYPE_CHECKING:
    import torch

__all__ = ["LoadedAllegro", "is_allegro"]

Array = NDArray[np.float64]


def is_allegro(model: Any) -> bool:
    """Whether a module of Allegro is in the model."""
    return any(type(module).__name__ == "Allegro_Module" for module in model.modules())


class LoadedAllegro(LoadedNequIP):
    """A model of Allegro. The features of an atom are the sums of the tensors of its edges.

    Layer k is the k-th tensor product; the last one returns scalars alone. The sum over the edges
    that start at an atom is linear and equivariant, so a degree that it holds is one that the edges
    hold; what the edges hold beyond it is not seen.
    """

    _centres: NDArray[np.int64]
    _atoms: int

    @property
    def description(self) -> dict[str, Any]:
        """That of nequip's models, and that edges were pooled."""
        from importlib.metadata import version

        package = f"nequip-allegro {version('nequip-allegro')}"
        pooled = "sum over the edges of each atom"
        return {**super().description, "package": package, "pooled": pooled}

    def inputs(self, graph: AtomGraph) -> dict[str, torch.Tensor]:
        """The package's dictionary; which atom every edge starts at is kept for the sums."""
        self._centres, self._atoms = graph.centres.cpu().numpy(), len(graph.positions)
        return super().inputs(graph)

    def layers(self) -> list[tuple[Any, Any]]:
        (allegro,) = (m for m in self.model.modules() if type(m).__name__ == "Allegro_Module")
        return [
            (product, [(product.mul, (ir.l, ir.p)) for _, ir in product.irreps_out])
            for product in allegro.tps
        ]

    def node_features(self, output: Any) -> torch.Tensor:
        """The tensors of edges (edges, channels, components)."""
        features: torch.Tensor = output
        return features

    def arranged(self, values: Array) -> Array:
        """Sums over the edges of every atom, components within channels."""
        pooled = np.zeros((self._atoms, *values.shape[1:]))
        np.add.at(pooled, self._centres, values)
        degrees = next(ir for _, ir in self.layers() if _size(ir) == values.shape[2])
        cuts = np.cumsum([2 * l + 1 for _, (l, _) in degrees])[:-1]
        parts = np.split(pooled, cuts, axis=2)
        return np.concatenate([part.reshape(self._atoms, -1) for part in parts], axis=1)


def _size(irreps: Any) -> int:
    return sum(2 * l + 1 for _, (l, _) in irreps)
