"""Independent checker of coupling certificates, in integers, from the standard library alone.

``python -I coupling_check.py basis.json`` (this very file, wherever it lies) reads a certificate as
docs/coupling.md specifies it and verifies, without any code of the producer:

1. every vector is non-zero, of weight J, on monomials of the channels it names, with their parity;
2. the raising operator annihilates it, and its squared norm is the stated rational;
3. vectors of one output on the same channels are mutually orthogonal (others are so by content);
4. the number of vectors of every output is its multiplicity, counted here from the weights.

1-4 make the vectors an orthogonal basis of the highest-weight vectors, which is the claim: lowering
them is equivariant by the commutation relations. ``--full`` also verifies that by hand: E F^k v =
k (2J-k+1) F^(k-1) v for every k, and F^(2J+1) v = 0.

Exit codes: 0 accepted, 2 not a certificate that can be read, 3 rejected. The lines that read a file
and print a verdict stand in check.py as well, so that each checker is one file.
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
from collections.abc import Sequence
from math import comb, factorial, prod
from typing import IO, Any, NamedTuple, NoReturn

__all__ = ["MalformedCouplingError", "RefutedError", "check", "main"]

# The limits, so chosen that no file takes more than 1 GiB or a minute.
MAX_BYTES = 16 * 2**20
MAX_DIGITS = 1000
MAX_DIMENSION = 10_000  # of U, copies counted
MAX_L = 200
MAX_DEGREE = 1000
MAX_STEPS = 10**9  # elementary steps, estimated before any of them
MAX_MEMORY = 2**28  # bytes of one table, estimated before it is made
EXIT_ACCEPTED, EXIT_UNREADABLE, EXIT_REJECTED, EXIT_INTERRUPTED = 0, 2, 3, 130

_FIELDS = {"format", "version", "irreps", "degree", "power", "outputs", "vectors"}
_VECTOR_FIELDS = {"output", "channels", "norm2", "terms"}
_INTEGER = re.compile(r"-?[1-9][0-9]*", re.ASCII)
_RATIO = re.compile(r"([1-9][0-9]*)/([1-9][0-9]*)", re.ASCII)
_TERM = re.compile(r"(?:([0-9]{1,6})x)?([0-9]{1,6})([eo]?)", re.ASCII)
_LETTER = {1: "e", -1: "o", 0: ""}

Channel = tuple[int, int]  # (l, parity: 1, -1, or 0 where none is written)
Monomial = tuple[int, ...]
Coefficients = dict[Monomial, int]


class MalformedCouplingError(ValueError):
    """The document does not follow the format, or is beyond the limits: nothing was checked."""


class RefutedError(Exception):
    """The document follows the format and its claim is false or not shown."""


class Space(NamedTuple):
    """Sym^d(U), or U^⊗d where not ``symmetric``."""

    channels: list[Channel]
    degree: int
    symmetric: bool


class Vector(NamedTuple):
    """One highest-weight vector: coefficients of the monomials b_{m_1} ⋯ b_{m_d}."""

    output: Channel
    owner: Monomial  # the channel of every factor
    degrees: Monomial  # and its l
    norm2: tuple[int, int]
    terms: Coefficients


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise MalformedCouplingError(message)


# ---------------------------------------------------------------- reading


def _whole(digits: str) -> int:
    """The integer, in pieces that every PYTHONINTMAXSTRDIGITS allows."""
    if len(digits) <= 600:
        return int(digits)
    size = digits.lstrip("-")
    if len(size) > MAX_DIGITS:
        raise MalformedCouplingError(f"an integer has {len(size)} digits, more than {MAX_DIGITS}")
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
            raise MalformedCouplingError(f"field {_shown(key)} occurs twice")
        result[key] = value
    return result


def _no_float(text: str) -> NoReturn:
    raise MalformedCouplingError(f"floating-point number {text[:20]}: only integers are allowed")


def parse(text: str) -> Any:
    """The JSON value in ``text``; floats and repeated fields are faults."""
    _require(len(text) <= MAX_BYTES, f"larger than {MAX_BYTES} bytes")
    try:
        return json.loads(
            text,
            object_pairs_hook=_unique,
            parse_int=_whole,
            parse_float=_no_float,
            parse_constant=_no_float,
        )
    except MalformedCouplingError:
        raise
    except (ValueError, RecursionError) as error:
        raise MalformedCouplingError(f"not readable as JSON: {str(error)[:200]}") from None


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _read_irreps(text: Any) -> list[Channel]:
    _require(isinstance(text, str), "irreps must be a string")
    _require(len(text) <= 10 * MAX_DIMENSION, f"irreps have {len(text)} characters")
    channels: list[Channel] = []
    size = 0
    for part in text.split("+") if text else []:
        match = _TERM.fullmatch(part)
        if match is None:
            raise MalformedCouplingError(f"cannot read irreps term {_shown(part)}")
        copies, degree = int(match[1] or 1), int(match[2])
        _require(degree <= MAX_L, f"irreps term {_shown(part)}: l is above {MAX_L}")
        size += copies * (2 * degree + 1)
        _require(size <= MAX_DIMENSION, f"U has more than {MAX_DIMENSION} dimensions")
        channels += [(degree, {"e": 1, "o": -1, "": 0}[match[3]])] * copies
    _require(len({p == 0 for _, p in channels}) <= 1, "irreps mix parity and no parity")
    return channels


def _read_output(text: Any) -> Channel:
    match = _TERM.fullmatch(text) if isinstance(text, str) else None
    if match is None or match[1] is not None:
        raise MalformedCouplingError(f"bad output {_shown(text)}")
    return int(match[2]), {"e": 1, "o": -1, "": 0}[match[3]]


def _read_space(document: dict[str, Any]) -> Space:
    _require(document["format"] == "span-theorem coupling certificate", "unknown format")
    _require(_is_int(document["version"]) and document["version"] == 1, "unknown version")
    degree, power = document["degree"], document["power"]
    _require(
        _is_int(degree) and 1 <= degree <= MAX_DEGREE,
        f"degree must be an integer in 1 … {MAX_DEGREE}, got {_shown(degree)}",
    )
    _require(power in ("symmetric", "tensor"), f"bad power {_shown(power)}")
    return Space(_read_irreps(document["irreps"]), degree, power == "symmetric")


def _read_claim(document: dict[str, Any], space: Space) -> list[Channel] | None:
    """The outputs claimed; None for all."""
    if document["outputs"] == "all":
        return None
    _require(isinstance(document["outputs"], list), "outputs must be 'all' or a list")
    asked = [_read_output(text) for text in document["outputs"]]
    _require(len(set(asked)) == len(asked), "an output is listed twice")
    _require(bool(asked), "no output is claimed")
    # "2" never occurs beside "1o": such a claim of zero would only look like a statement.
    mixed = bool(space.channels) and any((p == 0) != (space.channels[0][1] == 0) for _, p in asked)
    _require(not mixed, "outputs and irreps must both carry parities, or neither")
    return asked


def _read_term(term: Any, space: Space, owner: Monomial, degrees: Monomial) -> tuple[Monomial, int]:
    if not (isinstance(term, list) and len(term) == 2):
        raise MalformedCouplingError(f"bad term {_shown(term)}")
    key, text = term
    if not (isinstance(key, list) and len(key) == space.degree and set(map(type, key)) == {int}):
        raise MalformedCouplingError(f"a monomial is {space.degree} integers, got {_shown(key)}")
    if not (isinstance(text, str) and _INTEGER.fullmatch(text)):
        raise MalformedCouplingError(
            f"a coefficient is a non-zero integer written as text, got {_shown(text)}"
        )
    if any(abs(m) > l for m, l in zip(key, degrees, strict=True)):
        raise MalformedCouplingError(f"monomial {_shown(key)} leaves -l…l")
    if space.symmetric and list(zip(owner, key, strict=True)) != sorted(
        zip(owner, key, strict=True)
    ):
        raise MalformedCouplingError(f"monomial {_shown(key)} is not in order")
    return tuple(key), _whole(text)


def _read_vector(entry: Any, space: Space) -> Vector:
    _require(isinstance(entry, dict) and set(entry) == _VECTOR_FIELDS, "bad fields in a vector")
    owner = entry["channels"]
    count = len(space.channels)
    _require(
        isinstance(owner, list)
        and len(owner) == space.degree
        and all(_is_int(c) and 0 <= c < count for c in owner),
        f"channels must be {space.degree} integers in 0…{count - 1}, got {_shown(owner)}",
    )
    _require(
        not space.symmetric or owner == sorted(owner), f"channels must ascend, got {_shown(owner)}"
    )
    ratio = _RATIO.fullmatch(entry["norm2"]) if isinstance(entry["norm2"], str) else None
    if ratio is None:
        raise MalformedCouplingError(
            f"norm2 must be 'p/q' with p, q > 0, got {_shown(entry['norm2'])}"
        )
    _require(isinstance(entry["terms"], list), "terms must be a list")
    places = tuple(owner)
    degrees = tuple(space.channels[c][0] for c in places)
    terms: Coefficients = {}
    for term in entry["terms"]:
        key, value = _read_term(term, space, places, degrees)
        if key in terms:
            raise MalformedCouplingError(f"monomial {_shown(list(key))} occurs twice")
        terms[key] = value
    norm2 = _whole(ratio[1]), _whole(ratio[2])
    return Vector(_read_output(entry["output"]), places, degrees, norm2, terms)


# ---------------------------------------------------------------- sizes, before computing


def _fits(amount: int, most: int, what: str) -> None:
    _require(amount <= most, f"too large to check: {what} {_shown(amount)}, more than {most}")


def _bits(space: Space) -> int:
    """Bits, in whole bytes, that hold the dimension of the space, so each of its multiplicities."""
    states = sum(2 * l + 1 for l, _ in space.channels)
    d = space.degree
    most = comb(states + d, d).bit_length() if space.symmetric else d * states.bit_length()
    return 8 * (most // 8 + 1)


def _judge_count(space: Space) -> None:
    states = sum(2 * l + 1 for l, _ in space.channels)
    width = 2 * space.degree * max((l for l, _ in space.channels), default=0) + 1
    row = 2 * width * _bits(space) // 8
    rows = space.degree + 1 if space.symmetric else 2
    _fits(rows * row, MAX_MEMORY, "bytes to count the multiplicities:")
    _fits(states * space.degree * (row // 20 + 50), MAX_STEPS, "steps to count the multiplicities:")


def _judge_vectors(vectors: list[Vector], space: Space, full: bool) -> None:
    """Refuse where raising, norms, orthogonality or (``full``) lowering would take too long."""
    d = space.degree
    family = Counter((vector.output, vector.owner) for vector in vectors)
    steps = 0
    for vector in vectors:
        used = Counter(zip(vector.owner, vector.degrees, strict=True))
        moves = sum(min(n, 2 * l + 1) for (_, l), n in used.items()) if space.symmetric else d
        metric = sum(factorial(2 * l).bit_length() * n for (_, l), n in used.items())
        largest = max((value.bit_length() for value in vector.terms.values()), default=0)
        arithmetic = 20 + (metric + 2 * largest) // 20
        size = len(vector.terms)
        images = size
        if full:
            # Lowered vectors of different weight share no monomial of this content.
            images += prod(
                comb(2 * l + n, n) if space.symmetric else (2 * l + 1) ** n
                for (_, l), n in used.items()
            )
            growth = 2 * vector.output[0] * sum(vector.degrees).bit_length()
            steps += 2 * images * moves * (d + 50 + (largest + growth) // 20)
        _fits(images * moves * (8 * d + 200 + largest // 8), MAX_MEMORY, "bytes for a vector:")
        steps += size * moves * (d + 50 + largest // 20) + size * d * arithmetic
        steps += size * family[vector.output, vector.owner] * arithmetic
    _fits(steps, MAX_STEPS, "steps to check the vectors:")


# ---------------------------------------------------------------- the multiplicities


def _multiplicities(space: Space) -> dict[Channel, int]:
    """Multiplicity of each irrep: states of weight J less states of weight J+1, per parity."""
    # Per parity (0 even, 1 odd) a polynomial in q, its coefficients packed in one integer from
    # weight -span upward: q is a power of two that no coefficient reaches.
    channels, degree, symmetric = space
    span = degree * max((l for l, _ in channels), default=0)
    bits = _bits(space)
    table = [[0, 0] for _ in range(degree + 1)]
    table[0][0] = 1 << (span * bits)
    states = [(m, int(p < 0)) for top, p in channels for m in range(-top, top + 1)]

    def add(source: list[int], target: list[int], m: int, odd: int) -> None:
        for parity in (0, 1):
            row = source[parity]
            target[parity ^ odd] += row << (m * bits) if m >= 0 else row >> (-m * bits)

    if symmetric:
        for m, odd in states:
            for used in range(degree):  # ascending: a state may be used again
                add(table[used], table[used + 1], m, odd)
    else:
        for _ in range(degree):
            following = [0, 0]
            for m, odd in states:
                add(table[0], following, m, odd)
            table[0] = following
    found = {}
    size = bits // 8
    for parity, sign in ((0, 1), (1, -1)):
        row = table[degree if symmetric else 0][parity].to_bytes((2 * span + 2) * size, "little")
        count = [
            int.from_bytes(row[w * size : (w + 1) * size], "little")
            for w in range(span, 2 * span + 2)
        ]
        for weight in range(span + 1):
            if count[weight] != count[weight + 1]:
                found[weight, sign] = count[weight] - count[weight + 1]
    if channels and channels[0][1] == 0:
        return {(weight, 0): n for (weight, _), n in found.items()}
    return found


# ---------------------------------------------------------------- the vectors


def _move(terms: Coefficients, vector: Vector, up: int, symmetric: bool) -> Coefficients:
    """E (up = 1) or F (up = -1) on monomials of b_m: b_m -> (l - up·m) b_{m + up}, as Leibniz.

    In a symmetric power r equal factors give r times the same monomial; it stays in order where
    the last of them is raised, or the first lowered.
    """
    owner, degrees = vector.owner, vector.degrees
    image: Coefficients = {}
    for key, value in terms.items():
        start = 0
        while start < len(key):
            stop = start + 1
            while (
                symmetric
                and stop < len(key)
                and (owner[stop], key[stop]) == (owner[start], key[start])
            ):
                stop += 1
            factor = (stop - start) * (degrees[start] - up * key[start])
            if factor:
                i = stop - 1 if up == 1 else start
                place = (*key[:i], key[i] + up, *key[i + 1 :])
                image[place] = image.get(place, 0) + factor * value
            start = stop
    return {key: value for key, value in image.items() if value}


def _scale(vector: Vector, symmetric: bool) -> int:
    """The common denominator of the squared lengths of the monomials: ∏ (2l)!, and d!."""
    return prod(factorial(2 * l) for l in vector.degrees) * (
        factorial(len(vector.degrees)) if symmetric else 1
    )


def _metric(key: Monomial, vector: Vector, symmetric: bool) -> int:
    """Squared length of a monomial times _scale: ∏ 1/C(2l, l+m), and (∏ repeats!)/d!."""
    square = prod(
        factorial(l + m) * factorial(l - m) for m, l in zip(key, vector.degrees, strict=True)
    )
    if symmetric:
        square *= prod(map(factorial, Counter(zip(vector.owner, key, strict=True)).values()))
    return square


def _check_lowering(vector: Vector, symmetric: bool) -> None:
    current, J = vector.terms, vector.output[0]
    for k in range(1, 2 * J + 2):
        below = _move(current, vector, -1, symmetric)
        back = _move(below, vector, 1, symmetric)
        scale = k * (2 * J - k + 1)
        if back != {key: scale * value for key, value in current.items() if scale}:
            raise RefutedError(f"E F^{k} v is not {scale} F^{k - 1} v")
        current = below
    if current:
        raise RefutedError(f"F^{2 * J + 1} v is not zero")


def _check_vector(
    vector: Vector, space: Space, family: list[Coefficients], where: str, full: bool
) -> None:
    """Refute unless the vector is one of highest weight, normed as stated, orthogonal to others."""
    J, parity = vector.output
    symmetric = space.symmetric
    if not vector.terms:
        raise RefutedError(f"{where} is zero")
    if prod(space.channels[c][1] for c in vector.owner) != parity:
        raise RefutedError(f"{where}: the parity of its channels is not that of the output")
    if any(sum(key) != J for key in vector.terms):
        raise RefutedError(f"{where} is not of weight {J}")
    if _move(vector.terms, vector, 1, symmetric):
        raise RefutedError(f"{where} is not annihilated by the raising operator")
    weighted = {key: _metric(key, vector, symmetric) * value for key, value in vector.terms.items()}
    square = sum(weighted[key] * value for key, value in vector.terms.items())
    p, q = vector.norm2
    if square * q != p * _scale(vector, symmetric):
        raise RefutedError(f"{where}: the stated norm is wrong")
    for other in family:
        if sum(value * other[key] for key, value in weighted.items() if key in other):
            raise RefutedError(f"{where} is not orthogonal to an earlier one")
    if full:
        _check_lowering(vector, symmetric)


def check(document: Any, full: bool = False) -> dict[str, int]:
    """Verify a parsed certificate; returns the number of vectors of every output claimed.

    Raises:
        MalformedCouplingError: the format is not followed, or the document is beyond the limits.
        RefutedError: the claim is false, or the vectors do not show it.
    """
    _require(isinstance(document, dict) and set(document) == _FIELDS, "wrong fields at the top")
    space = _read_space(document)
    asked = _read_claim(document, space)
    _require(isinstance(document["vectors"], list), "vectors must be a list")
    _judge_count(space)
    vectors = [_read_vector(entry, space) for entry in document["vectors"]]
    _judge_vectors(vectors, space, full)

    expected = _multiplicities(space)
    if asked is not None:
        expected = {output: expected.get(output, 0) for output in asked}
    made = dict.fromkeys(expected, 0)
    families: dict[tuple[Channel, Monomial], list[Coefficients]] = {}
    for number, vector in enumerate(vectors):
        where = f"vector {number}"
        if vector.output not in expected:
            raise RefutedError(f"{where}: its output is not claimed or does not occur")
        family = families.setdefault((vector.output, vector.owner), [])
        _check_vector(vector, space, family, where, full)
        family.append(vector.terms)
        made[vector.output] += 1
    for (J, p), n in expected.items():
        if made[J, p] != n:
            raise RefutedError(
                f"{J}{_LETTER[p]} has {made[J, p]} vectors, its multiplicity is {_shown(n)}"
            )
    return {f"{J}{_LETTER[p]}": n for (J, p), n in sorted(made.items())}


# ---------------------------------------------------------------- files and command line


def _read(path: str) -> str:
    """The text of a regular file; devices and pipes are refused before they are opened."""
    state = os.stat(path)
    if not stat.S_ISREG(state.st_mode):
        raise MalformedCouplingError("not a regular file")
    # Without blocking, should a pipe take the file's place between the two calls.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with open(os.open(path, flags), "rb") as stream:
        data = b"" if state.st_size > MAX_BYTES else stream.read(MAX_BYTES + 1)
    if max(state.st_size, len(data)) > MAX_BYTES:
        raise MalformedCouplingError(f"larger than {MAX_BYTES} bytes")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedCouplingError("not UTF-8 text") from None


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


def _line_of(verdict: dict[str, Any]) -> str:
    if verdict["verdict"] == "accepted":
        listed = ", ".join(f"{name}: {n}" for name, n in verdict["counts"].items())
        return f"accepted: {listed or 'empty basis'}"
    where = f"{verdict['certificate']}: " if verdict["verdict"] == "unreadable" else ""
    return _line(f"{verdict['verdict']}: {where}{verdict['reason']}")


def main(argv: Sequence[str] | None = None) -> int:
    """Command line; see the module's docstring."""
    parser = _Parser(
        prog="coupling_check.py",
        description="Check a coupling certificate.",
        epilog="exit codes: 0 accepted, 2 not a certificate that can be read, 3 rejected",
    )
    parser.add_argument("certificate", help="JSON file")
    parser.add_argument("--full", action="store_true", help="also verify the lowered vectors")
    parser.add_argument("--json", action="store_true", help="print the verdict as JSON")
    options = parser.parse_args(argv)
    path, code = options.certificate, EXIT_UNREADABLE
    result: dict[str, Any]
    try:
        counts = check(parse(_read(path)), options.full)
        code, result = EXIT_ACCEPTED, {"verdict": "accepted", "counts": counts}
    except RefutedError as error:
        code, result = EXIT_REJECTED, {"verdict": "rejected", "reason": str(error)}
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        result = {"verdict": "unreadable", "reason": reason}
    except MemoryError:
        result = {"verdict": "unreadable", "reason": "out of memory"}
    except KeyboardInterrupt:
        _say("interrupted", sys.stderr)
        return EXIT_INTERRUPTED
    result = {"certificate": path, "full": options.full} | result
    line = json.dumps(result) if options.json else _line_of(result)
    on_stdout = options.json or code != EXIT_UNREADABLE
    if not _say(line, sys.stdout if on_stdout else sys.stderr) and on_stdout:
        _say("the verdict could not be written to standard output", sys.stderr)
        return EXIT_UNREADABLE
    return code


if __name__ == "__main__":
    sys.exit(main())
