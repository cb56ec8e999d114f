"""Faults that must fail the build, each beside the same page without the fault.

A build takes seconds, so that pages whose faults are told as warnings are built together.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

pytestmark = pytest.mark.docs

Build = Callable[[dict[str, str]], subprocess.CompletedProcess[str]]

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
:label: lemma-NAME

$\mathrm{Sym}^d(U) \subseteq \mathcal P$ and
$$ \int_{S^2} \overline{Y_{\ell m}} \,\mathrm{d}\Omega = 0 . $$
```

By {prf:ref}`lemma-NAME` and [the title](#title).
"""

FAULTS = [
    ("{prf:ref}`lemma-NAME`", "{prf:ref}`lemma-absent`", "lemma-absent"),
    (r"\mathrm{Sym}", r"\mathmr{Sym}", "mathmr"),
    (r"\mathcal P", r"\mathcal{P", "KaTeX"),
    (r"\overline{Y", r"\ovreline{Y", "ovreline"),
    ("(#title)", "(#titel)", "titel"),
    ("(#title)", "(no-such-page.md)", "no-such-page"),
    ("By {prf", "By {py:func}`span_theorem.span.bonudary` {prf", "bonudary"),
]


def sound(name: str) -> str:
    return SOUND.replace("NAME", name)


def test_sound_pages_and_a_true_cell_build(small_site: Build) -> None:
    pages = {f"page{n}": sound(f"page{n}") for n in range(2)}
    done = small_site({**pages, "cell": CELL})
    assert done.returncode == 0, done.stderr


def test_one_fault_fails_the_build(small_site: Build) -> None:
    old, new, message = FAULTS[0]
    assert old in SOUND
    done = small_site({"fault": SOUND.replace(old, new).replace("NAME", "fault")})
    assert done.returncode != 0
    assert message in done.stderr


def test_every_fault_is_told_where_it_is(small_site: Build) -> None:
    pages = {"sound": sound("sound")}
    for number, (old, new, _) in enumerate(FAULTS):
        assert old in SOUND
        pages[f"fault{number}"] = SOUND.replace(old, new).replace("NAME", f"fault{number}")
    done = small_site(pages)
    assert done.returncode != 0
    told = [line for line in done.stderr.splitlines() if "WARNING" in line]
    for number, (_, _, message) in enumerate(FAULTS):
        mine = [line for line in told if f"fault{number}.md:" in line]
        assert len(mine) == 1, done.stderr
        assert message in mine[0]
    assert not any("sound." in line or "index." in line for line in told), done.stderr


def test_a_false_cell_fails_the_build(small_site: Build) -> None:
    done = small_site({"cell": CELL.replace("1 + 1 != 2", "1 + 1 != 3")})
    assert done.returncode != 0
    assert "ExecutionError" in done.stderr
    assert "cell.md" in done.stderr


def test_an_unknown_statement_fails_the_build(small_site: Build) -> None:
    done = small_site({"page": "# Title\n\n```{checks} T99\n```\n"})
    assert done.returncode != 0
    assert "no statement 'T99' in docs/map.toml" in done.stderr
