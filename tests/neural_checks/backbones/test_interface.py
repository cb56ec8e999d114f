"""A network is given at most so many atoms at once, and nothing else changes."""

from __future__ import annotations

from typing import Any

import numpy as np

from neural_checks.backbones.interface import Evaluation, limited
from numeric_checks.molecules.structures import Structures


def test_the_atoms_of_a_pass_are_bounded(toy: Any) -> None:
    structures = toy.toy_data(12).structures
    seen: list[int] = []

    class Counting:
        description: dict[str, Any] = {}  # noqa: RUF012
        device = "cpu"

        def evaluate(self, structures: Structures) -> Evaluation:
            seen.append(len(structures.numbers))
            features = {"0e": structures.positions[:, :1, None]}
            return Evaluation(features, np.zeros(len(structures)), structures.positions)

    network: Any = limited(Counting(), 16)  # three frames of five atoms
    found = network.evaluate(structures)
    assert seen == [15, 15, 15, 15]
    np.testing.assert_array_equal(found.forces, structures.positions)
    assert network.device == "cpu"
    network = limited(Counting(), 1)  # one frame, which cannot be cut
    seen.clear()
    network.evaluate(structures)
    assert seen == [5] * 12
    plain = Counting()
    assert limited(plain, None) is plain
