"""Random equivariant features of point clouds, of any irreps: what T4 quantifies over.

Three layers, as a message-passing network has them: densities Σ_{i<j} φ(i, j, |r_ij|) y_l(r̂_ij),
aggregated over all pairs of atoms; a hidden layer of every l ≤ l_max and either parity; the irreps
asked for. The last two add random mixtures of coupled products to random mixtures of the layer
below, so the features are of high degree in the positions, and of both parities, while their
irreps stay as asked. All weights are invariant, and drawn from a seeded generator.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from numeric_checks.readouts.samples import Sites
from numeric_checks.rotations.wigner import FeatureBlocks, coupling, unit_harmonics
from numeric_checks.seeds import streams
from span_theorem.arguments import natural, within
from span_theorem.irreps import Irrep, Irreps

__all__ = ["STREAMS", "RandomFeatures", "random_sites"]

Array = NDArray[np.float64]

STREAMS = ("weights", "molecule")
"""Names of the random streams of a seed that are drawn from here."""

_HIDDEN = 4  # channels of each irrep below the last layer
_LARGEST = 8  # degrees above it make the random layers slow


class RandomFeatures:
    """A fixed random equivariant map from atoms to features.

    Args:
        irreps: of the features, as :class:`span_theorem.Irreps` reads them, l ≤ 8. Terms without
            parity are taken from products of either parity.
        atoms: number of atoms, 3 to 100.
        seed: integer ≥ 0, of all weights.

    Raises:
        TypeError, ValueError: an argument out of range, or irreps that cannot be read.

    >>> RandomFeatures("2x0e+1o", atoms=4)(np.eye(4, 3)[None])["1o"].shape
    (1, 1, 1, 3)
    """

    def __init__(self, irreps: str | Irreps, atoms: int, seed: int = 0) -> None:
        self.irreps = Irreps.parse(irreps) if isinstance(irreps, str) else irreps
        if not len(self.irreps):
            raise ValueError("irreps must name at least one irrep, got none")
        if self.irreps.lmax > _LARGEST:
            raise ValueError(f"irreps must have l ≤ {_LARGEST}, got l = {self.irreps.lmax}")
        self.atoms = within("atoms", atoms, 3, 100)
        self.seed = natural("seed", seed)

    def __call__(self, positions: ArrayLike) -> FeatureBlocks:
        """Features of configurations: positions (frames, atoms, 3), any unit of about 1.

        Returns {irrep: (frames, 1, multiplicity, 2l+1)}; one site, which knows all atoms.

        Raises:
            ValueError: a wrong shape, positions that are not finite, two atoms at one place.
        """
        points = np.asarray(positions, dtype=np.float64)
        if points.ndim != 3 or points.shape[1:] != (self.atoms, 3) or len(points) == 0:
            raise ValueError(
                f"positions must have shape (frames, {self.atoms}, 3), got {points.shape}"
            )
        if not np.isfinite(points).all():
            raise ValueError("positions must be finite")
        rng = streams(self.seed, *STREAMS)["weights"]
        top = max(self.irreps.lmax, 1)
        layer = self._densities(points, top, rng)
        wanted = [(_HIDDEN, Irrep(l, p)) for l in range(top + 1) for p in (1, -1)]
        layer = _mixed(layer, wanted, rng)
        counts = [(mul, irrep) for irrep, mul in self.irreps.counts().items()]
        return {str(irrep): h[:, None] for irrep, h in _mixed(layer, counts, rng).items()}

    def _densities(self, points: Array, top: int, rng: np.random.Generator) -> dict[Irrep, Array]:
        first, second = np.triu_indices(self.atoms, k=1)
        arrows = points[:, second] - points[:, first]
        lengths = np.linalg.norm(arrows, axis=-1)
        if not lengths.all():
            raise ValueError("positions must differ: two atoms are at one place")
        harmonics = unit_harmonics(top, arrows)
        layer = {}
        for l, values in enumerate(harmonics):
            weights = rng.standard_normal((len(first), _HIDDEN))
            width = rng.uniform(1, 3, _HIDDEN)
            radial = weights * np.exp(-((lengths[..., None] / width) ** 2))
            layer[Irrep.natural(l)] = np.einsum("npc,npm->ncm", radial, values)
        return layer


def _mixed(
    layer: dict[Irrep, Array], wanted: list[tuple[int, Irrep]], rng: np.random.Generator
) -> dict[Irrep, Array]:
    """Random mixtures of the layer and of its coupled products, for the irreps wanted."""
    frames = len(next(iter(layer.values())))
    out = {}
    for mul, irrep in wanted:
        total = np.zeros((frames, mul, irrep.dim))
        for given, values in layer.items():
            if given.l == irrep.l and irrep.p in (given.p, 0):
                weights = rng.standard_normal((values.shape[1], mul))
                total += np.einsum("ncm,cd->ndm", values, weights)
        for a, first in layer.items():
            for b, second in layer.items():
                fits = irrep.p in (a.p * b.p, 0) and abs(a.l - b.l) <= irrep.l <= a.l + b.l
                if not fits:
                    continue
                left = np.einsum("ncm,cd->ndm", first, rng.standard_normal((first.shape[1], mul)))
                right = np.einsum(
                    "ncm,cd->ndm", second, rng.standard_normal((second.shape[1], mul))
                )
                tensor = coupling(a.l, b.l, irrep.l)
                total += np.einsum("ndp,dnpk->ndk", right, np.einsum("ndm,mpk->dnpk", left, tensor))
        # One invariant constant per irrep; the frames decide it, so all must go in at once.
        size = np.sqrt((total**2).mean())
        out[irrep] = total / size if size > 0 else total
    return out


def random_sites(
    irreps: str | Irreps, fit: int, held: int, atoms: int = 5, jitter: float = 0.1, seed: int = 0
) -> Sites:
    """Features and the marked direction from atom 0 to atom 1 of a shaking random molecule.

    Every frame is one random configuration of ``atoms`` with normal displacements of size
    ``jitter``. The orientation of the molecule is not drawn: readouts turn the frames themselves.

    Args:
        irreps, atoms: as in :class:`RandomFeatures`.
        fit, held: frames to fit and frames held out, ≥ 1 each.
        jitter: displacement, in units of the molecule's size; > 0.
        seed: integer ≥ 0.
    """
    if natural("fit frames", fit) == 0 or natural("held-out frames", held) == 0:
        raise ValueError(f"frames must be at least 1 each, got {fit} and {held}")
    if not 0 < jitter < np.inf:
        raise ValueError(f"jitter must be a finite number > 0, got {jitter!r}")
    features = RandomFeatures(irreps, atoms, seed)
    rng = streams(seed, *STREAMS)["molecule"]
    shape = (fit + held, atoms, 3)
    positions = rng.standard_normal(shape[1:]) + jitter * rng.standard_normal(shape)
    vectors = (positions[:, 1] - positions[:, 0])[:, None]
    order = np.arange(fit + held)
    return Sites(features(positions), vectors, order[:fit], order[fit:])
