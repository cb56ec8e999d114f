"""Coupling bases: exact identities, counts by a second route, the real basis, one direction."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from itertools import permutations
from math import factorial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import sph_harm_y

from span_theorem import Irrep, Irreps, Surd
from span_theorem.coupling import coupling_basis, coupling_counts, dense_arrays
from span_theorem.coupling._block import lower, norm2, raised
from span_theorem.coupling.basis import CouplingBasis, CouplingVector
from span_theorem.multiplicity import multiplicities
from span_theorem.wigner import clebsch_gordan

CASES = [
    ("0e+1o+2e", 3, "symmetric"),
    ("2x1o+1e+1o", 2, "symmetric"),
    ("2x1o+1e", 3, "symmetric"),
    ("1o+2e", 3, "tensor"),
    ("0e+3o", 4, "symmetric"),
    ("2", 5, "symmetric"),
    ("1+2x2", 2, "tensor"),
]


def real_harmonics(l: int, x: np.ndarray) -> np.ndarray:
    """Real harmonics of one direction by the definition, from scipy's complex ones."""
    theta, phi = np.arccos(x[2]), np.arctan2(x[1], x[0])
    values = []
    for m in range(-l, l + 1):
        y = sph_harm_y(l, abs(m), theta, phi)
        part = y.real if m >= 0 else y.imag
        values.append(part if m == 0 else np.sqrt(2) * (-1) ** m * part)
    return np.array(values)


@pytest.mark.parametrize(("irreps", "degree", "power"), CASES)
def test_number_of_vectors_is_the_multiplicity(irreps, degree, power):
    basis = coupling_basis(irreps, degree, power=power)
    expected = {k: n for k, n in multiplicities(Irreps.parse(irreps), degree, power).items() if n}
    assert basis.counts() == expected
    assert coupling_counts(Irreps.parse(irreps), degree, power) == expected


@pytest.mark.parametrize(("irreps", "degree", "power"), CASES)
def test_exact_ladder_and_orthogonality(irreps, degree, power):
    basis = coupling_basis(irreps, degree, power=power)
    families: dict[object, list[CouplingVector]] = {}
    for v in basis.vectors:
        J = v.irrep.l
        assert not raised(v.groups, v.highest)
        assert norm2(v.groups, v.highest, symmetric=v.symmetric) == v.norm2 > 0
        chain = lower(v.groups, v.highest, 2 * J + 1)
        assert not chain[-1]
        for k in range(1, 2 * J + 1):  # E F^(k) v = (2J-k+1) F^(k-1) v, divided powers
            scaled = {key: (2 * J - k + 1) * x for key, x in chain[k - 1].items()}
            assert raised(v.groups, chain[k]) == scaled
        families.setdefault((v.irrep, v.content), []).append(v)
    for family in families.values():
        for i, a in enumerate(family):
            for b in family[:i]:
                # Polarisation: |a+b|² = |a|² + |b|² exactly where a ⟂ b.
                both = {
                    key: a.highest.get(key, 0) + b.highest.get(key, 0)
                    for key in a.highest.keys() | b.highest.keys()
                }
                total = norm2(a.groups, both, symmetric=a.symmetric)
                assert total == a.norm2 + b.norm2


def test_an_orthogonality_failure_would_be_seen():
    a, b = coupling_basis("2", 5, "2").vectors[0], coupling_basis("2", 4, "2").vectors[0]
    tilted = {key: 2 * x for key, x in a.highest.items()}
    assert norm2(a.groups, tilted, symmetric=True) != 2 * a.norm2
    broken = dict(b.highest)
    broken.pop(next(iter(broken)))
    assert raised(b.groups, broken)


@pytest.mark.parametrize(("irreps", "degree", "power"), CASES)
def test_exact_rows_have_norm_one_in_both_bases(irreps, degree, power):
    for v in coupling_basis(irreps, degree, power=power).vectors[:40]:
        for entries in (v.entries(), v.complex_entries()):
            rows: dict[int, Fraction] = {}
            for (M, key), value in entries.items():
                assert isinstance(value, Surd)
                orderings = 1
                if v.symmetric:
                    labels = list(zip(v.content, key, strict=True))
                    orderings = factorial(degree)
                    for label in set(labels):
                        orderings //= factorial(labels.count(label))
                rows[M] = rows.get(M, Fraction(0)) + orderings * value.square
            assert rows == dict.fromkeys(range(-v.irrep.l, v.irrep.l + 1), Fraction(1))


@pytest.mark.parametrize(("l1", "l2"), [(1, 1), (1, 2), (2, 3), (3, 1)])
def test_two_factors_give_clebsch_gordan_up_to_one_sign(l1, l2):
    basis = coupling_basis(f"{l1}+{l2}", 2, power="tensor")
    for v in basis.vectors:
        if v.content != (0, 1):
            continue
        J, signs = v.irrep.l, set()
        entries = v.complex_entries()
        for m1 in range(-l1, l1 + 1):
            for m2 in range(-l2, l2 + 1):
                if abs(m1 + m2) > J:
                    continue
                ours = entries.get((m1 + m2, (m1, m2)), Surd(Fraction(0)))
                theirs = clebsch_gordan(l1, m1, l2, m2, J, m1 + m2)
                assert ours.square == theirs.square
                signs |= {ours.sign * theirs.sign} - {0}
        assert len(signs) == 1


def test_stretched_vector_is_unique_and_survives():
    basis = coupling_basis(Irreps.upto(3), 4, "12e")
    (vector,) = basis.vectors
    assert vector.highest == {(3, 3, 3, 3): 1}
    assert vector.direction_constant


@pytest.mark.parametrize(
    ("irreps", "degree"), [("0e+1o+2e", 3), ("2e", 4), ("1o+3o", 3), ("2x1o", 3)]
)
def test_direction_constant_against_harmonics(irreps, degree):
    basis = coupling_basis(irreps, degree)
    arrays = dense_arrays(basis)
    x = np.array([0.36, -0.48, 0.8])
    features = np.concatenate([real_harmonics(ir.l, x) for ir in basis.channels])
    for irrep, array in arrays.items():
        value = array
        for _ in range(degree):
            value = value @ features
        constants = np.array([float(v.direction_constant) for v in basis.of(irrep)])
        expected = constants[:, None] * real_harmonics(irrep.l, x)
        np.testing.assert_allclose(value, expected, atol=1e-13)
    assert any(basis.survivors())
    assert not all(basis.survivors())


@pytest.mark.parametrize("l", [1, 2, 3, 4])
def test_at_most_one_survivor_for_every_content(l):
    """T1′: as functions of one direction each V_J in Sym^d(V_l) survives at most once."""
    for degree in (2, 3, 4):
        basis = coupling_basis(Irreps.exact(l), degree)
        for irrep in basis.counts():
            alive = [bool(v.direction_constant) for v in basis.of(irrep)]
            assert sum(alive) == (1 if (irrep.l - l * degree) % 2 == 0 else 0)


def test_outputs_that_do_not_occur_are_empty():
    basis = coupling_basis("1o", 2, "1e+5o+2e")
    counts = {str(irrep): n for irrep, n in basis.counts().items()}
    assert counts == {"1e": 0, "2e": 1, "5o": 0}
    arrays = dense_arrays(basis)
    assert arrays[Irrep.parse("5o")].shape == (0, 11, 3, 3)
    assert coupling_basis("", 3).vectors == ()


def test_keep_selects_from_the_same_basis():
    every = coupling_basis("0e+1o+2e", 3)
    some = coupling_basis("0e+1o+2e", 3, "2e+0e")
    assert some.vectors == every.of("0e") + every.of("2e")


def test_order_and_vectors_depend_on_nothing_but_the_input():
    code = (
        "from span_theorem.coupling import *; import hashlib; b = coupling_basis('2x1o+2e', 4);"
        "print(hashlib.sha256(repr([(str(v.irrep), v.content, sorted(v.highest.items()), v.norm2)"
        " for v in b.vectors]).encode()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
        ).stdout
        for seed in ("0", "1")
    }
    assert len(digests) == 1
    assert len(digests.pop()) == 65


def test_import_needs_neither_numpy_nor_torch():
    code = (
        "import sys; import span_theorem.coupling as c; c.coupling_basis('1o+2e', 3);"
        "assert not {'numpy', 'torch', 'scipy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": ":".join(sys.path)})


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        (("1q", 2), ValueError, "1q"),
        (("1o", 0), ValueError, "degree"),
        (("1o", -1), ValueError, "degree"),
        (("1o", 2.0), TypeError, "degree"),
        (("1o", 2, "1"), ValueError, "parities"),
        (("1o", 2, ["1o"]), TypeError, "keep"),
        (("1o", 2, None, "exterior"), ValueError, "power"),
        (("0e+1o+2e+3o+4e+5o+6e", 8), ValueError, "at most"),
    ],
)
def test_bad_input(arguments, error, text):
    with pytest.raises(error, match=text):
        coupling_basis(*arguments)


@given(
    terms=st.lists(
        st.tuples(st.integers(1, 2), st.integers(0, 2), st.sampled_from([1, -1])),
        min_size=1,
        max_size=3,
    ),
    degree=st.integers(1, 3),
    power=st.sampled_from(["symmetric", "tensor"]),
)
def test_dimensions_add_up(terms, degree, power):
    irreps = Irreps(tuple((mul, Irrep(l, p)) for mul, l, p in terms))
    basis: CouplingBasis = coupling_basis(irreps, degree, power=power)
    n = irreps.dim
    whole = n**degree
    if power == "symmetric":
        whole = factorial(n + degree - 1) // factorial(n - 1) // factorial(degree)
    assert sum(v.irrep.dim for v in basis.vectors) == whole


def test_symmetric_arrays_are_symmetric_and_the_check_can_fail():
    array = dense_arrays(coupling_basis("0e+1o+2e", 3))[Irrep.parse("1o")]
    for order in permutations(range(3)):
        np.testing.assert_array_equal(array, array.transpose(0, 1, *(2 + i for i in order)))
    tensor = dense_arrays(coupling_basis("0e+1o+2e", 3, power="tensor"))[Irrep.parse("1o")]
    assert np.abs(tensor - tensor.transpose(0, 1, 3, 2, 4)).max() > 0.1


@pytest.mark.parametrize(("irreps", "degree"), [("99999999x1o", 3), ("10000e", 3), ("2e", 1000)])
def test_sizes_that_cannot_fit_are_refused_at_once(irreps: str, degree: int) -> None:
    with pytest.raises(ValueError, match="too large: at most dimension"):
        coupling_basis(irreps, degree)


@pytest.mark.parametrize("degree", [0, -1, 1001, 10**100])
def test_the_degree_is_judged_first(degree: int) -> None:
    with pytest.raises(ValueError, match="degree must be an integer from 1 to 1000"):
        coupling_basis("0e", degree)


def test_counting_that_takes_long_is_refused() -> None:
    with pytest.raises(ValueError, match="counting the weights takes 210210000"):
        coupling_basis("100x10e", 100)
