"""The table of statements, read from docs/map.toml, and what the recorded runs say of its checks.

Nothing here is a status set by hand. ``docs/map.toml`` says which function and test serve each
step, and which clause of the statement the step shows; ``docs/status.json`` holds what a run of
those tests gave (``python docs/record_status.py``), each with a digest of the source it ran.
"""

from __future__ import annotations

import ast
import hashlib
import json
import tomllib
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
WORDS = ("checked exactly", "observed", "measured")


class MapError(ValueError):
    """Something is named that does not exist, or the uses go round in a circle."""


@dataclass(frozen=True)
class Check:
    """One step of a statement: the code that checks it, its tests, the clauses that it serves."""

    step: str
    word: str
    code: tuple[str, ...]
    tests: tuple[str, ...]
    clauses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Exact:
    """The exact sweep over L and d: its label in the record, and the clauses that it checks."""

    label: str
    clauses: tuple[str, ...]


@dataclass(frozen=True)
class Statement:
    """A node of the map. ``results``: whether the runs in docs/results measure it."""

    id: str
    title: str
    kind: str
    page: str
    label: str
    checks: tuple[Check, ...] = ()
    algebra: str | None = None
    exact: Exact | None = None
    results: bool = False


@dataclass(frozen=True)
class Status:
    """What the recorded runs say of one check: an outcome and how many cases ran."""

    outcome: str
    cases: int = 0
    notes: tuple[str, ...] = field(default=())

    @property
    def ok(self) -> bool:
        return self.outcome == "passed"


def load(path: Path = DOCS / "map.toml") -> dict[str, Statement]:
    """The statements by id, in the order of the file.

    Raises:
        MapError: an unknown key or word, a name used twice.
    """
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    statements: dict[str, Statement] = {}
    for entry in raw["statement"]:
        entry = dict(entry)
        checks = []
        for check in entry.pop("check", []):
            unknown = set(check) - {"step", "word", "code", "tests", "clauses"}
            if unknown or check["word"] not in WORDS:
                raise MapError(f"{entry['id']}: unknown key {unknown} or word {check['word']!r}")
            lists = {key: tuple(check.get(key, ())) for key in ("code", "tests", "clauses")}
            checks.append(Check(check["step"], check["word"], **lists))
        exact = entry.pop("exact", None)
        try:
            if exact is not None:
                entry["exact"] = Exact(exact["label"], tuple(exact["clauses"]))
            statement = Statement(checks=tuple(checks), **{"label": entry.get("id"), **entry})
        except (TypeError, KeyError) as error:
            raise MapError(f"{entry.get('id')}: {error}") from error
        if statement.id in statements:
            raise MapError(f"{statement.id} stands twice in the table")
        statements[statement.id] = statement
    return statements


@lru_cache(maxsize=256)
def _parsed(path: Path) -> tuple[str, ast.Module]:
    text = path.read_text(encoding="utf-8")
    return text, ast.parse(text)


def _definition(path: Path, names: list[str]) -> str | None:
    """The source of a top-level function, class, method or assignment; None where absent."""
    text, tree = _parsed(path)
    body: list[ast.stmt] = tree.body
    found: ast.stmt | None = None
    for name in names:
        found = next((node for node in body if name in _names(node)), None)
        if found is None:
            return None
        body = getattr(found, "body", [])
    assert found is not None
    decorators = getattr(found, "decorator_list", [])
    first = min([found.lineno, *(d.lineno for d in decorators)])
    lines = text.splitlines()[first - 1 : found.end_lineno]
    return "\n".join(line.rstrip() for line in lines)


def _names(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Assign):
        return [t.id for t in node.targets if isinstance(t, ast.Name)]
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return [node.target.id]
    return []


def source_of(name: str) -> str:
    """The source of ``package.module.name`` or ``tests/file.py::test``, without importing it.

    Raises:
        MapError: where there is no such thing.
    """
    if "::" in name:
        file, test = name.split("::")
        path = ROOT / file
        source = _definition(path, [test]) if path.is_file() else None
    else:
        source = None
        parts = name.split(".")
        for cut in range(len(parts) - 1, 0, -1):
            base = ROOT.joinpath(*parts[:cut])
            for path in (base.with_suffix(".py"), base / "__init__.py"):
                if source is None and path.is_file():
                    source = _definition(path, parts[cut:])
    if source is None:
        raise MapError(f"no such name: {name}")
    return source


def digest(name: str) -> str:
    """A short digest of the source of a function or test."""
    return hashlib.sha256(source_of(name).encode()).hexdigest()[:16]


def recorded(path: Path = DOCS / "status.json") -> dict[str, Any]:
    """What the last recorded run gave; nothing, where none was recorded."""
    if not path.is_file():
        return {"tests": {}, "code": {}, "algebra": {}, "exact": {}, "formal": None}
    result: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return result


def status(check: Check, record: dict[str, Any]) -> Status:
    """The outcome of a check: passed only if each test passed and nothing changed since."""
    cases, outcomes, notes = 0, set(), []
    for name in check.tests:
        entry = record["tests"].get(name)
        if entry is None:
            outcomes.add("not run")
            notes.append(f"{name} was not run")
            continue
        outcomes.add(entry["outcome"])
        cases += entry["cases"]
        if entry["digest"] != digest(name):
            outcomes.add("changed since")
            notes.append(f"{name} changed since it was run")
    for name in check.code:
        if record["code"].get(name) != digest(name):
            outcomes.add("changed since")
            notes.append(f"{name} changed since its tests were run")
    for outcome in ("failed", "not run", "changed since", "skipped", "passed"):
        if outcome in outcomes:
            return Status(outcome, cases, tuple(notes))
    return Status("not run", 0, ("no test is named",))
