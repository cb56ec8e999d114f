"""The table of degrees against real networks: one edge is turned, all others are held.

Edges are given to the network one by one, with their vectors, so that turning one of them changes
no other. The degree of a feature in that direction is read from its coefficients in the spherical
harmonics, by a quadrature of the sphere that is exact for the degrees shown.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from scipy.special import sph_harm_y

from span_theorem.architecture import mace_layers, nequip_layers
from span_theorem.irreps import Irreps

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]

ZERO = 1e-24  # relative power that rounding leaves in a degree that is not there
FELT = 1e-16

Features = Callable[[np.ndarray], np.ndarray]


def degrees(features: Features, top: int) -> list[int]:
    """The degrees ≤ ``top`` of the features as functions of one direction.

    Exact for features of degree ≤ top; the power of a degree is either felt or rounding.
    """
    z, weights = np.polynomial.legendre.leggauss(top + 1)
    phi = 2 * np.pi * np.arange(2 * top + 1) / (2 * top + 1)
    z, phi = (grid.ravel() for grid in np.meshgrid(z, phi, indexing="ij"))
    sine = np.sqrt(1 - z**2)
    values = features(np.stack([sine * np.cos(phi), sine * np.sin(phi), z], axis=-1))
    scaled = values * np.repeat(weights, 2 * top + 1)[:, None]
    powers = []
    for degree in range(top + 1):
        rows = [sph_harm_y(degree, m, np.arccos(z), phi) for m in range(-degree, degree + 1)]
        powers.append((np.abs(np.conj(rows) @ scaled) ** 2).sum())
    relative = np.array(powers) / sum(powers)
    assert ((relative < ZERO) | (relative > FELT)).all(), relative
    return [degree for degree in range(top + 1) if relative[degree] > FELT]


def unit(count: int, seed: int = 3) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(count, 3))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def stars(directions: np.ndarray, second: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Types, edges (sender, receiver) and their vectors of one star for every direction.

    Atom 0 of a star has five neighbours, of which atom 1 is seen in the direction. With ``second``
    atom 1 has two more neighbours, in directions that stay as they are.
    """
    types: list[int] = []
    edges: list[tuple[int, int]] = []
    vectors: list[np.ndarray] = []
    for direction in directions:
        bonds = [(0, j, (1.3 + 0.1 * j) * v) for j, v in enumerate([direction, *unit(4)], 1)]
        if second:
            bonds += [(1, j, 1.6 * v) for j, v in enumerate(unit(2, seed=5), 6)]
        first = len(types)
        for i, j, vector in bonds:
            edges += [(first + i, first + j), (first + j, first + i)]
            vectors += [vector, -vector]
        types += [1] + [0] * len(bonds)
    return np.array(types), np.array(edges), np.array(vectors)


def mace_features(
    max_ell: int, correlation: int, hidden: str, layers: int, second: bool = False
) -> tuple[Features, list[int]]:
    """The features of atom 0 after every layer, and how many each layer has."""
    pytest.importorskip("mace", reason="mace-torch is not installed")
    from mace import modules  # before e3nn

    # isort: split
    import torch
    from e3nn import o3

    torch.manual_seed(0)
    model = modules.ScaleShiftMACE(
        r_max=5.0,
        num_bessel=4,
        num_polynomial_cutoff=5,
        max_ell=max_ell,
        interaction_cls=modules.interaction_classes["RealAgnosticResidualInteractionBlock"],
        interaction_cls_first=modules.interaction_classes["RealAgnosticInteractionBlock"],
        num_interactions=layers,
        num_elements=2,
        hidden_irreps=o3.Irreps(hidden),
        MLP_irreps=o3.Irreps("4x0e"),
        atomic_energies=np.zeros(2),
        avg_num_neighbors=3.0,
        atomic_numbers=[1, 6],
        correlation=correlation,
        gate=torch.nn.functional.silu,
        atomic_inter_scale=1.0,
        atomic_inter_shift=0.0,
        keep_last_layer_irreps=True,
    )

    def features(directions: np.ndarray) -> np.ndarray:
        types, edges, vectors = stars(directions, second)
        graphs, count = len(directions), len(types) // len(directions)
        data = {
            "positions": torch.zeros(len(types), 3),
            "node_attrs": torch.eye(2)[types],
            "edge_index": torch.tensor(edges).T,
            "shifts": torch.tensor(vectors),
            "unit_shifts": torch.zeros(len(edges), 3),
            "cell": torch.eye(3).repeat(graphs, 1) * 100,
            "batch": torch.arange(graphs).repeat_interleave(count),
            "ptr": torch.arange(graphs + 1) * count,
            "head": torch.zeros(graphs, dtype=torch.long),
        }
        with torch.no_grad():
            found = model(data, compute_force=False)["node_feats"]
        return found[::count].numpy()

    return features, [o3.Irreps(hidden).dim] * layers


@pytest.fixture
def float64(monkeypatch: pytest.MonkeyPatch):
    # e3nn 0.4.4, which MACE pins, reads its constants with a plain torch.load.
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    torch = pytest.importorskip("torch", reason="torch is not installed")
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield torch
    torch.set_default_dtype(before)


@pytest.mark.parametrize(
    ("max_ell", "correlation", "hidden", "expected"),
    [
        (2, 3, "2x0e", 2),
        (2, 3, "2x0e+2x1o", 3),
        pytest.param(3, 3, "2x0e", 3, marks=pytest.mark.slow),
        pytest.param(3, 3, "2x0e+2x1o", 4, marks=pytest.mark.slow),
        (2, 2, "2x0e+2x1o+2x2e+2x3o+2x4e", 4),
        (2, 2, "2x0e", 2),
        (1, 3, "2x0e+2x1o+2x2e+2x3o", 3),
        (2, 1, "2x0e+2x1o+2x2e", 2),
    ],
)
def test_the_first_layer_of_mace(
    max_ell: int, correlation: int, hidden: str, expected: int, float64
) -> None:
    features, sizes = mace_features(max_ell, correlation, hidden, 2)
    layer = mace_layers(max_ell, correlation, Irreps.parse(hidden), 2, 1, keep_last=True)[0]
    seen = degrees(lambda x: features(x)[:, : sizes[0]], max_ell * correlation + 2)
    assert max(seen) == layer.degree_of_features == expected
    assert layer.degree_in_one_direction == max_ell * correlation


def test_the_second_layer_of_mace_is_within_its_bound_and_beyond_the_first(float64) -> None:
    hidden = "2x0e+2x1o"
    features, sizes = mace_features(1, 2, hidden, 2, second=True)
    first, second = mace_layers(1, 2, Irreps.parse(hidden), 2, 1, keep_last=True)
    seen = degrees(lambda x: features(x)[:, : sizes[0]], 8)
    assert max(seen) == first.degree_of_features
    seen = degrees(lambda x: features(x)[:, sizes[0] :], 8)
    assert first.degree_of_features < max(seen) <= second.degree_of_features
    assert second.degree_of_features <= second.degree_in_one_direction


def nequip_features(l_max: int, layers: int) -> list[Features]:
    """The features of atom 0 after every layer."""
    pytest.importorskip("nequip", reason="nequip is not installed")
    import torch
    from nequip.data import AtomicDataDict
    from nequip.model import NequIPGNNModel
    from nequip.utils.global_state import set_global_state

    set_global_state()
    model = NequIPGNNModel(
        seed=1,
        model_dtype="float64",
        r_max=5.0,
        type_names=["H", "C"],
        l_max=l_max,
        num_layers=layers,
        num_features=4,
        parity=True,
        radial_mlp_width=8,
        avg_num_neighbors=3.0,
        do_derivatives=False,
    )
    kept: dict[str, torch.Tensor] = {}
    named = [(name, module) for name, module in model.named_modules() if name.endswith("_convnet")]
    for name, module in named:
        module.register_forward_hook(
            lambda _m, _i, out, name=name: kept.__setitem__(name, out["node_features"].detach())
        )

    def run(directions: np.ndarray) -> dict[str, np.ndarray]:
        types, edges, vectors = stars(directions, second=True)
        graphs, count = len(directions), len(types) // len(directions)
        # Edge vectors are made of cell shifts, in a cell that is the unit cube.
        model(
            {
                AtomicDataDict.POSITIONS_KEY: torch.zeros(len(types), 3, dtype=torch.float64),
                AtomicDataDict.ATOM_TYPE_KEY: torch.tensor(types),
                AtomicDataDict.EDGE_INDEX_KEY: torch.tensor(edges).T,
                AtomicDataDict.EDGE_CELL_SHIFT_KEY: torch.tensor(vectors),
                AtomicDataDict.CELL_KEY: torch.eye(3, dtype=torch.float64).repeat(graphs, 1, 1),
                AtomicDataDict.BATCH_KEY: torch.arange(graphs).repeat_interleave(count),
                AtomicDataDict.NUM_NODES_KEY: torch.full((graphs,), count),
            }
        )
        return {name: kept[name][::count].numpy() for name, _ in named}

    return [lambda x, name=name: run(x)[name] for name, _ in named]


@pytest.mark.parametrize("l_max", [1, 2])
def test_nequip_is_polynomial_until_its_second_gate(l_max: int) -> None:
    first, second, _ = nequip_features(l_max, 3)
    table = nequip_layers(l_max, 3, neighbours=1)
    assert degrees(first, 3 * l_max) == list(range(l_max + 1))
    assert table[0].degree_of_features == l_max
    assert [layer.polynomial for layer in table] == [True, False, False]
    assert table[1].degree_of_features is None
    # Not a polynomial: above every degree that products of the layer's features could have there
    # is more, falling off but not zero.
    z, weights = np.polynomial.legendre.leggauss(24)
    directions = np.stack([np.sqrt(1 - z**2), np.zeros_like(z), z], axis=-1)
    values = second(directions)
    legendre = np.polynomial.legendre.legvander(z, 15).T
    zonal = np.abs((legendre * weights) @ values).max(axis=1)
    beyond = [zonal[l] / max(zonal) for l in range(2 * l_max + 1, 2 * l_max + 4)]
    assert all(value > 1e-10 for value in beyond)


def test_the_measure_sees_what_is_there() -> None:
    def field(x: np.ndarray) -> np.ndarray:
        return np.stack([x[:, 2] ** 3, x[:, 0] * x[:, 1]], axis=-1)

    assert degrees(field, 5) == [1, 2, 3]
    assert all(a < b for a, b in pairwise(degrees(lambda x: x**4, 6)))
    with pytest.raises(AssertionError):
        degrees(lambda x: np.exp(x), 20)  # no polynomial: a tail between felt and rounding
