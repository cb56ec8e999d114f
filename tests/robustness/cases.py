"""Every command in small: how it is called, and what of its output is the same each time.

``CASES`` holds what writes or is long; ``WRITE_NOTHING`` names the others, with the reason.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BETWEEN = 26_000
"""Bytes of the largest file on a full disk: more than a checkpoint, less than a figure."""

NEVER = 10**9
"""The result is a file: without it there is nothing to print."""

Content = Callable[[Path], Any]


@dataclass(frozen=True)
class Case:
    """A command in small, and what of its output must be the same each time."""

    arguments: list[str]
    same: Content  # of the folder that the command runs in
    last: str = ""  # the file that a complete folder has
    needs: str = ""  # a package
    full: tuple[int, ...] = (1000,)  # sizes of file that a full disk takes
    short: bool = True  # some tenths of a second
    shared: str = ""  # what is made once, by a stand-in, for all runs
    told: int = 0  # size of file from which the result is printed although one is not written
    several: bool = False  # files side by side: a kill may leave some of them

    @property
    def writes(self) -> bool:
        return bool(self.full)


def command_of(name: str) -> str:
    """The command of a case: a second case of one adds an option to its name."""
    return name.partition(" ")[0]


def contents(*patterns: str) -> Content:
    return lambda place: {
        str(path.relative_to(place)): path.read_bytes()
        for pattern in patterns
        for path in sorted(place.glob(pattern))
    }


def measured(report: str, *keys: str) -> Content:
    """Some of a report: times and places differ from run to run."""

    def read(place: Path) -> Any:
        content = json.loads((place / report).read_text(encoding="utf-8"))
        return {key: content[key] for key in keys}

    return read


def both(*readers: Content) -> Content:
    return lambda place: [reader(place) for reader in readers]


RESULTS = Path(__file__).resolve().parents[2] / "docs" / "results"
SYMMETRIC = RESULTS / "symmetric"
FIGURE = contents("out.svg", "out.png")
FOLDER = contents("run/table.txt", "run/*.png", "run/*.svg")
CASES = {
    "verify": Case(
        ["--L", "3", "--d", "3", "--no-numeric", "--certificate", "out.json"], contents("out.json")
    ),
    "coupling": Case(
        ["0e+1o+2e", "--degree", "3", "--certificate", "out.json", "--out", "out.npz"],
        contents("out.json", "out.npz"),
        several=True,
    ),
    "architecture": Case(
        ["--mace", "max_ell=3", "correlation=3", "hidden=32x0e+32x1o", "layers=2"],
        lambda place: [path.name for path in place.iterdir()] or "nothing",
        full=(),
    ),
    "ceiling": Case(
        ["--irreps", "0e+1o", "--d", "1", "--atoms", "3", "--frames", "20", "--figure", "out"],
        FIGURE,
        several=True,
    ),
    "bandwidth": Case(
        [
            "embedded", "--atoms", "0", "--frames", "200", "--draws", "20", "--l-max", "1",
            "--figure", "out",
        ],
        FIGURE,
        short=False,
        several=True,
    ),
    "demand": Case(
        [
            "embedded", "--frames", "60", "--factors", "2", "--l-max", "1", "--radial", "2",
            "--draws", "5", "--out", "run",
        ],
        FOLDER,
        "run/report.json",
        full=(BETWEEN,),
        short=False,
    ),
    "accuracy": Case(
        ["--l", "2", "--directions", "2", "--figure", "out"], FIGURE, short=False, several=True
    ),
    "synthetic": Case(
        ["--L", "1", "--d", "1", "--fold", "2", "--figure", "out"],
        FIGURE,
        short=False,
        several=True,
    ),
    "compare": Case(
        [str(SYMMETRIC / "benzene"), str(SYMMETRIC / "toluene"), "--any-data", "--out", "run"],
        FOLDER,
        "run/comparison.json",
        full=(1000,),
        short=False,
    ),
    "validation": Case(
        [
            str(RESULTS / "sweep-cliff"), "--demand", str(RESULTS / "demand" / "aspirin_rmd17"),
            "--draws", "50", "--out", "run",
        ],
        FOLDER,
        "run/report.json",
        full=(1000,),
        short=False,
    ),
    "peptide": Case(
        [
            "--sequence", "GG", "--frames", "120", "--steps-per-frame", "20", "--equilibration",
            "200", "--out", "out.npz",
        ],
        contents("out.npz", "out.pdb"),
        needs="openmm",
        full=(1000, 3000),
        told=NEVER,
    ),
    "trajectory": Case(
        ["--frames", "12", "--out", "out.npz"],
        contents("out.npz"),
        needs="tblite",
        full=(1000,),
        told=NEVER,
    ),
    "diagnose": Case(
        ["--model", "../features.npz", "--draws", "50", "--out", "run"],
        FOLDER,
        "run/report.json",
        needs="torch",
        full=(1000, BETWEEN),
        short=False,
        shared="features.npz",
    ),
    "diagnose --export": Case(
        [
            "--model", "../trained/backbone-0.pt", "--data", "embedded", "--degree", "1", "--fit",
            "40", "--held", "20", "--draws", "20", "--no-listening", "--export", "out.npz",
        ],
        contents("out.npz"),
        needs="nequip",
        short=False,
        shared="trained",
        told=NEVER,
    ),
    "aspirin": Case(
        ["--degrees", "1", "--out", "run"],
        both(contents("run/*.csv", "run/cone.*"), measured("run/report.json", "measurement")),
        "run/report.json",
        needs="nequip",
        full=(1000, BETWEEN),
        short=False,
        told=NEVER,
    ),
    "injection-along": Case(
        [
            "../trained", "--data", "embedded", "--fit", "40", "--held", "20", "--draws", "20",
            "--out", "run",
        ],
        both(contents("run/*.png", "run/*.svg"), measured("run/along.json", "points")),
        "run/along.json",
        needs="nequip",
        full=(200, BETWEEN),
        short=False,
        shared="trained",
        told=BETWEEN,
    ),
    "injection-grid": Case(
        [
            "../trained", "--data", "embedded", "--channels", "2", "--amplitudes", "1", "--steps",
            "2", "--seeds", "1", "--fit", "20", "--held", "8", "--draws", "20", "--out", "run",
        ],
        both(contents("run/*.csv", "run/trainings/*"), measured("run/grid.json", "cells")),
        "run/grid.json",
        needs="nequip",
        full=(1000, 3000),
        short=False,
        shared="trained",
        told=3000,
    ),
    "sweep-features": Case(
        ["e3nn", "--L", "1", "--channels", "2", "--steps", "3", "--out", "out.npz"],
        contents("out.npz"),
        needs="e3nn",
        full=(1000, 100_000),
        short=False,
        told=NEVER,
    ),
    "download": Case(
        ["ccsd", "--folder", "data"], contents("data/*"), full=(1000, 3000), told=NEVER
    ),
    "sweep": Case(
        ["../sweep.json", "--data-dir", "..", "--workers", "1", "--out", "."],
        contents("x/*.csv", "x/*.png", "x/*.svg", "x/summary.json"),
        "x/summary.json",
        needs="distributed",
        full=(BETWEEN,),
        short=False,
        shared="features.npz",
    ),
}  # fmt: skip
WRITING = [name for name, case in CASES.items() if case.writes]
OUTPUTS = frozenset(
    {"--certificate", "--export", "--figure", "--folder", "--out", "--results", "--run"}
)
"""Options that name what is written."""
WRITE_NOTHING = {
    "check": "reads a certificate; answers in tests of its own",
    "coupling-check": "reads a certificate; answers in tests of its own",
    "rank": "prints what it finds",
}
"""Commands without a case, and why."""
TRIED_OTHERWISE = {
    ("aspirin", "--results"): "with --run the same folder as --out",
    ("aspirin", "--run"): "with --results the same folder as --out",
}
"""Options of ``OUTPUTS`` that no case gives, and why."""
SWEEP: dict[str, Any] = {
    "name": "x",
    "base": {
        "model": {"channels": 4},
        "measure": {"fit": 60, "held": 20, "degrees": [1], "orientations": 4},
    },
    "grids": [{"set": {"features": "features.npz"}, "vary": {"measure.orientations": [4, 5]}}],
    "bootstrap": 50,
}
