"""Surds against sympy."""

from __future__ import annotations

from fractions import Fraction

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from span_theorem import Surd

surds = st.builds(Surd, st.fractions(max_denominator=50), st.integers(-3, 3))


@given(surds, surds)
def test_arithmetic_agrees_with_sympy(a: Surd, b: Surd) -> None:
    assert sympy.simplify((a * b).sympy() - a.sympy() * b.sympy()) == 0
    assert sympy.simplify((-a).sympy() + a.sympy()) == 0
    if b:
        assert sympy.simplify((a / b).sympy() - a.sympy() / b.sympy()) == 0


@given(surds)
def test_float_is_the_value(a: Surd) -> None:
    assert float(a) == pytest.approx(float(a.sympy()), rel=1e-14, abs=0)
    assert a.sign == sympy.sign(a.sympy())


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
