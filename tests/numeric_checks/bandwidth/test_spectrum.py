"""Fields whose spectrum is known, and fields that must not be given one."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.polynomial import legendre

from numeric_checks.bandwidth.result import SpectrumOptions
from numeric_checks.bandwidth.spectrum import spectra, spectrum
from numeric_checks.rotations.sampling import random_rotations
from numeric_checks.sphere.harmonics import random_directions, real_harmonics

WEIGHTS = np.array([0.0, 0.4, 0.3, 0.2, 0.1])
FAST = SpectrumOptions(l_max=6, draws=400)


def field_of(weights: np.ndarray, directions: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A random field with mean square w(ℓ) on the sphere for every ℓ."""
    values = np.zeros(len(directions))
    harmonics = np.sqrt(4 * np.pi) * real_harmonics(len(weights) - 1, directions)
    for l, weight in enumerate(weights):
        pattern = rng.standard_normal(2 * l + 1)
        pattern *= np.sqrt(weight) / np.linalg.norm(pattern)
        values += harmonics[:, l * l : (l + 1) ** 2] @ pattern
    return values


def patch(count: int, size: float, rng: np.random.Generator) -> np.ndarray:
    """Directions spread by about ``size`` about the pole."""
    return np.array([0.0, 0.0, 1.0]) + size * random_directions(count, rng)


@pytest.mark.parametrize("noise", [0.0, 1.0])
def test_a_known_spectrum_is_recovered_within_its_intervals(noise: float) -> None:
    rng = np.random.default_rng(1)
    u = random_directions(4000, rng)
    values = field_of(WEIGHTS, u, rng) + noise * rng.standard_normal(4000)
    found = spectrum(u, values, SpectrumOptions(l_max=6, confidence=0.999))
    assert found.decided
    assert found.bandwidth == 4
    low, high = found.weights_interval.T
    tight = 1e-9
    assert (low[:5] - tight <= WEIGHTS).all()
    assert (high[:5] + tight >= WEIGHTS).all()
    assert (high - low).max() < 0.15
    np.testing.assert_allclose(found.weights[5:], 0, atol=0.01)
    assert found.explained[4] == pytest.approx(1 / (1 + noise**2), abs=0.05)
    assert found.coefficients is not None
    assert (found.coefficients[1:] ** 2).sum() == pytest.approx(1, abs=0.1)


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    hits, count = np.zeros(5), 50
    for seed in range(count):
        rng = np.random.default_rng(seed)
        u = random_directions(600, rng)
        values = field_of(WEIGHTS, u, rng) + 1.5 * rng.standard_normal(600)
        found = spectrum(u, values, SpectrumOptions(l_max=4, draws=300, seed=seed))
        low, high = found.weights_interval.T
        hits += (low <= WEIGHTS) & (high >= WEIGHTS)
    assert (hits[1:] >= 0.85 * count).all(), (
        hits
    )  # 0.95 expected; 0.85 is three standard errors below


def test_the_two_measures_agree_on_uniform_directions() -> None:
    rng = np.random.default_rng(2)
    u = random_directions(6000, rng)
    values = field_of(WEIGHTS, u, rng) + 0.5 * rng.standard_normal(6000)
    sphere, sampled = (spectrum(u, values, FAST, m) for m in ("sphere", "sampled"))
    assert sphere.bandwidth == sampled.bandwidth == 4
    np.testing.assert_allclose(sampled.weights, sphere.weights, atol=0.03)


def test_an_axial_field_against_legendre_quadrature() -> None:
    # Second route: f(z) = exp(2z) has w(ℓ) ∝ (2ℓ+1)/2 (∫ f P_ℓ dz)², ℓ ≥ 1.
    nodes, heights = legendre.leggauss(40)
    moments = [
        heights @ (np.exp(2 * nodes) * legendre.legval(nodes, np.eye(9)[l])) for l in range(9)
    ]
    power = (2 * np.arange(9) + 1) / 2 * np.array(moments) ** 2
    truth = power[1:] / power[1:].sum()
    u = random_directions(20_000, np.random.default_rng(3))
    found = spectrum(u, np.exp(2 * u[:, 2]), SpectrumOptions(l_max=6, draws=100))
    np.testing.assert_allclose(found.weights[1:], truth[:6], atol=2e-3)
    assert found.bandwidth == int((truth.cumsum() >= 0.95).argmax()) + 1


def test_uneven_directions_all_over_the_sphere() -> None:
    # Least squares refers the spectrum to the uniform sphere; the mean over samples would not.
    rng = np.random.default_rng(4)
    u = random_directions(20_000, rng)
    u = u[rng.random(len(u)) < (1 + 0.8 * u[:, 2]) / 2]
    values = field_of(WEIGHTS, u, rng) + 0.3 * rng.standard_normal(len(u))
    found = spectrum(u, values, FAST)
    assert found.decided
    np.testing.assert_allclose(found.weights[:5], WEIGHTS, atol=0.02)


def test_rotations_of_directions_and_of_components_change_nothing() -> None:
    rng = np.random.default_rng(5)
    u = random_directions(2000, rng)
    values = np.stack([field_of(WEIGHTS, u, rng) for _ in range(3)], axis=1)
    values += 0.3 * rng.standard_normal(values.shape)
    turn, other = random_rotations(2, rng)
    for measure in ("sphere", "sampled"):
        first = spectrum(u, values, FAST, measure)
        second = spectrum(u @ turn.T, values @ other.T, FAST, measure)
        np.testing.assert_allclose(second.weights, first.weights, atol=1e-9)
        np.testing.assert_allclose(second.weights_interval, first.weights_interval, atol=1e-9)


def test_a_patch_leaves_the_sphere_undecided_and_bounds_the_degree_from_below() -> None:
    rng = np.random.default_rng(6)
    u = patch(4000, 0.3, rng)
    values = field_of(WEIGHTS, u, rng)
    sphere = spectrum(u, values, FAST)
    assert not sphere.decided
    assert sphere.bandwidth is None
    assert sphere.coefficients is None
    assert sphere.resolvable < 1
    assert "cover only part of the sphere" in sphere.reason
    sampled = spectrum(u, values, FAST, "sampled")
    assert sampled.decided
    assert sampled.bandwidth is not None
    assert 1 <= sampled.bandwidth <= 4  # of degree 4 on the sphere: never above it on a patch
    assert sampled.explained[sampled.bandwidth] > 0.9


def test_a_hemisphere_tells_one_degree_and_no_more() -> None:
    u = random_directions(4000, np.random.default_rng(7))
    u[:, 2] = np.abs(u[:, 2])
    found = spectrum(u, u[:, 0] + 0.5 * u[:, 1] * u[:, 2], FAST)
    assert not found.decided
    assert found.resolvable == 1


def test_directions_on_a_circle_need_the_degree_of_the_angle() -> None:
    # On a circle functions of degree ≤ n are trigonometric polynomials: cos 3φ needs 3.
    angle = np.random.default_rng(8).uniform(0, 2 * np.pi, 3000)
    u = np.stack([0.9 * np.cos(angle), 0.9 * np.sin(angle), np.full(3000, np.sqrt(0.19))], axis=1)
    found = spectrum(u, np.cos(3 * angle), FAST, "sampled")
    assert found.bandwidth == 3
    assert found.weights[3] == pytest.approx(1, abs=0.01)
    assert not spectrum(u, np.cos(3 * angle), FAST).decided


def test_noise_has_no_spectrum() -> None:
    rng = np.random.default_rng(9)
    u = random_directions(3000, rng)
    for measure in ("sphere", "sampled"):
        found = spectrum(u, rng.standard_normal((3000, 3)), FAST, measure)
        assert not found.decided
        assert found.bandwidth is None
        assert "hardly a function" in found.reason
    # The control of the control: the same values ordered by the direction do have one.
    assert spectrum(u, u[:, 0] + 0.1 * rng.standard_normal(3000), FAST).bandwidth == 1


def test_a_field_that_goes_on_above_l_max_is_not_decided() -> None:
    rng = np.random.default_rng(10)
    u = random_directions(4000, rng)
    high = np.zeros(11)
    high[[1, 10]] = 0.6, 0.4
    values = field_of(high, u, rng)
    for measure in ("sphere", "sampled"):
        found = spectrum(u, values, FAST, measure)
        assert not found.decided
        assert "has parts above" in found.reason
        assert found.beyond == pytest.approx(0.4, abs=0.1)
    enough = spectrum(u, values, SpectrumOptions(l_max=12, draws=100))
    assert enough.bandwidth == 10


def test_the_level_reached_only_at_l_max_is_not_decided() -> None:
    rng = np.random.default_rng(11)
    u = random_directions(3000, rng)
    values = field_of(WEIGHTS, u, rng)
    assert "only at l_max" in spectrum(u, values, SpectrumOptions(l_max=4)).reason
    assert spectrum(u, values, SpectrumOptions(l_max=5)).bandwidth == 4


def test_the_level_is_the_one_asked_for() -> None:
    rng = np.random.default_rng(12)
    u = random_directions(1500, rng)
    values = field_of(WEIGHTS, u, rng)
    for level, degree in ((0.35, 1), (0.65, 2), (0.85, 3), (0.95, 4)):
        assert (
            spectrum(u, values, SpectrumOptions(l_max=6, level=level, draws=100)).bandwidth
            == degree
        )


def test_distances_carry_what_the_direction_does_not() -> None:
    # v = r + r²·P₂(û): degrees 0 and 2, and the direction alone explains little.
    rng = np.random.default_rng(13)
    u = random_directions(6000, rng)
    r = rng.uniform(1, 3, 6000)
    v = 4 * r + r**2 * (3 * u[:, 2] ** 2 - 1) / 2
    found = spectrum(u, v, FAST, "sphere", r)
    assert found.bandwidth == 2
    radial, angular = 16 * r.var(), (r**4).mean() / 5
    assert found.weights[0] == pytest.approx(radial / (radial + angular), abs=0.02)
    assert found.weights[2] == pytest.approx(angular / (radial + angular), abs=0.02)
    assert found.explained[2] > 0.999
    alone = spectrum(u, v, FAST)
    assert alone.explained[alone.best] < 0.6


def test_pooling_adds_powers() -> None:
    rng = np.random.default_rng(14)
    u = np.stack([random_directions(3000, rng) for _ in range(2)], axis=1)
    first = np.array([0, 1.0])
    third = np.array([0, 0, 0, 3.0])
    values = np.stack([field_of(first, u[:, 0], rng), field_of(third, u[:, 1], rng)], axis=1)
    done: list[int] = []
    single, pooled = spectra(u, values, FAST, report=done.append)
    assert [s.bandwidth for s in single] == [1, 3]
    np.testing.assert_allclose(pooled.weights[[1, 3]], [0.25, 0.75], atol=1e-6)
    assert pooled.variance == pytest.approx(4, abs=0.2)
    assert done == [1, 2]


def test_a_field_that_supports_few_degrees_does_not_hide_another() -> None:
    # The first sees a heavy-tailed patch, where high degrees are fixed by few frames.
    rng = np.random.default_rng(17)
    tails = np.stack([0.02 * rng.standard_t(2, 1500), 0.02 * rng.standard_t(2, 1500)], axis=1)
    narrow = np.column_stack([tails, np.ones(1500)])
    wide = random_directions(1500, rng)
    u = np.stack([narrow, wide], axis=1)
    values = np.stack(
        [narrow[:, 0] / 0.02 + rng.standard_normal(1500), 3 * wide[:, 2] ** 3], axis=1
    )
    single, pooled = spectra(u, values, FAST, "sampled")
    assert single[0].explained[6] < single[0].explained[single[0].best] - 1  # it overfits badly
    assert pooled.explained[3] > pooled.explained[2]
    assert pooled.best >= 3
    share = [s.variance * s.explained[s.best] for s in single]
    assert pooled.explained[pooled.best] == pytest.approx(sum(share) / pooled.variance, rel=0.01)


def test_one_field_that_sees_a_patch_leaves_the_pool_undecided() -> None:
    rng = np.random.default_rng(15)
    u = np.stack([random_directions(3000, rng), patch(3000, 0.2, rng)], axis=1)
    single, pooled = spectra(u, u[..., 0], FAST)
    assert [s.decided for s in single] == [True, False]
    assert not pooled.decided


def test_the_seed_alone_decides_the_draws() -> None:
    rng = np.random.default_rng(16)
    u = random_directions(2000, rng)
    values = field_of(WEIGHTS, u, rng) + rng.standard_normal(2000)
    first, again = (spectrum(u, values, FAST).as_dict() for _ in range(2))
    assert first == again
    other = spectrum(u, values, SpectrumOptions(l_max=6, draws=400, seed=1)).as_dict()
    assert other["weights_interval"] != first["weights_interval"]
    assert other["weights"] == first["weights"]


@pytest.mark.parametrize(
    ("directions", "values", "error", "message"),
    [
        (np.zeros((0, 3)), np.zeros(0), ValueError, "N ≥ 1"),
        (np.ones((500, 2)), np.ones(500), ValueError, "shape"),
        (np.zeros((500, 3)), np.arange(500.0), ValueError, "zero vector"),
        (np.full((500, 3), np.nan), np.arange(500.0), ValueError, "finite"),
        (np.ones((500, 3), dtype=complex), np.arange(500.0), TypeError, "real"),
        (np.ones((500, 3)), np.full(500, np.inf), ValueError, "values must be finite"),
        (np.ones((500, 3)), np.ones(500), ValueError, "constant"),
        (np.ones((500, 3)), np.ones(400), ValueError, "values must have shape"),
        (np.ones((500, 3)), np.array(["a"] * 500), TypeError, "real"),
        (np.ones((150, 3)), np.arange(150.0), ValueError, "150 samples are too few for 49"),
    ],
)
def test_bad_arrays_are_refused(
    directions: np.ndarray, values: np.ndarray, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        spectrum(directions, values, FAST)


def test_bad_distances_and_measures_are_refused() -> None:
    u = random_directions(800, np.random.default_rng(0))
    values = u[:, 0]
    for radii, message in (
        (np.ones(3), "shape"),
        (np.full(800, np.nan), "finite"),
        (np.ones(800), "constant"),
    ):
        with pytest.raises(ValueError, match=message):
            spectrum(u, values, FAST, distances=radii)
    with pytest.raises(ValueError, match="measure must be"):
        spectrum(u, values, FAST, "patch")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong",
    [
        {"l_max": 0},
        {"level": 1.0},
        {"draws": 3},
        {"blocks": 2},
        {"seed": -1},
        {"radial": -1},
        {"confidence": 0.0},
    ],
)
def test_options_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        SpectrumOptions(**wrong)  # type: ignore[arg-type]
