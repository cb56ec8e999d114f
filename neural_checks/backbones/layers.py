"""Every layer of one network as a backbone of its own; a frame is run once for all of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neural_checks.backbones.interface import Evaluation
from numeric_checks.molecules.structures import Structures

__all__ = ["OneLayer", "every_layer", "layer_count"]


def layer_count(network: Any) -> int:
    """How many layers may be read; ValueError for a network that does not choose between layers.

    Such a network has ``layer``, the one that is read, and ``layers`` or ``hooks``: all of them, or
    a function that returns them. ``layers`` alone may be anything, such as modules of the network.
    """
    for name in ("layers", "hooks"):
        found = getattr(network, name, None)
        if found is not None and hasattr(network, "layer"):
            return len(found() if callable(found) else found)
    raise ValueError("this network chooses its own features: leave --layer out")


def every_layer(network: Any) -> list[OneLayer]:
    """The layers of ``network`` as backbones, first to last.

    What one of them evaluates is kept for the others, as float32 where that loses nothing: memory
    is that of the features of all layers. A network without ``evaluate_layers`` is run once for
    each layer. ``network.layer`` is set while a backbone is described. ValueError for a network
    that names no layers.
    """
    kept: dict[bytes, dict[int, Evaluation]] = {}
    return [OneLayer(network, layer, kept) for layer in range(layer_count(network))]


class OneLayer:
    """One layer of a network; see :func:`every_layer`."""

    def __init__(self, network: Any, layer: int, kept: dict[bytes, dict[int, Evaluation]]) -> None:
        self._network, self._kept, self.layer = network, kept, layer

    def __getattr__(self, name: str) -> Any:
        """What else the network has, such as its device."""
        return getattr(self._network, name)

    @property
    def description(self) -> Mapping[str, Any]:
        """That of the network when it reads this layer."""
        self._network.layer = self.layer
        description: Mapping[str, Any] = self._network.description
        return description

    def evaluate(self, structures: Structures) -> Evaluation:
        """Features of the layer, energies and forces; ValueError as for the network."""
        key = _key(structures)
        if key not in self._kept:
            found = _evaluated(self._network, structures)
            self._kept[key] = {layer: _narrow(one) for layer, one in found.items()}
        return _wide(self._kept[key][self.layer])


def _evaluated(network: Any, structures: Structures) -> dict[int, Evaluation]:
    layers = range(layer_count(network))
    if hasattr(network, "evaluate_layers"):
        every: dict[int, Evaluation] = network.evaluate_layers(structures, layers)
        return every
    found = {}
    for layer in layers:
        network.layer = layer
        found[layer] = network.evaluate(structures)
    return found


def _key(structures: Structures) -> bytes:
    digest = hashlib.sha256()
    for name in ("numbers", "counts", "positions", "cells", "periodic"):
        digest.update(np.ascontiguousarray(getattr(structures, name)).tobytes())
    return digest.digest()


def _narrow(found: Evaluation) -> Evaluation:
    def narrow(values: NDArray[Any]) -> NDArray[Any]:
        single = values.astype(np.float32)
        return single if np.array_equal(single, values) else values

    return replace(found, features={name: narrow(v) for name, v in found.features.items()})


def _wide(found: Evaluation) -> Evaluation:
    features = {name: v.astype(np.float64) for name, v in found.features.items()}
    return replace(found, features=features)
