"""What is measured of one network with published weights on one data set.

The network with its own weights is read by readouts of several degrees, and if asked for at every
layer; its force error is examined once. The same network with shuffled weights is the control.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from neural_checks.backbones.layers import every_layer
from neural_checks.backbones.load import load_backbone
from neural_checks.backbones.reading import Reading
from neural_checks.data.split import split
from neural_checks.diagnosis.measure import Diagnosis, diagnose
from neural_checks.diagnosis.result import Options
from neural_checks.features.recorded import FeatureSet, record
from neural_checks.published.result import (
    PublishedLayer,
    PublishedReadout,
    PublishedReport,
    Weights,
    listening_of,
    measurement_of,
)
from numeric_checks.molecules.data import ForceData
from numeric_checks.provenance import environment
from numeric_checks.seeds import streams
from span_theorem.command import say
from span_theorem.progress import Progress

__all__ = ["Names", "PublishedPlan", "measure_published"]


@dataclass(frozen=True)
class Names:
    """What a report calls the network, the data, and where the weights come from."""

    model: str
    system: str
    weights_from: str = ""


@dataclass(frozen=True)
class PublishedPlan:
    """How a network is loaded and measured.

    ``model``, ``layer``, ``trust`` and ``reading`` are those of
    :func:`neural_checks.backbones.load.load_backbone`; ``all_layers`` asks for every layer of the
    trained network as well, by degree 2 or the largest of ``degrees`` without it. ``degrees`` of
    the readouts with trained weights and ``control_degrees`` with shuffled ones; ``fit`` and
    ``held`` count frames; ``draws`` of the bootstrap.
    """

    model: str
    layer: int | None = None
    trust: bool = False
    reading: Reading = field(default_factory=Reading)
    all_layers: bool = False
    degrees: Sequence[int] = (1, 2, 3)
    control_degrees: Sequence[int] = (2,)
    fit: int = 300
    held: int = 150
    draws: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.degrees:
            raise ValueError("degrees must name one readout or more, got none")
        if self.reading.shuffle is not None:
            raise ValueError(
                "--control-degrees measures shuffled weights: leave --shuffle-weights out"
            )


def measure_published(
    plan: PublishedPlan, data: ForceData, names: Names, command: str
) -> PublishedReport:
    """The report of one network on ``data``; ``command`` is what repeats it.

    Raises as ``load_backbone``, ``record`` and ``diagnose`` do.
    """
    begun, cpu = time.monotonic(), time.process_time()
    trained = _Network(plan, data, Weights.TRAINED, plan.layer)
    found = [
        trained.readout(degree, listen=place == 0)
        for place, degree in enumerate(sorted(set(plan.degrees)))
    ]
    rows = [measurement_of(one, Weights.TRAINED) for one in found]
    layers = trained.every_layer() if plan.all_layers else ()
    if plan.control_degrees:
        control = _Network(plan, data, Weights.SHUFFLED, trained.layer)
        for degree in sorted(set(plan.control_degrees)):
            rows.append(measurement_of(control.readout(degree), Weights.SHUFFLED))
    first = found[0]
    return PublishedReport(
        model=names.model,
        system=names.system,
        weights_from=names.weights_from,
        network=first.network,
        data=first.data,
        irreps=first.irreps,
        sites=len(first.sites),
        attainable=found[-1].attainable,
        zero_mae=first.zero_mae,
        measurements=tuple(rows),
        command=command,
        provenance={
            "seed": plan.seed,
            "draws": plan.draws,
            "seconds": round(time.monotonic() - begun, 1),
            "cpu_seconds": round(time.process_time() - cpu, 1),
            "environment": environment("cpu"),
        },
        layers=layers,
        listening=None if first.listening is None else listening_of(first.listening),
        listening_note=first.listening_note,
    )


class _Network:
    """A network with one set of weights, and its features at the layer that is read."""

    def __init__(
        self, plan: PublishedPlan, data: ForceData, weights: Weights, layer: int | None
    ) -> None:
        self._plan, self._data, self._weights = plan, data, weights
        reading = plan.reading
        if weights is Weights.SHUFFLED:
            reading = replace(reading, shuffle=plan.seed)
        network: Any = load_backbone(plan.model, data, layer, plan.trust, reading=reading)
        self._layers = []
        if plan.all_layers and weights is Weights.TRAINED:
            self._layers = every_layer(network)
            if network.layer is None:
                network.select_layer(data.structures.take([0]))
            network = self._layers[network.layer]
        self._features = self._record(network)
        #: None for a network that chooses its own features.
        self.layer: int | None = getattr(network, "layer", None)

    def readout(self, degree: int, listen: bool = False) -> Diagnosis:
        """One readout of the layer that is read."""
        return self._readout(self._features, degree, listen)

    def every_layer(self) -> tuple[PublishedLayer, ...]:
        """Every layer by one degree of the readout."""
        degree = 2 if 2 in self._plan.degrees else max(self._plan.degrees)
        found = []
        for one in self._layers:
            features = self._features if one.layer == self.layer else self._record(one)
            kept: PublishedReadout = measurement_of(
                self._readout(features, degree, listen=False), self._weights
            )
            found.append(PublishedLayer(one.layer, features.irreps, kept))
        return tuple(found)

    def _readout(self, features: FeatureSet, degree: int, listen: bool) -> Diagnosis:
        plan, begun = self._plan, time.process_time()
        options = Options(degree=degree, draws=plan.draws, seed=plan.seed, listen=listen)
        found = diagnose(features, options)
        spent = time.process_time() - begun
        say(f"[{spent:6.1f} s] {self._weights}, d = {degree}: {found.sentence}")
        return found

    def _record(self, network: Any) -> FeatureSet:
        """The features of one layer on the frames that the seed chooses."""
        plan, begun = self._plan, time.process_time()
        parts = split(self._data, plan.fit, 1, plan.held, plan.seed)
        rng = streams(plan.seed, "equivariance")["equivariance"]
        with Progress() as progress:
            report = partial(progress.update, f"features, {self._weights} weights")
            found = record(network, self._data, parts.train, parts.test, rng, report=report)
        say(f"[{time.process_time() - begun:6.1f} s] features {found.irreps}")
        return found
