"""The table behind the map: names exist, no circle, and statuses come from recorded runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import proof_map
import pytest

GOOD = """
[[statement]]
id = "A"
title = "first"
kind = "theorem"
page = "statements/t1"

[[statement.check]]
step = "a step"
word = "checked exactly"
code = ["span_theorem.span.boundary"]
tests = ["tests/span_theorem/test_theorem.py::test_witnesses_are_what_they_say"]

[[statement]]
id = "B"
title = "second"
kind = "theorem"
page = "statements/t2"
uses = ["A"]
formal = ["T2_boundary"]
"""


def table(tmp_path: Path, text: str) -> dict[str, proof_map.Statement]:
    path = tmp_path / "map.toml"
    path.write_text(text, encoding="utf-8")
    return proof_map.load(path)


def test_the_table_is_sound_and_ordered() -> None:
    statements = proof_map.load()
    proof_map.validate(statements)
    order = proof_map.order(statements)
    assert {"T1", "T1′", "T2", "T3", "T4", "T5", "T6"} <= set(order)
    for statement in statements.values():
        for used in statement.uses:
            assert order.index(used) < order.index(statement.id)


def test_a_sound_small_table_passes(tmp_path: Path) -> None:
    proof_map.validate(table(tmp_path, GOOD))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("span.boundary", "span.bonudary", "no such name"),
        ("::test_witnesses", "::test_witneses", "no such name"),
        ("test_theorem.py", "test_theorems.py", "no such name"),
        ("statements/t2", "statements/t9", "no page"),
        ("T2_boundary", "T2_bondary", "no theorem"),
        ('uses = ["A"]', 'uses = ["C"]', "not in the table"),
        ('title = "first"', 'title = "first"\nuses = ["B"]', "circle"),
        ('id = "B"', 'id = "A"', "twice"),
        ("checked exactly", "proved", "word"),
        ('kind = "theorem"', 'kind = "theorem"\nstatus = "proved"', "status"),
    ],
)
def test_faults_are_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(proof_map.MapError, match=message):
        proof_map.validate(table(tmp_path, GOOD.replace(old, new, 1)))


@pytest.mark.docs
def test_no_recorded_status_is_stale() -> None:
    record = proof_map.recorded()
    for statement in proof_map.load().values():
        for check in statement.checks:
            status = proof_map.status(check, record)
            assert status.outcome in ("passed", "skipped"), (
                f"{statement.id}, {check.step}: {status.outcome} ({'; '.join(status.notes)}); "
                "run python docs/record_status.py"
            )
        formal = proof_map.formally_proved(statement, record)
        assert formal in (None, "proved"), f"{statement.id}: Coq {formal}; record it again"


@pytest.fixture
def record() -> dict[str, Any]:
    """What a run in which everything passed would leave."""
    statements = proof_map.load().values()
    checks = [check for statement in statements for check in statement.checks]
    tests = {name for check in checks for name in check.tests}
    theorems = {name for statement in statements for name in statement.formal}
    return {
        "tests": {
            name: {"outcome": "passed", "cases": 2, "digest": proof_map.digest(name)}
            for name in tests
        },
        "code": {name: proof_map.digest(name) for check in checks for name in check.code},
        "algebra": {"T1": {"identities": 11, "held": 11}},
        "exact": {"T1": {"up_to": 8}},
        "formal": {
            "outcome": "proved",
            "theorems": {name: proof_map.coq_digest(name) for name in theorems},
        },
    }


def check_of(name: str) -> proof_map.Check:
    return proof_map.load()[name].checks[0]


def test_a_failed_test_or_a_changed_source_is_no_pass(record: dict[str, Any]) -> None:
    check = check_of("T1")
    assert proof_map.status(check, record).ok
    record["tests"][check.tests[0]]["outcome"] = "failed"
    assert proof_map.status(check, record).outcome == "failed"
    record["tests"][check.tests[0]] |= {"outcome": "passed", "digest": "0"}
    assert proof_map.status(check, record).outcome == "changed since"
    del record["tests"][check.tests[0]]
    assert proof_map.status(check, record).outcome == "not run"


def test_a_changed_function_is_no_pass(record: dict[str, Any]) -> None:
    check = check_of("T3")
    record["code"][check.code[0]] = "0"
    assert proof_map.status(check, record).outcome == "changed since"


def test_words_follow_the_record(record: dict[str, Any]) -> None:
    statement = proof_map.load()["T1"]
    said = proof_map.words(statement, record, {})
    assert said[0] == "proved (Coq)"
    assert "checked exactly up to L, d ≤ 8" in said
    record["formal"]["theorems"]["T1_sphere"] = "0"
    record["algebra"]["T1"]["held"] -= 1
    record["exact"]["T1"]["up_to"] = 3
    said = proof_map.words(statement, record, {})
    assert said[0] == "proved (in text)"
    assert "checked exactly up to L, d ≤ 3" in said


def test_measured_counts_the_runs_that_agree(record: dict[str, Any]) -> None:
    statement = proof_map.load()["recovery"]
    runs = {"a": "agrees", "b": "disagrees"}
    assert "measured: 1 of 2 runs agree" in proof_map.words(statement, record, runs)
    runs |= {"c": "undecided", "d": "undecided"}
    said = proof_map.words(statement, record, runs)
    assert "measured: 1 of 4 runs agree, 2 undecided" in said


def test_the_digest_is_that_of_the_source_alone() -> None:
    first = proof_map.source_of("span_theorem.span.boundary")
    assert first.startswith("def boundary(L: int, d: int) -> int:")
    assert proof_map.digest("span_theorem.span.boundary") != proof_map.digest(
        "span_theorem.span.span_degrees"
    )
    method = proof_map.source_of("span_theorem.theorem.SpanProof.holds")
    assert method.startswith("    @property")
