"""Malformed calls of every command: one line, exit code 2, no traceback, before any work."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]

BASES: dict[str, list[str]] = {
    "check": ["certificate.json"],
    "coupling": ["1o", "--degree", "2"],
    "coupling-check": ["certificate.json"],
}
"""For every command a call that is right and cheap; each test adds one fault."""

NO_NUMBERS = ["", " ", "x", "nan", "-nan", "inf", "-inf", "1e999", "1,5", "2 3", "9" * 5000, "[/x]"]
HUGE = ["-1", "1e30", "1e100", "999999999", str(2**63), "-" + "9" * 30]
NO_CHOICE = ["", "bogus", "\x1b[31m", "\udcff", "[/x]"]
PLACES = [
    "", "a\0b", "x" * 5000, "\udcff", "[/x]", "a\nb", "/dev/full", "/dev/null", "/", ".",
    "absent/x", "file/x", "loop", "/proc/self/mem", "pipe",
]  # fmt: skip


class CapturedError(Exception):
    """Carries the parser of a command."""


def parser_of(command: str, entry: Callable[[str], Any]) -> argparse.ArgumentParser:
    """The command's own parser, taken at the moment when it would parse."""

    def stop(self: argparse.ArgumentParser, *_: Any, **__: Any) -> None:
        raise CapturedError(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(argparse.ArgumentParser, "parse_args", stop)
        try:
            entry(command)([])
        except CapturedError as caught:
            made: argparse.ArgumentParser = caught.args[0]
            return made
    raise AssertionError(f"{command} parses nothing")


def with_option(base: Sequence[str], action: argparse.Action, value: str) -> list[str]:
    """``base`` with one option set to ``value``, in place of the one that it has."""
    option = action.option_strings[-1]
    kept = list(base)
    for name in action.option_strings:
        if name in kept:
            at = kept.index(name)
            del kept[at : at + 2]
    return [*kept, f"{option}={value}"]


def faults(
    parser: argparse.ArgumentParser, base: Sequence[str]
) -> Iterator[tuple[list[str], bool]]:
    """Calls with one fault each, and whether they must be refused."""
    for action in parser._actions:
        if not action.option_strings or isinstance(action, argparse._HelpAction):
            continue
        if action.nargs == 0 or isinstance(action, argparse.BooleanOptionalAction):
            yield [*base, f"{action.option_strings[-1]}=x"], True
        elif action.choices is not None:
            yield from ((with_option(base, action, value), True) for value in NO_CHOICE)
        elif action.type in (None, str, Path):
            yield from ((with_option(base, action, value), False) for value in PLACES)
        else:
            yield from ((with_option(base, action, value), True) for value in NO_NUMBERS)
            yield from ((with_option(base, action, value), False) for value in HUGE)
        if action.nargs is None and action.const is None:
            yield [*base, action.option_strings[-1]], True
    if not any(action.nargs in ("*", "+") for action in parser._actions):
        yield [*base, "more", "than", "it takes"], True
    for word in ("--bogus", "--bogus=1", "--\udcff", "--x\ny", "-Z", "--" + "x" * 5000, "--[/x]"):
        yield [*base, word], True
    required = any(a.required for a in parser._actions) or base[0].startswith("--L")
    yield [], required


@pytest.fixture
def workplace(tmp_path: Path) -> Path:
    """The folder of the calls, with things in it that are no place for an output."""
    import os

    (tmp_path / "file").write_text("kept", encoding="utf-8")
    (tmp_path / "loop").symlink_to("loop")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "certificate.json").write_text(json.dumps({"kind": "span"}), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("command", BASES)
def test_every_option_of(command: str, call: Call, workplace: Path, entry: Any) -> None:
    wrong = []
    base = BASES[command]
    for arguments, refused in faults(parser_of(command, entry), base):
        outcome = call(command, *arguments)
        if outcome.fault() or (refused and outcome.code != 2):
            wrong.append(str(outcome))
        assert (workplace / "file").read_text(encoding="utf-8") == "kept"
    assert not wrong, "\n".join([f"{len(wrong)} calls:", *wrong])


@pytest.mark.parametrize(
    "arguments",
    [
        [], ["bogus"], [""], ["\udcff"], ["\x1b[31m"], ["a\nb"], ["x" * 5000], ["--bogus"],
        ["verifi"], ["check", "absent"], ["-x"], ["[/x]"],
        ["coupling"], ["coupling", "1o", "--degree", "x"],
    ],
    ids=ascii,
)  # fmt: skip
def test_the_one_command(arguments: list[str], call: Call) -> None:
    outcome = call("span-theorem", *arguments)
    assert not outcome.traceback, outcome
    assert outcome.code == 2
    assert outcome.one_line or not arguments  # alone it lists the commands
