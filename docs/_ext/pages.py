"""The statements and proofs that stand on the pages: their labels, and what they cite.

A block is a ``prf:theorem``, ``prf:lemma`` or ``prf:corollary`` with a label. A ``prf:proof``
belongs to the block before it, unless it opens with ``*Of NAME.*``, which names its block.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

KINDS = ("theorem", "lemma", "corollary")
_OPEN = re.compile(r"^(`{3,}|:{3,})\{prf:(\w+)\} *(.*)$")
_REF = re.compile(r"\{prf:ref\}`(?:[^`<]*<)?([^`<>]+)>?`")
_LINK = re.compile(r"\]\(/?(?:\.\./)*statements/([\w-]+)\.md[^)]*\)")


@dataclass
class Block:
    """A labelled statement of a page, with the texts of its proofs."""

    label: str
    kind: str
    title: str
    text: str
    proofs: list[str] = field(default_factory=list)

    def proves(self, part: str | None) -> bool:
        """Whether a proof stands on the page; for a numbered part, one with that number."""
        if part is None:
            return bool(self.proofs)
        return any(re.search(rf"^\*{re.escape(part)}\.\*", p, re.MULTILINE) for p in self.proofs)

    @property
    def cites(self) -> list[str]:
        """The labels that the statement and its proofs refer to."""
        found = [label for text in (self.text, *self.proofs) for label in _REF.findall(text)]
        return list(dict.fromkeys(found))


def blocks(path: Path, names: Mapping[str, str]) -> dict[str, Block]:
    """The labelled statements of a page by label, each with its proofs.

    ``names``: the labels of statements by the names that proofs call them by.

    Raises:
        ValueError: a statement without a label, a proof of nothing, or of an unknown name.
    """
    found: dict[str, Block] = {}
    last: Block | None = None
    for kind, title, text in _directives(path.read_text(encoding="utf-8")):
        if kind in KINDS:
            match = re.search(r"^:label: *(\S+)", text, re.MULTILINE)
            if match is None:
                raise ValueError(f"{path.name}: a {kind} without a label")
            last = found[match[1]] = Block(match[1], kind, title, text)
        elif kind == "proof":
            block = _proved(text, found, last, names)
            if block is None:
                raise ValueError(f"{path.name}: a proof of nothing: {text.strip()[:40]!r}")
            block.proofs.append(text)
    return found


def links(path: Path) -> list[str]:
    """The pages of statements to which a page links, in order."""
    found = [f"statements/{name}" for name in _LINK.findall(path.read_text(encoding="utf-8"))]
    return list(dict.fromkeys(found))


def _directives(text: str) -> list[tuple[str, str, str]]:
    found, lines = [], iter(text.splitlines())
    for line in lines:
        match = _OPEN.match(line)
        if match is None:
            continue
        fence, kind, title = match.groups()
        inner = []
        for line in lines:
            if line.strip() == fence:
                break
            inner.append(line)
        found.append((kind, title, "\n".join(inner)))
    return found


def _proved(
    text: str, found: dict[str, Block], last: Block | None, names: Mapping[str, str]
) -> Block | None:
    match = re.match(r"\s*\*Of (?:the )?([^*]+?)\.\*", text)
    if match is None:
        return last
    name = names.get(match[1], match[1])
    if name in found:
        return found[name]
    ofkind = [block for block in found.values() if block.kind == name]
    return ofkind[-1] if ofkind else None
