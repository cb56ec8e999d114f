"""Files of coupling bases: the sparse arrays and what they say of themselves, as ``.npz``."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from span_theorem._version import __version__
from span_theorem.arguments import shown
from span_theorem.coupling.basis import CouplingBasis
from span_theorem.coupling.export import Layout, SparseTensor, sparse_arrays
from span_theorem.files import check_targets, writing
from span_theorem.irreps import Irrep
from span_theorem.npz import NpzArchive

if TYPE_CHECKING:
    from span_theorem.density import DensityRanks

__all__ = ["conventions", "load_npz", "save_npz"]

_FORMAT = "span-theorem coupling arrays"
_VERSION = 1


def conventions(basis: CouplingBasis, layout: Layout) -> dict[str, Any]:
    """What a file says of itself: enough to read the arrays without this package."""
    return {
        "format": _FORMAT,
        "format_version": _VERSION,
        "written_by": f"span_theorem {__version__}",
        "irreps": str(basis.irreps),
        "degree": basis.degree,
        "power": basis.power,
        "counts": {str(irrep): count for irrep, count in basis.counts().items()},
        "layout": layout,
        "basis": "real spherical harmonics, order m = -l..l, no Condon-Shortley phase (e3nn's "
        "component order; e3nn's polar axis is y, e3nn(x, y, z) = ours(z, x, y))",
        "normalisation": "every row of every vector has norm 1; vectors are orthogonal",
        "indices": "columns of <irrep>:indices are vector, row = M + J, i_1, ..., i_d",
        "direction_constant": "<row M, Y(x)^d> = constant * Y_JM(x), Y orthonormal on the sphere",
    }


def save_npz(
    basis: CouplingBasis,
    path: str | os.PathLike[str],
    layout: Layout = "mul_ir",
    dtype: str = "float64",
    orderings: Literal["all", "sorted"] = "all",
    force: bool = False,
    density: DensityRanks | None = None,
) -> None:
    """Write the sparse arrays and their conventions to a ``.npz`` file, without pickle.

    For every output J: ``J:indices``, ``J:values``, ``J:shape``, ``J:content`` (channel of every
    index), ``J:direction_constant``, ``J:survives``; and ``conventions``, a JSON text. With
    ``density``, of the same basis, also ``J:vanishes`` (mask of the vectors that are zero on its
    number of neighbours, T8), ``J:independent`` (indices of a largest independent subset) and
    ``neighbours`` in the conventions.

    Raises:
        FileExistsError: the file exists and ``force`` is not set.
    """
    import numpy as np

    about = conventions(basis, layout) | {"dtype": dtype, "orderings": orderings}
    if density is not None:
        about["neighbours"] = density.neighbours
    fields: dict[str, Any] = {"conventions": np.array(json.dumps(about, ensure_ascii=True))}
    check_targets(Path(path), force=force)
    for irrep, sparse in sparse_arrays(basis, layout, dtype, orderings).items():
        vectors = basis.of(irrep)
        constants = [vector.direction_constant for vector in vectors]
        contents = [vector.content for vector in vectors]
        fields[f"{irrep}:indices"] = sparse.indices
        fields[f"{irrep}:values"] = sparse.values
        fields[f"{irrep}:shape"] = np.array(sparse.shape, np.int64)
        fields[f"{irrep}:content"] = np.array(contents, np.int64).reshape(-1, basis.degree)
        fields[f"{irrep}:direction_constant"] = np.array([float(c) for c in constants])
        fields[f"{irrep}:survives"] = np.array([bool(c) for c in constants], bool)
        if density is not None:
            row = density.outputs[irrep]
            vanishes = np.zeros(len(vectors), bool)
            vanishes[list(row.vanishing)] = True
            fields[f"{irrep}:vanishes"] = vanishes
            fields[f"{irrep}:independent"] = np.array(row.independent, np.int64)
    with writing(Path(path), force=force) as stream:
        np.savez_compressed(stream, **fields)


def load_npz(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[Irrep, SparseTensor]]:
    """Read (conventions, {output: SparseTensor}) from a file of :func:`save_npz`.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: not such a file, a damaged one, or a newer format version.
    """
    try:
        with NpzArchive(Path(path)) as stored:
            return _read(stored)
    except FileNotFoundError:
        raise
    except (
        AttributeError, LookupError, OSError, OverflowError, RuntimeError, TypeError, ValueError,
    ) as error:  # fmt: skip
        raise ValueError(f"{path}: no coupling arrays that can be read: {error}") from error


def _read(stored: NpzArchive) -> tuple[dict[str, Any], dict[Irrep, SparseTensor]]:
    import numpy as np

    if "conventions" not in stored:
        raise ValueError("it has no field 'conventions'")
    about = json.loads(stored.text("conventions"))
    if about.get("format") != _FORMAT or about.get("format_version") != _VERSION:
        raise ValueError(f"expected {_FORMAT!r} version {_VERSION}")
    if about["orderings"] not in ("all", "sorted"):
        raise ValueError(f"orderings {shown(about['orderings'])}")
    arrays = {}
    for name in about["counts"]:
        indices, values, sizes = (
            stored[f"{name}:{part}"] for part in ("indices", "values", "shape")
        )
        shape = tuple(map(int, sizes))
        within = (
            indices.dtype == np.int64
            and indices.shape == (len(values), len(shape))
            and bool(((indices >= 0) & (indices < np.array(shape, np.int64))).all())
        )
        if not within or values.ndim != 1 or values.dtype.kind != "f":
            raise ValueError(f"{name} does not hold entries of an array of shape {shape}")
        if not np.isfinite(values).all():
            raise ValueError(f"{name} holds values that are not finite")
        arrays[Irrep.parse(name)] = SparseTensor(indices, values, shape, about["orderings"])
    return about, arrays
