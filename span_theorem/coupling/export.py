"""Coupling bases as numpy or torch arrays in e3nn's real basis.

Component order of U: for ``mul_ir`` the copies of a term are the outer index and m = -l … l the
inner one (e3nn's and MACE's layout), for ``ir_mul`` the other way round. numpy and torch are
imported only when a function here is called.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import combinations, permutations
from math import factorial, sqrt
from typing import TYPE_CHECKING, Any, Literal

from span_theorem.coupling._real import entry_square, row_square
from span_theorem.coupling.basis import CouplingBasis, CouplingVector
from span_theorem.irreps import Irrep, Irreps
from span_theorem.npz import half_of_memory

if TYPE_CHECKING:
    import numpy as np

__all__ = [
    "Layout",
    "SparseTensor",
    "component_index",
    "dense_arrays",
    "mace_u_matrix",
    "sparse_arrays",
]

Layout = Literal["mul_ir", "ir_mul"]

_MAX_ORDERED = 10
"""Largest degree of a symmetric power whose d! orderings of the indices are written out."""


@dataclass(frozen=True, slots=True)
class SparseTensor:
    """Non-zero entries: ``values[k]`` sits at ``indices[k] = (vector, row, i_1, …, i_d)``.

    ``row`` is M + J. ``shape`` is (n, 2J+1, dim U, …, dim U). Where ``orderings`` is ``"sorted"``
    the indices of a symmetric tensor are listed once, i_1 ≤ … ≤ i_d in ``mul_ir``.
    """

    indices: np.ndarray[Any, np.dtype[np.int64]]
    values: np.ndarray[Any, np.dtype[np.floating[Any]]]
    shape: tuple[int, ...]
    orderings: str

    def torch(self) -> Any:
        """The same entries as a coalesced ``torch.sparse_coo_tensor``; torch must be installed."""
        import torch

        indices, values = torch.from_numpy(self.indices.T.copy()), torch.from_numpy(self.values)
        tensor = torch.sparse_coo_tensor(indices, values, self.shape, check_invariants=True)
        return tensor.coalesce()


def component_index(irreps: Irreps, layout: Layout) -> list[Callable[[int], int]]:
    """For every channel, the map from m to the component of U."""
    if layout not in ("mul_ir", "ir_mul"):
        raise ValueError(f"layout must be 'mul_ir' or 'ir_mul', got {layout!r}")
    maps: list[Callable[[int], int]] = []
    offset = 0
    for mul, irrep in irreps:
        for copy in range(mul):
            if layout == "mul_ir":
                first, stride = offset + copy * irrep.dim, 1
            else:
                first, stride = offset + copy, mul
            maps.append(partial(_component, first, stride, irrep.l))
        offset += mul * irrep.dim
    return maps


def _component(first: int, stride: int, l: int, m: int) -> int:
    return first + stride * (m + l)


@lru_cache(maxsize=1 << 18)
def _place_factor(groups: Any, key: Any, symmetric: bool) -> float:
    return sqrt(entry_square(groups, key, symmetric))


def _compact(vector: CouplingVector) -> tuple[Any, Any, Any]:
    """(rows, m of every index, values) of one vector as arrays, orderings listed once."""
    import numpy as np

    J = vector.irrep.l
    rows: list[int] = []
    keys: list[tuple[int, ...]] = []
    values: list[float] = []
    for M, row in vector.integer_rows():
        factor = sqrt(row_square(J, M, vector.norm2))
        for key, r in row.items():
            rows.append(M + J)
            keys.append(key)
            values.append(r * _place_factor(vector.groups, key, vector.symmetric) * factor)
    shape = (len(keys), len(vector.content))
    return np.array(rows, np.int64), np.array(keys, np.int64).reshape(shape), np.array(values)


def _float_dtype(dtype: str) -> Any:
    import numpy as np

    if dtype not in ("float32", "float64"):
        raise ValueError(f"dtype must be 'float32' or 'float64', got {dtype!r}")
    return np.dtype(dtype)


def sparse_arrays(
    basis: CouplingBasis,
    layout: Layout = "mul_ir",
    dtype: str = "float64",
    orderings: Literal["all", "sorted"] = "all",
    max_bytes: int | None = None,
) -> dict[Irrep, SparseTensor]:
    """The basis as coordinate lists, one :class:`SparseTensor` per output.

    Values are the exact ones to within 6 units in the last place of a double: two square roots of
    rounded rationals, an integer, and two products. ``"float32"`` rounds them once more.

    Every row of every vector has norm 1 and different vectors are orthogonal, over all orderings.

    Args:
        basis: from :func:`coupling_basis`.
        layout: component order of U.
        dtype: ``"float64"`` or ``"float32"``.
        orderings: ``"all"`` writes every ordering of the indices, ``"sorted"`` one of them.
        max_bytes: refuse larger arrays; None for half of the machine's memory. The size is
            estimated beforehand from a few vectors.

    Raises:
        ValueError: an unknown option, arrays larger than ``max_bytes``, or all orderings of more
            than ten indices.
    """
    import numpy as np

    real = _float_dtype(dtype)
    if orderings not in ("all", "sorted"):
        raise ValueError(f"orderings must be 'all' or 'sorted', got {orderings!r}")
    spread = orderings == "all" and basis.power == "symmetric"
    if spread:
        _check_orderings(basis)
    copies = factorial(basis.degree) if spread else 1
    _check_memory(
        basis, _sampled_entries(basis) * copies * 8 * (3 + basis.degree), max_bytes, "about "
    )
    maps = component_index(basis.irreps, layout)
    # A lookup table per channel, so that whole arrays of m are mapped at once.
    tables = [
        (np.array([to(m) for m in range(-ir.l, ir.l + 1)], np.int64), ir.l)
        for to, ir in zip(maps, basis.channels, strict=True)
    ]
    arrays: dict[Irrep, SparseTensor] = {}
    for irrep, count in basis.counts().items():
        shape = (count, irrep.dim) + (basis.irreps.dim,) * basis.degree
        pieces: list[Any] = []
        values: list[Any] = []
        shared: dict[int, tuple[Any, Any, Any]] = {}
        for n, vector in enumerate(basis.of(irrep)):
            # Contents with equal groups share the very same dict of integers.
            if (known := shared.get(id(vector.highest))) is None:
                known = shared[id(vector.highest)] = _compact(vector)
            rows, orders, value = known
            block = np.empty((len(rows), 2 + basis.degree), np.int64)
            block[:, 0] = n
            block[:, 1] = rows
            for i, channel in enumerate(vector.content):
                table, l = tables[channel]
                block[:, 2 + i] = table[orders[:, i] + l]
            pieces.append(block)
            values.append(value)
        indices = np.concatenate(pieces) if pieces else np.empty((0, 2 + basis.degree), np.int64)
        data = np.concatenate(values) if values else np.empty(0)
        if spread:
            indices, data = _all_orderings(indices, data, basis.degree)
        arrays[irrep] = SparseTensor(indices, data.astype(real), shape, orderings)
    return arrays


def _all_orderings(indices: Any, values: Any, degree: int) -> tuple[Any, Any]:
    import numpy as np

    head, tail = indices[:, :2], indices[:, 2:]
    all_indices, all_values = [], []
    for order in permutations(range(degree)):
        permuted = tail[:, order]
        # Equal indices may not change places: each distinct ordering is written once.
        keep = np.ones(len(values), bool)
        for a, b in combinations(range(degree), 2):
            if order[a] > order[b]:
                keep &= permuted[:, a] != permuted[:, b]
        all_indices.append(np.concatenate([head[keep], permuted[keep]], axis=1))
        all_values.append(values[keep])
    return np.concatenate(all_indices), np.concatenate(all_values)


def _sampled_entries(basis: CouplingBasis) -> int:
    """Number of sorted entries, extrapolated from at most 16 vectors spread over the basis."""
    sample = basis.vectors[:: max(1, len(basis.vectors) // 16)]
    entries = sum(len(row) for vector in sample for _, row in vector.integer_rows())
    return entries * len(basis.vectors) // max(1, len(sample))


def _check_orderings(basis: CouplingBasis) -> None:
    if basis.power == "symmetric" and basis.degree > _MAX_ORDERED:
        raise ValueError(
            f"{basis.degree} indices have {factorial(basis.degree)} orderings, which are written "
            f"out up to degree {_MAX_ORDERED}; use sparse_arrays with orderings='sorted'"
        )


def _check_memory(basis: CouplingBasis, needed: int, max_bytes: int | None, about: str) -> None:
    if max_bytes is None:
        max_bytes = half_of_memory()
    if needed > max_bytes:
        raise ValueError(
            f"these arrays of {basis.irreps} at degree {basis.degree} take {about}{needed} bytes, "
            f"more than max_bytes = {max_bytes}; use sparse_arrays with orderings='sorted', or ask "
            "for fewer outputs with keep"
        )


def dense_arrays(
    basis: CouplingBasis,
    layout: Layout = "mul_ir",
    dtype: str = "float64",
    framework: Literal["numpy", "torch"] = "numpy",
    max_bytes: int | None = None,
) -> dict[Irrep, Any]:
    """The basis as dense arrays of shape (n, 2J+1, dim U, …, dim U), one per output.

    ``array.reshape(n * (2J+1), dim U, …)`` is the block of that output in the
    ``change_of_basis`` of e3nn's ReducedTensorProducts, up to an orthogonal mixing of the n.

    Args:
        basis, layout, dtype: as for :func:`sparse_arrays`.
        framework: ``"numpy"`` or ``"torch"`` (a tensor on the CPU).
        max_bytes: refuse to allocate more; None for half of the machine's memory.

    Raises:
        ValueError: the arrays would be larger than ``max_bytes``, or symmetric in more than ten
            indices; refused before they are made.
    """
    import numpy as np

    real = _float_dtype(dtype)
    if framework not in ("numpy", "torch"):
        raise ValueError(f"framework must be 'numpy' or 'torch', got {framework!r}")
    _check_orderings(basis)
    rows = sum(count * irrep.dim for irrep, count in basis.counts().items())
    needed = rows * basis.irreps.dim**basis.degree * real.itemsize
    _check_memory(basis, needed, max_bytes, "")
    arrays: dict[Irrep, Any] = {}
    for irrep, sparse in sparse_arrays(basis, layout, dtype, "sorted").items():
        array = np.zeros(sparse.shape, real)
        head, tail = sparse.indices[:, :2], sparse.indices[:, 2:]
        orders = (
            permutations(range(basis.degree))
            if basis.power == "symmetric"
            else [tuple(range(basis.degree))]
        )
        for order in orders:
            array[(head[:, 0], head[:, 1], *(tail[:, i] for i in order))] = sparse.values
        if framework == "torch":
            import torch

            arrays[irrep] = torch.from_numpy(array)
        else:
            arrays[irrep] = array
    return arrays


def mace_u_matrix(basis: CouplingBasis, irrep: Irrep | str, dtype: str = "float64") -> Any:
    """A torch tensor in the layout of MACE's ``U_matrix_real(...)[-1]``, with fewer columns.

    Shape (dim U, …, dim U, n) for a scalar output, (2J+1, dim U, …, dim U, n) otherwise; the last
    index counts the paths. Rows have norm 1, as MACE's do with its default normalisation
    ``"component"``. MACE writes one zero column for an output that does not occur; so does this.
    """
    import torch

    wanted = Irrep.parse(irrep) if isinstance(irrep, str) else irrep
    one = CouplingBasis(basis.irreps, basis.degree, basis.power, (wanted,), basis.of(wanted))
    array = dense_arrays(one, "mul_ir", dtype, "torch")[wanted]
    if array.shape[0] == 0:
        array = torch.zeros((1, *array.shape[1:]), dtype=array.dtype)
    moved = torch.movedim(array, 0, -1)
    return (moved[0] if wanted.l == 0 else moved).contiguous()
