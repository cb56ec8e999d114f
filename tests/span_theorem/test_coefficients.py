"""3j, Clebsch–Gordan and Gaunt coefficients: tables, sympy, mpmath, e3nn, exact identities."""

from __future__ import annotations

from fractions import Fraction as Q

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from sympy.physics import wigner as oracle

from span_theorem import (
    Surd,
    clebsch_gordan,
    clebsch_gordan_block,
    e3nn_sign,
    e3nn_table_sign,
    gaunt,
    gaunt_block,
    gaunt_table,
    real_from_complex,
    real_gaunt,
    real_gaunt_block,
    real_wigner_3j,
    real_wigner_3j_block,
    wigner_3j,
    wigner_3j_block,
)

degrees = st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(0, 8))


@st.composite
def triples(draw: st.DrawFn) -> tuple[int, ...]:
    """(l1, l2, l3, m1, m2, m3), mostly with m1 + m2 + m3 = 0, now and then out of range."""
    l1, l2, l3 = draw(degrees)
    m1, m2 = draw(st.integers(-l1, l1)), draw(st.integers(-l2, l2))
    m3 = draw(st.sampled_from([-m1 - m2, -m1 - m2, 1 - m1 - m2]))
    return l1, l2, l3, m1, m2, m3


def same(ours: Surd, theirs: sympy.Expr) -> bool:
    """Exact equality of real numbers: equal squares and equal signs."""
    return sympy.simplify(ours.sympy() ** 2 - theirs**2) == 0 and ours.sign == sympy.sign(theirs)


@given(triples())
def test_3j_and_gaunt_equal_sympy(arguments: tuple[int, ...]) -> None:
    l1, l2, l3, m1, m2, m3 = arguments
    if abs(m3) > l3:
        assert not wigner_3j(*arguments)
        assert not gaunt(*arguments)
        return
    assert same(wigner_3j(*arguments), oracle.wigner_3j(*arguments))
    assert same(gaunt(*arguments), oracle.gaunt(*arguments))
    assert same(
        clebsch_gordan(l1, m1, l2, m2, l3, -m3), oracle.clebsch_gordan(l1, l2, l3, m1, m2, -m3)
    )


@pytest.mark.parametrize(
    ("arguments", "square"),
    [  # Varshalovich, Moskalev, Khersonskii (1988), tables 8.2 and 8.4 (from the closed forms)
        ((1, 0, 1, 0, 0, 0), Q(-1, 3)),
        ((1, 1, 1, 0, 1, 1), Q(1, 2)),
        ((1, 0, 1, 0, 2, 0), Q(2, 3)),
        ((2, 1, 1, 0, 2, 1), Q(1, 6)),
        ((2, 2, 1, -1, 1, 1), Q(3, 5)),
        ((2, 0, 2, 0, 0, 0), Q(1, 5)),
        ((2, 0, 2, 0, 2, 0), Q(-2, 7)),
        ((2, 0, 2, 0, 4, 0), Q(18, 35)),
    ],
)
def test_known_clebsch_gordan_values(arguments: tuple[int, ...], square: Q) -> None:
    assert clebsch_gordan(*arguments) == Surd(square)


@given(degrees)
def test_clebsch_gordan_blocks_are_unitary(ls: tuple[int, int, int]) -> None:
    l1, l2, l3 = ls
    block = clebsch_gordan_block(l1, l2, l3)
    allowed = abs(l1 - l2) <= l3 <= l1 + l2
    for m3 in range(-l3, l3 + 1):
        total = sum((v.square for (m1, m2), v in block.items() if m1 + m2 == m3), Q(0))
        assert total == int(allowed)
    for (m1, m2), value in block.items():
        assert value == clebsch_gordan(l1, m1, l2, m2, l3, m1 + m2)
    assert sum((v.square for v in wigner_3j_block(l1, l2, l3).values()), Q(0)) == int(allowed)


@given(degrees)
def test_rows_of_one_pair_of_orders_are_complete(ls: tuple[int, int, int]) -> None:
    l1, l2, _ = ls
    for m1 in range(-l1, l1 + 1):
        for m2 in range(-l2, l2 + 1):
            squares = (
                clebsch_gordan(l1, m1, l2, m2, l, m1 + m2).square
                for l in range(abs(l1 - l2), l1 + l2 + 1)
            )
            assert sum(squares, Q(0)) == 1


@given(triples())
def test_symmetries(arguments: tuple[int, ...]) -> None:
    l1, l2, l3, m1, m2, m3 = arguments
    sign = -1 if (l1 + l2 + l3) % 2 else 1
    value = wigner_3j(*arguments)
    assert wigner_3j(l2, l3, l1, m2, m3, m1) == value
    for other in (wigner_3j(l2, l1, l3, m2, m1, m3), wigner_3j(l1, l2, l3, -m1, -m2, -m3)):
        assert other.signed_square == sign * value.signed_square
    assert gaunt(l3, l1, l2, m3, m1, m2) == gaunt(*arguments) == gaunt(l2, l1, l3, m2, m1, m3)
    if l3 > l1 + l2 or m1 + m2 + m3 or (l1 + l2 + l3) % 2:
        assert not gaunt(*arguments)


def test_gaunt_against_mpmath_quadrature() -> None:
    with mpmath.workdps(30):
        for arguments in [(2, 3, 5, 1, -2, 1), (4, 4, 4, 0, 0, 0), (3, 2, 1, 3, -2, -1)]:
            ls, ms = arguments[:3], arguments[3:]

            def integrand(theta: mpmath.mpf, ls: tuple = ls, ms: tuple = ms) -> mpmath.mpf:
                value = mpmath.sin(theta) * 2 * mpmath.pi
                for l, m in zip(ls, ms, strict=True):
                    value *= mpmath.re(mpmath.spherharm(l, m, theta, 0))
                return value

            expected = mpmath.quad(integrand, [0, mpmath.pi / 2, mpmath.pi])
            assert float(gaunt(*arguments)) == pytest.approx(float(expected), rel=1e-13)


def test_large_degrees_against_mpmath() -> None:
    # Σ over l of Gaunt² (4π)/((2l1+1)(2l2+1)) … the 3j square sum, at a degree no table reaches.
    l = 120
    value = wigner_3j(l, l, 2 * l, 0, 0, 0)
    with mpmath.workdps(60):
        f = mpmath.factorial
        expected = mpmath.sqrt(f(2 * l) ** 2 / f(4 * l + 1)) * f(2 * l) / f(l) ** 2
    assert float(value) == pytest.approx(float(expected), rel=1e-14)


def test_table_is_every_coefficient_once() -> None:
    table = gaunt_table(3, 2, 4)
    for l1 in range(4):
        for l2 in range(3):
            for l3 in range(5):
                block = table.get((l1, l2, l3), {})
                assert block == gaunt_block(l1, l2, l3)
                for m1 in range(-l1, l1 + 1):
                    for m2 in range(-l2, l2 + 1):
                        value = gaunt(l1, l2, l3, m1, m2, -m1 - m2)
                        assert block.get((m1, m2), Surd(0)) == value


def test_real_gaunt_equals_sympy() -> None:
    for l1, l2, l3 in [(1, 1, 2), (2, 2, 2), (1, 2, 3), (2, 3, 3), (0, 2, 2)]:
        block = real_gaunt_block(l1, l2, l3)
        for m1 in range(-l1, l1 + 1):
            for m2 in range(-l2, l2 + 1):
                for m3 in range(-l3, l3 + 1):
                    expected = oracle.real_gaunt(l1, l2, l3, m1, m2, m3)
                    value = block.get((m1, m2, m3), Surd(0))
                    assert value == real_gaunt(l1, l2, l3, m1, m2, m3)
                    assert same(value, expected)


def test_real_change_of_basis_is_unitary() -> None:
    for l in range(4):
        unitary = real_from_complex(l)
        for m in range(-l, l + 1):
            assert sum((v.square for (a, _), (v, _) in unitary.items() if a == m), Q(0)) == 1
            assert sum((v.square for (_, b), (v, _) in unitary.items() if b == m), Q(0)) == 1


@pytest.mark.parametrize("ls", [(1, 1, 0), (1, 1, 1), (2, 1, 2), (2, 3, 3), (3, 2, 3), (2, 2, 4)])
def test_real_3j_is_the_complex_one_in_another_basis(ls: tuple[int, int, int]) -> None:
    # The whole sum over complex orders, in floating point; the package uses one term of it.
    changes = []
    for l in ls:
        change = np.zeros((2 * l + 1, 2 * l + 1), complex)
        for (m, order), (modulus, turns) in real_from_complex(l).items():
            change[m + l, order + l] = float(modulus) * 1j**turns
        changes.append(change)
    complex_array = np.zeros([2 * l + 1 for l in ls])
    for orders, value in wigner_3j_block(*ls).items():
        complex_array[tuple(m + l for m, l in zip(orders, ls, strict=True))] = float(value)
    total = np.einsum("ai,bj,ck,ijk->abc", *changes, complex_array)
    total *= -1j if sum(ls) % 2 else 1
    real = np.zeros(complex_array.shape)
    for orders, value in real_wigner_3j_block(*ls).items():
        real[tuple(m + l for m, l in zip(orders, ls, strict=True))] = float(value)
    np.testing.assert_allclose(total, real, atol=1e-15)
    block = real_wigner_3j_block(*ls)
    assert list(block) == sorted(block)
    for orders in np.ndindex(*real.shape):
        ms = [int(i) - l for i, l in zip(orders, ls, strict=True)]
        assert real_wigner_3j(*ls, *ms) == block.get(tuple(ms), Surd(0))
        for convention, sign in (("e3nn", e3nn_sign(*ls)), ("e3nn-0.4", e3nn_table_sign(*ls))):
            assert real_wigner_3j(*ls, *ms, convention) == sign * block.get(tuple(ms), Surd(0))


def test_real_harmonics_are_e3nns_with_renamed_axes() -> None:
    torch = pytest.importorskip("torch")
    o3 = pytest.importorskip("e3nn.o3")
    from span_theorem import E3NN_AXES, expand_product

    generator = torch.Generator().manual_seed(3)
    v = torch.nn.functional.normalize(
        torch.randn(20, 3, dtype=torch.float64, generator=generator), dim=-1
    )

    def real(l: int, m: int) -> torch.Tensor:  # e3nn's function number m + l, as our (l, m)
        theirs = o3.spherical_harmonics(l, v, normalize=True, normalization="integral")
        return theirs[:, l + m]

    # l = 1 is (y, z, x) in our axes, which fixes the renaming …
    ours = v[:, list(E3NN_AXES)]
    expected = ours[:, [1, 2, 0]] * (3 / (4 * torch.pi)) ** 0.5
    assert torch.allclose(torch.stack([real(1, m) for m in (-1, 0, 1)], 1), expected)
    # … and the exact product expansion, a statement about all functions at once, the rest.
    for factors in [[(1, -1), (2, 1)], [(2, -2), (2, 2)], [(3, 1), (2, -1), (1, 1)], [(2, 0)] * 3]:
        product = torch.ones(20, dtype=torch.float64)
        for l, m in factors:
            product = product * real(l, m)
        expansion = expand_product(factors, "real")
        total = sum(float(c) * real(l, m) for (l, m), c in expansion.items())
        assert torch.allclose(product, total, atol=1e-12)


def test_meaningless_arguments_raise() -> None:
    negative = [
        lambda: wigner_3j(-1, 1, 1, 0, 0, 0),
        lambda: gaunt_table(-1, 0, 0),
        lambda: real_gaunt(1, -1, 0, 0, 0, 0),
    ]
    not_integers = [
        lambda: gaunt(1, 1, 2, 0.5, 0, 0),  # type: ignore[arg-type]
        lambda: clebsch_gordan(1.0, 0, 1, 0, 0, 0),  # type: ignore[arg-type]
        lambda: real_wigner_3j(1, 1, 1, "0", 0, 0),  # type: ignore[arg-type]
    ]
    for call in negative:
        with pytest.raises(ValueError, match="integer ≥ 0, got -1"):
            call()
    for call in not_integers:
        with pytest.raises(TypeError, match="must be an integer"):
            call()
