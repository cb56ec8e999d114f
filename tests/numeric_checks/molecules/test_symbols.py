"""The table of symbols against ASE's."""

from __future__ import annotations

import pytest

from numeric_checks.molecules.symbols import SYMBOLS, atomic_number


def test_symbols_are_those_of_ase() -> None:
    data = pytest.importorskip("ase.data")
    assert list(SYMBOLS) == data.chemical_symbols
    assert [atomic_number(symbol) for symbol in SYMBOLS[1:]] == list(range(1, 119))


@pytest.mark.parametrize("name", ["X", "c", "", "Xx", "6"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="chemical symbol"):
        atomic_number(name)
