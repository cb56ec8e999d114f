"""Networks in torch whose layers are read by forward hooks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neural_checks.backbones.interface import Evaluation
from neural_checks.backbones.neighbors import Edges, edges
from neural_checks.backbones.weights import shuffle_weights, weights_checksum
from numeric_checks.molecules.structures import Structures
from numeric_checks.rotations.wigner import FeatureBlocks
from span_theorem.irreps import Irrep

if TYPE_CHECKING:
    import torch

__all__ = ["AtomGraph", "HookedBackbone", "deepest_layer", "degree_norms"]

Array = NDArray[np.float64]

#: Atoms of one forward pass: 50 frames of aspirin.
ATOMS = 1050


@dataclass(frozen=True, eq=False)
class AtomGraph:
    """Frames as tensors, with all pairs of atoms closer than the network's cut-off.

    ``positions`` (atoms, 3) float64, Å; ``numbers`` (atoms,) int64; ``frame`` (atoms,) the frame of
    every atom; ``counts`` (frames,); ``cells`` (frames, 3, 3), rows, Å; ``periodic`` (frames, 3);
    ``centres``, ``neighbours`` (edges,) atoms; ``shifts`` (edges, 3) whole lattice vectors.
    """

    positions: torch.Tensor
    numbers: torch.Tensor
    frame: torch.Tensor
    counts: torch.Tensor
    cells: torch.Tensor
    periodic: torch.Tensor
    centres: torch.Tensor
    neighbours: torch.Tensor
    shifts: torch.Tensor

    @classmethod
    def of(cls, structures: Structures, found: Edges, device: Any) -> AtomGraph:
        """The tensors of ``structures`` and their edges."""
        import torch

        def tensor(values: Any) -> torch.Tensor:
            return torch.as_tensor(np.ascontiguousarray(values), device=device)

        return cls(
            tensor(structures.positions), tensor(structures.numbers), tensor(structures.frame_of),
            tensor(structures.counts), tensor(structures.cells), tensor(structures.periodic),
            tensor(found.centres), tensor(found.neighbours),
            tensor(found.shifts.astype(np.float64)),
        )  # fmt: skip

    def __len__(self) -> int:
        """Number of frames."""
        return len(self.counts)

    def at(self, positions: torch.Tensor) -> AtomGraph:
        """The same atoms and pairs at other ``positions`` (atoms, 3)."""
        return replace(self, positions=positions)

    def offsets(self) -> torch.Tensor:
        """(edges, 3): shifts in Å, shift · cell of the frame."""
        import torch

        cells = self.cells[self.frame[self.centres]]
        return torch.einsum("ni,nij->nj", self.shifts, cells)

    def vectors(self) -> torch.Tensor:
        """(edges, 3): from the centre to its neighbour, through the walls of the cell, Å."""
        there = self.positions[self.neighbours] + self.offsets()
        return there - self.positions[self.centres]


class HookedBackbone(ABC):
    """A torch model whose layers are read by forward hooks.

    ``elements``: atomic numbers that it knows; ``cutoff`` in Å. ``layer=None`` selects the deepest
    layer whose l > 0 channels receive gradient from the energy, measured by :meth:`select_layer`. A
    subclass sets ``model`` and says how to call it.
    """

    model: Any

    def __init__(
        self,
        elements: Sequence[int],
        cutoff: float,
        device: str = "cpu",
        layer: int | None = None,
    ) -> None:
        import torch

        self.elements, self.cutoff, self.layer = tuple(elements), float(cutoff), layer
        self.device = torch.device(device)
        self.gradients: dict[str, list[float]] = {}
        self.shuffled: int | None = None
        # Place of every atomic number among the elements, −1 where it is not known.
        types = torch.full((119,), -1, dtype=torch.long)
        types[list(self.elements)] = torch.arange(len(self.elements))
        self._types = types.to(self.device)

    @property
    @abstractmethod
    def description(self) -> dict[str, Any]: ...

    @abstractmethod
    def inputs(self, graph: AtomGraph) -> Any:
        """What the model is called with."""

    @abstractmethod
    def layers(self) -> list[tuple[Any, Any]]:
        """(module, e3nn irreps of its node features) of every layer, first to last."""

    @abstractmethod
    def node_features(self, output: Any) -> torch.Tensor:
        """Node features in what a layer returns: that tensor itself, for its gradient."""

    def arranged(self, values: Array) -> Array:
        """Values of :meth:`node_features` as (atoms, components) in e3nn's order of the irreps."""
        return values

    @abstractmethod
    def predict(self, inputs: Any) -> tuple[torch.Tensor, torch.Tensor]:
        """Energies (frames,) in eV and forces (atoms, 3) in eV/Å."""

    @abstractmethod
    def energy(self, inputs: Any) -> torch.Tensor:
        """Energies (frames,) with the graph of autograd kept."""

    def shuffle(self, seed: int) -> None:
        """:func:`neural_checks.backbones.weights.shuffle_weights` on the network."""
        shuffle_weights(self.model, seed)
        self.shuffled = seed

    def _layer(self, layer: int) -> tuple[Any, Any]:
        """The entry of :meth:`layers`; ValueError for one that is not there."""
        known = self.layers()
        if not 0 <= layer < len(known):
            raise ValueError(f"layer must be 0 … {len(known) - 1}, got {layer}")
        return known[layer]

    def layer_description(self) -> dict[str, Any]:
        """The layer that is read, the gradients of all layers, number and checksum of weights.

        Raises ValueError for a layer that is not there.
        """
        return {
            "layer": self.layer,
            "layer_irreps": None if self.layer is None else str(self._layer(self.layer)[1]),
            "gradient_by_layer": self.gradients,
            "parameters": sum(p.numel() for p in self.model.parameters()),
            "weights_sha256": weights_checksum(self.model),
            "weights_shuffled": self.shuffled,
        }

    def types(self, numbers: torch.Tensor) -> torch.Tensor:
        """Place of every atom's element among the elements that the model knows."""
        return self._types[numbers]

    def graph(self, structures: Structures) -> AtomGraph:
        """The frames as tensors with their edges; ValueError for an element not known."""
        self.require_known(structures.numbers)
        return AtomGraph.of(structures, edges(structures, self.cutoff), self.device)

    def require_known(self, numbers: NDArray[np.int64]) -> None:
        """ValueError where an element is not among those that the model knows."""
        unknown = sorted({int(z) for z in np.unique(numbers)} - set(self.elements))
        if unknown:
            raise ValueError(
                f"the model knows the elements {list(self.elements)}, not Z = {unknown}"
            )

    def evaluate(self, structures: Structures) -> Evaluation:
        """Features of the selected layer, energies and forces, in passes of bounded size.

        Where no layer is selected yet, one is. Raises ValueError for an element that the model does
        not know, a layer that is not there, or atoms without any neighbour; TypeError for anything
        but Structures.
        """
        if not isinstance(structures, Structures):
            raise TypeError(
                f"evaluate takes Structures (Structures.of_molecule makes them from positions), "
                f"got {type(structures).__name__}"
            )
        layer = self.layer
        if layer is None:
            self.require_known(structures.numbers)
            layer = self.select_layer(structures.take(slice(2)))
        return self.evaluate_layers(structures, [layer])[layer]

    def evaluate_layers(
        self, structures: Structures, layers: Sequence[int]
    ) -> dict[int, Evaluation]:
        """The evaluation by layer for several of them, with every frame run once.

        Raises ValueError as :meth:`evaluate`.
        """
        self.require_known(structures.numbers)
        chosen = {layer: self._layer(layer) for layer in layers}
        parts = [self._pass(batch, chosen) for batch in structures.batches(ATOMS)]
        return {layer: Evaluation.join([part[layer] for part in parts]) for layer in layers}

    def _pass(
        self, structures: Structures, layers: Mapping[int, tuple[Any, Any]]
    ) -> dict[int, Evaluation]:
        seen: dict[int, list[torch.Tensor]] = {layer: [] for layer in layers}

        def keep(layer: int) -> Callable[[Any, Any, Any], None]:
            def hook(_module: Any, _inputs: Any, output: Any) -> None:
                seen[layer].append(self.node_features(output).detach())

            return hook

        self.model.eval()
        handles = [module.register_forward_hook(keep(k)) for k, (module, _) in layers.items()]
        try:
            graph = self.graph(structures)
            if len(graph.centres) == 0:
                raise ValueError(
                    f"no two atoms are closer than the network's cut-off of {self.cutoff:g} Å: are "
                    "the positions in Å?"
                )
            energies, forces = self.predict(self.inputs(graph))
        finally:
            for handle in handles:
                handle.remove()

        def array(values: torch.Tensor) -> Array:
            return values.detach().cpu().numpy().astype(np.float64)

        found = {}
        for layer, (_, irreps) in layers.items():
            if len(seen[layer]) != 1:
                raise ValueError(
                    f"the layer that is read was called {len(seen[layer])} times, not once"
                )
            blocks = _by_irrep(self.arranged(array(seen[layer][0])), irreps)
            found[layer] = Evaluation(blocks, array(energies).reshape(-1), array(forces))
        return found

    def select_layer(self, structures: Structures) -> int:
        """The deepest layer whose l > 0 features receive gradient from the energy (l = 0: any).

        The norm of ∂E/∂h per degree is measured on ``structures`` and kept in ``gradients``.
        Raises ValueError where no layer qualifies.
        """
        layers = self.layers()
        gradients = self._layer_gradients(structures)
        degrees = {degree for _, irreps in layers for _, (degree, _) in irreps}
        rows = []
        for index, ((_, irreps), gradient) in enumerate(zip(layers, gradients, strict=True)):
            blocks: FeatureBlocks = {}
            if gradient is not None:
                values = gradient.detach().cpu().numpy().astype(np.float64)
                blocks = _by_irrep(self.arranged(values), irreps)
            rows.append(degree_norms(blocks, max(degrees)))
            self.gradients[f"layer {index + 1} of {len(layers)}"] = rows[-1]
        self.layer = deepest_layer(rows, degrees)
        return self.layer

    def _layer_gradients(self, structures: Structures) -> Sequence[torch.Tensor | None]:
        """∂E/∂h of the features of every layer, None where the energy does not depend on them."""
        import torch

        seen: dict[int, torch.Tensor] = {}

        def keep(index: int) -> Callable[[Any, Any, Any], None]:
            def hook(_module: Any, _inputs: Any, output: Any) -> None:
                features = self.node_features(output)
                if not features.requires_grad:
                    features.requires_grad_(True)
                seen[index] = features

            return hook

        modules = [module for module, _ in self.layers()]
        handles = [module.register_forward_hook(keep(k)) for k, module in enumerate(modules)]
        self.model.train()  # keeps the graph that the forces' own backward pass would free
        try:
            energy = self.energy(self.inputs(self.graph(structures))).sum()
            return torch.autograd.grad(
                energy, [seen[k] for k in range(len(modules))], allow_unused=True
            )
        finally:
            self.model.eval()
            for handle in handles:
                handle.remove()


def degree_norms(gradient: FeatureBlocks, top: int) -> list[float]:
    """‖∂E/∂h‖ by degree, l = 0 … ``top``, of gradients by irrep (atoms, channels, 2l+1).

    >>> degree_norms({"0e": np.zeros((1, 1, 1)), "1o": np.array([[[0.0, 3.0, 4.0]]])}, 2)
    [0.0, 5.0, 0.0]
    """
    norms = [0.0] * (top + 1)
    for name, values in gradient.items():
        degree = Irrep.parse(name).l
        norms[degree] = float(np.hypot(norms[degree], np.linalg.norm(values)))
    return norms


def deepest_layer(norms: Sequence[Sequence[float]], degrees: Iterable[int]) -> int:
    """The last layer that receives gradient at every l > 0 of ``degrees``.

    ``norms``: those of :func:`degree_norms` by layer, all to the same degree; ``degrees``: those
    that the features of the network have. Raises ValueError where no layer qualifies.

    >>> deepest_layer([[1.0, 2.0], [1.0, 3.0], [4.0, 0.0]], {0, 1})
    1
    """
    above = sorted(set(degrees) - {0})
    fitting = [k for k, row in enumerate(norms) if all(row[l] > 0.0 for l in above)]
    if not fitting:
        raise ValueError("no layer has l > 0 features that receive gradient from the energy")
    return fitting[-1]


def _by_irrep(flat: Array, irreps: Any) -> FeatureBlocks:
    """(atoms, components) cut at the blocks of e3nn ``irreps``: (atoms, channels, 2l+1) each."""
    result: FeatureBlocks = {}
    offset = 0
    for multiplicity, (degree, parity) in irreps:
        size = multiplicity * (2 * degree + 1)
        name = str(Irrep(degree, parity))
        block = flat[:, offset : offset + size].reshape(len(flat), multiplicity, 2 * degree + 1)
        previous = result.get(name)
        result[name] = block if previous is None else np.concatenate([previous, block], axis=1)
        offset += size
    return result
