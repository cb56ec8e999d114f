"""The built site weighs less and looks the same.

Figures: matplotlib writes SVG paths to a millionth of a point and PNG in true colour. Pages: the
theme repeats its icons on every page, the unused ones too. Source maps serve the theme's authors.
"""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

_LONG_NUMBER = re.compile(r"-?\d+\.\d{3,}")
_COORDINATES = re.compile(r'(?<= )(d|x|y|points|width|height)="([^"]*)"')
_SYMBOL = re.compile(r'\s*<symbol id="([\w-]+)".*?</symbol>', re.DOTALL)
_KEPT = re.compile(r"(<(pre|textarea|script|style)\b.*?</\2>)", re.DOTALL)


def _hundredths(match: re.Match[str]) -> str:
    text = f"{float(match[0]):.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def svg(text: str) -> str:
    """Coordinates to a hundredth of their unit; no metadata, comments or indentation.

    >>> svg('<g>\\n  <path d="M 1.23456 -0.0001\\nL 2 3.5"/>\\n</g>')
    '<g>\\n<path d="M 1.23 0 L 2 3.5"/>\\n</g>'
    """

    def rounded(match: re.Match[str]) -> str:
        return f'{match[1]}="{" ".join(_LONG_NUMBER.sub(_hundredths, match[2]).split())}"'

    text = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", text, flags=re.DOTALL)
    return re.sub(r"(?<=>)\s+(?=<)", "\n", _COORDINATES.sub(rounded, text))


def png(data: bytes) -> bytes:
    """The picture in the 256 colours nearest to its own; as it is where that is no shorter."""
    from PIL import Image  # comes with matplotlib

    picture = Image.open(io.BytesIO(data))
    if picture.mode == "P":
        return data
    flat = Image.new("RGBA", picture.size, "white")
    flat.alpha_composite(picture.convert("RGBA"))
    few = flat.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    stream = io.BytesIO()
    few.save(stream, "PNG", optimize=True)
    return min(stream.getvalue(), data, key=len)


def page(text: str) -> str:
    """Without icons that the page does not use, and without indentation where it shows nothing.

    >>> page('<symbol id="a">1</symbol>\\n<symbol id="b">2</symbol>\\n  <use href="#b">')
    '\\n<symbol id="b">2</symbol>\\n<use href="#b">'
    >>> page('  <p>\\n\\n  a</p><pre>\\n  b</pre>')
    '  <p>\\na</p><pre>\\n  b</pre>'
    """
    used = set(re.findall(r'<use href="#([\w-]+)"', text))
    text = _SYMBOL.sub(lambda match: match[0] if match[1] in used else "", text)
    parts = _KEPT.split(text)
    # Every third is plain text, followed by a kept element and that element's name.
    plain = [re.sub(r"\s*\n\s*", "\n", part) for part in parts[::3]]
    return "".join(a + b for a, b in zip(plain, [*parts[1::3], ""], strict=True))


def _finished(app: Sphinx, error: Exception | None) -> None:
    if error is not None or app.builder.format != "html":
        return
    site = Path(app.outdir)
    for path in site.glob("_static/**/*.map"):
        path.unlink()
    for path in site.glob("_images/*.png"):
        path.write_bytes(png(path.read_bytes()))
    for pattern, slim in (("_images/*.svg", svg), ("**/*.html", page)):
        for path in site.glob(pattern):
            path.write_text(slim(path.read_text(encoding="utf-8")), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("build-finished", _finished)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
