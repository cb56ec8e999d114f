"""Diagnosis of one network from its features: recovery curve, boundary, verdict, deficits, advice.

The measurement is that of the injection experiment (:mod:`neural_checks.readouts`): fields of
degree ℓ are read off the features by a polynomial of degree d. Two readouts answer two questions.
The closed form has every product that T5 allows: what it recovers at ℓ ≤ dL is what the features
keep, and above dL it has nothing to couple. The component-wise readout uses no representation
theory, so a recovery of nothing above dL is a measurement. The verdict takes the first below and
the second above the boundary.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, replace
from math import ceil, comb
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from neural_checks.backbones.equivariance import Group
from neural_checks.diagnosis.advice import Evidence, advise, pairs_of_interest
from neural_checks.diagnosis.costs import cost_of_irreps, irreps_up_to
from neural_checks.diagnosis.listening import listen_to
from neural_checks.diagnosis.result import (
    Cost,
    Deficit,
    DiagnosisReport,
    FittedCurve,
    FramesUsed,
    Options,
    Row,
    Site,
    Target,
)
from neural_checks.diagnosis.sites import MIN_FIT, MIN_HELD, Collected, collect_sites
from neural_checks.diagnosis.trained import trained_curve
from neural_checks.diagnosis.view import figure, html, text
from neural_checks.features.recorded import FeatureSet
from neural_checks.readouts.bootstrap import BLOCKS, bootstrap
from neural_checks.readouts.closed_form import Parity, measure_within
from neural_checks.readouts.recovery import Recovery, pool, with_components
from neural_checks.readouts.rigid import rigid_body
from neural_checks.readouts.samples import Samples, component_channels, top_degree
from neural_checks.readouts.verdict import LIMIT, Doubts, RecoveryCurve, Verdict, judge
from numeric_checks.bandwidth.estimate import bandwidth
from numeric_checks.readouts.channels import CLOSED_FORM_CHANNELS
from numeric_checks.readouts.componentwise import componentwise
from numeric_checks.seeds import streams
from span_theorem.factors import reach
from span_theorem.irreps import Irrep
from span_theorem.span import boundary

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from numeric_checks.molecules.data import ForceData

__all__ = ["Diagnosis", "diagnose"]

Array = NDArray[np.float64]

#: Weights of the closed form that a row bears: a fit of a vector has three equations a row.
WEIGHTS_PER_ROW = 2
#: Samples of the component-wise readout for every monomial, if possible.
SAMPLES_PER_MONOMIAL = 8
#: The same at least: few rows are turned to more orientations.
LEAST_PER_MONOMIAL = 2


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
    """The fits of both readouts, part by part, and the R² of the rigid orientation alone."""

    closed: tuple[Recovery, ...]
    component: tuple[Recovery, ...]
    orientation: tuple[float, ...] | None

    @property
    def by_site(self) -> Array:
        """R² of the closed form (ℓ, sites)."""
        return np.concatenate([run.by_site for run in self.closed], axis=1)


def diagnose(
    features: FeatureSet,
    options: Options | None = None,
    data: ForceData | None = None,
    *,
    silence: str = "it was not asked for",
) -> Diagnosis:
    """Measure what a readout of degree d recovers from ``features``, and advise.

    Args:
        features: of one network, checked for equivariance when they were made or read.
        options: see :class:`~neural_checks.diagnosis.result.Options`.
        data: the force data, for the bandwidth ℓ* of the forces of a molecule; may be None.
        silence: why the network's force error is not examined, where ``options`` leave it out.

    Raises:
        ValueError: no site can be measured, or atoms are asked for where frames differ.
    """
    options = options or Options()
    rng = streams(options.seed, "component-wise", "bootstrap", "trained")
    collected = collect_sites(features, options.sites, top_degree(features.L, options.degree))
    parity: Parity = "any" if features.found.group is Group.SO3 else "natural"
    fits = _fit(collected, features.L, options, parity, rng["component-wise"])
    closed, component = (
        _curve(pool(runs), options, collected.rows, rng["bootstrap"])
        for runs in (fits.closed, fits.component)
    )
    trained = None
    if options.trained:
        trained = trained_curve(collected, features.L, options, rng["trained"])
    used = _frames_used(features)
    reached = degrees_of_products(collected.samples[0].features, options.degree, parity)
    doubts = doubts_of(used, collected, fits.closed, features.L, reached, parity)
    attainable = _attainable(collected)
    verdict = decide(closed, component, features.L, options.degree, doubts, attainable)
    within = reached & set(range(1, verdict.boundary + 1))
    deficits = deficits_of(collected.sites, fits.by_site, within, options.level)
    target, note = _bandwidth(data, collected)
    costs = _costs(features, options, target)
    mae, zero = _force_errors(features)
    heard = None
    if options.listen:
        heard, silence = listen_to(features, options.draws, options.seed)
    implausible = mae is not None and zero is not None and mae > zero
    evidence = Evidence(
        features.L, options, verdict.outcome, deficits, target, note, costs, heard, silence
    )
    advice = advise(replace(evidence, implausible=implausible))
    return Diagnosis(
        network=dict(features.description),
        data=used,
        irreps=features.irreps,
        L=features.L,
        options=options,
        closed=closed,
        component=component,
        trained=trained,
        orientation=fits.orientation,
        sites=collected.sites,
        per_site=tuple(tuple(row) for row in fits.by_site.tolist()),
        equivariance=features.errors,
        group=features.found.group,
        mirror_errors=features.found.reflections,
        force_mae=mae,
        zero_mae=zero,
        verdict=verdict,
        deficits=deficits,
        target=target,
        target_note=note,
        costs=costs,
        advice=(*advice.lines, *_symmetry(collected, attainable)),
        decision=advice.decision,
        listening=heard,
        listening_note=silence,
        warnings=_warnings(mae, zero, closed, component, verdict.boundary),
        left_out=collected.left_out,
        attainable=attainable,
        notes=(*_reported(features), *collected.notes),
    )


def _frames_used(features: FeatureSet) -> FramesUsed:
    fit, held = int((~features.held_out).sum()), int(features.held_out.sum())
    blocks = None if features.order is None else min(BLOCKS, held)
    return FramesUsed(
        features.data_name, features.data_sha256, fit, held, blocks, _frames_sha256(features)
    )


def _frames_sha256(features: FeatureSet) -> str:
    """SHA-256 over elements, positions and which frames are held out."""
    digest = hashlib.sha256()
    structures = features.structures
    for values in (structures.numbers, structures.counts, structures.positions, features.held_out):
        digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()


def _fit(
    collected: Collected, L: int, options: Options, parity: Parity, rng: np.random.Generator
) -> _Fits:
    degree, degrees = options.degree, top_degree(L, options.degree)
    closed, component = [], []
    for part in collected.samples:
        blind = replace(part, errors=np.zeros_like(part.errors))  # the field alone is judged
        most = WEIGHTS_PER_ROW * len(part.fit)
        run = measure_within(blind, degree, degrees, most, CLOSED_FORM_CHANNELS[degree], parity)
        orientations = max(options.orientations, _least_orientations(part, degree))
        rows = len(part.fit) * orientations
        channels = component_channels(part, degree, rows, SAMPLES_PER_MONOMIAL)
        fitted = componentwise(part, degree, degrees, channels, orientations, rng)
        closed.append(run)
        component.append(with_components(run, fitted))
    orientation = None
    if collected.by_atom:
        rigid = 1 - rigid_body(collected.samples[0], degrees).mean(axis=(1, 2))
        orientation = tuple(rigid.tolist())
    return _Fits(tuple(closed), tuple(component), orientation)


def _least_orientations(part: Samples, degree: int) -> int:
    """Orientations per row that the component-wise readout of one channel per irrep needs."""
    components = sum(values.shape[3] for values in part.features.values())
    return ceil(LEAST_PER_MONOMIAL * comb(components + degree, degree) / len(part.fit))


def _curve(
    run: Recovery, options: Options, units: NDArray[np.int64], rng: np.random.Generator
) -> FittedCurve:
    point, draws = bootstrap([run], options.draws, rng, blocks=units)
    curve = RecoveryCurve.of(point.score, draws.score)
    return FittedCurve(curve.values, curve.low, curve.high, max(run.weights))


def decide(
    closed: FittedCurve,
    component: RecoveryCurve,
    L: int,
    degree: int,
    doubts: Doubts | None = None,
    attainable: Row | None = None,
) -> Verdict:
    """The verdict: every ℓ ≤ dL recovered by the closed form, none above by the component-wise one.

    Within the boundary a degree is judged by R² / S_ℓ, with S_ℓ = ``attainable``, if given.
    ``doubts`` are those of :func:`doubts_of`.
    """
    edge = boundary(L, degree)
    pairs = list(zip(closed.high, component.low, strict=True))[:edge]
    missed = [str(ell) for ell, (high, low) in enumerate(pairs, start=1) if high < LIMIT < low]
    if missed and doubts in (None, Doubts()):
        doubts = Doubts(
            misses=f"the component-wise readout recovers ℓ = {', '.join(missed)}: the closed form, "
            "which contains it, is fitted on too few frames"
        )
    within = closed if attainable is None else closed.relative_to(attainable)
    return judge(within.followed_by(component, edge), L, degree, doubts)


def _attainable(collected: Collected) -> Row | None:
    """S_ℓ over all held-out rows, as the curves are; None where nothing is exchanged."""
    if not any(share < 1 for site in collected.sites for share in site.attainable):
        return None
    rows = np.array([site.rows or 1 for site in collected.sites], dtype=np.float64)
    pooled: list[float] = (collected.attainable @ rows / rows.sum()).tolist()
    return tuple(pooled)


def _symmetry(collected: Collected, attainable: Row | None) -> list[str]:
    """What the reader must know of sites where neighbours are exchanged."""
    if attainable is None:
        return []
    names = [site.label for site in collected.sites if min(site.attainable, default=1) < 1]
    return [
        f"Proved (T9): at {', '.join(names)} symmetry exchanges the marked neighbour with others, "
        "so no network can recover more than the share S_ℓ there. The verdict and the list of low "
        "sites are taken relative to S_ℓ."
    ]


def degrees_of_products(irreps: Iterable[str], degree: int, parity: Parity) -> frozenset[int]:
    """The degrees ℓ ≥ 1 that products of at most ``degree`` features certainly reach (T1″).

    Of the irreps those of natural parity count, or all where parities mean nothing (``"any"``).

    >>> sorted(degrees_of_products(["0e", "2e"], 2, "natural"))  # neither 1 nor 3
    [2, 4]
    """
    known = map(Irrep.parse, irreps)
    degrees = {i.l for i in known if parity == "any" or i == Irrep.natural(i.l)}
    return reach([degrees | {0}] * degree) - {0}


def doubts_of(
    used: FramesUsed,
    collected: Collected,
    closed: Sequence[Recovery],
    L: int,
    reached: Set[int],
    parity: Parity = "natural",
) -> Doubts:
    """What keeps the measurement from deciding.

    Nothing is decided with too few frames. A degree within the boundary that is lost says nothing
    where more weights were fitted than the frames bear, where the features of natural parity end
    below L, where degrees between 0 and L are absent so that products do not reach all up to the
    boundary (``reached``: :func:`degrees_of_products`), or where symmetry leaves nothing to be read
    at any site.
    """
    if used.fit < MIN_FIT or used.held < MIN_HELD:
        return Doubts(
            everything=f"{used.fit} frames to fit and {used.held} held out; at least {MIN_FIT} and "
            f"{MIN_HELD} are needed"
        )
    irreps = map(Irrep.parse, collected.samples[0].features)
    natural = max((i.l for i in irreps if i == Irrep.natural(i.l)), default=-1)
    if natural < L and parity == "natural":
        return Doubts(
            misses=f"features of natural parity end at l = {natural}, those of the other parity at "
            f"l = {L}: the closed form does not use the latter"
        )
    absent = set(range(1, max(reached, default=0))) - reached
    if absent:
        return Doubts(
            misses=f"products of features of the degrees that are there need not reach ℓ = "
            f"{', '.join(map(str, sorted(absent)))} (T1″)"
        )
    shares = collected.attainable.max(axis=1, initial=0.0)
    gone = [str(ell) for ell, share in enumerate(shares.tolist(), start=1) if share <= LIMIT]
    if gone:
        return Doubts(misses=f"symmetry leaves nothing to be read at ℓ = {', '.join(gone)}")
    # A ridge fit with more weights than equations may miss what is there.
    for part, run in zip(collected.samples, closed, strict=True):
        if max(run.weights) > WEIGHTS_PER_ROW * len(part.fit):
            return Doubts(
                misses=f"{max(run.weights)} weights were fitted on {len(part.fit)} frames or "
                "atoms: give more frames"
            )
    return Doubts()


def _costs(features: FeatureSet, options: Options, target: Target | None) -> tuple[Cost, ...]:
    """The first is that of the network's own irreps; the others are as wide by degree."""
    pairs = pairs_of_interest(features.L, options.degree, target)
    return tuple(cost_of_irreps(irreps_up_to(features.irreps, L), degree) for L, degree in pairs)


def deficits_of(
    sites: tuple[Site, ...], per_site: Array, degrees: Iterable[int], level: float
) -> tuple[Deficit, ...]:
    """Sites below the level of what can be read there of ``degrees``, which products reach.

    There is none where symmetry leaves nothing.
    """
    return tuple(
        Deficit(index, site.label, ell, float(per_site[ell - 1, index]), site.share(ell))
        for ell in sorted(degrees)
        for index, site in enumerate(sites)
        if site.share(ell) > LIMIT and per_site[ell - 1, index] < level * site.share(ell)
    )


def _reported(features: FeatureSet) -> list[str]:
    """Forces and energies that do not turn as they should: they refuse nothing here."""
    errors, demands = features.errors, features.demands
    return [
        f"the network's {name} turn with an error of {errors[name]:.1e} of the largest value; the "
        "measurement does not use them"
        for name in ("forces", "energy")
        if name in errors and not errors[name] <= demands.limit(name)
    ]


def _force_errors(features: FeatureSet) -> tuple[float | None, float | None]:
    """Errors on held-out frames, meV/Å: the network's, and that of predicting zero."""
    if features.reference_forces is None:
        return None, None
    rows = features.structures.rows(features.held_out)
    true, forces = features.reference_forces[rows], features.evaluation.forces[rows]
    zero = 1000 * float(np.abs(true).mean())
    if np.isnan(forces).all():
        return None, zero
    return 1000 * float(np.abs(forces - true).mean()), zero


def _warnings(
    mae: float | None,
    zero: float | None,
    closed: RecoveryCurve,
    component: RecoveryCurve,
    edge: int,
) -> tuple[str, ...]:
    """What makes the network implausible, or the fit of the closed form at ℓ ≤ ``edge``."""
    lines = []
    if mae is not None and zero is not None and mae > zero:
        lines.append(
            f"the force error, {mae:.0f} meV/Å, is above that of predicting zero, {zero:.0f}: is "
            "the network loaded as it was trained, with the units, the species and the cell it "
            "expects?"
        )
    pairs = enumerate(zip(closed.high[:edge], component.low[:edge], strict=True), start=1)
    worse = [str(ell) for ell, (high, low) in pairs if high < low and low > LIMIT]
    if worse:
        lines.append(
            f"at ℓ = {', '.join(worse)} the closed form recovers less than the component-wise "
            "readout, which it contains: it is fitted on too few frames for its weights"
        )
    return tuple(lines)


def _bandwidth(data: ForceData | None, collected: Collected) -> tuple[Target | None, str]:
    """ℓ* of the forces, with the neighbours that were marked for the recovery."""
    if data is None:
        return None, "no data were given"
    if not data.structures.fixed:
        return None, "the frames hold different atoms"
    marks = None
    marked = [site.marked for site in collected.sites]
    if collected.by_atom and len(marked) == len(data.numbers) and None not in marked:
        marks = np.array(marked)
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
