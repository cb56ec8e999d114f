"""The ceiling of polynomial readouts, observed on random equivariant features (T4, T5, T6).

A target that transforms as degree ℓ, the harmonics y_ℓ(û) of a marked direction, is read from
random equivariant features of degree ≤ L by polynomials of degree ≤ d, in four ways:

- *equivariant*: the closed form of T5, fitted to some frames and tried on others;
- *component-wise over an exact quadrature*: least squares on all monomials of the components, at
  the rotations of a rule that is exact for every product that occurs. Above dL its R² is zero to
  rounding (T4, T6), and everywhere it equals that of the equivariant form on the same frames (T5);
- *component-wise at random rotations*, tried on fresh ones: about -P/N above dL for P weights and N
  samples, because a finite sample is orthogonal only in expectation (T6);
- *not polynomial*: a layer of random SiLU units of the same components under the same protocol. The
  information is there, so this control must pass the boundary.

Nothing here proves anything: it *observes* numerically what T4–T6 state.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import NDArray

from numeric_checks.ceiling.random_features import STREAMS, random_sites
from numeric_checks.ceiling.result import Ceiling, CeilingRow, failures_of, missing_controls
from numeric_checks.costs import check_memory
from numeric_checks.readouts.componentwise import ComponentFit, componentwise, over_quadrature
from numeric_checks.readouts.products import coupled_products
from numeric_checks.readouts.projection import explained_share, orthonormal_columns
from numeric_checks.readouts.ridge import fit_ridge
from numeric_checks.readouts.samples import Sites
from numeric_checks.rotations.wigner import unit_harmonics
from numeric_checks.seeds import streams
from span_theorem.arguments import natural, within
from span_theorem.irreps import Irreps
from span_theorem.span import boundary

__all__ = ["IRREPS", "observe_ceiling"]

Array = NDArray[np.float64]

IRREPS = "4x0e+4x1o+5x2e"

_MAX_WEIGHTS = 2500  # a Gram matrix of seconds, and 1 GB of monomials
_HELD = 100  # held-out frames
_EXACT_FRAMES = 4  # fitted at once over the quadrature
_UNITS = 1000  # random units of the readout that is not polynomial
_JITTER = 0.01
_SAMPLES_PER_WEIGHT = 20


@dataclass(frozen=True)
class _Case:
    """The arguments of an observation, checked and completed."""

    irreps: Irreps
    d: int
    ell_max: int
    claim: int
    seed: int
    atoms: int
    frames: int
    orientations: int

    @property
    def weights(self) -> int:
        return comb(self.irreps.dim + self.d, self.d)

    @property
    def channels(self) -> int:
        """The largest multiplicity: no channel is left out."""
        return max(mul for mul, _ in self.irreps.simplify())


def observe_ceiling(
    irreps: str | Irreps = IRREPS,
    d: int = 2,
    ell_max: int | None = None,
    claim: int | None = None,
    seed: int = 0,
    atoms: int = 5,
    frames: int = 300,
    orientations: int | None = None,
) -> Ceiling:
    """Read targets of every degree ℓ ≤ ``ell_max`` from random features, and compare with dL.

    Args:
        irreps: of the features, e.g. ``"4x0e+4x1o+5x2e"``, of either parity or none.
        d: degree of the polynomials, 1 to 3.
        ell_max: largest target degree, above ``claim``; by default two above the larger of dL
            and ``claim``.
        claim: the boundary that is to be observed, ≥ 0; by default dL, L the largest degree of the
            features.
        seed: integer ≥ 0, of the molecule, the features, the rotations and the random units.
        atoms: number of atoms, 3 to 100.
        frames: configurations to fit, ≥ 10; 100 more are held out.
        orientations: random rotations of every frame fitted; by default enough for 20 samples per
            weight.

    Raises:
        TypeError, ValueError: an argument out of range, more than 2,500 monomials, fewer samples
            than weights, or a case that would need more than 16 GiB.

    >>> seen = observe_ceiling("2x0e+3x1o", d=1, seed=3)
    >>> seen.verdict, [row.exact > 1e-12 for row in seen.rows]
    ('observed', [True, False, False])
    """
    start = time.perf_counter()
    case = _checked(irreps, d, ell_max, claim, seed, atoms, frames, orientations)
    sites = random_sites(case.irreps, case.frames, _HELD, case.atoms, _JITTER, case.seed)
    polynomial, other = _at_random_rotations(sites, case)
    rows = _rows(sites, case, polynomial, other)
    top = boundary(case.irreps.lmax, case.d)
    return Ceiling(
        irreps=str(case.irreps),
        L=case.irreps.lmax,
        d=case.d,
        claim=case.claim,
        seed=case.seed,
        atoms=case.atoms,
        fit_frames=case.frames,
        held_frames=_HELD,
        exact_frames=_EXACT_FRAMES,
        orientations=case.orientations,
        weights=polynomial.weights,
        samples=polynomial.samples,
        rows=rows,
        failures=failures_of(rows, top, case.claim),
        doubts=missing_controls(rows, case.irreps.lmax, top, case.claim),
        seconds=time.perf_counter() - start,
    )


def _checked(
    irreps: str | Irreps,
    d: int,
    ell_max: int | None,
    claim: int | None,
    seed: int,
    atoms: int,
    frames: int,
    orientations: int | None,
) -> _Case:
    read = Irreps.parse(irreps) if isinstance(irreps, str) else irreps
    if not len(read):
        raise ValueError("irreps must name at least one irrep, got none")
    d = within("d", d, 1, 3)
    if natural("frames", frames) < 10:
        raise ValueError(f"frames must be an integer ≥ 10, got {frames}")
    weights = comb(read.dim + d, d)
    if weights > _MAX_WEIGHTS:
        raise ValueError(
            f"{read} has {weights} monomials of degree ≤ {d}; at most {_MAX_WEIGHTS}: "
            "take fewer channels"
        )
    top = boundary(read.lmax, d)
    claim = top if claim is None else natural("claim", claim)
    ell_max = max(top, claim) + 2 if ell_max is None else natural("ell_max", ell_max)
    if ell_max <= claim:
        raise ValueError(f"ell_max must be above the boundary {claim}, got {ell_max}")
    if orientations is None:
        orientations = -(-_SAMPLES_PER_WEIGHT * max(weights, _UNITS + 1) // frames)
    elif natural("orientations", orientations) == 0:
        raise ValueError("orientations must be an integer ≥ 1, got 0")
    case = _Case(
        read, d, ell_max, claim, natural("seed", seed), within("atoms", atoms, 3, 100), frames,
        orientations,
    )  # fmt: skip
    _check_memory(case)
    return case


def _check_memory(case: _Case) -> None:
    """Columns at random rotations, and over the quadrature with their singular vectors."""
    columns = max(case.weights, _UNITS + 1)
    degree = boundary(case.irreps.lmax, case.d)
    degree += max(degree, case.ell_max)
    nodes = (degree // 2 + 1) * (degree + 1) ** 2
    pairs = case.atoms * (case.atoms - 1) // 2
    harmonics = (max(case.ell_max, case.irreps.lmax) + 1) ** 2
    check_memory(
        f"{case.frames} frames of {case.atoms} atoms at {case.orientations} orientations",
        8 * case.frames * (2 * case.orientations * (columns + harmonics) + pairs * harmonics),
    )
    check_memory(
        f"a quadrature of degree {degree}, for targets up to ℓ = {case.ell_max},",
        8 * _EXACT_FRAMES * nodes * (3 * case.weights + harmonics),
    )


def _at_random_rotations(sites: Sites, case: _Case) -> tuple[ComponentFit, ComponentFit]:
    """The component-wise polynomial, and the readout that is not polynomial."""
    rng = streams(case.seed, *STREAMS, "rotations", "units")
    units = _random_units(case.irreps.dim, rng["units"])
    common = (sites, case.d, case.ell_max, case.channels, case.orientations, rng["rotations"])
    # One small penalty: what is left above dL is then the finite sample, not the ridge.
    return componentwise(*common, penalties=(1e-12,)), componentwise(*common, expand=units)


def _random_units(components: int, rng: np.random.Generator) -> Callable[[Array], Array]:
    """A layer of SiLU units with fixed random weights, and the constant."""
    weights = 2 * rng.standard_normal((components, _UNITS)) / np.sqrt(components)
    bias = rng.standard_normal(_UNITS)

    def expand(values: Array) -> Array:
        inner = values @ weights + bias
        # x·sigmoid(x), written with tanh, which cannot overflow.
        return np.hstack([np.ones((len(values), 1)), inner * (1 + np.tanh(inner / 2)) / 2])

    return expand


def _rows(
    sites: Sites, case: _Case, polynomial: ComponentFit, other: ComponentFit
) -> tuple[CeilingRow, ...]:
    truth = unit_harmonics(case.ell_max, sites.vectors[:, 0])
    exact = over_quadrature(
        sites, case.d, case.irreps.lmax, case.ell_max, case.channels, frames=_EXACT_FRAMES
    )
    some = sites.held[:_EXACT_FRAMES]
    columns = zip(*_held_out(polynomial), *_held_out(other), strict=True)
    rows = []
    for ell, (random, random_error, free, free_error) in enumerate(columns, start=1):
        products = coupled_products(sites.features, 0, case.d, ell, parity="any")
        wrong = fit_ridge(products, truth[ell], sites.fit).prediction - truth[ell]
        rows.append(
            CeilingRow(
                ell=ell,
                equivariant=1 - float((wrong[sites.held] ** 2).sum()) / _HELD,
                exact=exact[ell - 1],
                exact_equivariant=_projected(products[some], truth[ell][some]),
                random=float(random),
                random_error=float(random_error),
                nonpolynomial=float(free),
                nonpolynomial_error=float(free_error),
            )
        )
    return tuple(rows)


def _held_out(fit: ComponentFit) -> tuple[Array, Array]:
    """R² and one standard error by ℓ; the targets have length one."""
    errors = fit.field[:, 0]
    return 1 - errors.mean(axis=1), errors.std(axis=1, ddof=1) / np.sqrt(errors.shape[1])


def _projected(columns: Array, target: Array) -> float:
    """In-sample R² of ``target`` (frames, k) on ``columns`` (frames, weights, k)."""
    if columns.shape[1] == 0:
        return 0.0
    matrix = columns.transpose(0, 2, 1).reshape(-1, columns.shape[1])
    basis = orthonormal_columns(matrix / np.linalg.norm(matrix, axis=0))
    return explained_share(basis, target.ravel())
