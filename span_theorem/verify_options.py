"""The options of ``python -m span_theorem.verify``, and the question that they ask."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from span_theorem import command
from span_theorem.arguments import integer_option, shown
from span_theorem.certificate import MAX_SIZE
from span_theorem.factors import Factors
from span_theorem.files import check_targets
from span_theorem.irreps import Irreps
from span_theorem.options import add_force
from span_theorem.witnesses import Claim

__all__ = ["asked_factors", "check_arguments", "claim_option", "irreps_option", "verify_parser"]

MAX_BOUNDARY = 512
"""Largest L, d and boundary of the command line; the library functions have no limit."""

MAX_SWEEP = 12
MAX_DIRECTIONS = 64


def claim_option(text: str) -> Claim:
    """N for "the span is H_≤N", or several degrees, as in "0 2 4 6", for their sum; {4} is H_4."""
    if re.fullmatch(r"[0-9]{1,9}", text.strip(), re.ASCII):
        return integer_option("claim", 0, MAX_BOUNDARY)(text.strip())
    inside = text.strip().removeprefix("{").removesuffix("}")
    parts = re.split(r"[\s,]+", inside.strip())
    if not all(re.fullmatch(r"[0-9]{1,9}", part, re.ASCII) for part in parts) or len(text) > 4096:
        raise argparse.ArgumentTypeError(
            f"claim must be one integer from 0 to {MAX_BOUNDARY} or a set of them such as "
            f"'0 2 4', got {shown(text)}"
        )
    return frozenset(integer_option("a degree of the claim", 0, MAX_BOUNDARY)(p) for p in parts)


def irreps_option(text: str) -> Irreps:
    """A feature space of bounded size, in e3nn's notation."""
    if len(text) > 2000:
        raise argparse.ArgumentTypeError(f"irreps of {len(text)} characters: at most 2000")
    try:
        irreps = Irreps.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    # 512 factors of this dimension have one of 4,097 digits, and Python prints 4,300.
    if irreps and (irreps.lmax > MAX_BOUNDARY or irreps.dim > 10**8):
        raise argparse.ArgumentTypeError(
            f"irreps go up to degree {MAX_BOUNDARY} and dimension 10^8, got {shown(text)}"
        )
    return irreps


def verify_parser() -> command.Parser:
    """The parser of ``python -m span_theorem.verify``."""
    made = command.parser(
        "span_theorem.verify",
        "Verify exactly which spherical harmonics the products of d features span, and write a "
        "certificate: features of degree at most (or exactly) L, of any irreps, of several "
        "directions, or of a density of few neighbours.",
        command.CODES.format(ok="verified", refuted="refuted"),
    )
    size = integer_option
    case = made.add_argument_group("the features")
    case.add_argument("--L", type=size("L", 0, MAX_BOUNDARY), help="largest degree")
    case.add_argument("--d", type=size("d", 0, MAX_BOUNDARY), help="degree of the products")
    case.add_argument("--features", choices=("upto", "exact"), default=None)
    case.add_argument(
        "--irreps", type=irreps_option, metavar="U", help='features, such as "0e+2e+4e"'
    )
    case.add_argument(
        "--factors", type=irreps_option, nargs="+", metavar="U", help="one space for each factor"
    )
    case.add_argument(
        "--directions",
        type=size("directions", 1, MAX_DIRECTIONS),
        metavar="K",
        help="features of K directions instead of one (T7)",
    )
    case.add_argument(
        "--density",
        type=size("density", 1, MAX_DIRECTIONS),
        metavar="K",
        help="features summed over K neighbours (T8)",
    )
    case.add_argument(
        "--up-to", type=size("up-to", 0, MAX_BOUNDARY), metavar="N", help="sweep all L, d ≤ N"
    )
    made.add_argument(
        "--claim",
        type=claim_option,
        metavar="N",
        help="decide the claim 'the span is H_≤N', or with several degrees, as in \"0 2 4\", "
        "that it is "
        "exactly these",
    )
    made.add_argument("--explain", action="store_true", help="print the proof for all cases")
    made.add_argument(
        "--certificate",
        type=Path,
        metavar="PATH",
        help="where to write the certificate (default: span-….cert.json in this folder)",
    )
    made.add_argument("--no-certificate", action="store_true", help="write no certificate")
    add_force(made)
    made.add_argument(
        "--rank",
        choices=("auto", "dense", "blocks", "both", "none"),
        default="auto",
        help="exact ways to compute the rank; auto runs those that are fast enough",
    )
    made.add_argument(
        "--numeric",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="also observe the rank in floating point (default: only in small cases)",
    )
    return made


def check_arguments(args: argparse.Namespace) -> None:
    """What no single option shows; ValueError with one line."""
    kinds = [name for name in ("irreps", "factors", "up_to") if vars(args)[name] is not None]
    if len(kinds) > 1:
        raise ValueError(f"--{kinds[0]} and --{kinds[1]} exclude each other".replace("_", "-"))
    if args.up_to is not None:
        _check_sweep(args)
    elif args.factors is not None:
        _forbid(args, "--factors gives the features", "L", "d", "features", "directions", "density")
    elif args.irreps is not None:
        _forbid(args, "--irreps gives the features", "L", "features", "directions")
        if args.d is None:
            raise ValueError("--irreps needs --d, the degree of the products")
    elif args.L is None or args.d is None:
        raise ValueError("--L and --d are both needed (or --irreps, --factors, --up-to)")
    if args.directions is not None:
        _forbid(args, "--directions", "features", "claim", "density", "numeric")
        if args.rank not in ("auto", "dense", "none"):
            raise ValueError(f"--directions has no rank route {args.rank}")
    if args.density is not None:
        _forbid(args, "--density", "claim", "certificate", "force", "numeric")
        if args.rank != "auto":
            raise ValueError("--density takes no --rank: its ranks are the answer")
        if args.d == 0:
            raise ValueError("--density needs --d ≥ 1, got 0")
    if args.numeric and (args.irreps or args.factors):
        raise ValueError("--numeric observes --L and --d alone")
    if args.certificate is not None and args.no_certificate:
        raise ValueError("--certificate and --no-certificate exclude each other")
    check_targets(args.certificate, force=True)


def _forbid(args: argparse.Namespace, reason: str, *names: str) -> None:
    for name in names:
        if vars(args)[name] not in (None, False):
            raise ValueError(f"{reason}: --{name.replace('_', '-')} does not go with it")


def _check_sweep(args: argparse.Namespace) -> None:
    for name in ("L", "d", "claim", "certificate", "directions", "density"):
        if vars(args)[name] is not None:
            raise ValueError(f"--up-to takes no --{name}")
    if args.up_to > MAX_SWEEP:
        raise ValueError(f"--up-to goes up to {MAX_SWEEP}, got {args.up_to}")
    if args.up_to**2 > MAX_SIZE:
        _check_rank(args)
    for name in ("force", "no_certificate"):
        if vars(args)[name]:
            raise ValueError(
                f"--up-to writes no certificate: --{name.replace('_', '-')} has no effect"
            )


def _check_rank(args: argparse.Namespace) -> None:
    """Beyond MAX_SIZE a rank is taken where it is affordable, and not where it is asked for."""
    if args.rank not in ("auto", "none"):
        raise ValueError(
            f"--rank {args.rank} goes up to dL = {MAX_SIZE} (hours and 16 GB beyond it)"
        )


def asked_factors(args: argparse.Namespace) -> Factors:
    """The products asked about, of bounded size."""
    if args.factors is not None:
        factors = Factors.different(args.factors)
    elif args.irreps is not None:
        factors = Factors.power(args.irreps, args.d)
    else:
        factors = Factors.of(args.L, args.d, args.features or "upto")
    top = sum(space.lmax for space in factors.factor_spaces)
    if top > MAX_BOUNDARY or factors.d > MAX_BOUNDARY:
        name = "dL" if factors.kind in ("upto", "exact") else "the sum of the largest degrees"
        raise ValueError(f"{name} = {max(top, factors.d)} is above the limit {MAX_BOUNDARY}")
    if factors.boundary > MAX_SIZE:
        _check_rank(args)
        if args.certificate is not None:
            raise ValueError(f"certificates go up to dL = {MAX_SIZE}, got {factors.boundary}")
    if args.certificate is not None and factors.d > MAX_SIZE:
        raise ValueError(f"certificates go up to {MAX_SIZE} factors, got {factors.d}")
    return factors
