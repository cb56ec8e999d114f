"""The settings of a NequIP network that come from a file: known keys, plain values, within bounds.

A checkpoint of the stock trainer stores the settings of its network as a nested dictionary, which
the package resolves and calls. Here nothing of it is called: a setting is taken if its key is in
the table below and its value is a plain number, a word from a list, or a list or table by atom type
of plain numbers. Everything else is refused by its key.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from neural_checks.backbones.model_files import TRUST, UntrustedError
from span_theorem.arguments import shown

__all__ = ["STOCK_MODEL", "plain_settings", "require_weights", "weights_needed"]

#: The network that a stock checkpoint may name and still be built without trust.
STOCK_MODEL = "nequip.model.NequIPGNNModel"

#: The file may hold so many times fewer weights than a network of its settings is estimated to.
_SLACK = 10
_NONLINEARITIES = ("silu", "mish", "gelu", None)

Check = Callable[[Any, tuple[str, ...]], bool]


class _Bound:
    """A plain integer or real number from ``low`` to ``high``, or None where that may be."""

    def __init__(self, low: float, high: float, real: bool = False, none: bool = False) -> None:
        self.low, self.high, self.real, self.none = low, high, real, none

    def __call__(self, value: Any) -> bool:
        if value is None:
            return self.none
        kinds = (int, float) if self.real else (int,)
        return type(value) in kinds and self.low <= value <= self.high

    def __str__(self) -> str:
        kind = "number" if self.real else "integer"
        return f"{'an' if kind == 'integer' else 'a'} {kind} from {self.low:g} to {self.high:g}"


_ENERGY = _Bound(-1e6, 1e6, real=True)
_WIDTH = _Bound(1, 4096)
_INTEGERS = {
    "seed": _Bound(0, 2**63 - 1),
    "num_layers": _Bound(1, 16),
    "l_max": _Bound(0, 8),
    "type_embed_num_features": _Bound(1, 4096, none=True),
    "radial_mlp_depth": _Bound(0, 8),
    "radial_mlp_width": _WIDTH,
    "readout_mlp_hidden_layers_depth": _Bound(0, 8),
    "readout_mlp_hidden_layers_width": _Bound(1, 4096, none=True),
    "num_bessels": _Bound(1, 128),
    "polynomial_cutoff_p": _Bound(2, 128),
    "r_max": _Bound(0.1, 20, real=True),
}
_FLAGS = (
    "parity", "bessel_trainable", "per_type_energy_scales_trainable",
    "per_type_energy_shifts_trainable", "convnet_sc", "learnable_shift", "convnet_resnet",
)  # fmt: skip
_WORDS: dict[str, tuple[Any, ...]] = {
    "model_dtype": ("float32", "float64"),
    "compile_mode": ("eager", "compile"),
    "readout_mlp_nonlinearity": _NONLINEARITIES,
    "convnet_nonlinearity_type": ("gate",),
    "do_derivatives": (True,),
    "pair_potential": (None,),
    "categorical_graph_field_embed": (None,),
}
_BY_TYPE = {
    "avg_num_neighbors": _Bound(1e-6, 1e4, real=True),
    "per_type_energy_scales": _ENERGY,
    "per_type_energy_shifts": _ENERGY,
}
_REQUIRED = ("type_names", "r_max", "model_dtype")


def plain_settings(name: str, settings: Mapping[Any, Any]) -> dict[str, Any]:
    """The settings of file ``name`` for the package's network, judged key by key.

    Raises:
        UntrustedError: a key that is not known, or a value that is more than plain data;
        ValueError: a value out of bounds.
    """
    settings = dict(settings)
    for key, value in settings.items():
        if not _plain(value):
            raise UntrustedError(
                f"{name}: {shown(key)} holds {shown(value)}, which names something to look up or "
                f"call: {TRUST}"
            )
    _require_known(name, settings)
    if missing := [key for key in _REQUIRED if key not in settings]:
        raise ValueError(f"{name}: the network's settings lack {', '.join(missing)}")
    types = _type_names(name, settings["type_names"])
    for key, value in settings.items():
        if key in _INTEGERS:
            _require(name, key, value, _INTEGERS[key](value), str(_INTEGERS[key]))
        elif key in _FLAGS:
            _require(name, key, value, type(value) is bool, "true or false")
        elif key in _WORDS:
            allowed = _WORDS[key]
            _require(name, key, value, value in allowed, " or ".join(map(repr, allowed)))
        elif key in _BY_TYPE:
            bound = _BY_TYPE[key]
            good = value is None or bound(value) or _table(value, types, bound)
            _require(name, key, value, good, f"{bound}, or one for each atom type")
    _channels(name, settings)
    _cutoffs(name, settings, types)
    for key in _BY_TYPE:
        if type(settings.get(key)) in (list, tuple):
            settings[key] = dict(zip(types, settings[key], strict=True))
    return {**settings, "type_names": list(types), "seed": 0, "compile_mode": "eager"}


def _plain(value: Any, depth: int = 0) -> bool:
    """Scalars and nested lists and tables of them, without strings that would be resolved."""
    if value is None or type(value) in (bool, int):
        return True
    if type(value) is float:
        return math.isfinite(value)
    if type(value) is str:
        return "$" not in value and "." not in value and len(value) < 100
    if depth > 2:
        return False
    if type(value) in (list, tuple):
        return all(_plain(entry, depth + 1) for entry in value)
    if type(value) is dict:
        return all(
            type(key) is str and not key.startswith("_") and _plain(key) and _plain(v, depth + 1)
            for key, v in value.items()
        )
    return False


def _require_known(name: str, settings: Mapping[Any, Any]) -> None:
    known = {*_INTEGERS, *_FLAGS, *_WORDS, *_BY_TYPE}
    known |= {"type_names", "num_features", "per_edge_type_cutoff"}
    for key in settings:
        if key not in known:
            raise UntrustedError(
                f"{name}: {shown(key)} is no setting that is read without the package's own "
                f"loader: {TRUST}"
            )
    for key in ("pair_potential", "categorical_graph_field_embed"):
        if settings.get(key) is not None:
            raise UntrustedError(f"{name}: {key} is left to the package's own loader: {TRUST}")


def _require(name: str, key: str, value: Any, good: bool, expected: str) -> None:
    if not good:
        raise ValueError(f"{name}: {key} must be {expected}, got {shown(value)}")


def _type_names(name: str, value: Any) -> tuple[str, ...]:
    good = (
        type(value) in (list, tuple)
        and 0 < len(value) <= 118
        and all(type(entry) is str and entry.isalnum() and len(entry) <= 20 for entry in value)
        and len(set(value)) == len(value)
    )
    _require(name, "type_names", value, good, "1 to 118 different names of letters and digits")
    return tuple(value)


def _table(value: Any, types: tuple[str, ...], bound: _Bound) -> bool:
    if type(value) is dict:
        return set(value) <= set(types) and all(map(bound, value.values()))
    return type(value) in (list, tuple) and len(value) == len(types) and all(map(bound, value))


def _channels(name: str, settings: Mapping[str, Any]) -> None:
    value, l_max = settings.get("num_features", 32), settings.get("l_max", 1)
    good = _WIDTH(value) or (
        type(value) in (list, tuple) and len(value) == l_max + 1 and all(map(_WIDTH, value))
    )
    _require(name, "num_features", value, good, f"{_WIDTH}, or one for each of {l_max + 1} degrees")


def _cutoffs(name: str, settings: Mapping[str, Any], types: tuple[str, ...]) -> None:
    value = settings.get("per_edge_type_cutoff")
    bound = _Bound(0.1, settings["r_max"], real=True)
    good = value is None or (
        type(value) is dict
        and set(value) <= set(types)
        and all(bound(v) or (type(v) is dict and _table(v, types, bound)) for v in value.values())
    )
    _require(name, "per_edge_type_cutoff", value, good, f"a table by type of {bound}")


def weights_needed(settings: Mapping[str, Any]) -> int:
    """About how many weights a network of these settings has, before it is built; hardly fewer.

    Radial networks, linear maps and self-interactions of every layer, as if every irrep were there
    from the second layer on.
    """
    l_max, layers = settings.get("l_max", 1), settings.get("num_layers", 4)
    given = settings.get("num_features", 32)
    channels = [given] * (l_max + 1) if isinstance(given, int) else list(given)
    both = settings.get("parity", True)
    hidden = {
        (l, p): channels[l] for l in range(l_max + 1) for p in ((1, -1) if both else ((-1) ** l,))
    }
    embedding = settings.get("type_embed_num_features") or channels[0]
    width, depth = settings.get("radial_mlp_width", 128), settings.get("radial_mlp_depth", 1)
    radial = width * (settings.get("num_bessels", 8) + max(depth - 1, 0) * width)
    first, last = {(0, 1): embedding}, {(0, 1): channels[0]}
    total = len(settings["type_names"]) * embedding
    for layer in range(layers):
        arriving = first if layer == 0 else hidden
        leaving = last if layer == layers - 1 else hidden
        own = embedding if layer else 0  # the first layer has no self-interaction
        total += radial + _layer_weights(arriving, leaving, l_max, width, own)
    readout = settings.get("readout_mlp_hidden_layers_width") or channels[0]
    hidden_layers = settings.get("readout_mlp_hidden_layers_depth", 0)
    return int(total + readout * (channels[0] + 1 + readout * hidden_layers))


def _layer_weights(
    arriving: Mapping[tuple[int, int], int],
    leaving: Mapping[tuple[int, int], int],
    l_max: int,
    width: int,
    embedding: int,
) -> int:
    """Of one layer: the last matrix of its radial network, its linear maps, self-interaction."""
    gates = sum(count for (l, _), count in leaving.items() if l > 0)
    total = sum(count * count for count in arriving.values())
    for (out, sign), count in leaving.items():
        products = sum(
            channels
            for (l, p), channels in arriving.items()
            for edge in range(abs(out - l), min(out + l, l_max) + 1)
            if p * (-1) ** edge == sign
        )
        size = count + (gates if out == 0 else 0)
        total += products * (width + size) + arriving.get((out, sign), 0) * embedding * size
    return total


def require_weights(name: str, needed: int, stored: int) -> None:
    """ValueError where the file stores far fewer weights than a network of its settings has."""
    if needed > _SLACK * stored + 1_000_000:
        raise ValueError(
            f"{name}: its settings ask for about {needed:.1e} weights, and it holds {stored}"
        )
