"""Kills at random moments, interrupts and full disks, for commands that write folders or figures.

After any of them the same command comes to the result of a run that nobody disturbed, and no
unfinished file is left. Random moments come from recorded seeds.
"""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
STAND_INS = str(Path(__file__).with_name("stand_ins.py"))
BETWEEN = 26_000
"""Bytes of the largest file on a full disk: more than a checkpoint, less than a figure."""


@dataclass(frozen=True)
class Case:
    """A command in small, its output, and what of it must be the same each time."""

    line: list[str]  # after the interpreter
    out: str  # folder or file
    same: Callable[[Path], Any]  # of the folder that the command runs in
    began: str = ""  # a file that is there once the work has begun
    last: str = ""  # the file that a complete folder has

    @property
    def folder(self) -> bool:
        return bool(self.last)


def contents(*patterns: str) -> Callable[[Path], dict[str, bytes]]:
    return lambda place: {
        str(path.relative_to(place)): path.read_bytes()
        for pattern in patterns
        for path in sorted(place.glob(pattern))
    }


def measured(report: str, *keys: str) -> Callable[[Path], Any]:
    """Some of a report: times and places differ from run to run."""

    def read(place: Path) -> Any:
        content = json.loads((place / report).read_text(encoding="utf-8"))
        return {key: content[key] for key in keys}

    return read


def both(*readers: Callable[[Path], Any]) -> Callable[[Path], Any]:
    return lambda place: [reader(place) for reader in readers]


def shapes(place: Path) -> dict[str, Any]:
    """Of dynamics the shapes alone: a continued run differs from one that was not disturbed.

    Two runs of one seed of a peptide differ from the first frame on even without a kill.
    """
    import numpy as np

    with np.load(place / "out.npz", allow_pickle=False) as archive:
        assert all(np.isfinite(archive[name]).all() for name in ("R", "F"))
        return {name: archive[name].shape for name in archive.files}


MODULES = {
    "aspirin": [STAND_INS, "aspirin", "--degrees", "1", "--out", "run"],
    "diagnose": [
        "-m", "neural_checks.diagnose", "--model", "../features.npz", "--draws", "50",
        "--out", "run",
    ],
    "sweep": [
        "-m", "neural_checks.sweep", "../sweep.json", "--data-dir", "..", "--workers", "1",
        "--out", ".",
    ],
    "demand": [
        "-m", "numeric_checks.demand", "embedded", "--frames", "60", "--factors", "2", "--l-max",
        "2", "--radial", "2", "--draws", "20", "--out", "run",
    ],
    "bandwidth": [
        "-m", "numeric_checks.bandwidth", "embedded", "--atoms", "0", "--frames", "200", "--draws",
        "20", "--l-max", "1", "--figure", "out",
    ],
    "ceiling": [
        "-m", "numeric_checks.ceiling", "--irreps", "0e+1o", "--d", "1", "--atoms", "3",
        "--frames", "20", "--figure", "out",
    ],
    "trajectory": [STAND_INS, "trajectory", "--frames", "60", "--out", "out.npz"],
    "peptide": [
        "-m", "numeric_checks.peptide", "--sequence", "GG", "--frames", "40",
        "--steps-per-frame", "20", "--equilibration", "20", "--out", "out.npz",
    ],
}  # fmt: skip

FIGURE = contents("out.svg", "out.png")
CASES = {
    "aspirin": Case(
        MODULES["aspirin"],
        "run",
        both(contents("run/*.csv", "run/cone.*"), measured("run/report.json", "measurement")),
        "run/.holder",
        "run/report.json",
    ),
    "diagnose": Case(
        MODULES["diagnose"],
        "run",
        contents("run/table.txt", "run/*.png", "run/*.svg"),
        "run/.holder",
        "run/report.json",
    ),
    "sweep": Case(
        MODULES["sweep"],
        "x",
        contents("x/*.csv", "x/*.png", "x/*.svg", "x/summary.json"),
        "x/.holder",
        "x/summary.json",
    ),
    "demand": Case(
        MODULES["demand"],
        "run",
        contents("run/table.txt", "run/*.png", "run/*.svg"),
        "run/.holder",
        "run/report.json",
    ),
    "bandwidth": Case(MODULES["bandwidth"], "out", FIGURE),
    "ceiling": Case(MODULES["ceiling"], "out", FIGURE),
    "trajectory": Case(MODULES["trajectory"], "out.npz", shapes, "out.npz.partial"),
    "peptide": Case(MODULES["peptide"], "out.npz", shapes, "out.npz.partial"),
}  # fmt: skip
NEEDS = {
    "aspirin": "nequip", "diagnose": "torch", "sweep": "distributed", "trajectory": "tblite",
    "peptide": "openmm",
}  # fmt: skip
SWEEP: dict[str, Any] = {
    "name": "x",
    "base": {
        "model": {"channels": 4},
        "measure": {"fit": 60, "held": 20, "degrees": [1], "orientations": 4},
    },
    "grids": [{"set": {"features": "features.npz"}, "vary": {"measure.orientations": [4, 5, 6]}}],
    "bootstrap": 50,
}


@dataclass(frozen=True)
class Whole:
    """A run that nobody disturbed."""

    seconds: float
    code: int
    out: str
    same: Any


@pytest.fixture(scope="session")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a feature file of a toy network and a sweep over it."""
    place = tmp_path_factory.mktemp("kills")
    (place / "sweep.json").write_text(json.dumps(SWEEP), encoding="utf-8")
    return place


WHOLE: dict[str, Whole] = {}


@pytest.fixture
def whole(name: str, workplace: Path, count_run: Any) -> Whole:
    """The run of ``name`` that nobody disturbs, made once."""
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])
    if name in ("diagnose", "sweep") and not (workplace / "features.npz").exists():
        made = [sys.executable, STAND_INS, "features", str(workplace / "features.npz")]
        subprocess.run(made, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=True)
    if name not in WHOLE:
        for _ in range(2 if NEEDS.get(name) in ("nequip", "distributed") else 1):
            # Twice where imports are long: the first time they come from the disk.
            folder = fresh(workplace, f"{name}-whole-{time.monotonic_ns()}")
            began = time.monotonic()
            code, out, err = ended(name, start(name, folder), count_run)
            seconds = time.monotonic() - began
        assert code in (0, 3, 4), err
        WHOLE[name] = Whole(seconds, code, out, CASES[name].same(folder))
        assert WHOLE[name].same
    return WHOLE[name]


def fresh(workplace: Path, name: str) -> Path:
    folder = workplace / name
    folder.mkdir()
    return folder


def start(
    name: str, folder: Path, largest: int | None = None, more: tuple[str, ...] = ()
) -> subprocess.Popen[str]:
    """Begin the command in ``folder``; ``largest`` is the size of file that the disk takes."""

    def limited() -> None:
        # A shell in the background hands down that Ctrl-C is ignored.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        if largest is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))

    return subprocess.Popen(
        [sys.executable, "-W", "ignore", *CASES[name].line, *more],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=limited,
    )


def ended(name: str, process: subprocess.Popen[str], count_run: Any) -> tuple[int, str, str]:
    began = time.monotonic()
    out, err = process.communicate(timeout=300)
    if process.returncode != -signal.SIGKILL:
        count_run(name, process.returncode, out, err, time.monotonic() - began)
    assert "Traceback" not in err, err
    return process.returncode, out, err


def unfinished(folder: Path) -> list[str]:
    return [
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.name.endswith(".writing") or path.name == ".holder"
    ]


@contextmanager
def running(name: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """The command, once its work has begun."""
    process = start(name, folder)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_until_begun(name: str, folder: Path, process: subprocess.Popen[str]) -> None:
    while process.poll() is None and not (folder / CASES[name].began).exists():
        time.sleep(0.005)


def assert_completed(name: str, folder: Path, whole: Whole, count_run: Any) -> None:
    """The same command again comes to the same, or says that everything is there."""
    case = CASES[name]
    code, _, err = ended(name, start(name, folder), count_run)
    if code == 2:  # written before the kill
        assert "exists" in err.splitlines()[-1]
        if name in ("bandwidth", "ceiling"):  # of two figures one may be missing
            code, _, err = ended(name, start(name, folder, more=("--force",)), count_run)
    if code != 2:
        assert code == whole.code, err
    assert case.same(folder) == whole.same
    if case.folder:
        assert not unfinished(folder)


@pytest.mark.parametrize("name", CASES)
def test_killed_twice_and_completed(
    name: str, whole: Whole, workplace: Path, count_run: Any
) -> None:
    rng = random.Random(f"20261125 {name}")
    for attempt in range(3):
        folder = fresh(workplace, f"{name}-killed{attempt}")
        for _ in range(2):
            process = start(name, folder)
            time.sleep(rng.uniform(0.15, 1.0) * whole.seconds)
            process.kill()
            ended(name, process, count_run)
        assert_completed(name, folder, whole, count_run)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("name", ["diagnose", "sweep", "trajectory"])
def test_an_interrupt_is_one_line_and_leaves_nothing_unfinished(
    name: str, number: signal.Signals, whole: Whole, workplace: Path, count_run: Any
) -> None:
    case = CASES[name]
    rng = random.Random(f"20261126 {name} {number}")
    for attempt in range(5):  # until one comes before the end
        folder = fresh(workplace, f"{name}-{number.name}{attempt}")
        began = time.monotonic()
        with running(name, folder) as process:
            if case.began:
                wait_until_begun(name, folder, process)
                left = whole.seconds - (time.monotonic() - began)
                time.sleep(rng.uniform(0.05, 0.6) * max(left, 0.1))
            else:  # after Python's own start
                time.sleep(rng.uniform(0.4, 0.8) * whole.seconds)
            process.send_signal(number)
            code, _, err = ended(name, process, count_run)
        assert not unfinished(folder)
        if code != whole.code:  # it was not over before
            assert code == {signal.SIGINT: 130, signal.SIGTERM: 143}[number], err
            said = [line for line in err.splitlines() if "error:" in line]
            assert said == err.splitlines()[-1:]
            assert ("interrupted" if number == signal.SIGINT else "terminated") in said[0]
            assert_completed(name, folder, whole, count_run)
            return
    pytest.fail("every run ended before its interrupt")


@pytest.mark.parametrize(
    ("name", "largest"), [("diagnose", BETWEEN), ("diagnose", 1000), ("sweep", BETWEEN)]
)
def test_a_full_disk_is_one_line_and_leaves_nothing_unfinished(
    name: str, largest: int, whole: Whole, workplace: Path, count_run: Any
) -> None:
    """The result, where there is one, is printed; with room again the command completes it."""
    case = CASES[name]
    folder = fresh(workplace, f"{name}-full{largest}")
    code, out, err = ended(name, start(name, folder, largest), count_run)
    assert "File too large" in err
    assert not unfinished(folder)
    for path in folder.rglob("*"):
        assert path.stat().st_size < largest or path.is_dir()
    assert code == 2, err
    assert len([line for line in err.splitlines() if "error:" in line]) == 1, err
    assert not (folder / case.last).exists()
    if largest == BETWEEN:
        assert out == whole.out
    assert_completed(name, folder, whole, count_run)
