"""The tutorials can be taken away as notebooks, with the outputs that stand on the page."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx


def made(app: Sphinx) -> dict[str, Path]:
    """The executed notebooks, by name of the page."""
    folder = Path(app.outdir).parent / "jupyter_execute" / "tutorials"
    found = {f"tutorials/{path.stem}": path for path in folder.glob("*.ipynb")}
    return {name: path for name, path in found.items() if name in app.env.found_docs}


def _page(
    app: Sphinx, name: str, _template: str, context: dict[str, Any], _tree: nodes.document | None
) -> None:
    if app.builder.format == "html" and name in made(app):
        head, mark, rest = context["body"].partition("</h1>")
        link = (
            f'<a class="reference download internal" download="" href="{Path(name).name}.ipynb">'
            "This page as a notebook</a>"
        )
        context["body"] = f"{head}{mark}\n<p>{link}, with the outputs below.</p>{rest}"


def _finished(app: Sphinx, error: Exception | None) -> None:
    if error is not None or app.builder.format != "html":
        return
    for name, path in made(app).items():
        json.loads(path.read_text(encoding="utf-8"))  # complete, or the build ends
        shutil.copyfile(path, Path(app.outdir) / f"{name}.ipynb")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("html-page-context", _page)
    app.connect("build-finished", _finished)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
