"""Features, marked directions and force errors of one network: what every readout is fitted to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import comb

import numpy as np
from numpy.typing import NDArray

from neural_checks.backbones.interface import (
    Backbone,
    Evaluation,
    evaluate_all,
)
from numeric_checks.molecules.data import ForceData
from numeric_checks.molecules.marks import directions, marked_rows
from numeric_checks.molecules.structures import Structures
from numeric_checks.readouts.channels import COMPONENT_CHANNELS
from numeric_checks.readouts.samples import Sites
from span_theorem.span import boundary

__all__ = [
    "Samples",
    "assemble",
    "collect_samples",
    "component_channels",
    "component_weights",
    "force_errors",
    "require_marks",
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

    @property
    def force_mae(self) -> float:
        """Mean absolute error of a force component on the held-out frames, meV/Å."""
        return float(1000 * np.abs(self.errors[self.held]).mean() * self.force_rms)

    def at(self, sites: Sequence[int]) -> Samples:
        """The samples at some of the sites, in the order of ``sites``."""
        chosen = list(sites)
        return replace(
            self,
            features={name: values[:, chosen] for name, values in self.features.items()},
            vectors=self.vectors[:, chosen],
            errors=self.errors[:, chosen],
        )

    def with_fewer(self, count: int) -> Samples:
        """The same with only the first ``count`` of the fitted frames."""
        if count >= len(self.fit):
            return self
        kept = np.concatenate([self.fit[:count], self.held])
        return replace(
            self,
            features={name: values[kept] for name, values in self.features.items()},
            vectors=self.vectors[kept],
            errors=self.errors[kept],
            positions=self.positions[kept],
            fit=np.arange(count),
            held=np.arange(count, len(kept)),
        )


def top_degree(L: int, degree: int) -> int:
    """The last degree ℓ measured, dL + 3."""
    return boundary(L, degree) + 3


def component_weights(L: int, degree: int, channels: int = 1) -> int:
    """Monomials of degree ≤ ``degree`` in ``channels`` per irrep of 0, 1, …, L.

    >>> component_weights(2, 2)
    55
    """
    return comb(channels * (L + 1) ** 2 + degree, degree)


def component_channels(samples: Sites, degree: int, rows: int, share: int) -> int:
    """Channels per irrep of a component-wise fit to ``rows`` samples.

    As many as :data:`numeric_checks.readouts.channels.COMPONENT_CHANNELS` has, but fewer where
    there would not be ``share`` samples for every monomial; at least one.
    """
    sizes = [values.shape[2:] for values in samples.features.values()]
    channels = COMPONENT_CHANNELS[degree]
    while channels > 1:
        components = sum(min(count, channels) * size for count, size in sizes)
        if share * comb(components + degree, degree) <= rows:
            break
        channels -= 1
    return channels


def force_errors(
    forces: Array | None, predicted: Array, fitted: NDArray[np.int64] | slice
) -> tuple[Array, float]:
    """F − F_network of every atom, (atoms_total, 3), in units of the RMS length of a force.

    That length, eV/Å, is over the rows ``fitted``; it is 1 where the ``forces`` of the data are not
    known. The errors are zero where they or the ``predicted`` ones are not known.
    """
    if forces is None:
        return np.zeros_like(predicted), 1.0
    rms = float(np.sqrt((forces[fitted] ** 2).sum(axis=1).mean()))
    if np.isnan(predicted).all():
        return np.zeros_like(predicted), rms
    return (forces - predicted) / rms, rms


def require_marks(structures: Structures, fit: NDArray[np.int64]) -> None:
    """ValueError where :func:`assemble` has no direction to mark; asked before a long training.

    That is where the frames hold different atoms, or fewer than two other than hydrogen.
    """
    _ = structures.molecule
    marked_rows(structures.take(fit))


def assemble(
    evaluation: Evaluation,
    structures: Structures,
    forces: Array | None,
    fit: NDArray[np.int64],
    held: NDArray[np.int64],
) -> Samples:
    """Samples of frames already evaluated; ``fit`` and ``held`` index them.

    ``forces`` (atoms_total, 3) of the data. Without them, or without the network's, the errors are
    zero. Raises ValueError where the frames hold different atoms.
    """
    positions, _ = structures.molecule
    errors, force_rms = force_errors(forces, evaluation.forces, structures.rows(fit))
    rows = marked_rows(structures, over=structures.take(fit))
    return Samples(
        features=evaluation.blocks(len(structures)),
        vectors=directions(structures, rows).reshape(positions.shape),
        errors=errors.reshape(positions.shape),
        positions=positions,
        fit=fit,
        held=held,
        force_rms=force_rms,
    )


def collect_samples(
    backbone: Backbone,
    data: ForceData,
    fit: NDArray[np.int64],
    held: NDArray[np.int64],
) -> Samples:
    """Run the backbone once over all frames needed."""
    frames = np.concatenate([fit, held])
    chosen = data.take(frames)
    return assemble(
        evaluate_all(backbone, chosen.structures),
        chosen.structures,
        None if np.isnan(chosen.forces).any() else chosen.forces,
        fit=np.arange(len(fit)),
        held=np.arange(len(fit), len(frames)),
    )
