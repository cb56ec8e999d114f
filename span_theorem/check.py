"""An independent checker of certificates: the standard library alone, nothing else of the project.

Format and meaning: docs/certificate.md. This file can be copied anywhere and run by itself:
``python check.py FILE``. Everything is recomputed from L, d and the features by other means than
the producer's: harmonics from the Legendre recurrences, coefficients by exact integration over
z = cos θ, multiplicities by counting multisets of weights, determinants modulo a prime.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import sys
from collections.abc import Callable, Sequence
from fractions import Fraction
from math import comb, factorial, prod
from typing import Any, NoReturn

__all__ = ["CertificateError", "check_certificate", "main"]

MAX_SIZE = 128
MAX_BYTES = 64 * 2**20
PRIME = 2**31 - 1
EXIT_ACCEPTED, EXIT_USAGE, EXIT_REJECTED = 0, 2, 3

_RATIONAL = re.compile(r"-?(0|[1-9][0-9]{0,4000})(/[1-9][0-9]{0,4000})?", re.ASCII)
_IRREP = re.compile(r"(0|[1-9][0-9]{0,5})[eo]", re.ASCII)
_HEAD = {"format", "version", "kind", "L", "d", "features"}
_CLAIM = {
    "degrees",
    "dimension",
    "boundary",
    "boundary_multiplicity",
    "symmetric_dimension",
    "kernel_dimension",
}


class CertificateError(ValueError):
    """The certificate shows nothing; the message names the fault."""


def _fail(message: str) -> NoReturn:
    raise CertificateError(message)


# ---------------------------------------------------------------- reading


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            _fail(f"field {key!r} occurs twice")
        result[key] = value
    return result


def _no_float(text: str) -> NoReturn:
    _fail(f"floating-point number {text}: only integers and rationals as strings are allowed")


def parse(text: str) -> dict[str, Any]:
    """The JSON object in ``text``; floats and repeated fields are faults."""
    if len(text) > MAX_BYTES:
        _fail(f"the certificate is larger than {MAX_BYTES} bytes")
    try:
        value = json.loads(
            text, object_pairs_hook=_unique, parse_float=_no_float, parse_constant=_no_float
        )
    except CertificateError:
        raise
    except (ValueError, RecursionError) as error:
        _fail(f"not readable as JSON: {str(error)[:200]}")
    if not isinstance(value, dict):
        _fail("the certificate is not a JSON object")
    return value


def _fields(value: Any, expected: set[str], where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        _fail(f"{where} is not an object")
    for key in sorted(expected - value.keys()):
        _fail(f"{where} lacks the field {key!r}")
    for key in sorted(value.keys() - expected):
        _fail(f"{where} has an unknown field {key[:60]!r}")
    return value


def _integer(value: Any, where: str, low: int, high: int) -> int:
    if type(value) is not int:
        _fail(f"{where} is not an integer")
    if not low <= value <= high:
        _fail(f"{where} lies outside {low} … {high}")
    return int(value)


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        _fail(f"{where} is not a list")
    return value


def _rational(value: Any, where: str) -> Fraction:
    if not isinstance(value, str) or not _RATIONAL.fullmatch(value):
        _fail(f"{where} is not a rational written 'p' or 'p/q'")
    result = Fraction(value)
    if str(result) != value:
        _fail(f"{where} is not in lowest terms")
    return result


def _equal(found: Any, expected: Any, where: str) -> None:
    if type(found) is not type(expected) or found != expected:
        _fail(f"{where} is {ascii(found)[:80]}, recomputed {ascii(expected)[:80]}")


# ---------------------------------------------------------------- harmonics


Polynomial = list[Fraction]


def _times(a: Sequence[Fraction], b: Sequence[Fraction]) -> Polynomial:
    result = [Fraction(0)] * (len(a) + len(b) - 1)
    for i, x in enumerate(a):
        if x:
            for j, y in enumerate(b):
                result[i + j] += x * y
    return result


def _legendre(l: int, m: int) -> Polynomial:
    """d^m P_l / dz^m by the three-term recurrence in l."""
    before: Polynomial = [Fraction(0)]
    here: Polynomial = [Fraction(prod(range(1, 2 * m, 2)))]
    for k in range(m + 1, l + 1):
        shifted = [Fraction(0), *here]
        before_padded = [*before, *[Fraction(0)] * (len(shifted) - len(before))]
        before, here = (
            here,
            [
                ((2 * k - 1) * up - (k + m - 1) * low) / (k - m)
                for up, low in zip(shifted, before_padded, strict=True)
            ],
        )
    return here


def _legendre_mod(l: int, m: int, z: int) -> int:
    """The value at z of d^m P_l / dz^m modulo PRIME, by the same recurrence on numbers."""
    before, here = 0, prod(range(1, 2 * m, 2)) % PRIME
    for k in range(m + 1, l + 1):
        step = ((2 * k - 1) * z * here - (k + m - 1) * before) % PRIME
        before, here = here, int(step * pow(k - m, -1, PRIME) % PRIME)
    return here


def _norm(l: int, m: int) -> Fraction:
    """π N², N the norm of Y_lm before P_l^{|m|} e^{imφ}."""
    size = abs(m)
    return Fraction((2 * l + 1) * factorial(l - size), 4 * factorial(l + size))


def _coefficient(factors: Sequence[tuple[int, int]], degree: int) -> Fraction:
    """c·|c|·π^{d-1}, c the coefficient of ∏ Y_{lm} on Y_{degree, Σm}."""
    order = sum(m for _, m in factors)
    if abs(order) > degree:
        return Fraction(0)
    sines = sum(abs(m) for _, m in factors) + abs(order)  # even
    product: Polynomial = [Fraction(1)]
    for l, m in factors:
        product = _times(product, _legendre(l, abs(m)))
    product = _times(product, _legendre(degree, abs(order)))
    for _ in range(sines // 2):
        product = _times(product, [Fraction(1), Fraction(0), Fraction(-1)])
    integral = sum((2 * c / (k + 1) for k, c in enumerate(product) if k % 2 == 0), Fraction(0))
    odd = sum(m for _, m in factors if m > 0) + max(order, 0)  # Condon–Shortley signs
    value = -integral if odd % 2 else integral
    square = value * abs(value) * 4 * _norm(degree, order)  # (2π)² from φ
    for l, m in factors:
        square *= _norm(l, m)
    return square


# ---------------------------------------------------------------- what the certificate must say


def _claimed_degrees(L: int, d: int, features: str) -> list[int]:
    """Degrees allowed by the triangle and parity rules, one factor at a time."""
    reached = {0}
    for _ in range(d):
        reached = {
            degree
            for old in reached
            for l in (range(L + 1) if features == "upto" else (L,))
            for degree in range(abs(old - l), old + l + 1, 2)
        }
    return sorted(reached)


def _weight_multiplicities(L: int, d: int, features: str) -> dict[str, int]:
    """Multiplicities in Sym^d by counting multisets of d states by weight and parity."""
    top = d * L
    states = [
        (l % 2, m) for l in (range(L + 1) if features == "upto" else (L,)) for m in range(-l, l + 1)
    ]
    # count[k][parity][top + weight]: multisets of k states
    count = [[[0] * (2 * top + 1) for _ in range(2)] for _ in range(d + 1)]
    count[0][0][top] = 1
    for parity, m in states:
        for k in range(1, d + 1):
            for p in range(2):
                source, target = count[k - 1][p ^ parity], count[k][p]
                for w in range(max(0, m), min(2 * top, 2 * top + m) + 1):
                    if source[w - m]:
                        target[w] += source[w - m]
    table: dict[str, int] = {}
    for l in range(top + 1):
        for p, letter in ((1, "o"), (0, "e")):
            row = [*count[d][p][top:], 0]
            if row[l] != row[l + 1]:
                table[f"{l}{letter}"] = row[l] - row[l + 1]
    return table


def _nonsingular(rows: list[list[int]]) -> bool:
    """Gaussian elimination modulo PRIME."""
    size = len(rows)
    for column in range(size):
        pivot = next((i for i in range(column, size) if rows[i][column]), None)
        if pivot is None:
            return False
        rows[column], rows[pivot] = rows[pivot], rows[column]
        inverse = pow(rows[column][column], -1, PRIME)
        for i in range(column + 1, size):
            if rows[i][column]:
                factor = rows[i][column] * inverse % PRIME
                rows[i] = [
                    (a - factor * b) % PRIME for a, b in zip(rows[i], rows[column], strict=True)
                ]
    return True


def _factors(value: Any, L: int, d: int, features: str, where: str) -> tuple[tuple[int, int], ...]:
    pairs = _list(value, where)
    if len(pairs) != d:
        _fail(f"{where} has {len(pairs)} factors, expected exactly d = {d}")
    result = []
    for pair in pairs:
        if len(_list(pair, f"a factor of {where}")) != 2:
            _fail(f"a factor of {where} is not a pair [l, m]")
        l = _integer(pair[0], f"l in {where}", 0, L)
        m = _integer(pair[1], f"m in {where}", -l, l)
        if features == "exact" and l != L:
            _fail(f"{where} has a factor of degree {l}; exactly {L} is allowed")
        result.append((l, m))
    return tuple(result)


def _check_witness(value: Any, L: int, d: int, features: str, degree: int, where: str) -> None:
    entry = _fields(value, {"degree", "factors", "square", "pi"}, where)
    _equal(entry["degree"], degree, f"degree of {where}")
    factors = _factors(entry["factors"], L, d, features, where)
    square = _rational(entry["square"], f"square of {where}")
    if square == 0:
        _fail(f"{where} has the constant 0 and shows nothing")
    _equal(entry["pi"], 1 - d, f"pi of {where}")
    if square != _coefficient(factors, degree):
        _fail(f"{where} states a wrong constant")


def _check_block(
    value: Any, L: int, d: int, features: str, weight: int, size: int, cache: dict[Any, int]
) -> None:
    where = f"rank block {weight}"
    block = _fields(value, {"weight", "products", "heights"}, where)
    _equal(block["weight"], weight, f"weight of {where}")
    products = _list(block["products"], f"products of {where}")
    heights = [
        _integer(z, f"a height of {where}", 0, PRIME - 1)
        for z in _list(block["heights"], f"heights of {where}")
    ]
    if len(products) != size or len(heights) != size:
        _fail(f"{where} must have {size} products and {size} heights")
    rows = []
    for product in products:
        factors = _factors(product, L, d, features, f"a product of {where}")
        if sum(m for _, m in factors) != weight:
            _fail(f"a product of {where} has another weight")
        surplus = sum(-m for _, m in factors if m < 0)
        row = []
        for z in heights:
            entry = pow(1 - z * z, surplus, PRIME)
            for l, m in factors:
                key = l, abs(m), z
                if key not in cache:
                    cache[key] = _legendre_mod(*key)
                entry = entry * cache[key] % PRIME
            row.append(entry)
        rows.append(row)
    if not _nonsingular(rows):
        _fail(f"the matrix of {where} is singular modulo {PRIME}")


def _question(certificate: dict[str, Any]) -> tuple[int, int, str]:
    _equal(certificate["format"], "span-theorem-certificate", "format")
    _equal(certificate["version"], 1, "version")
    L = _integer(certificate["L"], "L", 0, MAX_SIZE)
    d = _integer(certificate["d"], "d", 0, MAX_SIZE)
    if L * d > MAX_SIZE:
        _fail(f"dL = {L * d} is above the limit {MAX_SIZE}")
    features = certificate["features"]
    if features not in ("upto", "exact"):
        _fail("features is neither 'upto' nor 'exact'")
    return L, d, features


def _check_span(certificate: dict[str, Any]) -> str:
    _fields(certificate, _HEAD | {"claim", "witnesses", "multiplicities", "rank"}, "certificate")
    L, d, features = _question(certificate)
    degrees = _claimed_degrees(L, d, features)
    dimension = sum(2 * l + 1 for l in degrees)
    states = (L + 1) ** 2 if features == "upto" else 2 * L + 1
    symmetric = comb(states + d - 1, d)
    table = _weight_multiplicities(L, d, features)

    claim = _fields(certificate["claim"], _CLAIM, "claim")
    for degree in _list(claim["degrees"], "claim.degrees"):
        _integer(degree, "an entry of claim.degrees", 0, MAX_SIZE)
    _equal(claim["degrees"], degrees, "claim.degrees")
    _equal(claim["dimension"], dimension, "claim.dimension")
    _equal(claim["boundary"], L * d, "claim.boundary")
    _equal(claim["boundary_multiplicity"], 1, "claim.boundary_multiplicity")
    _equal(claim["symmetric_dimension"], symmetric, "claim.symmetric_dimension")
    _equal(claim["kernel_dimension"], symmetric - dimension, "claim.kernel_dimension")

    stated = certificate["multiplicities"]
    if not isinstance(stated, dict):
        _fail("multiplicities is not an object")
    for key, value in stated.items():
        if not _IRREP.fullmatch(key):
            _fail(f"{key[:60]!r} in multiplicities is not an irrep such as '2e'")
        _integer(value, f"the multiplicity of {key}", 1, 10**4000)
    for key in sorted(stated.keys() | table.keys()):
        _equal(stated.get(key, 0), table.get(key, 0), f"the multiplicity of {key}")
    if sum(mul * (2 * int(key[:-1]) + 1) for key, mul in table.items()) != symmetric:
        _fail("the multiplicities do not add up to dim Sym^d")
    if table[f"{L * d}{'o' if L * d % 2 else 'e'}"] != 1:
        _fail("the boundary irrep does not occur exactly once")

    witnesses = _list(certificate["witnesses"], "witnesses")
    if len(witnesses) != len(degrees):
        _fail(f"{len(witnesses)} witnesses for {len(degrees)} degrees")
    for degree, entry in zip(degrees, witnesses, strict=True):
        _check_witness(entry, L, d, features, degree, f"witness {degree}")

    rank = _fields(certificate["rank"], {"prime", "blocks"}, "rank")
    _equal(rank["prime"], PRIME, "rank.prime")
    blocks = _list(rank["blocks"], "rank.blocks")
    if len(blocks) != degrees[-1] + 1:
        _fail(f"{len(blocks)} rank blocks, expected one for every weight 0 … {degrees[-1]}")
    cache: dict[Any, int] = {}
    for weight, block in enumerate(blocks):
        size = sum(1 for degree in degrees if degree >= weight)
        _check_block(block, L, d, features, weight, size, cache)
    space = f"H_≤{L * d}" if features == "upto" else f"H_ℓ, ℓ in {degrees}"
    return f"L = {L}, d = {d}, {features}: the span is {space}, dimension {dimension}"


def _check_counterexample(certificate: dict[str, Any]) -> str:
    _fields(certificate, _HEAD | {"claimed", "degree", "side", "witness"}, "certificate")
    L, d, features = _question(certificate)
    claimed = _integer(certificate["claimed"], "claimed", 0, 10**9)
    degree = _integer(certificate["degree"], "degree", 0, 10**9)
    degrees = _claimed_degrees(L, d, features)
    side = certificate["side"]
    if side == "span":
        if degree <= claimed or degree not in degrees:
            _fail(f"H_{degree} is not in the span and outside H_≤{claimed}")
        _check_witness(certificate["witness"], L, d, features, degree, "witness")
        return f"H_{degree} lies in the span, so the span is not H_≤{claimed}"
    if side != "claim":
        _fail("side is neither 'span' nor 'claim'")
    if certificate["witness"] is not None:
        _fail("a harmonic outside the span has no witness: null expected")
    if degree > claimed or degree in degrees:
        _fail(f"H_{degree} is not in H_≤{claimed} and outside the span")
    return f"H_{degree} does not lie in the span, so the span is not H_≤{claimed}"


_KINDS: dict[str, Callable[[dict[str, Any]], str]] = {
    "span": _check_span,
    "counterexample": _check_counterexample,
}


def check_certificate(text: str) -> str:
    """One sentence saying what the certificate in ``text`` shows.

    Raises:
        CertificateError: naming the fault, where it shows nothing.
    """
    certificate = parse(text)
    kind = certificate.get("kind")
    if not isinstance(kind, str) or kind not in _KINDS:
        _fail("kind is neither 'span' nor 'counterexample'")
    return _KINDS[kind](certificate)


def main(argv: Sequence[str] | None = None) -> int:
    """Command line: 0 accepted, 2 unreadable file or bad usage, 3 rejected."""
    parser = argparse.ArgumentParser(
        prog="python -m span_theorem.check", description="Check a span-theorem certificate."
    )
    parser.add_argument("file", help="the certificate, a JSON file")
    path = parser.parse_args(argv).file
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal without ≤ is no reason to crash
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        if os.path.getsize(path) > MAX_BYTES:
            print(f"rejected: larger than {MAX_BYTES} bytes")
            return EXIT_REJECTED
        with open(path, "rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        print(f"cannot read {path}: {error.strerror}", file=sys.stderr)
        return EXIT_USAGE
    try:
        print(f"accepted: {check_certificate(data.decode('utf-8'))}")
    except UnicodeDecodeError:
        print("rejected: not UTF-8 text")
        return EXIT_REJECTED
    except CertificateError as error:
        print(f"rejected: {error}")
        return EXIT_REJECTED
    return EXIT_ACCEPTED


if __name__ == "__main__":
    sys.exit(main())
