"""Networks that other packages ship or load, as ``--model neural_checks.backbones.adapters:NAME``.

Each function takes the data and returns the network behind its package's own calculator
(:mod:`neural_checks.backbones.calculator`), with the modules that are read and what they return.
Each package needs an environment of its own (``constraints-NAME.txt``). Arguments are given as
``--argument KEY=VALUE``.
"""

from __future__ import annotations

import contextlib
import io
from typing import Any

from neural_checks.backbones.calculator import CalculatorBackbone, Hook
from numeric_checks.molecules.data import ForceData

__all__ = ["chgnet", "sevennet"]

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
