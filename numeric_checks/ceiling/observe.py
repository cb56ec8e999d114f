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
Command line: ``python -m numeric_checks.ceiling``; exit codes: 0 observed, 2 bad usage or input,
3 not observed.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from numeric_checks.ceiling.random_features import random_sites
from numeric_checks.command import run_check
from numeric_checks.figures import COLORS, subplots
from numeric_checks.provenance import versions
from numeric_checks.readouts.componentwise import ComponentFit, componentwise, over_quadrature
from numeric_checks.readouts.products import coupled_products
from numeric_checks.readouts.ridge import fit_ridge
from numeric_checks.rotations.wigner import unit_harmonics
from span_theorem import command
from span_theorem.arguments import natural
from span_theorem.irreps import Irreps
from span_theorem.span import boundary

__all__ = ["Ceiling", "Row", "main", "observe_ceiling"]

Array = NDArray[np.float64]

EXIT_CODES = {"observed": command.Exit.OK, "not observed": command.Exit.REFUTED}

IRREPS = "4x0e+4x1o+5x2e"
ROUNDING = 1e-12
"""Largest R² that counts as zero over the quadrature, and largest difference that T5 allows."""
REACHED = 1e-6
"""R² over the quadrature above which a degree counts as reached, however poor the features."""

_MAX_WEIGHTS = 2500  # a Gram matrix of seconds, and 1 GB of monomials
_HELD = 100  # held-out frames
_EXACT_FRAMES = 4  # fitted at once over the quadrature
_UNITS = 1000  # random units of the readout that is not polynomial
_JITTER = 0.01
_CONTROL = 0.01  # R² that the readout which is not polynomial must show above the boundary


@dataclass(frozen=True, slots=True)
class Row:
    """R² of the best readouts of one target degree ℓ.

    Attributes:
        ell: degree of the target.
        equivariant: closed form, held-out frames.
        exact: component-wise over the quadrature, in sample.
        exact_equivariant: equivariant form on the same frames, in sample; T5 says it equals
            ``exact``.
        random, random_error: component-wise, held-out frames at random rotations, and one standard
            error over these frames.
        free, free_error: the readout that is not polynomial, likewise.
    """

    ell: int
    equivariant: float
    exact: float
    exact_equivariant: float
    random: float
    random_error: float
    free: float
    free_error: float


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What was observed: one row per ℓ, and whether all of it is as claimed.

    ``failures`` says in words what is not; the verdict is ``"observed"`` where it is empty.
    ``weights`` and ``samples`` are P and N of the component-wise fit at random rotations.
    """

    irreps: str
    L: int
    d: int
    claim: int
    seed: int
    atoms: int
    fit_frames: int
    held_frames: int
    orientations: int
    weights: int
    samples: int
    rows: tuple[Row, ...]
    failures: tuple[str, ...]
    seconds: float

    @property
    def verdict(self) -> str:
        """``"observed"`` or ``"not observed"``."""
        return "not observed" if self.failures else "observed"

    @property
    def text(self) -> str:
        """One line for a reader."""
        above = max((row.exact for row in self.rows if row.ell > self.claim), default=0.0)
        return (
            f"R² above ℓ = {self.claim} at most {above:.0e} over an exact quadrature "
            f"(irreps {self.irreps}, d = {self.d}, seed {self.seed}): {self.verdict}"
            + "".join(f"\n  {reason}" for reason in self.failures)
        )

    def as_dict(self) -> dict[str, Any]:
        """The content as JSON types, with verdict, text and versions."""
        content = asdict(self)
        content["rows"] = [asdict(row) for row in self.rows]
        return {"text": self.text, "verdict": self.verdict} | content | {"versions": versions()}


def _projected(columns: Array, target: Array) -> float:
    """In-sample R² of ``target`` (frames, k) on ``columns`` (frames, weights, k)."""
    if columns.shape[1] == 0:
        return 0.0
    matrix = columns.transpose(0, 2, 1).reshape(-1, columns.shape[1])
    basis, singular, _ = np.linalg.svd(matrix / np.linalg.norm(matrix, axis=0), full_matrices=False)
    basis = basis[:, singular > 1e-10 * singular[0]]
    return float(((basis.T @ target.ravel()) ** 2).sum() / (target**2).sum())


def _random_units(components: int, rng: np.random.Generator) -> Any:
    """A layer of SiLU units with fixed random weights, and the constant."""
    weights = 2 * rng.standard_normal((components, _UNITS)) / np.sqrt(components)
    bias = rng.standard_normal(_UNITS)

    def expand(values: Array) -> Array:
        inner = values @ weights + bias
        # x·sigmoid(x), written with tanh, which cannot overflow.
        return np.hstack([np.ones((len(values), 1)), inner * (1 + np.tanh(inner / 2)) / 2])

    return expand


def _held_out(fit: ComponentFit) -> tuple[Array, Array]:
    """R² and one standard error by ℓ; the targets have length one."""
    errors = fit.field[:, 0]
    return 1 - errors.mean(axis=1), errors.std(axis=1, ddof=1) / np.sqrt(errors.shape[1])


def _failures(rows: Sequence[Row], L: int, claim: int) -> tuple[str, ...]:
    found = []
    for row in rows:
        at = f"ℓ = {row.ell}:"
        if abs(row.exact - row.exact_equivariant) > ROUNDING:
            found.append(
                f"{at} component-wise R² {row.exact:.12f} over the quadrature is not that of the "
                f"equivariant form, {row.exact_equivariant:.12f}"
            )
        if row.ell > claim:
            if row.exact > ROUNDING:
                found.append(f"{at} R² {row.exact:.1e} over the quadrature, above ℓ = {claim}")
            if row.equivariant > ROUNDING:
                found.append(f"{at} R² {row.equivariant:.1e} in closed form, above ℓ = {claim}")
            if row.random > 3 * row.random_error:
                found.append(f"{at} R² {row.random:.3f} at random rotations, above ℓ = {claim}")
        if row.ell == claim and row.exact < REACHED:
            found.append(f"{at} R² {row.exact:.1e} over the quadrature: ℓ = {claim} is not reached")
        # Invariants alone (L = 0) know no orientation, whatever is done with them.
        if L and row.ell == claim + 1 and row.free < max(_CONTROL, 3 * row.free_error):
            found.append(f"{at} R² {row.free:.3f} where no polynomial is fitted: no control")
    return tuple(found)


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
        atoms: number of atoms, ≥ 3.
        frames: configurations to fit, ≥ 10; 100 more are held out.
        orientations: random rotations of every frame fitted; by default enough for 20 samples per
            weight.

    Raises:
        TypeError, ValueError: an argument out of range, more than 2,500 monomials, or fewer samples
            than weights.

    >>> seen = observe_ceiling("2x0e+3x1o", d=1, seed=3)
    >>> seen.verdict, [row.exact > 1e-12 for row in seen.rows]
    ('observed', [True, False, False])
    """
    start = time.perf_counter()
    read = Irreps.parse(irreps) if isinstance(irreps, str) else irreps
    if natural("d", d) not in (1, 2, 3):
        raise ValueError(f"d must be 1, 2 or 3, got {d}")
    if natural("frames", frames) < 10:
        raise ValueError(f"frames must be an integer ≥ 10, got {frames}")
    weights = comb(read.dim + d, d)
    if weights > _MAX_WEIGHTS:
        raise ValueError(
            f"{read} has {weights} monomials of degree ≤ {d}; at most {_MAX_WEIGHTS}: "
            "take fewer channels"
        )
    top = boundary(read.lmax, d) if len(read) else 0
    claim = top if claim is None else natural("claim", claim)
    ell_max = max(top, claim) + 2 if ell_max is None else natural("ell_max", ell_max)
    if ell_max <= claim:
        raise ValueError(f"ell_max must be above the boundary {claim}, got {ell_max}")
    if orientations is None:
        orientations = -(-20 * max(weights, _UNITS + 1) // frames)
    elif natural("orientations", orientations) == 0:
        raise ValueError("orientations must be an integer ≥ 1, got 0")

    sites = random_sites(read, frames, _HELD, atoms, _JITTER, seed)
    truth = unit_harmonics(ell_max, sites.vectors[:, 0])
    rng = np.random.default_rng([seed, 2])
    channels = max(mul for mul, _ in read.simplify())
    exact = over_quadrature(sites, d, read.lmax, ell_max, channels, frames=_EXACT_FRAMES)
    # One small penalty: what is left above dL is then the finite sample, not the ridge.
    polynomial = componentwise(sites, d, ell_max, channels, orientations, rng, penalties=(1e-12,))
    free = componentwise(
        sites, d, ell_max, channels, orientations, rng, expand=_random_units(read.dim, rng)
    )
    columns = zip(*_held_out(polynomial), *_held_out(free), strict=True)
    rows = []
    for ell, (random, random_error, other, other_error) in enumerate(columns, start=1):
        products = coupled_products(sites.features, 0, d, ell, parity="any")
        prediction = fit_ridge(products, truth[ell], sites.fit).prediction[sites.held]
        some = sites.held[:_EXACT_FRAMES]
        rows.append(
            Row(
                ell=ell,
                equivariant=1 - float(((prediction - truth[ell][sites.held]) ** 2).sum()) / _HELD,
                exact=exact[ell - 1],
                exact_equivariant=_projected(products[some], truth[ell][some]),
                random=float(random),
                random_error=float(random_error),
                free=float(other),
                free_error=float(other_error),
            )
        )
    return Ceiling(
        irreps=str(read),
        L=read.lmax,
        d=d,
        claim=claim,
        seed=seed,
        atoms=atoms,
        fit_frames=frames,
        held_frames=_HELD,
        orientations=orientations,
        weights=polynomial.weights,
        samples=polynomial.samples,
        rows=tuple(rows),
        failures=_failures(rows, read.lmax, claim),
        seconds=time.perf_counter() - start,
    )


def _table(seen: Ceiling) -> str:
    lines = [
        f"R² of a target of degree ℓ read from {seen.irreps} (L = {seen.L}) by polynomials of "
        f"degree ≤ {seen.d}; boundary ℓ = {seen.claim}",
        f"{seen.fit_frames} frames of {seen.atoms} atoms fitted, {seen.held_frames} held out, "
        f"{seen.orientations} rotations each; P = {seen.weights} weights, N = {seen.samples} "
        f"samples, seed {seen.seed}",
        "",
        f"{'ℓ':>3}  {'equivariant':>11}  {'quadrature':>10}  {'difference':>10}  "
        f"{'random rotations':>16}  {'not polynomial':>16}",
    ]
    for row in seen.rows:
        exact = f"{row.exact:.4f}" if row.exact > ROUNDING else f"{row.exact:.0e}"
        lines.append(
            f"{row.ell:>3}  {row.equivariant + 0.0:>11.4f}  {exact:>10}  "
            f"{abs(row.exact - row.exact_equivariant):>10.0e}  "
            f"{row.random:>8.3f} ± {row.random_error:.3f}  {row.free:>8.3f} ± {row.free_error:.3f}"
            + ("  above" if row.ell > seen.claim else "")
        )
    lines += [
        "",
        f"quadrature: in sample on {_EXACT_FRAMES} frames; difference: from the equivariant form "
        "on the same frames (T5)",
        f"random rotations: held out, ± one standard error; -P/N = "
        f"{-seen.weights / seen.samples:.3f} is expected above the boundary (T6)",
        seen.text + f"; {seen.seconds:.1f} s",
    ]
    return "\n".join(lines)


def _draw(seen: Ceiling) -> Any:

    ell = [row.ell for row in seen.rows]
    figure, (left, right) = subplots(
        1, 2, figsize=(9.5, 4.2), layout="constrained", width_ratios=(3, 2)
    )
    curves = (
        ("exact", None, "component-wise, exact quadrature", "s-"),
        ("equivariant", None, "equivariant closed form", "o:"),
        ("random", "random_error", "component-wise, random rotations", "^-"),
        ("free", "free_error", "random SiLU units (no polynomial)", "D--"),
    )
    for color, (name, error, label, style) in zip(COLORS, curves, strict=False):
        values = [getattr(row, name) for row in seen.rows]
        errors = None if error is None else [getattr(row, error) for row in seen.rows]
        left.errorbar(
            ell, values, yerr=errors, fmt=style, ms=5, lw=1.2, color=color, label=label, capsize=2
        )
    left.axhline(0, color="0.6", lw=0.8)
    left.set(ylabel="R²", ylim=(-0.15, 1.05))
    left.legend(fontsize=8, loc="lower left")
    exact = np.abs([row.exact for row in seen.rows])
    random = np.abs([row.random for row in seen.rows])
    # A curve of exact zeros would not show on this axis.
    right.semilogy(ell, np.maximum(exact, 1e-33), "s-", color=COLORS[0], ms=5)
    right.semilogy(ell, random, "^-", color=COLORS[2], ms=5)
    right.axhline(seen.weights / seen.samples, color=COLORS[2], ls=":", lw=1)
    right.annotate(
        "P/N",
        (ell[0], seen.weights / seen.samples),
        xytext=(0, -11),
        textcoords="offset points",
        fontsize=8,
        color=COLORS[2],
    )
    right.set(ylabel="|R²|", ylim=(1e-34, 30))
    for axes in (left, right):
        axes.axvline(seen.claim + 0.5, color="0.8", lw=6, zorder=0)
        axes.set(xlabel="degree ℓ of the target", xticks=ell)
    figure.suptitle(f"Features {seen.irreps}, polynomials of degree ≤ {seen.d}", fontsize=11)
    figure.supxlabel(
        f"Bars: boundary between {seen.claim} and {seen.claim + 1}. {seen.held_frames} held-out "
        f"frames, P = {seen.weights}, N = {seen.samples}, seed {seen.seed}.",
        fontsize=8,
    )
    return figure


def _parser() -> command.Parser:
    parser = command.parser(
        "numeric_checks.ceiling",
        description="Observe that no polynomial readout of degree d of equivariant features of "
        "degree ≤ L explains any of a target of degree above dL.",
        epilog="Exit codes: 0 observed, 2 bad usage or input, 3 not observed.",
    )
    parser.add_argument("--irreps", default=IRREPS, help=f"of the features (default {IRREPS})")
    parser.add_argument("--d", type=int, default=2, help="of the readout, 1 to 3 (default 2)")
    parser.add_argument("--ell-max", type=int, metavar="ℓ", help="largest target degree")
    parser.add_argument(
        "--claim", type=int, metavar="ℓ", help="claimed boundary (default dL); a false one exits 3"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--atoms", type=int, default=5)
    parser.add_argument("--frames", type=int, default=300, help="frames to fit (default 300)")
    parser.add_argument(
        "--orientations", type=int, metavar="N", help="random rotations per frame fitted"
    )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of ``python -m numeric_checks.ceiling``; the exit code."""
    return run_check(
        _parser(),
        argv,
        lambda given: observe_ceiling(
            given.irreps,
            given.d,
            given.ell_max,
            given.claim,
            given.seed,
            given.atoms,
            given.frames,
            given.orientations,
        ),
        _table,
        lambda seen: EXIT_CODES[seen.verdict],
        _draw,
    )
