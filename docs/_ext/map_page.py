"""Directives ``proof-map`` (the picture), ``proof-table`` and ``checks`` (one statement)."""

from __future__ import annotations

import html
from typing import Any

import proof_map
import pygraphviz
from docutils import nodes
from proof_map import DOCS, Statement
from run_pages import injections
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

MARKS = {
    "passed": "✓",
    "failed": "✗",
    "skipped": "not run here",
    "not run": "not run",
    "changed since": "changed since it was run",
}


def runs() -> dict[str, str]:
    """The outcome of every committed run of the injection experiment, by its name."""
    return {name: str(report.measurement.outcome) for name, report in injections().items()}


def _table() -> tuple[dict[str, Statement], dict[str, Any]]:
    try:
        statements = proof_map.load()
        proof_map.validate(statements)
        return statements, proof_map.recorded()
    except proof_map.MapError as error:
        raise ExtensionError(f"docs/map.toml: {error}") from error


class _Dependent(SphinxDirective):
    def depend(self) -> None:
        """Rebuild the page where the table or a result changes."""
        for path in ("map.toml", "status.json"):
            self.env.note_dependency(str(DOCS / path))
        for path in DOCS.glob("results/*/report.json"):
            self.env.note_dependency(str(path))

    def parse(self, lines: list[str]) -> list[nodes.Node]:
        return self.parse_text_to_nodes("\n".join(lines))


class Checks(_Dependent):
    """``{checks} T1``: what the recorded results say of one statement, step by step."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        self.depend()
        statements, record = _table()
        if self.arguments[0] not in statements:
            raise self.error(f"no statement {self.arguments[0]!r} in docs/map.toml")
        statement = statements[self.arguments[0]]
        said = "; ".join(proof_map.words(statement, record, runs()))
        lines = [f"**Status from the recorded runs:** {said}.", ""]
        if statement.checks:
            lines += ["| step | result | word | code | tests |", "|---|---|---|---|---|"]
        for check in statement.checks:
            status = proof_map.status(check, record)
            code = ", ".join(_code(name) for name in check.code)
            tests = ", ".join(f"`{name.split('::')[1]}`" for name in check.tests)
            result = MARKS[status.outcome] + (f" {status.cases} cases" if status.ok else "")
            lines.append(f"| {check.step} | {result} | {check.word} | {code} | {tests} |")
        if statement.formal:
            names = ", ".join(f"`{name}`" for name in statement.formal)
            formal = proof_map.formally_proved(statement, record)
            lines += ["", f"In Coq ([the formal proofs](/formal/README.md)): {names}: {formal}."]
        return self.parse(lines)


def _code(name: str) -> str:
    short = name.rsplit(".", 1)[1]
    return f"{{py:obj}}`{short} <{name}>`"


class ProofTable(_Dependent):
    """All statements with the words that the recorded results allow."""

    def run(self) -> list[nodes.Node]:
        self.depend()
        statements, record = _table()
        lines = ["| statement | uses | what was shown | checks passed |", "|---|---|---|---|"]
        for statement in statements.values():
            passed = [c for c in statement.checks if proof_map.status(c, record).ok]
            said = "; ".join(proof_map.words(statement, record, runs())) or "a convention"
            lines.append(
                f"| [{statement.id}: {statement.title}](/{statement.page}.md) "
                f"| {', '.join(statement.uses) or '–'} | {said} "
                f"| {len(passed)} of {len(statement.checks)} |"
            )
        return self.parse(lines)


class ProofMap(_Dependent):
    """The picture: statements → what they use; dotted, the modules, tests and results."""

    def run(self) -> list[nodes.Node]:
        self.depend()
        statements, record = _table()
        up = "../" * self.env.docname.count("/")
        graph = pygraphviz.AGraph(
            directed=True,
            rankdir="LR",
            bgcolor="transparent",
            nodesep="0.12",
            ranksep="0.55",
            tooltip=" ",
        )
        graph.node_attr.update(fontname="sans-serif", fontsize="12", tooltip=" ", height="0.3")
        graph.edge_attr.update(arrowsize="0.7")
        for statement in statements.values():
            said = proof_map.words(statement, record, runs())
            good = all(proof_map.status(c, record).ok for c in statement.checks)
            graph.add_node(
                statement.id,
                label=f"{statement.id}\n{statement.title}",
                shape="box",
                style="rounded",
                URL=f"{up}{statement.page}.html",
                tooltip="; ".join(said) or " ",
                **{"class": f"statement {statement.kind} {'ok' if good else 'open'}"},
            )
            for used in statement.uses:
                graph.add_edge(used, statement.id)
        self._sources(graph, statements, record, up)
        graph.layout(prog="dot")
        svg = graph.draw(format="svg").decode()
        svg = svg[svg.index("<svg") :].replace("xlink:title", "data-title")
        title = "<title>Which statement uses which, and where each is checked</title>"
        svg = svg.replace("<svg ", '<svg role="img" class="proof-map" ', 1)
        svg = svg.replace(">", ">" + title, 1)
        return [nodes.raw("", f'<div class="scroll">{svg}</div>', format="html")]

    def _sources(
        self, graph: Any, statements: dict[str, Statement], record: dict[str, Any], up: str
    ) -> None:
        for statement in statements.values():
            for check in statement.checks:
                ok = "ok" if proof_map.status(check, record).ok else "open"
                for name in check.code:
                    module = name.rsplit(".", 1)[0]
                    url = f"{up}api/{module}.html"
                    graph.add_node(module, shape="plain", URL=url, **{"class": "module"})
                    graph.add_edge(statement.id, module, style="dotted", arrowhead="none")
                    for test in check.tests:
                        file = test.split("::")[0].removeprefix("tests/")
                        graph.add_node(file, shape="plain", **{"class": f"test {ok}"})
                        graph.add_edge(module, file, style="dotted", arrowhead="none")
            if statement.formal:
                proved = proof_map.formally_proved(statement, record) == "proved"
                graph.add_node(
                    "docs/formal (Coq)",
                    shape="plain",
                    URL=f"{up}formal/README.html",
                    **{"class": "test " + ("ok" if proved else "open")},
                )
                graph.add_edge(statement.id, "docs/formal (Coq)", style="dotted", arrowhead="none")
            if statement.results:
                for run, outcome in runs().items():
                    good = outcome == "agrees"
                    name = html.escape(f"results/{run}")
                    graph.add_node(
                        name,
                        shape="plain",
                        URL=f"{up}measured/runs/{run}.html",
                        **{"class": "test " + ("ok" if good else "open")},
                    )
                    graph.add_edge(statement.id, name, style="dotted", arrowhead="none")


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("checks", Checks)
    app.add_directive("proof-table", ProofTable)
    app.add_directive("proof-map", ProofMap)
    return {"parallel_read_safe": True}
