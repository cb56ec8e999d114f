"""Multiplicities of irreps in symmetric and full tensor powers, from exact characters (T2)."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb
from typing import Literal

import flint

from span_theorem.arguments import natural
from span_theorem.irreps import Irrep, Irreps

__all__ = [
    "Power",
    "irrep_dimension_sum",
    "multiplicities",
    "power_dimension",
    "product_multiplicities",
]

Power = Literal["symmetric", "tensor"]


def _character(irreps: Irreps, parity_sign: int, stride: int, top: int) -> flint.fmpz_poly:
    """q^top · χ(q^stride) as a polynomial, each irrep weighted by its parity to the stride.

    ``parity_sign`` = 1 forgets parity; -1 evaluates the O(3) character at minus the rotation.
    """
    coefficients = [0] * (2 * top + 1)
    for mul, irrep in irreps:
        sign = irrep.p**stride if parity_sign < 0 else 1
        for m in range(-irrep.l, irrep.l + 1):
            coefficients[top + stride * m] += sign * mul
    return flint.fmpz_poly(coefficients)


def _weight_counts(irreps: Irreps, degree: int, power: Power, parity_sign: int) -> list[int]:
    """Number of states of weight 0, 1, …, degree·lmax in the power, signed by parity."""
    lmax = irreps.lmax if irreps else 0
    if power == "tensor":
        result = _character(irreps, parity_sign, 1, lmax) ** degree
    else:
        # Newton's identity n·h_n = Σ_k p_k h_{n-k} with p_k = χ(q^k); every h_n is kept shifted
        # by q^{n·lmax}, so that it is a polynomial.
        sums = [_character(irreps, parity_sign, k, k * lmax) for k in range(1, degree + 1)]
        complete = [flint.fmpz_poly([1])]
        for n in range(1, degree + 1):
            total = flint.fmpz_poly([])
            for k in range(1, n + 1):
                total += sums[k - 1] * complete[n - k]
            complete.append(flint.fmpz_poly([int(c) // n for c in total.coeffs()]))
        result = complete[degree]
    middle = degree * lmax
    return [int(result[middle + weight]) for weight in range(middle + 1)]


def multiplicities(
    irreps: Irreps | str, degree: int, power: Power = "symmetric"
) -> dict[Irrep, int]:
    """Multiplicity of every irrep that occurs in Sym^degree(U) or U^{⊗degree}, exactly.

    The multiplicity of V_ℓ is the number of states of weight ℓ less those of weight ℓ+1. Parity
    is separated by the two characters of O(3), at R and at -R. Degree 0 is the trivial irrep.

    Args:
        irreps: U, as :class:`~span_theorem.irreps.Irreps` or in e3nn's notation.
        degree: d ≥ 0.
        power: ``"symmetric"`` or ``"tensor"``.

    Returns:
        A map sorted by ℓ, then parity, without zeros.

    >>> multiplicities("0e+1o", 2)
    {Irrep('0e'): 2, Irrep('1o'): 1, Irrep('2e'): 1}
    >>> multiplicities("1o", 2, "tensor")
    {Irrep('0e'): 1, Irrep('1e'): 1, Irrep('2e'): 1}
    """
    if isinstance(irreps, str):
        irreps = Irreps.parse(irreps)
    degree = natural("degree", degree)
    if power not in ("symmetric", "tensor"):
        raise ValueError(f"power must be 'symmetric' or 'tensor', got {power!r}")
    with_parity = all(irrep.p for _, irrep in irreps)
    plain = _weight_counts(irreps, degree, power, 1)
    signed = _weight_counts(irreps, degree, power, -1) if with_parity else None
    return _table(plain, signed)


def product_multiplicities(spaces: Sequence[Irreps | str]) -> dict[Irrep, int]:
    """Multiplicity of every irrep that occurs in U_1 ⊗ … ⊗ U_d, exactly, from the characters.

    Args:
        spaces: U_1, …, U_d; all with parities, or none of them. No space is the trivial irrep.

    >>> product_multiplicities(["0e+1o", "1o"])
    {Irrep('0e'): 1, Irrep('1o'): 1, Irrep('1e'): 1, Irrep('2e'): 1}
    """
    read = [Irreps.parse(space) if isinstance(space, str) else space for space in spaces]
    parities = {irrep.p == 0 for space in read for _, irrep in space}
    if len(parities) > 1:
        raise ValueError("either all spaces carry parities or none does")

    def counts(parity_sign: int) -> list[int]:
        result, middle = flint.fmpz_poly([1]), 0
        for space in read:
            lmax = space.lmax if space else 0
            result, middle = result * _character(space, parity_sign, 1, lmax), middle + lmax
        return [int(result[middle + weight]) for weight in range(middle + 1)]

    return _table(counts(1), None if parities == {True} else counts(-1))


def _table(plain: list[int], signed: list[int] | None) -> dict[Irrep, int]:
    """Multiplicities from the states of weight 0, 1, …, counted plainly and signed by parity."""
    table: dict[Irrep, int] = {}
    for l in range(len(plain)):
        total = plain[l] - (plain[l + 1] if l + 1 < len(plain) else 0)
        if signed is None:
            counts = [(Irrep(l), total)]
        else:
            difference = signed[l] - (signed[l + 1] if l + 1 < len(signed) else 0)
            odd, even = (total - difference) // 2, (total + difference) // 2
            counts = [(Irrep(l, -1), odd), (Irrep(l, 1), even)]
        table.update((irrep, count) for irrep, count in counts if count)
    return table


def irrep_dimension_sum(table: dict[Irrep, int]) -> int:
    """Σ multiplicity · (2ℓ+1)."""
    return sum(count * irrep.dim for irrep, count in table.items())


def power_dimension(dim: int, degree: int, power: Power = "symmetric") -> int:
    """Dimension of Sym^degree or of the full tensor power of a space of dimension ``dim``.

    >>> power_dimension(9, 2), power_dimension(9, 2, "tensor")
    (45, 81)
    """
    dim, degree = natural("dim", dim), natural("degree", degree)
    if power not in ("symmetric", "tensor"):
        raise ValueError(f"power must be 'symmetric' or 'tensor', got {power!r}")
    if power == "tensor":
        return int(dim**degree)
    return comb(dim + degree - 1, degree) if dim else int(degree == 0)
