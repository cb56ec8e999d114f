"""A figure of several panels scrolls on a phone, and every figure leads to its full size."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("sphinx", reason="sphinx is not installed: the docs extra")
import pictures

pytestmark = pytest.mark.docs

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="{}pt" height="100pt"></svg>\n'


def test_the_width_is_that_of_the_drawing(repository: Path, tmp_path: Path) -> None:
    folder = repository / "docs" / "results" / "aspirin-rmd17"
    for name in ("recovery", "recovery_small", "cone"):
        png, svg = (pictures.inches(folder / f"{name}.{end}") for end in ("png", "svg"))
        assert png == pytest.approx(svg, abs=0.01), name
    assert pictures.inches(folder / "recovery.png") > pictures.ONE_PANEL
    assert pictures.inches(folder / "recovery_small.png") < pictures.ONE_PANEL
    odd = tmp_path / "odd.svg"
    odd.write_text("<svg></svg>")
    with pytest.raises(ValueError, match=r"odd\.svg states no width"):
        pictures.inches(odd)
    (tmp_path / "odd.png").write_text("no picture")
    with pytest.raises(ValueError, match=r"odd\.png is not a PNG"):
        pictures.inches(tmp_path / "odd.png")


def test_wide_figures_scroll_and_all_lead_to_their_file(
    small_site: Callable[[dict[str, str]], subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    for name, points in (("narrow", 360), ("wide", 864)):
        (tmp_path / f"{name}.svg").write_text(SVG.format(points))
    done = small_site({"page": "# A page\n\n![narrow](../narrow.svg)\n\n![wide](../wide.svg)\n"})
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "html" / "page.html").read_text(encoding="utf-8")
    assert page.count('class="scroll panels"') == 1
    frame = r'<span class="scroll panels"[^>]*--inches: 12\.0">(.*?)</span>'
    (inside,) = re.findall(frame, page, re.DOTALL)
    assert 'alt="wide"' in inside
    for name in ("narrow", "wide"):
        assert re.search(rf'href="_images/{name}\.svg"><img', page)
        assert (tmp_path / "html" / "_images" / f"{name}.svg").is_file()
