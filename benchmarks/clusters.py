"""Clusters whose forces need one known degree, to see networks stop where the demand stops.

    python benchmarks/clusters.py clusters_2.npz --ell 2

A carbon carries three fluorines. The energy is Σ_{j<k} P_ℓ(cos θ_jk) f(r_j) f(r_k) in eV, with
f(r) = exp(−4 (r − 1)²) and r in Å, so by T7 the invariants of two factors about the carbon need the
degree ℓ and no higher one. No two fluorines are closer than ``APART``: with a cut-off below it a
network sees the angle at the carbon alone, and no distance that would give it away. The forces
carry Gaussian noise, which is the floor that no model can pass.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from span_theorem.arguments import integer_option
from span_theorem.command import Result, parser, run
from span_theorem.files import check_targets, writing
from span_theorem.options import add_force, add_seed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["APART", "energies_and_forces", "main"]

ATOMS, SHORTEST, LONGEST, APART = 3, 0.95, 1.1, 1.4  # the last three in Å
NOISE = 0.05  # σ in units of the RMS force component


def energies_and_forces(positions: Array, ell: int) -> tuple[Array, Array]:
    """Energies (n,) in eV and forces (n, 4, 3) in eV/Å of positions (n, 4, 3) in Å, atom 0 carbon.

    The pair term is a product, so its gradient with respect to fluorine j is
    P_ℓ′ (û_k − cos θ û_j)/r_j f_j f_k + P_ℓ f_j′ f_k û_j; the carbon takes the opposite of all.
    """
    import numpy as np
    from numpy.polynomial import legendre

    vectors = positions[:, 1:] - positions[:, :1]
    distance = np.linalg.norm(vectors, axis=2)
    unit = vectors / distance[..., None]
    cosine = np.einsum("nja,nka->njk", unit, unit)
    series = np.eye(ell + 1)[ell]
    value, slope = legendre.legval(cosine, series), legendre.legval(cosine, legendre.legder(series))
    others = 1 - np.eye(ATOMS)
    radial = np.exp(-4 * (distance - 1) ** 2)
    fall = -8 * (distance - 1) * radial
    energies = np.einsum("njk,nj,nk,jk->n", value, radial, radial, others) / 2
    along = np.einsum("njk,nk,jk->nj", value, radial, others) * fall
    turning = slope * radial[:, :, None] * radial[:, None] * others / distance[..., None]
    gradient = along[..., None] * unit
    gradient += np.einsum("njk,nka->nja", turning, unit)
    gradient -= np.einsum("njk,njk->nj", turning, cosine)[..., None] * unit
    return energies, np.concatenate([gradient.sum(axis=1, keepdims=True), -gradient], axis=1)


def _positions(frames: int, rng: np.random.Generator) -> Array:
    """Uniformly random directions and lengths, of which clusters with a close pair are left out."""
    import numpy as np

    kept = np.zeros((0, ATOMS, 3))
    while len(kept) < frames:
        drawn = rng.normal(size=(4 * frames, ATOMS, 3))
        drawn /= np.linalg.norm(drawn, axis=2, keepdims=True)
        drawn *= rng.uniform(SHORTEST, LONGEST, size=(*drawn.shape[:2], 1))
        gaps = np.linalg.norm(drawn[:, :, None] - drawn[:, None], axis=3)
        close = (gaps + 2 * APART * np.eye(ATOMS) < APART).any(axis=(1, 2))
        kept = np.concatenate([kept, drawn[~close]])
    return np.concatenate([np.zeros((frames, 1, 3)), kept[:frames]], axis=1)


def _write(path: Path, ell: int, frames: int, seed: int, force: bool) -> str:
    import numpy as np

    rng = np.random.default_rng(seed)
    positions = _positions(frames, rng)
    energies, forces = energies_and_forces(positions, ell)
    forces += NOISE * np.sqrt(np.mean(forces**2)) * rng.normal(size=forces.shape)
    with writing(path, force=force) as stream:
        np.savez_compressed(
            stream,
            R=positions,
            F=forces,
            E=energies,
            z=np.array([6, *[9] * ATOMS]),
            units_energy="eV",
            units_length="Angstrom",
            units_force="eV/Angstrom",
            source=f"benchmarks/clusters.py --ell {ell} --frames {frames} --seed {seed}",
        )
    return str(path)


def _work(given: argparse.Namespace) -> Result:
    check_targets(given.out, force=given.force)
    write = partial(_write, given.out, given.ell, given.frames, given.seed, given.force)
    return Result(f"{given.frames} clusters of degree {given.ell}", {}, outputs=(write,))


def main(argv: Sequence[str] | None = None) -> int:
    """The exit code of the command."""
    made = parser("benchmarks/clusters.py", "Clusters whose forces need one known degree.")
    made.prog = "python benchmarks/clusters.py"
    made.add_argument("out", type=Path, help="file to be written, .npz")
    made.add_argument("--ell", type=integer_option("the degree", 0, 8), default=2)
    made.add_argument("--frames", type=integer_option("the number", 1, 10**6), default=1200)
    add_force(made)
    add_seed(made, "directions, lengths and noise")
    return run(made, argv, _work)


if __name__ == "__main__":
    sys.exit(main())
