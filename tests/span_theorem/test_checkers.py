"""Both checkers as programs: files of every kind, every console, and never without bounds.

Exit codes: 0 accepted, 2 not a certificate that can be read, 3 rejected; one line each time.
"""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from span_theorem import check, coupling_check, prove_span
from span_theorem.certificate import check_command, span_certificate
from span_theorem.coupling import basis_certificate, coupling_basis
from span_theorem.rank import weight_evidence

CHECKERS = {"check": check, "coupling_check": coupling_check}
GIB = 2**30


def valid(checker: str) -> dict[str, Any]:
    if checker == "check":
        made = span_certificate(prove_span(2, 2), weight_evidence(2, 2))
    else:
        made = basis_certificate(coupling_basis("1o+2e", 2))
    return json.loads(json.dumps(made))


def false(checker: str) -> dict[str, Any]:
    document = valid(checker)
    if checker == "check":
        document["claim"]["dimension"] += 1
    else:
        document["vectors"].pop()
    return document


def isolated(
    checker: str, *arguments: str, memory: int = GIB, shell: str = "", **options: Any
) -> subprocess.CompletedProcess[str]:
    """The checker's file in an interpreter of its own; ``shell`` redirects its output."""
    program = Path(CHECKERS[checker].__file__)
    command = ["sh", "-c", f'exec "$@" {shell}', "sh", sys.executable, "-I", str(program)]

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))

    return subprocess.run(
        [*command, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        preexec_fn=limited,
        check=False,
        **options,
    )


# ------------------------------------------------------------------ files that are no certificates


def heads(checker: str) -> dict[str, Any]:
    """The head of a certificate, to be given absurd values."""
    if checker == "check":
        return valid(checker)
    return valid(checker) | {"vectors": []}


HOSTILE: dict[str, str | bytes | Callable[[str], str]] = {
    "nothing": "",
    "half": '{"format": ',
    "a number": "7",
    "null": "null",
    "a list": "[]",
    "a word": "certificate",
    "not UTF-8": b"\xff\xfe\x00",
    "UTF-16": '{"L": 1}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "null bytes": b"\x00" * 1000,
    "deep lists": "[" * 200_000,
    "deep objects": '{"a":' * 100_000,
    "deep and closed": "[" * 50_000 + "]" * 50_000,
    "NaN": lambda c: json.dumps(heads(c) | {"version": float("nan")}),
    "Infinity": lambda c: json.dumps(heads(c) | {"version": float("-inf")}),
    "a float": lambda c: json.dumps(heads(c) | {"version": 1.0}),
    "an exponent": '{"version": 1e999999999}',
    "a float of megabytes": '{"version": 1.' + "0" * 10_000_000 + "}",
    "an integer of megabytes": '{"version": ' + "9" * 10_000_000 + "}",
    "an integer of 700 digits": lambda c: json.dumps(heads(c)).replace("1", "1" * 700, 1),
    "a string of megabytes": lambda c: json.dumps(heads(c) | {"format": "x" * 10_000_000}),
    "a name of megabytes": '{"' + "x" * 10_000_000 + '": 1}',
    "the name twice": '{"' + "x" * 5_000_000 + '": 1, "' + "x" * 5_000_000 + '": 1}',
    "a lone surrogate": '{"\\ud800": "\\udfff"}',
    "control characters": '{"format": "\\u001b[31m\\n\\r\\u2028"}',
    "a field twice": '{"version": 1, "version": 1}',
    "a million fields": "{" + ",".join(f'"{i}":0' for i in range(1_000_000)) + "}",
    "a million lists": "[" + "[]," * 1_000_000 + "[]]",
    "another version": lambda c: json.dumps(heads(c) | {"version": 99}),
    "no version": lambda c: json.dumps(heads(c) | {"version": None}),
    "another format": lambda c: json.dumps(heads(c) | {"format": "cake"}),
    "a field more": lambda c: json.dumps(heads(c) | {"verdict": "accepted"}),
    "the other's certificate": lambda c: json.dumps(
        valid("check" if c == "coupling_check" else "coupling_check")
    ),
    "too many bytes": lambda c: json.dumps(valid(c)) + " " * CHECKERS[c].MAX_BYTES,
}

HUGE = [10**9, 2**63, 10**30, -1, True, "3", None, [], {}]
BOMBS = {
    "check": [
        {name: value} for name in ("L", "d") for value in [*HUGE, 129]
    ] + [{"L": 128, "d": 128}, {"L": 64, "d": 3}, {"features": "all"}, {"kind": "magic"}],
    "coupling_check": [{"degree": value} for value in [*HUGE, 0, 1001]] + [
        {"irreps": "1o", "degree": 4000, "power": "tensor"},
        {"irreps": "1o+1e", "degree": 2800, "power": "tensor"},
        {"irreps": "200e", "degree": 1000},
        {"irreps": "10000x0e", "degree": 1000},
        {"irreps": "3333x1o", "degree": 1000},
        {"irreps": "999999x1o"},
        {"irreps": "9" * 5000 + "e"},
        {"irreps": "1" * 5000 + "x0e"},
        {"irreps": "0e+" * 100_000 + "0e"},
        {"irreps": "٣e"},
        {"outputs": ["9" * 5000 + "e"]},
        {"outputs": ["x" * 10_000_000]},
    ],
}  # fmt: skip


def run(checker: str, path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    code = CHECKERS[checker].main([str(path)])
    said = capsys.readouterr()
    return code, said.out, said.err


def assert_unreadable(code: int, out: str, err: str) -> None:
    assert code == 2
    assert out == ""
    assert err.startswith("unreadable: ")
    assert len(err.splitlines()) == 1
    assert err.endswith("\n")
    assert err[:-1].isprintable()
    assert len(err) < 600


@pytest.mark.parametrize("checker", CHECKERS)
@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_certificate_is_one_line(
    checker: str, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = HOSTILE[name]
    if callable(content):
        content = content(checker)
    path = tmp_path / "c.json"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    assert_unreadable(*run(checker, path, capsys))


@pytest.mark.parametrize(
    ("checker", "change"), [(checker, change) for checker in BOMBS for change in BOMBS[checker]]
)
def test_absurd_sizes_are_refused_before_they_cost(
    checker: str, change: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "c.json"
    path.write_text(json.dumps(heads(checker) | change), encoding="utf-8")
    assert_unreadable(*run(checker, path, capsys))


@pytest.mark.parametrize("checker", CHECKERS)
def test_every_value_of_every_field_is_judged(
    checker: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Payloads in every field, one at a time: one line, and accepted only as other evidence."""
    payloads = [None, True, 1.5, -1, 10**40, "", "\ud800", "x\ny", "1" * 700, [], {}, [[]], ["1"]]
    original = valid(checker)
    path = tmp_path / "c.json"
    codes = {0: 0, 2: 0, 3: 0}
    evidence = {"rank", "witnesses"} if checker == "check" else set()
    claim = {key: value for key, value in valid(checker).items() if key not in evidence}

    def visit(node: Any) -> None:
        keys = list(node) if isinstance(node, dict) else list(range(min(len(node), 3)))
        for key in keys:
            kept = node[key]
            for payload in payloads:
                if payload == kept and type(payload) is type(kept):
                    continue
                node[key] = payload
                path.write_text(json.dumps(original), encoding="utf-8")
                code, out, err = run(checker, path, capsys)
                assert len((out + err).splitlines()) == 1
                codes[code] += 1
                if code == 0:
                    assert claim.items() <= original.items()
            node[key] = kept
            if isinstance(kept, dict | list):
                visit(kept)

    visit(original)
    assert codes[2] > 100
    assert codes[3] > 3
    assert codes[0] < 3


@pytest.mark.parametrize("checker", CHECKERS)
@pytest.mark.parametrize(
    "path",
    [
        "/dev/zero", "/dev/full", "/dev/stdin", "/dev/null", "/", "/proc/self/mem", "absent",
        "absent/c.json", "c.json/c.json", "loop", "pipe", "folder", "dangling", "x" * 5000,
        "a\0b", "line\nbreak", "\udcff", "[/x]", "",
    ],
)  # fmt: skip
def test_only_ordinary_files_are_read(
    checker: str, path: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "c.json").write_text("{}")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    code = CHECKERS[checker].main([os.path.join(tmp_path, path) if path else ""])
    said = capsys.readouterr()
    assert_unreadable(code, said.out, said.err)


@pytest.mark.parametrize("checker", CHECKERS)
def test_a_hole_of_a_terabyte_is_not_read(
    checker: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "c.json"
    with path.open("wb") as stream:
        stream.truncate(2**40)
    assert_unreadable(*run(checker, path, capsys))


# ------------------------------------------------------------------ as a program


@pytest.fixture(params=list(CHECKERS))
def checker(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def written(folder: Path, document: Any) -> str:
    path = folder / "c.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return str(path)


def test_verdicts_and_exit_codes(checker: str, tmp_path: Path) -> None:
    accepted = isolated(checker, written(tmp_path, valid(checker)))
    assert (accepted.returncode, accepted.stderr) == (0, "")
    assert re.fullmatch("accepted: .*\n", accepted.stdout)
    rejected = isolated(checker, written(tmp_path, false(checker)))
    assert (rejected.returncode, rejected.stderr) == (3, "")
    assert re.fullmatch("rejected: .*\n", rejected.stdout)
    usage = isolated(checker)
    assert (usage.returncode, usage.stdout) == (2, "")
    assert re.fullmatch(rf"{checker}.py: .*\n", usage.stderr)
    assert isolated(checker, "--help").stdout.startswith(f"usage: {checker}.py")


@pytest.mark.parametrize("verdict", [valid, false])
@pytest.mark.parametrize("shell", [">/dev/full", ">&-", "| true"])
def test_a_verdict_that_nobody_can_read_is_not_given(
    checker: str, verdict: Callable[[str], Any], shell: str, tmp_path: Path
) -> None:
    path = written(tmp_path, verdict(checker))
    if shell == "| true":
        reading, writing = os.pipe()
        os.close(reading)
        program = CHECKERS[checker].__file__
        done = subprocess.run(
            [sys.executable, "-I", program, path],
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        os.close(writing)
    else:
        done = isolated(checker, path, shell=shell)
    assert done.returncode == 2
    assert done.stderr == "the verdict could not be written to standard output\n"


@pytest.mark.parametrize("shell", ["2>/dev/full", "2>&-", ">/dev/full 2>&-", ">&- 2>/dev/full"])
def test_without_a_place_for_messages_the_exit_code_remains(
    checker: str, shell: str, tmp_path: Path
) -> None:
    assert isolated(checker, str(tmp_path / "absent"), shell=shell).returncode == 2
    assert isolated(checker, shell=shell).returncode == 2
    code = 2 if shell.startswith(">") else 0
    assert isolated(checker, "--help", shell=shell).returncode == code


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "utf-16"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONINTMAXSTRDIGITS": "640"},
        {"PYTHONINTMAXSTRDIGITS": "0"},
        {"PYTHONOPTIMIZE": "2"},
        {"COLUMNS": "40"},
    ],
    ids=str,
)
def test_the_same_in_every_environment(
    checker: str, environment: dict[str, str], tmp_path: Path
) -> None:
    """Without -I, which would ignore the environment."""
    program = CHECKERS[checker].__file__
    for document, code in ((valid(checker), 0), (false(checker), 3), ({"é": "≤"}, 2)):
        path = written(tmp_path, document)
        done = subprocess.run(
            [sys.executable, program, path],
            capture_output=True,
            check=False,
            env={"PATH": os.environ["PATH"]} | environment,
        )
        encoding = "utf-16" if "utf-16" in environment.values() else "utf-8"
        said = (done.stdout or done.stderr).decode(encoding)
        assert done.returncode == code
        assert len(said.splitlines()) == 1


def test_a_constant_of_more_digits_than_the_environment_prints(tmp_path: Path) -> None:
    certificate = valid("check")
    certificate["witnesses"][3]["square"] = "1/" + "7" * 3000
    done = subprocess.run(
        [sys.executable, check.__file__, written(tmp_path, certificate)],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONINTMAXSTRDIGITS": "640"},
    )
    assert (done.returncode, done.stderr) == (3, "")
    assert done.stdout == "rejected: witness 3 states a wrong constant\n"


def test_files_in_the_current_folder_do_not_answer_for_the_checker(
    checker: str, tmp_path: Path
) -> None:
    path = written(tmp_path, false(checker))
    for name in ("json", "argparse", "re", "span_theorem", "check", "sitecustomize"):
        (tmp_path / f"{name}.py").write_text("print('accepted: all'); raise SystemExit(0)\n")
    command = check_command("c.json", f"{checker}.py")
    assert command.startswith("python -I /")
    done = subprocess.run(
        ["sh", "-c", command.replace("python", sys.executable, 1)],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (3, "")
    assert done.stdout.startswith("rejected: ")
    assert path.endswith("c.json")


def test_too_little_memory_is_one_line(checker: str, tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    path.write_text("[" + "[0]," * 2_000_000 + "[]]")
    done = isolated(checker, str(path), memory=100 * 2**20)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"unreadable: {path}: out of memory\n"


def test_145_bytes_take_no_memory(tmp_path: Path) -> None:
    head = '{"format": "span-theorem coupling certificate", "version": 1, "outputs": "all", '
    for rest in (
        '"vectors": [], "irreps": "1o", "degree": 4000, "power": "tensor"}',
        '"vectors": [], "irreps": "1o+1e", "degree": 2800, "power": "tensor"}',
    ):
        path = tmp_path / "c.json"
        path.write_text(head + rest)
        done = isolated("coupling_check", str(path), memory=64 * 2**20)
        assert done.returncode == 2
        assert "degree must be an integer in 1 … 1000" in done.stderr


# ------------------------------------------------------------------ the record of what they take


def test_the_record_is_of_these_limits_and_within_them(repository: Path) -> None:
    record = json.loads(
        (repository / "docs" / "results" / "checkers" / "record.json").read_text(encoding="utf-8")
    )
    for module in CHECKERS.values():
        stated = {n: v for n, v in vars(module).items() if n.startswith("MAX_")}
        assert record["limits"][module.__name__] == stated
    assert {row["checker"] for row in record["rows"]} == set(CHECKERS)
    for row in record["rows"]:
        assert row["exit"] in (0, 2, 3)
        assert row["lines"] == 1
        assert row["cpu_seconds"] <= 60
        assert row["peak_MiB"] <= 1024


@pytest.mark.parametrize(
    ("page", "module", "names"),
    [
        ("certificate.md", check, ["MAX_SIZE", "MAX_BYTES", "MAX_DIGITS"]),
        (
            "coupling.md",
            coupling_check,
            ["MAX_BYTES", "MAX_DIGITS", "MAX_DIMENSION", "MAX_L", "MAX_DEGREE"],
        ),
    ],
)
def test_the_pages_state_the_limits(
    page: str, module: Any, names: list[str], repository: Path
) -> None:
    text = (repository / "docs" / page).read_text(encoding="utf-8")
    (line,) = [line for line in text.splitlines() if line.startswith("Limits: ")]
    for name in names:
        value = getattr(module, name)
        shown = f"{value // 2**20} MiB" if name == "MAX_BYTES" else f"{value:,}"
        assert shown in line, (name, line)
