"""Files made while building: certificates, API pages, pages of runs, data of the picture.

They are written to ``docs/_generated``, ``docs/api`` and ``docs/measured/runs``, which git ignores,
and only where their text changed.
"""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import bandwidth_page
import costs
import coupling_page
import data_tables
import demand_page
import diagnosis_page
import experiment_page
import explorer_data
import networks_page
import options_page
import run_pages
import sweep_page
import times
from docutils import nodes
from proof_map import DOCS, ROOT
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.ext.autodoc import Options
from sphinx.util.nodes import make_refnode

PACKAGES = {
    "span_theorem": "The exact layer: integers, rationals and square roots of rationals.",
    "numeric_checks": "Observations in floating point.",
    "neural_checks": "Measurements on networks; needs the `neural` extra.",
}


def write(path: Path, text: str) -> None:
    """Write ``text`` unless the file already holds it, so that nothing is built twice."""
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def modules(package: str) -> list[str]:
    """The public modules of a package, as dotted names."""
    names = []
    for path in sorted((ROOT / package).rglob("*.py")):
        parts = list(path.relative_to(ROOT).with_suffix("").parts)
        if parts[-1] == "__init__":
            parts.pop()
        if not any(part.startswith("_") for part in parts):
            names.append(".".join(parts))
    return names


def escaped(line: str) -> str:
    """Docstrings are plain text with mathematics: |m| and Y_ are not markup there."""

    def escape(text: str) -> str:
        text = text.replace("|", r"\|")
        return re.sub(r"(?<=[A-Za-z0-9])_(?![A-Za-z0-9_])", r"\\_", text)

    # Leave ``literals`` and `roles` alone.
    parts = re.split(r"(``.*?``|`[^`]*`_?)", line)
    return "".join(part if part.startswith("`") else escape(part) for part in parts)


def sentence(name: str) -> str:
    """The first line of a module's docstring, as reStructuredText."""
    path = ROOT / name.replace(".", "/")
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return escaped(text.partition("\n")[0])


def api_pages() -> None:
    """One page per public module, and an index of all of them by room.

    The pages stand in no table of contents: with one, every page of the site would repeat it. A
    room has no names of its own, so it is described in the index and needs no page.
    """
    wanted = {"index.md"}
    lists = []
    for package, about in PACKAGES.items():
        lists.append(f"## {package}\n\n{about}\n")
        rooms: dict[str, list[str]] = {}
        for name in modules(package):
            if (ROOT / name.replace(".", "/")).is_dir():
                rooms.setdefault(name, [])
                continue
            rooms.setdefault(name.rpartition(".")[0], []).append(name)
            write(
                DOCS / "api" / f"{name}.md",
                "---\norphan: true\n---\n"
                f"# {name}\n\n[Reference](index.md)\n\n"
                f"```{{eval-rst}}\n.. automodule:: {name}\n   :members:\n```\n",
            )
            wanted.add(f"{name}.md")
        for room, names in rooms.items():
            entries = "\n".join(f"* :mod:`{name}`: {sentence(name)}" for name in names)
            heading = "" if room == package else f"### {room}\n\n"
            text = f".. automodule:: {room}\n\n{entries}"
            lists.append(f"{heading}```{{eval-rst}}\n{text}\n```\n")
    head = (
        "# Reference\n\nFrom the docstrings. Names that start with an underscore are private.\n\n"
    )
    write(DOCS / "api" / "index.md", head + "\n".join(lists))
    for path in (DOCS / "api").glob("*.md"):
        if path.name not in wanted:
            path.unlink()


def certificates() -> None:
    """The certificates that the pages of the statements offer."""
    from span_theorem.certificate import (
        counterexample_certificate,
        directions_certificate,
        span_certificate,
    )
    from span_theorem.directions import prove_directions
    from span_theorem.factors import Factors
    from span_theorem.rank import weight_blocks, weight_evidence
    from span_theorem.theorem import prove_products, prove_span
    from span_theorem.witnesses import find_counterexample

    folder = DOCS / "_generated" / "certificates"
    for features in ("upto", "exact"):
        proof = prove_span(2, 2, features)
        content = span_certificate(proof, weight_evidence(2, 2, features))
        write(folder / f"span-L2-d2-{features}.cert.json", json.dumps(content, indent=1) + "\n")
    example = find_counterexample(2, 2, 5)
    assert example is not None
    content = counterexample_certificate(Factors.of(2, 2), example)
    write(folder / "counterexample-L2-d2-claim5.cert.json", json.dumps(content, indent=1) + "\n")
    factors = Factors.power("0e+2e+4e", 3)
    content = span_certificate(prove_products(factors), weight_blocks(factors))
    write(folder / "span-0e-2e-4e-d3.cert.json", json.dumps(content, indent=1) + "\n")
    content = directions_certificate(prove_directions(2, 2, 2))
    write(folder / "span-L2-d2-directions2.cert.json", json.dumps(content, indent=1) + "\n")


def _builder_inited(app: Sphinx) -> None:
    api_pages()
    certificates()
    run_pages.write_all(write)
    costs.write_all(write)
    coupling_page.write_all(write)
    data_tables.write_all(write)
    bandwidth_page.write_all(write)
    demand_page.write_all(write)
    diagnosis_page.write_all(write)
    experiment_page.write_all(write)
    networks_page.write_all(write)
    options_page.write_all(write)
    sweep_page.write_all(write)
    times.write_all(write)
    write(DOCS / "_generated" / "static" / "explorer_data.js", explorer_data.script())


def _docstring(
    app: Sphinx, what: str, name: str, obj: Any, options: Options, lines: list[str]
) -> None:
    for index, line in enumerate(lines):
        if not line.lstrip().startswith((">>>", "...")):
            lines[index] = escaped(line)


def _attribute(
    app: Sphinx, what: str, name: str, obj: Any, options: Options, lines: list[str]
) -> None:
    """napoleon would take the words before a colon for the type of an attribute."""
    if what in ("attribute", "data", "property"):
        lines.insert(0, "")


def _by_short_name(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.Element
) -> nodes.reference | None:
    """Find ``name`` or ``package.name`` of ours in the module that defines it, if only one does."""
    if node.get("refdomain") != "py":
        return None
    short = "." + node["reftarget"].rsplit(".", 1)[-1]
    found = {n: o for n, o in env.domains.python_domain.objects.items() if n.endswith(short)}
    if len(found) != 1:
        return None
    ((_, place),) = found.items()
    return make_refnode(app.builder, node["refdoc"], place.docname, place.node_id, content)


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("builder-inited", _builder_inited)
    app.connect("missing-reference", _by_short_name)
    app.connect("autodoc-process-docstring", _attribute, priority=400)
    app.connect("autodoc-process-docstring", _docstring, priority=900)
    return {"parallel_read_safe": True}
