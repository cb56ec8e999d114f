"""What the command lines of checks share: printing, drawing, exit codes."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from numeric_checks import command
from numeric_checks.command import run_check
from numeric_checks.figures import subplots
from span_theorem.command import Exit, Parser


class Found:
    def as_dict(self) -> dict[str, Any]:
        return {"answer": 3}


def _draw(_found: Found) -> Any:

    return subplots(figsize=(4, 3))[0]


def _run(argv: list[str], check: Any = lambda _given: Found()) -> int:
    made = Parser(prog="check")
    made.add_argument("--json", action="store_true")
    return run_check(made, argv, check, lambda _found: "table", lambda _found: Exit.REFUTED, _draw)


def test_table_json_figure_and_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib")
    assert _run([]) == 3
    assert capsys.readouterr().out == "table\n"
    assert _run(["--json", "--figure", str(tmp_path / "a")]) == 3
    printed = json.loads(capsys.readouterr().out)
    assert printed.pop("made_with")["command"].startswith("check --json --figure a")
    assert printed == {"answer": 3}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.png", "a.svg"]


def test_bad_input_is_one_line_and_2(capsys: pytest.CaptureFixture[str]) -> None:
    def check(_given: argparse.Namespace) -> Found:
        raise ValueError("L must be ≥ 0, got -1")

    assert _run([], check) == 2
    assert capsys.readouterr().err == "check: error: L must be ≥ 0, got -1\n"


def test_an_existing_figure_is_refused_before_the_check(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    (tmp_path / "a.png").write_text("kept")

    def check(_given: argparse.Namespace) -> Found:
        pytest.fail("the check ran")

    assert _run(["--figure", str(tmp_path / "a.png")], check) == 2
    assert (tmp_path / "a.png").read_text() == "kept"
    assert _run(["--figure", str(tmp_path / "a.png"), "--force"]) == 3
    assert (tmp_path / "a.png").stat().st_size > 1000


def test_the_result_is_shown_where_the_figure_cannot_be_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib")

    def refuse(_figure: Any, _paths: Any, *, force: bool) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(command, "save_figure", refuse)
    assert _run(["--figure", str(tmp_path / "a.png")]) == 2
    shown = capsys.readouterr()
    assert shown.out == "table\n"
    assert "disk full" in shown.err
