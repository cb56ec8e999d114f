"""What is shortened at the end of a build shows the same."""

from __future__ import annotations

import doctest
import io
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

pytest.importorskip("sphinx", reason="sphinx is not installed: the docs extra")
import slim

pytestmark = pytest.mark.docs


class Shown(HTMLParser):
    """The text of a page as a browser shows it, and its tags."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[object] = []
        self._kept = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._kept += tag == "pre"
        self.tags.append((tag, attrs))

    def handle_endtag(self, tag: str) -> None:
        self._kept -= tag == "pre"

    def handle_data(self, data: str) -> None:
        self.words += [data] if self._kept else data.split()


def test_examples() -> None:
    assert doctest.testmod(slim).attempted == 3
    assert doctest.testmod(slim).failed == 0


def test_pages_keep_their_words_their_blocks_of_code_and_their_tags() -> None:
    text = (
        "<body>\n  <p>one\n     two <b>three</b>\n  </p>\n  <pre>\n  a\n\n    b</pre>\n"
        "  <script>let x = `\n   y`;</script>\n</body>"
    )
    before, after = Shown(text), Shown(slim.page(text))
    assert after.words == before.words
    assert after.tags == before.tags
    assert "`\n   y`" in slim.page(text)
    assert len(slim.page(text)) < len(text)


def test_coordinates_of_figures_move_by_less_than_a_hundredth(repository: Path) -> None:
    number = re.compile(r"(?<![\w.#])-?\d+(?:\.\d+)?")
    paths = sorted(repository.glob("docs/results/aspirin-rmd17/*.svg"))
    assert paths
    for path in paths:
        text = path.read_text(encoding="utf-8")
        drawn = re.sub(r"<!--.*?-->", "", text.partition("</metadata>")[2], flags=re.DOTALL)
        before = [float(x) for x in number.findall(drawn)]
        after = [float(x) for x in number.findall(slim.svg(text).partition("<defs>")[2])]
        assert len(after) == len(before) > 1000
        assert max(abs(a - b) for a, b in zip(after, before, strict=True)) <= 0.00501
        assert len(slim.svg(text)) < 0.9 * len(text)


def test_pictures_keep_their_size_and_nearly_their_colours(repository: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    numpy = pytest.importorskip("numpy")
    paths = sorted(repository.glob("docs/results/*/recovery_small.png"))
    assert paths
    for path in paths:
        data = path.read_bytes()
        short = slim.png(data)
        assert len(short) <= len(data)
        assert slim.png(short) == short
        before, after = (
            numpy.asarray(image.open(io.BytesIO(x)).convert("RGB"), int) for x in (data, short)
        )
        assert before.shape == after.shape
        far = numpy.abs(before - after).max(axis=2) > 24
        assert far.mean() < 0.003, path


def test_a_picture_on_a_clear_ground_gets_a_white_one() -> None:
    image = pytest.importorskip("PIL.Image")
    stream = io.BytesIO()
    image.effect_noise((64, 64), 50).convert("RGBA").save(stream, "PNG")
    clear = image.new("RGBA", (64, 64), (0, 0, 0, 0))
    clear.paste(image.open(stream).crop((0, 0, 32, 64)))
    stream = io.BytesIO()
    clear.save(stream, "PNG")
    short = image.open(io.BytesIO(slim.png(stream.getvalue()))).convert("RGB")
    assert short.getpixel((60, 60)) == (255, 255, 255)


def test_pages_of_the_site_hold_no_icon_that_they_do_not_use(site: Path) -> None:
    text = (site / "index.html").read_text(encoding="utf-8")
    for name in re.findall(r'<symbol id="([\w-]+)"', text):
        assert f'href="#{name}"' in text
    assert not list(site.rglob("*.map"))
