"""Networks by name: a model file of nequip or mace, or ``module:function``.

Files that are pickles, or carry code, run code when they are loaded. They are loaded only where the
caller says so (``trust``); everything that can be read without is.
"""

from __future__ import annotations

import importlib
import pickle
import sys
from pathlib import Path

from neural_checks.backbones.hooked import Backbone, HookedBackbone
from numeric_checks.molecules.data import ForceData

__all__ = ["TRUST", "UntrustedError", "load_backbone"]

TRUST = (
    "loading it can run any code that its author put there; if you trust where it comes from, "
    "say so with --trust-model"
)


class UntrustedError(ValueError):
    """The file would run code when loaded, and nobody said that it may."""


def load_backbone(
    model: str, data: ForceData, layer: int | None = None, trust: bool = False
) -> Backbone:
    """The network that ``model`` names, for the molecule of ``data``.

    Args:
        model: ``module:function``, a function that takes the ForceData and returns a Backbone; a
            ``.ckpt`` or ``.nequip.zip`` of nequip; a checkpoint of
            :mod:`neural_checks.training.train`; a model file of mace.
        layer: counted from 0; None: the deepest whose l > 0 features receive gradient.
        trust: load files that can run code. ``module:function`` is the caller's own code.

    Raises:
        UntrustedError: ``trust`` is needed.
        ValueError, TypeError: the model cannot be used; FileNotFoundError; ImportError: its package
            is not installed.
    """
    module, colon, function = model.partition(":")
    if colon and not Path(model).exists() and "/" not in module:
        return _from_function(module, function, data, layer)
    path = Path(model)
    if not path.is_file():
        raise FileNotFoundError(f"no model file {path}")
    numbers = tuple(int(z) for z in data.numbers)
    if path.name.endswith((".ckpt", ".nequip.zip")):
        return _from_nequip_file(path, numbers, layer, trust)
    return _from_torch_file(path, data, numbers, layer, trust)


def _from_nequip_file(
    path: Path, numbers: tuple[int, ...], layer: int | None, trust: bool
) -> Backbone:
    from neural_checks.backbones.nequip_files import load_nequip, load_plain_checkpoint

    if path.suffix == ".ckpt":
        plain = load_plain_checkpoint(path, numbers, layer)
        if plain is not None:
            return plain
        what = "holds more than plain data, or names functions to call"
    else:
        what = "is a package with code of its own"
    if not trust:
        raise UntrustedError(f"{path.name} {what}: {TRUST}")
    return load_nequip(path, numbers, layer)


def _from_torch_file(
    path: Path, data: ForceData, numbers: tuple[int, ...], layer: int | None, trust: bool
) -> Backbone:
    import torch

    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        state = None
    except (RuntimeError, EOFError, OSError) as error:
        raise ValueError(f"{path.name} is no torch file: {error}") from error
    if isinstance(state, dict) and {"identity", "best"} <= set(state):
        from neural_checks.backbones.nequip_files import restore_trained

        return restore_trained(path, state, data, layer)
    if state is not None:
        raise ValueError(
            f"{path.name} holds {type(state).__name__} without a model to go with it; expected a "
            "model file of mace or a checkpoint of neural_checks.training.train"
        )
    if not trust:
        raise UntrustedError(f"{path.name} is a pickle of a whole model: {TRUST}")
    from neural_checks.backbones.mace import load_mace

    return load_mace(path, numbers, layer)


def _from_function(module: str, function: str, data: ForceData, layer: int | None) -> Backbone:
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        made = getattr(importlib.import_module(module), function)(data)
    except AttributeError as error:
        raise ValueError(f"{module}:{function}: {error}") from error
    if not callable(getattr(made, "evaluate", None)) or not hasattr(made, "description"):
        raise TypeError(
            f"{module}:{function} must return an object with description and evaluate(positions), "
            f"got {type(made).__name__}"
        )
    if layer is not None:
        if not isinstance(made, HookedBackbone):
            raise ValueError(
                f"{module}:{function} decides itself which features it gives: no --layer"
            )
        made.layer = layer
    backbone: Backbone = made
    return backbone
