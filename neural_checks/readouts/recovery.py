"""How much of an injected field of degree ℓ a readout of a backbone's features recovers.

Everything here is the expectation over Haar-random orientation and over patterns c, in closed form:
the error e of the backbone's force and the injected field are then uncorrelated, a readout of
the residual is the sum of its best parts for each, and it is enough to fit y_ℓ(û) and e
equivariantly (T5). Per held-out frame and site, in units of (ε F_rms)²:

    |r|² = |e|² + 1,   |r − p|² = |e − p_e|² + |y − p_y|²,   |ΔF − p|² = |y − p_y|² + |p_e|².
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neural_checks.backbones.hooked import Backbone, Evaluation
from numeric_checks.molecules.data import ForceData
from numeric_checks.molecules.marks import best_rotations, directions, marked_neighbors
from numeric_checks.parallel import side_by_side
from numeric_checks.readouts.channels import reduce_features
from numeric_checks.readouts.products import coupled_products
from numeric_checks.readouts.ridge import RidgeFit, fit_ridge, fit_shared
from numeric_checks.readouts.samples import Sites
from numeric_checks.rotations.sampling import random_rotations
from numeric_checks.rotations.wigner import unit_harmonics, wigner_upto
from span_theorem.span import boundary

__all__ = [
    "Recovery",
    "Samples",
    "assemble",
    "collect",
    "fit_sites",
    "measure",
    "measure_pooled",
    "rigid_body",
    "top_degree",
]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Samples(Sites):
    """One backbone on the frames used: those of ``fit`` first, then the held-out ones.

    ``vectors`` (frames, atoms, 3) marked directions; ``errors`` (frames, atoms, 3) force errors
    e = F − F_backbone in units of ``force_rms``, the RMS length of a force (eV/Å); ``positions`` Å.
    """

    errors: Array
    positions: Array
    force_rms: float


@dataclass(frozen=True)
class Recovery:
    """Squared errors on the held-out frames, by ℓ.

    ``field`` (ℓ, sites, frames) |y − p_y|² for ℓ = 1, 2, …; ``before`` and ``after`` (sites,
    frames) |e|² and |e − p_e|²; ``spurious`` (sites, frames) |p_e|²; ``weights`` the largest number
    of weights per ℓ; the last three in units of the RMS force squared.
    """

    field: Array
    before: Array
    after: Array
    spurious: Array
    weights: tuple[int, ...]


def top_degree(L: int, degree: int) -> int:
    """The last degree ℓ measured, dL + 3."""
    return boundary(L, degree) + 3


def assemble(
    evaluation: Evaluation,
    positions: Array,
    numbers: NDArray[np.int64],
    forces: Array | None,
    fit: NDArray[np.int64],
    held: NDArray[np.int64],
) -> Samples:
    """Samples of frames already evaluated; ``fit`` and ``held`` index them.

    ``forces`` (frames, atoms, 3) of the data. Without them, or without the network's, the errors
    are zero.
    """
    known = forces is not None and not np.isnan(evaluation.forces).all()
    errors = forces - evaluation.forces if known else np.zeros_like(positions)
    force_rms = float(np.sqrt((forces[fit] ** 2).sum(axis=2).mean())) if forces is not None else 1.0
    return Samples(
        features=evaluation.features,
        vectors=directions(positions, marked_neighbors(positions[fit], numbers)),
        errors=errors / force_rms,
        positions=positions,
        fit=fit,
        held=held,
        force_rms=force_rms,
    )


def collect(
    backbone: Backbone,
    data: ForceData,
    fit: NDArray[np.int64],
    held: NDArray[np.int64],
) -> Samples:
    """Run the backbone once over all frames needed."""
    frames = np.concatenate([fit, held])
    positions = data.positions[frames]
    return assemble(
        backbone.evaluate(positions),
        positions,
        data.numbers,
        data.forces[frames],
        fit=np.arange(len(fit)),
        held=np.arange(len(fit), len(frames)),
    )


def measure(
    samples: Samples,
    degree: int,
    degrees: int,
    channels: int | None = None,
    shuffle: np.random.Generator | None = None,
) -> Recovery:
    """Fit the closed-form readout of polynomial degree ``degree`` for ℓ = 1..``degrees``, by site.

    ``channels`` per irrep are kept for the products. With ``shuffle``, every target is the one of
    another frame at a random orientation: the control that must recover nothing.
    """

    def products(site: int) -> Callable[[int], Array]:
        features = {name: values[:, site, None] for name, values in samples.features.items()}
        if channels is not None:
            features = reduce_features(features, channels, samples.fit)
        return lambda ell: coupled_products(features, 0, degree, ell)

    if shuffle is None:
        return fit_sites(samples, degrees, products)
    frames = len(samples.vectors)
    turns = random_rotations(frames, shuffle)
    vectors = np.einsum("nab,nib->nia", turns, samples.vectors[shuffle.permutation(frames)])
    return fit_sites(replace(samples, vectors=vectors), degrees, products)


def fit_sites(
    samples: Samples, degrees: int, columns: Callable[[int], Callable[[int], Array]]
) -> Recovery:
    """Squared errors of y_ℓ(û), ℓ = 1..``degrees``, and the force error, fitted site by site.

    The fits are linear in ``columns(site)(ℓ)``, (frames, weights, 2ℓ+1), which transform with
    degree ℓ; those of ℓ = 1 serve the error. What a site needs for every ℓ is prepared once, by
    ``columns(site)``. Raises ValueError for ``degrees`` < 1.
    """
    if degrees < 1:
        raise ValueError(f"degrees must be ≥ 1, got {degrees}")
    held = samples.held
    truth = unit_harmonics(degrees, samples.vectors)

    def squares(values: Array) -> Array:
        result: Array = (values[held] ** 2).sum(axis=1)
        return result

    def at(site: int) -> tuple[list[Array], Array, Array, list[int]]:
        of_degree = columns(site)
        field, weights = [], []
        for ell in range(1, degrees + 1):
            target, basis = truth[ell][:, site], of_degree(ell)
            fitted = fit_ridge(basis, target, samples.fit)
            weights.append(fitted.weights)
            field.append(squares(target - fitted.prediction))
            if ell == 1:
                error = samples.errors[:, site]
                predicted = fit_ridge(basis, error, samples.fit).prediction
                after, spurious = squares(error - predicted), squares(predicted)
        return field, after, spurious, weights

    fields, after, spurious, counts = zip(
        *side_by_side(at, range(samples.vectors.shape[1])), strict=True
    )
    return Recovery(
        field=np.array(fields).swapaxes(0, 1),
        before=(samples.errors[held] ** 2).sum(axis=2).T,
        after=np.array(after),
        spurious=np.array(spurious),
        weights=tuple(max(of_ell) for of_ell in zip(*counts, strict=True)),
    )


def measure_pooled(
    samples: Samples, degree: int, degrees: int, channels: int | None = None
) -> Recovery:
    """As :func:`measure`, with one set of weights for all sites together."""
    if degrees < 1:
        raise ValueError(f"degrees must be ≥ 1, got {degrees}")
    features = samples.features
    if channels is not None:
        features = reduce_features(features, channels, samples.fit)
    truth = unit_harmonics(degrees, samples.vectors)
    held = samples.held

    def fit(ell: int, targets: Array) -> RidgeFit:
        return fit_shared(
            lambda site: coupled_products(features, site, degree, ell), targets, samples.fit
        )

    def of(ell: int) -> tuple[Array, int]:
        fitted = fit(ell, truth[ell])
        return ((fitted.prediction - truth[ell])[held] ** 2).sum(axis=2).T, fitted.weights

    field, weights = zip(*side_by_side(of, range(1, degrees + 1)), strict=True)
    predicted = fit(1, samples.errors).prediction[held]
    errors = samples.errors[held]
    return Recovery(
        field=np.array(field),
        before=(errors**2).sum(axis=2).T,
        after=((errors - predicted) ** 2).sum(axis=2).T,
        spurious=(predicted**2).sum(axis=2).T,
        weights=weights,
    )


def rigid_body(samples: Samples, degrees: int) -> Array:
    """|y − p_y|² (ℓ, sites, frames) where p knows only the best-fit rigid orientation of a frame.

    The best such prediction is D(Q_n) times the mean, over the fitted frames, of the harmonics in
    the frame of the molecule. It bounds what mere orientation explains at any ℓ, without ceiling.
    """
    rotations = best_rotations(samples.positions, samples.positions[0])
    matrices, targets = wigner_upto(degrees, rotations), unit_harmonics(degrees, samples.vectors)
    result = []
    for matrix, target in zip(matrices[1:], targets[1:], strict=True):
        local = np.einsum("nkm,nik->nim", matrix, target)
        mean = local[samples.fit].mean(axis=0)
        predicted = np.einsum("nkm,im->nik", matrix, mean)
        result.append(((target - predicted)[samples.held] ** 2).sum(axis=2).T)
    return np.array(result)
