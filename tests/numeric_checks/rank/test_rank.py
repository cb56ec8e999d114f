"""The observed rank agrees with the theorem, and notices what is missing."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from numeric_checks.rank import several as several_module
from numeric_checks.rank.__main__ import main
from numeric_checks.rank.arrays import keep
from numeric_checks.rank.observe import feature_values, observe_rank, observer
from numeric_checks.rank.precise import precise_rank
from numeric_checks.rank.several import observe_directions_rank
from numeric_checks.rank.stages import Stage, naive_stage, staged_basis, staged_rank
from numeric_checks.sphere.harmonics import random_directions, real_harmonics, unit_vectors
from span_theorem.span import span_dimension

# Up to (5, 5), the largest of which has 676 functions.
CASES = [(L, d) for L in range(6) for d in range(6)]


def mpmath_harmonic(l: int, m: int, theta: mpmath.mpf, phi: mpmath.mpf) -> mpmath.mpf:
    """The real harmonic from mpmath's complex one, which carries the Condon–Shortley phase."""
    value = mpmath.spherharm(l, abs(m), theta, phi) * (-1) ** m
    if m == 0:
        return value.real
    return mpmath.sqrt(2) * (value.real if m > 0 else value.imag)


@pytest.mark.parametrize(("l", "tolerance"), [(0, 1e-15), (3, 1e-14), (12, 1e-13), (64, 1e-12)])
def test_harmonics_against_mpmath(l: int, tolerance: float) -> None:
    directions = random_directions(3, np.random.default_rng(l))
    values = real_harmonics(l, directions)
    with mpmath.workdps(60):
        for row, (x, y, z) in zip(values, directions, strict=True):
            x, y, z = mpmath.mpf(x), mpmath.mpf(y), mpmath.mpf(z)
            theta, phi = mpmath.atan2(mpmath.hypot(x, y), z), mpmath.atan2(y, x)
            for m in range(-l, l + 1, max(1, l // 8)):
                exact = mpmath_harmonic(l, m, theta, phi)
                assert abs(row[l * l + l + m] - float(exact)) < tolerance, (l, m)


def test_first_harmonics_in_closed_form() -> None:
    x, y, z = unit_vectors([[1, 2, -2]])[0]
    expected = np.sqrt([1 / (4 * np.pi)] + [3 / (4 * np.pi)] * 3 + [15 / (4 * np.pi)]) * np.array(
        [1, y, z, x, x * y]
    )
    np.testing.assert_allclose(real_harmonics(2, [[1, 2, -2]])[0, :5], expected, rtol=1e-14)


def test_harmonics_are_orthonormal() -> None:
    l_max = 8
    nodes, weights = np.polynomial.legendre.leggauss(l_max + 1)
    angles = 2 * np.pi * np.arange(2 * l_max + 1) / (2 * l_max + 1)
    z, phi = (a.ravel() for a in np.meshgrid(nodes, angles, indexing="ij"))
    directions = np.stack([np.sqrt(1 - z**2) * np.cos(phi), np.sqrt(1 - z**2) * np.sin(phi), z], 1)
    weight = np.repeat(weights, len(angles)) * 2 * np.pi / len(angles)
    values = real_harmonics(l_max, directions)
    gram = values.T @ (weight[:, None] * values)
    np.testing.assert_allclose(gram, np.eye((l_max + 1) ** 2), atol=1e-13)


@given(st.integers(0, 10), st.integers(0, 2**32))
def test_addition_theorem(l: int, seed: int) -> None:
    a, b = random_directions(2, np.random.default_rng(seed))
    block = real_harmonics(l, [a, b])[:, l * l :]
    legendre = np.polynomial.legendre.Legendre.basis(l)(a @ b)
    assert block[0] @ block[1] == pytest.approx((2 * l + 1) / (4 * np.pi) * legendre, abs=1e-12)


def test_harmonics_end_where_they_were_measured() -> None:
    top = real_harmonics(512, [[1, 2, 3]])[0, 512**2 :]
    assert (top**2).sum() == pytest.approx(1025 / (4 * np.pi))  # the addition theorem at a = b
    with pytest.raises(ValueError, match="l_max must be an integer from 0 to 512, got 513"):
        real_harmonics(513, [[1, 2, 3]])


def test_harmonics_in_pieces_equal_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    directions = random_directions(25, np.random.default_rng(3))
    whole = real_harmonics(4, directions)
    monkeypatch.setattr("numeric_checks.sphere.harmonics._CHUNK", 4 * 5 * 9)
    np.testing.assert_array_equal(real_harmonics(4, directions), whole)


@pytest.mark.parametrize("features", ["upto", "exact"])
@pytest.mark.parametrize(("L", "d"), CASES)
def test_agrees_with_the_theorem(L: int, d: int, features: str) -> None:
    seen = observe_rank(L, d, features, seed=1)
    assert seen.verdict == "observed", seen.text
    assert seen.rank == seen.expected == span_dimension(L, d, features)
    for stage in seen.stages:
        assert stage.rank == stage.expected == span_dimension(L, stage.degree, features)
    assert seen.stages[-1].degree == d
    assert seen.stages[0].degree == min(d, 1)
    assert all(stage.gap is None or stage.gap > 1e8 for stage in seen.stages)


@given(st.integers(0, 3), st.integers(0, 4), st.sampled_from(["upto", "exact"]), st.integers(0, 99))
def test_every_seed_observes_the_dimension(L: int, d: int, features: str, seed: int) -> None:
    assert observe_rank(L, d, features, seed=seed).verdict == "observed"


@given(st.integers(0, 2**32))
def test_rotated_directions_show_the_same_rank(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rotation = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    directions = random_directions(80, rng)
    assert observe_rank(2, 3, "upto", directions).rank == 49
    assert observe_rank(2, 3, "upto", directions @ rotation.T).rank == 49


@pytest.mark.parametrize(("L", "d"), [(1, 1), (2, 1), (2, 2), (3, 2), (2, 3)])
@pytest.mark.parametrize("naive", [False, True])
def test_a_dropped_feature_lowers_the_rank(L: int, d: int, naive: bool) -> None:
    directions = random_directions(120, np.random.default_rng(0))
    values = feature_values(L, "upto", directions)
    expected = [span_dimension(L, k) for k in range(d + 1)]

    def rank(columns: np.ndarray) -> int:
        rng = np.random.default_rng(1)
        if naive:
            return naive_stage(columns, d, expected[-1], rng).rank
        return staged_rank(columns, expected, rng)[-1].rank

    assert rank(values) == expected[-1]
    assert rank(values[:, :-1]) < expected[-1]


@pytest.mark.parametrize("count", [1, 10, 24, 25])
def test_too_few_directions_are_undecided(count: int) -> None:
    seen = observe_rank(2, 2, directions=count)
    assert (seen.rank, seen.verdict) == (count, "undecided")
    assert f"{count} directions" in seen.reason


def test_special_directions_lower_the_rank() -> None:
    # On a circle only the frequencies -4 … 4 are left.
    angles = np.linspace(0, 6, 60)
    circle = np.stack([np.cos(angles), np.sin(angles), np.zeros(60)], 1)
    seen = observe_rank(2, 2, directions=circle)
    assert (seen.rank, seen.verdict) == (9, "not observed")


def test_a_wrong_expectation_is_not_observed(monkeypatch: pytest.MonkeyPatch) -> None:
    for shift in (-1, 1):
        monkeypatch.setattr(
            "numeric_checks.rank.observe.span_dimension",
            lambda L, d, features, shift=shift: span_dimension(L, d, features) + shift * (d == 2),
        )
        seen = observe_rank(2, 2)
        assert (seen.rank, seen.verdict) == (25, "not observed")
        assert main(["--L", "2", "--d", "2"]) == 3


def cone(opening: float, count: int) -> np.ndarray:
    """Directions within about this angle of the z axis."""
    sideways = opening * np.random.default_rng(0).standard_normal((count, 2))
    return np.concatenate([sideways, np.ones((count, 1))], axis=1)


def test_a_small_gap_is_repeated_with_more_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    # In so narrow a cone the 25 functions differ only in terms far below 1: lost in doubles.
    directions = cone(1e-2, 40)
    seen = observe_rank(2, 2, directions=directions)
    assert any(stage.ambiguous for stage in seen.stages)
    assert (seen.precise, seen.rank, seen.verdict) == (25, 25, "observed")
    assert "50 digits" in seen.text
    monkeypatch.setattr("numeric_checks.rank.precise.MAX_PRODUCTS", 10)
    seen = observe_rank(2, 2, directions=directions)
    assert (seen.precise, seen.verdict) == (None, "undecided")


def test_fifty_digits_can_be_too_few() -> None:
    assert precise_rank(2, 2, "upto", cone(1e-9, 30)) is None


@pytest.mark.parametrize("features", ["upto", "exact"])
@pytest.mark.parametrize(("L", "d"), [(0, 2), (2, 0), (1, 3), (2, 2), (3, 1)])
def test_the_precise_route_agrees_with_the_theorem(L: int, d: int, features: str) -> None:
    dimension = span_dimension(L, d, features)
    directions = random_directions(dimension + 3, np.random.default_rng(2))
    assert precise_rank(L, d, features, directions) == dimension
    if dimension > 1:
        assert precise_rank(L, d, features, directions[: dimension - 1]) == dimension - 1


@pytest.mark.parametrize(
    ("size", "rank", "ambiguous"),
    [(1e-13, 4, True), (3e-15, 3, True), (1e-10, 4, False), (1e-30, 3, False)],
)
def test_a_value_near_rounding_is_ambiguous(size: float, rank: int, ambiguous: bool) -> None:
    # Just above the cut-off, and just below it.
    values = feature_values(1, "upto", random_directions(30, np.random.default_rng(0)))
    values[:, 3] *= size
    (stage,) = staged_rank(values, [1, 4], np.random.default_rng(0))
    assert (stage.rank, stage.ambiguous) == (rank, ambiguous)


def test_the_staged_gap_stays_wide_where_the_naive_one_closes() -> None:
    seen = observe_rank(1, 16)
    assert seen.rank == 289
    assert seen.verdict == "observed"
    assert min(s.margin for s in seen.stages) > 1e4 * seen.naive.margin


def test_same_seed_same_numbers() -> None:
    first, second, other = (observe_rank(3, 3, seed=s).stages for s in (4, 4, 5))
    assert first == second != other


def test_observer_and_json(capsys: pytest.CaptureFixture[str]) -> None:
    seen = observer(2, 2, "upto")
    for part in ("rank 25 of 25", "seed 0", "gap", "observed"):
        assert part in seen["text"]
    assert main(["--L", "2", "--d", "2", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    made_with = printed.pop("made_with")
    assert made_with["command"] == "python -m numeric_checks.rank --L 2 --d 2 --json"
    assert {"numpy", "scipy", "sphericart"} <= made_with["versions"].keys()
    assert printed.keys() == seen.keys()
    del printed["seconds"], seen["seconds"]
    assert printed == json.loads(json.dumps(seen))


def test_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--L", "3", "--d", "2", "--features", "exact", "--seed", "7"]) == 0
    out = capsys.readouterr().out
    assert "seed 7" in out
    assert "naive" in out
    assert "rank 28 of 28" in out
    assert main(["--L", "5", "--d", "3"]) == 0
    assert "random products" in capsys.readouterr().out
    assert main(["--L", "2", "--d", "2", "--samples", "9"]) == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--L", "-1", "--d", "2"], "L must be an integer from 0 to 512, got '-1'"),
        (["--L", "1e30", "--d", "2"], "L must be an integer from 0 to 512, got '1e30'"),
        (["--L", "2", "--d", "9" * 99], "d must be an integer from 0 to 1000, got '999"),
        (["--L", "2", "--d", "2", "--directions", "0"], "directions must be an integer from 1 to"),
        (["--L", "2", "--d", "2", "--seed", "-1"], "seed must be an integer from 0 to"),
        (["--L", "99", "--d", "99"], "GiB is allowed"),
        (["--L", "512", "--d", "1000"], "GiB is allowed"),
        (["--L", "2", "--d", "2", "--samples", "999999999"], "GiB is allowed"),
        (["--L", "2", "--d", "2", "--device", "tpu"], "'cpu', 'cuda' or 'cuda:N', got 'tpu'"),
    ],
)
def test_bad_usage(
    arguments: list[str],
    message: str,
    exit_code: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert exit_code(main, arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_a_long_wait_is_announced(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def instead(*_: object) -> None:
        raise ValueError("not now")

    monkeypatch.setattr("numeric_checks.rank.observe.observe_rank", instead)
    assert main(["--L", "8", "--d", "9"]) == 2
    assert "may take about" in capsys.readouterr().err
    assert main(["--L", "2", "--d", "2"]) == 2
    assert "may take" not in capsys.readouterr().err


def test_unreadable_arguments_exit_with_2() -> None:
    for arguments in (["--L", "x", "--d", "2"], ["--L", "2"], []):
        with pytest.raises(SystemExit) as stopped:
            main(arguments)
        assert stopped.value.code == 2


@pytest.mark.parametrize(
    ("directions", "error", "message"),
    [
        ([], ValueError, "shape"),
        (np.empty((0, 3)), ValueError, "N ≥ 1"),
        (np.ones((4, 2)), ValueError, "shape"),
        ([[0, 0, 1], [0, 0, 0]], ValueError, "zero vector in row 1"),
        ([[0, 0, 1], [0, np.nan, 0]], ValueError, "finite.*row 1"),
        ([[np.inf, 0, 1]], ValueError, "finite"),
        ([[1j, 0, 1]], TypeError, "real"),
        (2.5, TypeError, "integer"),
        (True, TypeError, "integer"),
        (-4, ValueError, "≥ 0"),
    ],
)
def test_bad_directions(directions: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        observe_rank(2, 2, directions=directions)  # type: ignore[arg-type]


def test_unknown_features() -> None:
    with pytest.raises(ValueError, match="'upto' or 'exact'"):
        observe_rank(2, 2, "all")  # type: ignore[arg-type]


def test_tiny_and_huge_vectors_are_directions() -> None:
    found = unit_vectors([[3e-200, 4e-200, 0], [3e200, 4e200, 0]])
    np.testing.assert_allclose(found, [[0.6, 0.8, 0]] * 2, rtol=1e-15)


def test_torch_is_not_imported() -> None:
    code = "import numeric_checks.rank.observe, sys; print('torch' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False"


def test_a_staged_basis_spans_the_harmonics() -> None:
    # Independent of the stages: the values of all harmonics of degree ≤ dL, projected on the basis.
    directions = random_directions(300, np.random.default_rng(0))
    expected = [span_dimension(3, k) for k in range(5)]
    stages, basis = staged_basis(
        feature_values(3, "upto", directions), expected, np.random.default_rng(1)
    )
    assert [stage.degree for stage in stages] == [1, 2, 4]
    np.testing.assert_allclose(basis.T @ basis, np.eye(169), atol=1e-12)
    inside = real_harmonics(12, directions)
    np.testing.assert_allclose(basis @ (basis.T @ inside), inside, atol=1e-9)
    above = real_harmonics(13, directions)[:, 169:]
    assert np.linalg.norm(above - basis @ (basis.T @ above)) > 0.5 * np.linalg.norm(above)


def alike(first: Stage, second: Stage) -> bool:
    """The same singular values to rounding where all products are taken.

    Two libraries choose the signs of a basis differently, so random combinations of it differ.
    """
    tolerance = 0.3 if first.sampled else 1e-9
    return (
        (first.degree, first.columns, first.rank) == (second.degree, second.columns, second.rank)
        and first.largest == pytest.approx(second.largest, rel=tolerance)
        and first.kept == pytest.approx(second.kept, rel=tolerance)
    )


@pytest.mark.parametrize(("L", "d"), [(1, 1), (2, 2), (1, 3), (3, 5)])
def test_torch_and_numpy_build_the_same_stages(L: int, d: int) -> None:
    torch = pytest.importorskip("torch")
    values = feature_values(L, "upto", random_directions(330, np.random.default_rng(0)))
    expected = [span_dimension(L, k) for k in range(d + 1)]
    ours, theirs = (
        (
            *staged_rank(values, expected, np.random.default_rng(1), arrays),
            naive_stage(values, d, expected[-1], np.random.default_rng(1), arrays),
        )
        for arrays in (keep, torch.from_numpy)
    )
    for mine, other in zip(ours, theirs, strict=True):
        assert alike(mine, other), (mine, other)


def test_a_dropped_feature_lowers_the_rank_through_torch() -> None:
    torch = pytest.importorskip("torch")
    values = feature_values(2, "upto", random_directions(60, np.random.default_rng(0)))
    ranks = [
        staged_rank(kept, [1, 9, 25], np.random.default_rng(1), torch.from_numpy)[-1].rank
        for kept in (values, values[:, :-1].copy())
    ]
    assert ranks[0] == 25 > ranks[1]


@pytest.mark.gpu
def test_a_gpu_observes_the_same_ranks() -> None:
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("torch finds no CUDA device")
    ours, theirs = observe_rank(4, 4), observe_rank(4, 4, device="cuda")
    assert theirs.verdict == "observed"
    assert theirs.device.startswith("cuda")
    assert all(map(alike, ours.stages, theirs.stages))


def test_a_missing_gpu_is_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert main(["--L", "2", "--d", "2", "--device", "cuda"]) == 2
    assert "torch finds no CUDA device" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "torch", None)
    assert main(["--L", "2", "--d", "2", "--device", "cuda:1"]) == 2
    assert "needs torch, which is not installed" in capsys.readouterr().err


@pytest.mark.parametrize("device", ["gpu", "cuda:", "cuda:x", "", "cpu:0"])
def test_unknown_devices(device: str) -> None:
    with pytest.raises(ValueError, match="device must be 'cpu', 'cuda' or 'cuda:N'"):
        observe_rank(1, 1, device=device)


def test_the_naive_result_can_be_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert observe_rank(2, 2, naive=False).naive is None
    assert main(["--L", "2", "--d", "2", "--no-naive"]) == 0
    assert "naive" not in capsys.readouterr().out


@pytest.mark.slow
def test_the_naive_count_falls_short_where_the_staged_one_does_not() -> None:
    seen = observe_rank(1, 36)
    assert (seen.rank, seen.verdict) == (1369, "observed")
    assert seen.naive is not None
    assert seen.naive.rank < 1369
    assert seen.naive.gap is not None
    assert seen.naive.gap < 2
    assert seen.gap is not None
    assert seen.gap > 1e9


@pytest.mark.slow
def test_eight_by_eight() -> None:
    seen = observe_rank(8, 8, naive=False)
    assert (seen.rank, seen.verdict) == (4225, "observed")
    assert [stage.rank for stage in seen.stages] == [81, 289, 1089, 4225]


# ------------------------------------------------------------------ several directions


@pytest.mark.parametrize(
    ("K", "L", "d", "expected"), [(2, 1, 2, 26), (2, 2, 2, 113), (3, 1, 3, 190), (1, 2, 2, 25)]
)
def test_several_directions_have_the_dimension_of_the_budget(
    K: int, L: int, d: int, expected: int
) -> None:
    seen = observe_directions_rank(L, d, K)
    assert (seen.rank, seen.verdict, seen.free_directions) == (expected, "observed", K)


def test_a_dropped_feature_or_too_few_samples_of_several_directions_show(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert observe_directions_rank(1, 2, 2, samples=20).verdict == "undecided"
    full = several_module._values
    monkeypatch.setattr(several_module, "_values", lambda *a: full(*a)[:, :-1])
    assert observe_directions_rank(1, 2, 2).verdict == "not observed"


def test_command_for_several_directions(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--L", "1", "--d", "3", "--directions", "2", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["rank"], found["free_directions"]) == (70, 2)
    assert main(["--L", "1", "--d", "3", "--directions", "2"]) == 0
    assert "sets of 2 directions" in capsys.readouterr().out
    assert main(["--L", "1", "--d", "1", "--directions", "2", "--features", "exact"]) == 2
    assert main(["--L", "50", "--d", "50", "--directions", "3"]) == 2
