"""Exact values of the form sign · √(rational · π^k)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import isqrt, pi, sqrt
from typing import TYPE_CHECKING

from span_theorem.arguments import integer

if TYPE_CHECKING:
    import sympy

__all__ = ["Surd"]


@dataclass(frozen=True, slots=True)
class Surd:
    """The real number sign(q) · √(|q| · π^k), held exactly as the rational q and the integer k.

    Wigner 3j symbols and Clebsch–Gordan coefficients have k = 0, Gaunt coefficients k = -1.
    Zero is written with k = 0, so that equal numbers are equal objects. Floats are refused.

    >>> Surd(Fraction(-1, 4))
    Surd(-1/4)
    >>> Surd(Fraction(-1, 4)) * Surd(Fraction(1, 9), -1)
    Surd(-1/36, pi_power=-1)
    >>> Surd(Fraction(5, 4), -1).sympy()
    sqrt(5)/(2*sqrt(pi))
    """

    signed_square: Fraction
    pi_power: int = 0

    def __post_init__(self) -> None:
        q = self.signed_square
        if isinstance(q, bool) or not isinstance(q, int | Fraction):
            raise TypeError(f"the signed square must be an int or Fraction, got {q!r}")
        object.__setattr__(self, "signed_square", Fraction(q))
        object.__setattr__(self, "pi_power", integer("pi_power", self.pi_power) if q else 0)

    @property
    def sign(self) -> int:
        """-1, 0 or 1."""
        return (self.signed_square > 0) - (self.signed_square < 0)

    @property
    def square(self) -> Fraction:
        """The rational part |q| of the square |q| · π^k."""
        return abs(self.signed_square)

    def rational(self) -> Fraction:
        """The value as a Fraction; ValueError where it is irrational."""
        p, q = isqrt(self.square.numerator), isqrt(self.square.denominator)
        if self.pi_power or p * p != self.square.numerator or q * q != self.square.denominator:
            raise ValueError(f"{self!r} is not a rational number")
        return self.sign * Fraction(p, q)

    def __mul__(self, other: Surd) -> Surd:
        sign = self.sign * other.sign
        return Surd(sign * self.square * other.square, self.pi_power + other.pi_power)

    def __truediv__(self, other: Surd) -> Surd:
        if not other:
            raise ZeroDivisionError("division by an exact zero")
        sign = self.sign * other.sign
        return Surd(sign * self.square / other.square, self.pi_power - other.pi_power)

    def __neg__(self) -> Surd:
        return Surd(-self.signed_square, self.pi_power)

    def __bool__(self) -> bool:
        return self.signed_square != 0

    def __float__(self) -> float:
        """The nearest float up to a few roundings; the square root of a ratio of any size."""
        # Two integer square roots would lose digits of small ratios; Fraction → float is correctly
        # rounded and overflows only where the value itself is astronomically large.
        return float(self.sign * sqrt(self.square) * pi ** (self.pi_power / 2))

    def sympy(self) -> sympy.Expr:
        """The same number as a sympy expression."""
        import sympy

        square = sympy.Rational(self.square.numerator, self.square.denominator)
        value: sympy.Expr = self.sign * sympy.sqrt(square)
        return value * sympy.pi ** sympy.Rational(self.pi_power, 2)

    def __repr__(self) -> str:
        tail = f", pi_power={self.pi_power}" if self.pi_power else ""
        return f"Surd({self.signed_square}{tail})"
