"""Count, write and certify a coupling basis."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from math import comb
from pathlib import Path
from typing import Any

from span_theorem.arguments import integer_option
from span_theorem.certificate import check_command
from span_theorem.command import Result, parser, run, say
from span_theorem.coupling.arrays_file import save_npz
from span_theorem.coupling.basis import (
    MAX_DEGREE,
    CouplingBasis,
    coupling_basis,
    expected_counts,
)
from span_theorem.coupling.certificate import write_certificate
from span_theorem.density import DensityRanks, density_ranks
from span_theorem.files import check_targets
from span_theorem.irreps import Irreps
from span_theorem.options import add_force, add_output_file

_EPILOG = """exit codes: 0 done, 2 bad usage or input.
example: python -m span_theorem.coupling "0e+1o+2e+3o" --degree 3 --keep "0e+1o+2e" --out b.npz"""


def _parser() -> argparse.ArgumentParser:
    made = parser(
        "span_theorem.coupling",
        "Exact orthonormal basis of the equivariant maps V_l -> Sym^d(U).",
        _EPILOG,
    )
    made.formatter_class = argparse.RawDescriptionHelpFormatter
    made.add_argument("irreps", help="U in e3nn's notation, e.g. 0e+1o+2e or 8x0e+8x1o")
    made.add_argument(
        "--degree",
        "-d",
        type=integer_option("degree", 1, MAX_DEGREE),
        required=True,
        help="number of factors d >= 1",
    )
    made.add_argument("--keep", help="outputs to keep, e.g. 0e+1o; default: all that occur")
    made.add_argument("--power", choices=("symmetric", "tensor"), default="symmetric")
    made.add_argument(
        "--neighbours",
        type=integer_option("neighbours", 1, 64),
        metavar="K",
        help="say which vectors vanish, and which are independent, as functions of a density of "
        "K neighbours (T8)",
    )
    add_output_file(made, "sparse arrays")
    made.add_argument("--certificate", type=Path, help="write the exact certificate (JSON)")
    made.add_argument("--layout", choices=("mul_ir", "ir_mul"), default="mul_ir")
    made.add_argument("--dtype", choices=("float32", "float64"), default="float64")
    made.add_argument("--orderings", choices=("all", "sorted"), default="all")
    add_force(made)
    return made


def _summary(basis: CouplingBasis, density: DensityRanks | None) -> dict[str, Any]:
    alive = basis.survivors()
    nonzero = dict.fromkeys(basis.counts(), 0)
    for vector, survives in zip(basis.vectors, alive, strict=True):
        nonzero[vector.irrep] += survives
    outputs: dict[str, dict[str, Any]] = {
        str(irrep): {"multiplicity": n, "nonzero_on_one_direction": nonzero[irrep]}
        for irrep, n in basis.counts().items()
    }
    summary: dict[str, Any] = {
        "irreps": str(basis.irreps),
        "degree": basis.degree,
        "power": basis.power,
        "vectors": len(basis.vectors),
        "outputs": outputs,
    }
    if density is not None:
        summary["neighbours"] = density.neighbours
        for irrep, row in density.outputs.items():
            outputs[str(irrep)] |= {
                "surviving": row.surviving,
                "independent": list(row.independent),
                "vanishing": list(row.vanishing),
            }
    return summary


def _table(summary: dict[str, Any], certificate: Path | None) -> str:
    lines = ["{vectors} vectors of degree {degree} over {irreps} ({power})".format(**summary)]
    for name, row in summary["outputs"].items():
        line = (
            f"  {name:>4}  multiplicity {row['multiplicity']:>6}   "
            f"non-zero on one direction {row['nonzero_on_one_direction']:>6}"
        )
        if "surviving" in row:
            line += (
                f"   independent on {summary['neighbours']} neighbours {row['surviving']:>6}, "
                f"zero there {len(row['vanishing']):>6}"
            )
        lines.append(line)
    if certificate is not None:
        lines.append(f"check it: {check_command(certificate, 'coupling_check.py')}")
    return "\n".join(lines)


def _announce(irreps: Irreps, degree: int, power: str) -> None:
    """Before long work, what it will roughly cost: from cases measured on one core."""
    states, top = irreps.dim, irreps.lmax if irreps else 0
    monomials = comb(states + degree - 1, degree) if power == "symmetric" else states**degree
    group = comb(2 * top + degree, degree) * top * degree**2 if power == "symmetric" else 0
    steps = 20 * monomials + group + states * degree * (degree * top + 1)
    if steps > 10**7:
        seconds = f"{steps // 10**6} s" if steps < 10**15 else "longer than anyone waits"
        say(f"{degree} factors of {states} components: of the order of {seconds}")


def _work(options: argparse.Namespace) -> Result:
    targets = [path for path in (options.out, options.certificate) if path is not None]
    check_targets(*targets, force=options.force)
    if options.neighbours is not None and options.power != "symmetric":
        raise ValueError("--neighbours needs --power symmetric: a density makes no other products")
    irreps = Irreps.parse(options.irreps)
    for name, text in (("irreps", options.irreps), ("keep", options.keep)):
        if text is not None and not Irreps.parse(text):
            raise ValueError(f"{name} must hold at least one irrep, got {text!r}")
    expected_counts(irreps, options.degree, options.keep, options.power)  # or it is refused
    _announce(irreps, options.degree, options.power)
    basis = coupling_basis(irreps, options.degree, options.keep, options.power)

    density = None if options.neighbours is None else density_ranks(basis, options.neighbours)

    def certificate() -> str:
        write_certificate(basis, options.certificate, options.force)
        return str(options.certificate)

    def arrays() -> str:
        save_npz(
            basis,
            options.out,
            options.layout,
            options.dtype,
            options.orderings,
            options.force,
            density,
        )
        return str(options.out)

    outputs = [certificate] if options.certificate is not None else []
    outputs += [arrays] if options.out is not None else []
    summary = _summary(basis, density)
    return Result(_table(summary, options.certificate), summary, outputs=outputs)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    return run(_parser(), argv, _work)


if __name__ == "__main__":
    raise SystemExit(main())
