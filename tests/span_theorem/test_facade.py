"""A package's names are imported when used; a module may be called as a function."""

from __future__ import annotations

import inspect
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

FILES = {
    "pack/__init__.py": """
        from span_theorem.facade import attach

        __getattr__, __dir__, __all__ = attach(
            "pack", {"work": "pack.work", "other": "pack.inner"}
        )
    """,
    "pack/work.py": """
        from span_theorem.facade import make_callable

        def work(x, factor=2):
            return x * factor

        make_callable(__name__, "pack.work:work")
    """,
    "pack/inner.py": "other = 5",
}


@pytest.mark.parametrize(
    "code",
    [
        "import pack, sys; assert 'pack.inner' not in sys.modules and pack.other == 5",
        "from pack import work; assert work(3) == 6 and work.work(3, factor=1) == 3",
        "import pack.work; from pack import work; assert work(3) == 6",
        "import pack.work as w; assert w.work(1) == 2 and w(1) == 2",
        "from pack import *; assert other == 5 and work(1) == 2",
        "import pack; assert dir(pack) == ['other', 'work']",
        "import inspect; from pack import work; assert 'factor' in str(inspect.signature(work))",
    ],
)
def test_names_are_the_same_whatever_was_imported_before(code: str, tmp_path: Path) -> None:
    (tmp_path / "pack").mkdir()
    for name, text in FILES.items():
        (tmp_path / name).write_text(textwrap.dedent(text))
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)


def test_an_unknown_name_is_an_attribute_error() -> None:
    from span_theorem.facade import attach

    get, _, names = attach("span_theorem", {"Surd": "span_theorem.surd"})
    assert names == ["Surd"]
    assert inspect.isclass(get("Surd"))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        get("nothing")
