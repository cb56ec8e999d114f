"""Run the tests that docs/map.toml names and record what they gave in docs/status.json.

``python docs/record_status.py`` runs what did not pass or changed since; ``--all`` everything.
With ``--no-formal`` the Coq entry is left as it was, and where Coq is absent it is left too.
Exit code 0: everything passed; 2: bad table; 3: something failed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "_ext"), str(HERE.parent)]

import clauses  # noqa: E402
import proof_map  # noqa: E402

UP_TO = 8


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python docs/record_status.py", description=__doc__)
    parser.add_argument("--all", action="store_true", help="also what passed and is unchanged")
    parser.add_argument("--no-formal", action="store_true", help="leave the Coq entry as it was")
    parser.add_argument("--up-to", type=int, default=UP_TO, help="exact sweep over L, d ≤ this")
    arguments = parser.parse_args(argv)
    try:
        statements = proof_map.load()
        site = clauses.load(statements)
    except proof_map.MapError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    checks = [check for statement in statements.values() for check in statement.checks]
    path = HERE / "status.json"
    old = {} if arguments.all else proof_map.recorded(path)
    tests = sorted({test for check in checks for test in check.tests})
    wanted = _wanted(checks, old) if old else tests
    kept = set(tests) - set(wanted)
    record: dict[str, Any] = {
        "python": platform.python_version(),
        "tests": {n: e for n, e in old.get("tests", {}).items() if n in kept},
        "code": {n: proof_map.digest(n) for n in sorted({c for k in checks for c in k.code})},
        "algebra": _algebra(),
        "exact": _exact(arguments.up_to),
        "formal": old.get("formal"),
    }
    digests = {name: theorem.digest for name, theorem in sorted(clauses.theorems(site).items())}
    if not arguments.no_formal and (record["formal"] or {}).get("theorems") != digests:
        record["formal"] = _formal(record["formal"], digests)
    # One file of tests at a time, written after each, so that a run that was stopped goes on.
    for file in sorted({name.split("::")[0] for name in wanted}):
        record["tests"] |= _tests([name for name in wanted if name.startswith(f"{file}::")])
        _write(path, record)
    record["tests"] = dict(sorted(record["tests"].items()))
    _write(path, record)
    wrong = [name for name, entry in record["tests"].items() if entry["outcome"] == "failed"]
    wrong += [k for k, entry in record["algebra"].items() if entry["held"] < entry["identities"]]
    for name in wrong:
        print(f"failed: {name}", file=sys.stderr)
    return 3 if wrong else 0


def _wanted(checks: Sequence[proof_map.Check], old: dict[str, Any]) -> list[str]:
    """The tests that did not pass, or changed since, or whose code changed since."""
    again = set()
    for check in checks:
        moved = any(old["code"].get(name) != proof_map.digest(name) for name in check.code)
        for test in check.tests:
            entry = old["tests"].get(test)
            same = entry is not None and entry["digest"] == proof_map.digest(test)
            if moved or not same or entry["outcome"] != "passed":
                again.add(test)
    return sorted(again)


def _write(path: Path, record: dict[str, Any]) -> None:
    temporary = path.with_suffix(".partial")
    temporary.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(temporary, path)


def _tests(names: list[str]) -> dict[str, Any]:
    digests = {name: proof_map.digest(name) for name in names}  # of what is run
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "junit.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-m", "", "-o", "junit_family=xunit1"]
        subprocess.run(
            [*command, f"--junitxml={report}", *names], cwd=HERE.parent, stdout=sys.stderr
        )
        cases = list(ElementTree.parse(report).getroot().iter("testcase"))
    result = {}
    for name in names:
        file, test = name.split("::")
        mine = [
            case
            for case in cases
            if case.get("file") == file and (case.get("name") or "").split("[")[0] == test
        ]
        kinds = [
            "failed"
            if case.find("failure") is not None or case.find("error") is not None
            else "skipped"
            if case.find("skipped") is not None
            else "passed"
            for case in mine
        ]
        outcome = next((k for k in ("failed", "skipped", "passed") if k in kinds), "not run")
        result[name] = {
            "outcome": outcome,
            "cases": kinds.count("passed"),
            "digest": digests[name],
        }
    return result


def _algebra() -> dict[str, Any]:
    from span_theorem.general import STEPS

    result: dict[str, Any] = {}
    for step in STEPS:
        entry = result.setdefault(step.label, {"identities": 0, "held": 0})
        for identity in step.identities():
            entry["identities"] += 1
            entry["held"] += identity.holds()
    return result


def _exact(up_to: int) -> dict[str, Any]:
    """The largest N ≤ up_to with every exact check of a statement holding for all L, d ≤ N."""
    from span_theorem.theorem import prove_span

    failed: dict[str, int] = dict.fromkeys(("T1", "T1′", "T2", "T3"), up_to + 1)
    for features in ("upto", "exact"):
        for L in range(up_to + 1):
            for d in range(up_to + 1):
                for check in prove_span(L, d, features).checks:
                    if not check.holds:
                        failed[check.label] = min(failed[check.label], max(L, d))
    return {label: {"up_to": first - 1} for label, first in failed.items()}


def _formal(old: dict[str, Any] | None, digests: dict[str, str]) -> dict[str, Any] | None:
    done = subprocess.run([HERE / "formal" / "check"], capture_output=True, text=True)
    if done.returncode == 4:
        print("Coq is absent; its entry is left as it was", file=sys.stderr)
        return old
    last = done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""
    outcome = "proved" if done.returncode == 0 and last.startswith("PROVED") else "failed"
    return {"outcome": outcome, "said": last, "theorems": digests}


if __name__ == "__main__":
    raise SystemExit(main())
