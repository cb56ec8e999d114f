"""Exact 6j and 9j symbols and Racah's W: how three and four angular momenta are recoupled.

Every value is a :class:`~span_theorem.surd.Surd`; arguments are integers or half-integers, as exact
numbers (int, Fraction, sympy Rational). A triad that breaks the triangle rule, or has no whole sum,
gives an exact zero. A float is refused (TypeError), and so is a negative one (ValueError).

Method. Let Δ(a,b,c)² = (a+b-c)! (a-b+c)! (-a+b+c)! / (a+b+c+1)!. Its inverse is the integer
D(a,b,c) = (2c+1) C(a+b+c+1, 2c+1) C(2c, a-b+c), and Racah's sum for the 6j symbol becomes

    {a b c; d e f} = M · S / √(D(a,b,c) D(a,e,f) D(d,b,f) D(d,e,c)),
    M = (a+b+c+1)! / ((b+d-f)! (c+e-d)! (a+f-e)!),
    S = Σ_t (-1)^t C(t+1, a+b+c+1) C(b+d-f, t-a-e-f) C(c+e-d, t-d-b-f) C(a+f-e, t-d-e-c),

all integers. A 9j symbol is a sum over x of products of three 6j symbols in which every triad with
x occurs twice, so that the square roots do not depend on x.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import comb, factorial

from span_theorem.half_integers import Momentum, doubled_degree
from span_theorem.surd import ZERO, Surd, reduced
from span_theorem.wigner import pascal_row

__all__ = ["racah_w", "wigner_6j", "wigner_9j"]


@lru_cache(maxsize=65536)
def _inverse_triangle(a: int, b: int, c: int) -> int:
    """D of the module's docstring, for doubled arguments; 0 where they are not a triad."""
    total = a + b + c
    if total & 1 or not abs(a - b) <= c <= a + b:
        return 0
    return (c + 1) * comb(total // 2 + 1, c + 1) * comb(c, (a - b + c) // 2)


@lru_cache(maxsize=65536)
def _trinomial(p: int, q: int, r: int) -> int:
    """(p+q+r+1)! / (p! q! r!)."""
    return factorial(p + q + r + 1) // (factorial(p) * factorial(q) * factorial(r))


def _racah_sum(a: int, b: int, c: int, d: int, e: int, f: int) -> int:
    """M · S of the module's docstring, for doubled arguments whose four triads are allowed."""
    # Halved at once: the four sums of triads and the three pieces of M.
    first, second = (a + b + c) // 2, (a + e + f) // 2
    third, fourth = (d + b + f) // 2, (d + e + c) // 2
    p, q, r = (b + d - f) // 2, (c + e - d) // 2, (a + f - e) // 2
    row_p, row_q, row_r = pascal_row(p), pascal_row(q), pascal_row(r)
    low = max(first, second, third, fourth)
    high = min(p + second, q + third, r + fourth)
    # C(t+1, first+1) for t = low, then stepped: C(t+2, k) = C(t+1, k) (t+2) / (t+2-k).
    rising = comb(low + 1, first + 1)
    total = 0
    for t in range(low, high + 1):
        term = rising * row_p[t - second] * row_q[t - third] * row_r[t - fourth]
        total += -term if t & 1 else term
        rising = rising * (t + 2) // (t + 1 - first)
    return total * _trinomial(p, q, r)


def wigner_6j(
    j1: Momentum, j2: Momentum, j3: Momentum, j4: Momentum, j5: Momentum, j6: Momentum
) -> Surd:
    """The 6j symbol {j1 j2 j3; j4 j5 j6}.

    Racah's sum (DLMF 34.4.2) in binomials. Zero unless (j1 j2 j3), (j1 j5 j6), (j4 j2 j6) and
    (j4 j5 j3) are triads: triangle rule and whole sum.

    Args:
        j1, …, j6: integers or half-integers ≥ 0; int, Fraction or sympy Rational.

    Raises:
        TypeError: for a float or what is not a number.
        ValueError: for a negative one, and for fractions other than halves.

    >>> wigner_6j(5, 5, 5, 5, 5, 5) == Fraction(1, 52)
    True
    >>> half = Fraction(1, 2)
    >>> wigner_6j(half, half, 1, half, half, 1)
    Surd(1/36)
    """
    return _six_j(
        doubled_degree("j1", j1),
        doubled_degree("j2", j2),
        doubled_degree("j3", j3),
        doubled_degree("j4", j4),
        doubled_degree("j5", j5),
        doubled_degree("j6", j6),
    )


def _six_j(a: int, b: int, c: int, d: int, e: int, f: int) -> Surd:
    square = (
        _inverse_triangle(a, b, c)
        * _inverse_triangle(a, e, f)
        * _inverse_triangle(d, b, f)
        * _inverse_triangle(d, e, c)
    )
    if not square:
        return ZERO
    total = _racah_sum(a, b, c, d, e, f)
    return reduced(total * abs(total), square, 0)


def racah_w(
    j1: Momentum, j2: Momentum, J: Momentum, j3: Momentum, J12: Momentum, J23: Momentum
) -> Surd:
    """Racah's W(j1 j2 J j3; J12 J23) = (-1)^{j1+j2+j3+J} {j1 j2 J12; j3 J J23}.

    ⟨((j1 j2)J12, j3) J | (j1, (j2 j3)J23) J⟩ = √((2J12+1)(2J23+1)) · W. Arguments, zeros and errors
    as for :func:`wigner_6j`. sympy's ``racah`` and ``racahW`` of WignerSymbols.jl take the
    arguments in this order.

    >>> racah_w(3, 3, 3, 3, 3, 3) == Fraction(-1, 14)
    True
    """
    a, b, e = doubled_degree("j1", j1), doubled_degree("j2", j2), doubled_degree("J", J)
    d, c, f = doubled_degree("j3", j3), doubled_degree("J12", J12), doubled_degree("J23", J23)
    value = _six_j(a, b, c, d, e, f)
    return -value if (a + b + d + e) & 2 else value


def wigner_9j(
    j1: Momentum,
    j2: Momentum,
    j3: Momentum,
    j4: Momentum,
    j5: Momentum,
    j6: Momentum,
    j7: Momentum,
    j8: Momentum,
    j9: Momentum,
) -> Surd:
    """The 9j symbol {j1 j2 j3; j4 j5 j6; j7 j8 j9}, row by row.

    Σ_x (-1)^{2x} (2x+1) {j1 j4 j7; j8 j9 x} {j2 j5 j8; j4 x j6} {j3 j6 j9; x j1 j2} (DLMF 34.6.2).
    Zero unless every row and every column is a triad. Arguments and errors as for
    :func:`wigner_6j`.

    >>> wigner_9j(1, 1, 1, 1, 1, 1, 1, 1, 0) == Fraction(1, 18)
    True
    """
    rows = (j1, j2, j3, j4, j5, j6, j7, j8, j9)
    a, b, c, d, e, f, g, h, i = (
        doubled_degree(f"j{number}", j) for number, j in enumerate(rows, 1)
    )
    square = 1
    for triad in ((a, b, c), (d, e, f), (g, h, i), (a, d, g), (b, e, h), (c, f, i)):
        square *= _inverse_triangle(*triad)
    if not square:
        return ZERO
    total = Fraction(0)
    low = max(abs(a - i), abs(d - h), abs(b - f))
    for x in range(low, min(a + i, d + h, b + f) + 1, 2):
        term = (
            _racah_sum(a, d, g, h, i, x)
            * _racah_sum(b, e, h, d, x, f)
            * _racah_sum(c, f, i, x, a, b)
            * (x + 1)
        )
        twice = _inverse_triangle(a, i, x) * _inverse_triangle(d, h, x) * _inverse_triangle(b, f, x)
        total += Fraction(-term if x & 1 else term, twice)
    numerator, denominator = total.numerator, total.denominator
    return reduced(numerator * abs(numerator), denominator * denominator * square, 0)
