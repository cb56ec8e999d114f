"""``python -m span_theorem.coupling``: count, write and certify a coupling basis."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from span_theorem.certificate import check_command
from span_theorem.coupling.basis import CouplingBasis, coupling_basis
from span_theorem.coupling.certificate import write_certificate
from span_theorem.coupling.export import save_npz

_EPILOG = """exit codes: 0 done, 2 bad usage or input.
example: python -m span_theorem.coupling "0e+1o+2e+3o" --degree 3 --keep "0e+1o+2e" --out b.npz"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m span_theorem.coupling",
        description="Exact orthonormal basis of the equivariant maps V_l -> Sym^d(U).",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("irreps", help="U in e3nn's notation, e.g. 0e+1o+2e or 8x0e+8x1o")
    parser.add_argument("--degree", "-d", type=int, required=True, help="d >= 1")
    parser.add_argument("--keep", help="outputs to keep, e.g. 0e+1o; default: all that occur")
    parser.add_argument("--power", choices=("symmetric", "tensor"), default="symmetric")
    parser.add_argument("--out", type=Path, help="write sparse arrays to this .npz file")
    parser.add_argument("--certificate", type=Path, help="write the exact certificate (JSON)")
    parser.add_argument("--layout", choices=("mul_ir", "ir_mul"), default="mul_ir")
    parser.add_argument("--dtype", choices=("float32", "float64"), default="float64")
    parser.add_argument("--orderings", choices=("all", "sorted"), default="all")
    parser.add_argument("--force", action="store_true", help="replace existing files")
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")
    return parser


def _summary(basis: CouplingBasis) -> dict[str, Any]:
    alive = basis.survivors()
    surviving = dict.fromkeys(basis.counts(), 0)
    for vector, survives in zip(basis.vectors, alive, strict=True):
        surviving[vector.irrep] += survives
    return {
        "irreps": str(basis.irreps),
        "degree": basis.degree,
        "power": basis.power,
        "vectors": len(basis.vectors),
        "outputs": {
            str(irrep): {"multiplicity": n, "nonzero_on_one_direction": surviving[irrep]}
            for irrep, n in basis.counts().items()
        },
    }


def main(argv: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    options = _parser().parse_args(argv)
    try:
        for path in (options.out, options.certificate):
            # Told before the work starts, not after it.
            if path is not None and path.exists() and not options.force:
                raise FileExistsError(f"{path} exists; use --force to replace it")
            if path is not None and not path.parent.is_dir():
                raise FileNotFoundError(f"the folder {path.parent} does not exist")
        basis = coupling_basis(options.irreps, options.degree, options.keep, options.power)
        if options.certificate is not None:
            write_certificate(basis, options.certificate, options.force)
        if options.out is not None:
            save_npz(
                basis, options.out, options.layout, options.dtype, options.orderings, options.force
            )
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    summary = _summary(basis)
    if options.json:
        print(json.dumps(summary))
        return 0
    print(
        f"{summary['vectors']} vectors of degree {basis.degree} over {basis.irreps} ({basis.power})"
    )
    for name, row in summary["outputs"].items():
        print(
            f"  {name:>4}  multiplicity {row['multiplicity']:>6}   "
            f"non-zero on one direction {row['nonzero_on_one_direction']:>6}"
        )
    for path in (options.out, options.certificate):
        if path is not None:
            print(f"wrote {path}")
    if options.certificate is not None:
        print(f"check it: {check_command(options.certificate, 'coupling_check.py')}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
