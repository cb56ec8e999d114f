"""The calibration shows dL for one direction and L for a star, and notices what is false."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from numeric_checks.readouts.monomials import monomials
from numeric_checks.sphere.harmonics import real_harmonics
from numeric_checks.sphere.quadrature import sphere_quadrature
from numeric_checks.synthetic import cells as synthetic
from numeric_checks.synthetic.__main__ import main
from numeric_checks.synthetic.cells import angle_cells, calibrate, direction_cell, star_cell


@pytest.mark.parametrize("features", ["upto", "exact"])
@pytest.mark.parametrize(
    ("L", "d"),
    [
        # The largest take as long as all the others.
        pytest.param(L, d, marks=pytest.mark.slow if L * d > 20 else ())
        for L in range(1, 7)
        for d in range(1, 7)
    ],
)
def test_one_direction_reads_five_where_the_theorem_says(L: int, d: int, features: str) -> None:
    reached = d * L >= 5
    if features == "exact":
        reached = (d * L >= 5 and d * L % 2 == 1) if d > 1 else L == 5
    cell = direction_cell(L, d, features)  # type: ignore[arg-type]
    assert cell.expected == int(reached)
    assert cell.value == pytest.approx(int(reached), abs=1e-12)


@given(st.integers(0, 4), st.integers(0, 4), st.integers(1, 9), st.integers(0, 99))
def test_any_frequency_is_cut_at_the_boundary(L: int, d: int, fold: int, seed: int) -> None:
    cell = direction_cell(L, d, "upto", fold, seed)
    assert cell.value == pytest.approx(float(fold <= d * L), abs=1e-10)
    assert cell.holds


@pytest.mark.parametrize(("L", "d"), [(1, 4), (1, 5), (2, 2), (2, 3), (4, 1), (5, 1)])
def test_plain_least_squares_on_monomials_agrees(L: int, d: int) -> None:
    # A second route: every monomial, and a solver that knows no stages.
    directions, weights = sphere_quadrature(2 * max(5, d * L))
    root = np.sqrt(weights)
    values = real_harmonics(5, directions)
    matrix = root[:, None] * monomials(values[:, : (L + 1) ** 2], d)
    target = root * values[:, -1]
    left = target - matrix @ np.linalg.lstsq(matrix, target, rcond=1e-10)[0]
    expected = 1 - left @ left / (target @ target)
    assert direction_cell(L, d).value == pytest.approx(expected, abs=1e-10)


@given(
    st.integers(2, 7), st.integers(1, 8), st.integers(1, 3), st.integers(0, 2**20), st.booleans()
)
def test_a_star_is_cut_at_its_fold_in_every_plane(
    fold: int, L: int, d: int, seed: int, tilted: bool
) -> None:
    turn = Rotation.random(rng=seed).as_matrix() if tilted else None
    cell = star_cell(L, d, fold, turn)
    assert cell.value == pytest.approx(float(fold <= L), abs=1e-9)


@pytest.mark.parametrize(("L", "d", "reached"), [(1, 1, 1), (0, 3, 0), (2, 0, 0)])
def test_one_neighbour_is_one_direction(L: int, d: int, reached: int) -> None:
    cell = star_cell(L, d, fold=1)
    assert (cell.expected, round(cell.value, 12)) == (reached, reached)


def test_a_broken_star_shows_its_angle(monkeypatch: pytest.MonkeyPatch) -> None:
    """One neighbour left out breaks the cancellation, and products read the angle below L = k."""
    assert star_cell(3, 2, fold=5).value == pytest.approx(0, abs=1e-12)

    def without_one(l_max: int, directions: np.ndarray) -> np.ndarray:
        values = real_harmonics(l_max, directions)
        values[::5] = 0
        return values

    monkeypatch.setattr(synthetic, "real_harmonics", without_one)
    cell = star_cell(3, 2, fold=5)
    assert cell.value > 0.5
    assert not cell.holds


@pytest.mark.parametrize("missing", ["feature", "boundary"])
def test_false_statements_are_not_observed(
    missing: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if missing == "feature":
        # Without Y_LL and Y_L,-L the boundary is out of reach at d = 1.
        values = synthetic.feature_values
        monkeypatch.setattr(
            synthetic, "feature_values", lambda L, f, r: values(L, f, r)[:, 1:-1] if L else None
        )
    else:
        degrees = synthetic.span_degrees
        monkeypatch.setattr(
            synthetic, "span_degrees", lambda L, d, f: [ell + 1 for ell in degrees(L, d, f)]
        )
    assert main(["--L-max", "5", "--d-max", "1"]) == 3
    assert "not observed" in capsys.readouterr().out


def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib")
    arguments = ["--L-max", "3", "--d-max", "2", "--seed", "4", "--figure", str(tmp_path / "map")]
    assert main(arguments) == 0
    out = capsys.readouterr().out
    assert "seed 4" in out
    assert "0 not as expected" in out
    assert sorted(p.name for p in tmp_path.iterdir()) == ["map.png", "map.svg"]
    assert main(["--L-max", "1", "--d-max", "2", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["verdict"] == "observed"
    assert [cell["value"] > 0.5 for cell in printed["upto"]] == [False, False]
    # Six folds, eight L and four d, cut at L = k whatever d is.
    assert len(printed["stars"]) == 6 * 8 * 4
    assert all((c["value"] > 0.5) == (c["L"] >= c["fold"]) for c in printed["stars"])


def test_the_seed_does_not_matter_within_the_boundary() -> None:
    first, second, other = (direction_cell(3, 3, fold=4, seed=s).value for s in (1, 1, 2))
    assert first == pytest.approx(second, abs=1e-12)
    assert first == pytest.approx(other, abs=1e-9)  # within the boundary, whatever the products


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--L", "0"], "L must be an integer from 1 to 64, got '0'"),
        (["--L", "1e30"], "L must be an integer from 1 to 64, got '1e30'"),
        (["--d-max", "-2"], "d must be an integer from 1 to 64, got '-2'"),
        (["--L", "9", "--d", "9"], "at most 64, got 81"),
        (["--fold", "0"], "fold must be an integer from 1 to 64, got '0'"),
        (["--seed", "-1"], "seed must be an integer from 0 to"),
        (["--figure", "map.gif"], "end in .svg or .png"),
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


def test_bad_cells() -> None:
    for call, error, message in (
        (lambda: direction_cell(9, 9), ValueError, "dL must be at most 64"),
        (lambda: direction_cell(2, 2, "all"), ValueError, "'upto' or 'exact'"),  # type: ignore[arg-type]
        (lambda: direction_cell(2, 2, fold=1.5), TypeError, "fold"),  # type: ignore[arg-type]
        (lambda: star_cell(2, 5, 3), ValueError, "d must be at most 4"),
        (lambda: star_cell(-1, 1, 3), ValueError, "L must be"),
        (lambda: calibrate(2, 2, 99), ValueError, "fold"),
    ):
        with pytest.raises(error, match=message):
            call()


# ------------------------------------------------------------------ two directions


@pytest.mark.parametrize(("L", "d"), [(1, 1), (1, 2), (1, 3), (1, 4), (2, 1), (2, 2), (3, 1)])
def test_the_angle_of_two_directions_is_read_up_to_half_the_factors(L: int, d: int) -> None:
    cases = angle_cells(L, d)
    assert [case.fold for case in cases] == list(range(L * d + 1))
    assert [case.expected for case in cases] == [int(l <= L * (d // 2)) for l in range(L * d + 1)]
    assert all(case.holds for case in cases)


def test_a_boundary_claimed_too_high_for_the_angle_is_not_reached(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(synthetic, "angle_boundary", lambda L, d: L * d)
    assert not all(case.holds for case in angle_cells(1, 2))


def test_too_many_functions_of_two_directions_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 450"):
        angle_cells(3, 3)
