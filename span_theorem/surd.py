"""Exact values of the form sign · √(rational · π^k)."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import gcd, isqrt
from typing import TYPE_CHECKING, Any

from span_theorem.arguments import integer
from span_theorem.half_integers import exact_ratio

if TYPE_CHECKING:
    import sympy

__all__ = ["ZERO", "Surd", "made", "reduced"]

#: Significant bits of the integer square root behind a float: 53, one to round, some to spare.
_BITS = 64
_SMALLEST = 5e-324


class Surd:
    """The real number sign(q) · √(|q| · π^k), held exactly as the rational q and the integer k.

    Wigner symbols and Clebsch–Gordan coefficients have k = 0, Gaunt coefficients k = -1. Zero is
    written with k = 0, so that equal numbers are equal objects. Objects are immutable.

    Operators: ``*``, ``/`` and comparison, with a Surd, int, Fraction or another exact rational of
    numpy, sympy or python-flint on either side; ``**`` with an int; ``abs``, ``-``, ``bool``,
    ``float``, ``hash``. ``+`` and ``-`` work where the result has this form again: where the
    quotient of the two is rational. A Surd equals the int or Fraction of the same value and has its
    hash. sympy expressions combine with a Surd as with its :meth:`sympy` form. Floats are refused
    with a TypeError, and are equal to no Surd.

    Args:
        signed_square: q, an int, Fraction or other exact rational.
        pi_power: k.

    Attributes:
        numerator, denominator: of q in lowest terms, the sign in the numerator.
        pi_power: k.

    Raises:
        TypeError: for a float, or anything else that is not an exact rational.

    >>> Surd(Fraction(-1, 4))
    Surd(-1/4)
    >>> Surd(Fraction(-1, 4)) * Surd(Fraction(1, 9), -1)
    Surd(-1/36, pi_power=-1)
    >>> Surd(Fraction(1, 2)) * 2, 1 / Surd(3), Surd(2) ** 4 == 4, Surd(2) < Fraction(3, 2)
    (Surd(2), Surd(1/3), True, True)
    >>> Surd(8) - Surd(2)
    Surd(2)
    >>> Surd(Fraction(5, 4), -1).sympy()
    sqrt(5)/(2*sqrt(pi))
    """

    __slots__ = ("denominator", "numerator", "pi_power")
    numerator: int
    denominator: int
    pi_power: int

    def __new__(cls, signed_square: int | Fraction, pi_power: int = 0) -> Surd:
        ratio = exact_ratio(signed_square)
        if ratio is None:
            raise TypeError(f"the signed square must be an int or Fraction, got {signed_square!r}")
        return reduced(*ratio, integer("pi_power", pi_power))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a Surd is immutable: cannot set {name}")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a Surd is immutable: cannot delete {name}")

    def __reduce__(self) -> tuple[type[Surd], tuple[Fraction, int]]:
        return Surd, (self.signed_square, self.pi_power)

    @property
    def signed_square(self) -> Fraction:
        """q: the rational part of the square, with the sign of the value."""
        return Fraction(self.numerator, self.denominator)

    @property
    def sign(self) -> int:
        """-1, 0 or 1."""
        return (self.numerator > 0) - (self.numerator < 0)

    @property
    def square(self) -> Fraction:
        """The rational part |q| of the square |q| · π^k."""
        return Fraction(abs(self.numerator), self.denominator)

    def _rational(self) -> Fraction | None:
        """The value as a Fraction, None where it is irrational."""
        if self.pi_power:
            return None
        size = abs(self.numerator)
        p, q = isqrt(size), isqrt(self.denominator)
        if p * p != size or q * q != self.denominator:
            return None
        return Fraction(p if self.numerator > 0 else -p, q)

    def rational(self) -> Fraction:
        """The value as a Fraction; ValueError where it is irrational.

        >>> Surd(Fraction(-4, 9)).rational()
        Fraction(-2, 3)
        """
        value = self._rational()
        if value is None:
            raise ValueError(f"{self!r} is not a rational number")
        return value

    def __mul__(self, other: object) -> Surd:
        b = _operand(other)
        if b is None:
            return NotImplemented
        return reduced(
            self.numerator * b.numerator,
            self.denominator * b.denominator,
            self.pi_power + b.pi_power,
        )

    __rmul__ = __mul__

    def __truediv__(self, other: object) -> Surd:
        b = _operand(other)
        return NotImplemented if b is None else _quotient(self, b)

    def __rtruediv__(self, other: object) -> Surd:
        a = _operand(other)
        return NotImplemented if a is None else _quotient(a, self)

    def __pow__(self, exponent: object) -> Surd:
        if isinstance(exponent, bool) or not isinstance(exponent, int):
            return NotImplemented
        if exponent < 0:
            return _quotient(_ONE, self) ** -exponent
        # (-|q|)^n has the sign of the n-th power.
        return reduced(
            self.numerator**exponent, self.denominator**exponent, self.pi_power * exponent
        )

    def __add__(self, other: object) -> Surd:
        b = _operand(other)
        return NotImplemented if b is None else _sum(self, b)

    __radd__ = __add__

    def __sub__(self, other: object) -> Surd:
        b = _operand(other)
        return NotImplemented if b is None else _sum(self, -b)

    def __rsub__(self, other: object) -> Surd:
        a = _operand(other)
        return NotImplemented if a is None else _sum(a, -self)

    def __neg__(self) -> Surd:
        return made(-self.numerator, self.denominator, self.pi_power)

    def __pos__(self) -> Surd:
        return self

    def __abs__(self) -> Surd:
        return made(abs(self.numerator), self.denominator, self.pi_power)

    def __bool__(self) -> bool:
        return self.numerator != 0

    def __eq__(self, other: object) -> bool:
        b = _operand(other)
        if b is None:
            return NotImplemented
        return (
            self.numerator == b.numerator
            and self.denominator == b.denominator
            and self.pi_power == b.pi_power
        )

    def __hash__(self) -> int:
        value = self._rational()
        if value is not None:
            return hash(value)
        return hash((self.numerator, self.denominator, self.pi_power))

    def __lt__(self, other: object) -> bool:
        b = _operand(other)
        return NotImplemented if b is None else _order(self, b) < 0

    def __le__(self, other: object) -> bool:
        b = _operand(other)
        return NotImplemented if b is None else _order(self, b) <= 0

    def __gt__(self, other: object) -> bool:
        b = _operand(other)
        return NotImplemented if b is None else _order(self, b) > 0

    def __ge__(self, other: object) -> bool:
        b = _operand(other)
        return NotImplemented if b is None else _order(self, b) >= 0

    def __float__(self) -> float:
        """The nearest double of the value, ties to even.

        Only an exact zero gives 0.0: a value nearer to 0 than to the smallest subnormal double
        becomes ±5e-324. Raises OverflowError for a value beyond the largest double.

        >>> float(Surd(Fraction(1, 10**600)))  # its square is no double
        1e-300
        """
        if not self.numerator:
            return 0.0
        size = _nearest(abs(self.numerator), self.denominator, self.pi_power) or _SMALLEST
        return size if self.numerator > 0 else -size

    def sympy(self) -> sympy.Expr:
        """The same number as a sympy expression."""
        import sympy

        square = sympy.Rational(abs(self.numerator), self.denominator)
        value: sympy.Expr = self.sign * sympy.sqrt(square)
        return value * sympy.pi ** sympy.Rational(self.pi_power, 2)

    _sympy_ = sympy  # the hook by which sympy's own operators and ``sympify`` accept a Surd

    def __repr__(self) -> str:
        tail = f", pi_power={self.pi_power}" if self.pi_power else ""
        return f"Surd({self.signed_square}{tail})"


# The slots themselves can be set, where assignment is forbidden; this is the fastest way to do it.
_new: Any = object.__new__
_set_numerator: Any = Surd.__dict__["numerator"].__set__
_set_denominator: Any = Surd.__dict__["denominator"].__set__
_set_pi_power: Any = Surd.__dict__["pi_power"].__set__


def made(numerator: int, denominator: int, pi_power: int) -> Surd:
    """A Surd from a signed square in lowest terms, denominator > 0, π^0 for zero; unchecked."""
    surd: Surd = _new(Surd)
    _set_numerator(surd, numerator)
    _set_denominator(surd, denominator)
    _set_pi_power(surd, pi_power)
    return surd


def reduced(numerator: int, denominator: int, pi_power: int) -> Surd:
    """A Surd from any signed square with a denominator > 0; unchecked."""
    if not numerator:
        return ZERO
    common = gcd(numerator, denominator)
    return made(numerator // common, denominator // common, pi_power)


ZERO = made(0, 1, 0)
_ONE = made(1, 1, 0)


def _operand(value: object) -> Surd | None:
    """The other operand as a Surd; None for what is no exact number of ours."""
    if isinstance(value, Surd):
        return value
    ratio = exact_ratio(value)
    if ratio is None:
        return None
    p, q = ratio
    return made(p * abs(p), q * q, 0)


def _quotient(a: Surd, b: Surd) -> Surd:
    if not b.numerator:
        raise ZeroDivisionError("division by an exact zero")
    numerator, denominator = a.numerator * b.denominator, a.denominator * b.numerator
    if denominator < 0:
        numerator, denominator = -numerator, -denominator
    return reduced(numerator, denominator, a.pi_power - b.pi_power)


def _sum(a: Surd, b: Surd) -> Surd:
    if not b:
        return a
    ratio = _quotient(a, b)._rational()
    if ratio is None:
        raise ValueError(
            f"the sum of {a!r} and {b!r} is not of the form sign·√(rational·π^k); add their "
            "sympy() forms"
        )
    return b * (ratio + 1)


def _order(a: Surd, b: Surd) -> int:
    """The sign of a - b."""
    if a.sign != b.sign:
        return 1 if a.sign > b.sign else -1
    if a == b:
        return 0
    # Unequal numbers of one sign: |a|² against |b|², where π^k is not rational and so never ties.
    power = a.pi_power - b.pi_power
    left, right = abs(a.numerator) * b.denominator, abs(b.numerator) * a.denominator
    bits = _BITS
    while power:
        low, high = _pi_power_bounds(power, bits)
        if left * low[0] > right * low[1]:
            return a.sign
        if left * high[0] < right * high[1]:
            return -a.sign
        bits *= 2
    return a.sign if left > right else -a.sign


@lru_cache(maxsize=16)
def _pi_scaled(bits: int) -> int:
    """⌊π · 2^bits⌋."""
    import flint

    guard = 32
    while True:
        with flint.ctx.workprec(bits + guard):
            whole = (flint.arb.pi() * flint.arb(2) ** bits).floor().unique_fmpz()
        if whole is not None:
            return int(whole)
        guard *= 2


def _pi_power_bounds(power: int, bits: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Rational numbers (numerator, denominator) below and above π^power."""
    p, one = _pi_scaled(bits), 1 << bits
    low, high = (p, one), (p + 1, one)
    if power < 0:
        low, high = (one, p + 1), (one, p)
    size = abs(power)
    return (low[0] ** size, low[1] ** size), (high[0] ** size, high[1] ** size)


def _nearest(numerator: int, denominator: int, pi_power: int) -> float:
    """The double nearest to √(numerator / denominator · π^pi_power)."""
    if not pi_power:
        return _rounded_root(numerator, denominator)
    bits = 2 * _BITS
    while True:  # π is irrational: bounds close enough round alike
        low, high = _pi_power_bounds(pi_power, bits)
        below = _rounded_root(numerator * low[0], denominator * low[1])
        if below == _rounded_root(numerator * high[0], denominator * high[1]):
            return below
        bits *= 2


def _rounded_root(numerator: int, denominator: int) -> float:
    """The double nearest to √(numerator / denominator), by an integer square root."""
    shift = _BITS - (numerator.bit_length() - denominator.bit_length()) // 2
    if shift > 0:
        numerator <<= 2 * shift
    else:
        denominator <<= -2 * shift
    quotient, rest = divmod(numerator, denominator)
    root = isqrt(quotient)
    # A sticky last bit stands for all that was cut off, so that the division below, which Python
    # rounds correctly at any size, sees on which side of a tie the value lies.
    sticky = 2 * root + bool(rest or root * root != quotient)
    return sticky / (1 << shift + 1) if shift >= -1 else float(sticky << -(shift + 1))
