"""The certificate of a coupling basis: claim and exact witness in versioned JSON.

The format is specified in docs/coupling.md; ``python -m span_theorem.coupling_check`` verifies it
with the standard library alone and shares no code with this package's algebra.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from span_theorem.coupling.basis import CouplingBasis
from span_theorem.files import writing

__all__ = ["basis_certificate", "write_certificate"]


def basis_certificate(basis: CouplingBasis) -> dict[str, Any]:
    """Claim (U, d, power, outputs) and witness (all highest-weight vectors) as plain JSON data."""
    outputs = [str(irrep) for irrep in (basis.keep if basis.keep is not None else basis.counts())]
    return {
        "format": "span-theorem coupling certificate",
        "version": 1,
        "irreps": str(basis.irreps),
        "degree": basis.degree,
        "power": basis.power,
        "outputs": outputs if basis.keep is not None else "all",
        "vectors": [
            {
                "output": str(vector.irrep),
                "channels": list(vector.content),
                "norm2": f"{vector.norm2.numerator}/{vector.norm2.denominator}",
                "terms": [[list(key), str(value)] for key, value in sorted(vector.highest.items())],
            }
            for vector in basis.vectors
        ],
    }


def write_certificate(
    basis: CouplingBasis, path: str | os.PathLike[str], force: bool = False
) -> None:
    """Write :func:`basis_certificate` as JSON; FileExistsError unless ``force`` or a new file."""
    text = json.dumps(basis_certificate(basis), separators=(",", ":"))
    with writing(Path(path), force=force) as stream:
        stream.write(text.encode())
