"""Trained models of the ``nequip`` package from its files, and the backbones trained here.

A checkpoint (``.ckpt``) of the stock trainer is read with ``weights_only=True`` where it holds
plain data and names nothing but the package's own model: the model is then built here and its
weights filled in. Any other checkpoint is left to the package, which unpickles it and calls the
functions it names; a packaged model (``.nequip.zip``) carries its own code. Loading these runs what
the file says. The checkpoints of :mod:`neural_checks.training.train` hold plain data.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

from neural_checks.backbones.hooked import BackboneConfig, HookedBackbone, NequIPBackbone, Scaling
from neural_checks.data.split import split
from neural_checks.training.train import TrainConfig
from numeric_checks.molecules.data import ForceData

__all__ = ["LoadedNequIP", "load_nequip", "load_plain_checkpoint", "restore_trained"]

#: The model that a stock checkpoint may name and still be built without trust.
STOCK_MODEL = "nequip.model.NequIPGNNModel"


class LoadedNequIP(NequIPBackbone):
    """A model that the ``nequip`` package has loaded, for one molecule of atomic ``numbers``.

    Atom types are told by their names, chemical symbols or ``Z`` and the number. Raises ValueError
    for an element that the model does not name.
    """

    def __init__(
        self, model: Any, numbers: tuple[int, ...], origin: str, layer: int | None = None
    ) -> None:
        import torch
        from ase.data import atomic_numbers

        HookedBackbone.__init__(self, numbers, layer=layer)
        self.model, self.origin = model, origin
        names = list(model.type_names)
        known = [
            int(name[1:]) if name[:1] == "Z" and name[1:].isdigit() else atomic_numbers.get(name)
            for name in names
        ]
        if missing := sorted(set(numbers) - set(known)):
            raise ValueError(f"{origin}: the model has the types {names}, not Z = {missing}")
        self.cutoff = float(model.metadata["r_max"])
        self._types = torch.tensor([known.index(z) for z in numbers])

    @property
    def description(self) -> dict[str, Any]:
        """Package, file and the layer that is read."""
        from importlib.metadata import version

        return {
            "package": f"nequip {version('nequip')}",
            "origin": self.origin,
            "cutoff": self.cutoff,
            "layers": len(self.layers()),
            **self.layer_description(),
        }


def load_nequip(path: Path, numbers: tuple[int, ...], layer: int | None = None) -> LoadedNequIP:
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
    return LoadedNequIP(model.eval(), numbers, path.name, layer)


def load_plain_checkpoint(
    path: Path, numbers: tuple[int, ...], layer: int | None = None
) -> LoadedNequIP | None:
    """The model of a stock checkpoint without running anything the file says; None if that fails.

    The running average of the weights is taken where there is one, as the package does.
    """
    import torch

    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        return None
    except (RuntimeError, EOFError) as error:
        raise ValueError(f"{path.name} is no torch file: {error}") from error
    try:
        config, weights = dict(state["hyper_parameters"]["model"]), state["state_dict"]
    except (KeyError, TypeError):
        return None
    if config.pop("_target_", None) != STOCK_MODEL or _names_code(config):
        return None
    from nequip.model import NequIPGNNModel
    from nequip.utils.global_state import set_global_state

    set_global_state()
    model = NequIPGNNModel(**{**config, "compile_mode": "eager"})
    prefix = "model.sole_model."
    own = {k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)}
    try:
        model.load_state_dict(own)
    except RuntimeError as error:
        raise ValueError(f"{path.name}: weights do not fit the model: {error}") from error
    averages = [f"ema.ema_weight_{k}" for k, _ in enumerate(model.parameters())]
    swapped = weights.get("ema._extra_state", {}).get("is_holding_ema_weights") is False
    if averages[0] in weights and not swapped:
        with torch.no_grad():
            for parameter, name in zip(model.parameters(), averages, strict=True):
                parameter.copy_(weights[name])
    return LoadedNequIP(model.eval(), numbers, path.name, layer)


def _names_code(config: Any) -> bool:
    """Whether a configuration names something to be called, at any depth."""
    if isinstance(config, dict):
        return "_target_" in config or any(map(_names_code, config.values()))
    return isinstance(config, list | tuple) and any(map(_names_code, config))


def restore_trained(
    path: Path, state: dict[str, Any], data: ForceData, layer: int | None = None
) -> NequIPBackbone:
    """A backbone from the state of a checkpoint of :func:`neural_checks.training.train.train`, best
    weights.

    Raises ValueError where it was trained on other data: the scaling comes from the frames.
    """
    import torch

    identity = state["identity"]
    if identity["data"] != data.checksum:
        raise ValueError(
            f"{path.name} was trained on data with SHA-256 {identity['data'][:12]}…, "
            f"{data.name} has {data.checksum[:12]}…: give the data it was trained on"
        )
    model, config = BackboneConfig(**identity["model"]), TrainConfig(**identity["train"])
    frames = split(data, config.train, config.validation, config.test, config.split_seed).train
    backbone = NequIPBackbone(
        model, Scaling.of(data, frames, model.cutoff), identity["seed"], layer=layer
    )
    kept = [p for p in backbone.model.parameters() if p.requires_grad]
    with torch.no_grad():
        for parameter, value in zip(kept, state["best"], strict=True):
            parameter.copy_(value)
    return backbone
