"""Figures of several panels are marked: on a narrow screen they scroll instead of shrinking."""

from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

WIDE = 1.6


def shape(path: Path) -> float | None:
    """Width by height of an SVG or PNG file; None where the file does not say."""
    head = path.read_bytes()[:2000]
    if head.startswith(b"\x89PNG"):
        width, height = struct.unpack(">II", head[16:24])
        return float(width / height)
    match = re.search(rb'viewBox="\S+ \S+ ([\d.]+) ([\d.]+)"', head)
    return float(match[1]) / float(match[2]) if match else None


def _read(app: Sphinx, doctree: nodes.document) -> None:
    for image in doctree.findall(nodes.image):
        path = Path(app.srcdir) / image["uri"]
        if path.is_file() and (shape(path) or 0) > WIDE:
            image["classes"].append("wide")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("doctree-read", _read)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
