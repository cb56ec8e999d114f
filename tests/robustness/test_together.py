"""Two runs at once and kills at any moment: outputs are whole or absent, and nothing is left over.

Random moments come from recorded seeds.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]

# What is written, by which call, and how a reader tells that the file is whole.
WRITERS: dict[str, tuple[list[str], str]] = {
    "verify": (["--L", "3", "--d", "3", "--no-numeric", "--certificate", "out.json"], "check"),
    "coupling": (["0e+1o+2e", "--degree", "3", "--certificate", "out.json"], "coupling-check"),
}


def start(command: str, arguments: list[str], folder: Path) -> subprocess.Popen[str]:
    root = Path(__file__).resolve().parents[2]
    return subprocess.Popen(
        [sys.executable, "-m", f"span_theorem.{command}", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell in the background hands down that Ctrl-C is ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


@pytest.mark.parametrize("command", WRITERS)
def test_two_runs_of_one_output(command: str, call: Call, tmp_path: Path) -> None:
    arguments, checker = WRITERS[command]
    both = [start(command, arguments, tmp_path) for _ in range(2)]
    said = [process.communicate() for process in both]
    codes = sorted(process.returncode for process in both)
    # Where both write the same certificate, the second may find it already there and be content.
    assert codes in ([0, 2], [0, 0])
    assert not any("Traceback" in err for _, err in said)
    assert [path.name for path in tmp_path.iterdir()] == ["out.json"]
    assert call(checker, "out.json").code == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("command", WRITERS)
def test_an_interrupt_is_one_line(command: str, number: signal.Signals, tmp_path: Path) -> None:
    arguments, _ = WRITERS[command]
    # Long enough to be interrupted in its work, not while Python starts.
    longer = {
        "verify": ["--L", "9", "--d", "9", "--rank", "dense", "--no-numeric"],
        "coupling": ["0e+1o+2e+3o+4e", "--degree", "6"],
    }[command]
    process = start(command, [*longer, *arguments[-2:]], tmp_path)
    assert process.stderr is not None
    first = process.stderr.readline()  # the announcement of the cost: the work begins
    assert "order of" in first
    time.sleep(0.2)
    process.send_signal(number)
    _, rest = process.communicate(timeout=60)
    assert process.returncode == {signal.SIGTERM: 143, signal.SIGINT: 130}[number]
    assert len(rest.splitlines()) == 1
    assert not list(tmp_path.iterdir())


def kill_some(command: str, times: int, seed: int, folder: Path, call: Call) -> None:
    """Kill at random moments; the file is whole or absent, and the next run makes the same."""
    rng = random.Random(seed)
    arguments, checker = WRITERS[command]
    began = time.monotonic()
    start(command, arguments, folder).communicate()
    whole = time.monotonic() - began
    wanted = json.loads((folder / "out.json").read_text(encoding="utf-8"))
    for _ in range(times):
        (folder / "out.json").unlink(missing_ok=True)
        process = start(command, arguments, folder)
        time.sleep(rng.uniform(0.2, 1.0) * whole)
        process.kill()
        process.communicate()
        if (folder / "out.json").exists():
            assert call(checker, "out.json").code == 0
    process = start(command, [*arguments, "--force"], folder)
    process.communicate()
    assert process.returncode == 0
    assert json.loads((folder / "out.json").read_text(encoding="utf-8")) == wanted


@pytest.mark.parametrize("command", WRITERS)
def test_kills(command: str, tmp_path: Path, call: Call) -> None:
    kill_some(command, 3, 20261125, tmp_path, call)


@pytest.mark.slow
@pytest.mark.parametrize("command", WRITERS)
def test_many_kills(command: str, tmp_path: Path, call: Call) -> None:
    kill_some(command, 40, 20261126, tmp_path, call)


DEMAND = [
    "embedded", "--frames", "60", "--factors", "2", "--l-max", "2", "--radial", "2", "--draws",
    "20", "--out", "run",
]  # fmt: skip


@pytest.mark.slow
def test_a_killed_run_with_a_folder_is_run_again_to_the_same_result(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]

    def begin(folder: Path) -> subprocess.Popen[str]:
        folder.mkdir(exist_ok=True)
        return subprocess.Popen(
            [sys.executable, "-m", "numeric_checks.demand", *DEMAND],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(root)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def table(folder: Path) -> str:
        return (folder / "run" / "table.txt").read_text(encoding="utf-8")

    process = begin(tmp_path / "whole")
    began = time.monotonic()
    _, err = process.communicate()
    whole = time.monotonic() - began
    assert process.returncode in (0, 4), err
    rng = random.Random(20261127)
    for attempt in range(6):
        folder = tmp_path / f"killed{attempt}"
        process = begin(folder)
        time.sleep(rng.uniform(0.3, 1.0) * whole)
        process.kill()
        process.communicate()
        done = (folder / "run" / "report.json").exists()
        process = begin(folder)
        _, err = process.communicate()
        assert process.returncode in ((2,) if done else (0, 4)), err
        assert "Traceback" not in err
        assert table(folder) == table(tmp_path / "whole")
        assert not [path for path in (folder / "run").iterdir() if "writing" in path.name]
