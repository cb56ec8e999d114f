"""Reports on disk: one reader and one writer for typed results with a version.

A report is a frozen dataclass whose field ``schema`` holds the version of its layout. Files of
earlier versions are brought up to date, one version at a time, before they are checked; a file
without ``schema`` is of version 1.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from span_theorem.files import plain, read_text, write_json

__all__ = ["Schema", "first_fault", "read_json"]

T = TypeVar("T")
#: Bytes of the largest report that is read.
_LARGEST = 100_000_000

Upgrade = Callable[[dict[str, Any]], dict[str, Any]]


def read_json(path: str | Path) -> Any:
    """The content of a JSON file of results; ValueError, naming it, for another or a larger one."""
    text = read_text(path, _LARGEST)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}: not JSON: {error}") from None


def first_fault(error: ValidationError) -> str:
    """The first thing that a check of a file's content found, with its place, in one line."""
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"


class Schema(Generic[T]):
    """How reports of one class are read and written.

    Args:
        kind: the dataclass, with a field ``schema``.
        name: what to call such a report in messages, as "a report of an injection".
        version: that of ``kind``.
        upgrades: by version n, the function from the content of version n to that of n + 1.
    """

    def __init__(
        self, kind: type[T], name: str, version: int, upgrades: Mapping[int, Upgrade]
    ) -> None:
        self._adapter = TypeAdapter(kind)
        self.name, self.version, self._upgrades = name, version, dict(upgrades)

    def dump(self, report: T) -> dict[str, Any]:
        """The content as JSON types."""
        content: dict[str, Any] = plain(self._adapter.dump_python(report, mode="json"))
        return content

    def load(self, content: Any) -> T:
        """The report of JSON ``content`` of this or an earlier version.

        Raises:
            ValueError: it is not such a report, or its version is later; the message is one line.
        """
        if not isinstance(content, dict):
            raise ValueError(f"not {self.name}: a JSON object is needed")
        version = content.get("schema", 1)
        if version not in (*self._upgrades, self.version):
            raise ValueError(
                f"not {self.name} that can be read: its schema is {version!r}, known are "
                f"{', '.join(map(str, sorted({*self._upgrades, self.version})))}"
            )
        try:
            while version != self.version:
                content = self._upgrades[version](content)
                version += 1
            return self._adapter.validate_python(content, strict=False)
        except ValidationError as error:
            raise ValueError(f"not {self.name}: {first_fault(error)}") from None
        except (AttributeError, IndexError, KeyError, TypeError) as error:
            raise ValueError(f"not {self.name}: {type(error).__name__} {error}") from None

    def read(self, path: str | Path) -> T:
        """The report in a file; ValueError, naming the file, where it is none."""
        content = read_json(path)
        try:
            return self.load(content)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None

    def write(self, path: str | Path, report: T, *, force: bool = False) -> None:
        """Write the report; see :func:`span_theorem.files.write_json`."""
        write_json(path, self.dump(report), force=force)
