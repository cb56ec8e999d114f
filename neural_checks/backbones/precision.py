"""torch's default type of numbers, which other packages change for the whole process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["single_precision"]


@contextmanager
def single_precision() -> Iterator[None]:
    """float32 for a while."""
    import torch

    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float32)
    try:
        yield
    finally:
        torch.set_default_dtype(before)
