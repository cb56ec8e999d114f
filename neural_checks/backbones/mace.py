"""The model of the ``mace-torch`` package as a backbone (I. Batatia et al., NeurIPS 2022).

The package pins an e3nn that the ``nequip`` package does not accept: it needs an environment of its
own. The features of a layer are what its product block returns (``product``; the last layer keeps
scalars alone), or the density that this block is given (``a-basis``): the sum over neighbours whose
powers up to ``correlation`` the product takes, of degrees up to ``max_ell``. In the first layer the
density is linear in each neighbour's harmonics: the object of the theorem, with L = ``max_ell`` and
d = ``correlation``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from neural_checks.backbones.hooked import AtomGraph, HookedBackbone
from neural_checks.backbones.interface import Conditions
from neural_checks.backbones.precision import single_precision
from neural_checks.backbones.scaling import Scaling

if TYPE_CHECKING:
    import torch

__all__ = ["MACEBackbone", "load_mace", "new_mace"]

Array = NDArray[np.float64]

#: The models of the package that are read: their layers and inputs are known.
_MODELS = ("MACE", "ScaleShiftMACE")
#: Inputs for a whole frame that a model may ask for, and the option that gives them.
_EMBEDDED = {"total_charge": "charge", "total_spin": "spin"}


class MACEBackbone(HookedBackbone):
    """A ``mace.modules.MACE`` or ``ScaleShiftMACE``.

    Raises ValueError for another model of the package, for a head, charge or spin that the model
    needs and that is not given, and for one that it does not take; the message names it.
    """

    def __init__(
        self,
        model: Any,
        device: str = "cpu",
        layer: int | None = None,
        origin: str = "built here",
        conditions: Conditions | None = None,
        features: str = "product",
    ) -> None:
        if type(model).__name__ not in _MODELS:
            raise ValueError(
                f"{origin}: only the layers of {' and '.join(_MODELS)} are known; this is "
                f"{type(model).__name__}"
            )
        known = [int(z) for z in model.atomic_numbers]
        super().__init__(known, float(model.r_max), device, layer)
        self.model, self.origin = model.to(device), origin
        self.conditions, self.features = conditions or Conditions(), features
        self.differences: dict[str, float] | None = None
        self._dtype = next(model.parameters()).dtype
        self._head = self._chosen_head()
        self._embedded = self._frame_inputs()

    @property
    def _heads(self) -> list[str]:
        return [str(head) for head in getattr(self.model, "heads", None) or ["Default"]]

    def _chosen_head(self) -> int:
        head, heads = self.conditions.head, self._heads
        if head is None and len(heads) > 1:
            raise ValueError(
                f"{self.origin} has several heads: choose one with --head, of {', '.join(heads)}"
            )
        if head is not None and head not in heads:
            raise ValueError(f"{self.origin} has no head {head!r}, but {', '.join(heads)}")
        return 0 if head is None else heads.index(head)

    def _frame_inputs(self) -> dict[str, float]:
        """Values of the model's inputs for a whole frame."""
        wanted = getattr(self.model, "embedding_specs", None) or {}
        values = {}
        for name, spec in wanted.items():
            option = _EMBEDDED.get(name)
            if option is None:
                raise ValueError(f"{self.origin} needs {name}, which cannot be given here")
            value = getattr(self.conditions, option)
            if value is None:
                what = name.replace("_", " ")
                raise ValueError(
                    f"{self.origin} needs the {what} of every frame: give it with --{option}"
                )
            _require_class(self.origin, option, value, spec)
            values[name] = float(value)
        for name, option in _EMBEDDED.items():
            if name not in wanted and getattr(self.conditions, option) is not None:
                raise ValueError(f"{self.origin} takes no {option}: leave --{option} out")
        return values

    @property
    def description(self) -> dict[str, Any]:
        """Package, sizes, what it was evaluated with and the layer that is read."""
        from importlib.metadata import version

        return {
            "package": f"mace-torch {version('mace-torch')}",
            "model": type(self.model).__name__,
            "origin": self.origin,
            "cutoff": self.cutoff,
            "elements": list(self.elements),
            "dtype": str(self._dtype).removeprefix("torch."),
            "head": self._heads[self._head],
            "charge": self.conditions.charge,
            "spin": self.conditions.spin,
            "layers": len(self.layers()),
            "features": self.features,
            "guard": self.differences,
            **self.layer_description(),
        }

    def calculator(self) -> Any:
        """The package's own calculator for ASE on a copy of the model."""
        from copy import deepcopy

        import torch
        from mace.calculators import MACECalculator

        model = deepcopy(self.model)
        if isinstance(model.r_max, float):  # files of early versions; the calculator wants a tensor
            model.r_max = torch.tensor(model.r_max)
        return MACECalculator(
            models=[model],
            device=str(self.device),
            default_dtype=str(self._dtype).removeprefix("torch."),
            head=self._heads[self._head],
        )

    def inputs(self, graph: AtomGraph) -> dict[str, torch.Tensor]:
        """The package's dictionary; its edges run from the neighbour to the centre."""
        import torch

        one_hot = torch.nn.functional.one_hot(self.types(graph.numbers), len(self.elements))
        zero = torch.zeros(1, dtype=graph.counts.dtype, device=self.device)
        embedded = {
            name: torch.full((len(graph),), value, dtype=self._dtype, device=self.device)
            for name, value in self._embedded.items()
        }
        return {
            **embedded,
            "positions": graph.positions.to(self._dtype),
            "node_attrs": one_hot.to(self._dtype),
            "edge_index": torch.stack([graph.neighbours, graph.centres]),
            "shifts": -graph.offsets().to(self._dtype),
            "unit_shifts": -graph.shifts.to(self._dtype),
            "cell": graph.cells.reshape(-1, 3).to(self._dtype),
            "pbc": graph.periodic,
            "batch": graph.frame,
            "ptr": torch.cat([zero, graph.counts.cumsum(0)]),
            "head": torch.full((len(graph),), self._head, device=self.device),
        }

    def layers(self) -> list[tuple[Any, Any]]:
        if self.features == "product":
            return [(product, product.linear.irreps_out) for product in self.model.products]
        # Every degree of the target irreps has as many channels.
        return [(block, block.target_irreps) for block in self.model.interactions]

    def node_features(self, output: Any) -> torch.Tensor:
        features: torch.Tensor = output[0] if isinstance(output, tuple) else output
        return features

    def arranged(self, values: Array) -> Array:
        """The A-basis (atoms, channels, (L+1)²) with the components within the channels."""
        if values.ndim == 2:
            return values
        cuts = [l * l for l in range(1, round(values.shape[2] ** 0.5))]
        parts = np.split(values, cuts, axis=2)
        return np.concatenate([part.reshape(len(values), -1) for part in parts], axis=1)

    def predict(self, inputs: Any) -> tuple[torch.Tensor, torch.Tensor]:
        output = self.model(inputs)
        return output["energy"], output["forces"]

    def energy(self, inputs: Any) -> torch.Tensor:
        energy: torch.Tensor = self.model(inputs, training=True, compute_force=False)["energy"]
        return energy


def new_mace(
    scaling: Scaling,
    l_max: int = 2,
    channels: int = 16,
    cutoff: float = 4.0,
    seed: int = 0,
    *,
    hidden_l: int | None = None,
    correlation: int = 3,
) -> MACEBackbone:
    """A random ScaleShiftMACE of two layers, float32, body order ``correlation`` + 1.

    ``l_max`` is mace's ``max_ell``; ``hidden_l`` the largest degree of its hidden irreps (default
    ``l_max``).
    """
    import torch
    from mace import modules  # before e3nn: it sets how e3nn's files are read
    from mace.modules import interaction_classes

    # isort: split
    from e3nn import o3

    torch.manual_seed(seed)
    elements = list(scaling.elements)
    top = l_max if hidden_l is None else hidden_l
    hidden = "+".join(f"{channels}x{l}{'eo'[l % 2]}" for l in range(top + 1))
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
            correlation=correlation,
            gate=torch.nn.functional.silu,
        )
    return MACEBackbone(model)


def _require_class(origin: str, option: str, value: float, spec: Mapping[str, Any]) -> None:
    """ValueError for a charge or spin outside the classes that the model was made for."""
    if spec.get("type") != "categorical":
        return
    offset, classes = int(spec.get("offset", 0)), int(spec["num_classes"])
    if value != int(value) or not 0 <= value + offset < classes:
        raise ValueError(
            f"{origin}: {option} must be an integer from {-offset} to {classes - 1 - offset}, got "
            f"{value:g}"
        )


def load_mace(
    path: Path,
    layer: int | None = None,
    device: str = "cpu",
    conditions: Conditions | None = None,
    features: str = "product",
) -> MACEBackbone:
    """A model file of the package: a whole pickled module, which runs code when it is loaded.

    Raises ValueError where the file holds no MACE model, or one that is not read
    (:class:`MACEBackbone`), ImportError without the package.
    """
    import mace  # noqa: F401  before e3nn
    import torch

    try:
        model = torch.load(path, map_location="cpu", weights_only=False)
    except ImportError:
        raise
    except Exception as error:  # whatever unpickling raises
        raise ValueError(f"{path.name} cannot be loaded: {error!r}") from error
    if not isinstance(model, torch.nn.Module) or not hasattr(model, "atomic_numbers"):
        raise ValueError(f"{path.name} holds {type(model).__name__}, no MACE model")
    return MACEBackbone(model.eval(), device, layer, path.name, conditions, features)
