"""The built site: no outside request, no dead link, no formula in red, captions with n and B."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

pytest.importorskip("sphinx", reason="sphinx is not installed: the docs extra")
import slim
import times

pytestmark = pytest.mark.docs

#: Attributes that make a browser fetch something on its own; a plain link is followed by people.
FETCHED = {
    ("script", "src"),
    ("img", "src"),
    ("link", "href"),
    ("source", "src"),
    ("source", "srcset"),
    ("iframe", "src"),
    ("object", "data"),
    ("embed", "src"),
    ("video", "src"),
    ("audio", "src"),
    ("use", "href"),
    ("image", "href"),
    ("use", "xlink:href"),
    ("image", "xlink:href"),
}


class Page(HTMLParser):
    """What a page fetches, links to, and can be linked at; and its captions."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.images: list[str] = []
        self.captions: list[str] = []
        self._caption = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value for name, value in attrs if value is not None}
        self.anchors.update(given[name] for name in ("id", "name") if name in given)
        for name, value in given.items():
            if (tag, name) in FETCHED and "search" not in given.get("rel", ""):
                self.fetched.append(value)
            if name == "style":
                self.fetched += urls(value)
        if tag == "a":
            self.links += [given[name] for name in ("href", "xlink:href") if name in given]
        if tag == "img":
            self.images.append(given["src"])
        if tag == "figcaption":
            self._caption += 1
            self.captions.append("")

    def handle_endtag(self, tag: str) -> None:
        self._caption -= tag == "figcaption"

    def handle_data(self, data: str) -> None:
        if self._caption:
            self.captions[-1] += data


def urls(css: str) -> list[str]:
    """Everything that a style sheet fetches."""
    found = re.findall(r"url\(\s*['\"]?([^'\")]+)", css)
    return found + re.findall(r"@import\s+['\"]([^'\"]+)", css)


def outside(address: str) -> bool:
    """Whether an address leaves the site."""
    parts = urlsplit(address)
    return bool(parts.netloc) or parts.scheme not in ("", "data")


def faults(folder: Path) -> list[str]:
    """Outside requests and dead links of all pages and style sheets in a folder."""
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in folder.rglob("*.html")}
    found = []
    for path, page in pages.items():
        name = path.relative_to(folder)
        found += [f"{name} fetches {a}" for a in page.fetched if outside(a)]
        for link in page.links:
            if outside(link):
                continue
            parts = urlsplit(link)
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.is_file():
                found.append(f"{name} links to {link}, which is not there")
            elif target in pages and parts.fragment:
                anchors = pages[target].anchors
                if unquote(parts.fragment) not in anchors:
                    found.append(f"{name} links to {link}, an anchor that is not there")
        for address in page.fetched:
            parts = urlsplit(address)
            if outside(address) or parts.scheme == "data" or not parts.path:
                continue
            if not (path.parent / unquote(parts.path)).is_file():
                found.append(f"{name} fetches {address}, which is not there")
    for path in folder.rglob("*.css"):
        for address in urls(path.read_text(encoding="utf-8")):
            local = path.parent / urlsplit(address).path
            inline = urlsplit(address).scheme == "data" or address.startswith("#")
            if outside(address) or not (inline or local.is_file()):
                found.append(f"{path.relative_to(folder)} fetches {address}")
    return found


def test_no_outside_request_and_no_dead_link(site: Path) -> None:
    assert len(list(site.rglob("*.html"))) > 40
    assert not faults(site)


@pytest.mark.parametrize(
    "text",
    [
        '<script src="https://cdn.example.org/x.js"></script>',
        '<link rel="stylesheet" href="//cdn.example.org/x.css">',
        '<img src="http://example.org/x.png">',
        '<p style="background: url(https://example.org/x.png)">',
        '<a href="gone.html">x</a>',
        '<a href="#gone">x</a>',
        '<img src="gone.png">',
    ],
)
def test_such_faults_are_found(tmp_path: Path, text: str) -> None:
    (tmp_path / "page.html").write_text(f'<p id="here"><a href="#here">y</a>{text}</p>')
    assert len(faults(tmp_path)) == 1


def test_style_sheets_that_fetch_are_found(tmp_path: Path) -> None:
    (tmp_path / "x.css").write_text("@font-face { src: url(https://example.org/x.woff2) }")
    assert len(faults(tmp_path)) == 1


def test_the_site_stays_small(site: Path) -> None:
    """What is uploaded; Sphinx keeps its own notes beside it."""
    files = [p for p in site.rglob("*") if p.is_file() and ".doctrees" not in p.parts]
    assert sum(path.stat().st_size for path in files) < 20_000_000
    # A page of the reference does not repeat the list of all of them.
    page = (site / "api" / "span_theorem.irreps.html").read_text(encoding="utf-8")
    assert page.count('href="numeric_checks') < 5
    assert 'href="index.html"' in page


def test_scripts_ask_no_server(site: Path) -> None:
    for name in ("explorer.js", "explorer_balls.js", "explorer_data.js"):
        text = (site / "_static" / name).read_text(encoding="utf-8")
        assert not re.search(
            r"fetch\(|XMLHttpRequest|WebSocket|import\(|https?:(?!//www\.w3)", text
        )


def test_formulas_are_rendered(site: Path) -> None:
    text = (site / "statements" / "t4.html").read_text(encoding="utf-8")
    assert text.count('class="katex"') > 100
    for path in site.rglob("*.html"):
        page = path.read_text(encoding="utf-8")
        assert "katex-error" not in page, path
        assert "#cc0000" not in page, path


def test_no_page_shows_the_source_of_a_table(site: Path) -> None:
    for path in site.rglob("*.html"):
        if "api" not in path.parts:  # there a sentence may begin with a norm
            assert not re.search(r"<p>\s*\|", path.read_text(encoding="utf-8")), path


def test_tutorials_can_be_taken_away_with_their_outputs(site: Path) -> None:
    pages = sorted(path for path in (site / "tutorials").glob("*.html") if path.stem != "index")
    assert len(pages) == 4
    for path in pages:
        assert f'href="{path.stem}.ipynb"' in path.read_text(encoding="utf-8")
        notebook = json.loads(path.with_suffix(".ipynb").read_text(encoding="utf-8"))
        cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
        assert any(cell["outputs"] for cell in cells)
        assert all(cell["execution_count"] for cell in cells)


def test_commands_stand_with_the_time_they_took(site: Path, repository: Path) -> None:
    path = repository / "docs" / "results" / "benchmarks" / "commands.json"
    rows = json.loads(path.read_text(encoding="utf-8"))["rows"]
    took = {row["command"]: row["cpu_seconds"] for row in rows}
    text = (site / "guides" / "first-five-minutes.html").read_text(encoding="utf-8")
    assert times.shown(took["span_theorem.verify --L 2 --d 2"]) in text


def test_the_site_and_the_readme_show_the_same_picture_first(site: Path, repository: Path) -> None:
    readme = (repository / "README.md").read_text(encoding="utf-8")
    match = re.search(r"!\[[^\]]*\]\(([^)]+)\)", readme)
    assert match is not None
    first = Page((site / "index.html").read_text(encoding="utf-8")).images[0]
    assert (site / first).read_bytes() == slim.png((repository / match[1]).read_bytes())


def test_captions_of_runs_say_n_and_b(site: Path) -> None:
    pages = sorted((site / "measured" / "runs").glob("*.html"))
    captions = [c for p in pages for c in Page(p.read_text(encoding="utf-8")).captions]
    assert len(captions) >= 6
    for caption in captions:
        assert "n = " in caption, caption
        assert "B = " in caption or "no B" in caption, caption


def test_every_run_has_a_page(site: Path, repository: Path) -> None:
    runs = {path.parent.name for path in repository.glob("docs/results/*/report.json")}
    assert runs
    assert runs <= {path.stem for path in (site / "measured" / "runs").glob("*.html")}


def test_theorems_carry_the_numbers_by_which_they_are_called(site: Path) -> None:
    for name, number in [("t1-exact", "T1′"), ("t1-sets", "T1″"), ("t4", "T4"), ("t8", "T8")]:
        text = (site / "statements" / f"{name}.html").read_text(encoding="utf-8")
        assert f'<span class="caption-number">Theorem {number} </span>' in text
    assert ">Theorem T1</a>" in (site / "statements" / "t2.html").read_text(encoding="utf-8")


def test_every_statement_page_has_its_parts(site: Path) -> None:
    for number in ("1", "1-exact", "1-sets", *"23456789"):
        name = f"t{number}"
        text = (site / "statements" / f"{name}.html").read_text(encoding="utf-8")
        for part in ("In plain words", "Statement", "Proof", "What it does not say", "Checks"):
            assert part in text, (name, part)
        assert "cell_output" in text, name
        if name not in ("t8", "t9"):  # no certificate is defined for these
            assert "Certificate" in text, name
