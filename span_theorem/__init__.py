"""Exact SO(3) algebra for the span theorem: what products of spherical harmonics can represent.

Conventions: :mod:`span_theorem.real_basis`. Command line: ``python -m span_theorem.verify``.

The names below are imported when they are first used. So the checkers :mod:`span_theorem.check`
and :mod:`span_theorem.coupling_check` run without any other module of the project.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from span_theorem._version import __version__
    from span_theorem.arrays import real_gaunt_array, real_wigner_3j_array
    from span_theorem.check import CertificateError, check_certificate
    from span_theorem.density import DensityRanks, density_ranks
    from span_theorem.directions import DirectionsProof, angle_boundary, prove_directions
    from span_theorem.factors import Factors, reach
    from span_theorem.gaunt import (
        gaunt,
        gaunt_block,
        gaunt_table,
        real_gaunt,
        real_gaunt_block,
        real_wigner_3j,
        real_wigner_3j_block,
    )
    from span_theorem.irreps import FeatureKind, Irrep, Irreps, feature_irreps
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
        prove_products,
        prove_span,
        stretched_constant,
        witness,
    )
    from span_theorem.verify import verify
    from span_theorem.wigner import clebsch_gordan, clebsch_gordan_block, wigner_3j, wigner_3j_block

_NAMES = {
    "_version": ("__version__",),
    "arrays": ("real_gaunt_array", "real_wigner_3j_array"),
    "check": ("CertificateError", "check_certificate"),
    "density": (
        "DensityRanks",
        "density_ranks",
    ),
    "directions": (
        "DirectionsProof",
        "angle_boundary",
        "prove_directions",
    ),
    "factors": (
        "Factors",
        "reach",
    ),
    "gaunt": (
        "gaunt",
        "gaunt_block",
        "gaunt_table",
        "real_gaunt",
        "real_gaunt_block",
        "real_wigner_3j",
        "real_wigner_3j_block",
    ),
    "irreps": ("FeatureKind", "Irrep", "Irreps", "feature_irreps"),
    "multiplicity": ("multiplicities", "power_dimension"),
    "products": ("expand_product", "harmonic_norm", "product_degrees"),
    "real_basis": (
        "E3NN_AXES",
        "e3nn_sign",
        "e3nn_table_sign",
        "real_component",
        "real_from_complex",
    ),
    "recoupling": ("racah_w", "wigner_6j", "wigner_9j"),
    "span": ("boundary", "span_degrees", "span_dimension"),
    "surd": ("Surd",),
    "theorem": (
        "Counterexample",
        "SpanProof",
        "Witness",
        "find_counterexample",
        "prove_products",
        "prove_span",
        "stretched_constant",
        "witness",
    ),
    "verify": ("verify",),
    "wigner": ("clebsch_gordan", "clebsch_gordan_block", "wigner_3j", "wigner_3j_block"),
}
_MODULE_OF = {name: module for module, names in _NAMES.items() for name in names}

__all__ = [
    "E3NN_AXES",
    "CertificateError",
    "Counterexample",
    "DensityRanks",
    "DirectionsProof",
    "Factors",
    "FeatureKind",
    "Irrep",
    "Irreps",
    "SpanProof",
    "Surd",
    "Witness",
    "__version__",
    "angle_boundary",
    "boundary",
    "check_certificate",
    "clebsch_gordan",
    "clebsch_gordan_block",
    "density_ranks",
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
    "prove_directions",
    "prove_products",
    "prove_span",
    "racah_w",
    "reach",
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
    "verify",
    "wigner_3j",
    "wigner_3j_block",
    "wigner_6j",
    "wigner_9j",
    "witness",
]


def __getattr__(name: str) -> Any:
    """The public name, imported from its module when it is first asked for (PEP 562).

    As :func:`span_theorem.facade.attach` has it, which is not imported for the checkers' sake: a
    name that is also that of a module stands for the module, which can be called.
    """
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{_MODULE_OF[name]}")
    value = module if _MODULE_OF[name] == name else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
