"""From the configuration of a network to the degrees that its layers reach."""

from span_theorem.architecture.layers import (
    Layer,
    e3nn_layers,
    equivariant_layers,
    mace_layers,
    nequip_layers,
    output_degree,
)
from span_theorem.architecture.read import layers_from_mapping, layers_from_text

__all__ = [
    "Layer",
    "e3nn_layers",
    "equivariant_layers",
    "layers_from_mapping",
    "layers_from_text",
    "mace_layers",
    "nequip_layers",
    "output_degree",
]
