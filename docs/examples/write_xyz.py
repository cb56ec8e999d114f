"""Write training and validation frames of the embedded aspirin data as extended XYZ.

    python docs/examples/write_xyz.py FOLDER

The frames are those that ``neural_checks.diagnose --seed 0`` does not hold out.
"""

import sys
from pathlib import Path

from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write

from neural_checks.data.split import split
from numeric_checks.molecules.data import EMBEDDED, load

data = load(EMBEDDED)
parts = split(data, 200, 20, 150, 0)
for name, frames in (("train", parts.train), ("validation", parts.validation)):
    images = []
    for frame in frames:
        atoms = Atoms(numbers=data.numbers, positions=data.positions[frame])
        atoms.calc = SinglePointCalculator(
            atoms, energy=data.energies[frame], forces=data.molecule_forces[frame]
        )
        images.append(atoms)
    write(Path(sys.argv[1]) / f"{name}.xyz", images, format="extxyz")
