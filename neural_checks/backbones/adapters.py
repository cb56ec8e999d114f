"""Networks that other packages ship or load, as ``--model neural_checks.backbones.adapters:NAME``.

Each function takes the data and returns the network behind its package's own calculator
(:mod:`neural_checks.backbones.calculator`), with the modules that are read and what they return.
Each package needs an environment of its own (``constraints-NAME.txt``). Arguments are given as
``--argument KEY=VALUE``.
"""

from __future__ import annotations

import contextlib
import io
from typing import Any, TypeVar

from neural_checks.backbones.bases import Axes, Order
from neural_checks.backbones.calculator import CalculatorBackbone, Hook
from numeric_checks.molecules.data import ForceData

__all__ = ["chgnet", "matgl", "nequix", "schnetpack", "sevennet"]

#: Å around a molecule in the cell that a calculator for crystals needs: more than its cut-off.
MARGIN = 20.0


def sevennet(data: ForceData, model: str = "7net-0") -> CalculatorBackbone:
    """SevenNet (Y. Park et al., J. Chem. Theory Comput. 20, 4857 (2024)); ``model``: name or path.

    Read: the output of the gates. The package's networks without parity keep vectors that may be
    polar or axial: they are equivariant under rotations alone, and are named by natural parity.
    """
    from sevenn.sevennet_calculator import SevenNetCalculator

    calculator = SevenNetCalculator(model, device="cpu")
    layers = []
    for name, module in calculator.model.named_children():
        if name.endswith("_equivariant_gate"):
            irreps = module.gate.irreps_out
            natural = not any(ir.p == -1 for _, ir in irreps)
            named = "+".join(f"{c}x{ir.l}{_parity(ir, natural)}" for c, ir in irreps)
            layers.append([Hook(f"model.{name}[x]", named)])
    config = calculator.sevennet_config or {}
    notes = {
        "model": model,
        "cutoff": float(calculator.cutoff),
        "elements": sorted(int(z) for z in calculator.type_map),
        "parity": bool(config.get("is_parity", False)),
    }
    return CalculatorBackbone(calculator, layers, f"sevenn {model}", notes=notes)


def _parity(irrep: Any, natural: bool) -> str:
    odd = irrep.l % 2 == 1 if natural else irrep.p == -1
    return "o" if odd else "e"


def chgnet(data: ForceData, model: str = "0.3.0") -> CalculatorBackbone:
    """CHGNet (B. Deng et al., Nat. Mach. Intell. 5, 1031 (2023)); ``model``: which weights.

    Read: the output of the convolutions of atoms, invariants alone. A molecule is put into a cubic
    cell, 20 Å larger than it is.
    """
    from chgnet.model.dynamics import CHGNetCalculator
    from chgnet.model.model import CHGNet

    with contextlib.redirect_stdout(io.StringIO()):  # the package prints where it runs
        network = CHGNet.load(model_name=model, use_device="cpu", verbose=False)
        calculator = CHGNetCalculator(network, use_device="cpu", on_isolated_atoms="error")
    width = network.atom_embedding.embedding.embedding_dim
    layers = [
        [Hook(f"model.atom_conv_layers.{k}", f"{width}x0e")]
        for k in range(len(network.atom_conv_layers))
    ]
    notes = {
        "model": model,
        "cutoff": float(network.graph_converter.atom_graph_cutoff),
        "margin": MARGIN,
    }
    return CalculatorBackbone(calculator, layers, f"chgnet {model}", margin=MARGIN, notes=notes)


def schnetpack(
    data: ForceData,
    model: str,
    energy_unit: str = "kcal/mol",
    energy_key: str = "energy",
    force_key: str = "forces",
) -> CalculatorBackbone:
    """PaiNN or SO3net of SchNetPack 2 (K. T. Schütt et al., J. Chem. Phys. 158, 144801 (2023)).

    ``model``: a file ``best_model``, a pickle; it does not state the unit of energy it was trained
    in. Read: of PaiNN scalars and vectors after each mixing, of SO3net the representation that each
    convolution but the first is given, and the last.
    """
    from torch.utils.data import dataloader

    # SchNetPack 2.1 imports this name, and only for annotations; torch has dropped it.
    if not hasattr(dataloader, "T_co"):
        setattr(dataloader, "T_co", TypeVar("T_co", covariant=True))  # noqa: B010  # mypy knows no such name
    from schnetpack.interfaces import SpkCalculator
    from schnetpack.transform import ASENeighborList

    calculator_class = _loading_modules(SpkCalculator)
    found = calculator_class(
        model_file=model, neighbor_list=None, energy_key=energy_key, force_key=force_key,
        energy_unit=energy_unit,
    )  # fmt: skip
    representation = found.model.representation
    cutoff = float(representation.cutoff_fn.cutoff)
    found.converter.transforms.insert(0, ASENeighborList(cutoff))
    kind = type(representation).__name__
    path = "model.representation"
    if kind == "PaiNN":
        width = representation.n_atom_basis
        layers = [
            [
                Hook(f"{path}.mixing.{k}[0]", f"{width}x0e", Order.CARTESIAN, Axes.CHANNELS_LAST),
                Hook(f"{path}.mixing.{k}[1]", f"{width}x1o", Order.CARTESIAN, Axes.CHANNELS_LAST),
            ]
            for k in range(len(representation.mixing))
        ]
    elif kind == "SO3net":
        last = f"{path}[multipole_representation]"
        layers = _so3net(representation, path, representation.n_atom_basis, last)
    else:
        raise ValueError(f"{model}: the layers of PaiNN and SO3net are known; this is {kind}")
    notes = {"model": kind, "cutoff": cutoff, "energy_unit": energy_unit}
    return CalculatorBackbone(found, layers, f"schnetpack {kind}", notes=notes)


def _so3net(network: Any, path: str, width: int, last: str | None) -> list[list[Hook]]:
    """What every convolution but the first is given: the representation after the one before."""
    irreps = "+".join(f"{width}x{l}{'eo'[l % 2]}" for l in range(int(network.lmax) + 1))
    paths = [f"{path}.so3convs.{k}(0)" for k in range(1, len(network.so3convs))]
    return [
        [Hook(one, irreps, Order.YZX, Axes.CHANNELS_LAST)]
        for one in (*paths, *([] if last is None else [last]))
    ]


def _loading_modules(kind: Any) -> Any:
    """The package's calculator, which loads a file that holds a whole module."""
    import torch

    class Loading(kind):  # type: ignore[misc]  # a class that is known when it runs
        def _load_model(self, model_file: str) -> Any:
            return torch.load(model_file, map_location="cpu", weights_only=False).eval()

    return Loading


def matgl(data: ForceData, model: str) -> CalculatorBackbone:
    """TensorNet or SO3Net of matgl (T. W. Ko et al., npj Comput. Mater. 11, 253 (2025)).

    ``model``: the folder of a potential. Read: of TensorNet the tensors after the embedding and
    after each interaction, of SO3Net the representation that each convolution but the first is
    given; after its last convolution only scalars are used.
    """
    import matgl as package
    from matgl.ext.ase import PESCalculator

    potential = package.load_model(model)
    calculator = PESCalculator(potential, stress_unit="eV/A3")
    network = potential.model
    kind, path = type(network).__name__, "potential.model"
    if kind == "TensorNet":
        units = int(network.linear.out_features)
        irreps = f"{units}x0e+{units}x1o+{units}x2e"
        paths = [f"{path}.tensor_embedding[0]"]
        paths += [f"{path}.layers.{k}" for k in range(len(network.layers))]
        layers = [[Hook(one, irreps, Order.CARTESIAN)] for one in paths]
    elif kind == "SO3Net":
        layers = _so3net(network, path, int(network.embedding.embedding_dim), None)
    else:
        raise ValueError(f"{model}: the layers of TensorNet and SO3Net are known; this is {kind}")
    notes = {
        "model": kind,
        "cutoff": float(network.cutoff),
        "elements": [str(symbol) for symbol in network.element_types],
    }
    return CalculatorBackbone(calculator, layers, f"matgl {kind}", notes=notes)


def nequix(data: ForceData, model: str) -> CalculatorBackbone:
    """Nequix (T. Koker, M. Kotak, T. Smidt, 2025) by its backend in torch; ``model``: a ``.pt``.

    The package's ``convert_model_jax_to_torch`` and ``save_model`` make that file of a ``.nqx``.
    Read: the output of every layer; the last one returns scalars alone.
    """
    from nequix.calculator import NequixCalculator

    calculator = NequixCalculator(model_path=model, backend="torch", use_kernel=False)
    layers = []
    for place, layer in enumerate(calculator.model.layers):
        scalars, vectors = layer.gate.slice_scalars_extra.stop, layer.gate.irreps_out
        parts = [f"{scalars}x0e", *(f"{c}x{ir}" for c, ir in vectors if ir.l > 0)]
        layers.append([Hook(f"model.layers.{place}", "+".join(parts))])
    notes = {
        "model": model.rpartition("/")[2],
        "cutoff": float(calculator.cutoff),
        "elements": sorted(int(z) for z in calculator.atom_indices),
    }
    return CalculatorBackbone(calculator, layers, "nequix", notes=notes)
