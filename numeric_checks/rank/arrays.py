"""Decompositions in double precision, by scipy or by torch on a GPU.

The rank checks need a product, a pointwise product and singular values. numpy arrays and torch
tensors spell the first two alike; the rest is here, chosen by the type of the matrix, so that one
construction runs on both. The array API standard (``array-api-compat``) has no place for what
counts here: LAPACK's overwriting of a matrix of gigabytes, and the solver ``gesvd`` on a GPU.
torch is imported only where it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["keep", "left_vectors", "mover", "singular_values"]

Array = NDArray[np.float64]

_SMALL = 100_000  # entries up to which numpy serves, and the import of scipy is saved


def keep(values: Array) -> Any:
    """Where arrays stay in numpy: the array itself."""
    return values


def mover(device: str) -> tuple[Callable[[Array], Any], str]:
    """What brings a numpy array to ``device``, and the name of the device in reports.

    numpy is kept for ``"cpu"``; ``"cuda"`` and ``"cuda:N"`` are torch's.

    Raises:
        TypeError, ValueError: another name, no torch, or a GPU that is not there.

    >>> mover("cpu")[1]
    'cpu'
    """
    if not isinstance(device, str):
        raise TypeError(f"device must be a string, got {device!r}")
    if device == "cpu":
        return keep, "cpu"
    name, _, index = device.partition(":")
    if name != "cuda" or (device != "cuda" and not index.isdecimal()):
        raise ValueError(f"device must be 'cpu', 'cuda' or 'cuda:N', got {device!r}")
    try:
        import torch
    except ImportError:
        raise ValueError(f"device {device!r} needs torch, which is not installed") from None
    if not torch.cuda.is_available():
        raise ValueError(f"device {device!r}: torch finds no CUDA device; use 'cpu'")
    if index and int(index) >= torch.cuda.device_count():
        raise ValueError(
            f"device {device!r}: torch finds {torch.cuda.device_count()} CUDA device(s), from 0 on"
        )
    target = torch.device(device)

    def move(values: Array) -> Any:
        return torch.from_numpy(np.ascontiguousarray(values)).to(target)

    return move, f"{device}, {torch.cuda.get_device_name(target)}"


def singular_values(matrix: Any) -> Array:
    """The singular values, decreasing, as a numpy array; the matrix may be overwritten."""
    if isinstance(matrix, np.ndarray) and matrix.size <= _SMALL:
        return np.linalg.svd(matrix, compute_uv=False)
    if isinstance(matrix, np.ndarray):
        import scipy.linalg

        values: Array = scipy.linalg.svdvals(_shrunk(matrix), overwrite_a=True, check_finite=False)
        return values
    import torch

    found: Array = torch.linalg.svdvals(_shrunk(matrix), driver=_driver(matrix)).cpu().numpy()
    return found


def left_vectors(matrix: Any) -> tuple[Any, Array]:
    """The left singular vectors as columns on the matrix's device, and the singular values."""
    if isinstance(matrix, np.ndarray) and matrix.size <= _SMALL:
        left, values, _ = np.linalg.svd(matrix, full_matrices=False)
        return left, values
    if isinstance(matrix, np.ndarray):
        import scipy.linalg

        left, values, _ = scipy.linalg.svd(
            _shrunk(matrix), full_matrices=False, overwrite_a=True, check_finite=False
        )
        return left, values
    import torch

    left, found, _ = torch.linalg.svd(_shrunk(matrix), full_matrices=False, driver=_driver(matrix))
    return left, found.cpu().numpy()


def _shrunk(matrix: Any) -> Any:
    """A matrix of more columns than rows as a triangle: the same values and left vectors."""
    rows, columns = matrix.shape
    if columns <= rows:
        return matrix
    if isinstance(matrix, np.ndarray):
        import scipy.linalg

        return scipy.linalg.qr(matrix.T, mode="r", check_finite=False)[0][:rows].T
    import torch

    return torch.linalg.qr(matrix.T, mode="r")[1].T


def _driver(matrix: Any) -> str | None:
    # Jacobi iterations, the default on a GPU, are less exact for small singular values.
    return "gesvd" if matrix.is_cuda else None
