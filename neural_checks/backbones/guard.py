"""A guard against unstated assumptions: a loaded network beside its package's own calculator.

Cut-off, cell, head, charge, spin, types of atoms and of numbers are handled here once and by the
package's calculator for ASE once more, by other code. Where energies or forces of a few frames
differ, the features would belong to another network than the one that the package evaluates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from neural_checks.backbones.interface import Conditions, Evaluation
from numeric_checks.molecules.structures import Structures

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["ENERGY", "FORCE", "Guarded", "atoms_of", "require_agreement"]

Array = NDArray[np.float64]

#: How far energies may differ, in eV per atom and relative to the energy (float32 keeps 1e-7).
ENERGY = (1e-4, 1e-6)
#: How far forces may differ, in eV/Å and relative to the largest.
FORCE = (1e-4, 1e-4)


class Guarded(Protocol):
    """A network with a calculator of its own package."""

    conditions: Conditions

    def evaluate(self, structures: Structures) -> Evaluation: ...

    def calculator(self) -> Any:
        """The package's calculator for ASE, on a copy of the model."""
        ...


def atoms_of(structures: Structures, conditions: Conditions) -> list[Atoms]:
    """The frames as ASE has them, with charge and spin where they are given."""
    from ase import Atoms

    frames = []
    for a, b, cell, periodic in zip(
        structures.offsets[:-1],
        structures.offsets[1:],
        structures.cells,
        structures.periodic,
        strict=True,
    ):
        atoms = Atoms(structures.numbers[a:b], structures.positions[a:b], cell=cell, pbc=periodic)
        for key in ("charge", "spin"):
            if getattr(conditions, key) is not None:
                atoms.info[key] = getattr(conditions, key)
        frames.append(atoms)
    return frames


def require_agreement(network: Guarded, structures: Structures, name: str) -> dict[str, float]:
    """The largest differences of energy (eV) and forces (eV/Å) from the package's calculator.

    Raises ValueError where they are more than rounding.
    """
    found = network.evaluate(structures)
    calculator = network.calculator()
    energies, forces = [], []
    for atoms in atoms_of(structures, network.conditions):
        atoms.calc = calculator
        energies.append(float(atoms.get_potential_energy()))
        forces.append(atoms.get_forces())
    wanted = np.array(energies), np.concatenate(forces)
    energy = np.abs(found.energies - wanted[0])
    force = float(np.abs(found.forces - wanted[1]).max())
    accepted = ENERGY[0] * structures.counts + ENERGY[1] * np.abs(wanted[0])
    if not (energy <= accepted).all() or not force <= FORCE[0] + FORCE[1] * np.abs(wanted[1]).max():
        raise ValueError(
            f"{name}: on {len(structures)} frames energies differ by {energy.max():.2g} eV and "
            f"forces by {force:.2g} eV/Å from those of the package's own calculator, so this model "
            "is not evaluated as its package does"
        )
    return {"energy_eV": float(energy.max()), "forces_eV_per_A": force}
