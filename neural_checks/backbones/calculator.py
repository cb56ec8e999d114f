"""Any torch network behind an ASE calculator as a backbone: its layers are read by forward hooks.

The package's own calculator gives energies and forces, so that cut-off, units, species and cell are
those of the package. A frame is evaluated at a time. What a module of the network returns is
converted to features by its irreps, order and axes (:mod:`neural_checks.backbones.bases`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neural_checks.backbones.bases import Axes, Order, feature_blocks
from neural_checks.backbones.guard import atoms_of
from neural_checks.backbones.hooked import deepest_layer, degree_norms
from neural_checks.backbones.interface import Conditions, Evaluation
from neural_checks.backbones.weights import shuffle_weights, weights_checksum
from numeric_checks.molecules.structures import Structures
from numeric_checks.rotations.wigner import FeatureBlocks
from span_theorem.arguments import shown
from span_theorem.irreps import Irreps

__all__ = ["CalculatorBackbone", "Hook"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Hook:
    """A module whose output is read, and what that output is.

    ``path`` leads from the calculator to the module, attribute by attribute, as
    ``"model.interactions.1"``; ``[name]`` at its end takes an entry of a dictionary that the module
    returns, ``[0]`` one of a tuple, and ``(0)`` the first argument that the module is given. Each
    irrep needs a parity. ``order`` and ``axes``: see
    :func:`neural_checks.backbones.bases.feature_blocks`. ``pool`` is for values of edges: called
    with the values (edges, …) and the calculator, it returns those of the atoms.
    """

    path: str
    irreps: str
    order: Order = Order.E3NN
    axes: Axes | None = None
    pool: Callable[[Array, Any], Array] | None = None

    def __post_init__(self) -> None:
        for _, irrep in Irreps.parse(self.irreps):
            if irrep.p == 0:
                raise ValueError(f"irreps need a parity, as 1o or 2e, got {shown(self.irreps)}")
        if not list(Irreps.parse(self.irreps)):
            raise ValueError("irreps must name one or more, as 64x0e+64x1o, got none")
        _ = self.parts
        object.__setattr__(self, "order", Order(self.order))
        if self.axes is not None:
            object.__setattr__(self, "axes", Axes(self.axes))

    @property
    def degrees(self) -> list[int]:
        """The degrees of the irreps."""
        return [irrep.l for _, irrep in Irreps.parse(self.irreps)]

    @property
    def parts(self) -> tuple[list[str], int | None, str | None]:
        """The attributes of the path, the place of an argument, the entry of what is read."""
        match = re.fullmatch(r"([^\[\]()]+)(?:\((\d)\))?(?:\[([^\[\]()]+)\])?", self.path)
        if match is None:
            raise ValueError(
                f"a hook is a path as model.layers.1, model.1[x] or model.1(0), got {self.path!r}"
            )
        return match[1].split("."), None if match[2] is None else int(match[2]), match[3]


class CalculatorBackbone:
    """The network of an ASE calculator.

    Args:
        calculator: of the network's package.
        layers: the hooks of every layer that may be read, first to last; the features of a layer
            are those of all its hooks together.
        origin: what the calculator was made from, for the report.
        layer: which of them is read; None: the deepest whose l > 0 features receive gradient from
            the energy. The gradient is that of the calculator's own forces.
        margin: where given, a frame without a cell is put into a cubic one, larger than the frame
            by so many Å, for a calculator that takes only crystals.
        notes: what else the report says of the network.

    Raises:
        TypeError: the calculator is none of ASE's.
        ValueError: a hook leads to no module.
    """

    def __init__(
        self,
        calculator: Any,
        layers: Sequence[Sequence[Hook]],
        origin: str,
        *,
        layer: int | None = None,
        margin: float | None = None,
        notes: Mapping[str, Any] | None = None,
    ) -> None:
        if not all(hasattr(calculator, name) for name in ("calculate", "reset", "results")):
            raise TypeError(
                f"{origin} gives {type(calculator).__name__}, which is no calculator of ASE"
            )
        self.network, self.origin, self.layer = calculator, origin, layer
        self.hooks = tuple(tuple(hooks) for hooks in layers)
        self.margin, self.notes = margin, dict(notes or {})
        self.gradients: dict[str, list[float] | None] = {}
        self._modules = [[self._module(hook) for hook in hooks] for hooks in self.hooks]
        self.model = self._root()
        self.shuffled: int | None = None

    def shuffle(self, seed: int) -> None:
        """:func:`neural_checks.backbones.weights.shuffle_weights` on the network."""
        shuffle_weights(self.model, seed)
        self.shuffled = seed
        self.network.reset()

    @property
    def description(self) -> dict[str, Any]:
        """Package, modules that are read, gradients, number and checksum of the weights.

        Raises ValueError for a layer that is not there.
        """
        layer = self.layer
        if layer is not None:
            self._require_layer(layer)
        return {
            "package": _package(self.network),
            "origin": self.origin,
            "layers": len(self.hooks),
            "layer": layer,
            "layer_irreps": None
            if layer is None
            else "+".join(hook.irreps for hook in self.hooks[layer]),
            "hooks": None if layer is None else [hook.path for hook in self.hooks[layer]],
            "gradient_by_layer": self.gradients,
            "parameters": sum(p.numel() for p in self.model.parameters()),
            "weights_sha256": weights_checksum(self.model),
            "weights_shuffled": self.shuffled,
            **self.notes,
        }

    def evaluate(self, structures: Structures) -> Evaluation:
        """Features of the selected layer, energies and forces, frame by frame.

        Raises ValueError for a layer that is not there, a module that is not called once a frame,
        or whose output is not that of its irreps for the atoms of the frame.
        """
        if self.layer is None:
            self.select_layer(structures.take(slice(1)))
        layer = self.layer
        if layer is None:
            raise ValueError(f"{self.origin}: no layer is selected")
        return self.evaluate_layers(structures, [layer])[layer]

    def evaluate_layers(
        self, structures: Structures, layers: Sequence[int]
    ) -> dict[int, Evaluation]:
        """The evaluation by layer for several of them, with every frame run once.

        Raises ValueError as :meth:`evaluate`.
        """
        for layer in layers:
            self._require_layer(layer)
        parts: dict[int, list[Evaluation]] = {layer: [] for layer in layers}
        for frame in range(len(structures)):
            one = structures.take([frame])
            seen, energy, forces = self._run(one, list(layers))
            for layer in layers:
                features = self._features(seen[layer], one)
                parts[layer].append(Evaluation(features, energy, forces))
        return {layer: Evaluation.join(found) for layer, found in parts.items()}

    def select_layer(self, structures: Structures) -> int:
        """The deepest layer whose l > 0 features receive gradient; its only one if none is seen.

        Raises ValueError where no layer qualifies, or several are there and no gradient is seen.
        """
        names = range(len(self.hooks))
        seen, _, _ = self._run(structures, names, gradient=True)
        degrees = {l for hooks in self.hooks for hook in hooks for l in hook.degrees}
        top, rows = max(degrees), []
        for index in names:
            norms = None
            if all(entry.gradient is not None for entry in seen[index]):
                blocks = self._features(seen[index], structures, gradients=True)
                norms = degree_norms(blocks, top)
            rows.append(norms or [0.0] * (top + 1))
            self.gradients[f"layer {index + 1} of {len(self.hooks)}"] = norms
        if any(self.gradients.values()):
            self.layer = deepest_layer(rows, degrees)
        elif len(self.hooks) == 1:
            self.layer = 0  # the calculator differentiates in a way that is not seen
        else:
            raise ValueError(f"{self.origin}: no gradient is seen at its layers: give --layer")
        return self.layer

    def _require_layer(self, layer: int) -> None:
        if not 0 <= layer < len(self.hooks):
            raise ValueError(f"layer must be 0 … {len(self.hooks) - 1}, got {layer}")

    def _module(self, hook: Hook) -> Any:
        found = self.network
        for place, name in enumerate(hook.parts[0]):
            inner = getattr(found, name, None)
            if inner is None:
                try:
                    inner = found[int(name) if name.isdigit() else name]
                except (KeyError, IndexError, TypeError):
                    raise ValueError(
                        f"{self.origin}: {hook.path} leads to no module: "
                        f"{'.'.join(['calculator', *hook.parts[0][:place]])} has no {name!r}, but "
                        f"{_names(found)}"
                    ) from None
            found = inner
        if not hasattr(found, "register_forward_hook"):
            raise ValueError(
                f"{self.origin}: {hook.path} is {type(found).__name__}, no torch module; modules "
                f"there: {_names(found)}"
            )
        return found

    def _root(self) -> Any:
        """The first module of torch on the way to the layers: the whole network."""
        found = self.network
        for name in self.hooks[0][0].parts[0]:
            inner = getattr(found, name, None)
            found = found[int(name) if name.isdigit() else name] if inner is None else inner
            if hasattr(found, "register_forward_hook"):
                return found
        raise ValueError(f"{self.origin} has no torch module")

    def _run(
        self, structures: Structures, layers: Sequence[int], gradient: bool = False
    ) -> tuple[dict[int, list[_Seen]], Array, Array]:
        """What the hooks of ``layers`` see of one frame, its energy and forces."""
        seen = {index: [_Seen(hook) for hook in self.hooks[index]] for index in layers}
        handles = [
            entry.attach(module, gradient)
            for index in layers
            for module, entry in zip(self._modules[index], seen[index], strict=True)
        ]
        try:
            energy, forces = self._calculate(structures)
        finally:
            for handle in handles:
                handle.remove()
        for entries in seen.values():
            for entry in entries:
                if entry.calls != 1:
                    raise ValueError(
                        f"{self.origin}: {entry.hook.path} was called {entry.calls} times for one "
                        "frame, not once"
                    )
        return seen, energy, forces

    def _calculate(self, structures: Structures) -> tuple[Array, Array]:
        """Energy (1,) and forces (atoms, 3) of one frame, NaN where the calculator has none."""
        from ase.calculators.calculator import all_changes

        (atoms,) = atoms_of(structures, Conditions())
        if self.margin is not None and not structures.has_cell:
            gaps = structures.positions[:, None] - structures.positions[None]
            side = float(np.linalg.norm(gaps, axis=-1).max()) + self.margin
            atoms.set_cell(side * np.eye(3))
            atoms.pbc = True
        # One call for both, whatever the calculator keeps of an earlier one.
        self.network.reset()
        known = getattr(self.network, "implemented_properties", ())
        self.network.calculate(atoms, [n for n in ("energy", "forces") if n in known], all_changes)
        found = []
        for name, shape in (("energy", (1,)), ("forces", (len(atoms), 3))):
            values = self.network.results.get(name)
            array = np.asarray(np.full(shape, np.nan) if values is None else values)
            if array.size != np.prod(shape) or array.dtype.kind not in "iuf":
                raise ValueError(
                    f"{self.origin}: the calculator gives {name} of shape {array.shape} and "
                    f"{array.dtype}, expected numbers of shape {shape}"
                )
            found.append(array.astype(np.float64).reshape(shape))
        return found[0], found[1]

    def _features(
        self, seen: Sequence[_Seen], structures: Structures, gradients: bool = False
    ) -> FeatureBlocks:
        result: FeatureBlocks = {}
        atoms = len(structures.positions)
        for entry in seen:
            hook = entry.hook
            values = entry.gradient if gradients else entry.values
            if values is None:
                raise ValueError(f"{self.origin}: {hook.path} returns no tensor")
            if hook.pool is not None:
                values = hook.pool(values, self.network)
            if len(values) != atoms:
                raise ValueError(
                    f"{self.origin}: {hook.path} returns {values.shape} for {atoms} atoms: values "
                    "of edges or frames are no features of atoms"
                )
            try:
                blocks = feature_blocks(values, Irreps.parse(hook.irreps), hook.order, hook.axes)
            except ValueError as error:
                raise ValueError(f"{self.origin}: {hook.path}: {error}") from None
            for name, block in blocks.items():
                before = result.get(name)
                result[name] = block if before is None else np.concatenate([before, block], axis=1)
        return result


class _Seen:
    """What one hook sees of one frame: the output as an array, and its gradient."""

    def __init__(self, hook: Hook) -> None:
        self.hook, self.calls = hook, 0
        self.values: Array | None = None
        self.gradient: Array | None = None

    def attach(self, module: Any, gradient: bool) -> Any:
        """Keep what the module returns, or an argument; a handle that ends it."""
        place = self.hook.parts[1]
        if place is None:
            return module.register_forward_hook(lambda _m, _in, out: self._keep(out, gradient))

        def before(_module: Any, arguments: tuple[Any, ...]) -> None:
            if place >= len(arguments):
                raise ValueError(
                    f"{self.hook.path}: the module is given {len(arguments)} arguments by place"
                )
            self._keep(arguments[place], gradient)

        return module.register_forward_pre_hook(before)

    def _keep(self, output: Any, gradient: bool) -> None:
        import torch

        self.calls += 1
        tensor = self._entry(output)
        if not isinstance(tensor, torch.Tensor):
            self.values = None
            return
        self.values = _array(tensor)
        if gradient and tensor.requires_grad:
            # Of the tensor itself: a copy made for reading is no part of the energy.
            self.gradient = np.zeros_like(self.values)
            tensor.register_hook(self._add)

    def _add(self, gradient: Any) -> None:
        before = 0.0 if self.gradient is None else self.gradient
        self.gradient = before + _array(gradient)

    def _entry(self, output: Any) -> Any:
        key = self.hook.parts[2]
        if key is None:
            return output
        try:
            return output[int(key) if key.isdigit() and not isinstance(output, dict) else key]
        except (KeyError, IndexError, TypeError):
            found = getattr(output, key, None)
            if found is None:
                names = list(output) if isinstance(output, Mapping) else type(output).__name__
                raise ValueError(
                    f"{self.hook.path}: what the module returns has no {key!r}, but {shown(names)}"
                ) from None
            return found


def _array(tensor: Any) -> Array:
    values: Array = tensor.detach().cpu().numpy().astype(np.float64)
    return values


def _names(found: Any) -> str:
    """Names of the modules inside, for a message."""
    if hasattr(found, "named_children"):
        names = [name for name, _ in found.named_children()]
    else:
        inner = vars(found) if hasattr(found, "__dict__") else {}
        names = [name for name, value in inner.items() if hasattr(value, "named_children")]
    return ", ".join(names[:12]) + (" …" if len(names) > 12 else "") if names else "none inside"


def _package(calculator: Any) -> str:
    """Name and version of the distribution that the calculator comes from."""
    from importlib.metadata import packages_distributions, version

    top = type(calculator).__module__.partition(".")[0]
    names = packages_distributions().get(top, [])
    return " ".join([names[0], version(names[0])]) if names else top
