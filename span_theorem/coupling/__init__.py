"""Exact symmetric coupling bases: the reduced Clebsch–Gordan basis for any l and degree."""

from span_theorem.coupling.arrays_file import load_npz, save_npz
from span_theorem.coupling.basis import (
    CouplingBasis,
    CouplingVector,
    coupling_basis,
    coupling_counts,
)
from span_theorem.coupling.certificate import basis_certificate, write_certificate
from span_theorem.coupling.export import (
    Layout,
    SparseTensor,
    dense_arrays,
    mace_u_matrix,
    sparse_arrays,
)
from span_theorem.coupling.mace import mace_built_with_exact_basis, reduce_mace
from span_theorem.multiplicity import Power

__all__ = [
    "CouplingBasis",
    "CouplingVector",
    "Layout",
    "Power",
    "SparseTensor",
    "basis_certificate",
    "coupling_basis",
    "coupling_counts",
    "dense_arrays",
    "load_npz",
    "mace_built_with_exact_basis",
    "mace_u_matrix",
    "reduce_mace",
    "save_npz",
    "sparse_arrays",
    "write_certificate",
]
