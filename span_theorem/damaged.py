"""One answer to damaged bytes, whatever a library that reads them raises."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["named_as_damaged"]


@contextmanager
def named_as_damaged(what: str) -> Iterator[None]:
    """ValueError "``what`` truncated or damaged: …" for any exception within.

    Meant for a library that reads bytes from outside. Such libraries raise some twenty kinds of
    exception at bytes that they do not expect (zipfile, numpy and torch raise tokenize.TokenError,
    lzma.LZMAError and AssertionError, to name three), and other ones with every version, so that a
    list of them is never complete. MemoryError and interrupts pass.

    >>> with named_as_damaged("a.json is"):
    ...     raise AssertionError
    Traceback (most recent call last):
    ValueError: a.json is truncated or damaged: AssertionError
    """
    try:
        yield
    except MemoryError:
        raise
    except Exception as error:
        said = next(iter(str(error).strip().splitlines()), "") or type(error).__name__
        raise ValueError(f"{what} truncated or damaged: {said}") from error
