"""The error of the harmonics is measured against an independent reference, and failure is seen."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import mpmath
import numpy as np
import pytest

from numeric_checks.accuracy import main
from numeric_checks.sphere import accuracy
from numeric_checks.sphere.accuracy import measure_accuracy
from numeric_checks.sphere.harmonics import random_directions, real_harmonics, scipy_harmonics
from numeric_checks.sphere.reference import precise_harmonics


def test_the_reference_agrees_with_mpmath() -> None:
    directions = random_directions(2, np.random.default_rng(0))
    values = precise_harmonics([0, 1, 7, 90], directions)
    with mpmath.workdps(60):
        for n, row in enumerate(directions):
            x, y, z = (mpmath.mpf(float(c)) for c in row)
            theta, phi = mpmath.atan2(mpmath.hypot(x, y), z), mpmath.atan2(y, x)
            for l, m in [(0, 0), (1, -1), (1, 0), (1, 1), (7, -7), (7, 3), (90, -40), (90, 90)]:
                exact = mpmath.spherharm(l, abs(m), theta, phi) * (-1) ** m
                part = exact.real if m >= 0 else exact.imag
                expected = float(part * (mpmath.sqrt(2) if m else 1))
                assert values[l][n, l + m] == pytest.approx(expected, rel=1e-13, abs=1e-300)


def test_harmonics_stay_within_the_bound_beyond_degree_64() -> None:
    seen = measure_accuracy([3, 64, 65, 100, 200], directions=2, seed=5)
    assert seen.within
    assert all(0 < error < bound for error, bound in zip(seen.used, seen.bound, strict=True))
    # Above 64 the values are scipy's; sphericart has lost every digit at 100.
    assert seen.used[2:] == seen.scipy[2:]
    assert seen.sphericart[3] is None or seen.sphericart[3] > 0.1
    assert seen.sphericart[4] is None


def test_both_routes_agree_where_both_are_used() -> None:
    directions = random_directions(20, np.random.default_rng(1))
    np.testing.assert_allclose(
        real_harmonics(64, directions), scipy_harmonics(64, directions), atol=1e-12
    )


@pytest.mark.parametrize("fault", ["range", "phase"])
def test_a_failing_route_is_noticed(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def beyond_its_range(l: int, directions: np.ndarray) -> np.ndarray:
        return accuracy._sphericart(l, directions)

    def with_condon_shortley(l: int, directions: np.ndarray) -> np.ndarray:
        orders = np.concatenate([np.arange(-k, k + 1) for k in range(l + 1)])
        return (-1.0) ** orders * real_harmonics(l, directions)

    wrong = beyond_its_range if fault == "range" else with_condon_shortley
    monkeypatch.setattr(accuracy, "real_harmonics", wrong)
    assert main(["--degrees", "2", "150", "--directions", "1"]) == 3


def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib")
    figure = tmp_path / "errors.png"
    arguments = ["--degrees", "4", "200", "--seed", "3", "--figure", str(figure)]
    assert main(arguments) == 0
    out = capsys.readouterr().out
    assert "seed 3" in out
    assert "NaN" in out
    assert figure.stat().st_size > 1000
    assert main(["--degrees", "4", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["within"] is True
    assert printed["degrees"] == [4]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--l", "-1"], "l must be an integer from 0 to 512, got '-1'"),
        (["--l", "2", "1e30"], "l must be an integer from 0 to 512, got '1e30'"),
        (["--degrees", "9999"], "l must be an integer from 0 to 512"),
        (["--directions", "0"], "directions must be an integer from 1 to 10000, got '0'"),
        (["--directions", "999999999"], "directions must be an integer from 1 to 10000"),
        (["--seed", "-1"], "seed must be an integer from 0 to"),
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


def test_the_reference_needs_a_degree_and_directions() -> None:
    with pytest.raises(ValueError, match="degrees must be 0 to 1024"):
        precise_harmonics([9999], [[0, 0, 1]])
    with pytest.raises(ValueError, match="at least one"):
        precise_harmonics([], [[0, 0, 1]])
    with pytest.raises(ValueError, match="zero vector"):
        precise_harmonics([1], [[0, 0, 0]])
