"""The table of T8 for the docs: what survives of Sym^d(U_L) on K neighbours.

``python benchmarks/density_table.py`` writes docs/results/exact/density.json: for every L ≤ 4,
d ≤ 4 and K ≤ 4 the dimension of Sym^d(U_L), what of it survives, and the number of coupled
products with outputs of degree ≤ L and natural parity, before and after. Minutes on one core.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from span_theorem.coupling import coupling_basis
from span_theorem.density import density_ranks
from span_theorem.files import write_json
from span_theorem.irreps import Irreps
from span_theorem.multiplicity import power_dimension

TARGET = Path(__file__).resolve().parent.parent / "docs" / "results" / "exact" / "density.json"


def main() -> int:
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("--largest", type=int, default=4, help="of L, d and K (default 4)")
    made.add_argument("--out", type=Path, default=TARGET, help="default: the file of the docs")
    given = made.parse_args()
    rows = []
    for L in range(1, given.largest + 1):
        space = Irreps.upto(L)
        kept = {irrep for _, irrep in space}
        for d in range(1, given.largest + 1):
            basis = coupling_basis(space, d)
            for K in range(1, given.largest + 1):
                found = density_ranks(basis, K)
                rows.append(
                    {
                        "L": L,
                        "d": d,
                        "neighbours": K,
                        "dimension": power_dimension(space.dim, d),
                        "surviving_dimension": found.dimension,
                        "products": sum(n for ir, n in found.multiplicities.items() if ir in kept),
                        "surviving_products": sum(
                            n for ir, n in found.surviving.items() if ir in kept
                        ),
                    }
                )
                print(rows[-1], file=sys.stderr)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    write_json(given.out, {"rows": rows}, force=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
