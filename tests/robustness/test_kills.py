"""Kills at random moments, interrupts, full disks, two runs at once: all that writes or is long.

After any of them the same command comes to the result of a run that nobody disturbed, and no
unfinished file is left. A moment is a number of calls into the work, drawn from a recorded seed.
"""

from __future__ import annotations

import json
import random
import re
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import stand_ins
from cases import CASES, SWEEP, WRITING, command_of
from stand_ins import Place

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Ended:
    """What a process came to."""

    code: int
    out: str
    err: str
    calls: int

    @property
    def faults(self) -> list[str]:
        """The lines that say what went wrong."""
        return [line for line in self.err.splitlines() if "error:" in line]


class Runs:
    """Commands that are run in folders of their own."""

    def __init__(self, place: Path, entries: dict[str, str]) -> None:
        self.place, self.entries = place, entries
        self.whole: dict[str, tuple[Ended, Any]] = {}
        self.count: Any = None

    def folder(self, name: str) -> Path:
        made = self.place / f"{name}-{len(list(self.place.iterdir()))}"
        made.mkdir()
        return made

    def begin(
        self, name: str, folder: Path, more: tuple[str, ...] = (), **given: Any
    ) -> stand_ins.Started:
        entry = stand_ins.entry(command_of(name), self.entries)
        arguments = [*CASES[name].arguments, *more]
        return stand_ins.start(entry, arguments, Place(str(folder), **given))

    def end(self, name: str, started: stand_ins.Started, began: float) -> Ended:
        ended = Ended(*started.ended(200))
        if ended.code != -signal.SIGKILL:
            seconds = time.monotonic() - began
            self.count(command_of(name), ended.code, ended.out, ended.err, seconds)
        assert "Traceback" not in ended.err, ended.err
        return ended

    def run(self, name: str, folder: Path, more: tuple[str, ...] = (), **given: Any) -> Ended:
        began = time.monotonic()
        return self.end(name, self.begin(name, folder, more, **given), began)

    def share(self, name: str) -> None:
        """Make what several cases read, once."""
        if not (self.place / name).exists():
            made = stand_ins.start(f":{name}", [name], Place(str(self.place)))
            code, _, err, _ = made.ended(200)
            assert code == 0, err


@pytest.fixture(scope="module")
def all_runs(tmp_path_factory: pytest.TempPathFactory, entry_points: dict[str, str]) -> Runs:
    place = tmp_path_factory.mktemp("kills")
    (place / "sweep.json").write_text(json.dumps(SWEEP), encoding="utf-8")
    return Runs(place, entry_points)


@pytest.fixture
def runs(name: str, all_runs: Runs, count_run: Any) -> Runs:
    """With the run of ``name`` that nobody disturbs, made once."""
    all_runs.count = count_run
    if CASES[name].needs:
        pytest.importorskip(CASES[name].needs)
    if shared := CASES[name].shared:
        all_runs.share(shared)
    if name not in all_runs.whole:
        folder = all_runs.folder(name)
        ended = all_runs.run(name, folder)
        assert ended.code in (0, 3, 4), ended.err
        same = CASES[name].same(folder)
        assert same
        assert ended.calls
        all_runs.whole[name] = ended, same
    return all_runs


def unfinished(folder: Path) -> list[str]:
    """Files that a run leaves behind where it was not killed; a folder's lock stays."""
    return [
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.name.endswith((".writing", ".holder"))
        or (path.name.endswith(".lock") and path.name != ".lock")
    ]


def assert_completed(name: str, folder: Path, runs: Runs) -> None:
    """The same command again comes to the same, or says that everything is there."""
    whole, same = runs.whole[name]
    ended = runs.run(name, folder)
    if ended.code == 2:  # written before the end
        assert "exists" in ended.faults[-1], ended.err
        if CASES[name].several:
            ended = runs.run(name, folder, ("--force",))
    if ended.code != 2:
        assert ended.code == whole.code, ended.err
    assert CASES[name].same(folder) == same
    if CASES[name].last:
        assert not unfinished(folder)


@pytest.mark.parametrize("name", WRITING)
def test_killed_twice_and_completed(name: str, runs: Runs) -> None:
    rng = random.Random(f"20261125 {name}")
    calls = runs.whole[name][0].calls
    for _ in range(3 if CASES[name].short else 1):
        folder = runs.folder(name)
        for _ in range(2):
            moment = rng.randrange(1, calls)
            runs.run(name, folder, number=signal.SIGKILL, moment=moment)
        assert_completed(name, folder, runs)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("name", CASES)
def test_an_interrupt_is_one_line_and_leaves_nothing_unfinished(
    name: str, number: signal.Signals, runs: Runs
) -> None:
    rng = random.Random(f"20261126 {name} {number}")
    calls = runs.whole[name][0].calls
    for _ in range(4):
        folder = runs.folder(name)
        ended = runs.run(name, folder, number=number, moment=rng.randrange(1, calls))
        assert not unfinished(folder)
        if ended.code == 130 or ended.code == 143:
            break
        # Python drops an interrupt that comes while it removes an object.
        assert ended.code == runs.whole[name][0].code, ended.err
    assert ended.code == {signal.SIGINT: 130, signal.SIGTERM: 143}[number], ended.err
    assert ended.faults == ended.err.splitlines()[-1:]
    word = "interrupted" if number == signal.SIGINT else "terminated"
    assert word in ended.faults[0]
    assert_completed(name, folder, runs)


@pytest.mark.parametrize(
    ("name", "largest"), [(name, largest) for name in WRITING for largest in CASES[name].full]
)
def test_a_full_disk_is_one_line_and_leaves_nothing_unfinished(
    name: str, largest: int, runs: Runs
) -> None:
    """The result, where there is one, is printed; with room again the command completes it."""
    folder = runs.folder(name)
    ended = runs.run(name, folder, largest=largest)
    assert ended.code == 2, ended.err
    assert "File too large" in ended.err.splitlines()[-1], ended.err
    assert not unfinished(folder)
    for path in folder.rglob("*"):
        assert path.is_dir() or path.stat().st_size <= largest
    if CASES[name].last:
        assert not (folder / CASES[name].last).exists()
    if largest >= CASES[name].told:
        # What is found is said in full, without the lines that name a certificate not written.
        whole, said = (
            [
                re.sub(r"\d+\.\d+ s", "", line)
                for line in text.splitlines()
                if "out.json" not in line
            ]
            for text in (runs.whole[name][0].out, ended.out)
        )
        assert said == whole
    assert_completed(name, folder, runs)


@pytest.mark.parametrize("name", WRITING)
def test_two_runs_at_once_do_not_mix(name: str, runs: Runs) -> None:
    """One is refused in one line, or finds what the other wrote; the output is whole."""
    whole, same = runs.whole[name]
    folder = runs.folder(name)
    began = time.monotonic()
    ended = [runs.end(name, s, began) for s in [runs.begin(name, folder) for _ in range(2)]]
    codes = [one.code for one in ended]
    assert whole.code in codes, [one.err for one in ended]
    assert set(codes) <= {whole.code, 2}
    for one in ended:
        if one.code == 2:
            words = ("in use by", "another process", "exists")
            assert any(word in one.faults[-1] for word in words), one.err
    assert CASES[name].same(folder) == same
    assert not unfinished(folder)


@pytest.mark.parametrize(
    ("name", "console"),
    [
        (name, console)
        for name in CASES
        if name not in ("bandwidth", "demand", "ceiling")
        for console in ("full", "ascii")
    ],
)
def test_a_console_that_takes_little_loses_no_output(name: str, console: str, runs: Runs) -> None:
    """``test_console`` tries the others."""
    whole, same = runs.whole[name]
    folder = runs.folder(name)
    if console == "full":
        ended = runs.run(name, folder, stdout="/dev/full")
        assert ended.code == 2
        assert "cannot be printed" in ended.faults[-1]
    else:
        ended = runs.run(name, folder, encoding="ascii")
        assert ended.code == whole.code, ended.err
        assert ended.out.isascii()
    assert CASES[name].same(folder) == same
