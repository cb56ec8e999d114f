"""The frame of commands: exit codes, one line for a fault, results before printing, interrupts."""

from __future__ import annotations

import argparse
import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from span_theorem import __main__ as dispatcher
from span_theorem import extras
from span_theorem.command import Exit, Result, Terminated, alias, parser, run, say
from span_theorem.progress import Progress


def _run(work: Any, argv: list[str] | None = None) -> int:
    made = parser("span_theorem.example", "An example.")
    made.add_argument("--draws", type=int, default=1)
    alias(made, "--bootstrap", "--draws")
    return run(made, argv or [], work)


def test_text_json_and_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    def work(given: argparse.Namespace) -> Result:
        return Result(f"{given.draws} draws", {"draws": given.draws}, Exit.UNDECIDED)

    assert _run(work) == 4
    assert capsys.readouterr().out == "1 draws\n"
    assert _run(work, ["--bootstrap", "7", "--json"]) == 4
    assert json.loads(capsys.readouterr().out) == {"draws": 7}


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (ValueError("L must be ≥ 0, got -1"), 2, "L must be ≥ 0, got -1"),
        (TypeError("L must be an integer"), 2, "L must be an integer"),
        (FloatingPointError("loss is not finite"), 2, "loss is not finite"),
        (MemoryError(), 2, "not enough memory"),
        (RecursionError("deep"), 2, "the input is nested too deeply"),
        (FileNotFoundError(2, "No such file or directory", "a.npz"), 2, "a.npz: No such file"),
        (ModuleNotFoundError("No module named 'mace'", name="mace.modules"), 2, '".[mace]"'),
        (KeyboardInterrupt(), 130, "interrupted"),
        (Terminated("terminated"), 143, "terminated"),
        (ValueError("two\nlines \x1b[2J"), 2, "two lines  [2J"),
    ],
)
def test_every_fault_is_one_line(
    error: BaseException, code: int, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def work(_given: argparse.Namespace) -> Result:
        raise error

    assert _run(work) == code
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("python -m span_theorem.example: error: ")
    assert text in shown.err
    assert shown.err.count("\n") == 1


def test_a_fault_of_the_program_is_raised() -> None:
    def work(_given: argparse.Namespace) -> Result:
        raise KeyError("a bug")

    with pytest.raises(KeyError):
        _run(work)


def test_bad_options_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        _run(lambda _given: Result("", {}), ["--no-such"])
    assert end.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_results_are_on_disk_before_anything_is_printed(tmp_path: Path) -> None:
    stream = tmp_path / "stdout"

    def write() -> str:
        (tmp_path / "a").write_text(stream.read_text())
        return "a"

    with stream.open("w") as out:
        old, sys.stdout = sys.stdout, out
        try:
            assert _run(lambda _given: Result("text", {}, outputs=(write,))) == 0
        finally:
            sys.stdout = old
    assert (tmp_path / "a").read_text() == ""
    assert stream.read_text() == "text\n"


def test_a_result_that_cannot_be_written_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    def refuse() -> str:
        raise OSError(28, "No space left on device", "a.json")

    assert _run(lambda _given: Result("text", {}, outputs=(refuse,))) == 2
    shown = capsys.readouterr()
    assert shown.out == "text\n"
    assert "not written: a.json: No space left on device" in shown.err


def test_a_console_without_the_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    assert _run(lambda _given: Result("ℓ ≤ 4", {})) == 0
    assert raw.getvalue() == b"\\u2113 \\u2264 4\n"


def test_names_from_outside_give_no_orders_to_a_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    name = "\x1b]0;title\x07\x1b[2J \u202egnp.exe \x9b1A \u2028 ℓ\u00a0≤\t4"

    def work(_given: argparse.Namespace) -> Result:
        say(name)
        with Progress() as progress:
            progress.update(name, 1, 1, name)
        return Result(f"{name}\n{name}", {"name": name})

    for argv in ([], ["--json"]):
        assert _run(work, argv) == 0
        both = capsys.readouterr()
        assert "\\x1b" in both.err
        for text in (both.out, both.err):
            assert not set("\x1b\x07\x9b\u202e\u2028") & set(text)
            assert text.count("\n") > 1  # lines stay lines
        assert ("ℓ\u00a0≤\t4" in both.out) == (not argv)
    assert json.loads(both.out) == {"name": name}


def test_lines_fit_the_width(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    assert _run(lambda _given: Result("  " + "word " * 40, {})) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 40
    assert lines[0].startswith("  word")
    assert lines[1].startswith("    word")


CODE = """
import sys, time
from pathlib import Path
from span_theorem.command import parser, run, Result
from span_theorem.files import writing

def work(given):
    with writing("out.bin") as stream:
        stream.write(b"x")
        print("ready", file=sys.__stdout__, flush=True)
        time.sleep(60)
    return Result("", {})

sys.exit(run(parser("example", ""), [], work))
"""


@pytest.mark.skipif(os.name != "posix", reason="sends signals")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals_unwind_the_work(tmp_path: Path, number: int, code: int) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", CODE],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(number)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == code
    assert errors.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_standard_output_is_one_line() -> None:
    code = (
        "import sys; from span_theorem.command import parser, run, Result; "
        "sys.exit(run(parser('example', ''), [], lambda given: Result('x' * 100000, {})))"
    )
    with open("/dev/full", "w") as full:
        ended = subprocess.run(
            [sys.executable, "-c", code],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert "cannot be printed" in ended.stderr


def test_the_dispatcher_lists_and_runs_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert dispatcher.main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("span-theorem 0.")
    assert dispatcher.main(["--help"]) == 0
    shown = capsys.readouterr().out
    for name in (
        "verify",
        "check",
        "coupling",
        "rank",
        "bandwidth",
        "aspirin",
        "diagnose",
        "sweep",
    ):
        assert f"\n  {name} " in shown
    assert dispatcher.main(["verfy"]) == 2
    assert "did you mean 'verify'?" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        dispatcher.main(["rank", "--no-such"])
    assert capsys.readouterr().err.startswith("span-theorem rank: error:")


def test_a_missing_package_is_named_with_its_remedy() -> None:
    assert extras.remedy("dask.distributed").endswith(
        'python -m pip install -c constraints.txt ".[sweep]"'
    )
    assert "constraints-mace.txt" in extras.remedy("mace")
    for module in ("matplotlib", "ase", "pydantic"):  # mace's environment has them too
        assert extras.remedy(module).endswith('-c constraints.txt ".[neural]"')
    assert extras.remedy("unheard_of.module") == "unheard_of is not installed"


def test_what_a_package_prints_is_not_the_result(capsys: pytest.CaptureFixture[str]) -> None:
    def work(given: Any) -> Result:
        print("loading the model on cpu")
        return Result("text", {"found": 1})

    assert run(parser("example", ""), ["--json"], work) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == {"found": 1}
    assert err == "loading the model on cpu\n"
