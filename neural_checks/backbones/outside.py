"""Code of a network's author: what it raises and changes stays apart from a measurement.

An exception of a network is a fault of the input, not of this package, and a network that ends the
program must not pass for one that was accepted.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

__all__ = ["outside"]

#: Exceptions whose message is for the user as it stands.
_SAID = (ValueError, OSError, ImportError, MemoryError)


@contextlib.contextmanager
def outside(what: str) -> Iterator[None]:
    """Run code of a network's author, which ``what`` names for messages.

    The current folder and numpy's treatment of floating-point errors are put back; the settings of
    torch are not, since networks rely on those that they made.

    Raises:
        ValueError: the code raised an exception of another kind than ValueError, OSError,
            ImportError or MemoryError, or ended the program.
    """
    place, errors = _place(), np.geterr()
    try:
        yield
    except _SAID:
        raise
    except SystemExit as error:
        raise ValueError(f"{what} ends the program (exit code {error.code})") from error
    except Exception as error:
        text = " ".join(str(error).split())
        raise ValueError(f"{what} raised {type(error).__name__}: {text}") from error
    finally:
        np.seterr(**errors)
        if place is not None and _place() != place:
            os.chdir(place)


def _place() -> Path | None:
    """The current folder; None where it was removed."""
    try:
        return Path.cwd()
    except OSError:
        return None
