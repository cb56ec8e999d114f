"""Independent checker of coupling certificates, in integers, from the standard library alone.

``python -m span_theorem.coupling_check basis.json`` (or this very file, run on its own) reads a
certificate as docs/coupling.md specifies it and verifies, without any code of the producer:

1. every vector is non-zero, of weight J, on monomials of the channels it names, with their parity;
2. the raising operator annihilates it, and its squared norm is the stated rational;
3. vectors of one output on the same channels are mutually orthogonal (others are so by content);
4. the number of vectors of every output is its multiplicity, counted here from the weights.

1-4 make the vectors an orthogonal basis of the highest-weight vectors, which is the claim: lowering
them is equivariant by the commutation relations. ``--full`` also verifies that by hand: E F^k v =
k (2J-k+1) F^(k-1) v for every k, and F^(2J+1) v = 0.

Exit codes: 0 verified, 2 not a readable certificate, 3 refuted.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from fractions import Fraction
from math import comb, factorial
from typing import Any

__all__ = ["MalformedError", "RefutedError", "check", "main"]

_FIELDS = {"format", "version", "irreps", "degree", "power", "outputs", "vectors"}
_VECTOR_FIELDS = {"output", "channels", "norm2", "terms"}
_INTEGER = re.compile(r"-?[1-9][0-9]*", re.ASCII)
_RATIO = re.compile(r"([1-9][0-9]*)/([1-9][0-9]*)", re.ASCII)
_TERM = re.compile(r"(?:([0-9]+)x)?([0-9]+)([eo]?)", re.ASCII)
# A degree, weight or multiplicity beyond this is a mistake or an attack on memory.
_MAX = 10_000
_MAX_STEPS = 10**8

Channel = tuple[int, int]  # (l, parity: 1, -1, or 0 where none is written)
Coefficients = dict[tuple[int, ...], int]


class MalformedError(ValueError):
    """The document does not follow the format."""


class RefutedError(Exception):
    """The document follows the format and its claim is false or not shown."""


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise MalformedError(message)


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _read_irreps(text: Any) -> list[Channel]:
    _require(isinstance(text, str), "irreps must be a string")
    channels: list[Channel] = []
    size = 0
    for part in text.split("+") if text else []:
        match = _TERM.fullmatch(part)
        if match is None:
            raise MalformedError(f"cannot read irreps term {part!r}")
        copies, degree = int(match[1] or 1), int(match[2])
        _require(copies <= _MAX and degree <= _MAX, f"irreps term {part!r} is too large")
        size += copies * (2 * degree + 1)
        _require(size <= _MAX, f"U has more than {_MAX} dimensions")
        channels += [(degree, {"e": 1, "o": -1, "": 0}[match[3]])] * copies
    _require(len({p == 0 for _, p in channels}) <= 1, "irreps mix parity and no parity")
    return channels


def _read_output(text: Any) -> Channel:
    _require(isinstance(text, str) and "x" not in text, f"bad output {text!r}")
    listed = _read_irreps(text)
    _require(len(listed) == 1, f"bad output {text!r}")
    return listed[0]


def _multiplicities(channels: list[Channel], degree: int, symmetric: bool) -> dict[Channel, int]:
    """Multiplicity of each irrep: states of weight J less states of weight J+1, per parity."""
    # Per parity (index 0 even, 1 odd) a polynomial in q, stored from weight -span upward.
    span = degree * max((channel[0] for channel in channels), default=0)
    width = 2 * span + 1
    table = [[[0] * width, [0] * width] for _ in range(degree + 1)]
    table[0][0][span] = 1
    states = [(m, int(p < 0)) for top, p in channels for m in range(-top, top + 1)]

    def add(source: list[list[int]], target: list[list[int]], m: int, odd: int) -> None:
        for parity in (0, 1):
            row, out = source[parity], target[parity ^ odd]
            for i in range(max(0, -m), min(width, width - m)):
                if row[i]:
                    out[i + m] += row[i]

    if symmetric:
        for m, odd in states:
            for used in range(degree):  # ascending: a state may be used again
                add(table[used], table[used + 1], m, odd)
    else:
        for used in range(degree):
            for m, odd in states:
                add(table[used], table[used + 1], m, odd)
    found = {}
    for parity, sign in ((0, 1), (1, -1)):
        row = [*table[degree][parity], 0]
        for weight in range(span + 1):
            count = row[span + weight] - row[span + weight + 1]
            if count:
                found[weight, sign] = count
    if channels and channels[0][1] == 0:
        return {(weight, 0): n for (weight, _), n in found.items()}
    return found


def _normal(key: list[int], owner: tuple[int, ...], symmetric: bool) -> tuple[int, ...]:
    """The monomial's standard form: m ascending among factors of one channel."""
    if not symmetric:
        return tuple(key)
    return tuple(m for _, m in sorted(zip(owner, key, strict=True)))


def _move(
    vector: Coefficients, owner: tuple[int, ...], degrees: list[int], up: int, symmetric: bool
) -> Coefficients:
    """E (up = 1) or F (up = -1) on monomials of b_m: b_m -> (l - up·m) b_{m + up}, as Leibniz."""
    image: Coefficients = {}
    for key, value in vector.items():
        for i, m in enumerate(key):
            if (factor := degrees[i] - up * m) != 0:
                changed = list(key)
                changed[i] = m + up
                place = _normal(changed, owner, symmetric)
                image[place] = image.get(place, 0) + factor * value
    return {key: value for key, value in image.items() if value}


def _metric(
    key: tuple[int, ...], owner: tuple[int, ...], degrees: list[int], symmetric: bool
) -> Fraction:
    """Squared length of a monomial: ∏ 1/C(2l, l+m), and (∏ repeats!)/d! where symmetrised."""
    square = Fraction(1)
    for m, l in zip(key, degrees, strict=True):
        square /= comb(2 * l, l + m)
    if symmetric:
        labels = list(zip(owner, key, strict=True))
        for label in set(labels):
            square *= factorial(labels.count(label))
        square /= factorial(len(key))
    return square


def _read_vector(
    entry: Any, channels: list[Channel], degree: int, symmetric: bool
) -> tuple[Channel, tuple[int, ...], Fraction, Coefficients]:
    _require(isinstance(entry, dict) and set(entry) == _VECTOR_FIELDS, "bad fields in a vector")
    output = _read_output(entry["output"])
    owner = entry["channels"]
    _require(
        isinstance(owner, list)
        and len(owner) == degree
        and all(_is_int(c) and 0 <= c < len(channels) for c in owner),
        f"channels must be {degree} integers in 0…{len(channels) - 1}, got {owner!r}",
    )
    _require(not symmetric or owner == sorted(owner), f"channels must ascend, got {owner!r}")
    ratio = _RATIO.fullmatch(entry["norm2"]) if isinstance(entry["norm2"], str) else None
    if ratio is None:
        raise MalformedError(f"norm2 must be 'p/q' with p, q > 0, got {entry['norm2']!r}")
    _require(isinstance(entry["terms"], list), "terms must be a list")
    vector: Coefficients = {}
    for term in entry["terms"]:
        _require(isinstance(term, list) and len(term) == 2, f"bad term {term!r}")
        key, text = term
        _require(
            isinstance(key, list) and len(key) == degree and all(_is_int(m) for m in key),
            f"a monomial is {degree} integers, got {key!r}",
        )
        _require(
            isinstance(text, str) and _INTEGER.fullmatch(text) is not None,
            f"a coefficient is a non-zero integer written as text, got {text!r}",
        )
        place = tuple(key)
        _require(
            all(abs(m) <= channels[c][0] for m, c in zip(key, owner, strict=True)),
            f"monomial {key!r} leaves -l…l",
        )
        _require(
            place == _normal(key, tuple(owner), symmetric), f"monomial {key!r} is not in order"
        )
        _require(place not in vector, f"monomial {key!r} occurs twice")
        vector[place] = int(text)
    return output, tuple(owner), Fraction(int(ratio[1]), int(ratio[2])), vector


def _check_lowering(
    vector: Coefficients, J: int, owner: tuple[int, ...], degrees: list[int], symmetric: bool
) -> None:
    current = vector
    for k in range(1, 2 * J + 2):
        below = _move(current, owner, degrees, -1, symmetric)
        back = _move(below, owner, degrees, 1, symmetric)
        scale = k * (2 * J - k + 1)
        if back != {key: scale * value for key, value in current.items() if scale}:
            raise RefutedError(f"E F^{k} v is not {scale} F^{k - 1} v")
        current = below
    if current:
        raise RefutedError(f"F^{2 * J + 1} v is not zero")


def check(document: Any, full: bool = False) -> dict[str, int]:
    """Verify a parsed certificate; returns the number of vectors of every output claimed.

    Raises:
        MalformedError: the format is not followed.
        RefutedError: the claim is false, or the vectors do not show it.
    """
    _require(isinstance(document, dict) and set(document) == _FIELDS, "wrong fields at the top")
    _require(document["format"] == "span-theorem coupling certificate", "unknown format")
    _require(_is_int(document["version"]) and document["version"] == 1, "unknown version")
    degree, power = document["degree"], document["power"]
    _require(_is_int(degree) and 1 <= degree <= _MAX, f"bad degree {degree!r}")
    _require(power in ("symmetric", "tensor"), f"bad power {power!r}")
    symmetric = power == "symmetric"
    channels = _read_irreps(document["irreps"])
    # Counting the weights takes about dim U · degree² · l steps.
    top = max((channel[0] for channel in channels), default=0)
    states = sum(2 * channel[0] + 1 for channel in channels)
    _require(states * degree**2 * (top + 1) <= _MAX_STEPS, "the certificate is too large to check")
    expected = _multiplicities(channels, degree, symmetric)
    if document["outputs"] != "all":
        _require(isinstance(document["outputs"], list), "outputs must be 'all' or a list")
        asked = [_read_output(text) for text in document["outputs"]]
        _require(len(set(asked)) == len(asked), "an output is listed twice")
        _require(bool(asked), "no output is claimed")
        # "2" never occurs beside "1o": such a claim of zero would only look like a statement.
        mixed = bool(channels) and any((p == 0) != (channels[0][1] == 0) for _, p in asked)
        _require(not mixed, "outputs and irreps must both carry parities, or neither")
        expected = {output: expected.get(output, 0) for output in asked}
    _require(isinstance(document["vectors"], list), "vectors must be a list")

    made = dict.fromkeys(expected, 0)
    families: dict[tuple[Channel, tuple[int, ...]], list[Coefficients]] = {}
    for number, entry in enumerate(document["vectors"]):
        output, owner, norm2, vector = _read_vector(entry, channels, degree, symmetric)
        where = f"vector {number}"
        J, parity = output
        degrees = [channels[c][0] for c in owner]
        if output not in expected:
            raise RefutedError(f"{where}: its output is not claimed or does not occur")
        if not vector:
            raise RefutedError(f"{where} is zero")
        product = 1
        for c in owner:
            product *= channels[c][1]
        if product != parity:
            raise RefutedError(f"{where}: the parity of its channels is not that of the output")
        if any(sum(key) != J for key in vector):
            raise RefutedError(f"{where} is not of weight {J}")
        if _move(vector, owner, degrees, 1, symmetric):
            raise RefutedError(f"{where} is not annihilated by the raising operator")
        metric = {key: _metric(key, owner, degrees, symmetric) for key in vector}
        if sum(metric[key] * value**2 for key, value in vector.items()) != norm2:
            raise RefutedError(f"{where}: the stated norm is wrong")
        family = families.setdefault((output, owner), [])
        for other in family:
            if sum(metric[key] * vector[key] * other[key] for key in vector if key in other):
                raise RefutedError(f"{where} is not orthogonal to an earlier one")
        family.append(vector)
        if full:
            _check_lowering(vector, J, owner, degrees, symmetric)
        made[output] += 1
    if made != expected:
        raise RefutedError(f"vectors per (l, parity): {made}, multiplicities: {expected}")
    letter = {1: "e", -1: "o", 0: ""}
    return {f"{J}{letter[p]}": n for (J, p), n in sorted(made.items())}


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    _require(len(set(keys)) == len(keys), f"a field occurs twice among {keys}")
    return dict(pairs)


def main(argv: list[str] | None = None) -> int:
    """Command line; see the module's docstring."""
    parser = argparse.ArgumentParser(
        prog="python -m span_theorem.coupling_check", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("certificate", help="JSON file")
    parser.add_argument("--full", action="store_true", help="also verify the lowered vectors")
    parser.add_argument("--json", action="store_true", help="print the verdict as JSON")
    options = parser.parse_args(argv)
    verdict: dict[str, Any] = {"certificate": options.certificate, "full": options.full}
    try:
        with open(options.certificate, encoding="utf-8") as stream:
            document = json.load(stream, object_pairs_hook=_no_duplicates)
        counts = check(document, options.full)
    except RefutedError as error:
        code, verdict = 3, verdict | {"verdict": "refuted", "reason": str(error)}
    except (OSError, ValueError, RecursionError) as error:
        code, verdict = 2, verdict | {"verdict": "unreadable", "reason": str(error)}
    else:
        code, verdict = 0, verdict | {"verdict": "verified", "counts": counts}
    if options.json:
        print(json.dumps(verdict))
    elif code == 0:
        listed = ", ".join(f"{name}: {n}" for name, n in verdict["counts"].items())
        print(f"verified: {listed or 'empty basis'}")
    else:
        print(f"{verdict['verdict']}: {verdict['reason']}", file=sys.stderr if code == 2 else None)
    return code


if __name__ == "__main__":
    raise SystemExit(main())
