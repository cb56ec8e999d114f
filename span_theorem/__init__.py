"""Exact SO(3) algebra for the span theorem: what products of spherical harmonics can represent."""

from span_theorem._version import __version__
from span_theorem.irreps import Features, Irrep, Irreps, feature_irreps
from span_theorem.span import boundary, span_degrees, span_dimension
from span_theorem.surd import Surd

__all__ = [
    "Features",
    "Irrep",
    "Irreps",
    "Surd",
    "__version__",
    "boundary",
    "feature_irreps",
    "span_degrees",
    "span_dimension",
]
