"""Exact SO(3) algebra for the span theorem: what products of spherical harmonics can represent.

Conventions: :mod:`span_theorem.real_basis`. Command line: ``python -m span_theorem.verify``.
"""

from span_theorem._version import __version__
from span_theorem.arrays import real_gaunt_array, real_wigner_3j_array
from span_theorem.gaunt import (
    gaunt,
    gaunt_block,
    gaunt_table,
    real_gaunt,
    real_gaunt_block,
    real_wigner_3j,
    real_wigner_3j_block,
)
from span_theorem.irreps import Features, Irrep, Irreps, feature_irreps
from span_theorem.multiplicity import multiplicities, power_dimension
from span_theorem.products import expand_product, harmonic_norm, product_degrees
from span_theorem.real_basis import (
    E3NN_AXES,
    e3nn_sign,
    e3nn_table_sign,
    real_component,
    real_from_complex,
)
from span_theorem.recoupling import racah_w, wigner_6j, wigner_9j
from span_theorem.span import boundary, span_degrees, span_dimension
from span_theorem.surd import Surd
from span_theorem.theorem import (
    Counterexample,
    SpanProof,
    Witness,
    find_counterexample,
    prove_span,
    stretched_constant,
    witness,
)
from span_theorem.wigner import clebsch_gordan, clebsch_gordan_block, wigner_3j, wigner_3j_block

__all__ = [
    "E3NN_AXES",
    "Counterexample",
    "Features",
    "Irrep",
    "Irreps",
    "SpanProof",
    "Surd",
    "Witness",
    "__version__",
    "boundary",
    "clebsch_gordan",
    "clebsch_gordan_block",
    "e3nn_sign",
    "e3nn_table_sign",
    "expand_product",
    "feature_irreps",
    "find_counterexample",
    "gaunt",
    "gaunt_block",
    "gaunt_table",
    "harmonic_norm",
    "multiplicities",
    "power_dimension",
    "product_degrees",
    "prove_span",
    "racah_w",
    "real_component",
    "real_from_complex",
    "real_gaunt",
    "real_gaunt_array",
    "real_gaunt_block",
    "real_wigner_3j",
    "real_wigner_3j_array",
    "real_wigner_3j_block",
    "span_degrees",
    "span_dimension",
    "stretched_constant",
    "wigner_3j",
    "wigner_3j_block",
    "wigner_6j",
    "wigner_9j",
    "witness",
]
