"""Every console: ASCII, no UTF-8 mode, 40 columns, closed pipes, full disks; paths like markup."""

from __future__ import annotations

import json
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]

RUNS: dict[str, list[str]] = {
    "span-theorem": ["--help"],
    "verify": ["--L", "2", "--d", "2", "--no-numeric", "--no-certificate", "--explain"],
    "architecture": ["--e3nn", "0e+1o", "--degree", "2"],
    "check": ["span.json"],
    "coupling": ["0e+1o", "--degree", "2"],
    "coupling-check": ["coupling.json"],
    "rank": ["--L", "1", "--d", "2"],
    "accuracy": ["--l", "2", "--directions", "1"],
}
"""Calls that end with a result, in seconds."""

SLOW: dict[str, list[str]] = {
    "bandwidth": ["embedded", "--atoms", "0", "--frames", "200", "--draws", "20", "--l-max", "1"],
    "demand": [
        "embedded", "--frames", "60", "--factors", "2", "--l-max", "1", "--radial", "2",
        "--draws", "20",
    ],
    "synthetic": ["--L", "1", "--d", "1", "--fold", "2"],
    "ceiling": ["--irreps", "0e+1o", "--d", "1", "--atoms", "3", "--frames", "20"],
}  # fmt: skip


@pytest.fixture(autouse=True)
def workplace(tmp_path: Path) -> Path:
    """Certificates to check."""
    from span_theorem import prove_span
    from span_theorem.certificate import span_certificate
    from span_theorem.coupling import basis_certificate, coupling_basis
    from span_theorem.rank import weight_evidence

    made = {
        "span": span_certificate(prove_span(2, 2), weight_evidence(2, 2)),
        "coupling": basis_certificate(coupling_basis("1o", 2)),
    }
    for name, content in made.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    return tmp_path


def assert_printed(outcome: Any) -> None:
    assert not outcome.fault(), outcome
    assert outcome.code in (0, 3, 4)
    assert outcome.out


@pytest.mark.parametrize("command", RUNS)
def test_an_ascii_console_of_40_columns(command: str, call: Call) -> None:
    outcome = call(command, *RUNS[command])
    assert_printed(outcome)
    assert outcome.out.isascii()


@pytest.mark.parametrize("command", RUNS)
@pytest.mark.parametrize("stdout", ["full", "closed pipe"])
def test_a_result_that_cannot_be_printed_is_said_in_one_line(
    command: str, stdout: str, call: Call
) -> None:
    outcome = call(command, *RUNS[command], stdout=stdout)
    assert not outcome.traceback, outcome
    assert outcome.code == 2
    assert outcome.err.strip()


@pytest.mark.slow
@pytest.mark.parametrize("command", SLOW)
def test_the_same_of_slow_commands(command: str, call: Call) -> None:
    assert_printed(call(command, *SLOW[command]))
    for stdout in ("full", "closed pipe"):
        assert call(command, *SLOW[command], stdout=stdout).code == 2


@pytest.mark.parametrize("command", [c for c in RUNS if "check" not in c])
def test_lines_fit_a_terminal_of_40_columns(command: str, call: Call) -> None:
    """Tables of numbers may be wider; sentences may not."""
    outcome = call(command, *RUNS[command])
    for line in outcome.out.splitlines():
        sentence = line.split()
        assert len(line) <= 40 or len(sentence) == 1 or "\\" in line, line


ENVIRONMENTS = {
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "latin": {"PYTHONIOENCODING": "latin-1"},
    "C": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "narrow": {"COLUMNS": "40", "LINES": "10", "TERM": "dumb"},
    "one column": {"COLUMNS": "1"},
    "no terminal": {"COLUMNS": "x", "TERM": "", "HOME": "/nowhere"},
    "optimised": {"PYTHONOPTIMIZE": "2"},
    "short integers": {"PYTHONINTMAXSTRDIGITS": "640"},
    "another hash": {"PYTHONHASHSEED": "7"},
}


#: Where the long text of the proof is printed too, which needs sympy.
EXPLAINED = ("ascii", "one column", "optimised")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("command", ["verify", "check"])
def test_environments(command: str, environment: str, process: Call) -> None:
    arguments = [a for a in RUNS[command] if environment in EXPLAINED or a != "--explain"]
    assert_printed(process(command, *arguments, env=ENVIRONMENTS[environment]))


@pytest.mark.slow
@pytest.mark.parametrize("environment", ["ascii", "C", "one column", "no terminal"])
@pytest.mark.parametrize("command", [*RUNS, *SLOW])
def test_every_command_in_some_environments(command: str, environment: str, process: Call) -> None:
    arguments = (RUNS | SLOW)[command]
    assert_printed(process(command, *arguments, env=ENVIRONMENTS[environment]))


@pytest.mark.slow
@pytest.mark.parametrize("shell", [">/dev/full", ">&-", "| true", "2>&-", "2>/dev/full"])
@pytest.mark.parametrize("command", [*RUNS, *SLOW])
def test_redirections(command: str, shell: str, process: Call) -> None:
    outcome = process(command, *(RUNS | SLOW)[command], shell=shell)
    assert not outcome.traceback, outcome
    if shell.startswith(">"):
        assert outcome.code == 2
        assert outcome.err.strip()
    elif shell.startswith("2"):
        assert outcome.code in (0, 3, 4)


def test_a_full_disk_loses_no_result(call: Call, tmp_path: Path) -> None:
    """What cannot be written is printed, and the exit code says that something is missing."""
    before = sorted(tmp_path.iterdir())
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        outcome = call(
            "verify", "--L", "1", "--d", "1", "--no-numeric", "--certificate", "out.json"
        )
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert outcome.code == 2
    assert "File too large" in outcome.err.replace("\n  ", " ")
    assert "verdict: verified" in outcome.out
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("name", ["[/x]", "[bold]", "é≤", "a b", "-x", "%s", "{0}", "x" * 200])
def test_names_of_files_are_not_read_as_markup(name: str, call: Call, tmp_path: Path) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    made = call(
        "verify", "--L", "1", "--d", "1", "--no-numeric", f"--certificate={tmp_path / name}"
    )
    assert made.code == 0, made
    checked = call("check", str(tmp_path / name))
    assert checked.code == 0, checked
    refused = call("coupling-check", str(tmp_path / name))
    assert refused.code == 2
    assert refused.one_line
