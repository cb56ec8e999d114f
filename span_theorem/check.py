"""An independent checker of certificates: the standard library alone, nothing else of the project.

Format and meaning: docs/certificate.md. This file can be copied anywhere and run by itself:
``python -I check.py FILE``. Everything is recomputed from L, d and the features by other means than
the producer's: harmonics from the Legendre recurrences, coefficients by exact integration over
z = cos θ, multiplicities by counting multisets of weights, determinants modulo a prime.

Exit codes: 0 accepted, 2 not a certificate that can be read, 3 rejected. The lines that read a file
and print a verdict stand in coupling_check.py as well, so that each checker is one file.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import re
import stat
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction
from math import comb, factorial, gcd, prod
from typing import IO, Any, NoReturn

__all__ = ["CertificateError", "MalformedError", "check_certificate", "main"]

# The limits, so chosen that no file takes more than 1 GiB or a minute.
MAX_SIZE = 128
MAX_BYTES = 16 * 2**20
MAX_DIGITS = 4001
PRIME = 2**31 - 1
EXIT_ACCEPTED, EXIT_UNREADABLE, EXIT_REJECTED, EXIT_INTERRUPTED = 0, 2, 3, 130

_RATIONAL = re.compile(r"(-?(?:0|[1-9][0-9]{0,4000}))(?:/([1-9][0-9]{0,4000}))?", re.ASCII)
_IRREP = re.compile(r"(0|[1-9][0-9]{0,5})[eo]", re.ASCII)
_INVERSE = [0, *(pow(k, -1, PRIME) for k in range(1, MAX_SIZE + 1))]
_MAX_CACHED = 10_000
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


class MalformedError(CertificateError):
    """The text does not follow the format, or is beyond the limits: nothing was checked."""


def _fail(message: str) -> NoReturn:
    raise CertificateError(message)


def _malformed(message: str) -> NoReturn:
    raise MalformedError(message)


# ---------------------------------------------------------------- reading


def _whole(digits: str) -> int:
    """The integer, in pieces that every PYTHONINTMAXSTRDIGITS allows."""
    if len(digits) <= 600:
        return int(digits)
    size = digits.lstrip("-")
    if len(size) > MAX_DIGITS:
        _malformed(f"an integer has {len(size)} digits; at most {MAX_DIGITS} are allowed")
    value = 0
    for i in range(0, len(size), 600):
        piece = size[i : i + 600]
        value = value * 10 ** len(piece) + int(piece)
    return -value if digits.startswith("-") else value


def _shown(value: Any) -> str:
    """A value in a few ASCII characters, however large it is."""
    if type(value) is int and value.bit_length() > 200:
        return f"an integer of {value.bit_length()} bits"
    if isinstance(value, str):
        return ascii(value[:60])
    if isinstance(value, list) and len(value) <= 20 and all(type(x) is int for x in value):
        return "[" + ", ".join(map(_shown, value)) + "]"
    if isinstance(value, list | dict):
        return f"a {type(value).__name__} of {len(value)}"
    return repr(value)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            _malformed(f"field {_shown(key)} occurs twice")
        result[key] = value
    return result


def _no_float(text: str) -> NoReturn:
    _malformed(
        f"floating-point number {text[:20]}: only integers and rationals as strings are allowed"
    )


def parse(text: str) -> dict[str, Any]:
    """The JSON object in ``text``; floats and repeated fields are faults."""
    if len(text) > MAX_BYTES:
        _malformed(f"larger than {MAX_BYTES} bytes")
    try:
        value = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_int=_whole,
            parse_float=_no_float,
            parse_constant=_no_float,
        )
    except CertificateError:
        raise
    except (ValueError, RecursionError) as error:
        _malformed(f"not readable as JSON: {str(error)[:200]}")
    if not isinstance(value, dict):
        _malformed("the certificate is not a JSON object")
    return value


def _fields(value: Any, expected: set[str], where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        _malformed(f"{where} is not an object")
    for key in sorted(expected - value.keys()):
        _malformed(f"{where} lacks the field {key!r}")
    for key in value.keys() - expected:
        _malformed(f"{where} has an unknown field {_shown(key)}")
    return value


def _integer(value: Any, where: str, low: int, high: int) -> int:
    if type(value) is not int:
        _malformed(f"{where} is not an integer")
    if not low <= value <= high:
        _malformed(f"{where} lies outside {low} … {high}")
    return int(value)


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        _malformed(f"{where} is not a list")
    return value


def _rational(value: Any, where: str) -> Fraction:
    match = _RATIONAL.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        _malformed(f"{where} is not a rational written 'p' or 'p/q'")
    p, q = _whole(match[1]), _whole(match[2] or "1")
    if gcd(p, q) != 1 or match[2] == "1" or match[1] == "-0":
        _malformed(f"{where} is not in lowest terms")
    return Fraction(p, q)


def _equal(found: Any, expected: Any, where: str) -> None:
    if type(found) is not type(expected):
        _malformed(f"{where} is {_shown(found)}, of another type than {_shown(expected)}")
    if found != expected:
        _fail(f"{where} is {_shown(found)}, recomputed {_shown(expected)}")


# ---------------------------------------------------------------- harmonics


Polynomial = list[int]  # in w = z²


def _times(a: Sequence[int], b: Sequence[int]) -> Polynomial:
    result = [0] * (len(a) + len(b) - 1)
    for i, x in enumerate(a):
        if x:
            for j, y in enumerate(b):
                result[i + j] += x * y
    return result


def _legendre(l: int, m: int) -> Polynomial:
    """2^l d^m P_l / dz^m by the three-term recurrence in l, less a factor z where l - m is odd."""
    before: Polynomial = []
    here: Polynomial = [2**m * prod(range(1, 2 * m, 2))]
    for k in range(m + 1, l + 1):
        shifted = here if (k - m) % 2 else [0, *here]  # z times the last
        padded = [*before, *[0] * (len(shifted) - len(before))]
        before, here = (
            here,
            [
                (2 * (2 * k - 1) * up - 4 * (k + m - 1) * low) // (k - m)  # without a remainder
                for up, low in zip(shifted, padded, strict=True)
            ],
        )
    return here


def _legendre_mod(L: int, m: int, z: int) -> list[int]:
    """The values at z of d^m P_l / dz^m modulo PRIME, l = m … L, by the recurrence on numbers."""
    before, here = 0, prod(range(1, 2 * m, 2)) % PRIME
    values = [here]
    for k in range(m + 1, L + 1):
        step = (2 * k - 1) * z * here - (k + m - 1) * before
        before, here = here, step * _INVERSE[k - m] % PRIME
        values.append(here)
    return values


def _norm(l: int, m: int) -> Fraction:
    """π N², N the norm of Y_lm before P_l^{|m|} e^{imφ}."""
    size = abs(m)
    return Fraction((2 * l + 1) * factorial(l - size), 4 * factorial(l + size))


def _coefficient(factors: Sequence[tuple[int, int]], degree: int) -> Fraction:
    """c·|c|·π^{d-1}, c the coefficient of ∏ Y_{lm} on Y_{degree, Σm}."""
    order = sum(m for _, m in factors)
    if abs(order) > degree:
        return Fraction(0)
    harmonics = [*((l, abs(m)) for l, m in factors), (degree, abs(order))]
    odd_in_z = sum((l - m) % 2 for l, m in harmonics)
    if odd_in_z % 2:
        return Fraction(0)
    half = sum(m for _, m in harmonics) // 2  # sin^|m| θ of all, as a power of 1 - w
    product: Polynomial = [(-1) ** k * comb(half, k) for k in range(half + 1)]
    for l, m in harmonics:
        product = _times(product, _legendre(l, m))
    integral = sum(
        (Fraction(2 * c, 2 * k + odd_in_z + 1) for k, c in enumerate(product)), Fraction(0)
    )
    negative = sum(m for _, m in factors if m > 0) + max(order, 0)  # Condon–Shortley signs
    value = (-integral if negative % 2 else integral) / (1 << sum(l for l, _ in harmonics))
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
        _malformed(f"{where} has {len(pairs)} factors, expected exactly d = {d}")
    result = []
    for pair in pairs:
        if len(_list(pair, f"a factor of {where}")) != 2:
            _malformed(f"a factor of {where} is not a pair [l, m]")
        l = _integer(pair[0], f"l in {where}", 0, L)
        m = _integer(pair[1], f"m in {where}", -l, l)
        if features == "exact" and l != L:
            _malformed(f"{where} has a factor of degree {l}; exactly {L} is allowed")
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


Cache = dict[tuple[int, int], list[int]]


def _value(factors: Counter[tuple[int, int]], L: int, z: int, cache: Cache) -> int:
    """The product of the factors at height z modulo PRIME, without its e^{iMφ} sin^M θ."""
    surplus = sum(-m * times for (_, m), times in factors.items() if m < 0)
    value = pow(1 - z * z, surplus, PRIME) if surplus else 1
    for (l, m), times in factors.items():
        key = abs(m), z
        if key not in cache:
            if len(cache) >= _MAX_CACHED:
                cache.clear()
            cache[key] = _legendre_mod(L, *key)
        factor = cache[key][l - abs(m)]
        value = value * (factor if times == 1 else pow(factor, times, PRIME)) % PRIME
    return value


def _check_block(
    value: Any, L: int, d: int, features: str, weight: int, size: int, cache: Cache
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
        counted = Counter(factors)
        rows.append([_value(counted, L, z, cache) for z in heights])
    if not _nonsingular(rows):
        _fail(f"the matrix of {where} is singular modulo {PRIME}")


def _question(certificate: dict[str, Any]) -> tuple[int, int, str]:
    if certificate["format"] != "span-theorem-certificate":
        _malformed(f"the format is {_shown(certificate['format'])}")
    version = certificate["version"]
    if type(version) is not int or version != 1:
        _malformed(f"the version is {_shown(version)}; this checker reads version 1")
    L = _integer(certificate["L"], "L", 0, MAX_SIZE)
    d = _integer(certificate["d"], "d", 0, MAX_SIZE)
    if L * d > MAX_SIZE:
        _malformed(f"dL = {L * d} is above the limit {MAX_SIZE}")
    features = certificate["features"]
    if features not in ("upto", "exact"):
        _malformed("features is neither 'upto' nor 'exact'")
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
        _malformed("multiplicities is not an object")
    for key, value in stated.items():
        if not _IRREP.fullmatch(key):
            _malformed(f"{_shown(key)} in multiplicities is not an irrep such as '2e'")
        if type(value) is not int or value < 1:
            _malformed(f"the multiplicity of {key} is {_shown(value)}, not an integer ≥ 1")
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
    cache: Cache = {}
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
        _malformed("side is neither 'span' nor 'claim'")
    if certificate["witness"] is not None:
        _malformed("a harmonic outside the span has no witness: null expected")
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
        MalformedError: the text does not follow the format, or is beyond the limits.
        CertificateError: the certificate follows the format and does not show its claim.
    """
    certificate = parse(text)
    kind = certificate.get("kind")
    if not isinstance(kind, str) or kind not in _KINDS:
        _malformed("kind is neither 'span' nor 'counterexample'")
    return _KINDS[kind](certificate)


# ---------------------------------------------------------------- files and command line


def _read(path: str) -> str:
    """The text of a regular file; devices and pipes are refused before they are opened."""
    state = os.stat(path)
    if not stat.S_ISREG(state.st_mode):
        _malformed("not a regular file")
    # Without blocking, should a pipe take the file's place between the two calls.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with open(os.open(path, flags), "rb") as stream:
        data = b"" if state.st_size > MAX_BYTES else stream.read(MAX_BYTES + 1)
    if max(state.st_size, len(data)) > MAX_BYTES:
        _malformed(f"larger than {MAX_BYTES} bytes")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        _malformed("not UTF-8 text")


def _line(text: str) -> str:
    """``text`` as one line of printable characters."""
    cut = text if len(text) <= 400 else text[:400] + " …"
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in cut)


def _say(text: str, stream: IO[str] | None) -> bool:
    """Print ``text`` at once; False where the stream is closed or full."""
    if stream is None:
        return False
    try:
        if isinstance(stream, io.TextIOWrapper):  # a terminal without ≤ is no reason to crash
            stream.reconfigure(errors="backslashreplace")
        print(text, file=stream, flush=True)
    except (OSError, ValueError):
        with contextlib.suppress(OSError, ValueError):  # else Python tries again when it exits
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        return False
    return True


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        _say(_line(f"{self.prog}: {message}"), sys.stderr)
        raise SystemExit(EXIT_UNREADABLE)

    def print_help(self, file: Any = None) -> None:
        if not _say(self.format_help().rstrip(), file or sys.stdout):
            raise SystemExit(EXIT_UNREADABLE)


def main(argv: Sequence[str] | None = None) -> int:
    """Command line: 0 accepted, 2 unreadable file or bad usage, 3 rejected."""
    parser = _Parser(
        prog="check.py",
        description="Check a span-theorem certificate.",
        epilog="exit codes: 0 accepted, 2 not a certificate that can be read, 3 rejected",
    )
    parser.add_argument("file", help="the certificate, a JSON file")
    path = parser.parse_args(argv).file
    code = EXIT_UNREADABLE
    try:
        line = f"accepted: {check_certificate(_read(path))}"
        code = EXIT_ACCEPTED
    except MalformedError as error:
        line = f"unreadable: {path}: {error}"
    except CertificateError as error:
        line, code = f"rejected: {error}", EXIT_REJECTED
    except (OSError, ValueError) as error:
        line = f"unreadable: {path}: {getattr(error, 'strerror', None) or error}"
    except MemoryError:
        line = f"unreadable: {path}: out of memory"
    except KeyboardInterrupt:
        line, code = "interrupted", EXIT_INTERRUPTED
    verdict = code in (EXIT_ACCEPTED, EXIT_REJECTED)
    if not _say(_line(line), sys.stdout if verdict else sys.stderr) and verdict:
        _say("the verdict could not be written to standard output", sys.stderr)
        return EXIT_UNREADABLE
    return code


if __name__ == "__main__":
    sys.exit(main())
