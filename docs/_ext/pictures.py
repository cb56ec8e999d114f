"""Pictures that can be read on any screen: wide ones scroll, and each leads to its full size.

A figure of several panels that shrinks to the width of a phone shows letters of three pixels. It
keeps a width that its letters can be read at instead, and its frame scrolls sideways.
"""

from __future__ import annotations

import re
import struct
from functools import cache
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

#: Pixels of an inch in the PNG files, as :func:`numeric_checks.figures.save_figure` writes them.
DOTS = 150
#: Figures up to this many inches have one panel and fit.
ONE_PANEL = 7.0

_UNITS = {"pt": 72.0, "px": 96.0, "": 96.0}


@cache
def inches(path: Path) -> float:
    """The width at which a figure was drawn.

    Raises:
        ValueError: neither a PNG nor an SVG with a width.
    """
    if path.suffix == ".png":
        head = path.read_bytes()[:24]
        if head[:8] != b"\x89PNG\r\n\x1a\n":
            raise ValueError(f"{path} is not a PNG")
        return float(struct.unpack(">I", head[16:20])[0]) / DOTS
    with path.open(encoding="utf-8") as stream:
        match = re.search(r'<svg\b[^>]*?\bwidth="([\d.]+)(pt|px|)"', stream.read(4000))
    if match is None:
        raise ValueError(f"{path} states no width in pt or px")
    return float(match[1]) / _UNITS[match[2]]


def _resolved(app: Sphinx, doctree: nodes.document, name: str) -> None:
    if app.builder.format != "html":
        return
    up = "../" * name.count("/")
    for image in list(doctree.findall(nodes.image)):
        uri = image.get("uri", "")
        if uri not in app.env.images:
            continue
        image["classes"].append("picture")
        parent, place = image.parent, image.parent.index(image)
        if not isinstance(parent, nodes.reference):
            file = f"{up}_images/{app.env.images[uri][1]}"
            link = nodes.reference("", "", image, refuri=file, internal=True)
            link["classes"].append("picture-link")
            parent[place] = link
            parent, image = parent, link
        width = inches(Path(app.srcdir) / uri)
        if width > ONE_PANEL:
            start = (
                '<span class="scroll panels" tabindex="0" role="group" '
                f'aria-label="wide figure" style="--inches: {width:.1f}">'
            )
            place = parent.index(image)
            parent.insert(place, nodes.raw("", start, format="html"))
            parent.insert(place + 2, nodes.raw("", "</span>", format="html"))


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("doctree-resolved", _resolved, priority=950)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
