"""Faults that must fail the build, each beside the same page without the fault."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

pytestmark = pytest.mark.docs

Build = Callable[[str], subprocess.CompletedProcess[str]]

CELL = """---
file_format: mystnb
kernelspec:
  name: python3
---

# Title

```{code-cell} python
if 1 + 1 != 2:
    raise ValueError("wrong sum")
```
"""

SOUND = r"""# Title

```{prf:lemma} A lemma
:label: lemma-a

$\Sym^d(U) \subseteq \mathcal P$ and
$$ \int_{S^2} \overline{Y_{\ell m}} \dd\Omega = 0 . $$
```

By {prf:ref}`lemma-a` and [the title](#title).
"""

FAULTS = [
    ("{prf:ref}`lemma-a`", "{prf:ref}`lemma-b`", "lemma-b"),
    (r"\Sym^d", r"\Smy^d", "Smy"),
    (r"\mathcal P", r"\mathcal{P", "KaTeX"),
    (r"\overline{Y", r"\ovreline{Y", "ovreline"),
    ("(#title)", "(#titel)", "titel"),
    ("(#title)", "(no-such-page.md)", "no-such-page"),
    ("By {prf", "By {py:func}`span_theorem.span.bonudary` {prf", "bonudary"),
]


def test_a_sound_page_builds(small_site: Build) -> None:
    done = small_site(SOUND)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("old", "new", "message"), FAULTS)
def test_a_fault_fails_the_build(small_site: Build, old: str, new: str, message: str) -> None:
    assert old in SOUND
    done = small_site(SOUND.replace(old, new))
    assert done.returncode != 0
    assert message in done.stderr


def test_a_true_cell_builds(small_site: Build) -> None:
    done = small_site(CELL)
    assert done.returncode == 0, done.stderr


def test_a_false_cell_fails_the_build(small_site: Build) -> None:
    done = small_site(CELL.replace("1 + 1 != 2", "1 + 1 != 3"))
    assert done.returncode != 0
    assert "ExecutionError" in done.stderr
    assert "index.md" in done.stderr


def test_an_unknown_statement_fails_the_build(small_site: Build) -> None:
    done = small_site("# Title\n\n```{checks} T9\n```\n")
    assert done.returncode != 0
    assert "T9" in done.stderr
