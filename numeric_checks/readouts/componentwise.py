"""Component-wise polynomial readouts under sampled rotations: nothing equivariant is assumed.

Ridge regression on all monomials of degree ≤ d_r in the feature components of an atom, over frames
at Haar-random orientations. It knows no Clebsch–Gordan coefficient, so that its R² above dL is a
measurement: about −weights/samples for a finite sample, 0 over an exact quadrature (T6).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from numeric_checks.parallel import side_by_side
from numeric_checks.readouts.products import PENALTIES, Sites, monomials, reduce_channels
from numeric_checks.rotations.quadrature import rotation_quadrature
from numeric_checks.rotations.sampling import random_rotations
from numeric_checks.rotations.wigner import unit_harmonics, wigner_upto
from span_theorem.irreps import Irrep

__all__ = ["ComponentFit", "componentwise", "over_quadrature"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ComponentFit:
    """``field`` (ℓ, sites, held frames) |y − p|², averaged over the orientations of a frame."""

    field: Array
    weights: int
    samples: int


def _matrices(samples: Sites, rotations: Array) -> dict[str, Array]:
    """Wigner matrices of the rotations for every irrep of the features."""
    degrees = {name: Irrep.parse(name).l for name in samples.features}
    matrices = wigner_upto(max(degrees.values(), default=0), rotations)
    return {name: matrices[l] for name, l in degrees.items()}


def _columns(
    samples: Sites, site: int, channels: int, matrices: dict[str, Array], index: Array
) -> Array:
    """Components (samples, …) of one site's features, frame ``index[k]`` turned by rotation k."""
    parts = []
    for name, values in samples.features.items():
        kept = reduce_channels(values[:, site], channels, samples.fit)[index]
        parts.append((kept @ matrices[name].transpose(0, 2, 1)).reshape(len(index), -1))
    return np.concatenate(parts, axis=1)


def componentwise(
    samples: Sites,
    degree: int,
    degrees: int,
    channels: int,
    orientations: int,
    rng: np.random.Generator,
    max_angle: float = np.pi,
    sites: Sequence[int] | None = None,
    expand: Callable[[Array], Array] | None = None,
    penalties: Sequence[float] = PENALTIES,
) -> ComponentFit:
    """Fit every component of y_ℓ, ℓ = 1..``degrees``, for every site (or those named).

    Each frame is used at ``orientations`` Haar-random orientations (a fifth as many, at least two,
    when held out). ``max_angle`` limits the turn from the stored orientation, and 0 uses every
    frame once as it is stored: the control in which the degrees are not orthogonal. The penalty is
    chosen per ℓ on the last fifth of the fitted frames. ``expand`` maps components (samples, k) to
    the columns (samples, weights) that are fitted, and takes the place of the monomials of degree
    ≤ ``degree``.

    Raises:
        ValueError: no more samples than weights, no site or no degree asked for.
    """

    def columns(site: int, wigner: dict[str, Array], index: Array) -> Array:
        components = _columns(samples, site, channels, wigner, index)
        return monomials(components, degree) if expand is None else expand(components)

    chosen = range(samples.vectors.shape[1]) if sites is None else sites
    if not len(chosen) or degrees < 1:
        raise ValueError(f"sites must be some and degrees ≥ 1, got {list(chosen)} and {degrees}")
    stored = max_angle == 0
    repeats = (1, 1) if stored else (orientations, max(2, orientations // 5))
    sets = []
    for frames, repeat in zip((samples.fit, samples.held), repeats, strict=True):
        index = np.repeat(frames, repeat)
        turns = (
            np.broadcast_to(np.eye(3), (len(index), 3, 3))
            if stored
            else random_rotations(len(index), rng, max_angle)
        )
        sets.append((index, turns, _matrices(samples, turns)))
    (fit_index, fit_turns, fit_wigner), (held_index, held_turns, held_wigner) = sets
    cut = (4 * len(samples.fit)) // 5 * repeats[0]

    def at(site: int) -> tuple[list[Array], int]:
        matrix = columns(site, fit_wigner, fit_index)
        if len(matrix) <= matrix.shape[1]:
            raise ValueError(
                f"{len(matrix)} samples are too few for {matrix.shape[1]} weights: take more "
                "frames or orientations, or fewer channels"
            )
        scale = np.sqrt((matrix**2).mean(axis=0))
        scale[scale == 0] = 1.0
        matrix /= scale
        weights = matrix.shape[1]
        turned = np.einsum("nab,nb->na", fit_turns, samples.vectors[fit_index, site])
        targets = unit_harmonics(degrees, turned)[1:]
        starts = np.cumsum([0] + [t.shape[1] for t in targets])
        target = np.concatenate(targets, axis=1)
        inner_gram, inner_right = matrix[:cut].T @ matrix[:cut], matrix[:cut].T @ target[:cut]
        gram = inner_gram + matrix[cut:].T @ matrix[cut:]
        right = inner_right + matrix[cut:].T @ target[cut:]
        errors, solutions = [], []
        for penalty in penalties:
            weight = np.linalg.solve(inner_gram + penalty * cut * np.eye(weights), inner_right)
            wrong = ((matrix[cut:] @ weight - target[cut:]) ** 2).sum(axis=0)
            errors.append(np.add.reduceat(wrong, starts[:-1]))
            solutions.append(np.linalg.solve(gram + penalty * len(matrix) * np.eye(weights), right))
        best = np.argmin(errors, axis=0)
        test = columns(site, held_wigner, held_index) / scale
        turned = np.einsum("nab,nb->na", held_turns, samples.vectors[held_index, site])
        truth = unit_harmonics(degrees, turned)
        field = []
        for ell in range(1, degrees + 1):
            part = slice(starts[ell - 1], starts[ell])
            wrong = test @ solutions[best[ell - 1]][:, part] - truth[ell]
            of_frames = (wrong**2).sum(axis=1).reshape(len(samples.held), repeats[1])
            field.append(of_frames.mean(axis=1))
        return field, weights

    fields, counts = zip(*side_by_side(at, chosen), strict=True)
    return ComponentFit(np.array(fields).swapaxes(0, 1), counts[-1], len(fit_index))


def over_quadrature(
    samples: Sites,
    degree: int,
    L: int,
    degrees: int,
    channels: int,
    site: int = 0,
    frames: int = 1,
) -> list[float]:
    """R² by ℓ of one component-wise least-squares fit to frames over an exact SO(3) quadrature.

    In-sample over the first ``frames`` held-out frames, so that where the readout can represent the
    target at all the value is high, and above dL it is 0 to rounding (T6).
    """
    chosen = samples.held[:frames]
    # Exact for the products of two readouts as well as of a readout and a target.
    turns, weights = rotation_quadrature(degree * L + max(degrees, degree * L))
    wigner = _matrices(samples, turns)
    stacked = [
        monomials(_columns(samples, site, channels, wigner, np.full(len(turns), frame)), degree)
        for frame in chosen
    ]
    root = np.sqrt(np.tile(weights, len(chosen)))[:, None]
    matrix = root * np.concatenate(stacked)
    length = np.linalg.norm(matrix, axis=0)
    matrix /= np.where(length > 0, length, 1.0)
    basis, singular, _ = np.linalg.svd(matrix, full_matrices=False)
    basis = basis[:, singular > 1e-10 * singular[0]]
    turned = np.concatenate([turns @ samples.vectors[frame, site] for frame in chosen])
    truth = unit_harmonics(degrees, turned)
    result = []
    for ell in range(1, degrees + 1):
        target = root * truth[ell]
        result.append(float(((basis.T @ target) ** 2).sum() / (target**2).sum()))
    return result
