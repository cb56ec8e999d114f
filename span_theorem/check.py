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
import itertools
import json
import os
import re
import stat
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import comb, factorial, gcd, prod
from typing import IO, Any, NoReturn

__all__ = ["CertificateError", "MalformedCertificateError", "check_certificate", "main"]

# The limits, so chosen that no file takes more than 1 GiB or a minute.
MAX_SIZE = 128
MAX_BYTES = 16 * 2**20
MAX_DIGITS = 4001
PRIME = 2**31 - 1
EXIT_ACCEPTED, EXIT_UNREADABLE, EXIT_REJECTED, EXIT_INTERRUPTED = 0, 2, 3, 130

_RATIONAL = re.compile(r"(-?(?:0|[1-9][0-9]{0,4000}))(?:/([1-9][0-9]{0,4000}))?", re.ASCII)
_IRREP = re.compile(r"(0|[1-9][0-9]{0,5})[eo]?", re.ASCII)
_TERM = re.compile(r"(?:([1-9][0-9]{0,5})x)?(0|[1-9][0-9]{0,2})([eo]?)", re.ASCII)
_INVERSE = [0, *(pow(k, -1, PRIME) for k in range(1, MAX_SIZE + 1))]
_MAX_CACHED = 10_000
MAX_STATES = 20_000  # dimension of a factor
MAX_COUNTS = 20_000_000  # additions to count weights
MAX_TUPLES = 4096
MAX_DIRECTIONS = 16

_HEAD = {"format", "version", "kind"}
_CLAIM = {"degrees", "dimension", "boundary", "boundary_multiplicity", "kernel_dimension"}


class CertificateError(ValueError):
    """The certificate shows nothing; the message names the fault."""


class MalformedCertificateError(CertificateError):
    """The text does not follow the format, or is beyond the limits: nothing was checked."""


def _fail(message: str) -> NoReturn:
    raise CertificateError(message)


def _malformed(message: str) -> NoReturn:
    raise MalformedCertificateError(message)


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


@dataclass(frozen=True)
class Question:
    """Which products are formed, in either version of the format.

    ``spaces`` holds one list of irreps (multiplicity, l, parity) for every factor; parity is 0
    where there is none. ``symmetric`` says that all factors are the same features.
    """

    text: str
    spaces: tuple[tuple[tuple[int, int, int], ...], ...]
    symmetric: bool
    space: tuple[tuple[int, int, int], ...]

    @property
    def d(self) -> int:
        return len(self.spaces)

    @cached_property
    def degrees(self) -> list[set[int]]:
        """The degrees of every factor on one direction: natural parity or none."""
        allowed = ({l for _, l, p in space if p in (0, (-1) ** l)} for space in self.spaces)
        return list(allowed)

    @cached_property
    def top(self) -> int:
        """The largest weight of the products."""
        return sum(max(l for _, l, _ in space) for space in self.spaces)

    @property
    def with_parity(self) -> bool:
        return all(p for _, _, p in self.space)


def _reached(question: Question) -> list[int]:
    """Degrees allowed by the triangle and parity rules, one factor at a time."""
    reached = {0}
    for allowed in question.degrees:
        reached = {
            degree
            for l in allowed
            for old in reached
            for degree in range(abs(old - l), old + l + 1, 2)
        }
    return sorted(reached)


def _states(space: Sequence[tuple[int, int, int]]) -> Counter[tuple[int, int]]:
    """The states of a space by (odd parity, weight)."""
    states: Counter[tuple[int, int]] = Counter()
    for mul, l, p in space:
        for m in range(-l, l + 1):
            states[int(p < 0), m] += mul
    return states


def _weight_multiplicities(question: Question) -> dict[str, int]:
    """Multiplicities in Sym^d or the tensor product by counting choices of d states."""
    top = question.top
    width = 2 * top + 1
    # counts[parity][top + weight]
    start = [[0] * width for _ in range(2)]
    start[0][top] = 1
    if question.symmetric:
        # count[k]: multisets of k states
        count = [start] + [[[0] * width for _ in range(2)] for _ in range(question.d)]
        for (parity, m), copies in _states(question.space).items():
            for _ in range(copies):
                for k in range(1, question.d + 1):
                    for p in range(2):
                        source, target = count[k - 1][p ^ parity], count[k][p]
                        for w in range(max(0, m), min(width - 1, width - 1 + m) + 1):
                            if source[w - m]:
                                target[w] += source[w - m]
        final = count[question.d]
    else:
        final = start
        for space in question.spaces:
            following = [[0] * width for _ in range(2)]
            for (parity, m), copies in _states(space).items():
                for p in range(2):
                    source, target = final[p ^ parity], following[p]
                    for w in range(max(0, m), min(width - 1, width - 1 + m) + 1):
                        if source[w - m]:
                            target[w] += copies * source[w - m]
            final = following
    letters = ((1, "o"), (0, "e")) if question.with_parity else ((0, ""),)
    table: dict[str, int] = {}
    for l in range(top + 1):
        for p, letter in letters:
            row = [*final[p][top:], 0]
            if row[l] != row[l + 1]:
                table[f"{l}{letter}"] = row[l] - row[l + 1]
    return table


def _harmonic(question: Question, degree: int) -> str:
    """The name of the irrep of H_degree."""
    letter = ("o" if degree % 2 else "e") if question.with_parity else ""
    return f"{degree}{letter}"


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


def _pairs(value: Any, where: str) -> list[tuple[int, int]]:
    result = []
    for pair in _list(value, where):
        if len(_list(pair, f"a factor of {where}")) != 2:
            _malformed(f"a factor of {where} is not a pair [l, m]")
        l = _integer(pair[0], f"l in {where}", 0, MAX_SIZE)
        result.append((l, _integer(pair[1], f"m in {where}", -l, l)))
    return result


def _factors(value: Any, question: Question, where: str) -> tuple[tuple[int, int], ...]:
    pairs = _pairs(value, where)
    if len(pairs) != question.d:
        _malformed(f"{where} has {len(pairs)} factors, expected exactly d = {question.d}")
    for (l, _), allowed in zip(pairs, question.degrees, strict=True):
        if l not in allowed:
            _malformed(f"{where} has a factor of degree {l}; allowed are {_shown(sorted(allowed))}")
    return tuple(pairs)


def _check_constant(entry: dict[str, Any], factors: Sequence[tuple[int, int]], where: str) -> None:
    square = _rational(entry["square"], f"square of {where}")
    if square == 0:
        _fail(f"{where} has the constant 0 and shows nothing")
    _equal(entry["pi"], 1 - len(factors), f"pi of {where}")
    if square != _coefficient(factors, entry["degree"]):
        _fail(f"{where} states a wrong constant")


def _check_witness(value: Any, question: Question, degree: int, where: str) -> None:
    entry = _fields(value, {"degree", "factors", "square", "pi"}, where)
    _equal(entry["degree"], degree, f"degree of {where}")
    _check_constant(entry, _factors(entry["factors"], question, where), where)


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


def _check_block(value: Any, question: Question, weight: int, size: int, cache: Cache) -> None:
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
    L = max((l for allowed in question.degrees for l in allowed), default=0)
    rows = []
    for product in products:
        factors = _factors(product, question, f"a product of {where}")
        if sum(m for _, m in factors) != weight:
            _fail(f"a product of {where} has another weight")
        counted = Counter(factors)
        rows.append([_value(counted, L, z, cache) for z in heights])
    if not _nonsingular(rows):
        _fail(f"the matrix of {where} is singular modulo {PRIME}")


def _version(certificate: dict[str, Any]) -> int:
    if certificate.get("format") != "span-theorem-certificate":
        _malformed(f"the format is {_shown(certificate.get('format'))}")
    version = certificate.get("version")
    if type(version) is not int or version not in (1, 2):
        _malformed(f"the version is {_shown(version)}; this checker reads versions 1 and 2")
    return version


def _question(certificate: dict[str, Any]) -> tuple[Question, set[str]]:
    """What is asked, and the fields that ask it."""
    if _version(certificate) == 1:
        return _question_1(certificate), {"L", "d", "features"}
    asked = certificate.get("products")
    if isinstance(asked, dict) and asked.get("power") == "symmetric":
        _fields(asked, {"power", "irreps", "degree"}, "products")
        space = _irreps(asked["irreps"], "irreps")
        d = _integer(asked["degree"], "degree of products", 0, MAX_SIZE)
        text = f"degree {d} in {asked['irreps']}"
        question = Question(text, (space,) * d, True, space)
    elif isinstance(asked, dict) and asked.get("power") == "tensor":
        _fields(asked, {"power", "factors"}, "products")
        listed = _list(asked["factors"], "factors")
        if not 1 <= len(listed) <= MAX_SIZE:
            _malformed(f"factors are {len(listed)}, not 1 … {MAX_SIZE}")
        spaces = tuple(_irreps(entry, "a factor") for entry in listed)
        if len({p == 0 for space in spaces for _, _, p in space}) > 1:
            _malformed("some factors carry parities and some none")
        text = "products in " + " ⊗ ".join(f"({entry})" for entry in listed)
        question = Question(text, spaces, False, tuple(ir for space in spaces for ir in space))
    else:
        _malformed("products names no power, 'symmetric' or 'tensor'")
    if question.top > MAX_SIZE:
        _malformed(f"the largest degrees add up to {question.top}, above the limit {MAX_SIZE}")
    states = max(
        sum(mul * (2 * l + 1) for mul, l, _ in space)
        for space in (question.spaces or (question.space,))
    )
    if states > MAX_STATES or states * max(1, question.d) * (2 * question.top + 1) > MAX_COUNTS:
        _malformed("the factors have too many states to count their weights")
    return question, {"products"}


def _question_1(certificate: dict[str, Any]) -> Question:
    L = _integer(certificate.get("L"), "L", 0, MAX_SIZE)
    d = _integer(certificate.get("d"), "d", 0, MAX_SIZE)
    if L * d > MAX_SIZE:
        _malformed(f"dL = {L * d} is above the limit {MAX_SIZE}")
    features = certificate.get("features")
    if features not in ("upto", "exact"):
        _malformed("features is neither 'upto' nor 'exact'")
    space = tuple((1, l, (-1) ** l) for l in (range(L + 1) if features == "upto" else (L,)))
    return Question(f"L = {L}, d = {d}, {features}", (space,) * d, True, space)


def _irreps(value: Any, where: str) -> tuple[tuple[int, int, int], ...]:
    """Irreps as in "0e+2x1o"; at least one of them a harmonic."""
    if not isinstance(value, str) or len(value) > 2000:
        _malformed(f"{where} is not a text of irreps such as '0e+2x1o'")
    terms = []
    for part in value.split("+"):
        match = _TERM.fullmatch(part)
        if match is None:
            _malformed(f"{where} holds {_shown(part)}, not an irrep such as '2x1o'")
        terms.append((int(match[1] or 1), int(match[2]), {"e": 1, "o": -1, "": 0}[match[3]]))
    if len({p == 0 for _, _, p in terms}) > 1:
        _malformed(f"{where} mixes irreps with and without parity")
    if not any(p in (0, (-1) ** l) for _, l, p in terms):
        _malformed(f"{where} holds no harmonic: all of it vanishes on one direction")
    return tuple(terms)


def _check_span(certificate: dict[str, Any]) -> str:
    question, asked = _question(certificate)
    _fields(
        certificate,
        _HEAD | asked | {"claim", "witnesses", "multiplicities", "rank"},
        "certificate",
    )
    degrees = _reached(question)
    dimension = sum(2 * l + 1 for l in degrees)
    table = _weight_multiplicities(question)
    size = _product_dimension(question)
    if sum(n * (2 * int(key.rstrip("eo")) + 1) for key, n in table.items()) != size:
        _fail("the multiplicities do not add up to the dimension of the products")

    first = certificate["version"] == 1
    whole = "symmetric_dimension" if first else "product_dimension"
    claim = _fields(certificate["claim"], _CLAIM | {whole}, "claim")
    for degree in _list(claim["degrees"], "claim.degrees"):
        _integer(degree, "an entry of claim.degrees", 0, MAX_SIZE)
    _equal(claim["degrees"], degrees, "claim.degrees")
    _equal(claim["dimension"], dimension, "claim.dimension")
    _equal(claim["boundary"], degrees[-1], "claim.boundary")
    boundary = table.get(_harmonic(question, degrees[-1]), 0)
    _equal(claim["boundary_multiplicity"], boundary, "claim.boundary_multiplicity")
    if first and boundary != 1:
        _fail("the boundary irrep does not occur exactly once")
    _equal(claim[whole], size, f"claim.{whole}")
    _equal(claim["kernel_dimension"], size - dimension, "claim.kernel_dimension")
    _check_multiplicities(certificate["multiplicities"], table)
    _check_witnesses(certificate["witnesses"], question, degrees)
    _check_rank(certificate["rank"], question, degrees)
    exact = first and certificate["features"] == "exact"
    space = f"H_ℓ, ℓ in {degrees}" if exact or not first else f"H_≤{degrees[-1]}"
    return f"{question.text}: the span is {space}, dimension {dimension}"


def _product_dimension(question: Question) -> int:
    sizes = [sum(mul * (2 * l + 1) for mul, l, _ in space) for space in question.spaces]
    if not question.symmetric:
        return prod(sizes)
    return comb(sizes[0] + question.d - 1, question.d) if sizes else 1


def _check_multiplicities(stated: Any, table: dict[str, int]) -> None:
    if not isinstance(stated, dict):
        _malformed("multiplicities is not an object")
    for key, value in stated.items():
        if not _IRREP.fullmatch(key):
            _malformed(f"{_shown(key)} in multiplicities is not an irrep such as '2e'")
        if type(value) is not int or value < 1:
            _malformed(f"the multiplicity of {key} is {_shown(value)}, not an integer ≥ 1")
    for key in sorted(stated.keys() | table.keys()):
        _equal(stated.get(key, 0), table.get(key, 0), f"the multiplicity of {key}")


def _check_witnesses(value: Any, question: Question, degrees: list[int]) -> None:
    witnesses = _list(value, "witnesses")
    if len(witnesses) != len(degrees):
        _fail(f"{len(witnesses)} witnesses for {len(degrees)} degrees")
    for degree, entry in zip(degrees, witnesses, strict=True):
        _check_witness(entry, question, degree, f"witness {degree}")


def _check_rank(value: Any, question: Question, degrees: list[int]) -> None:
    rank = _fields(value, {"prime", "blocks"}, "rank")
    _equal(rank["prime"], PRIME, "rank.prime")
    blocks = _list(rank["blocks"], "rank.blocks")
    if len(blocks) != degrees[-1] + 1:
        _fail(f"{len(blocks)} rank blocks, expected one for every weight 0 … {degrees[-1]}")
    cache: Cache = {}
    for weight, block in enumerate(blocks):
        size = sum(1 for degree in degrees if degree >= weight)
        _check_block(block, question, weight, size, cache)


def _claimed(value: Any, version: int) -> tuple[Callable[[int], bool], str]:
    """Which degrees are claimed, as a rule and in words."""
    if version == 2 and isinstance(value, list):
        if len(value) > 1024:
            _malformed(f"{len(value)} degrees are claimed; at most 1024 are read")
        listed = [_integer(degree, "a degree of claimed", 0, 10**9) for degree in value]
        if listed != sorted(set(listed)):
            _malformed("the degrees claimed are not ascending")
        claimed = set(listed)
        return claimed.__contains__, "the sum of H_ℓ, ℓ in " + _shown(listed)
    number = _integer(value, "claimed", 0, 10**9)
    return (lambda degree: degree <= number), f"H_≤{number}"


def _check_counterexample(certificate: dict[str, Any]) -> str:
    question, asked = _question(certificate)
    _fields(certificate, _HEAD | asked | {"claimed", "degree", "side", "witness"}, "certificate")
    claimed, space = _claimed(certificate["claimed"], certificate["version"])
    degree = _integer(certificate["degree"], "degree", 0, 10**9)
    degrees = _reached(question)
    side = certificate["side"]
    if side == "span":
        if claimed(degree) or degree not in degrees:
            _fail(f"H_{degree} is not in the span and outside {space}")
        _check_witness(certificate["witness"], question, degree, "witness")
        return f"H_{degree} lies in the span, so the span is not {space}"
    if side != "claim":
        _malformed("side is neither 'span' nor 'claim'")
    if certificate["witness"] is not None:
        _malformed("a harmonic outside the span has no witness: null expected")
    if not claimed(degree) or degree in degrees:
        _fail(f"H_{degree} is not in {space} and outside the span")
    return f"H_{degree} does not lie in the span, so the span is not {space}"


# ---------------------------------------------------------------- several directions


def _spent(L: int, d: int, directions: int) -> list[tuple[int, ...]]:
    """Every tuple of degrees that d factors reach: each raises the degree of one direction by ≤ L.

    A product of n harmonics of degree ≤ L of one direction reaches the degrees 0 … nL there.
    """
    if L == 0:
        return [(0,) * directions]
    shares: list[tuple[int, ...]] = [()]
    for _ in range(directions):
        shares = [(*share, n) for share in shares for n in range(d - sum(share) + 1)]
        if len(shares) > MAX_TUPLES:
            _malformed(f"more than {MAX_TUPLES} tuples are reached")
    tuples: set[tuple[int, ...]] = set()
    for share in shares:
        # Degrees below (n-1)L+1 need fewer factors, and another share is theirs.
        ranges = [range((n - 1) * L + 1 if n else 0, n * L + 1) for n in share]
        if len(tuples) + prod(map(len, ranges)) > MAX_TUPLES:
            _malformed(f"more than {MAX_TUPLES} tuples are reached")
        tuples.update(itertools.product(*ranges))
    return sorted(tuples)


def _check_directions(certificate: dict[str, Any]) -> str:
    if _version(certificate) == 1:
        _malformed("several directions belong to version 2")
    _fields(certificate, _HEAD | {"L", "d", "directions", "claim", "witnesses"}, "certificate")
    L = _integer(certificate["L"], "L", 0, MAX_SIZE)
    d = _integer(certificate["d"], "d", 0, MAX_SIZE)
    K = _integer(certificate["directions"], "directions", 1, MAX_DIRECTIONS)
    if L * d > MAX_SIZE:
        _malformed(f"dL = {L * d} is above the limit {MAX_SIZE}")
    tuples = _spent(L, d, K)
    claim = _fields(certificate["claim"], {"reached", "dimension", "angle"}, "claim")
    stated = _list(claim["reached"], "claim.reached")
    if len(stated) != len(tuples):
        _fail(f"claim.reached has {len(stated)} tuples, recomputed {len(tuples)}")
    for entry, expected in zip(stated, tuples, strict=True):
        degrees = _list(entry, "a tuple of claim.reached")
        for degree in degrees:
            _integer(degree, "a degree of claim.reached", 0, MAX_SIZE)
        _equal(degrees, list(expected), "a tuple of claim.reached")
    dimension = sum(prod(2 * degree + 1 for degree in degrees) for degrees in tuples)
    _equal(claim["dimension"], dimension, "claim.dimension")
    angle = max(t[0] for t in tuples if t[0] == t[1] and not any(t[2:])) if K > 1 else None
    _equal(claim["angle"], angle, "claim.angle")
    degrees = sorted({l for t in tuples for l in t})
    used = _direction_witnesses(certificate["witnesses"], L, d, degrees)
    for reached in tuples:
        if sum(used[degree] for degree in reached) > d:
            _fail(f"the witnesses of {_shown(list(reached))} take more than {d} factors")
    return f"L = {L}, d = {d}, {K} directions: {len(tuples)} tuples, dimension {dimension}"


def _direction_witnesses(value: Any, L: int, d: int, degrees: list[int]) -> dict[int, int]:
    """The number of factors of the witness of every degree, once the witness is checked."""
    witnesses = _list(value, "witnesses")
    if len(witnesses) != len(degrees):
        _fail(f"{len(witnesses)} witnesses for {len(degrees)} degrees")
    used = {}
    for degree, value in zip(degrees, witnesses, strict=True):
        where = f"witness {degree}"
        entry = _fields(value, {"degree", "factors", "square", "pi"}, where)
        _equal(entry["degree"], degree, f"degree of {where}")
        factors = _pairs(entry["factors"], where)
        if any(l > L for l, _ in factors):
            _malformed(f"{where} has a factor of degree above {L}")
        if len(factors) > d:
            _fail(f"{where} takes more than {d} factors")
        _check_constant(entry, factors, where)
        used[degree] = len(factors)
    return used


_KINDS: dict[str, Callable[[dict[str, Any]], str]] = {
    "span": _check_span,
    "counterexample": _check_counterexample,
    "directions": _check_directions,
}


def check_certificate(text: str) -> str:
    """One sentence saying what the certificate in ``text`` shows.

    Raises:
        MalformedCertificateError: the text does not follow the format, or is beyond the limits.
        CertificateError: the certificate follows the format and does not show its claim.
    """
    certificate = parse(text)
    kind = certificate.get("kind")
    if not isinstance(kind, str) or kind not in _KINDS:
        _malformed("kind is none of 'span', 'counterexample', 'directions'")
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
    except MalformedCertificateError as error:
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
