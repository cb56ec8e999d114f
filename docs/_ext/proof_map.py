"""The map of statements: read from docs/map.toml, checked, joined with recorded results.

Nothing here is a status set by hand. ``docs/map.toml`` says which statement uses which, and which
function and test serve each step; ``docs/status.json`` holds what a run of those tests gave
(``python docs/record_status.py``), each with a digest of the source it ran; and
``docs/results/*/report.json`` hold what was measured.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
WORDS = ("checked exactly", "observed", "measured")


class MapError(ValueError):
    """The table names something that does not exist, or the uses go round in a circle."""


@dataclass(frozen=True)
class Check:
    """One step of a statement: the code that checks it, and the tests of that code."""

    step: str
    word: str
    code: tuple[str, ...]
    tests: tuple[str, ...]


@dataclass(frozen=True)
class Statement:
    """A node of the map. ``formal`` are names of Coq theorems, ``results`` folders of runs."""

    id: str
    title: str
    kind: str
    page: str
    uses: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    formal: tuple[str, ...] = ()
    algebra: str | None = None
    exact: str | None = None
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
            unknown = set(check) - {"step", "word", "code", "tests"}
            if unknown or check["word"] not in WORDS:
                raise MapError(f"{entry['id']}: unknown key {unknown} or word {check['word']!r}")
            checks.append(
                Check(check["step"], check["word"], tuple(check["code"]), tuple(check["tests"]))
            )
        for key in ("uses", "formal"):
            entry[key] = tuple(entry.get(key, ()))
        try:
            statement = Statement(checks=tuple(checks), **entry)
        except TypeError as error:
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


@lru_cache(maxsize=1)
def _coq_sources() -> str:
    return "\n".join(p.read_text(encoding="utf-8") for p in sorted((DOCS / "formal").glob("*.v")))


def coq_digest(name: str) -> str:
    """A digest of a Coq theorem, its statement and its proof script.

    Raises:
        MapError: where there is no such theorem, or it has no proof.
    """
    pattern = rf"^(?:Theorem|Lemma|Corollary) {re.escape(name)}\b.*?\bQed\."
    found = re.search(pattern, _coq_sources(), re.MULTILINE | re.DOTALL)
    if found is None:
        raise MapError(f"no theorem {name} in docs/formal")
    return hashlib.sha256(found[0].encode()).hexdigest()[:16]


def order(statements: dict[str, Statement]) -> list[str]:
    """The ids, every statement after those that it uses.

    Raises:
        MapError: an unknown id, or a circle.
    """
    for statement in statements.values():
        for used in statement.uses:
            if used not in statements:
                raise MapError(f"{statement.id} uses {used}, which is not in the table")
    try:
        return list(TopologicalSorter({s.id: s.uses for s in statements.values()}).static_order())
    except CycleError as error:
        raise MapError(f"the uses go round in a circle: {' → '.join(error.args[1])}") from error


def validate(statements: dict[str, Statement]) -> None:
    """Every page, function, test and Coq theorem exists, and the uses form no circle.

    Raises:
        MapError: naming what is wrong.
    """
    order(statements)
    for statement in statements.values():
        if not (DOCS / f"{statement.page}.md").is_file():
            raise MapError(f"{statement.id}: no page docs/{statement.page}.md")
        for name in statement.formal:
            coq_digest(name)
        for check in statement.checks:
            for name in (*check.code, *check.tests):
                source_of(name)


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


def formally_proved(statement: Statement, record: dict[str, Any]) -> str | None:
    """ "proved", "changed since" or "not run" for a statement with Coq theorems, else None."""
    if not statement.formal:
        return None
    entry = record.get("formal")
    if entry is None:
        return "not run"
    same = all(entry.get("theorems", {}).get(name) == coq_digest(name) for name in statement.formal)
    return str(entry["outcome"]) if same else "changed since"


def words(statement: Statement, record: dict[str, Any], runs: Mapping[str, str]) -> list[str]:
    """The words that the recorded results allow for a statement, strongest first.

    ``runs`` holds the outcome of every measured run: agrees, disagrees or undecided.
    """
    said = []
    formal = formally_proved(statement, record)
    if formal == "proved":
        said.append("proved (Coq)")
    if statement.kind in ("theorem", "lemma"):
        algebra = ""
        if statement.algebra:
            held = record["algebra"].get(statement.algebra, {})
            if held.get("held") and held["held"] == held["identities"]:
                algebra = f", algebra of {held['held']} identities by sympy"
        said.append(f"proved (in text{algebra})")
    if statement.exact and statement.exact in record["exact"]:
        top = record["exact"][statement.exact]["up_to"]
        said.append(f"checked exactly up to L, d ≤ {top}")
    for word in WORDS:
        checks = [c for c in statement.checks if c.word == word]
        if not checks or (word == "checked exactly" and statement.exact):
            continue
        passed = [c for c in checks if status(c, record).ok]
        if word == "measured":
            continue
        if len(passed) == len(checks):
            said.append(word)
        else:
            said.append(f"{word}: {len(passed)} of {len(checks)} checks passed")
    if statement.results and runs:
        found = list(runs.values())
        line = f"measured: {found.count('agrees')} of {len(runs)} runs agree"
        unclear = found.count("undecided")
        said.append(line + (f", {unclear} undecided" if unclear else ""))
    return said
