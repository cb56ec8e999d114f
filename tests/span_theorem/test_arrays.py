"""Dense coupling tensors beside e3nn and pywigxjpf, up to degree 30."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from typing import Any

import mpmath
import numpy as np
import pytest

from span_theorem import (
    Surd,
    arrays,
    e3nn_table_sign,
    real_gaunt,
    real_gaunt_array,
    real_gaunt_block,
    real_wigner_3j,
    real_wigner_3j_array,
    real_wigner_3j_block,
    surd,
    wigner,
    wigner_3j_block,
)

TRIPLES = [(0, 0, 0), (1, 1, 1), (2, 1, 3), (3, 3, 2), (5, 4, 6), (12, 10, 9), (30, 30, 30)]


E3NN = importlib.metadata.version("e3nn") if importlib.util.find_spec("e3nn") else ""


@pytest.mark.parametrize("ls", [*TRIPLES, (14, 13, 12), (20, 11, 16), (16, 16, 9)], ids=str)
@pytest.mark.skipif(E3NN.startswith("0.4"), reason="e3nn 0.4 has another sign, and l ≤ 11")
def test_real_3j_is_e3nns(ls: tuple[int, int, int]) -> None:
    torch = pytest.importorskip("torch")
    o3 = pytest.importorskip("e3nn.o3")
    ours = real_wigner_3j_array(*ls, convention="e3nn")
    theirs = o3.wigner_3j(*ls, dtype=torch.float64).numpy()
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-14)


def largest_entry(ls: tuple[int, int, int]) -> tuple[tuple[int, ...], float]:
    array = real_wigner_3j_array(*ls)
    place = tuple(int(i) for i in np.unravel_index(abs(array).argmax(), array.shape))
    return place, float(array[place])


def test_e3nns_sign_for_every_l_up_to_11() -> None:
    torch = pytest.importorskip("torch")
    o3 = pytest.importorskip("e3nn.o3")
    convention: Any = "e3nn-0.4" if E3NN.startswith("0.4") else "e3nn"
    top = 11 if E3NN.startswith("0.4") else 6  # e3nn 0.6 takes a minute to l = 11: marked slow
    check_signs(o3, torch, convention, top)


@pytest.mark.slow
def test_e3nns_sign_for_every_l_up_to_11_at_length() -> None:
    torch = pytest.importorskip("torch")
    o3 = pytest.importorskip("e3nn.o3")
    check_signs(o3, torch, "e3nn-0.4" if E3NN.startswith("0.4") else "e3nn", 11)


def check_signs(o3: Any, torch: Any, convention: Any, top: int) -> None:
    changed = 0
    for l1 in range(top + 1):
        for l2 in range(top + 1):
            for l3 in range(abs(l1 - l2), min(l1 + l2, top) + 1):
                ls = l1, l2, l3
                theirs = o3.wigner_3j(*ls, dtype=torch.float64)
                place, plain = largest_entry(ls)
                ours = real_wigner_3j_array(*ls, convention=convention)[place]
                assert abs(float(theirs[place]) - ours) < 1e-9
                changed += ours != plain
    assert changed > 10  # the sign is needed


def test_the_two_rules_for_e3nns_sign_differ_for_odd_sums_alone() -> None:
    for ls in np.ndindex(6, 6, 6):
        l1, l2, l3 = (int(l) for l in ls)
        if not abs(l1 - l2) <= l3 <= l1 + l2:
            continue
        new = real_wigner_3j_array(l1, l2, l3, convention="e3nn")
        old = real_wigner_3j_array(l1, l2, l3, convention="e3nn-0.4")
        if (l1 + l2 + l3) % 2 == 0:
            np.testing.assert_array_equal(new, old)
            assert old[l1, l2, l3] > 0
        else:  # the rule as it is stated, read off the array of ascending degrees
            a, b, c = sorted((l1, l2, l3))
            first = real_wigner_3j_array(a, b, c)
            assert e3nn_table_sign(l1, l2, l3) == np.sign(first[np.nonzero(first)][0])
    with pytest.raises(ValueError, match="'e3nn'"):
        real_wigner_3j_array(1, 1, 1, convention="e3x")  # type: ignore[arg-type]


@pytest.mark.parametrize("ls", [(1, 2, 3), (5, 4, 6), (12, 11, 10), (12, 12, 24)], ids=str)
def test_every_entry_is_the_nearest_double(ls: tuple[int, int, int]) -> None:
    # mpmath from the radicand; in arrays that went through long double.
    for array, block in (
        (real_wigner_3j_array(*ls), real_wigner_3j_block(*ls)),
        (real_gaunt_array(*ls), real_gaunt_block(*ls)),
    ):
        assert np.count_nonzero(array) == len(block)
        with mpmath.workprec(300):
            for orders, value in list(block.items())[::3]:
                root = mpmath.sqrt(mpmath.mpf(value.square.numerator) / value.square.denominator)
                exact = value.sign * root * mpmath.sqrt(mpmath.pi) ** value.pi_power
                place = tuple(m + l for m, l in zip(orders, ls, strict=True))
                assert array[place] == float(exact)


def test_entries_near_a_tie_are_decided_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = real_wigner_3j_array(12, 12, 24)
    decided: list[Surd] = []

    def counting(*arguments: int) -> Surd:
        decided.append(surd.reduced(*arguments))
        return decided[-1]

    monkeypatch.setattr(arrays, "reduced", counting)
    np.testing.assert_array_equal(real_wigner_3j_array(12, 12, 24), usual)
    few = len(decided)
    monkeypatch.setattr(arrays, "_ERROR", 2000)  # everything is near a tie now
    np.testing.assert_array_equal(real_wigner_3j_array(12, 12, 24), usual)
    assert 0 < few < 30
    assert len(decided) > 5 * few
    # Without the decision, and with a coarser type, wrong roundings are seen.
    monkeypatch.setattr(arrays, "_ERROR", 0)
    monkeypatch.setattr(np, "longdouble", np.float64)
    arrays._binomials.cache_clear()
    coarse = arrays._array((12, 12, 24), *square_of(12, 12, 24), 0)
    arrays._binomials.cache_clear()
    assert (coarse != usual).any()
    np.testing.assert_allclose(coarse, usual, rtol=1e-14)


def square_of(l1: int, l2: int, l3: int) -> tuple[int, int]:
    square = wigner.coupling_square(2 * l1, 2 * l2, 2 * l3)
    assert square is not None
    return -square[0] if (l1 - l2) % 2 else square[0], square[1] * (2 * l3 + 1)


def test_without_a_long_double_all_entries_are_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = real_wigner_3j_array(4, 5, 6, "e3nn"), real_gaunt_array(4, 5, 7)
    monkeypatch.setattr(arrays, "_EXACT_SUM", -1)
    np.testing.assert_array_equal(real_wigner_3j_array(4, 5, 6, "e3nn"), usual[0])
    np.testing.assert_array_equal(real_gaunt_array(4, 5, 7), usual[1])


def test_complex_3j_agrees_with_pywigxjpf() -> None:
    wig = pytest.importorskip("pywigxjpf", reason="pywigxjpf is not installed")
    wig.wig_table_init(2 * 30, 3)
    wig.wig_temp_init(2 * 30)
    for l1, l2, l3 in [(3, 4, 5), (10, 12, 15), (30, 30, 28)]:
        for (m1, m2, m3), value in wigner_3j_block(l1, l2, l3).items():
            theirs = wig.wig3jj(2 * l1, 2 * l2, 2 * l3, 2 * m1, 2 * m2, 2 * m3)
            assert float(value) == pytest.approx(theirs, rel=1e-13)
    wig.wig_temp_free()
    wig.wig_table_free()


@pytest.mark.parametrize("ls", [(1, 2, 3), (3, 3, 2), (2, 2, 1), (4, 0, 4)], ids=str)
def test_blocks_hold_every_single_coefficient(ls: tuple[int, int, int]) -> None:
    gaunts, symbols = real_gaunt_array(*ls), real_wigner_3j_array(*ls)
    for index in np.ndindex(*gaunts.shape):
        orders = [i - l for i, l in zip(index, ls, strict=True)]
        assert gaunts[index] == float(real_gaunt(*ls, *orders))
        assert symbols[index] == float(real_wigner_3j(*ls, *orders))


def test_gaunt_is_a_multiple_of_the_invariant() -> None:
    # One invariant up to scale in V_l1 ⊗ V_l2 ⊗ V_l3: a second route to every entry.
    for ls in [(2, 2, 2), (3, 2, 5), (6, 7, 3)]:
        a, b = real_gaunt_array(*ls).ravel(), real_wigner_3j_array(*ls).ravel()
        np.testing.assert_allclose(a, (a @ b) * b, atol=1e-15)
        assert abs(a @ b) > 0.01


def test_selection_rules_give_zeros() -> None:
    assert not real_wigner_3j_array(1, 1, 3).any()
    assert not real_gaunt_array(1, 1, 1).any()
    with pytest.raises(ValueError, match="integer ≥ 0"):
        real_gaunt_array(-1, 1, 1)


def test_e3nns_sign_is_cuequivariances_too() -> None:
    cue = pytest.importorskip("cuequivariance", reason="cuequivariance is not installed")
    for ls in [(1, 1, 0), (1, 1, 1), (2, 1, 2), (2, 3, 4), (3, 3, 3), (4, 2, 3), (5, 4, 4)]:
        (theirs,) = np.asarray(cue.clebsch_gordan(*(cue.SO3(l) for l in ls)))
        ours = real_wigner_3j_array(*ls, convention="e3nn") * (2 * ls[2] + 1) ** 0.5
        np.testing.assert_allclose(ours, theirs, atol=1e-12)
