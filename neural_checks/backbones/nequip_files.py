"""Trained models of the ``nequip`` package from its files, and the backbones trained here.

A checkpoint (``.ckpt``) of the stock trainer is read as plain data where it holds no more and names
the package's own network: the network is then built here from settings judged one by one
(:mod:`neural_checks.backbones.nequip_settings`), and its weights are filled in. Any other
checkpoint is left to the package, which unpickles it and calls the functions it names; a packaged
model (``.nequip.zip``) carries its own code. Loading these runs what the file says. The checkpoints
of :mod:`neural_checks.training.train` hold plain data.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from neural_checks.backbones.allegro import LoadedAllegro, is_allegro
from neural_checks.backbones.checkpoints import Checkpoint, require_fit
from neural_checks.backbones.model_files import TRUST, UntrustedError
from neural_checks.backbones.nequip import BackboneConfig, LoadedNequIP, NequIPBackbone
from neural_checks.backbones.nequip_settings import (
    STOCK_MODEL,
    plain_settings,
    require_weights,
    weights_needed,
)
from neural_checks.backbones.scaling import Scaling
from neural_checks.data.split import split_of
from numeric_checks.molecules.data import ForceData
from span_theorem.arguments import shown

__all__ = ["load_nequip", "load_plain_checkpoint", "restore_trained"]


def load_nequip(path: Path, layer: int | None = None, device: str = "cpu") -> LoadedNequIP:
    """The model of a ``.ckpt`` or ``.nequip.zip`` file, by the package's own loader.

    Raises ValueError where the package cannot load it, ImportError without the package.
    """
    from nequip.model.saved_models.load_utils import load_saved_model
    from nequip.utils.global_state import set_global_state

    set_global_state()
    try:
        model = load_saved_model(str(path), compile_mode="eager")
    except ImportError:
        raise
    except Exception as error:  # whatever unpickling and building raise
        raise ValueError(f"{path.name}: nequip cannot load it: {error!r}") from error
    kind = LoadedAllegro if is_allegro(model) else LoadedNequIP
    return kind(model.eval(), path.name, device, layer)


def load_plain_checkpoint(
    path: Path, state: Any, layer: int | None = None, device: str = "cpu"
) -> LoadedNequIP:
    """The model of a stock checkpoint with the plain content ``state``; nothing in it is called.

    The network is built from settings judged one by one, and its weights are filled in: the running
    average where there is one, as the package does.

    Raises:
        UntrustedError: the file names more than the package's own network and plain settings;
        ValueError: it holds no model, another package's, or one whose weights do not fit.
    """
    settings, weights = _settings_and_weights(path, state)
    from nequip.model import NequIPGNNModel
    from nequip.utils.global_state import set_global_state

    set_global_state()
    try:
        model = NequIPGNNModel(**settings)
    except (AssertionError, RuntimeError, ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{path.name}: nequip cannot build its network: {error}") from error
    prefix = "model.sole_model."
    own = {k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)}
    require_fit(path.name, model.state_dict(), own)
    model.load_state_dict(own)
    _take_average(path, model, weights)
    return LoadedNequIP(model.eval(), path.name, device, layer)


def _settings_and_weights(path: Path, state: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Judged settings of the network, and the tensors, of a stock checkpoint's content."""
    import torch

    try:
        settings, weights = dict(state["hyper_parameters"]["model"]), dict(state["state_dict"])
    except (KeyError, TypeError, ValueError):
        raise ValueError(f"{path.name} is not a checkpoint of nequip's trainer") from None
    target = settings.pop("_target_", None)
    if isinstance(target, str) and target.partition(".")[0] == "allegro":
        raise UntrustedError(
            f"{path.name} is a model of Allegro, which its own package builds: {TRUST}"
        )
    if target != STOCK_MODEL:
        raise UntrustedError(f"{path.name} names {shown(target)} to be called: {TRUST}")
    settings = plain_settings(path.name, settings)
    stored = sum(v.numel() for v in weights.values() if isinstance(v, torch.Tensor))
    require_weights(path.name, weights_needed(settings), stored)
    return settings, weights


def _take_average(path: Path, model: Any, weights: dict[str, Any]) -> None:
    """Put the running average of the weights, where the file has one, in their place."""
    import torch

    averages = [f"ema.ema_weight_{k}" for k, _ in enumerate(model.parameters())]
    extra = weights.get("ema._extra_state", {})
    swapped = isinstance(extra, dict) and extra.get("is_holding_ema_weights") is False
    if averages[0] not in weights or swapped:
        return
    parameters = dict(zip(averages, model.parameters(), strict=True))
    require_fit(path.name, parameters, {k: v for k, v in weights.items() if k in parameters})
    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(weights[name])


def restore_trained(
    name: str,
    checkpoint: Checkpoint,
    data: ForceData,
    layer: int | None = None,
    device: str = "cpu",
) -> NequIPBackbone:
    """The backbone of a checkpoint of :func:`neural_checks.training.train.train`, best weights.

    Raises ValueError where it was trained on other data, or its weights are not those of a network
    of its settings.
    """
    import torch

    if checkpoint.data != data.checksum:
        raise ValueError(
            f"{name} was trained on data with SHA-256 {checkpoint.data[:12]}…, "
            f"{data.name} has {data.checksum[:12]}…: give the data it was trained on"
        )
    try:
        model = BackboneConfig(**checkpoint.model)
    except TypeError as error:
        raise ValueError(f"{name}: its settings are not known here: {error}") from error
    scaling = _scaling(checkpoint, data, model)
    needed = weights_needed(model.settings(scaling.elements))
    require_weights(name, needed, sum(value.numel() for value in checkpoint.best))
    backbone = NequIPBackbone(model, scaling, checkpoint.seed, device, layer=layer)
    kept = [p for p in backbone.model.parameters() if p.requires_grad]
    checkpoint.require_fit(name, kept)
    with torch.no_grad():
        for parameter, value in zip(kept, checkpoint.best, strict=True):
            parameter.copy_(value)
    return backbone


def _scaling(checkpoint: Checkpoint, data: ForceData, model: BackboneConfig) -> Scaling:
    """What the network was told about its data: stored, or from its training frames again."""
    if checkpoint.scaling is not None:
        return Scaling(**checkpoint.scaling)
    return Scaling.of(data, split_of(data, checkpoint.train).train, model.cutoff)
