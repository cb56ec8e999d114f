"""Frames chosen by formula, composition, species and place."""

from __future__ import annotations

import argparse

import numpy as np
import pytest
from ase.build import bulk, molecule

from numeric_checks.molecules.options import add_data_options
from numeric_checks.molecules.select import select
from numeric_checks.molecules.structures import Structures

FRAMES = [molecule("H2O"), molecule("CH3OH"), molecule("C2H6"), bulk("NaCl", "rocksalt", a=5.6)]
FRAMES += [bulk("NaCl", "rocksalt", a=5.6) * (2, 1, 1), molecule("CH3OCH3"), molecule("CH3CH2OH")]


@pytest.fixture(scope="module")
def mixed() -> Structures:
    return Structures(
        np.concatenate([f.numbers for f in FRAMES]).astype(np.int64),
        np.concatenate([f.positions for f in FRAMES]),
        np.array([len(f) for f in FRAMES]),
        np.array([f.cell.array for f in FRAMES]),
        np.array([f.pbc for f in FRAMES]),
    )


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (["formula=C2H6O"], [5, 6]),
        (["formula=CH3CH2OH"], [5, 6]),
        (["formula=NaCl"], [3]),
        (["composition=NaCl"], [3, 4]),
        (["composition=Cl2Na2"], [3, 4]),
        (["composition=CH3"], [2]),
        (["species=H,C"], [2]),
        (["species=C,H,O"], [0, 1, 2, 5, 6]),
        (["index=1:6:2"], [1, 3, 5]),
        (["index=-1"], [6]),
        (["index=6,0,6"], [0, 6]),
        (["species=C,H,O", "index=::2"], [0, 2, 6]),
        ([], list(range(7))),
    ],
)
def test_what_is_chosen(mixed: Structures, chosen: list[str], expected: list[int]) -> None:
    assert select(mixed, *chosen).tolist() == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("C2H6O", "must be one of composition=…, formula=…, species=…, index=…"),
        ("kind=C", "must be one of"),
        ("formula=", "must be one of"),
        ("formula=c2h6", "is not a formula"),
        ("formula=Xy2", "by its chemical symbol, as C or O; got 'Xy'"),
        ("formula=C0", "holds no atoms"),
        ("species=H,Q", "by its chemical symbol, as C or O; got 'Q'"),
        ("index=a", "neither a list of frames"),
        ("index=0:5:0", "step of '0:5:0' must be at least 1"),
        ("index=7", "there are 7 frames"),
        (
            "formula=He",
            "no frame is left by --select formula=He; the file holds C2H6O, .* and others",
        ),
    ],
)
def test_what_is_refused(mixed: Structures, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        select(mixed, text)


def test_the_option_is_judged_before_any_work(capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    add_data_options(parser)
    given = parser.parse_args(["--select", "formula=CH4", "--select", "index=:3"])
    assert given.select == ["formula=CH4", "index=:3"]
    with pytest.raises(SystemExit):
        parser.parse_args(["--select", "formula=ch4"])
    assert "is not a formula" in capsys.readouterr().err
