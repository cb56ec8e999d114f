"""The one writer: whole or absent, nothing lost, nothing left behind."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from span_theorem import files
from span_theorem.files import (
    check_targets,
    plain,
    read_text,
    unrepeated,
    write_json,
    write_text,
    writing,
)


def _fail_while_writing(target: Path, error: BaseException) -> None:
    with writing(target, force=True) as stream:
        stream.write(b"half")
        raise error


def _write_where_another_was_faster(target: Path) -> None:
    with writing(target) as stream:
        stream.write(b"mine")
        target.write_text("theirs")


def test_a_file_is_whole_or_absent(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    with pytest.raises(RuntimeError, match="half way"):
        _fail_while_writing(target, RuntimeError("half way"))
    assert list(tmp_path.iterdir()) == []
    write_text(target, "whole ℓ")
    assert target.read_text(encoding="utf-8") == "whole ℓ"
    assert list(tmp_path.iterdir()) == [target]


def test_an_interrupt_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    write_text(target, "old")
    with pytest.raises(KeyboardInterrupt):
        _fail_while_writing(target, KeyboardInterrupt())
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_nothing_is_replaced_unasked(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    write_text(target, "old")
    with pytest.raises(FileExistsError, match="--force"):
        write_text(target, "new")
    with pytest.raises(FileExistsError, match="--force"), writing(target):
        pytest.fail("the work was begun")
    # Another process may be faster between the look and the write.
    late = tmp_path / "b.txt"
    with pytest.raises(FileExistsError, match="--force"):
        _write_where_another_was_faster(late)
    assert late.read_text() == "theirs"
    write_text(target, "new", force=True)
    assert target.read_text() == "new"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.txt", "b.txt"]


def test_a_planted_link_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("kept")
    link = tmp_path / "out.json"
    link.symlink_to(victim)
    write_json(link, {"a": 1}, force=True)
    assert victim.read_text() == "kept"
    assert not link.is_symlink()


def test_the_umask_decides_the_permissions(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_text(tmp_path / "a", "x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640


def test_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("no links here")

    monkeypatch.setattr(files.os, "link", refuse)
    write_text(tmp_path / "a", "x")
    assert (tmp_path / "a").read_text() == "x"


@pytest.mark.skipif(os.name != "posix", reason="names devices")
def test_targets_are_judged_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("x")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    cases = [
        (FileExistsError, [tmp_path / "there"]),
        (FileNotFoundError, [tmp_path / "no" / "a"]),
        (NotADirectoryError, [tmp_path / "there" / "a"]),
        (IsADirectoryError, [tmp_path]),
        (ValueError, [tmp_path / "a", tmp_path / "." / "a"]),
        (ValueError, [tmp_path / "loop"]),
        (ValueError, ["a\0b"]),
        (ValueError, ["/dev/null"]),
    ]
    for error, paths in cases:
        with pytest.raises(error):
            check_targets(*paths)
    check_targets(tmp_path / "a", None, tmp_path / "b")
    check_targets(tmp_path / "there", force=True)


def test_json_types() -> None:
    assert plain({1: (1.5, float("inf"), True, None)}) == {"1": [1.5, None, True, None]}
    with pytest.raises(TypeError, match="complex cannot be written as JSON"):
        plain({"a": 1j})


def test_json_is_utf8_with_a_newline(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"ℓ": 1})
    content = (tmp_path / "a.json").read_bytes()
    assert content.endswith(b"\n")
    assert "ℓ".encode() in content
    assert json.loads(content) == {"ℓ": 1}


def test_reading_text(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\xff\xfe")
    with pytest.raises(ValueError, match="not UTF-8"):
        read_text(tmp_path / "a", 10)
    (tmp_path / "a").write_bytes(b"0123456789")
    assert read_text(tmp_path / "a", 10) == "0123456789"
    with pytest.raises(ValueError, match="more than 9 bytes"):
        read_text(tmp_path / "a", 9)
    with pytest.raises(ValueError, match="not an ordinary file"):
        read_text("/dev/zero", 10)
    with pytest.raises(IsADirectoryError):
        read_text(tmp_path, 10)
    with pytest.raises(FileNotFoundError, match="no file"):
        read_text(tmp_path / "b", 10)


def test_a_key_that_stands_twice_is_refused() -> None:
    assert json.loads('{"a": {"b": 1}, "b": 2}', object_pairs_hook=unrepeated)["b"] == 2
    with pytest.raises(ValueError, match="the key 'b' stands twice"):
        json.loads('{"a": {"b": 1, "b": 1}}', object_pairs_hook=unrepeated)
