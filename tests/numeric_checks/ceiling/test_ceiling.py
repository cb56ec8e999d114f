"""T4, T5 and T6 are seen on random equivariant features, and false statements are noticed."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numeric_checks.ceiling import observe as ceiling
from numeric_checks.ceiling.__main__ import main
from numeric_checks.ceiling.observe import observe_ceiling
from numeric_checks.ceiling.random_features import RandomFeatures, random_sites
from numeric_checks.ceiling.result import Ceiling, CeilingRow, failures_of, missing_controls
from numeric_checks.readouts import componentwise
from numeric_checks.readouts.componentwise import over_quadrature
from numeric_checks.readouts.products import coupled_products
from numeric_checks.readouts.ridge import fit_ridge
from numeric_checks.rotations.sampling import random_rotations
from numeric_checks.rotations.wigner import rotate_features, unit_harmonics, wigner
from span_theorem.irreps import Irrep, Irreps

SMALL = "2x0e+3x1o"


@pytest.fixture(scope="module")
def seen() -> Ceiling:
    """The smallest case with products: L = 1, d = 2, boundary 2."""
    return observe_ceiling(SMALL, d=2, seed=1)


def test_the_ceiling_is_observed(seen: Ceiling) -> None:
    assert seen.verdict == "observed", seen.text
    assert (seen.L, seen.claim, [row.ell for row in seen.rows]) == (1, 2, [1, 2, 3, 4])
    for row in seen.rows:
        assert row.exact == pytest.approx(row.exact_equivariant, abs=1e-12)
        if row.ell <= 2:
            assert min(row.exact, row.equivariant, row.random) > 0.1
        else:
            assert row.exact < 1e-20
            assert row.equivariant == pytest.approx(0, abs=1e-12)
            # T6: about -P/N, with the scatter of a hundred held-out frames.
            assert row.random == pytest.approx(
                -seen.weights / seen.samples, abs=4 * row.random_error
            )
    assert seen.rows[2].nonpolynomial > 0.1


@given(
    st.sampled_from(["1x0e+2x1o", "2x1e", "1x0o+1x1e+1x2o", "2x2", "1x0e+1x3o", "2x0e"]),
    st.integers(1, 3),
    st.integers(0, 2**20),
)
@settings(max_examples=12)
def test_any_irreps_have_the_ceiling_and_the_equivariant_optimum(
    irreps: str, d: int, seed: int
) -> None:
    read = Irreps.parse(irreps)
    top = d * read.lmax
    sites = random_sites(read, 1, 3, atoms=4, jitter=0.05, seed=seed)
    values = over_quadrature(sites, d, read.lmax, top + 2, 9, frames=2)
    truth = unit_harmonics(top + 2, sites.vectors[:, 0])
    for ell, value in enumerate(values, start=1):
        columns = coupled_products(sites.features, 0, d, ell, parity="any")[sites.held[:2]]
        target = truth[ell][sites.held[:2]]
        assert value == pytest.approx(ceiling._projected(columns, target), abs=1e-10)
        if ell > top:
            assert value < 1e-18
        elif ell == top:
            assert value > 1e-6


def test_a_higher_degree_passes_the_boundary_of_a_lower_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--irreps", SMALL, "--d", "3", "--claim", "2", "--seed", "1"]) == 3
    out = capsys.readouterr().out
    assert "not observed" in out
    for readout in ("over the quadrature, above", "closed form, above", "random rotations, above"):
        assert f"{readout} ℓ = 2" in out


def test_a_boundary_claimed_too_high_is_not_reached(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--irreps", SMALL, "--d", "1", "--claim", "2", "--json"]) == 3
    printed = json.loads(capsys.readouterr().out)
    assert printed["verdict"] == "not observed"
    assert any("not reached" in reason for reason in printed["failures"])


def test_a_wrong_target_degree_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A target of degree ℓ that is called ℓ + 1 lies below the boundary that it should pass."""

    def shifted(l_max: int, directions: np.ndarray) -> list[np.ndarray]:
        true = unit_harmonics(l_max, directions)
        return [true[0], *true[:-1]]

    monkeypatch.setattr(componentwise, "unit_harmonics", shifted)
    assert any(
        "ℓ = 3: R²" in reason and "above ℓ = 2" in reason
        for reason in observe_ceiling(SMALL, d=2, seed=1).failures
    )


def test_a_coarse_quadrature_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    coarse = componentwise.rotation_quadrature
    monkeypatch.setattr(componentwise, "rotation_quadrature", lambda degree: coarse(degree - 2))
    assert observe_ceiling(SMALL, d=2, seed=1).verdict == "not observed"


def test_a_dropped_product_breaks_the_equality_of_t5(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        ceiling, "coupled_products", lambda *args, **more: coupled_products(*args, **more)[:, 1:]
    )
    failures = observe_ceiling(SMALL, d=2, seed=1).failures
    assert any("not that of the equivariant form" in reason for reason in failures)


def test_a_control_without_power_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ceiling, "_random_units", lambda components, rng: lambda values: values)
    seen = observe_ceiling(SMALL, d=2, seed=1)
    assert (seen.verdict, seen.failures) == ("undecided", ())
    (doubt,) = seen.doubts
    assert "no control" in doubt


def test_features_that_cannot_show_a_degree_decide_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Three atoms lie in a plane: an axial vector stands on it and tells no odd degree in it."""
    case = ["--irreps", "1e", "--d", "2", "--atoms", "3", "--frames", "20", "--orientations", "80"]
    assert main(case) == 4
    assert "undecided\n  ℓ = 3: R²" in capsys.readouterr().out


def test_a_boundary_that_symmetric_features_do_not_reach_is_not_refuted() -> None:
    def row(ell: int, exact: float, free: float = 0.0) -> CeilingRow:
        return CeilingRow(ell, exact, exact, exact, exact, 0.01, free, 0.01)

    rows = [row(1, 0.2), row(2, 0.3), row(3, 0.0), row(4, 0.0, 0.2)]
    assert failures_of(rows, 3, 3) == ()
    assert "ℓ = 3 is not reached by these features" in missing_controls(rows, 1, 3, 3)[0]
    assert "ℓ = 3 is not reached" in failures_of(rows, 2, 3)[0]
    assert missing_controls(rows, 1, 2, 3) == ()
    above = [row(1, 0.2), row(2, 0.1, 0.2)]
    assert len(failures_of(above, 1, 1)) == 3


def test_invariants_alone_explain_nothing() -> None:
    seen = observe_ceiling("3x0e", d=2)
    assert (seen.verdict, seen.claim) == ("observed", 0)
    assert all(row.exact < 1e-20 for row in seen.rows)


def test_same_seed_same_rows() -> None:
    small = {"d": 1, "frames": 60, "orientations": 20}
    first, again, other = (observe_ceiling(SMALL, **small, seed=n).rows for n in (1, 1, 2))
    assert first == again
    assert first != other


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--d", "4"], "d must be an integer from 1 to 3, got '4'"),
        (["--d", "0"], "d must be an integer from 1 to 3, got '0'"),
        (["--irreps", "2z"], "cannot read '2z'"),
        (["--irreps", ""], "at least one irrep"),
        (["--irreps", "0x1o"], "at least one irrep"),
        (["--irreps", "1x9o"], "l ≤ 8"),
        (["--irreps", "99x2e"], "take fewer channels"),
        (["--irreps", "1o", "--ell-max", "2"], "above the boundary 2, got 2"),
        (["--irreps", "1o", "--claim", "-1"], "claim must be an integer from 0 to 64, got '-1'"),
        (["--irreps", "1o", "--l-max", "1e30"], "l-max must be an integer from 1 to 64"),
        (["--irreps", "1o", "--seed", "-1"], "seed must be an integer from 0 to"),
        (["--irreps", "1o", "--atoms", "2"], "atoms must be an integer from 3 to 100, got '2'"),
        (["--irreps", "1o", "--frames", "9"], "frames must be an integer from 10 to 1000000"),
        (["--irreps", "1o", "--orientations", "0"], "orientations must be an integer from 1 to"),
        (["--irreps", "1o", "--frames", "1000000", "--orientations", "99"], "GiB is allowed"),
        (["--l-max", "64"], "a quadrature of degree 68, for targets up to ℓ = 64, needs about"),
        (["--irreps", "3x1o", "--frames", "10", "--orientations", "5"], "too few for 55 weights"),
        (["--figure", "x.pdf"], "end in .svg or .png"),
        (["--figure", "no/such/folder/x.svg"], "no folder"),
    ],
)
def test_bad_input(
    arguments: list[str],
    message: str,
    exit_code: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert exit_code(main, arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_a_figure_is_drawn_and_not_replaced(
    tmp_path: Path,
    seen: Ceiling,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("matplotlib")
    monkeypatch.setattr(ceiling, "observe_ceiling", lambda *_, **__: seen)
    arguments = ["--irreps", SMALL, "--seed", "1", "--figure", str(tmp_path / "curve")]
    assert main(arguments) == 0
    assert "seed 1" in capsys.readouterr().out
    assert sorted(p.name for p in tmp_path.iterdir()) == ["curve.png", "curve.svg"]
    first = (tmp_path / "curve.svg").read_bytes()
    assert main(arguments) == 2
    assert "--force replaces it" in capsys.readouterr().err
    assert main([*arguments, "--force"]) == 0
    assert (tmp_path / "curve.svg").read_bytes() == first


@pytest.mark.parametrize("irreps", ["2x0e+1o+2e", "0o+1e+2o", "2x0+1+2", "3o"])
def test_random_features_are_equivariant(irreps: str) -> None:
    rng = np.random.default_rng(0)
    positions = rng.standard_normal((4, 5, 3))
    model = RandomFeatures(irreps, atoms=5, seed=7)
    features = model(positions)
    turns = random_rotations(4, rng)
    # The frames set one constant per irrep, which turning them leaves alone.
    turned = model(np.einsum("nab,nib->nia", turns, positions))
    mirrored = model(-positions)
    assert {name: f.shape[2] for name, f in features.items()} == {
        str(irrep): mul for irrep, mul in Irreps.parse(irreps).counts().items()
    }
    for name, expected in rotate_features(features, turns).items():
        np.testing.assert_allclose(turned[name], expected, atol=1e-12)
        assert np.abs(expected).max() > 0.1
        parity = Irrep.parse(name).p
        if parity:
            np.testing.assert_allclose(mirrored[name], parity * features[name], atol=1e-12)


@pytest.mark.parametrize(
    ("positions", "message"),
    [
        (np.zeros((2, 4, 3)), "two atoms"),
        (np.full((1, 4, 3), np.nan), "finite"),
        (np.ones((4, 3)), "shape"),
        (np.ones((1, 5, 3)), "shape"),
        (np.ones((0, 4, 3)), "shape"),
    ],
)
def test_bad_positions(positions: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        RandomFeatures("1o", atoms=4)(positions)


def test_bad_sites() -> None:
    for fit, held, jitter, message in ((0, 1, 0.1, "at least 1"), (1, 1, np.nan, "jitter")):
        with pytest.raises(ValueError, match=message):
            random_sites("1o", fit, held, jitter=jitter)


@pytest.mark.parametrize("parity", ["natural", "any"])
@pytest.mark.parametrize("degree", [1, 2, 3])
def test_coupled_products_are_equivariant_and_independent_of_rounding(
    degree: int, parity: str
) -> None:
    rng = np.random.default_rng(0)
    features = {
        name: rng.standard_normal((60, 1, 2, 2 * int(name[0]) + 1)) for name in ("1o", "2e", "1e")
    }
    turn = random_rotations(1, rng)
    turned = rotate_features(features, np.repeat(turn, 60, axis=0))
    sizes = {}
    for target in range(2 * degree + 1):
        columns = coupled_products(features, 0, degree, target, parity=parity)
        sizes[target] = columns.shape[1]
        np.testing.assert_allclose(
            coupled_products(turned, 0, degree, target, parity=parity),
            columns @ wigner(target, turn)[0].T,
            atol=1e-12,
        )
        # No column is rounding alone: V_5 is not in Sym³(V_2), and V_1 not in Sym²(V_1).
        assert ((columns**2).mean(axis=(0, 2)) > 1e-6).all()
    if parity == "natural":
        without = {name: features[name] for name in ("1o", "2e")}
        assert coupled_products(without, 0, degree, 2).shape[1] == sizes[2]


def test_more_parity_is_more_products() -> None:
    features = random_sites("2x1o+2x1e", 3, 3).features
    natural, every = (
        coupled_products(features, 0, 2, 1, parity=parity).shape[1] for parity in ("natural", "any")
    )
    assert (natural, every) == (2, 4 + 6)
    with pytest.raises(ValueError, match="'natural' or 'any'"):
        coupled_products(features, 0, 2, 1, parity="even")  # type: ignore[arg-type]


def test_products_of_one_degree_more_lower_no_error() -> None:
    sites = random_sites("2x0e+2x1o", 200, 50, seed=4)
    truth = unit_harmonics(2, sites.vectors[:, 0])[2]
    errors = []
    for degree in (1, 2, 3):
        products = coupled_products(sites.features, 0, degree, 2, parity="any")
        fit = fit_ridge(products, truth, sites.fit)
        errors.append(((fit.prediction - truth)[sites.fit] ** 2).sum())
    assert all(after <= before * (1 + 1e-9) for before, after in pairwise(errors))
    assert errors[1] < 0.9 * errors[0]
