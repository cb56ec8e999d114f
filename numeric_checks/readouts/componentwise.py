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
from numeric_checks.readouts.channels import reduce_channels
from numeric_checks.readouts.monomials import monomials
from numeric_checks.readouts.projection import explained_share, orthonormal_columns
from numeric_checks.readouts.ridge import PENALTIES, Moments, inner_count, solve_ridge
from numeric_checks.readouts.samples import Sites
from numeric_checks.rotations.quadrature import rotation_quadrature
from numeric_checks.rotations.sampling import random_rotations
from numeric_checks.rotations.wigner import unit_harmonics, wigner_upto
from span_theorem.irreps import Irrep

__all__ = ["ComponentFit", "componentwise", "over_quadrature"]

Array = NDArray[np.float64]
Expand = Callable[[Array], Array]


@dataclass(frozen=True)
class ComponentFit:
    """``field`` (ℓ, sites, held frames) |y − p|², averaged over the orientations of a frame.

    ``weights`` per site, fitted to ``samples`` rotated frames.
    """

    field: Array
    weights: int
    samples: int


@dataclass(frozen=True)
class _Turned:
    """Frames of some sites, each at rotations of its own: sample k is ``index[k]`` turned by R_k.

    Consecutive ``repeat`` samples are of one frame; ``wigner`` holds D(R_k) by irrep.
    """

    sites: Sites
    index: NDArray[np.int64]
    rotations: Array
    wigner: dict[str, Array]
    repeat: int

    @classmethod
    def of(
        cls, sites: Sites, index: NDArray[np.int64], rotations: Array, repeat: int = 1
    ) -> _Turned:
        degrees = {name: Irrep.parse(name).l for name in sites.features}
        matrices = wigner_upto(max(degrees.values(), default=0), rotations)
        wigner = {name: matrices[l] for name, l in degrees.items()}
        return cls(sites, index, rotations, wigner, repeat)

    @classmethod
    def at_random(
        cls,
        sites: Sites,
        frames: NDArray[np.int64],
        repeat: int,
        max_angle: float,
        rng: np.random.Generator,
    ) -> _Turned:
        index = np.repeat(frames, repeat)
        if max_angle == 0:
            turns: Array = np.broadcast_to(np.eye(3), (len(index), 3, 3))
        else:
            turns = random_rotations(len(index), rng, max_angle)
        return cls.of(sites, index, turns, repeat)

    def components(self, site: int, channels: int) -> Array:
        """The feature components of a site, (samples, …), at most ``channels`` per irrep."""
        parts = []
        for name, values in self.sites.features.items():
            kept = reduce_channels(values[:, site], channels, self.sites.fit)[self.index]
            turned = kept @ self.wigner[name].transpose(0, 2, 1)
            parts.append(turned.reshape(len(self.index), -1))
        return np.concatenate(parts, axis=1)

    def targets(self, site: int, degrees: int) -> list[Array]:
        """y_1 … y_degrees of the turned directions of a site, (samples, 2ℓ+1) each."""
        vectors = np.einsum("nab,nb->na", self.rotations, self.sites.vectors[self.index, site])
        return unit_harmonics(degrees, vectors)[1:]


def componentwise(
    samples: Sites,
    degree: int,
    degrees: int,
    channels: int,
    orientations: int,
    rng: np.random.Generator,
    max_angle: float = np.pi,
    sites: Sequence[int] | None = None,
    expand: Expand | None = None,
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
    chosen = range(samples.vectors.shape[1]) if sites is None else sites
    if not len(chosen):
        raise ValueError("at least one site must be named, got none")
    if degrees < 1:
        raise ValueError(f"degrees must be ≥ 1, got {degrees}")
    repeats = (orientations, max(2, orientations // 5)) if max_angle else (1, 1)
    fit, held = (
        _Turned.at_random(samples, frames, repeat, max_angle, rng)
        for frames, repeat in zip((samples.fit, samples.held), repeats, strict=True)
    )
    basis = expand or (lambda components: monomials(components, degree))

    def at(site: int) -> tuple[Array, int]:
        return _fit_site(fit, held, site, degrees, channels, basis, penalties)

    fields, counts = zip(*side_by_side(at, chosen), strict=True)
    return ComponentFit(np.array(fields).swapaxes(0, 1), counts[-1], len(fit.index))


def _fit_site(
    fit: _Turned,
    held: _Turned,
    site: int,
    degrees: int,
    channels: int,
    basis: Expand,
    penalties: Sequence[float],
) -> tuple[Array, int]:
    """Squared errors (ℓ, held frames) of one site, and the number of weights."""
    matrix = basis(fit.components(site, channels))
    if len(matrix) <= matrix.shape[1]:
        raise ValueError(
            f"{len(matrix)} samples are too few for {matrix.shape[1]} weights: take more "
            "frames or orientations, or fewer channels"
        )
    targets = fit.targets(site, degrees)
    starts = np.cumsum([0] + [t.shape[1] for t in targets])[:-1].tolist()
    target = np.concatenate(targets, axis=1)
    cut = inner_count(len(fit.sites.fit)) * fit.repeat
    inner, outer = (
        Moments.of(matrix[part], target[part]) for part in (slice(cut), slice(cut, None))
    )
    weights, _ = solve_ridge(inner, outer, penalties, starts)
    predicted = basis(held.components(site, channels)) @ weights
    truth = np.concatenate(held.targets(site, degrees), axis=1)
    of_degree = np.add.reduceat((predicted - truth) ** 2, starts, axis=1)
    field: Array = of_degree.T.reshape(degrees, -1, held.repeat).mean(axis=2)
    return field, matrix.shape[1]


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
    # Exact for the products of two readouts as well as of a readout and a target.
    turns, weights = rotation_quadrature(degree * L + max(degrees, degree * L))
    chosen = samples.held[:frames]
    turned = _Turned.of(samples, np.repeat(chosen, len(turns)), np.tile(turns, (len(chosen), 1, 1)))
    root = np.sqrt(np.tile(weights, len(chosen)))[:, None]
    matrix = root * monomials(turned.components(site, channels), degree)
    length = np.linalg.norm(matrix, axis=0)
    basis = orthonormal_columns(matrix / np.where(length > 0, length, 1.0))
    return [explained_share(basis, root * target) for target in turned.targets(site, degrees)]
