"""Malformed calls of every command: one line, exit code 2, no traceback, before any work."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from cases import CASES, OUTPUTS, RESULTS, TRIED_OTHERWISE, WRITE_NOTHING, command_of

Call = Callable[..., Any]

BASES: dict[str, list[str]] = {
    "verify": ["--L", "1", "--d", "1", "--rank", "none", "--no-numeric"],
    "architecture": ["--e3nn", "0e+1o", "--degree", "2"],
    "check": ["certificate.json"],
    "coupling": ["1o", "--degree", "2"],
    "coupling-check": ["certificate.json"],
    "rank": ["--L", "1", "--d", "1"],
    "ceiling": ["--irreps", "0e+1o", "--d", "1", "--atoms", "3", "--frames", "20"],
    "accuracy": ["--l", "2", "--directions", "1"],
    "synthetic": ["--L", "1", "--d", "1", "--fold", "2"],
    "bandwidth": ["embedded", "--atoms", "0"],
    "demand": ["embedded", "--frames", "60"],
    "peptide": ["--frames", "1", "--out", "new.npz"],
    "aspirin": ["--preset", "quick"],
    "diagnose": ["--model", "features.npz"],
    "compare": ["report.json"],
    "download": ["rmd17"],
    "trajectory": ["--frames", "1", "--out", "new.npz"],
    "sweep": ["sweep.json", "--list"],
    "sweep-features": ["e3nn", "--out", "new.npz"],
    "injection-along": ["folder", "--data", "embedded"],
    "injection-grid": ["folder", "--data", "embedded"],
    "validation": ["folder", "--demand", "file"],
}
"""For every command a call that is right and cheap; each test adds one fault."""

WORK = {
    "ceiling": "numeric_checks.ceiling.observe:observe_ceiling",
    "synthetic": "numeric_checks.synthetic.cells:calibrate",
    "bandwidth": "numeric_checks.bandwidth.estimate:bandwidth",
    "demand": "numeric_checks.demand.estimate:demand",
    "peptide": "numeric_checks.peptide.dataset:make_peptide",
    "aspirin": "neural_checks.aspirin:_measure",
    "diagnose": "neural_checks.diagnose:_diagnose",
    "compare": "neural_checks.compare:_read",
    "download": "neural_checks.data.archives:fetch",
    "trajectory": "neural_checks.data.trajectories:make_trajectory",
    "sweep": "neural_checks.sweep.run:run_jobs",
    "sweep-features": "neural_checks.sweep.features:features_of",
    "injection-along": "neural_checks.injection.along:_measure",
    "injection-grid": "neural_checks.injection.grid:_measure",
    "validation": "neural_checks.validation.__main__:_compared",
}
"""What is long in a command: the test stops there, and a call that is wrong must not get so far."""

NO_NUMBERS = ["", " ", "x", "nan", "-nan", "inf", "-inf", "1e999", "1,5", "2 3", "9" * 5000, "[/x]"]
HUGE = ["-1", "1e30", "1e100", "999999999", str(2**63), "-" + "9" * 30]
NO_CHOICE = ["", "bogus", "\x1b[31m", "\udcff", "[/x]"]
PLACES = [
    "", "a\0b", "x" * 5000, "\udcff", "[/x]", "a\nb", "/dev/full", "/dev/null", "/", ".",
    "absent/x", "file/x", "loop", "pipe", "x" * 300, "é" * 150, "link", "nowhere", "folder/",
]  # fmt: skip


SWEEP = json.dumps(
    {
        "name": "x",
        "base": {
            "data": "embedded",
            "model": {"channels": 8, "layers": 2},
            "train": {"train": 400, "validation": 20, "steps": 100, "validate_every": 50},
            "measure": {"fit": 200, "held": 60, "sites": 8, "degrees": [1, 2]},
        },
        "grids": [{"vary": {"model.l_max": [1]}}],
    }
)


class StartedError(BaseException):
    """The long part of a command was reached."""


def started(*_: Any, **__: Any) -> None:
    raise StartedError


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


def is_number(action: argparse.Action) -> bool:
    """Whether the option takes numbers."""
    name = getattr(action.type, "__qualname__", "")
    return action.type in (int, float) or name.startswith(("integer_option.", "number_option."))


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
        elif is_number(action):
            yield from ((with_option(base, action, value), True) for value in NO_NUMBERS)
            yield from ((with_option(base, action, value), False) for value in HUGE)
        else:
            yield from ((with_option(base, action, value), False) for value in PLACES)
        if action.nargs is None and action.const is None:
            yield [*base, action.option_strings[-1]], True
    if not any(action.nargs in ("*", "+") for action in parser._actions):
        yield [*base, "more", "than", "it takes"], True
    for word in ("--bogus", "--bogus=1", "--\udcff", "--x\ny", "-Z", "--" + "x" * 5000, "--[/x]"):
        yield [*base, word], True
    if any(action.required for action in parser._actions):
        yield [], True


@pytest.fixture
def workplace(tmp_path: Path) -> Path:
    """The folder of the calls, with things in it that are no place for an output."""
    (tmp_path / "file").write_text("kept", encoding="utf-8")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "nowhere").symlink_to("absent")
    (tmp_path / "folder").mkdir()
    for end in ("", ".npz", ".svg"):
        os.mkfifo(tmp_path / f"pipe{end}")
    (tmp_path / "file.npz").write_text("kept", encoding="utf-8")
    (tmp_path / "loop.npz").symlink_to("loop.npz")
    (tmp_path / "run").symlink_to(RESULTS / "symmetric" / "benzene")
    (tmp_path / "networks").symlink_to(RESULTS / "sweep-cliff")
    (tmp_path / "sweep.json").write_text(SWEEP, encoding="utf-8")
    (tmp_path / "certificate.json").write_text(json.dumps({"kind": "span"}), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("command", BASES)
def test_every_option_of(
    command: str, call: Call, workplace: Path, entry: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = []
    if command in WORK:
        module, _, name = WORK[command].partition(":")
        monkeypatch.setattr(import_module(module), name, started)
    base = BASES[command]
    right = call(command, *base)
    assert right.code in (0, 3, 4) or "StartedError" in right.crash or "certificate.json" in base
    for arguments, refused in faults(parser_of(command, entry), base):
        outcome = call(command, *arguments)
        begun = "StartedError" in outcome.crash
        if (outcome.fault() and not begun) or (refused and outcome.code != 2):
            wrong.append(str(outcome))
        assert (workplace / "file").read_text(encoding="utf-8") == "kept"
    assert not wrong, "\n".join([f"{len(wrong)} calls:", *wrong])


CALLS: dict[str, list[str]] = {
    "verify": [
        "--L 2", "--d 2", "--L 1e30 --d 1", "--L 513 --d 1", "--L 512 --d 2", "--up-to 13",
        "--up-to 2 --L 2", "--up-to 2 --claim 1", "--up-to 2 --certificate x",
        "--up-to 2 --force",
        "--L 2 --d 2 --certificate /dev/full", "--L 2 --d 2 --certificate .",
        "--L 2 --d 2 --certificate absent/x", "--L 2 --d 2 --certificate file",
        "--L 2 --d 2 --certificate x --no-certificate", "--L 200 --d 1 --certificate x",
        "--L 200 --d 1 --rank dense", "--L 2 --d 2 --claim {1,", "--L 2 --d 2 --claim 1e3",
        "--L 2 --d 2 --certificate loop", "--L 2 --d 2 --certificate pipe",
        "--L 2 --d 2 extra", "--l 2 --d 2", "--L=2 --d",
    ],
    "architecture": [
        "", "--e3nn 1o", "--degree 2", "--e3nn 1q --degree 2", "--e3nn 1e99 --degree 2",
        "--e3nn 1o --degree 1e100", "--equivariant", "--equivariant 1q", "--equivariant 0x1o",
        "--equivariant 1o --degree 2", "--equivariant 1o --mace", "--equivariant 99e",
        "--e3nn 1o --degree 2 --neighbours 0", "--e3nn 1o --degree 2 --readout nan",
        "--e3nn 1o --degree 2 --mace", "--mace bogus=1", "--mace max_ell", "--mace max_ell=",
        "--mace max_ell=x", "--mace max_ell=-1", "--mace max_ell=999999999", "--mace max_ell=1e3",
        "--mace correlation=1e100", "--mace correlation=999999999", "--mace hidden=1q",
        "--mace layers=0", "--mace layers=999999999", "--mace layers=1 layers=2",
        "--mace layers=1 num_interactions=2", "--nequip l_max=-1", "--nequip l_max=999999999",
        "--nequip layers=999999999", "--nequip parity=perhaps",
        "--file absent", "--file .", "--file /dev/zero", "--file pipe", "--file loop",
        "--file file", "--file list.json", "--file null.json", "--file number.json",
        "--file deep.json", "--file bomb.yaml", "--file tag.yaml", "--file cycle.yaml",
        "--file huge.yaml", "--file latin.yaml", "--file wrong.yaml",
    ],
    "check": ["", "absent", ".", "/dev/zero", "pipe", "loop", "file", "a b", "--json file",
        "--full"],
    "coupling": [
        "0e --degree 1e100", "0e --degree 999999999", "0e --degree 0", "0e --degree -1",
        "1q --degree 2", "1o+2 --degree 2", "1o+ --degree 2", "99999999x1o --degree 2",
        "1e99 --degree 2", f"{'9' * 5000}e --degree 2", "200e --degree 100",
        "5000x0e --degree 1000", "100x10e --degree 100", "30x0e+30x1o+30x2e --degree 9",
        "1o --degree 2 --keep 2", "1o --degree 2 --keep x",
        "1o --degree 2 --out x --certificate x",
        "1o --degree 2 --out ./x.npz --certificate x.npz", "1o --degree 2 --out /dev/full",
        "1o --degree 2 --certificate /dev/full", "1o --degree 2 --out absent/x.npz",
        "1o --degree 2 --certificate file", "1o --degree 2 --out loop.npz",
        "1o --degree 2 --out pipe.npz", "1o --degree 2 --out file.npz",
        "1o --degree 2 --power exterior", "--degree 2", "1o",
    ],
    "coupling-check": ["", "absent", ".", "/dev/zero", "pipe", "loop", "file",
        "--full file", "a b"],
    "rank": [
        "--L 1e30 --d 2", "--L 2", "--L 1000 --d 1000", "--L 60 --d 60",
        "--L 2 --d 2 --device x",
        "--L 2 --d 2 --directions 0", "--L 2 --d 2 --directions 999999999",
        "--L 2 --d 2 --seed x",
    ],
    "ceiling": [
        "--irreps bogus", "--irreps 99999999x1o", "--irreps 1e99", "--d 4", "--d 0",
        "--atoms 2",
        "--atoms 1e9", "--frames 0", "--claim -1", "--l-max 1e30", "--figure absent/x",
        "--figure pipe",
    ],
    "accuracy": ["--l", "--l -1", "--l 1e9", "--directions 0", "--directions 999999999"],
    "synthetic": ["--L 0 --d 2 --fold x", "--L 1e30", "--d 999999999", "--L 64 --d 64",
        "--fold 0"],
    "bandwidth": [
        "", "absent", "file", ".", "/dev/null", "pipe", "loop", "embedded --atoms",
        "embedded --atoms 99",
        "embedded --atoms -1", "embedded --field bogus", "embedded --level 2",
        "embedded --level 0",
        "embedded --frames 0", "embedded --draws 0", "embedded --blocks 0",
        "embedded --l-max 1e9",
        "embedded --radial -1", "embedded --figure pipe", "embedded --figure absent/x",
        "embedded --measure x", "embedded embedded",
    ],
    "demand": [
        "", "absent", "file", ".", "/dev/null", "pipe", "loop", "embedded --factors 0",
        "embedded --factors 99", "embedded --l-max 1e9", "embedded --cutoff 0",
        "embedded --cutoff nan",
        "embedded --radial 0", "embedded --level -1", "embedded --centers Xx",
        "embedded --centers U",
        "embedded --frames 1", "embedded --draws 0", "embedded --out file",

    ],
    "peptide": [
        "", "--frames 1", "--out x.npz", "--frames 0 --out x.npz", "--frames 1 --out x",
        "--frames 1 --out absent/x.npz", "--frames 1 --out pipe.npz", "--frames 1 --out file.npz",
        "--frames 1 --out x.npz --sequence B1",
        "--frames 1 --out x.npz --temperature 0", "--frames 1 --out x.npz --temperature inf",
    ],
    "aspirin": [
        "--device bogus", "--device cuda:99", "--L 99", "--L 0", "--amplitude nan",
        "--amplitude 0",
        "--run ../../escaped", "--run /tmp", "--run .", "--data absent", "--data file",
        "--data .",
        "--data /dev/null", "--data pipe", "--out file", "--results file", "--steps 0",
        "--draws 0",
        "--backbones 0", "--degrees 4", "--degrees", "--parallel 0", "--preset x", "--seed -1",
    ],
    "diagnose": [
        "", "--model", "--model absent.npz", "--model file", "--model .", "--model loop",
        "--model absent:function --data embedded", "--model os:absent --data embedded",
        "--model absent.npz --layer 1", "--model x.ckpt", "--model file --data embedded",
        "--model folder --data embedded", "--model loop --data embedded",
        "--model pipe --data embedded", "--model pipe.npz", "--model loop.npz", "--model file.npz",
        "--model absent.ckpt --data embedded", "--model x.npz --data absent",
        "--model x.npz --out file",
        "--model x.npz --export x", "--model x.npz --degree 4", "--model x.npz --level nan",
        "--model x.npz --draws 0", "--model x.npz --fit 0", "--model x.npz --held -1",
        "--model x.ckpt --data embedded --all-frames", "--model x.npz --device cpu",
        "--model x.ckpt --data embedded --device bogus",
        "--model x.ckpt --data embedded --device cuda:99",
        "--model x.npz --batch 0", "--model x.npz --batch 10", "--model x.npz --group o2",
        "--model x.npz --layer all", "--model x.ckpt --data embedded --layer 1.5",
        "--model x.ckpt --data embedded --layer -1", "--model x.npz --tolerance 0",
        "--model x.npz --tolerance nan", "--model x.npz --tolerance 2x=0.1",
        "--model x.ckpt --data embedded --layer all --export y.npz",
    ],
    "compare": [
        "", "absent", "file", ".", "/dev/null", "pipe", "loop", "x=absent", "null.json",
        "list.json", "deep.json", "run --out file",
    ],
    "download": ["", "bogus", "rmd17 --check absent", "rmd17 --check file",
        "rmd17 --fingerprint ."],
    "trajectory": [
        "", "--frames 1", "--out x.npz --check y", "--check absent", "--check file", "--check .",
        "--out x", "--out absent/x.npz", "--out pipe.npz", "--out file.npz",
        "--frames 0 --out x.npz", "--seed -1 --out x.npz", "--check arrays.npz",
        "--check empty.npz", "--check pipe", "--check loop", "--check /dev/zero",
    ],
    "injection-along": [
        "", "folder", "folder --data", "folder --data absent", "folder --data file",
        "folder --data embedded --out file", "absent --data embedded --out new",
        "folder --data embedded --fit 0", "folder --data embedded --held nan",
        "folder --data embedded --device bogus", "folder --data embedded --out new",
    ],
    "injection-grid": [
        "", "folder", "folder --data", "folder --data absent", "folder --data file",
        "folder --data embedded --out file", "absent --data embedded --out new",
        "folder --data embedded --fit 0", "folder --data embedded --amplitudes nan",
        "folder --data embedded --channels 0", "folder --data embedded --device bogus",
        "folder --data embedded --out new",
    ],
    "validation": [
        "", "networks", "networks --demand", "networks --demand absent", "networks --demand file",
        "networks --demand folder", "networks --demand pipe", "networks --demand null.json",
        "networks --demand deep.json", "folder --demand file", "absent --demand null.json",
        "file --demand file", "null.json --demand null.json", "list.json --demand list.json",
        "deep.json --demand deep.json", "folder --demand file --level nan",
    ],
    "sweep-features": [
        "", "bogus", "bogus --out x.npz", "e3nn", "e3nn --out", "e3nn --out x", "e3nn --out x.txt",
        "e3nn --out absent/x.npz", "e3nn --out /dev/full", "e3nn --out x.npz --L 99",
        "e3nn --out x.npz --L nan", "e3nn --out x.npz --channels 0", "e3nn --out x.npz --steps -1",
        "e3nn --out x.npz --seed -1", "e3nn --out x.npz --data absent",
        "e3nn --out x.npz --data file", "e3nn --out x.npz --data pipe",
        "e3nn --out x.npz --data /dev/zero", "e3nn --out x.npz --data arrays.npz",
    ],
    "sweep": [
        "", "absent", "file", ".", "/dev/null", "pipe", "sweep.json --workers 0",
        "list.json --list",
        "null.json --list", "climbs.json --list", "number.json --list", "deep.json --list",
        "sweep.json --device bogus", "sweep.json --slurm absent --job-script",
        "sweep.json --slurm file --job-script", "sweep.json --job-script",
        "sweep.json --deaths -1",
        "sweep.json --scheduler nowhere:99999", "sweep.json --scheduler x --slurm y",
    ],
}  # fmt: skip
"""Calls that are wrong in a way of their own; each must be refused, in one line."""


YAML = {
    "bomb": "a: &a [x, x, x, x, x, x, x, x, x]\n"
    + "".join(f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in pairwise("abcdefghijkl"))
    + "max_ell: *l\n",
    "tag": "max_ell: !!python/object/apply:os.system ['touch ran']\n",
    "cycle": "max_ell: &a [*a]\n",
    "huge": "max_ell: " + "9" * 100_000,
    "latin": "max_ell: \xff\n",
    "wrong": "max_ell: {a: 1}\ncorrelation: [3]\nhidden_irreps: null\n",
}


def test_the_tables_hold_every_command(entry_points: dict[str, str], repository: Path) -> None:
    """Those with a name, and every module that is a program or is said to be one."""
    with_name = set(entry_points) - {"span-theorem"}
    assert set(BASES) == set(CALLS) == with_name
    packages = ("span_theorem", "numeric_checks", "neural_checks")
    programs = {
        ".".join(path.relative_to(repository).with_suffix("").parts)
        for package in packages
        for path in (repository / package).rglob("*.py")
        if '__name__ == "__main__"' in path.read_text(encoding="utf-8")
    }
    assert programs == {entry.partition(":")[0] for entry in entry_points.values()}
    named = {program.removesuffix(".__main__") for program in programs}
    texts = [
        repository / "README.md",
        *(repository / "docs").glob("*.md"),
        *(repository / "docs").glob("*/*.md"),
    ]
    said = {
        module
        for path in texts
        for module in re.findall(
            rf"python -m ((?:{'|'.join(packages)})[\w.]*\w)", path.read_text(encoding="utf-8")
        )
    }
    assert said
    assert said <= named, said - named


def test_kills_try_every_command_and_every_place_that_it_writes_to(
    entry_points: dict[str, str], entry: Any
) -> None:
    commands = set(entry_points) - {"span-theorem"}
    tried = {command_of(name) for name in CASES}
    assert not tried & set(WRITE_NOTHING)
    assert tried | set(WRITE_NOTHING) == commands
    named: set[tuple[str, str]] = set()
    for command in commands:
        for action in parser_of(command, entry)._actions:
            named |= {(command, option) for option in action.option_strings if option in OUTPUTS}
    given = {
        (command_of(name), option) for name, case in CASES.items() for option in case.arguments
    }
    assert not {command for command, _ in named} & set(WRITE_NOTHING)
    assert named - given == set(TRIED_OTHERWISE)


@pytest.mark.parametrize("command", CALLS)
def test_wrong_calls_of(command: str, call: Call, workplace: Path) -> None:
    contents = {
        "list": "[1, 2]", "null": "null", "number": "7", "deep": "[" * 10_000,
        "climbs": SWEEP.replace('"name": "x"', '"name": "../../escaped"'),
    }  # fmt: skip
    for name, text in contents.items():
        (workplace / f"{name}.json").write_text(text, encoding="utf-8")
    for name, text in YAML.items():
        (workplace / f"{name}.yaml").write_text(text, encoding="latin-1")
    np.savez(workplace / "arrays.npz", a=np.zeros(3), R=np.zeros((0, 21, 3)))
    np.savez(workplace / "empty.npz")
    before = sorted(workplace.parent.iterdir())
    wrong = []
    for line in CALLS[command]:
        # A stop after some seconds: what is wrong must be found before any work.
        outcome = call(command, *line.split(), limit=30)
        if outcome.fault() or outcome.code != 2:
            wrong.append(str(outcome))
        assert (workplace / "file").read_text(encoding="utf-8") == "kept"
    assert sorted(workplace.parent.iterdir()) == before
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
