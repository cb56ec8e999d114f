"""Diagnosis of one network from its features: recovery curve, boundary, verdict, deficits, advice.

The measurement is that of the injection experiment (:mod:`neural_checks.readouts.recovery`,
:mod:`numeric_checks.readouts.componentwise`): fields of degree ℓ are read off the features by a
polynomial of degree d. Two readouts answer two questions. The closed form has every product that T5
allows: what it recovers at ℓ ≤ dL is what the features keep, and above dL it has nothing to couple.
The component-wise readout knows no representation theory: that it recovers nothing above dL is the
measurement. The verdict takes the first below and the second above the boundary.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import comb
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from neural_checks.diagnosis.advice import advise
from neural_checks.diagnosis.costs import Cost, cost
from neural_checks.features.recorded import FeatureSet
from neural_checks.readouts.bootstrap import bootstrap
from neural_checks.readouts.closed_form import measure
from neural_checks.readouts.metrics import Metrics
from neural_checks.readouts.recovery import Recovery, with_components
from neural_checks.readouts.rigid import rigid_body
from neural_checks.readouts.samples import Samples, top_degree
from neural_checks.readouts.verdict import Curve as Intervals
from neural_checks.readouts.verdict import Doubts
from neural_checks.readouts.verdict import judge as judge_curve
from numeric_checks.bandwidth.estimate import bandwidth
from numeric_checks.bandwidth.result import Bandwidth
from numeric_checks.readouts.componentwise import componentwise
from span_theorem.irreps import Irrep
from span_theorem.span import boundary

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from numeric_checks.molecules.data import ForceData

__all__ = ["Curve", "Deficit", "Diagnosis", "Options", "diagnose"]

Array = NDArray[np.float64]
Verdict = Literal["agrees", "disagrees", "undecided"]

#: Principal channels per irrep kept for products of degree d: closed form, component-wise.
CLOSED_CHANNELS = {1: None, 2: 16, 3: 3}
COMPONENT_CHANNELS = {1: 8, 2: 2, 3: 1}
#: Fewer frames than these decide nothing.
MIN_FIT, MIN_HELD = 40, 20


@dataclass(frozen=True)
class Options:
    """How a diagnosis is made.

    ``degree`` d of the readout, 1 to 3; ``orientations`` per frame of the component-wise readout;
    ``draws`` of the bootstrap over frames; ``level`` of R² below which an atom has a deficit;
    ``seed`` of rotations and draws.
    """

    degree: int = 2
    orientations: int = 12
    draws: int = 2000
    level: float = 0.5
    seed: int = 0

    def __post_init__(self) -> None:
        if self.degree not in (1, 2, 3):
            raise ValueError(f"degree must be 1, 2 or 3, got {self.degree!r}")
        for name in ("orientations", "draws"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be ≥ 1, got {getattr(self, name)}")
        if not 0 < self.level < 1:
            raise ValueError(f"level must lie between 0 and 1, got {self.level}")


@dataclass(frozen=True)
class Curve:
    """R² of the field for ℓ = 1, 2, … with its 95 % interval over frames, and the weights used."""

    values: list[float]
    low: list[float]
    high: list[float]
    weights: int


@dataclass(frozen=True)
class Deficit:
    """An atom whose field of degree ``ell`` ≤ dL is recovered to less than the level."""

    atom: int
    number: int
    ell: int
    R2: float


@dataclass(frozen=True)
class Diagnosis:
    """What was measured of one network; shows itself as HTML in a notebook.

    ``closed`` and ``component`` are the curves of the two readouts, ``orientation`` the R² that the
    rigid orientation alone explains, ``per_atom`` (ℓ, atoms) the closed form's; ``target`` the
    bandwidth of the forces of the data, None where no data are at hand, or too few.
    """

    network: Mapping[str, Any]
    data: Mapping[str, Any]
    irreps: str
    L: int
    options: Options
    boundary: int
    closed: Curve
    component: Curve
    orientation: list[float]
    per_atom: list[list[float]]
    numbers: list[int]
    equivariance: dict[str, float]
    force_mae: float | None
    verdict: Verdict
    reason: str
    deficits: list[Deficit]
    target: Bandwidth | None
    target_note: str
    costs: list[Cost]
    advice: list[str]

    @property
    def sentence(self) -> str:
        """The verdict in one sentence."""
        return (
            f"readout degree {self.options.degree} on features of degree ≤ {self.L}: "
            f"proved boundary ℓ = {self.boundary}; measured: {self.verdict.upper()} ({self.reason})"
        )

    def as_dict(self) -> dict[str, Any]:
        """Everything as JSON types."""
        left = {"target", "network", "data"}
        plain = {k: v for k, v in asdict(self).items() if k not in left}
        plain["network"], plain["data"] = dict(self.network), dict(self.data)
        plain["target"] = None if self.target is None else _target(self.target)
        return {"sentence": self.sentence, **plain}

    def table(self) -> str:
        """The curves, deficits, costs and advice as text."""
        from neural_checks.diagnosis.view import text

        return text(self)

    def plot(self) -> Figure:
        """Recovery against ℓ, and per atom; a matplotlib figure."""
        from neural_checks.diagnosis.view import figure

        return figure(self)

    def _repr_html_(self) -> str:
        from neural_checks.diagnosis.view import html

        return html(self)


def diagnose(
    features: FeatureSet, options: Options | None = None, data: ForceData | None = None
) -> Diagnosis:
    """Measure what a readout of degree d recovers from ``features``, and advise.

    Args:
        features: of one network, checked for equivariance when they were made or read.
        options: see :class:`Options`.
        data: the molecule's force data, for the bandwidth ℓ* of the forces; may be None.
    """
    options = Options() if options is None else options
    rng = np.random.default_rng(options.seed)
    samples, L, degree = features.samples(), features.L, options.degree
    edge, degrees = boundary(L, degree), top_degree(L, degree)
    closed = measure(samples, degree, degrees, CLOSED_CHANNELS[degree])
    channels = _component_channels(samples, options)
    fitted = componentwise(samples, degree, degrees, channels, options.orientations, rng)
    component = with_components(closed, fitted)
    curves = [_curve(run, options, rng) for run in (closed, component)]
    verdict, reason = judge(*curves, samples=samples, L=L, degree=degree)
    per_atom = 1 - closed.field.mean(axis=2)
    deficits = [
        Deficit(atom, int(features.numbers[atom]), ell, float(per_atom[ell - 1, atom]))
        for ell in range(1, edge + 1)
        for atom in range(len(features.numbers))
        if per_atom[ell - 1, atom] < options.level
    ]
    target, note = _bandwidth(data)
    width = max(values.shape[2] for values in features.evaluation.features.values())
    ell = None if target is None else target.pooled.bandwidth
    pairs = [(L, degree), (L + 1, degree), (L, degree + 1)]
    if ell is not None and L and ell > edge:
        pairs += [(-(-ell // degree), degree), (L, -(-ell // L))]
    costs = [cost(*pair, width) for pair in dict.fromkeys(pairs)]
    known = not np.isnan(features.evaluation.forces).all()
    held = samples.held
    force_mae = (
        float(1000 * np.abs(features.evaluation.forces - features.reference_forces)[held].mean())
        if known and features.reference_forces is not None
        else None
    )
    return Diagnosis(
        network=features.description,
        data={
            "name": features.data_name,
            "sha256": features.data_sha256,
            "fit": len(samples.fit),
            "held": len(held),
        },
        irreps=features.irreps,
        L=L,
        options=options,
        boundary=edge,
        closed=curves[0],
        component=curves[1],
        orientation=(1 - rigid_body(samples, degrees).mean(axis=(1, 2))).tolist(),
        per_atom=per_atom.tolist(),
        numbers=features.numbers.tolist(),
        equivariance=features.errors,
        force_mae=force_mae,
        verdict=verdict,
        reason=reason,
        deficits=deficits,
        target=target,
        target_note=note,
        costs=costs,
        advice=advise(L, degree, verdict, deficits, options.level, target, note, costs),
    )


def judge(
    closed: Curve, component: Curve, samples: Samples, L: int, degree: int
) -> tuple[Verdict, str]:
    """The verdict: every ℓ ≤ dL recovered by the closed form, none above by the component-wise one.

    Too few frames, or features of natural parity that end below L, leave it undecided.
    """
    both = [Intervals(tuple(c.values), tuple(c.low), tuple(c.high)) for c in (closed, component)]
    decided = judge_curve(
        both[0].followed_by(both[1], boundary(L, degree)),
        L,
        degree,
        _doubts(samples, L, closed.weights),
    )
    return decided.outcome.value, decided.reason


def _doubts(samples: Samples, L: int, weights: int) -> Doubts:
    fit, held = len(samples.fit), len(samples.held)
    if fit < MIN_FIT or held < MIN_HELD:
        return Doubts(
            everything=f"{fit} frames to fit and {held} held out; at least {MIN_FIT} and "
            f"{MIN_HELD} are needed"
        )
    natural = max(
        (i.l for i in map(Irrep.parse, samples.features) if i == Irrep.natural(i.l)), default=-1
    )
    if natural < L:
        return Doubts(
            misses=f"features of natural parity end at l = {natural}, those of the other parity at "
            f"l = {L}: the closed form does not use the latter"
        )
    # A ridge fit with more weights than equations may miss what is there.
    if weights > 3 * fit:
        return Doubts(misses=f"{weights} weights were fitted on {fit} frames: give more frames")
    return Doubts()


def _component_channels(samples: Samples, options: Options) -> int:
    """Channels per irrep, so that there are eight samples for every monomial if possible."""
    size = sum(values.shape[3] for values in samples.features.values())
    rows = len(samples.fit) * options.orientations
    channels = COMPONENT_CHANNELS[options.degree]
    while channels > 1 and 8 * comb(channels * size + options.degree, options.degree) > rows:
        channels -= 1
    return channels


def _curve(run: Recovery, options: Options, rng: np.random.Generator) -> Curve:
    point: Metrics
    point, draws = bootstrap([run], options.draws, rng)
    low, high = np.quantile(draws.field, [0.025, 0.975], axis=0)
    return Curve(point.field.tolist(), low.tolist(), high.tolist(), max(run.weights))


def _bandwidth(data: ForceData | None) -> tuple[Bandwidth | None, str]:
    if data is None:
        return None, "no data were given"
    try:
        found = bandwidth(data)
    except ValueError as error:
        return None, str(error)
    return found, found.text


def _target(found: Bandwidth) -> dict[str, Any]:
    pooled = found.pooled
    return {
        "text": found.text,
        "bandwidth": pooled.bandwidth,
        "bandwidth_interval": pooled.bandwidth_interval,
        "lower_bound": found.lower_bound,
        "measure": found.measure,
        "verdict": pooled.verdict,
        "atoms": [spectrum.bandwidth for spectrum in found.atoms],
    }
