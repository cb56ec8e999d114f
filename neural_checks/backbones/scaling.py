"""What a new network is told about its data: constants from training frames only."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neural_checks.backbones.neighbors import edges
from numeric_checks.molecules.data import ForceData
from span_theorem.arguments import shown

__all__ = ["Scaling"]


@dataclass(frozen=True)
class Scaling:
    """Constants of a new network.

    ``elements``: atomic numbers that it knows, ascending; ``energy_shift``: mean energy per atom,
    eV; ``force_rms``: root of the mean square of a force component, eV/Å; ``average_neighbors``:
    mean number of neighbours within the cut-off.
    """

    elements: tuple[int, ...]
    energy_shift: float
    force_rms: float
    average_neighbors: float

    def __post_init__(self) -> None:
        elements = tuple(self.elements)
        good = all(type(z) is int and 1 <= z <= 118 for z in elements)
        if not elements or not good or sorted(set(elements)) != list(elements):
            raise ValueError(f"elements must be ascending atomic numbers, got {shown(elements)}")
        for name in ("energy_shift", "force_rms", "average_neighbors"):
            value = getattr(self, name)
            if type(value) not in (int, float) or not math.isfinite(value):
                raise ValueError(f"{name} must be a finite number, got {shown(value)}")
        if self.force_rms <= 0 or self.average_neighbors <= 0:
            raise ValueError(
                "a network needs training frames with forces and with neighbours within its "
                f"cut-off; RMS force {self.force_rms:g} eV/Å, {self.average_neighbors:g} neighbours"
            )
        object.__setattr__(self, "elements", elements)

    @classmethod
    def of(cls, data: ForceData, frames: NDArray[np.int64], cutoff: float) -> Scaling:
        """The constants of ``frames`` of ``data`` for a network with this cut-off in Å.

        Raises ValueError for frames without forces, energies or neighbours.
        """
        chosen = data.take(frames)
        structures = chosen.structures
        atoms = len(structures.positions)
        chosen.require_energies("training")
        chosen.require_forces("training")
        elements = tuple(int(z) for z in np.unique(structures.numbers))
        return cls(
            elements=elements,
            energy_shift=float(chosen.energies.mean() / structures.counts.mean()),
            force_rms=float(np.sqrt((chosen.forces**2).mean())),
            average_neighbors=float(len(edges(structures, cutoff).centres) / atoms),
        )

    def stored(self) -> dict[str, Any]:
        """The constants as a checkpoint keeps them."""
        return {**asdict(self), "elements": list(self.elements)}
