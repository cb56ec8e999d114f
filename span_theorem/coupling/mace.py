"""The exact coupling basis inside MACE: existing models converted, new models built with it.

MACE multiplies its features by the columns of ``U_matrix_real``. These columns are not symmetrised,
although every factor of the product is the same vector: several of them act alike, and each has a
weight of its own. The exact basis has one column for every independent product. It spans the same
polynomials, so a trained model can be rewritten without a change of its predictions.

Written for ``mace-torch`` 0.3.16, which must be installed; torch and MACE are imported when a
function here is called.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from itertools import permutations
from math import factorial
from typing import TYPE_CHECKING, Any

from span_theorem.coupling.basis import coupling_basis
from span_theorem.coupling.export import mace_u_matrix

if TYPE_CHECKING:
    import torch

__all__ = ["mace_built_with_exact_basis", "reduce_mace"]


@lru_cache(maxsize=256)
def _columns(irreps: str, output: str, degree: int, dtype: str) -> torch.Tensor:
    columns: torch.Tensor = mace_u_matrix(coupling_basis(irreps, degree, output), output, dtype)
    return columns


def _dtype_name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _u_matrix(irreps_in: Any, irreps_out: Any, correlation: int, dtype: Any, **_: Any) -> list[Any]:
    """What MACE's ``U_matrix_real`` returns for one output, from the exact basis."""
    import torch
    from e3nn import o3

    name = _dtype_name(dtype or torch.get_default_dtype())
    irrep = o3.Irreps(irreps_out)[0].ir
    irreps = str(o3.Irreps(irreps_in))
    # A copy: MACE registers it as a buffer, which must not be shared between models.
    return [irrep, _columns(irreps, str(irrep), correlation, name).clone()]


@contextmanager
def mace_built_with_exact_basis() -> Iterator[None]:
    """While it is active, new MACE models take their coupling columns from the exact basis.

    Every ``Contraction`` that is made inside takes its columns from
    :func:`~span_theorem.coupling.export.mace_u_matrix`: fewer weights, the same polynomials, and no
    limit on ``max_ell`` and ``correlation`` but memory. MACE's own ``U_matrix_real`` is left as it
    is. Models built before keep their columns; :func:`reduce_mace` converts them.

    Raises:
        ImportError: mace-torch is not installed.

    .. code-block:: python

        with mace_built_with_exact_basis():
            model = mace.modules.ScaleShiftMACE(max_ell=4, correlation=3, ...)
    """
    from mace.modules import symmetric_contraction

    original = symmetric_contraction.U_matrix_real
    symmetric_contraction.U_matrix_real = _u_matrix
    try:
        yield
    finally:
        symmetric_contraction.U_matrix_real = original


def reduce_mace(model: Any) -> dict[str, tuple[int, int]]:
    """Rewrite a MACE model in place in the exact basis; it computes the same function afterwards.

    Let u_k be MACE's columns and v_j ours, orthogonal and with rows of norm 1. The product uses
    only the symmetric part of Σ_k w_k u_k, which is Σ_j w'_j v_j with
    w'_j = Σ_k ⟨v_j, u_k⟩ w_k / (2J+1). Weights that give the same w' give the same model.
    Energies and forces change by rounding alone. Optimisers and averages of weights hold the old
    parameters: make them after this call.

    Args:
        model: a module of mace-torch that contains ``SymmetricContraction`` blocks, such as
            ``ScaleShiftMACE``; not compiled.

    Returns:
        For every block, by its name in the model, the number of weights before and after.

    Raises:
        ImportError: mace-torch is not installed.
        ValueError: the model has no such block, or its columns are outside the exact basis.
    """
    from mace.modules.symmetric_contraction import SymmetricContraction

    blocks = {
        name: block
        for name, block in model.named_modules()
        if isinstance(block, SymmetricContraction)
    }
    if not blocks:
        raise ValueError(
            f"{type(model).__name__} holds no SymmetricContraction of mace-torch; compiled and "
            "cuequivariance models must be converted before they are compiled"
        )
    sizes = {}
    for name, block in blocks.items():
        before = _weights(block)
        for place, old in enumerate(block.contractions):
            block.contractions[place] = _reduced(block, str(block.irreps_out[place].ir), old)
        sizes[name] = before, _weights(block)
    return sizes


def _weights(block: Any) -> int:
    return sum(p.numel() for p in block.parameters() if p.requires_grad)


def _reduced(block: Any, output: str, old: Any) -> Any:
    """A Contraction with our columns that computes what ``old`` computes."""
    import torch
    from e3nn import o3
    from mace.modules.symmetric_contraction import Contraction

    like = old.weights_max
    default = torch.get_default_dtype()
    torch.set_default_dtype(like.dtype)
    try:
        with mace_built_with_exact_basis():
            new = Contraction(
                irreps_in=block.irreps_in,
                irrep_out=o3.Irreps(output),
                correlation=old.correlation,
                num_elements=like.shape[0],
            )
    finally:
        torch.set_default_dtype(default)
    new = new.to(like.device).train(old.training)
    pairs = [(new.weights_max, old.weights_max), *zip(new.weights, old.weights, strict=True)]
    with torch.no_grad():
        for degree, (mine, theirs) in zip(range(old.correlation, 0, -1), pairs, strict=True):
            change = _change(new.U_tensors(degree), old.U_tensors(degree), degree, output)
            mine.copy_(torch.einsum("jk,ekc->ejc", change, theirs.double()).to(mine.dtype))
            mine.requires_grad_(theirs.requires_grad)
    return new


def _change(ours: torch.Tensor, theirs: torch.Tensor, degree: int, output: str) -> torch.Tensor:
    """⟨v_j, u_k⟩ / (2J+1), float64, shape (ours, theirs); the symmetric parts must be rebuilt."""
    import torch

    precision = 1e4 * float(torch.finfo(theirs.dtype).eps)
    v, u = ours.double(), theirs.double()
    offset = u.ndim - 1 - degree
    rows = u.shape[0] if offset else 1
    change = v.flatten(0, -2).T @ u.flatten(0, -2) / rows
    head = range(offset)
    symmetric = sum(
        u.permute(*head, *(offset + i for i in order), u.ndim - 1)
        for order in permutations(range(degree))
    ) / factorial(degree)
    residual = float((symmetric - v @ change).abs().max())
    if not residual <= precision:  # also where it is nan
        raise ValueError(
            f"the model's columns of degree {degree} for {output} are not in the exact basis: "
            f"largest deviation {residual:.1e}, expected at most {precision:.1e}"
        )
    return change
