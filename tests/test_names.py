"""One name, one thing: no public class or function is defined in two modules."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest

PACKAGES = ("span_theorem", "numeric_checks", "neural_checks")

#: Functions that are one part of a module of a kind: always called by the name of their module.
PARTS = {
    "draw": "the figure of a view",
    "from_version_1": "the upgrade of a report, one for each kind of report",
    "from_version_2": "the next one",
    "main": "the entry of a command",
    "parse": "each of the two checkers is one file that shares no code with anything",
    "table": "the table of a view",
    "text": "the plain text of a view",
}


def repeated(sources: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Public names of classes and functions with all the modules that define them, if several."""
    found: dict[str, list[str]] = defaultdict(list)
    for module, source in sources:
        for node in ast.parse(source).body:
            named = isinstance(node, ast.ClassDef | ast.FunctionDef)
            if named and not node.name.startswith("_"):
                found[node.name].append(module)
    return {name: modules for name, modules in found.items() if len(modules) > 1}


@pytest.fixture(scope="module")
def names(repository: Path) -> dict[str, list[str]]:
    paths = [path for package in PACKAGES for path in sorted((repository / package).rglob("*.py"))]
    return repeated((str(path.relative_to(repository)), path.read_text()) for path in paths)


def test_no_public_name_is_defined_in_two_modules(names: dict[str, list[str]]) -> None:
    assert {name: modules for name, modules in names.items() if name not in PARTS} == {}


def test_every_exception_is_needed(names: dict[str, list[str]]) -> None:
    assert PARTS.keys() <= names.keys()


def test_a_name_that_occurs_twice_is_found() -> None:
    sources = [("a", "class Report: ...\ndef _hidden(): ..."), ("b", "class Report: ...")]
    assert repeated([*sources, ("c", "def _hidden(): ...\nx = 1")]) == {"Report": ["a", "b"]}
