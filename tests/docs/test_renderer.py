"""The renderer of formulas is started again where it was asked too early; none is left behind."""

from __future__ import annotations

from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest

pytestmark = pytest.mark.docs


def test_a_refused_connection_is_tried_again(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    katex = pytest.importorskip("sphinxcontrib.katex")
    monkeypatch.syspath_prepend(str(repository / "docs" / "_ext"))
    import strict_math

    left: list[Popen[bytes]] = []
    server = object()

    def start(timeout: float = 0.0) -> Any:
        if len(left) < 2:
            left.append(katex.Popen(["sleep", "60"]))
            raise ConnectionRefusedError(111, "Connection refused")
        return server

    monkeypatch.setattr(katex.KaTeXServer, "start", staticmethod(start))
    monkeypatch.setattr(katex.KaTeXServer, "katex_server", None)
    strict_math._start_renderer()
    assert katex.KaTeXServer.katex_server is server
    assert [process.poll() for process in left] == [-9, -9]
