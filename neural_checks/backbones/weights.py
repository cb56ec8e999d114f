"""Weights of a torch module: their checksum, and a control with the same weights out of place."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from span_theorem.arguments import natural

__all__ = ["shuffle_weights", "weights_checksum"]


def weights_checksum(module: Any) -> str:
    """SHA-256 over names, types, shapes and bytes of all parameters and buffers, by name."""
    digest = hashlib.sha256()
    for name, tensor in sorted(module.state_dict().items()):
        if not hasattr(tensor, "detach"):  # a module's extra state
            continue
        values = np.ascontiguousarray(tensor.detach().cpu().numpy())
        digest.update(f"{name}|{values.dtype.str}|{values.shape}|".encode() + values.tobytes())
    return digest.hexdigest()


def shuffle_weights(module: Any, seed: int) -> None:
    """Permute the entries of every parameter of ``module`` at random, in place.

    The network then has the weights of its training by size and none of them where training put it:
    the control of what training does to its features, for a network of any package.

    >>> import torch
    >>> layer = torch.nn.Linear(2, 1, bias=False)
    >>> _ = layer.weight.data.copy_(torch.tensor([[1.0, 2.0]]))
    >>> shuffle_weights(layer, 1)
    >>> sorted(layer.weight.flatten().tolist())
    [1.0, 2.0]
    """
    import torch

    natural("seed", seed)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for _, parameter in sorted(module.named_parameters()):
            order = torch.randperm(parameter.numel(), generator=generator).to(parameter.device)
            parameter.copy_(parameter.flatten()[order].reshape(parameter.shape))
