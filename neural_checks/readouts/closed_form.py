"""The closed form of T5: how much of an injected field an equivariant readout recovers.

Everything here is the expectation over Haar-random orientation and over patterns c, in closed form:
the error e of the backbone's force and the injected field are then uncorrelated, a readout of
the residual is the sum of its best parts for each, and it is enough to fit y_ℓ(û) and e
equivariantly (T5). Per held-out frame and site, in units of (ε F_rms)²:

    |r|² = |e|² + 1,   |r − p|² = |e − p_e|² + |y − p_y|²,   |ΔF − p|² = |y − p_y|² + |p_e|².
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from neural_checks.readouts.recovery import Recovery
from neural_checks.readouts.samples import Samples
from numeric_checks.parallel import side_by_side
from numeric_checks.readouts.channels import reduce_features
from numeric_checks.readouts.products import coupled_products
from numeric_checks.readouts.ridge import GUARDED, RidgeFit, fit_ridge, fit_shared
from numeric_checks.rotations.sampling import random_rotations
from numeric_checks.rotations.wigner import unit_harmonics

__all__ = ["Parity", "fit_sites", "measure", "measure_pooled", "measure_within"]

Array = NDArray[np.float64]
Parity = Literal["natural", "any"]


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


def measure_within(
    samples: Samples,
    degree: int,
    degrees: int,
    most_weights: int,
    channels: int | None = None,
    parity: Parity = "natural",
) -> Recovery:
    """As :func:`measure`, with no more weights than the frames bear.

    For every site and ℓ the fit is tried with ``channels`` per irrep (all, where None), half of
    them, a quarter and so on to one. What has more than ``most_weights`` weights is not fitted,
    unless one channel has. Of the others the one with the least error on the frames that choose
    the penalty is taken; none is worse there than a prediction of zero. ``parity`` is that of
    :func:`numeric_checks.readouts.products.coupled_products`.
    """
    most = max(values.shape[2] for values in samples.features.values())
    ladder = [most if channels is None else min(channels, most)]
    while ladder[-1] > 1:
        ladder.append(ladder[-1] // 2)

    def fits(site: int) -> _Fits:
        features = {name: values[:, site, None] for name, values in samples.features.items()}
        levels = []
        for count in ladder:
            features = reduce_features(features, count, samples.fit)
            levels.append(features)

        def at(ell: int, targets: Sequence[Array]) -> list[RidgeFit]:
            best: list[RidgeFit] = []
            for features in reversed(levels):
                columns = coupled_products(features, 0, degree, ell, parity)
                if best and columns.shape[1] > most_weights:
                    break
                found = [fit_ridge(columns, target, samples.fit, GUARDED) for target in targets]
                pairs = zip(best or found, found, strict=True)
                best = [new if new.error < old.error else old for old, new in pairs]
            return best

        return at

    return _fit_sites(samples, degrees, fits)


def fit_sites(
    samples: Samples, degrees: int, columns: Callable[[int], Callable[[int], Array]]
) -> Recovery:
    """Squared errors of y_ℓ(û), ℓ = 1..``degrees``, and the force error, fitted site by site.

    The fits are linear in ``columns(site)(ℓ)``, (frames, weights, 2ℓ+1), which transform with
    degree ℓ; those of ℓ = 1 serve the error. What a site needs for every ℓ is prepared once, by
    ``columns(site)``. Raises ValueError for ``degrees`` < 1.
    """

    def fits(site: int) -> _Fits:
        of_degree = columns(site)

        def at(ell: int, targets: Sequence[Array]) -> list[RidgeFit]:
            basis = of_degree(ell)
            return [fit_ridge(basis, target, samples.fit, GUARDED) for target in targets]

        return at

    return _fit_sites(samples, degrees, fits)


#: What fits targets (frames, 2ℓ+1) of degree ℓ at one site.
_Fits = Callable[[int, Sequence[Array]], list[RidgeFit]]


def _fit_sites(samples: Samples, degrees: int, fits: Callable[[int], _Fits]) -> Recovery:
    """The recovery of ``fits(site)(ℓ, targets)``; errors that are all zero are not fitted."""
    if degrees < 1:
        raise ValueError(f"degrees must be ≥ 1, got {degrees}")
    held = samples.held
    truth = unit_harmonics(degrees, samples.vectors)
    with_errors = bool(samples.errors.any())

    def squares(values: Array) -> Array:
        result: Array = (values[held] ** 2).sum(axis=1)
        return result

    def at(site: int) -> tuple[list[Array], Array, Array, list[int]]:
        fit, field, weights = fits(site), [], []
        error = samples.errors[:, site]
        predicted = np.zeros_like(error)
        for ell in range(1, degrees + 1):
            target = truth[ell][:, site]
            found = fit(ell, (target, error) if ell == 1 and with_errors else (target,))
            weights.append(found[0].weights)
            field.append(squares(target - found[0].prediction))
            if len(found) > 1:
                predicted = found[1].prediction
        return field, squares(error - predicted), squares(predicted), weights

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
            lambda site: coupled_products(features, site, degree, ell),
            targets,
            samples.fit,
            GUARDED,
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
