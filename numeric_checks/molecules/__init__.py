"""Molecular data: files, units, fields, and the marked direction of an atom."""

from span_theorem.facade import attach

__getattr__, __dir__, __all__ = attach(
    "numeric_checks.molecules",
    {
        "EMBEDDED": "numeric_checks.molecules.data",
        "ForceData": "numeric_checks.molecules.data",
        "Structures": "numeric_checks.molecules.structures",
        "load": "numeric_checks.molecules.data",
    },
)
