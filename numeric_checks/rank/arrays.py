"""Dense linear algebra in double precision, by numpy and scipy or by torch on a GPU.

The rank checks need a product, a pointwise product and singular values. numpy arrays and torch
tensors spell the first two alike; the rest is here, so that one construction runs on both.
torch is imported only where it is asked for.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

__all__ = ["Arrays", "NumpyArrays", "TorchArrays", "arrays_on"]

Array = NDArray[np.float64]


class Arrays(Protocol):
    """Where arrays live and who decomposes them; ``Any`` stands for its own array type."""

    @property
    def device(self) -> str:
        """The name that is reported."""

    def array(self, values: Array) -> Any:
        """A numpy array, float64, moved to the device."""

    def singular_values(self, matrix: Any) -> Array:
        """The singular values, decreasing, as a numpy array; the matrix may be overwritten."""

    def left_vectors(self, matrix: Any) -> tuple[Any, Array]:
        """The left singular vectors as columns on the device, and the singular values."""


class NumpyArrays:
    """numpy arrays, decomposed by LAPACK."""

    device = "cpu"

    def array(self, values: Array) -> Array:
        return values

    def singular_values(self, matrix: Array) -> Array:
        return scipy.linalg.svdvals(self._shrunk(matrix), overwrite_a=True, check_finite=False)

    def left_vectors(self, matrix: Array) -> tuple[Array, Array]:
        left, values, _ = scipy.linalg.svd(
            self._shrunk(matrix), full_matrices=False, overwrite_a=True, check_finite=False
        )
        return left, values

    @staticmethod
    def _shrunk(matrix: Array) -> Array:
        rows, columns = matrix.shape
        if columns <= rows:
            return matrix
        # The triangle has the same singular values and left vectors, and is smaller.
        return scipy.linalg.qr(matrix.T, mode="r", check_finite=False)[0][:rows].T


class TorchArrays:
    """torch tensors of float64 on ``device``.

    Raises:
        ValueError: torch is not installed, or the device is not there.
    """

    def __init__(self, device: str) -> None:
        try:
            import torch
        except ImportError:
            raise ValueError(f"device {device!r} needs torch, which is not installed") from None
        if torch.device(device).type == "cuda" and not torch.cuda.is_available():
            raise ValueError(f"device {device!r}: torch finds no CUDA device; use 'cpu'")
        self._torch = torch
        self._target = torch.device(device)
        # Jacobi iterations, the default on a GPU, are less exact for small singular values.
        self._driver = "gesvd" if self._target.type == "cuda" else None

    @property
    def device(self) -> str:
        if self._target.type != "cuda":
            return f"torch {self._target}"
        return f"{self._target}, {self._torch.cuda.get_device_name(self._target)}"

    def array(self, values: Array) -> Any:
        return self._torch.from_numpy(np.ascontiguousarray(values)).to(self._target)

    def singular_values(self, matrix: Any) -> Array:
        values = self._torch.linalg.svdvals(self._shrunk(matrix), driver=self._driver)
        return values.cpu().numpy()

    def left_vectors(self, matrix: Any) -> tuple[Any, Array]:
        left, values, _ = self._torch.linalg.svd(
            self._shrunk(matrix), full_matrices=False, driver=self._driver
        )
        return left, values.cpu().numpy()

    def _shrunk(self, matrix: Any) -> Any:
        rows, columns = matrix.shape
        return matrix if columns <= rows else self._torch.linalg.qr(matrix.T, mode="r")[1].T


def arrays_on(device: str) -> Arrays:
    """numpy for ``"cpu"``, torch for ``"cuda"`` and ``"cuda:N"``.

    Raises:
        TypeError, ValueError: another name, or a GPU that is not there.

    >>> arrays_on("cpu").device
    'cpu'
    """
    if not isinstance(device, str):
        raise TypeError(f"device must be a string, got {device!r}")
    if device == "cpu":
        return NumpyArrays()
    name, _, index = device.partition(":")
    if name != "cuda" or (device != "cuda" and not index.isdecimal()):
        raise ValueError(f"device must be 'cpu', 'cuda' or 'cuda:N', got {device!r}")
    return TorchArrays(device)
