"""A network is given at most so many atoms at once, and nothing else changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neural_checks.backbones.contract import check_backbone
from neural_checks.backbones.interface import Evaluation, as_backbone, evaluate_all, limited
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


def test_float32_is_widened_before_anything_is_fitted(toy: Any) -> None:
    structures = toy.toy_data(3).structures
    places = structures.positions.astype(np.float32)

    class Single:
        description: dict[str, Any] = {}  # noqa: RUF012

        def evaluate(self, structures: Structures) -> Evaluation:
            zero = np.zeros(len(structures), dtype=np.float16)
            return Evaluation({"1o": places[:, None]}, zero, places)

    found = evaluate_all(Single(), structures)
    assert {v.dtype for v in (found.features["1o"], found.energies, found.forces)} == {
        np.dtype(np.float64)
    }
    np.testing.assert_array_equal(found.features["1o"][:, 0], places)


def test_a_description_that_raises_is_a_fault_of_the_network(toy: Any) -> None:
    class Faulty:
        @property
        def description(self) -> dict[str, Any]:
            return {"layer": ["first"][1]}

        def evaluate(self, structures: Structures) -> Evaluation:
            raise AssertionError

    with pytest.raises(ValueError, match="network's description raised IndexError"):
        as_backbone(Faulty())
    assert "raised IndexError" in str(check_backbone(Faulty(), toy.toy_data(4)))
