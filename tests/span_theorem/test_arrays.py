"""Dense coupling tensors beside e3nn and pywigxjpf, up to degree 30."""

from __future__ import annotations

import numpy as np
import pytest

from span_theorem import (
    real_gaunt,
    real_gaunt_array,
    real_wigner_3j,
    real_wigner_3j_array,
    wigner_3j_block,
)

TRIPLES = [(0, 0, 0), (1, 1, 1), (2, 1, 3), (3, 3, 2), (5, 4, 6), (12, 10, 9), (30, 30, 30)]


@pytest.mark.parametrize("ls", TRIPLES, ids=str)
def test_real_3j_is_e3nns_up_to_one_sign(ls: tuple[int, int, int]) -> None:
    torch = pytest.importorskip("torch")
    o3 = pytest.importorskip("e3nn.o3")
    ours = real_wigner_3j_array(*ls)
    theirs = o3.wigner_3j(*ls, dtype=torch.float64).numpy()
    assert min(abs(ours - theirs).max(), abs(ours + theirs).max()) < 1e-14


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
