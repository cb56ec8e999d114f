"""Exact SO(3) algebra for the span theorem: what products of spherical harmonics can represent.

Conventions: :mod:`span_theorem.real_basis`. Command line: ``python -m span_theorem.verify``.

The names below are imported when they are first used. So the checkers :mod:`span_theorem.check`
and :mod:`span_theorem.coupling_check` run without any other module of the project.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from span_theorem._version import __version__ as __version__
    from span_theorem.arrays import real_gaunt_array as real_gaunt_array
    from span_theorem.arrays import real_wigner_3j_array as real_wigner_3j_array
    from span_theorem.check import CertificateError as CertificateError
    from span_theorem.check import check_certificate as check_certificate
    from span_theorem.density import DensityRanks as DensityRanks
    from span_theorem.density import density_ranks as density_ranks
    from span_theorem.directions import DirectionsProof as DirectionsProof
    from span_theorem.directions import angle_boundary as angle_boundary
    from span_theorem.directions import prove_directions as prove_directions
    from span_theorem.factors import Factors as Factors
    from span_theorem.factors import reach as reach
    from span_theorem.gaunt import gaunt as gaunt
    from span_theorem.gaunt import gaunt_block as gaunt_block
    from span_theorem.gaunt import gaunt_table as gaunt_table
    from span_theorem.gaunt import real_gaunt as real_gaunt
    from span_theorem.gaunt import real_gaunt_block as real_gaunt_block
    from span_theorem.gaunt import real_wigner_3j as real_wigner_3j
    from span_theorem.gaunt import real_wigner_3j_block as real_wigner_3j_block
    from span_theorem.irreps import FeatureKind as FeatureKind
    from span_theorem.irreps import Irrep as Irrep
    from span_theorem.irreps import Irreps as Irreps
    from span_theorem.irreps import feature_irreps as feature_irreps
    from span_theorem.multiplicity import multiplicities as multiplicities
    from span_theorem.multiplicity import power_dimension as power_dimension
    from span_theorem.products import expand_product as expand_product
    from span_theorem.products import harmonic_norm as harmonic_norm
    from span_theorem.products import product_degrees as product_degrees
    from span_theorem.real_basis import E3NN_AXES as E3NN_AXES
    from span_theorem.real_basis import e3nn_sign as e3nn_sign
    from span_theorem.real_basis import e3nn_table_sign as e3nn_table_sign
    from span_theorem.real_basis import real_component as real_component
    from span_theorem.real_basis import real_from_complex as real_from_complex
    from span_theorem.recoupling import racah_w as racah_w
    from span_theorem.recoupling import wigner_6j as wigner_6j
    from span_theorem.recoupling import wigner_9j as wigner_9j
    from span_theorem.span import boundary as boundary
    from span_theorem.span import span_degrees as span_degrees
    from span_theorem.span import span_dimension as span_dimension
    from span_theorem.surd import Surd as Surd
    from span_theorem.theorem import SpanProof as SpanProof
    from span_theorem.theorem import prove_products as prove_products
    from span_theorem.theorem import prove_span as prove_span
    from span_theorem.verify import verify as verify
    from span_theorem.wigner import clebsch_gordan as clebsch_gordan
    from span_theorem.wigner import clebsch_gordan_block as clebsch_gordan_block
    from span_theorem.wigner import wigner_3j as wigner_3j
    from span_theorem.wigner import wigner_3j_block as wigner_3j_block
    from span_theorem.witnesses import Counterexample as Counterexample
    from span_theorem.witnesses import Witness as Witness
    from span_theorem.witnesses import find_counterexample as find_counterexample
    from span_theorem.witnesses import stretched_constant as stretched_constant
    from span_theorem.witnesses import witness as witness

_NAMES = {
    "_version": "__version__",
    "arrays": "real_gaunt_array real_wigner_3j_array",
    "check": "CertificateError check_certificate",
    "density": "DensityRanks density_ranks",
    "directions": "DirectionsProof angle_boundary prove_directions",
    "factors": "Factors reach",
    "gaunt": "gaunt gaunt_block gaunt_table real_gaunt real_gaunt_block "
    "real_wigner_3j real_wigner_3j_block",
    "irreps": "FeatureKind Irrep Irreps feature_irreps",
    "multiplicity": "multiplicities power_dimension",
    "products": "expand_product harmonic_norm product_degrees",
    "real_basis": "E3NN_AXES e3nn_sign e3nn_table_sign real_component real_from_complex",
    "recoupling": "racah_w wigner_6j wigner_9j",
    "span": "boundary span_degrees span_dimension",
    "surd": "Surd",
    "theorem": "SpanProof prove_products prove_span",
    "verify": "verify",
    "wigner": "clebsch_gordan clebsch_gordan_block wigner_3j wigner_3j_block",
    "witnesses": "Counterexample Witness find_counterexample stretched_constant witness",
}
_MODULE_OF = {name: module for module, names in _NAMES.items() for name in names.split()}

__all__ = sorted(_MODULE_OF)


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
