"""Networks by name: a model file of nequip or mace, or ``module:function``.

Files that are pickles, or carry code, run code when they are loaded. They are loaded only where the
caller says so (``trust``); everything that can be read without is.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

from neural_checks.backbones.checkpoints import from_state, is_checkpoint
from neural_checks.backbones.hooked import HookedBackbone
from neural_checks.backbones.interface import Backbone, as_backbone
from neural_checks.backbones.model_files import (
    TRUST,
    FileKind,
    UntrustedError,
    file_kind,
    plain_state,
    refuse_missing_classes,
)
from numeric_checks.molecules.data import ForceData

__all__ = ["load_backbone"]


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
    kind = file_kind(path)
    if kind is FileKind.PACKAGE:
        if not trust:
            raise UntrustedError(f"{path.name} is a package with code of its own: {TRUST}")
        return _from_pickle(path, layer, nequip=True)
    state = plain_state(path)
    checkpoint = path.suffix == ".ckpt" or (isinstance(state, dict) and "hyper_parameters" in state)
    if checkpoint and state is not None:
        return _from_checkpoint(path, state, layer, trust)
    if is_checkpoint(state):
        from neural_checks.backbones.nequip_files import restore_trained

        return restore_trained(path.name, from_state(path.name, state), data, layer)
    if state is not None:
        raise ValueError(
            f"{path.name} holds {type(state).__name__} without a model to go with it; expected a "
            "model file of mace or a checkpoint of neural_checks.training.train"
        )
    if not trust:
        what = "holds more than plain data" if checkpoint else "is a pickle of a whole model"
        raise UntrustedError(f"{path.name} {what}: {TRUST}")
    return _from_pickle(path, layer, nequip=checkpoint)


def _from_checkpoint(path: Path, state: Any, layer: int | None, trust: bool) -> Backbone:
    from neural_checks.backbones.nequip_files import load_plain_checkpoint

    try:
        return load_plain_checkpoint(path, state, layer)
    except UntrustedError:
        if not trust:
            raise
        return _from_pickle(path, layer, nequip=True)


def _from_pickle(path: Path, layer: int | None, nequip: bool) -> Backbone:
    """A trusted file, by its package's own loader."""
    refuse_missing_classes(path)
    if nequip:
        from neural_checks.backbones.nequip_files import load_nequip

        return load_nequip(path, layer)
    from neural_checks.backbones.mace import load_mace

    return load_mace(path, layer)


def _from_function(module: str, function: str, data: ForceData, layer: int | None) -> Backbone:
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        made = getattr(importlib.import_module(module), function)(data)
    except AttributeError as error:
        raise ValueError(f"{module}:{function}: {error}") from error
    try:
        backbone = as_backbone(made)
    except TypeError as error:
        raise TypeError(f"{module}:{function}: {error}") from error
    if layer is not None:
        if not isinstance(made, HookedBackbone):
            raise ValueError(
                f"{module}:{function} decides itself which features it gives: no --layer"
            )
        made.layer = layer
    return backbone
