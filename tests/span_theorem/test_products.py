"""Products of harmonics on one direction: floats, sympy, quadrature and exact norms."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import sph_harm_y

from span_theorem import Surd, expand_product, gaunt, harmonic_norm, product_degrees

harmonic = st.integers(0, 4).flatmap(lambda l: st.tuples(st.just(l), st.integers(-l, l)))
products = st.lists(harmonic, max_size=4)

_RNG = np.random.default_rng(7)
THETA, PHI = np.arccos(_RNG.uniform(-1, 1, 40)), _RNG.uniform(0, 2 * np.pi, 40)


def complex_harmonic(l: int, m: int) -> np.ndarray:
    return sph_harm_y(l, m, THETA, PHI)


def real_harmonic(l: int, m: int) -> np.ndarray:
    y = (-1) ** m * complex_harmonic(l, abs(m))
    return y.real if m == 0 else np.sqrt(2) * (y.real if m > 0 else y.imag)


@pytest.mark.parametrize("basis", ["complex", "real"])
@given(factors=products)
def test_expansion_is_the_product_as_a_function(basis: str, factors: list) -> None:
    evaluate = complex_harmonic if basis == "complex" else real_harmonic
    product = np.prod([evaluate(l, m) for l, m in factors], axis=0) * np.ones_like(PHI)
    expansion = expand_product(factors, basis)  # type: ignore[arg-type]
    total = sum(float(c) * evaluate(l, m) for (l, m), c in expansion.items())
    np.testing.assert_allclose(total, product, atol=1e-12)


@given(products)
def test_only_allowed_degrees_occur_and_the_order_of_factors_is_immaterial(factors: list) -> None:
    expansion = expand_product(factors)
    assert {l for l, _ in expansion} <= product_degrees(l for l, _ in factors)
    assert expansion == expand_product(factors[::-1])


@given(harmonic, harmonic)
def test_two_factors_are_gaunt_coefficients(a: tuple[int, int], b: tuple[int, int]) -> None:
    order = a[1] + b[1]
    expected = {}
    for l in range(a[0] + b[0] + 1):
        value = gaunt(a[0], b[0], l, a[1], b[1], -order)
        if value:
            expected[l, order] = -value if order % 2 else value
    assert expand_product([a, b]) == expected


@given(products)
def test_zonal_products_expand_alike_in_both_bases(factors: list) -> None:
    # Zonal harmonics belong to both bases, so their products have one expansion.
    zonal = [(l, 0) for l, _ in factors]
    for (l, m), value in expand_product(zonal, "real").items():
        assert expand_product(zonal)[l, m] == value


def test_a_triple_product_against_symbolic_integration() -> None:
    theta, phi = sympy.symbols("theta phi", real=True)
    factors = [(1, 1), (2, 0), (1, -1)]
    product = sympy.prod(sympy.Ynm(l, m, theta, phi).expand(func=True) for l, m in factors)
    for (l, m), value in expand_product(factors).items():
        other = sympy.Ynm(l, m, theta, phi).expand(func=True)
        integrand = sympy.simplify(product * other * sympy.sin(theta))  # m = 0: real
        exact = sympy.integrate(integrand, (theta, 0, sympy.pi)) * 2 * sympy.pi
        assert sympy.simplify(exact - value.sympy()) == 0


def test_known_and_degenerate_products() -> None:
    assert expand_product([])[0, 0] == Surd(4, 1)
    assert expand_product([(3, -2)]) == {(3, -2): Surd(1)}
    # Y_10² = Y_00/√(4π) + Y_20/√(5π)
    assert expand_product([(1, 0), (1, 0)])[2, 0].sympy() == 1 / sympy.sqrt(5 * sympy.pi)
    assert product_degrees([]) == {0}
    assert product_degrees([2, 3]) == {1, 3, 5}


def test_norms_are_those_of_the_harmonics() -> None:
    for l in range(6):
        for m in range(-l, l + 1):
            # P_l^m without phase is scipy's value over the sign and the norm.
            norm = float(harmonic_norm(l, m))
            z = np.polynomial.legendre.Legendre.basis(l).deriv(abs(m))(np.cos(THETA))
            value = norm * np.sin(THETA) ** abs(m) * z * np.exp(1j * m * PHI)
            np.testing.assert_allclose(value, complex_harmonic(l, m), atol=1e-12)


def test_bad_factors() -> None:
    with pytest.raises(ValueError, match=r"\|m\| ≤ l, got \(l, m\) = \(1, 2\)"):
        expand_product([(1, 2)])
    with pytest.raises(ValueError, match="a pair"):
        expand_product([(1, 0, 0)])
    with pytest.raises(ValueError, match="integer ≥ 0, got -1"):
        expand_product([(-1, 0)])
    with pytest.raises(TypeError, match=r"0\.5"):
        expand_product([(1, 0.5)])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="'complex' or 'real'"):
        expand_product([], "polar")  # type: ignore[arg-type]
