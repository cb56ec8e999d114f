"""Diagnosis of one network from its features: recovery curve, boundary, verdict, deficits, advice.

The measurement is that of the injection experiment (:mod:`neural_checks.readouts`): fields of
degree ℓ are read off the features by a polynomial of degree d. Two readouts answer two questions.
The closed form has every product that T5 allows: what it recovers at ℓ ≤ dL is what the features
keep, and above dL it has nothing to couple. The component-wise readout knows no representation
theory: that it recovers nothing above dL is the measurement. The verdict takes the first below and
the second above the boundary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from neural_checks.diagnosis.advice import advise, pairs_of_interest
from neural_checks.diagnosis.costs import cost
from neural_checks.diagnosis.result import (
    Cost,
    Deficit,
    DiagnosisReport,
    FittedCurve,
    FramesUsed,
    Options,
    Site,
    Target,
)
from neural_checks.diagnosis.view import figure, html, text
from neural_checks.features.recorded import FeatureSet
from neural_checks.readouts.bootstrap import bootstrap
from neural_checks.readouts.closed_form import measure
from neural_checks.readouts.recovery import Recovery, with_components
from neural_checks.readouts.rigid import rigid_body
from neural_checks.readouts.samples import Samples, top_degree
from neural_checks.readouts.verdict import LIMIT, Curve, Doubts, Verdict, judge
from numeric_checks.bandwidth.estimate import bandwidth
from numeric_checks.molecules.marks import marked_neighbors
from numeric_checks.molecules.symbols import SYMBOLS
from numeric_checks.readouts.channels import CLOSED_FORM_CHANNELS, COMPONENT_CHANNELS
from numeric_checks.readouts.componentwise import componentwise
from numeric_checks.seeds import streams
from span_theorem.irreps import Irrep
from span_theorem.span import boundary

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from numeric_checks.molecules.data import ForceData

__all__ = ["Diagnosis", "diagnose"]

Array = NDArray[np.float64]

#: Fewer frames than these decide nothing.
MIN_FIT, MIN_HELD = 40, 20
#: Weights of the closed form that a frame bears: a fit of a vector has as many equations.
WEIGHTS_PER_FRAME = 3


@dataclass(frozen=True)
class Diagnosis(DiagnosisReport):
    """A diagnosis that shows itself: as text, as a figure, and as HTML in a notebook."""

    def table(self) -> str:
        """The curves, deficits, costs and advice as text."""
        return text(self)

    def plot(self) -> Figure:
        """Recovery against ℓ, and by site; a matplotlib figure."""
        return figure(self)

    def _repr_html_(self) -> str:
        return html(self)


@dataclass(frozen=True)
class _Fits:
    """The fits of both readouts, and the R² of the rigid orientation alone."""

    closed: Recovery
    component: Recovery
    orientation: Array


def diagnose(
    features: FeatureSet, options: Options | None = None, data: ForceData | None = None
) -> Diagnosis:
    """Measure what a readout of degree d recovers from ``features``, and advise.

    Args:
        features: of one network, checked for equivariance when they were made or read.
        options: see :class:`~neural_checks.diagnosis.result.Options`.
        data: the molecule's force data, for the bandwidth ℓ* of the forces; may be None.
    """
    options = options or Options()
    rng = streams(options.seed, "component-wise", "bootstrap")
    samples = features.samples()
    fits = _fit(samples, features.L, options, rng["component-wise"])
    closed, component = (
        _curve(run, options, rng["bootstrap"]) for run in (fits.closed, fits.component)
    )
    verdict = decide(closed, component, samples, features.L, options.degree)
    sites = _sites(features, samples)
    deficits = _deficits(sites, fits.closed.by_site, verdict.boundary, options.level)
    target, note = _bandwidth(data, sites)
    costs = _costs(features, options, target)
    mae, zero = _force_errors(features, samples)
    return Diagnosis(
        network=dict(features.description),
        data=FramesUsed(
            features.data_name, features.data_sha256, len(samples.fit), len(samples.held)
        ),
        irreps=features.irreps,
        L=features.L,
        options=options,
        closed=closed,
        component=component,
        orientation=tuple(fits.orientation.tolist()),
        sites=sites,
        per_site=tuple(tuple(row) for row in fits.closed.by_site.tolist()),
        equivariance=features.errors,
        force_mae=mae,
        zero_mae=zero,
        verdict=verdict,
        deficits=deficits,
        target=target,
        target_note=note,
        costs=costs,
        advice=tuple(advise(features.L, options, verdict.outcome, deficits, target, note, costs)),
        warnings=_warnings(mae, zero, closed, component),
    )


def _fit(samples: Samples, L: int, options: Options, rng: np.random.Generator) -> _Fits:
    degree, degrees = options.degree, top_degree(L, options.degree)
    closed = measure(samples, degree, degrees, _closed_channels(samples, L, degree))
    channels = _component_channels(samples, options)
    fitted = componentwise(samples, degree, degrees, channels, options.orientations, rng)
    orientation = 1 - rigid_body(samples, degrees).mean(axis=(1, 2))
    return _Fits(closed, with_components(closed, fitted), orientation)


def _closed_channels(samples: Samples, L: int, degree: int) -> int | None:
    """Channels per irrep of the closed form, fewer where the frames do not bear their weights.

    A fit of a vector has three equations a frame; its weights are kept below their number.
    """
    most = CLOSED_FORM_CHANNELS[degree] or max(v.shape[2] for v in samples.features.values())
    for channels in range(most, 1, -1):
        if cost(L, degree, channels).weights <= WEIGHTS_PER_FRAME * len(samples.fit):
            return channels
    return 1


def _component_channels(samples: Samples, options: Options) -> int:
    """Channels per irrep, so that there are eight samples for every monomial if possible."""
    size = sum(values.shape[3] for values in samples.features.values())
    rows = len(samples.fit) * options.orientations
    channels = COMPONENT_CHANNELS[options.degree]
    while channels > 1 and 8 * comb(channels * size + options.degree, options.degree) > rows:
        channels -= 1
    return channels


def _curve(run: Recovery, options: Options, rng: np.random.Generator) -> FittedCurve:
    _, draws = bootstrap([run], options.draws, rng)
    if draws.field is None:
        raise ValueError("a fit by ridge has an R² of the field")
    curve = Curve.of(run.pooled, draws.field)
    return FittedCurve(curve.values, curve.low, curve.high, max(run.weights))


def decide(closed: FittedCurve, component: Curve, samples: Samples, L: int, degree: int) -> Verdict:
    """The verdict: every ℓ ≤ dL recovered by the closed form, none above by the component-wise one.

    It is undecided with too few frames, and where a degree within the boundary is lost although
    more weights were fitted than the frames bear, or the features of natural parity end below L.
    """
    joined = closed.followed_by(component, boundary(L, degree))
    return judge(joined, L, degree, _doubts(samples, L, closed.weights))


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
    if weights > WEIGHTS_PER_FRAME * fit:
        return Doubts(misses=f"{weights} weights were fitted on {fit} frames: give more frames")
    return Doubts()


def _sites(features: FeatureSet, samples: Samples) -> tuple[Site, ...]:
    marked = marked_neighbors(features.structures.take(samples.fit)).tolist()
    return tuple(
        Site(f"{SYMBOLS[number]}{index}", number, marked[index], len(samples.held))
        for index, number in enumerate(features.numbers.tolist())
    )


def _costs(features: FeatureSet, options: Options, target: Target | None) -> tuple[Cost, ...]:
    width = max(values.shape[1] for values in features.evaluation.features.values())
    pairs = pairs_of_interest(features.L, options.degree, target)
    return tuple(cost(*pair, width) for pair in pairs)


def _deficits(
    sites: tuple[Site, ...], per_site: Array, edge: int, level: float
) -> tuple[Deficit, ...]:
    return tuple(
        Deficit(index, site.label, ell, float(per_site[ell - 1, index]))
        for ell in range(1, edge + 1)
        for index, site in enumerate(sites)
        if per_site[ell - 1, index] < level
    )


def _force_errors(features: FeatureSet, samples: Samples) -> tuple[float | None, float | None]:
    """Errors on held-out frames, meV/Å: the network's, and that of predicting zero."""
    if features.reference_forces is None:
        return None, None
    rows = features.structures.rows(samples.held)
    zero = 1000 * float(np.abs(features.reference_forces[rows]).mean())
    if np.isnan(features.evaluation.forces).all():
        return None, zero
    scale = 1000 * samples.force_rms
    return scale * float(np.abs(samples.errors[samples.held]).mean()), zero


def _warnings(
    mae: float | None, zero: float | None, closed: Curve, component: Curve
) -> tuple[str, ...]:
    """What makes the network implausible, or the fit of the closed form."""
    lines = []
    if mae is not None and zero is not None and mae > zero:
        lines.append(
            f"the force error, {mae:.0f} meV/Å, is above that of predicting zero, {zero:.0f}: is "
            "the network loaded as it was trained, with the units, the species and the cell it "
            "expects?"
        )
    pairs = enumerate(zip(closed.high, component.low, strict=True), start=1)
    worse = [str(ell) for ell, (high, low) in pairs if high < low and low > LIMIT]
    if worse:
        lines.append(
            f"at ℓ = {', '.join(worse)} the closed form recovers less than the component-wise "
            "readout, which it contains: it is fitted on too few frames for its weights"
        )
    return tuple(lines)


def _bandwidth(data: ForceData | None, sites: Sequence[Site]) -> tuple[Target | None, str]:
    """ℓ* of the forces, with the neighbours that were marked for the recovery."""
    if data is None:
        return None, "no data were given"
    marks = np.array([site.marked for site in sites])
    try:
        found = bandwidth(data, marks=marks)
    except ValueError as error:
        return None, str(error)
    pooled = found.pooled
    target = Target(
        text=found.text,
        bandwidth=pooled.bandwidth,
        bandwidth_interval=pooled.bandwidth_interval,
        lower_bound=found.lower_bound,
        measure=found.measure,
        verdict=pooled.verdict,
        atoms=tuple(spectrum.bandwidth for spectrum in found.atoms),
        explained=float(pooled.explained[pooled.best]),
        level=found.options.level,
        marked=tuple(found.frame_atoms[:, 0].tolist()),
    )
    return target, found.text
