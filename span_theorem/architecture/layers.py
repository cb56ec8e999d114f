"""Which degrees every layer of an architecture reaches, by T1, T2, T4, T7 and T8.

Two things are called degree. *In one direction*: turn one edge of an atom and hold everything
else; the features are then a polynomial on the sphere, of a degree that products add up (T1, T7).
*Total*: turn the whole configuration; the features turn with their irreps, of degree at most l
(T4), however they were made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from span_theorem.arguments import natural, within
from span_theorem.coupling.basis import coupling_basis
from span_theorem.density import MAX_PRODUCTS, MAX_TERMS, density_ranks, expanded_terms
from span_theorem.directions import angle_boundary
from span_theorem.factors import Factors
from span_theorem.irreps import Irrep, Irreps
from span_theorem.multiplicity import multiplicities, power_dimension, product_multiplicities

__all__ = [
    "Layer",
    "Products",
    "e3nn_layers",
    "equivariant_layers",
    "mace_layers",
    "nequip_layers",
    "output_degree",
]

MAX_DEGREE = 16
MAX_FACTORS = 8
MAX_LAYERS = 32
MAX_NEIGHBOURS = 8


@dataclass(frozen=True, slots=True)
class Products:
    """The coupled products with one output irrep: their number, and how many survive K neighbours.

    ``surviving`` maps K to the number, as far as it is affordable; empty where T8 does not apply.
    """

    coupled: int
    surviving: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Layer:
    """What is known of one layer.

    Attributes:
        name: what the layer is.
        features: irreps of the features that leave it.
        polynomial: whether they are polynomials in the direction of one edge; the entries that
            speak of one direction or of an angle are None where they are not.
        degree_in_one_direction: the largest degree that the products of the layer reach in the
            direction of one edge, if every output irrep were kept.
        degree_of_features: the largest degree in the direction of one edge that the features have,
            whose irreps are only those kept.
        angle: the largest Legendre degree in the angle between two edges of the atom.
        total_degree: the largest degree of the features when everything is turned.
        products: what is multiplied in the layer, by output irrep.
        statements: the theorem behind each entry.
        note: where a statement ends.
    """

    name: str
    features: Irreps
    polynomial: bool
    degree_in_one_direction: int | None
    degree_of_features: int | None
    angle: int | None
    total_degree: int
    products: dict[Irrep, Products]
    statements: dict[str, str]
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """A JSON-ready object; irreps are keys such as ``"1o"``."""
        return {
            "name": self.name,
            "features": str(self.features),
            "polynomial": self.polynomial,
            "degree_in_one_direction": self.degree_in_one_direction,
            "degree_of_features": self.degree_of_features,
            "angle": self.angle,
            "total_degree": self.total_degree,
            "products": {
                str(irrep): {
                    "coupled": row.coupled,
                    "surviving": {str(K): n for K, n in row.surviving.items()},
                }
                for irrep, row in self.products.items()
            },
            "statements": self.statements,
            "note": self.note,
        }


def output_degree(L: int, factors: int, output: int) -> int:
    """Largest degree in one direction of the V_l, l ≤ output, made of ``factors`` densities.

    a factors that meet the direction reach degree aL there (T1), the others reach (factors-a)L in
    the other directions, and to an output of degree l they couple only where the two differ by at
    most l: the maximum over a of min(aL, (factors-a)L + output). For output = 0 it is the angle,
    L·⌊factors/2⌋ (T7); where every output is kept it is factors·L.

    >>> output_degree(3, 3, 0), output_degree(3, 3, 1), output_degree(3, 3, 9)
    (3, 4, 9)
    """
    L, factors, output = natural("L", L), natural("factors", factors), natural("output", output)
    return max(min(a * L, (factors - a) * L + output) for a in range(factors + 1))


def mace_layers(
    max_ell: int,
    correlation: int | Sequence[int],
    hidden: Irreps,
    layers: int,
    neighbours: int = 4,
    keep_last: bool = False,
) -> list[Layer]:
    """The layers of a MACE (or, with one layer, an ACE): products of a density of edges.

    Args:
        max_ell: degree of the harmonics of an edge.
        correlation: number of densities that are multiplied, one for all layers or one for each.
        hidden: ``hidden_irreps``, which the products are projected on.
        layers: ``num_interactions``.
        neighbours: K up to which the surviving products are counted.
        keep_last: whether the last of several layers keeps its irreps; MACE's default, and its
            rule for a single layer, is to keep the scalars alone.
    """
    max_ell = within("max_ell", max_ell, 0, MAX_DEGREE)
    layers = within("layers", layers, 1, MAX_LAYERS)
    orders = [correlation] * layers if isinstance(correlation, int) else list(correlation)
    if len(orders) != layers:
        raise ValueError(f"correlation has {len(orders)} entries for {layers} layers")
    orders = [within("correlation", order, 1, MAX_FACTORS) for order in orders]
    if not hidden or hidden.lmax > MAX_DEGREE:
        raise ValueError(
            f"hidden needs at least one irrep, and all of degree ≤ {MAX_DEGREE}, got '{hidden}'"
        )
    if Irrep(0, 1) not in hidden.counts():
        raise ValueError(
            "hidden needs scalars 0e, whose number is that of the channels, and a parity for every "
            f"irrep, got '{hidden}'"
        )
    density = deeper_density = Irreps.upto(max_ell)
    if Irrep(0, -1) in hidden.counts():  # MACE then keeps both parities behind the first layer
        deeper_density = _both_parities(max_ell)
    found: list[Layer] = []
    for number, order in enumerate(orders, 1):
        last = number == layers and (layers == 1 or not keep_last)
        kept = Irreps(tuple(t for t in hidden.terms if t[1].l == 0)[:1]) if last else hidden
        top = kept.lmax if kept else 0
        if number == 1:
            in_products, in_features = order * max_ell, output_degree(max_ell, order, top)
            angle = angle_boundary(max_ell, order)
            labels = ("T1", "T7", "T7", "T2, T8")
        else:
            in_products, in_features, angle = _deeper(found[-1], number, order, max_ell)
            labels = ("T1 (bound)", "T1 (bound)", "T7 (bound)", "T2")
        found.append(
            Layer(
                f"interaction {number}: products of {order} densities of degree ≤ {max_ell}",
                kept,
                True,
                in_products,
                in_features,
                angle,
                top,
                _density_products(density, order, kept, neighbours)
                if number == 1
                else _density_products(deeper_density, order, kept, 0),
                _statements(*labels),
                "linear readout"
                if number < layers
                else "the last readout is not polynomial: an "
                "energy behind it has no largest degree",
            )
        )
    return found


def _deeper(before: Layer, number: int, order: int, max_ell: int) -> tuple[int, int, int]:
    """Bounds for layer ``number`` ≥ 2 of a MACE: all products, features kept, angle."""
    in_products = order * (max_ell + (before.degree_in_one_direction or 0))
    reach = max_ell + (before.degree_of_features or 0)
    in_features = order * reach
    # A factor is a sum over neighbours. In the second layer every term sees one edge of the atom.
    # Later a neighbour's features contain those of the atom itself, so that one term sees several
    # edges. The degrees in two of them add up to at most ``in_products``, and the angle takes the
    # same degree in both.
    angle = reach * (order // 2) if number == 2 else min(in_features, in_products // 2)
    # The features of the layer before are added on as they are.
    return in_products, in_features, max(angle, before.angle or 0)


def _both_parities(top: int) -> Irreps:
    return Irreps(tuple((1, Irrep(l, p)) for l in range(top + 1) for p in (1, -1)))


def nequip_layers(l_max: int, layers: int, parity: bool = True, neighbours: int = 4) -> list[Layer]:
    """The layers of a NequIP: the first is linear in the density, and then gates follow.

    A gate multiplies features by functions of scalars. The scalars of the first layer depend on
    distances alone, so the first layer is polynomial in every direction; later ones are not.

    Args:
        l_max: degree of harmonics and features.
        layers: ``num_layers``.
        parity: whether features of both parities are kept.
        neighbours: K up to which the surviving products are counted.
    """
    l_max = within("l_max", l_max, 0, MAX_DEGREE)
    layers = within("layers", layers, 1, MAX_LAYERS)
    harmonics = Irreps.upto(l_max)
    both = _both_parities(l_max)
    found: list[Layer] = []
    for number in range(1, layers + 1):
        scalar = number == layers
        kept = Irreps.upto(0) if scalar else (both if parity and number > 1 else harmonics)
        # The scalars of one convolution alone see no direction.
        first = 0 if scalar else l_max
        if number == 1:
            products = _density_products(harmonics, 1, kept, neighbours)
        else:
            coupled = product_multiplicities([found[-1].features, harmonics])
            products = {ir: Products(coupled[ir]) for ir in kept.counts() if ir in coupled}
        found.append(
            Layer(
                f"layer {number}: "
                + ("convolution" if number == 1 else "features times harmonics")
                + ", then a gate",
                kept,
                number == 1,
                l_max if number == 1 else None,
                first if number == 1 else None,
                0 if number == 1 else None,
                kept.lmax,
                products,
                _statements("T1", "T1", "T7", "T2, T8" if number == 1 else "T2"),
                "the gate multiplies by functions of distances alone"
                if number == 1
                else "the gate is not polynomial in a direction: from here on the total degree "
                "alone is bounded",
            )
        )
    return found


def e3nn_layers(irreps: Irreps, degree: int, neighbours: int = 4) -> list[Layer]:
    """Products of ``degree`` features of the given irreps, as in a tensor product or a readout.

    Args:
        irreps: the features; one direction sees those of natural parity.
        degree: number of factors.
        neighbours: K up to which the surviving products are counted.
    """
    degree = within("degree", degree, 1, MAX_FACTORS)
    if not irreps or irreps.lmax > MAX_DEGREE:
        raise ValueError(
            f"at least one irrep is needed, and all of degree ≤ {MAX_DEGREE}, got '{irreps}'"
        )
    factors = Factors.power(irreps, degree)
    single = Irreps(tuple((1, irrep) for irrep in irreps.counts()))
    counted = multiplicities(irreps, degree)
    counts = _surviving(single, degree, None, neighbours)
    one_channel = single.simplify() == irreps.simplify()
    products = {
        irrep: Products(n, counts.get(irrep, {}) if one_channel else {})
        for irrep, n in counted.items()
    }
    return [
        Layer(
            f"products of {degree} features",
            Irreps(tuple((1, irrep) for irrep in counted)),
            True,
            factors.boundary,
            factors.boundary,
            angle_boundary(factors.L, degree),
            degree * irreps.lmax,
            products,
            _statements("T1″", "T1″", "T7", "T2, T8" if one_channel else "T2"),
            "; ".join(
                ([] if one_channel else ["several channels: what survives is not counted"])
                + _letters(irreps)
            ),
        )
    ]


def _letters(irreps: Irreps) -> list[str]:
    """A remark where every irrep has the letter e: some packages mean no parity by it."""
    odd = [str(irrep) for irrep in irreps.counts() if irrep.l % 2]
    if not odd or any(irrep.p != 1 for irrep in irreps.counts()):
        return []
    plain = "+".join(f"{n}x{irrep.l}" for n, irrep in irreps)
    return [
        f"{', '.join(odd)} vanish in one direction, being axial; if e stands for every irrep "
        f"because reflections are ignored, as in Equiformer, give {plain}"
    ]


def equivariant_layers(irreps: Irreps) -> list[Layer]:
    """Features of the given irreps, however an equivariant network makes them: T4 alone holds.

    For networks whose layers are not polynomial in a direction, or are not known: attention,
    gates, norms, activations on a grid.

    Args:
        irreps: the features, with or without parities.
    """
    if not irreps or irreps.lmax > MAX_DEGREE:
        raise ValueError(
            f"at least one irrep is needed, and all of degree ≤ {MAX_DEGREE}, got '{irreps}'"
        )
    return [
        Layer(
            f"features of degree ≤ {irreps.lmax}",
            irreps,
            False,
            None,
            None,
            None,
            irreps.lmax,
            {},
            {"total_degree": "T4"},
            "nothing is said of one direction: that takes layers that are polynomial in it",
        )
    ]


def _statements(direction: str, features: str, angle: str, products: str) -> dict[str, str]:
    return {
        "degree_in_one_direction": direction,
        "degree_of_features": features,
        "angle": angle,
        "total_degree": "T4",
        "products": products,
    }


def _density_products(
    density: Irreps, order: int, kept: Irreps, neighbours: int
) -> dict[Irrep, Products]:
    """The products of exactly ``order`` components of a density, by output kept."""
    outputs = tuple(sorted(set(kept.counts())))
    counted = multiplicities(density, order)
    counts = _surviving(density, order, outputs, neighbours)
    return {ir: Products(counted.get(ir, 0), counts.get(ir, {})) for ir in outputs}


def _surviving(
    space: Irreps, order: int, outputs: tuple[Irrep, ...] | None, neighbours: int
) -> dict[Irrep, dict[int, int]]:
    """How many products survive K = 1 … neighbours, by output, for the K that are affordable."""
    if not neighbours or power_dimension(space.dim, order) > MAX_PRODUCTS:
        return {}
    basis = coupling_basis(space, order, outputs)
    table: dict[Irrep, dict[int, int]] = {}
    terms = 0
    for K in range(1, neighbours + 1):
        if (terms := terms + expanded_terms(basis, K)) > MAX_TERMS:
            break
        for irrep, n in density_ranks(basis, K).surviving.items():
            table.setdefault(irrep, {})[K] = n
    return table
