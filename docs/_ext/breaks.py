"""Where words may break: long names of code after ``_`` and ``.``, so that no word is cut.

A cell of many words is marked, so that it is not squeezed to one word a line; one of few stays on
one line. In a table of many columns the first is marked: it stays in sight while the rest scrolls.
"""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

LONG = 16
WORDY = 40
FEW = 26
COLUMNS = 6


def pieces(text: str) -> list[str]:
    """The text, cut after every mark that joins words.

    >>> pieces("test_on.one")
    ['test_', 'on.', 'one']
    """
    return [piece for piece in re.split(r"(?<=[_./:])(?=\w)", text) if piece]


def _broken(node: nodes.Element, text: str) -> None:
    """Replace what a node holds by the pieces of a text, with a place to break between them."""
    node.clear()
    for number, piece in enumerate(pieces(text)):
        if number:
            node += nodes.raw("", "<wbr>", format="html")
        node += nodes.Text(piece)


def _resolved(app: Sphinx, doctree: nodes.document, _name: str) -> None:
    if app.builder.format != "html":
        return
    for table in doctree.findall(nodes.table):
        if sum(1 for _ in table.findall(nodes.colspec)) >= COLUMNS:
            table["classes"].append("many-columns")
    for entry in doctree.findall(nodes.entry):
        size = len(entry.astext())
        if size > WORDY:
            entry["classes"].append("long")
        elif size <= FEW and not isinstance(entry.parent.parent, nodes.thead):
            entry["classes"].append("few")
    for literal in list(doctree.findall(nodes.literal)):
        text = literal.astext()
        if len(text) >= LONG and " " not in text:
            _broken(literal, text)
    for title in doctree.findall(nodes.title):
        text = title.astext()
        if len(title.children) == 1 and len(text) >= LONG and " " not in text:
            _broken(title, text)


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("doctree-resolved", _resolved, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
