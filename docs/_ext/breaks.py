"""Long names of code in tables may break after ``_`` and ``.``, so that no word is cut."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

LONG = 24


def pieces(text: str) -> list[str]:
    """The text, cut after every mark that joins words.

    >>> pieces("test_on.one")
    ['test_', 'on.', 'one']
    """
    return [piece for piece in re.split(r"(?<=[_./:])(?=\w)", text) if piece]


def _resolved(app: Sphinx, doctree: nodes.document, _name: str) -> None:
    if app.builder.format != "html":
        return
    for entry in doctree.findall(nodes.entry):
        for literal in list(entry.findall(nodes.literal)):
            text = literal.astext()
            if len(text) < LONG or " " in text:
                continue
            literal.clear()
            for number, piece in enumerate(pieces(text)):
                if number:
                    literal += nodes.raw("", "<wbr>", format="html")
                literal += nodes.Text(piece)


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("doctree-resolved", _resolved, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
