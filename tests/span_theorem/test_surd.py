"""Surds against sympy."""

from __future__ import annotations

import copy
import math
import operator
import pickle
from collections.abc import Callable
from fractions import Fraction

import flint
import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from span_theorem import Surd, wigner_3j

surds = st.builds(Surd, st.fractions(max_denominator=50), st.integers(-3, 3))


@given(surds, surds)
def test_arithmetic_agrees_with_sympy(a: Surd, b: Surd) -> None:
    assert sympy.simplify((a * b).sympy() - a.sympy() * b.sympy()) == 0
    assert sympy.simplify((-a).sympy() + a.sympy()) == 0
    if b:
        assert sympy.simplify((a / b).sympy() - a.sympy() / b.sympy()) == 0


@given(surds)
def test_sign_is_the_sign(a: Surd) -> None:
    assert a.sign == sympy.sign(a.sympy())


exact_numbers = st.one_of(st.integers(-9, 9), st.fractions(max_denominator=20))


@given(surds, exact_numbers)
def test_operators_with_exact_numbers_on_either_side(a: Surd, q: int | Fraction) -> None:
    other = sympy.Rational(Fraction(q).numerator, Fraction(q).denominator)
    assert sympy.simplify((a * q).sympy() - a.sympy() * other) == 0
    assert q * a == a * q == a * other
    assert sympy.simplify((abs(a)).sympy() - abs(a.sympy())) == 0
    if q:
        assert a / q == a * (1 / Fraction(q))
    if a:
        assert (q / a) * a == q
    for power in range(4):
        assert sympy.simplify((a**power).sympy() - a.sympy() ** power) == 0
    if a:
        assert a**-2 * a**2 == 1
    assert +a == a
    assert (a == q) == (sympy.simplify(a.sympy() - other) == 0)
    if a == q:
        assert hash(a) == hash(q)


@given(surds, st.one_of(surds, exact_numbers))
def test_comparison_agrees_with_high_precision(a: Surd, b: Surd | int | Fraction) -> None:
    with mpmath.workdps(60):
        right = b if isinstance(b, Surd) else Surd(Fraction(b) * abs(Fraction(b)))
        difference = mpmath.sign(value_of(a) - value_of(right)) if a != right else 0
    for compare in (operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne):
        assert compare(a, b) == compare(difference, 0)
        assert compare(b, a) == compare(0, difference)


def value_of(a: Surd) -> mpmath.mpf:
    q = mpmath.mpf(a.square.numerator) / a.square.denominator
    return a.sign * mpmath.sqrt(q * mpmath.pi**a.pi_power)


def test_comparison_decides_close_numbers() -> None:
    # 355/113 and the convergents of π beyond it, on either side of π = √(1·π²).
    ratios = [Fraction(355, 113), Fraction(103993, 33102), Fraction(8958937768937, 2851718461558)]
    with mpmath.workdps(60):
        for ratio in ratios:
            above = mpmath.mpf(ratio.numerator) / ratio.denominator > mpmath.pi
            assert (Surd(1, 2) < ratio) == above
            assert (-Surd(1, 2) > -ratio) == above
    assert sorted([Surd(3), Surd(-2), Surd(1, 1), Surd(0)]) == [
        Surd(-2), Surd(0), Surd(3), Surd(1, 1)]  # fmt: skip


@given(st.integers(1, 40), st.integers(-9, 9), st.integers(-9, 9), st.integers(-2, 2))
def test_sums_of_multiples_of_one_root(q: int, m: int, n: int, k: int) -> None:
    root = Surd(q, k)
    assert m * root + n * root == (m + n) * root
    assert m * root - n * root == (m - n) * root


def test_other_sums_name_the_remedy() -> None:
    for call in (lambda: Surd(2) + 1, lambda: 1 - Surd(2), lambda: Surd(2) + Surd(2, 1)):
        with pytest.raises(ValueError, match=r"sympy\(\)"):
            call()
    assert 1 + Surd(4) == 3
    assert sum([Surd(2), Surd(8)]) == Surd(18)


@pytest.mark.parametrize("operation", [
    operator.add, operator.sub, operator.mul, operator.truediv, operator.lt, operator.ge,
])  # fmt: skip
@pytest.mark.parametrize("bad", [0.5, 1j, "1", True, None])
def test_floats_and_the_like_are_refused(operation: Callable[..., object], bad: object) -> None:
    for pair in ((Surd(2), bad), (bad, Surd(2))):
        with pytest.raises(TypeError):
            operation(*pair)
    assert Surd(4) != bad
    with pytest.raises(TypeError):
        Surd(2) ** 0.5  # type: ignore[operator]


def test_sympy_expressions_combine() -> None:
    root = sympy.sqrt(5)
    assert Surd(Fraction(5, 4)) == root / 2
    assert root / 2 == Surd(Fraction(5, 4))
    assert Surd(Fraction(5, 4)) != root
    assert Surd(5) * root == 5 == root * Surd(5)
    assert sympy.sympify(Surd(5)) == root
    assert Surd(sympy.Rational(1, 2)) == Surd(Fraction(1, 2))
    assert type(Surd(sympy.Rational(1, 2)).numerator) is int


def test_numbers_of_python_flint_and_numpy_combine() -> None:
    half, four = flint.fmpq(1, 2), flint.fmpz(4)
    assert Surd(half) == Surd(Fraction(1, 2))
    assert half * Surd(2) == Surd(2) * half == Surd(half)
    assert Surd(16) == four == Surd(16)
    assert Surd(2) < four
    assert Surd(2) / np.int64(2) == Surd(half)
    assert wigner_3j(half, half, np.int64(0), half, -half, 0) == Surd(half)
    for bad in (np.float64(0.5), np.float32(2)):
        with pytest.raises(TypeError):
            _ = Surd(2) * bad
        with pytest.raises(TypeError):
            _ = bad * Surd(2)


def test_objects_are_immutable_and_travel() -> None:
    a = Surd(Fraction(-5, 14), -1)
    with pytest.raises(AttributeError, match="immutable"):
        a.numerator = 1
    with pytest.raises(AttributeError, match="immutable"):
        del a.pi_power
    assert pickle.loads(pickle.dumps(a)) == copy.deepcopy(a) == a
    assert len({a, copy.copy(a), Surd(4), 2, Fraction(2)}) == 2


@given(st.integers(1, 2**200), st.integers(1, 2**200), st.integers(-3, 3), st.sampled_from([1, -1]))
def test_float_is_the_nearest_double(p: int, q: int, k: int, sign: int) -> None:
    a = Surd(sign * Fraction(p, q), k)
    with mpmath.workprec(900):
        assert float(a) == float(value_of(a))


@pytest.mark.parametrize("exponent", [-1073, -1030, -1022, -700, -540, 540, 700, 990])
def test_float_where_the_square_is_no_double(exponent: int) -> None:
    for odd in (1, 3, 2**53 - 1, 2**60 + 1):
        a = Surd(Fraction(odd) * Fraction(4) ** exponent / 2 ** (2 * (odd.bit_length() // 4)))
        with mpmath.workprec(400):
            assert float(a) == float(value_of(a))
            assert float(-a) == -float(a)


def test_ties_go_to_even() -> None:
    for step, expected in [(1, 0), (3, 4)]:
        assert float(Surd((2**53 + step) ** 2)) == 2.0**53 + expected
        # The same, a hair above and below the tie.
        assert float(Surd((2**53 + step) ** 2 + 1)) == float(2**53 + step + 1)
        assert float(Surd((2**53 + step) ** 2 - 1)) == float(2**53 + step - 1)


def test_only_zero_is_zero() -> None:
    assert float(Surd(0)) == 0.0
    assert math.copysign(1, float(Surd(0))) == 1
    smallest = 5e-324
    tiny = Fraction(1, 2**1074)  # the smallest subnormal double
    for value, expected in [
        (tiny, smallest), (tiny * Fraction(3, 4), smallest), (tiny * Fraction(5, 4), smallest),
        (tiny / 2, smallest), (tiny / 4, smallest), (tiny / 10**500, smallest),
    ]:  # fmt: skip
        assert float(Surd(value**2)) == expected
        assert float(Surd(-(value**2))) == -expected
        assert float(Surd(value**2, -7)) >= smallest
    with pytest.raises(OverflowError):
        float(Surd(10**620))


def test_zero_is_one_object_and_floats_are_refused() -> None:
    assert Surd(0, 5) == Surd(Fraction(0))
    assert not Surd(0)
    assert repr(Surd(Fraction(1, 2), 1)) == "Surd(1/2, pi_power=1)"
    with pytest.raises(TypeError, match=r"0\.5"):
        Surd(0.5)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Surd(Fraction(1), 0.5)  # type: ignore[arg-type]
    with pytest.raises(ZeroDivisionError):
        _ = Surd(1) / Surd(0)


def test_rational_only_where_the_square_root_is() -> None:
    assert Surd(Fraction(-4, 9)).rational() == Fraction(-2, 3)
    for irrational in (Surd(2), Surd(Fraction(1, 3)), Surd(4, 1)):
        with pytest.raises(ValueError, match="not a rational"):
            irrational.rational()
