"""What a result says of how it was made."""

from __future__ import annotations

import shlex

import pytest

from numeric_checks.provenance import command_line, environment


@pytest.mark.parametrize(
    ("word", "kept"),
    [
        ("/home/me/aspirin.npz", "aspirin.npz"),
        ("models/net.pt", "net.pt"),
        ("model=/home/me/net.pt", "model=net.pt"),
        ("from the package's folder, models/net at 1c0e4e87", None),
        ("tcp://10.0.0.1:8786", None),
        ("formula=C9H8O4", None),
        ("32x0e + 32x1o", None),
        ("", None),
    ],
)
def test_only_folders_are_left_out_of_a_command(word: str, kept: str | None) -> None:
    """A shell splits the command into the same words, paths by their last part."""
    words = shlex.split(command_line("python -m some.module", ["--option", word]))
    assert words == ["python", "-m", "some.module", "--option", word if kept is None else kept]


def test_packages_of_networks_are_named_only_where_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert "chgnet" not in environment()["versions"]
    monkeypatch.setattr("numeric_checks.provenance.version", lambda name: f"{name} 1")
    assert environment()["versions"]["chgnet"] == "chgnet 1"
