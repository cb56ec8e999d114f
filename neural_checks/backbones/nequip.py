"""The model of the ``nequip`` package as a backbone (S. Batzner et al., Nat. Commun. 13, 2453
(2022)): :class:`NequIPBackbone` is built here from sizes, :class:`LoadedNequIP` comes from a file.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from neural_checks.backbones.hooked import AtomGraph, HookedBackbone
from neural_checks.backbones.interface import Conditions
from neural_checks.backbones.scaling import Scaling
from span_theorem.arguments import shown, within

if TYPE_CHECKING:
    import torch

__all__ = ["BackboneConfig", "LoadedNequIP", "NequIPBackbone"]


@dataclass(frozen=True)
class BackboneConfig:
    """Size of the network. ``l_max`` is L; ``cutoff`` in Å.

    ``tanh_gates`` puts tanh in place of SiLU in the gates of the l > 0 features: a control.
    """

    l_max: int = 2
    layers: int = 3
    channels: int = 16
    parity: bool = False
    cutoff: float = 4.0
    radial_width: int = 64
    tanh_gates: bool = False

    def __post_init__(self) -> None:
        for name, low, high in (
            ("l_max", 0, 8), ("layers", 2, 16), ("channels", 1, 1024), ("radial_width", 1, 4096),
        ):  # fmt: skip
            within(name, getattr(self, name), low, high)
        for name in ("parity", "tanh_gates"):
            if not isinstance(getattr(self, name), bool):
                raise TypeError(f"{name} must be true or false, got {shown(getattr(self, name))}")
        if not isinstance(self.cutoff, int | float) or not 0 < self.cutoff <= 20:
            raise ValueError(f"cutoff must be above 0 and at most 20 Å, got {shown(self.cutoff)}")

    def settings(self, elements: Sequence[int]) -> dict[str, Any]:
        """The sizes by the package's names, for atoms of these ``elements``."""
        gates = {"convnet_nonlinearity_gates": {"e": "tanh", "o": "tanh"}}
        return (gates if self.tanh_gates else {}) | {
            "type_names": [f"Z{z}" for z in elements],
            "l_max": self.l_max,
            "num_layers": self.layers,
            "num_features": self.channels,
            "parity": self.parity,
            "radial_mlp_width": self.radial_width,
            "r_max": self.cutoff,
        }


class _NequIP(HookedBackbone):
    """How the package's models are called and read."""

    def inputs(self, graph: AtomGraph) -> dict[str, torch.Tensor]:
        """The package's dictionary; a cell is in it only where a frame has one."""
        import torch

        found = {
            "pos": graph.positions,
            "atom_types": self.types(graph.numbers),
            "edge_index": torch.stack([graph.centres, graph.neighbours]),
            "batch": graph.frame,
            "num_atoms": graph.counts,
            "pbc": graph.periodic,
        }
        if bool(graph.periodic.any()):
            # The package divides the stress by the volume: a frame without a cell gets a unit one.
            alone = ~graph.periodic.any(dim=1)
            unit = torch.eye(3, dtype=graph.cells.dtype, device=graph.cells.device)
            found["cell"] = torch.where(alone[:, None, None], unit, graph.cells)
            found["edge_cell_shift"] = graph.shifts
        return found

    def layers(self) -> list[tuple[Any, Any]]:
        return [
            (module, module.irreps_out["node_features"])
            for name, module in self.model.named_modules()
            if name.endswith("_convnet")
        ]

    def node_features(self, output: Any) -> torch.Tensor:
        features: torch.Tensor = output["node_features"]
        return features

    def predict(self, inputs: Any) -> tuple[torch.Tensor, torch.Tensor]:
        output = self.model(inputs)
        return output["total_energy"], output["forces"]

    def energy(self, inputs: Any) -> torch.Tensor:
        energy: torch.Tensor = self.model(inputs)["total_energy"]
        return energy


class NequIPBackbone(_NequIP):
    """The package's model of given sizes with random weights, float32."""

    def __init__(
        self,
        config: BackboneConfig,
        scaling: Scaling,
        seed: int,
        device: str = "cpu",
        compiled: bool = False,
        layer: int | None = None,
    ) -> None:
        from nequip.model import NequIPGNNModel
        from nequip.utils.global_state import set_global_state

        set_global_state()
        super().__init__(scaling.elements, config.cutoff, device, layer)
        self.config, self.scaling, self.seed = config, scaling, seed
        settings = config.settings(scaling.elements)
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

    @property
    def description(self) -> dict[str, Any]:
        """Package, sizes and the layer that is read."""
        from importlib.metadata import version

        gates = ", tanh gates" if self.config.tanh_gates else ""
        return {
            "package": f"nequip {version('nequip')}{gates}",
            **asdict(self.config),
            "seed": self.seed,
            **self.layer_description(),
        }


#: Fields of the package's dictionary that every model of it knows; those of LAMMPS, besides, have
#: "lmp" or "ghost" in their names.
_INPUTS = {
    "pos", "edge_index", "edge_transpose_perm", "edge_cell_shift", "edge_vectors", "cell", "batch",
    "num_atoms", "num_nodes", "atom_types", "pbc",
}  # fmt: skip


class LoadedNequIP(_NequIP):
    """A model that comes from a file.

    Atom types are told by their names, chemical symbols or ``Z`` and the number. Raises ValueError
    where no convolution of NequIP is in it, or a type is no element.
    """

    def __init__(
        self, model: Any, origin: str, device: str = "cpu", layer: int | None = None
    ) -> None:
        from ase.data import atomic_numbers

        self.model, self.origin = model.to(device), origin
        self.differences: dict[str, float] | None = None
        if not self.layers():
            raise ValueError(
                f"{origin}: the layers of this model are unknown: only NequIP's convolutions "
                f"can be read, this is {_what(model)}"
            )
        names = list(model.type_names)
        known = [
            int(name[1:]) if re.fullmatch("Z[0-9]{1,3}", name) else atomic_numbers.get(name, 0)
            for name in names
        ]
        if not all(1 <= z <= 118 for z in known) or len(set(known)) < len(known):
            raise ValueError(
                f"{origin}: its atom types are {names}, but every type must be one chemical element"
            )
        extra = sorted(
            field
            for field in set(model.model_input_fields) - _INPUTS
            if "lmp" not in field and "ghost" not in field
        )
        if extra:
            raise ValueError(
                f"{origin}: the model needs {', '.join(extra)}, which cannot be given here"
            )
        super().__init__(known, float(model.metadata["r_max"]), device, layer)
        self.conditions = Conditions()

    @property
    def description(self) -> dict[str, Any]:
        """Package, file, cut-off, elements, type of numbers and the layer that is read."""
        from importlib.metadata import version

        return {
            "package": f"nequip {version('nequip')}",
            "origin": self.origin,
            "cutoff": self.cutoff,
            "elements": list(self.elements),
            "dtype": str(self.model.metadata.get("model_dtype", "not stated")),
            "layers": len(self.layers()),
            "guard": self.differences,
            **self.layer_description(),
        }

    def calculator(self) -> Any:
        """The package's own calculator for ASE on a copy of the model."""
        from copy import deepcopy

        from ase.data import chemical_symbols
        from nequip.data.transforms import (
            ChemicalSpeciesToAtomTypeMapper,
            NeighborListTransform,
        )
        from nequip.integrations.ase import NequIPCalculator

        names = list(self.model.type_names)
        symbols = [chemical_symbols[z] for z in self.elements]
        mapper = ChemicalSpeciesToAtomTypeMapper(
            model_type_names=names,
            chemical_species_to_atom_type_map=dict(zip(symbols, names, strict=True)),
        )
        return NequIPCalculator(
            deepcopy(self.model).eval(),
            self.device,
            transforms=[mapper, NeighborListTransform(r_max=self.cutoff)],
        )


def _what(model: Any) -> str:
    """The name of a model of the framework, told by the modules it is made of."""
    # The modules of a packaged model are called "<torch_package_0>.nequip…".
    names = [re.sub(r"^<torch_package_\d+>\.", "", type(m).__module__) for m in model.modules()]
    inner = {name.partition(".")[0] for name in names}
    foreign = sorted(inner - {"nequip", "torch", "e3nn"})
    return f"a model of {foreign[0]}" if foreign else f"a {type(model).__name__} without them"
