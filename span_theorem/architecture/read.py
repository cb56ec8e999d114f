"""Reading an architecture: key=value pairs, the YAML of a trainer, or a line of arguments.

Nothing in a file is executed: YAML is read by PyYAML's safe loader, arguments are split as a shell
would and looked up by name. Keys that have no bearing on degrees are ignored.
"""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from span_theorem.architecture.layers import Layer, mace_layers, nequip_layers
from span_theorem.arguments import shown, within
from span_theorem.irreps import Irrep, Irreps

__all__ = ["layers_from_mapping", "layers_from_text", "mapping_from_pairs"]

MAX_BYTES = 2**20
MAX_NODES = 100_000
MAX_DEPTH = 64
MAX_CHARACTERS = 10 * MAX_BYTES

_ALIASES = {
    "layers": {"mace": "num_interactions", "nequip": "num_layers"},
    "hidden": {"mace": "hidden_irreps"},
    "channels": {"mace": "num_channels"},
    "features": {"nequip": "num_features"},
}
_KNOWN = {
    "mace": {
        "max_ell", "correlation", "hidden_irreps", "num_channels", "max_L", "num_interactions",
        "keep_last_layer_irreps", "use_so3", "interaction", "foundation_model",
    },
    "nequip": {
        "l_max", "num_layers", "num_features", "parity", "preset", "feature_irreps_hidden",
        "nonlinearity_type", "convnet_nonlinearity_type",
    },
}  # fmt: skip
_MACE_MODELS = {"MACE", "ScaleShiftMACE"}
_POLYNOMIAL_INTERACTIONS = {
    "RealAgnosticInteractionBlock",
    "RealAgnosticResidualInteractionBlock",
    "RealAgnosticDensityInteractionBlock",
    "RealAgnosticDensityResidualInteractionBlock",
}
_NEQUIP_MODELS = {"NequIPGNNModel", "NequIPGNNEnergyModel"}
_PRESETS = {"S": (2, 1), "M": (4, 2), "L": (6, 3), "XL": (6, 4)}  # layers, l_max of nequip's own


def mapping_from_pairs(kind: str, pairs: list[str]) -> dict[str, str]:
    """``["max_ell=3", "layers=2"]`` as the trainer's own keys; ValueError names a wrong one."""
    found: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        name = _ALIASES.get(key, {}).get(kind, key)
        if not equals or name not in _KNOWN[kind]:
            accepted = sorted(_KNOWN[kind] | {k for k, v in _ALIASES.items() if kind in v})
            raise ValueError(
                f"--{kind} takes key=value with one of {', '.join(accepted)}, got {shown(pair)}"
            )
        if name in found:
            raise ValueError(f"--{kind} names {key} twice")
        found[name] = value
    return found


def layers_from_text(text: str, neighbours: int) -> tuple[str, list[Layer]]:
    """The kind of model and its layers from the content of a YAML or arguments file.

    Raises:
        ValueError: the text names no known model, or a value is out of range or not supported.
    """
    text = text.removeprefix("\ufeff")  # some editors begin a file with it
    content = _yaml(text)
    if isinstance(content, Mapping):
        for mapping in _mappings(content):
            target = str(mapping.get("_target_", "")).rpartition(".")[2]
            if target in _NEQUIP_MODELS | {"PresetNequIPGNNModel"}:
                return "nequip", layers_from_mapping(
                    "nequip", _resolved(mapping, content), neighbours
                )
            if {"lmax", "num_convolution_layer"} <= mapping.keys():
                return "sevennet", _sevennet(mapping, neighbours)
            if target in _MACE_MODELS:
                return "mace", layers_from_mapping("mace", _resolved(mapping, content), neighbours)
        other = _named(content)
        plain = not other and "_target_" not in content
        if plain and {"l_max", "num_layers"} <= content.keys():
            return "nequip", layers_from_mapping("nequip", _resolved(content, content), neighbours)
        if plain and _is_mace(content):
            return "mace", layers_from_mapping("mace", _resolved(content, content), neighbours)
        raise ValueError(
            f"the file names no known model{other}; expected a NequIPGNNModel (l_max, "
            "num_layers), MACE's max_ell, correlation, hidden_irreps, num_interactions, or "
            "SevenNet's lmax, num_convolution_layer. --equivariant takes the irreps of the "
            "features of any other network"
        )
    arguments = _arguments(text)
    if not arguments.keys() & _KNOWN["mace"]:
        raise ValueError(
            "the file is neither a YAML mapping nor arguments such as --max_ell=3 --correlation=3"
        )
    return "mace", layers_from_mapping("mace", arguments, neighbours)


def layers_from_mapping(kind: str, mapping: Mapping[str, Any], neighbours: int = 4) -> list[Layer]:
    """The layers from the trainer's own keys, its defaults where a key is absent.

    Args:
        kind: ``"mace"`` or ``"nequip"``.
        mapping: values by the trainer's keys; keys that bear on no degree are ignored.
        neighbours: K up to which the surviving products are counted.

    Raises:
        ValueError: another kind, or a value out of range or not supported.

    >>> layers = layers_from_mapping("mace", {"hidden_irreps": "8x0e+8x1o"})
    >>> [layer.total_degree for layer in layers]
    [1, 0]
    """
    if kind not in _KNOWN:
        raise ValueError(f"kind must be 'mace' or 'nequip', got {shown(kind)}")
    return (_mace if kind == "mace" else _nequip)(mapping, neighbours)


def _is_mace(content: Mapping[Any, Any]) -> bool:
    """Whether a file without a ``_target_`` holds options that MACE alone has."""
    keys = content.keys()
    return bool(keys & {"max_ell", "hidden_irreps", "max_L"}) or (
        "correlation" in keys and "num_channels" in keys
    )


def _mace(mapping: Mapping[str, Any], neighbours: int) -> list[Layer]:
    model = mapping.get("model", "ScaleShiftMACE")
    if str(model) not in _MACE_MODELS:
        raise ValueError(f"model must be one of {sorted(_MACE_MODELS)}, got {shown(model)}")
    if _boolean("use_so3", mapping.get("use_so3", False)):
        raise ValueError("use_so3 is not supported: features without natural parity")
    if str(foundation := mapping.get("foundation_model")) not in ("None", ""):
        raise ValueError(
            f"foundation_model = {shown(foundation)} has degrees of its own, which replace those "
            "given: leave it out and give that model's options"
        )
    layers = _integer("num_interactions", mapping.get("num_interactions", 2))
    interaction = str(mapping.get("interaction", "RealAgnosticResidualInteractionBlock"))
    if layers > 1 and interaction not in _POLYNOMIAL_INTERACTIONS:
        raise ValueError(
            f"interaction = {shown(interaction)} is not known to be polynomial in a direction "
            "beyond the first layer: give --equivariant the irreps of the features"
        )
    return mace_layers(
        _integer("max_ell", mapping.get("max_ell", 3)),
        _correlation(mapping.get("correlation", 3)),
        _hidden(mapping),
        layers,
        neighbours,
        _boolean("keep_last_layer_irreps", mapping.get("keep_last_layer_irreps", False)),
    )


def _hidden(mapping: Mapping[str, Any]) -> Irreps:
    """MACE's rule: num_channels and max_L where given, else hidden_irreps, else 128x0e+128x1o."""
    channels, top = mapping.get("num_channels"), mapping.get("max_L")
    if channels is not None or top is not None:
        count = _integer("num_channels", 128 if channels is None else channels)
        limit = _integer("max_L", 1 if top is None else top)
        if not 0 <= limit <= 64 or not 1 <= count <= 10**6:
            raise ValueError(f"num_channels = {count}, max_L = {limit} are out of range")
        return Irreps(tuple((count, Irrep.natural(l)) for l in range(limit + 1)))
    text = mapping.get("hidden_irreps")
    text = "128x0e + 128x1o" if text is None else text
    if not isinstance(text, str) or len(text) > 2000:
        raise ValueError(f"hidden_irreps must be a text such as '128x0e+128x1o', got {shown(text)}")
    return Irreps.parse(text)


def _nequip(mapping: Mapping[str, Any], neighbours: int) -> list[Layer]:
    _check_widths(mapping.get("num_features", 64))
    if mapping.get("feature_irreps_hidden"):
        raise ValueError("feature_irreps_hidden is not supported: give --equivariant the irreps")
    for key in ("nonlinearity_type", "convnet_nonlinearity_type"):
        if (kind := mapping.get(key, "gate")) != "gate":
            raise ValueError(
                f"{key} must be gate, got {shown(kind)}: others are not known to be polynomial in "
                "a direction in the first layer"
            )
    layers, l_max, parity = mapping.get("num_layers", 4), mapping.get("l_max", 1), True
    if "preset" in mapping:
        preset = str(mapping["preset"]).upper()
        if preset not in _PRESETS:
            raise ValueError(f"preset must be one of {', '.join(_PRESETS)}, got {shown(preset)}")
        layers = mapping.get("num_layers", _PRESETS[preset][0])
        l_max, parity = mapping.get("l_max", _PRESETS[preset][1]), False
    return nequip_layers(
        _integer("l_max", l_max),
        _integer("num_layers", layers),
        _boolean("parity", mapping.get("parity", parity)),
        neighbours,
    )


def _sevennet(mapping: Mapping[Any, Any], neighbours: int) -> list[Layer]:
    """SevenNet's layers are NequIP's; by default it keeps natural parity alone."""
    l_max = _integer("lmax", mapping["lmax"])
    for key in ("lmax_edge", "lmax_node"):
        given = _integer(key, mapping.get(key, -1))  # -1 stands for lmax
        if given not in (-1, l_max):
            raise ValueError(f"{key} = {given} beside lmax = {l_max} is not supported")
    if mapping.get("irreps_manual"):
        raise ValueError("irreps_manual is not supported: give --equivariant the irreps")
    return nequip_layers(
        l_max,
        _integer("num_convolution_layer", mapping["num_convolution_layer"]),
        _boolean("is_parity", mapping.get("is_parity", False)),
        neighbours,
    )


def _named(content: Mapping[Any, Any]) -> str:
    """The classes that a file names as models, for a message; nothing where it names none."""
    targets = (str(m.get("_target_", "")).rpartition(".")[2] for m in _mappings(content))
    found = [shown(target) for target in targets if target.endswith("Model")]
    builders = content.get("model_builders")  # of NequIP and Allegro before 0.7
    if isinstance(builders, list):
        found += [shown(name) for name in map(str, builders) if name.startswith("allegro.")]
    return f", but {', '.join(found[:3])}" if found else ""


def _check_widths(given: Any) -> None:
    """Channels, one number or one for each l, bear on no degree; they are judged all the same."""
    for width in given if isinstance(given, list) else [given]:
        if not str(width).startswith("${"):  # refers to another key of the file
            within("num_features", _integer("num_features", width), 1, 10**6)


def _integer(name: str, value: Any) -> int:
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,9}", value.strip(), re.ASCII):
        return int(value)
    if type(value) is int:
        return value
    raise ValueError(f"{name} must be an integer, got {shown(value)}")


def _correlation(value: Any) -> int | list[int]:
    if isinstance(value, str) and "," in value:  # as in a list of Python, or without brackets
        value = value.strip().removeprefix("[").removesuffix("]").split(",")
    if isinstance(value, list):
        return [_integer("correlation", entry) for entry in value]
    return _integer("correlation", value)


def _boolean(name: str, value: Any) -> bool:
    text = str(value).strip().lower()
    if text in ("true", "yes", "1"):
        return True
    if text in ("false", "no", "0", "none"):
        return False
    raise ValueError(f"{name} must be true or false, got {shown(value)}")


def _yaml(text: str) -> Any:
    import yaml

    class Loader(yaml.SafeLoader):  # type: ignore[misc]  # PyYAML carries no types
        """The safe loader, which would take the last of several values of a key."""

        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            keys = Counter(k.value for k, _ in node.value if isinstance(k, yaml.ScalarNode))
            again = next((key for key, count in keys.items() if count > 1 and key != "<<"), None)
            if again is not None:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {shown(again)} stands twice", node.start_mark
                )
            return super().construct_mapping(node, deep)

    loader = Loader(text)
    try:
        node = loader.get_single_node()
        if node is not None and _characters(node, {}) > MAX_CHARACTERS:
            raise yaml.YAMLError(
                f"with its aliases written out it has more than {MAX_CHARACTERS:,} characters"
            )
        return None if node is None else loader.construct_document(node)
    except (yaml.YAMLError, ValueError) as error:  # ValueError: no such date, a number too long
        if text.lstrip().startswith(("-", "python", "mace")):
            return None  # a line of arguments is no YAML
        raise ValueError(
            f"the file cannot be read as YAML: {' '.join(str(error).split())}"
        ) from None


def _characters(node: Any, known: dict[int, int]) -> int:
    """The length of a node of YAML, all that its aliases repeat counted every time.

    Messages print values and merging copies them. A node within itself has no end.
    """
    if id(node) not in known:
        known[id(node)] = MAX_CHARACTERS + 1
        entries = node.value
        if not isinstance(entries, str):
            parts = (part for e in entries for part in (e if isinstance(e, tuple) else (e,)))
            length = sum(_characters(part, known) for part in parts)
        else:
            length = len(entries)
        known[id(node)] = 1 + length
    return known[id(node)]


def _mappings(content: Mapping[Any, Any]) -> Iterator[Mapping[Any, Any]]:
    """Every mapping in the file, outer ones first; what aliases repeat is visited once."""
    level: list[Any] = [content]
    seen: set[int] = set()
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for node in level:
            if id(node) in seen:
                continue
            seen.add(id(node))
            if len(seen) > MAX_NODES:
                raise ValueError(f"the file has more than {MAX_NODES} entries")
            if isinstance(node, Mapping):
                yield node
                below += node.values()
            elif isinstance(node, list):
                below += node
        level = below
    if level:
        raise ValueError(f"the file is nested more than {MAX_DEPTH} levels deep")


def _resolved(mapping: Mapping[Any, Any], root: Mapping[Any, Any]) -> dict[str, Any]:
    """The entries that matter, with ``${a.b}`` looked up in the file itself."""
    names = _KNOWN["mace"] | _KNOWN["nequip"] | {"model"}
    found = {str(key): value for key, value in mapping.items() if key in names}
    for key, value in found.items():
        match = re.fullmatch(r"\$\{([\w.]+)\}", value) if isinstance(value, str) else None
        if match is None:
            continue
        place: Any = root
        for step in match[1].split("."):
            place = place.get(step) if isinstance(place, Mapping) else None
        if place is None or (isinstance(place, str) and "${" in place):
            raise ValueError(f"{key} is {value}, which this file does not give a value")
        found[key] = place
    if isinstance(found.get("model"), Mapping):
        del found["model"]
    return found


def _arguments(text: str) -> dict[str, str]:
    """``--key=value`` and ``--key value`` of a command line, with or without line breaks."""
    try:
        words = shlex.split(text.replace("\\\r\n", " ").replace("\\\n", " "), comments=True)
    except ValueError as error:
        raise ValueError(f"the file cannot be read as arguments: {error}") from None
    found: dict[str, str] = {}
    for i, word in enumerate(words):
        match = re.fullmatch(r"--([A-Za-z_0-9]+)(?:=(.*))?", word, re.DOTALL)
        if match is None:
            continue
        following = words[i + 1] if i + 1 < len(words) else ""
        value = match[2] if match[2] is not None else following
        key = match[1]
        if key in _KNOWN["mace"] | {"model"} and found.setdefault(key, value) != value:
            raise ValueError(f"--{key} is given twice: {found[key]} and {value}")
    return found
