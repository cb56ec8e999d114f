"""Directives on the statements, and the numbers that they carry.

``checks`` (one statement, clause by clause), ``proof-table`` (all of them), ``proof-map`` (the
picture), ``coq-theorems`` (the theorems in Coq that clauses name, each with its line) and
``check-tests`` (the source of every test that the table names).
"""

from __future__ import annotations

import html
import re
import textwrap
from collections.abc import Iterable
from typing import Any, ClassVar

import clauses
import proof_map
import pygraphviz
from clauses import Clause, Site
from docutils import nodes
from docutils.parsers.rst import directives
from proof_map import DOCS, Statement
from run_pages import injections
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

MARKS = {
    "passed": "✓",
    "failed": "✗",
    "skipped": "not run here",
    "not run": "not run",
    "changed since": "changed since it was run",
}
LEGEND = (
    ("coq", "every clause is proved in Coq, statement and proof"),
    ("part", "some clauses are proved in Coq, wholly or in part; the others in text"),
    ("text", "every clause is proved in text, none in Coq"),
    ("none", "a convention or a measurement: nothing to prove"),
    ("unproved", "a clause has no proof"),
    ("ok", "every check passed, nothing changed since, and every run agrees"),
    ("open", "a check failed or is out of date, or a run does not agree"),
)


def runs() -> dict[str, str]:
    """The outcome of every committed run of the injection experiment, by its name."""
    return {name: str(report.measurement.outcome) for name, report in injections().items()}


def _site() -> tuple[Site, dict[str, Any]]:
    try:
        return clauses.load(proof_map.load()), proof_map.recorded()
    except proof_map.MapError as error:
        raise ExtensionError(f"the map of statements: {error}") from error


class _Dependent(SphinxDirective):
    def depend(self) -> None:
        """Rebuild the page where the table or a result changes."""
        site = (*DOCS.glob("statements/*.md"), *DOCS.glob("formal/*.v"), DOCS / "measured/index.md")
        for path in ("map.toml", "status.json", "formal/status.toml", *site):
            self.env.note_dependency(str(DOCS / path))
        for path in DOCS.glob("results/*/report.json"):
            self.env.note_dependency(str(path))

    def parse(self, lines: list[str]) -> list[nodes.Node]:
        return self.parse_text_to_nodes("\n".join(lines))


class Checks(_Dependent):
    """``{checks} T1``: what each clause of a statement has earned, and its checks."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        self.depend()
        site, record = _site()
        if self.arguments[0] not in site.statements:
            raise self.error(f"no statement {self.arguments[0]!r} in docs/map.toml")
        statement = site.statements[self.arguments[0]]
        lines = [f"**{_name(statement)}: status from the recorded runs.**", ""]
        if site.clauses[statement.id]:
            lines += ["| clause | says | proof | checks |", "|---|---|---|---|"]
            for clause in site.clauses[statement.id]:
                cells = (clause.clause, _says(clause), *_earned(site, clause, record))
                lines.append(f"| {' | '.join(cells)} |")
            lines.append("")
        else:
            lines += [f"{'; '.join(clauses.summary(site, statement, record, runs()))}.", ""]
        if statement.checks:
            lines += [
                "| step | clauses | result | word | code | tests |",
                "|---|---|---|---|---|---|",
            ]
            lines += [_check_row(check, record) for check in statement.checks]
        held = record["algebra"].get(statement.algebra, {}) if statement.algebra else {}
        if held.get("held") and held["held"] == held["identities"]:
            said = f"{held['held']} identities of {statement.algebra} reduced by sympy"
            lines += ["", f"Algebra: {said} (`python -m span_theorem.verify --explain`)."]
        return self.parse(lines)


def _check_row(check: proof_map.Check, record: dict[str, Any]) -> str:
    status = proof_map.status(check, record)
    code = ", ".join(f"{{py:obj}}`{name.rsplit('.', 1)[1]} <{name}>`" for name in check.code)
    tests = ", ".join(f"[`{name.split('::')[1]}`](#{_anchor(name)})" for name in check.tests)
    result = MARKS[status.outcome] + (f" {_cases(status.cases)}" if status.ok else "")
    served = "; ".join(check.clauses) or "–"
    return f"| {check.step} | {served} | {result} | {check.word} | {code} | {tests} |"


def _cases(count: int) -> str:
    return f"{count} case{'' if count == 1 else 's'}"


def _anchor(test: str) -> str:
    """Where the source of a test stands on the site.

    >>> _anchor("tests/a/test_b.py::test_c")
    'tests-a-test-b-py-test-c'
    """
    return re.sub(r"[^a-z0-9]+", "-", test.lower())


def _name(statement: Statement) -> str:
    """As it is called everywhere: by its number, where it is a theorem."""
    if statement.kind == "theorem":
        return f"{statement.id}: {statement.title}"
    return f"{statement.kind.capitalize()}: {statement.title}"


def _says(clause: Clause) -> str:
    return clause.says.replace("<=", "≤").replace(">=", "≥").replace("|", "\\|")


def _earned(site: Site, clause: Clause, record: dict[str, Any]) -> tuple[str, str]:
    """Two cells: the proofs of a clause, each with its place; and its checks."""
    found = clauses.evidence(site, clause, record)
    proofs = []
    if clause.formal != "no":
        theorem = clauses.coq(clause.theorem, clause.file)
        link = f"{{ref}}`{theorem.name} <coq-{theorem.name}>`, {theorem.file}:{theorem.line}"
        word = {"yes": "statement and proof in Coq", "part": "in Coq in part"}.get(
            found.coq, f"in Coq, {found.coq}"
        )
        scope = f": {clause.scope}" if clause.scope else ""
        proofs.append(f"{word} ({link}){scope}")
    block = site.block(clause)
    if found.text and block is not None:
        proofs.append(f"proved in text ({{prf:ref}}`{block.label}`)")
    checks = [*found.checks, *(f"**{what}**" for what in found.open if what != "no proof")]
    return "; ".join(proofs) or "**no proof**", "; ".join(checks) or "–"


class ProofTable(_Dependent):
    """All statements, clause by clause; with ``:short:`` one line for each statement."""

    option_spec: ClassVar[dict[str, Any]] = {"short": directives.flag}

    def run(self) -> list[nodes.Node]:
        self.depend()
        site, record = _site()
        if "short" in self.options:
            return self.parse(self._short(site, record))
        lines = ["| statement | clause | proof | checks |", "|---|---|---|---|"]
        for statement in site.statements.values():
            link = f"[{_name(statement)}](/{statement.page}.md)"
            for clause in site.clauses[statement.id]:
                named = f"*{clause.clause}*: {_says(clause)}"
                cells = (link, named, *_earned(site, clause, record))
                lines.append(f"| {' | '.join(cells)} |")
                link = ""
            if not site.clauses[statement.id]:
                said = "; ".join(clauses.summary(site, statement, record, runs()))
                lines.append(f"| {link} | | nothing to prove | {said} |")
        return self.parse(lines)

    def _short(self, site: Site, record: dict[str, Any]) -> list[str]:
        lines = ["| statement | what was shown |", "|---|---|"]
        for statement in site.statements.values():
            said = "; ".join(clauses.summary(site, statement, record, runs()))
            lines.append(f"| [{_name(statement)}](/{statement.page}.md) | {said} |")
        return lines


class ProofMap(_Dependent):
    """The picture: an arrow from each statement to those whose text or proof cites it."""

    def run(self) -> list[nodes.Node]:
        self.depend()
        site, record = _site()
        svg = picture(site, record, runs(), "../" * self.env.docname.count("/"))
        legend = "".join(f'<li><span class="{key}"></span>{text}</li>' for key, text in LEGEND)
        legend = f'<ul class="proof-legend">{legend}</ul>'
        return [nodes.raw("", f'<div class="scroll">{svg}</div>{legend}', format="html")]


def picture(site: Site, record: dict[str, Any], outcomes: dict[str, str], up: str) -> str:
    """The map as SVG, each box with a title that says what it has earned and what is open."""
    graph = pygraphviz.AGraph(
        directed=True, rankdir="LR", bgcolor="transparent", nodesep="0.12", ranksep="0.3"
    )
    graph.node_attr.update(fontname="sans-serif", fontsize="12", height="0.3", margin="0.08,0.05")
    graph.edge_attr.update(arrowsize="0.6")
    titles = {}
    for statement in site.statements.values():
        wrong = clauses.missing(site, statement, record, outcomes)
        said = clauses.summary(site, statement, record, outcomes)
        titles[statement.id] = "; ".join([*said, *(f"open: {what}" for what in wrong)])
        words = [statement.id] if statement.kind == "theorem" else []
        graph.add_node(
            statement.id,
            label="\n".join([*words, *textwrap.wrap(statement.title, 14)]),
            shape="box",
            style="rounded,filled",
            URL=f"{up}{statement.page}.html",
            **{"class": box_classes(site, statement, record, outcomes)},
        )
    for name, used in site.uses.items():
        graph.add_edges_from([(other, name) for other in used])
    graph.layout(prog="dot")
    svg = graph.draw(format="svg").decode()
    svg = re.sub(r' xlink:title="[^"]*"', "", svg[svg.index("<svg") :])
    svg = re.sub(r"(<g id=\"edge[^>]*>\s*)<title>.*?</title>", r"\1", svg)
    svg = re.sub(
        r"<title>(.*?)</title>",
        lambda match: f"<title>{html.escape(titles.get(html.unescape(match[1]), ''))}</title>",
        svg,
    )
    whole = "<title>Which statement uses which, and what each has earned</title>"
    svg = svg.replace("<svg ", '<svg role="img" class="proof-map" ', 1)
    return svg.replace(">", ">" + whole, 1)


def box_classes(
    site: Site, statement: Statement, record: dict[str, Any], outcomes: dict[str, str]
) -> str:
    """The classes of a box: the proof fills it; the border is ok only where nothing is open."""
    wrong = clauses.missing(site, statement, record, outcomes)
    return f"statement {clauses.proof_class(site, statement, record)} {'open' if wrong else 'ok'}"


class CoqTheorems(_Dependent):
    """Every theorem in Coq that a clause names: file, line, the clauses, the statement."""

    def run(self) -> list[nodes.Node]:
        self.depend()
        site, _ = _site()
        lines = []
        for name, theorem in clauses.theorems(site).items():
            served = ", ".join(
                f"{_name(site.statements[c.statement])} ({c.clause})"
                for group in site.clauses.values()
                for c in group
                if c.theorem == name
            )
            place = f"[`{theorem.file}`](/formal/{theorem.file}), line {theorem.line}"
            lines += [f"(coq-{name})=", "", f"**`{name}`**, {place}. Serves {served}.", ""]
            lines += ["```coq", theorem.statement, "```", ""]
        return self.parse(lines)


class CheckTests(_Dependent):
    """The source of every test that the table names, under its file."""

    def run(self) -> list[nodes.Node]:
        self.depend()
        site, record = _site()
        named = {
            test
            for statement in site.statements.values()
            for check in statement.checks
            for test in check.tests
        }
        lines, file = [], ""
        for test in sorted(named):
            if test.split("::")[0] != file:
                file = test.split("::")[0]
                self.env.note_dependency(str(proof_map.ROOT / file))
                lines += [f"**`{file}`**", ""]
            held = record["tests"].get(test)
            ran = "not run" if held is None else f"{held['outcome']}, {_cases(held['cases'])}"
            lines += [f"({_anchor(test)})=", "", f"`{test.split('::')[1]}` ({ran})", ""]
            lines += ["```python", proof_map.source_of(test), "```", ""]
        return self.parse(lines)


def number(app: Sphinx, env: BuildEnvironment) -> Iterable[str]:
    """Theorems carry the numbers by which they are called, not those of a counter."""
    for statement in proof_map.load().values():
        numbers = env.toc_fignumbers.get(statement.page, {}).get("theorem", {})
        if statement.label in numbers:
            numbers[statement.label] = (statement.id,)  # type: ignore[assignment]
    return []


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("checks", Checks)
    app.add_directive("proof-table", ProofTable)
    app.add_directive("proof-map", ProofMap)
    app.add_directive("coq-theorems", CoqTheorems)
    app.add_directive("check-tests", CheckTests)
    app.connect("env-get-updated", number, priority=900)  # after Sphinx has counted
    return {"parallel_read_safe": True}
