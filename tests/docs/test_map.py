"""The map: names exist, each clause has what its evidence grants, no box is green by a table."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import clauses
import pages
import proof_map
import pytest
from clauses import Clause, Evidence, Site

TABLE = """
[[statement]]
id = "A"
title = "first"
kind = "lemma"
page = "statements/a"
label = "lemma-a"

[[statement.check]]
step = "a step"
word = "checked exactly"
clauses = ["1"]
code = ["span_theorem.span.boundary"]
tests = ["tests/span_theorem/test_theorem.py::test_witnesses_are_what_they_say"]

[[statement]]
id = "B"
title = "second"
kind = "theorem"
page = "statements/a"
"""

STATUS = """
[[clause]]
statement = "A"
clause = "1"
says = "one"
formal = "yes"
theorem = "T2_boundary"
file = "Weights.v"

[[clause]]
statement = "A"
clause = "2"
says = "two"
formal = "no"

[[clause]]
statement = "B"
clause = "all"
says = "three"
formal = "no"
"""

PAGE = """
```{prf:lemma} first
:label: lemma-a

1. One.
2. Two.
```

```{prf:proof}
*1.* A proof of one.

*2.* A proof of two.
```

````{prf:theorem} second
:label: B

Three.
````

````{prf:proof}
*Of B.* By {prf:ref}`lemma-a`.

```{math}
a
```
````
"""


def site(tmp_path: Path, table: str = TABLE, status: str = STATUS, page: str = PAGE) -> Site:
    """A site of two statements."""
    docs = tmp_path / "docs"
    (docs / "statements").mkdir(parents=True, exist_ok=True)
    (docs / "statements" / "a.md").write_text(page, encoding="utf-8")
    for name, text in (("map.toml", table), ("status.toml", status)):
        (docs / name).write_text(text, encoding="utf-8")
    return clauses.load(proof_map.load(docs / "map.toml"), docs / "status.toml", docs)


@pytest.fixture(scope="module")
def real() -> Site:
    return clauses.load(proof_map.load())


def passing(found: Site) -> dict[str, Any]:
    """What a run in which everything passed would leave."""
    checks = [check for statement in found.statements.values() for check in statement.checks]
    return {
        "tests": {
            name: {"outcome": "passed", "cases": 2, "digest": proof_map.digest(name)}
            for check in checks
            for name in check.tests
        },
        "code": {name: proof_map.digest(name) for check in checks for name in check.code},
        "algebra": {"T1": {"identities": 11, "held": 11}},
        "exact": {label: {"up_to": 8} for label in ("T1", "T1′", "T2", "T3")},
        "formal": {
            "outcome": "proved",
            "theorems": {name: one.digest for name, one in clauses.theorems(found).items()},
        },
    }


@pytest.fixture
def record(real: Site) -> dict[str, Any]:
    return passing(real)


def clause_of(found: Site, statement: str, name: str) -> Clause:
    return next(c for c in found.clauses[statement] if c.clause == name)


def earned(found: Site, statement: str, name: str, record: dict[str, Any]) -> Evidence:
    return clauses.evidence(found, clause_of(found, statement, name), record)


def test_the_uses_are_the_citations_on_the_pages(real: Site) -> None:
    assert "T1" in real.uses["T2"]
    assert set(real.uses["lemma-product"]) == {"lemma-stable", "lemma-degree"}
    assert set(real.uses["T4"]) == {"lemma-coefficients", "lemma-haar"}
    assert {"T1", "T4", "T5", "T6"} <= set(real.uses["recovery"])
    order = clauses.order(real.uses)
    for name, used in real.uses.items():
        assert all(order.index(other) < order.index(name) for other in used)


def test_every_clause_of_the_site_is_proved_once_everything_passes(
    real: Site, record: dict[str, Any]
) -> None:
    for group in real.clauses.values():
        for clause in group:
            found = clauses.evidence(real, clause, record)
            assert found.proved, f"{clause.statement}, {clause.clause}"
            assert found.open == (), f"{clause.statement}, {clause.clause}: {found.open}"


def test_a_sound_small_site_passes(tmp_path: Path) -> None:
    found = site(tmp_path)
    assert found.uses == {"A": (), "B": ("A",)}
    record = passing(found)
    assert earned(found, "A", "1", record) == Evidence(
        "yes", True, ("checked exactly in 2 tested cases",)
    )
    assert earned(found, "A", "2", record) == Evidence("no", True)
    assert clauses.proof_class(found, found.statements["A"], record) == "part"
    assert clauses.proof_class(found, found.statements["B"], record) == "text"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("span.boundary", "span.bonudary", "no such name"),
        ("::test_witnesses", "::test_witneses", "no such name"),
        ("test_theorem.py", "test_theorems.py", "no such name"),
        ("statements/a", "statements/z", "no page"),
        ('label = "lemma-a"', 'label = "lemma-z"', "lemma-a has a statement on a page"),
        ('id = "B"', 'id = "A"', "twice"),
        ("checked exactly", "proved", "word"),
        ('kind = "lemma"', 'kind = "lemma"\nstatus = "proved"', "status"),
        ('clauses = ["1"]', 'clauses = ["3"]', "no clause '3'"),
    ],
)
def test_faults_of_the_table_are_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in TABLE
    with pytest.raises(proof_map.MapError, match=message):
        site(tmp_path, table=TABLE.replace(old, new, 1))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("T2_boundary", "T2_bondary", "no theorem T2_bondary"),
        ("Weights.v", "Span.v", "no theorem T2_boundary in docs/formal/Span.v"),
        ("Weights.v", "Wieghts.v", "no theorem"),
        ('statement = "B"', 'statement = "C"', "C of status.toml is not in the table"),
        ('formal = "yes"', 'formal = "true"', "yes, part or no"),
    ],
)
def test_faults_of_the_clauses_are_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(proof_map.MapError, match=message):
        site(tmp_path, status=STATUS.replace(old, new, 1))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("{prf:ref}`lemma-a`", "{prf:ref}`lemma-z`", "lemma-z has a statement"),
        ("A proof of one.", "By {prf:ref}`B`.", "circle"),
        ("*Of B.*", "*Of C.*", "a proof of nothing"),
        (":label: B\n", "", "without a label"),
    ],
)
def test_faults_of_a_page_are_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(proof_map.MapError, match=message):
        site(tmp_path, page=PAGE.replace(old, new, 1))


def test_without_a_proof_on_the_page_a_clause_is_not_proved_in_text(tmp_path: Path) -> None:
    found = site(tmp_path, page=PAGE.replace("*2.* ", ""))
    record = passing(found)
    assert earned(found, "A", "1", record).text
    assert earned(found, "A", "2", record) == Evidence("no", False, (), ("no proof",))
    assert clauses.proof_class(found, found.statements["A"], record) == "unproved"
    found = site(tmp_path, page=PAGE[: PAGE.index("````{prf:proof}")])
    assert earned(found, "B", "all", record) == Evidence("no", False, (), ("no proof",))
    said = clauses.summary(found, found.statements["B"], record, {})
    assert not any("proved" in word for word in said)


def test_a_proof_of_one_statement_does_not_prove_another(tmp_path: Path) -> None:
    found = site(tmp_path, page=PAGE.replace("*Of B.*", "*Of A.*"))
    assert not earned(found, "B", "all", passing(found)).text


def test_a_check_grants_only_the_clauses_that_it_names(tmp_path: Path) -> None:
    found = site(tmp_path, table=TABLE.replace('clauses = ["1"]\n', ""))
    assert earned(found, "A", "1", passing(found)).checks == ()


def test_coq_counts_only_where_the_record_holds_this_proof(
    real: Site, record: dict[str, Any]
) -> None:
    assert earned(real, "T1", "span", record).coq == "yes"
    assert earned(real, "T4", "orthogonality", record).coq == "part"
    record["formal"]["theorems"]["T1_harmonics"] = "0"
    assert earned(real, "T1", "span", record).coq == "changed since it was run"
    del record["formal"]["theorems"]["T1_harmonics"]
    assert earned(real, "T1", "span", record).coq == "not run"
    record = {**record, "formal": {**passing(real)["formal"], "outcome": "failed"}}
    assert earned(real, "T1", "span", record).coq == "failed"
    assert clauses.proof_class(real, real.statements["T1"], record) == "text"


def test_the_digest_of_a_coq_theorem_holds_the_files_that_define_its_words(tmp_path: Path) -> None:
    before = clauses.coq("T1_sphere", "Span.v")
    folder = tmp_path / "formal"
    shutil.copytree(clauses.FORMAL, folder)
    path = folder / "Sphere.v"
    path.write_text(path.read_text(encoding="utf-8").replace("on_sphere", "on_ball"))
    after = clauses.coq("T1_sphere", "Span.v", folder)
    assert after.statement == before.statement
    assert after.digest != before.digest


def test_a_coq_theorem_is_found_with_its_line(real: Site) -> None:
    for name, theorem in clauses.theorems(real).items():
        lines = (clauses.FORMAL / theorem.file).read_text(encoding="utf-8").splitlines()
        assert lines[theorem.line - 1].startswith(f"Theorem {name}")
        assert theorem.statement.startswith(f"Theorem {name}")
        assert "Proof" not in theorem.statement


@pytest.mark.docs
def test_no_recorded_status_is_stale(real: Site) -> None:
    record = proof_map.recorded()
    for statement in real.statements.values():
        for check in statement.checks:
            status = proof_map.status(check, record)
            assert status.outcome in ("passed", "skipped"), (
                f"{statement.id}, {check.step}: {status.outcome} ({'; '.join(status.notes)}); "
                "run python docs/record_status.py"
            )
        for clause in real.clauses[statement.id]:
            found = clauses.evidence(real, clause, record)
            assert found.coq in ("yes", "part", "no"), (
                f"{statement.id}, {clause.clause}: Coq {found.coq}; record it again"
            )


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


def test_a_changed_function_is_no_pass(real: Site, record: dict[str, Any]) -> None:
    check = check_of("T3")
    record["code"][check.code[0]] = "0"
    assert proof_map.status(check, record).outcome == "changed since"
    assert earned(real, "T3", "constant", record).open == ("checked exactly: 0 of 1 checks passed",)
    assert clauses.missing(real, real.statements["T3"], record, {})


def test_the_sweep_is_said_as_far_as_it_went(real: Site, record: dict[str, Any]) -> None:
    assert "checked exactly up to L, d ≤ 8" in earned(real, "T1", "span", record).checks
    assert earned(real, "T2", "5", record).checks == ()
    record["exact"]["T1"]["up_to"] = 3
    assert "checked exactly up to L, d ≤ 3" in earned(real, "T1", "span", record).checks
    record["exact"]["T1"]["up_to"] = -1
    found = earned(real, "T1", "span", record)
    assert not any("checked exactly" in word for word in found.checks)
    assert found.open


def test_a_box_is_green_only_where_every_run_agrees(real: Site, record: dict[str, Any]) -> None:
    map_page = pytest.importorskip("map_page")
    statement = real.statements["recovery"]
    runs = {"a": "agrees", "b": "agrees"}
    assert map_page.box_classes(real, statement, record, runs) == "statement none ok"
    for outcome in ("disagrees", "undecided"):
        found = map_page.box_classes(real, statement, record, {**runs, "c": outcome})
        assert found == "statement none open"
    record["tests"][statement.checks[0].tests[0]]["outcome"] = "failed"
    assert map_page.box_classes(real, statement, record, runs) == "statement none open"


def test_the_picture_draws_what_is_cited_and_says_what_is_open(
    real: Site, record: dict[str, Any]
) -> None:
    map_page = pytest.importorskip("map_page")
    svg = map_page.picture(real, record, {"a": "agrees", "b": "disagrees"}, "")
    assert svg.count('class="node statement') == len(real.statements)
    assert svg.count('class="edge"') == sum(len(used) for used in real.uses.values())
    assert "open: measured: 1 of 2 runs agree, 1 disagrees</title>" in svg
    assert "lemma" not in "".join(part.split("</title>")[0] for part in svg.split("<title>")[1:])


def test_measured_says_how_many_runs_agree_disagree_and_are_undecided(
    real: Site, record: dict[str, Any]
) -> None:
    statement = real.statements["recovery"]
    runs = {"a": "agrees", "b": "disagrees"}
    said = clauses.summary(real, statement, record, runs)
    assert "measured: 1 of 2 runs agree, 1 disagrees" in said
    runs |= {"c": "undecided", "d": "undecided"}
    said = clauses.summary(real, statement, record, runs)
    assert "measured: 1 of 4 runs agree, 1 disagrees, 2 undecided" in said


def test_a_summary_counts_clauses(real: Site, record: dict[str, Any]) -> None:
    said = clauses.summary(real, real.statements["T2"], record, {})
    clauses_of = real.clauses["T2"]
    part = sum(clause.formal == "part" for clause in clauses_of)
    assert f"in Coq in part: {part} of {len(clauses_of)} clauses" in said
    assert "proved in text" in said
    assert not any(word.startswith("proved in Coq") for word in said)


def test_a_proof_belongs_to_its_statement(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text(PAGE, encoding="utf-8")
    found = pages.blocks(path, {})
    assert [len(block.proofs) for block in found.values()] == [1, 1]
    assert found["B"].cites == ["lemma-a"]
    assert found["lemma-a"].proves("2")
    assert not found["lemma-a"].proves("3")


def test_the_digest_is_that_of_the_source_alone() -> None:
    first = proof_map.source_of("span_theorem.span.boundary")
    assert first.startswith("def boundary(L: int, d: int) -> int:")
    assert proof_map.digest("span_theorem.span.boundary") != proof_map.digest(
        "span_theorem.span.span_degrees"
    )
    method = proof_map.source_of("span_theorem.theorem.SpanProof.holds")
    assert method.startswith("    @property")
