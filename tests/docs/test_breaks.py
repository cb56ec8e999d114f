"""Long names in tables break at their marks, and no formula needs a macro of our own."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("docutils", reason="docutils is not installed: the docs extra")
import breaks

pytestmark = pytest.mark.docs  # CI runs them with the site

NAME = "test_rank_is_invariant_under_a_change_of_basis"


@pytest.mark.parametrize("name", [NAME, "span_theorem.coupling.basis", "x", "a__b", "tests/a.py"])
def test_pieces_join_to_the_name_and_end_at_marks(name: str) -> None:
    found = breaks.pieces(name)
    assert "".join(found) == name
    assert all(piece[-1] in "_./:" for piece in found[:-1])
    assert len(found) > 1 or not re.search(r"\w[_./:]+\w", name)


def test_long_names_break_at_their_marks(
    small_site: Callable[[dict[str, str]], subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    text = f"# A page\n\n`{NAME}`\n\n| a | b |\n|---|---|\n| `{NAME}` | `short_name` |\n"
    done = small_site({"page": text})
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "html" / "page.html").read_text(encoding="utf-8")
    assert page.count("<wbr>") == 2 * NAME.count("_")
    table = page[page.index("<table") : page.index("</table>")]
    assert table.count("<wbr>") == NAME.count("_")
    assert NAME in re.sub(r"<[^>]+>", "", table)


def test_sources_of_formulas_use_no_macros_of_ours(repository: Path) -> None:
    ours = re.compile(r"\\(SO|Sym|Hom|spn|E|R|C|N|dd|threej|operatorname)(?![A-Za-z])")
    pages = [*repository.glob("docs/statements/*.md"), *repository.glob("docs/guides/*.md")]
    assert len(pages) > 20
    for page in pages:
        assert not ours.search(page.read_text(encoding="utf-8")), page.name
