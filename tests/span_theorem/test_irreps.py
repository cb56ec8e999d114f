"""Irreps: notation, algebra, and agreement with e3nn."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from span_theorem import Irrep, Irreps, feature_irreps

o3 = pytest.importorskip("e3nn.o3", reason="e3nn is not installed")

irreps = st.lists(
    st.tuples(st.integers(1, 3), st.builds(Irrep, st.integers(0, 4), st.sampled_from([-1, 1]))),
    max_size=3,
).map(lambda terms: Irreps(tuple(terms)))


@given(irreps)
def test_text_round_trip_and_e3nn_reads_the_same(rep: Irreps) -> None:
    assert Irreps.parse(str(rep)) == rep
    theirs = o3.Irreps("+".join(f"{mul}x{ir}" for mul, ir in rep))
    assert theirs.dim == rep.dim


@pytest.mark.parametrize(
    "text", ["8 x 0e", " 2x1 o+ 0e ", "3 x 2 y", "0x1o+1e", "08x01o", "1o+1o", "12x\t3e", "  "]
)
def test_every_spelling_that_e3nn_takes(text: str) -> None:
    theirs = "+".join(str(term) for term in o3.Irreps(text) if term.mul)
    assert "+".join(f"{mul}x{ir}" for mul, ir in Irreps.parse(text)) == theirs


@pytest.mark.parametrize("text", ["x0e", "8x", "-1x0e", "1ee", "1 x 2 x 0e", "0e+", "e", "8*0e"])
def test_what_e3nn_refuses(text: str) -> None:
    with pytest.raises(ValueError, match="irrep"):
        Irreps.parse(text)
    with pytest.raises(ValueError, match="convert"):
        o3.Irreps(text)


@given(irreps, irreps)
def test_tensor_product_matches_e3nn_and_dimension(a: Irreps, b: Irreps) -> None:
    product = a * b
    assert product.dim == a.dim * b.dim
    counts: dict[str, int] = {}
    for mul1, ir1 in o3.Irreps(str(a)):
        for mul2, ir2 in o3.Irreps(str(b)):
            for ir in ir1 * ir2:
                counts[str(ir)] = counts.get(str(ir), 0) + mul1 * mul2
    assert {str(ir): mul for ir, mul in product.counts().items()} == counts


def test_without_parity_and_natural_parity() -> None:
    assert Irrep.parse("2y") == Irrep(2, 1)
    assert Irrep.parse("3y") == Irrep(3, -1)
    assert str(Irreps.parse("2x1+3")) == "2x1+3"
    assert Irrep(1) * Irrep(2) == (Irrep(1), Irrep(2), Irrep(3))
    assert Irreps.parse("") == Irreps() == Irreps.parse("0x1o")


@pytest.mark.parametrize("text", ["1u", "x1o", "-1o", "1.5e", "2x", "1o,2e", "1o++2e", "e"])
def test_unreadable_notation_names_the_text(text: str) -> None:
    with pytest.raises(ValueError, match="cannot read"):
        Irreps.parse(text)


def test_a_number_of_thousands_of_digits_is_named_in_short() -> None:
    for text in ("9" * 5000 + "e", "9" * 5000 + "x1o"):
        with pytest.raises(ValueError, match=r"^cannot read '9{50,60}… as an irrep"):
            Irreps.parse(text)


def test_errors_name_value_and_range() -> None:
    with pytest.raises(ValueError, match="integer ≥ 0, got -1"):
        Irrep(-1)
    with pytest.raises(TypeError, match=r"1\.0"):
        Irrep(1.0)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="True"):
        Irreps.upto(True)
    with pytest.raises(ValueError, match="parity"):
        Irrep(1, 2)
    with pytest.raises(ValueError, match="do not mix"):
        Irreps.parse("1o+2")
    with pytest.raises(ValueError, match="one has a parity"):
        Irrep(1) * Irrep(1, 1)
    with pytest.raises(ValueError, match="no multiplicity"):
        Irrep.parse("2x1o")
    with pytest.raises(ValueError, match="'upto' or 'exact'"):
        feature_irreps(1, "all")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no largest"):
        _ = Irreps().lmax
    with pytest.raises(TypeError, match="expected an Irrep"):
        Irreps(((1, "1o"),))  # type: ignore[arg-type]
