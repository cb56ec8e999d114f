"""What each clause of each statement has earned, and which statement uses which.

The clauses stand in docs/formal/status.toml with what Coq has of them. That a clause is proved in
text is read from the page, where a proof must stand; which statement uses which, from the
cross-references in its text and its proofs. Checks come from docs/map.toml and docs/status.json.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import pages
import proof_map
from proof_map import DOCS, WORDS, MapError, Statement

FORMAL = DOCS / "formal"
_KINDS = ("lemma", "theorem")


@dataclass(frozen=True)
class Clause:
    """One claim of a statement. ``formal``: yes, part (``scope`` says which) or no."""

    statement: str
    clause: str
    says: str
    formal: str
    theorem: str = ""
    file: str = ""
    scope: str = ""

    @property
    def part(self) -> str | None:
        """The number of the part of the statement that it is, where it has one."""
        match = re.match(r"\d+", self.clause)
        return match[0] if match else None


@dataclass(frozen=True)
class Coq:
    """A theorem in Coq: where it stands, its statement, and a digest.

    The digest is that of the theorem and of all files, as its words are defined in others.
    """

    name: str
    file: str
    line: int
    statement: str
    digest: str


@dataclass(frozen=True)
class Evidence:
    """What one clause has earned.

    ``coq``: yes, part, no, or why the record does not count (changed since, not run, failed).
    ``text``: a proof stands on the page. ``checks``: words of the checks. ``open``: what is not
    as it should be.
    """

    coq: str
    text: bool
    checks: tuple[str, ...] = ()
    open: tuple[str, ...] = ()

    @property
    def proved(self) -> bool:
        return self.text or self.coq == "yes"


@dataclass(frozen=True)
class Site:
    """The statements with their clauses, the blocks on their pages, and what each uses."""

    statements: dict[str, Statement]
    clauses: dict[str, list[Clause]]
    blocks: dict[str, pages.Block]
    uses: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def block(self, clause: Clause) -> pages.Block | None:
        """The statement on the page: the clause's own (label-clause) where there is one."""
        label = self.statements[clause.statement].label
        return self.blocks.get(f"{label}-{clause.clause}") or self.blocks.get(label)


@lru_cache(maxsize=8)
def _sources(folder: Path) -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.v")))


def coq(name: str, file: str, folder: Path = FORMAL) -> Coq:
    """The theorem of that name in that file.

    Raises:
        MapError: where the file has no such theorem, or it has no proof.
    """
    path = folder / file
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    pattern = rf"^((?:Theorem|Lemma|Corollary) {re.escape(name)}\b.*?)^Proof\b.*?\bQed\."
    found = re.search(pattern, text, re.MULTILINE | re.DOTALL)
    if found is None or "Qed." in found[1]:
        raise MapError(f"no theorem {name} in docs/formal/{file}")
    line = text.count("\n", 0, found.start()) + 1
    digest = hashlib.sha256((name + _sources(folder)).encode()).hexdigest()[:16]
    return Coq(name, file, line, found[1].rstrip(), digest)


def load(
    statements: dict[str, Statement], status: Path = FORMAL / "status.toml", docs: Path = DOCS
) -> Site:
    """Everything joined and checked.

    Raises:
        MapError: naming what does not exist, what is not in the table, or the circle.
    """
    clauses: dict[str, list[Clause]] = {name: [] for name in statements}
    for entry in tomllib.loads(status.read_text(encoding="utf-8"))["clause"]:
        clause = Clause(**entry)
        if clause.statement not in statements:
            raise MapError(f"{clause.statement} of {status.name} is not in the table")
        if clause.formal not in ("yes", "part", "no"):
            raise MapError(f"{clause.statement}: formal is {clause.formal!r}: yes, part or no")
        clauses[clause.statement].append(clause)
    blocks = _blocks(statements, docs)
    site = Site(statements, clauses, blocks)
    for statement in statements.values():
        _validate(site, statement)
        site.uses[statement.id] = _uses(site, statement, docs)
    order(site.uses)
    return site


def order(uses: Mapping[str, Sequence[str]]) -> list[str]:
    """The ids, every statement after those that it uses.

    Raises:
        MapError: a circle.
    """
    try:
        return list(TopologicalSorter(uses).static_order())
    except CycleError as error:
        raise MapError(f"the uses go round in a circle: {' → '.join(error.args[1])}") from error


def _blocks(statements: dict[str, Statement], docs: Path) -> dict[str, pages.Block]:
    names = {statement.id: statement.label for statement in statements.values()}
    blocks: dict[str, pages.Block] = {}
    for page in dict.fromkeys(statement.page for statement in statements.values()):
        path = docs / f"{page}.md"
        if not path.is_file():
            raise MapError(f"no page docs/{page}.md")
        try:
            found = pages.blocks(path, names)
        except ValueError as error:
            raise MapError(str(error)) from error
        for label in found:
            _owner(statements, label)
        blocks |= found
    return blocks


def _owner(statements: dict[str, Statement], label: str) -> str:
    """The id of the statement with that label, or of the one whose corollary it is."""
    for statement in statements.values():
        if label == statement.label:
            return statement.id
    for statement in statements.values():
        if label.startswith(f"{statement.label}-"):
            return statement.id
    raise MapError(f"{label} has a statement on a page and is not in the table")


def _validate(site: Site, statement: Statement) -> None:
    clauses = site.clauses[statement.id]
    if statement.kind in _KINDS and statement.label not in site.blocks:
        raise MapError(
            f"{statement.id}: no statement {statement.label} on docs/{statement.page}.md"
        )
    if statement.kind in _KINDS and not clauses:
        raise MapError(f"{statement.id} has no clause in docs/formal/status.toml")
    known = {clause.clause for clause in clauses}
    named = [check.clauses for check in statement.checks]
    for name in [c for group in named for c in group] + list(
        statement.exact.clauses if statement.exact else ()
    ):
        if name not in known:
            raise MapError(f"{statement.id} has no clause {name!r}")
    for clause in clauses:
        if clause.formal != "no":
            coq(clause.theorem, clause.file)
    for check in statement.checks:
        for name in (*check.code, *check.tests):
            proof_map.source_of(name)


def _uses(site: Site, statement: Statement, docs: Path) -> tuple[str, ...]:
    """What the statement cites; of a measurement, the statements to which its page links."""
    if statement.kind == "measurement":
        linked = pages.links(docs / f"{statement.page}.md")
        theorems = [s for s in site.statements.values() if s.kind == "theorem"]
        return tuple(s.id for page in linked for s in theorems if s.page == page)
    own = [b for k, b in site.blocks.items() if _owner(site.statements, k) == statement.id]
    cited = [_owner(site.statements, label) for block in own for label in block.cites]
    return tuple(name for name in dict.fromkeys(cited) if name != statement.id)


def theorems(site: Site) -> dict[str, Coq]:
    """The theorems in Coq that clauses name, by name."""
    named = [c for group in site.clauses.values() for c in group if c.formal != "no"]
    return {clause.theorem: coq(clause.theorem, clause.file) for clause in named}


def evidence(site: Site, clause: Clause, record: dict[str, Any]) -> Evidence:
    """What the page and the recorded runs grant to one clause."""
    statement = site.statements[clause.statement]
    block = site.block(clause)
    text = block is not None and block.proves(clause.part)
    formal, said, wrong = _formal(clause, record), [], []
    if formal not in ("yes", "part", "no"):
        wrong.append(f"Coq: {formal}")
    swept = statement.exact is not None and clause.clause in statement.exact.clauses
    if statement.exact is not None and swept:
        top = record["exact"].get(statement.exact.label, {}).get("up_to", -1)
        if top >= 0:
            said.append(f"checked exactly up to L, d ≤ {top}")
        else:
            wrong.append("the exact sweep fails or was not run")
    for word in WORDS:
        checks = [c for c in statement.checks if c.word == word and clause.clause in c.clauses]
        if not checks:
            continue
        found = [proof_map.status(check, record) for check in checks]
        passed = [status for status in found if status.ok]
        if len(passed) < len(checks):
            wrong.append(f"{word}: {len(passed)} of {len(checks)} checks passed")
        elif word == "checked exactly" and not swept:
            said.append(f"checked exactly in {sum(s.cases for s in found)} tested cases")
        elif word != "checked exactly":
            said.append(word)
    if not text and formal != "yes":
        wrong.append("no proof")
    return Evidence(formal, text, tuple(said), tuple(wrong))


def _formal(clause: Clause, record: dict[str, Any]) -> str:
    """``yes`` or ``part`` where the record holds a run of the theorem as it stands."""
    if clause.formal == "no":
        return "no"
    entry = record.get("formal")
    if entry is None or clause.theorem not in entry["theorems"]:
        return "not run"
    if entry["theorems"][clause.theorem] != coq(clause.theorem, clause.file).digest:
        return "changed since it was run"
    return clause.formal if entry["outcome"] == "proved" else str(entry["outcome"])


def measured(runs: Mapping[str, str]) -> str:
    """How many runs agree, disagree and are undecided; only what is there is named."""
    found = list(runs.values())
    line = f"measured: {found.count('agrees')} of {len(found)} runs agree"
    counts = {
        f"disagree{'s' if found.count('disagrees') == 1 else ''}": found.count("disagrees"),
        "undecided": found.count("undecided"),
    }
    return line + "".join(f", {count} {word}" for word, count in counts.items() if count)


def missing(
    site: Site, statement: Statement, record: dict[str, Any], runs: Mapping[str, str]
) -> list[str]:
    """What is open in a statement: a box is green only where there is nothing."""
    wrong = [
        f"{clause.clause}: {what}"
        for clause in site.clauses[statement.id]
        for what in evidence(site, clause, record).open
    ]
    for check in statement.checks:
        status = proof_map.status(check, record)
        if not status.ok:
            wrong.append(f"{check.step}: {status.outcome}")
    if statement.results and any(outcome != "agrees" for outcome in runs.values()):
        wrong.append(measured(runs))
    return wrong


def proof_class(site: Site, statement: Statement, record: dict[str, Any]) -> str:
    """``coq``: every clause in Coq; ``part``: some of it; ``text``: every clause in text alone.

    ``none`` for what claims no proof, ``unproved`` where a clause has none.
    """
    found = [evidence(site, clause, record) for clause in site.clauses[statement.id]]
    if not found:
        return "none"
    if not all(one.proved for one in found):
        return "unproved"
    if all(one.coq == "yes" for one in found):
        return "coq"
    return "part" if any(one.coq in ("yes", "part") for one in found) else "text"


def summary(
    site: Site, statement: Statement, record: dict[str, Any], runs: Mapping[str, str]
) -> list[str]:
    """One statement in few words: how many of its clauses have what."""
    found = [evidence(site, clause, record) for clause in site.clauses[statement.id]]
    said = []

    def count(word: str, number: int) -> None:
        if number:
            said.append(
                word if number == len(found) else f"{word}: {number} of {len(found)} clauses"
            )

    count("proved in Coq", sum(one.coq == "yes" for one in found))
    count("in Coq in part", sum(one.coq == "part" for one in found))
    count("proved in text", sum(one.text for one in found))
    short = [{re.sub(r" in \d+ tested cases", " (tests)", w) for w in one.checks} for one in found]
    for word in sorted(set().union(*short)):
        count(word, sum(word in one for one in short))
    if not found:
        checks = statement.checks
        for word in WORDS:
            mine = [proof_map.status(c, record).ok for c in checks if c.word == word]
            if mine and not (word == "measured" and statement.results):
                said.append(word if all(mine) else f"{word}: {sum(mine)} of {len(mine)} passed")
    if statement.results and runs:
        said.append(measured(runs))
    return said
