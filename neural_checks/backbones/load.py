"""Networks by name: a model file of nequip or mace, or ``module:function``.

Files that are pickles, or carry code, run code when they are loaded. They are loaded only if the
caller allows it (``trust``). Everything else is read without running code from the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from neural_checks.backbones.calculator import CalculatorBackbone
from neural_checks.backbones.checkpoints import from_state, is_checkpoint
from neural_checks.backbones.guard import require_agreement
from neural_checks.backbones.hooked import HookedBackbone
from neural_checks.backbones.interface import Backbone, Conditions, as_backbone
from neural_checks.backbones.model_files import (
    TRUST,
    FileKind,
    UntrustedError,
    file_kind,
    plain_state,
    refuse_missing_classes,
    require_class_of,
)
from neural_checks.backbones.outside import outside
from neural_checks.backbones.reading import Reading, import_named, of_calculator
from numeric_checks.molecules.data import ForceData

__all__ = ["load_backbone"]

#: Frames that a loaded network and its package's calculator are compared on.
_GUARDED = 3


def load_backbone(
    model: str,
    data: ForceData,
    layer: int | None = None,
    trust: bool = False,
    conditions: Conditions | None = None,
    device: str = "cpu",
    reading: Reading | None = None,
) -> Backbone:
    """The network that ``model`` names, for the frames of ``data``.

    A network from a file of another package is run on a few frames beside the package's own
    calculator (:mod:`neural_checks.backbones.guard`).

    Args:
        model: ``module:function``, a function that takes the ForceData and returns a Backbone; a
            ``.ckpt`` or ``.nequip.zip`` of nequip; a checkpoint of
            :mod:`neural_checks.training.train`; a model file of mace. With hooks in ``reading``:
            ``module:callable`` that makes a calculator of ASE.
        data: the frames; a checkpoint needs those that it was trained on.
        layer: counted from 0; None: the deepest whose l > 0 features receive gradient.
        trust: load files that can run code. ``module:function`` is the caller's own code.
        conditions: head, total charge and spin, if the model needs them.
        device: where a model from a file runs, as torch names it.
        reading: which modules or features are read, and with which weights.

    Raises:
        UntrustedError: ``trust`` is needed.
        ValueError, TypeError: the model cannot be used, or not on these frames.
        FileNotFoundError: the file does not exist; ImportError: its package is not installed.
    """
    conditions, reading = conditions or Conditions(), reading or Reading()
    if "://" in model:
        raise ValueError(f"{model} is an address: fetch the file, and give its path")
    module, colon, _ = model.partition(":")
    if colon and not Path(model).exists() and "/" not in module:
        conditions.refuse_all(model)
        if device != "cpu":
            raise ValueError(f"{model} chooses its own device: leave --device out")
        if reading.features != "product":
            raise ValueError(f"--features is for a model file of mace, and {model} is none")
        if reading.hooks:
            if layer not in (None, 0):
                raise ValueError(f"the hooks are one layer, 0: leave --layer out, got {layer}")
            return _shuffled(of_calculator(model, reading, trust), reading)
        return _shuffled(_called(model, data, layer, reading.arguments, trust), reading)
    if reading.hooks or reading.arguments:
        raise ValueError(f"--hook and --argument need module:callable, and {model} is a file")
    path = Path(model)
    made = _from_file(path, data, layer, trust, conditions, device, reading)
    if reading.features != getattr(made, "features", "product"):
        raise ValueError(f"--features is for a model file of mace, and {model} is none")
    if isinstance(made, HookedBackbone):
        made.require_known(data.structures.numbers)
    backbone = _shuffled(made, reading)
    if hasattr(made, "calculator"):
        few = np.unique(np.linspace(0, len(data) - 1, _GUARDED).astype(np.int64))
        with outside(f"the calculator of {path.name}"):
            made.differences = require_agreement(made, data.structures.take(few), path.name)
    return backbone


def _shuffled(made: Any, reading: Reading) -> Backbone:
    """The network, its weights put out of place where that is asked for."""
    if reading.shuffle is not None:
        if not hasattr(made, "shuffle"):
            raise ValueError("this network has no shuffle: leave --shuffle-weights out")
        made.shuffle(reading.shuffle)
    backbone: Backbone = made
    return backbone


def _from_file(
    path: Path,
    data: ForceData,
    layer: int | None,
    trust: bool,
    conditions: Conditions,
    device: str,
    reading: Reading,
) -> Any:
    kind = file_kind(path)
    if kind is FileKind.PACKAGE:
        if not trust:
            raise UntrustedError(f"{path.name} is a package with code of its own: {TRUST}")
        return _from_nequip(path, layer, conditions, device)
    state = plain_state(path)
    if is_checkpoint(state):
        from neural_checks.backbones.nequip_files import restore_trained

        conditions.refuse_all(path.name)
        checkpoint = from_state(path.name, state)
        return restore_trained(path.name, checkpoint, data, layer, device)
    stock = path.suffix == ".ckpt" or (isinstance(state, dict) and "hyper_parameters" in state)
    if stock and state is not None:
        from neural_checks.backbones.nequip_files import load_plain_checkpoint

        conditions.refuse_all(path.name)
        try:
            return load_plain_checkpoint(path, state, layer, device)
        except UntrustedError:
            if not trust:
                raise
    elif state is not None:
        raise ValueError(
            f"{path.name} holds {type(state).__name__} and no model; expected a "
            "model file of mace or a checkpoint of neural_checks.training.train"
        )
    if not trust:
        what = "holds more than plain data" if stock else "is a pickle of a whole model"
        raise UntrustedError(f"{path.name} {what}: {TRUST}")
    if stock:
        return _from_nequip(path, layer, conditions, device)
    require_class_of(path, "mace")
    refuse_missing_classes(path)
    from neural_checks.backbones.mace import load_mace

    return load_mace(path, layer, device, conditions, reading.features)


def _from_nequip(path: Path, layer: int | None, conditions: Conditions, device: str) -> Any:
    """A trusted file of nequip, by its own loader."""
    from neural_checks.backbones.nequip_files import load_nequip

    conditions.refuse_all(path.name)
    if path.suffix == ".ckpt":
        refuse_missing_classes(path)
    return load_nequip(path, layer, device)


def _called(
    model: str, data: ForceData, layer: int | None, arguments: Mapping[str, Any], trust: bool
) -> Backbone:
    """What the function ``module:function`` makes of the data and the arguments."""
    for value in arguments.values():
        if not trust and isinstance(value, str) and Path(value).exists():
            raise UntrustedError(f"{model} is to load {value}: {TRUST}")
    function = import_named(model)
    if not callable(function):
        raise ValueError(f"{model} is {type(function).__name__}, no function of the data")
    with outside(model):
        made = function(data, **arguments)
    try:
        backbone = as_backbone(made)
    except TypeError as error:
        raise ValueError(f"{model}: {error}") from error
    if layer is not None:
        if not isinstance(made, HookedBackbone | CalculatorBackbone):
            raise ValueError(f"{model} chooses its own features: leave --layer out")
        made.layer = layer
    return backbone
