"""From integer vectors in the binary-form basis to integer vectors in the real basis.

With |l m⟩ = (-1)^m (e_m + i e_{-m})/√2 and |l, -m⟩ = (e_m - i e_{-m})/√2 for m > 0
(Condon–Shortley), a monomial of the complex basis becomes a sum of real monomials with Gaussian
integer coefficients, and all complex monomials that meet in one real monomial share their |m|,
hence their square roots: √(2^-nz ∏ 1/C(2l, l+|m|)), nz the number of m ≠ 0. Every entry in the real
basis is therefore one rational times one square root, never a sum of unlike roots.

The real structure maps the vector of weight M to (-1)^(Σl+J) (-1)^M times the vector of weight -M.
Where Σl + J is odd a factor i makes the basis real, and the weights M ≥ 0 suffice for all rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from math import comb, factorial, prod

from span_theorem.coupling._block import Groups, Monomial, Vector, lower, repeat_factor

__all__ = ["entry_square", "real_rows", "row_square"]


@lru_cache(maxsize=1 << 16)
def _expanded(groups: Groups, monomial: Monomial) -> tuple[tuple[Monomial, int, int], ...]:
    """Real monomials of one complex monomial, as (monomial, real part, imaginary part)."""
    # Powers of i are counted, not multiplied: i^turns is read off at the end.
    partial: list[tuple[Monomial, int]] = [((), 0)]
    for m in monomial:
        if m == 0:
            choices = [(0, 0)]
        elif m > 0:
            sign = 2 * (m % 2)
            choices = [(m, sign), (-m, sign + 1)]
        else:
            choices = [(-m, 0), (m, 3)]
        partial = [((*old, new), turns + t) for old, turns in partial for new, t in choices]
    collected: dict[Monomial, list[int]] = {}
    for raw, turns in partial:
        key: Monomial = ()
        start = 0
        for _, k in groups:
            key += raw[start : start + 1] if k == 1 else tuple(sorted(raw[start : start + k]))
            start += k
        cell = collected.setdefault(key, [0, 0])
        cell[turns % 2] += 1 - 2 * (turns // 2 % 2)
    return tuple((key, re, im) for key, (re, im) in collected.items() if re or im)


def real_rows(groups: Groups, J: int, vector: Vector) -> Iterator[tuple[int, dict[Monomial, int]]]:
    """The rows M = -J … J of the multiplet above a highest-weight vector, in integers.

    Yields (M, {real monomial: r}); the tensor entry is r · √(entry_square · row_square).
    """
    odd = (sum(l * k for l, k in groups) + J) % 2
    rows: dict[int, dict[Monomial, int]] = {}
    for steps, lowered in enumerate(lower(groups, vector, J)):
        M = J - steps
        sign = -1 if M % 2 else 1
        real: dict[Monomial, int] = {}
        imaginary: dict[Monomial, int] = {}
        for monomial, value in lowered.items():
            signed = sign * value
            for key, re, im in _expanded(groups, monomial):
                if odd:
                    re, im = -im, re
                if re:
                    real[key] = real.get(key, 0) + re * signed
                if im and M:
                    imaginary[key] = imaginary.get(key, 0) + im * signed
        rows[M] = {key: value for key, value in real.items() if value}
        if M:
            rows[-M] = {key: value for key, value in imaginary.items() if value}
    for M in range(-J, J + 1):
        yield M, rows[M]


@lru_cache(maxsize=1 << 16)
def entry_square(groups: Groups, monomial: Monomial, symmetric: bool) -> Fraction:
    """Square of the factor that depends on the place: 2^-nz ∏ 1/C(2l, l+|m|) / N².

    N, the number of distinct orderings that share the coefficient, is 1 without symmetry.
    """
    degrees = [l for l, k in groups for _ in range(k)]
    binomials = prod(comb(2 * l, l + m) for l, m in zip(degrees, monomial, strict=True))
    nonzero = sum(1 for m in monomial if m)
    orderings = 1
    if symmetric:
        orderings = factorial(len(monomial))
        start = 0
        for _, k in groups:
            orderings //= repeat_factor(monomial[start : start + k])
            start += k
    return Fraction(1, 2**nonzero * binomials * orderings**2)


def row_square(J: int, M: int, norm2: Fraction) -> Fraction:
    """Square of the factor of one row: (2 for M ≠ 0) / (C(2J, J-M) |v|²)."""
    return Fraction(2 if M else 1, comb(2 * J, J - M)) / norm2
