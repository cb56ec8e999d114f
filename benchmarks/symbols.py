"""Wigner symbols beside sympy, and bulk float arrays beside e3nn, wigners and pywigxjpf.

Used by ``benchmarks/exact.py``; also a program of its own:

    python benchmarks/symbols.py [--l-max 12] [--json PATH]

CPU time of one thread; every value is compared, not only timed. Arguments are drawn once and all
different, so that no library can answer from its cache.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import sys
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

Row = dict[str, Any]
Arguments = tuple[Fraction, ...]


def timed(run: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds and result; garbage of what ran before is collected first."""
    gc.collect()
    start = time.process_time()
    result = run()
    return time.process_time() - start, result


def _allowed(a: Fraction, b: Fraction, c: Fraction) -> bool:
    return abs(a - b) <= c <= a + b and (a + b + c).denominator == 1


def _draw(rng: random.Random, count: int, top: int, good: Callable[..., bool]) -> Iterator[Any]:
    while True:
        values = tuple(Fraction(rng.randint(0, 2 * top), 2) for _ in range(count))
        if good(*values):
            yield values


def _distinct(values: Iterator[Arguments], count: int) -> list[Arguments]:
    found: dict[Arguments, None] = {}
    while len(found) < count:
        found[next(values)] = None
    return list(found)


def _symbols_3j(rng: random.Random, top: int) -> Iterator[Arguments]:
    for j1, j2, j3 in _draw(rng, 3, top, _allowed):
        m1, m2 = (rng.randint(0, int(2 * j)) - j for j in (j1, j2))
        if abs(m1 + m2) <= j3:
            yield j1, j2, j3, m1, m2, -m1 - m2


def _four_triads(*j: Fraction) -> bool:
    a, b, c, d, e, f = j
    return _allowed(a, b, c) and _allowed(a, e, f) and _allowed(d, b, f) and _allowed(d, e, c)


def _six_triads(*j: Fraction) -> bool:
    triads = (j[:3], j[3:6], j[6:], j[::3], j[1::3], j[2::3])
    return all(_allowed(*triad) for triad in triads)


def symbol_rows(top: int = 8) -> list[Row]:
    """Single values of arguments ≤ ``top``, half of them half-integers, and 3j by the block."""
    from sympy import Rational, simplify
    from sympy.physics import wigner as theirs

    import span_theorem as ours

    rng = random.Random(0)
    cases: list[tuple[str, Any, Any, list[Arguments]]] = [
        ("3j", ours.wigner_3j, theirs.wigner_3j, _distinct(_symbols_3j(rng, top), 1000)),
        ("6j", ours.wigner_6j, theirs.wigner_6j, _distinct(_draw(rng, 6, top, _four_triads), 400)),
        ("9j", ours.wigner_9j, theirs.wigner_9j, _distinct(_draw(rng, 9, 3, _six_triads), 40)),
    ]
    rows: list[Row] = []
    for name, mine, yours, arguments in cases:
        in_sympy = [[Rational(x.numerator, x.denominator) for x in line] for line in arguments]
        mine(*arguments[0])
        ours_s, values = timed(lambda f=mine, a=arguments: [f(*line) for line in a])
        sympy_s, expected = timed(lambda f=yours, a=in_sympy: [f(*line) for line in a])
        for value, other in zip(values, expected, strict=True):
            if value != other and simplify(value.sympy() - other) != 0:
                raise AssertionError(f"{name} differs: {value}, {other}")
        what = f"{name} symbols j ≤ {3 if name == '9j' else top}, one by one"
        rows += _pair(what, ours_s, sympy_s, len(values))
    return rows + _block_rows(top)


def _block_rows(top: int) -> list[Row]:
    """All 3j symbols of a sample of degrees, by the block, against sympy one by one."""
    from sympy import Rational
    from sympy.physics.wigner import wigner_3j

    from span_theorem import wigner_3j_block

    rng = random.Random(1)
    degrees = _distinct(_draw(rng, 3, top, _allowed), 60)
    wigner_3j_block(1, 1, 1)  # imports python-flint
    seconds, blocks = timed(lambda: [wigner_3j_block(*line) for line in degrees])
    count = sum(len(block) for block in blocks)
    sample = [
        (line, orders, value)
        for line, block in zip(degrees, blocks, strict=True)
        for orders, value in list(block.items())[:: max(1, count // 600)]
    ]
    arguments = [
        [Rational(x.numerator, x.denominator) for x in map(Fraction, (*line, *orders))]
        for line, orders, _ in sample
    ]
    sympy_s, expected = timed(lambda: [wigner_3j(*line) for line in arguments])
    for (line, orders, value), other in zip(sample, expected, strict=True):
        if value != other:
            raise AssertionError(f"3j differs at {line}, {orders}")
    scaled = sympy_s / len(sample) * count
    return _pair(f"3j symbols j ≤ {top}, by the block", seconds, scaled, count)


def _pair(what: str, ours: float, sympys: float, count: int) -> list[Row]:
    return [
        {"what": f"{what}: ours, exact", "microseconds": ours / count * 1e6, "n": count},
        {
            "what": f"{what}: sympy, exact",
            "microseconds": sympys / count * 1e6,
            "ratio_to_ours": sympys / ours,
        },
    ]


def array_rows(l_max: int) -> list[Row]:
    """Every real 3j array with l1, l2, l3 ≤ ``l_max``: microseconds per array.

    wigners and pywigxjpf make complex arrays. They are timed as they come, which is an easier
    task, and again with the change to the real basis that makes the same arrays as ours.
    """
    from span_theorem import real_wigner_3j_array

    degrees = [
        (l1, l2, l3)
        for l1 in range(l_max + 1)
        for l2 in range(l_max + 1)
        for l3 in range(abs(l1 - l2), min(l1 + l2, l_max) + 1)
    ]
    real_wigner_3j_array(0, 0, 0)  # imports numpy
    ours, arrays = timed(lambda: [real_wigner_3j_array(*ls) for ls in degrees])
    what = f"all {len(degrees)} real 3j arrays, l ≤ {l_max}"
    rows = [{"what": f"{what}: ours", "microseconds": ours / len(degrees) * 1e6}]
    changes = [_change(l) for l in range(l_max + 1)]
    for name, make, basis in _array_makers(l_max):
        seconds, made = timed(lambda make=make: [make(*ls) for ls in degrees])
        extra = 0.0
        if basis == "complex":
            extra, made = timed(
                lambda made=made: [
                    _real(array, ls, changes) for array, ls in zip(made, degrees, strict=True)
                ]
            )
        for mine, other, ls in zip(arrays, made, degrees, strict=True):
            if min(abs(mine - other).max(), abs(mine + other).max()) > 1e-12:
                raise AssertionError(f"{name} differs at {ls}")
        rows.append(
            {
                "what": f"{what}: {name}",
                "microseconds": (seconds + extra) / len(degrees) * 1e6,
                "ratio_to_ours": (seconds + extra) / ours,
            }
        )
        if basis == "complex":
            rows[-1]["complex_only_microseconds"] = seconds / len(degrees) * 1e6
            rows[-1]["complex_only_ratio_to_ours"] = seconds / ours
    return rows


def _array_makers(l_max: int) -> list[tuple[str, Callable[[int, int, int], Any], str]]:
    import numpy as np

    makers: list[tuple[str, Callable[[int, int, int], Any], str]] = []
    try:
        import torch
        from e3nn import o3

        makers.append(
            ("e3nn", lambda a, b, c: o3.wigner_3j(a, b, c, dtype=torch.float64).numpy(), "real")
        )
        o3.wigner_3j(0, 0, 0)
    except ImportError:
        pass
    try:
        import wigners

        def from_wigners(a: int, b: int, c: int) -> Any:
            # ⟨a m1 b m2|c m3⟩ to the 3j symbol at (m1, m2, -m3), up to one sign.
            array = wigners.clebsch_gordan_array(a, b, c)[:, :, ::-1]
            signs = (-1.0) ** np.arange(2 * c + 1)
            return array * (signs / (2 * c + 1) ** 0.5)

        makers.append(("wigners", from_wigners, "complex"))
    except ImportError:
        pass
    try:
        import pywigxjpf

        pywigxjpf.wig_table_init(4 * l_max, 3)
        pywigxjpf.wig_temp_init(4 * l_max)

        def from_pywigxjpf(a: int, b: int, c: int) -> Any:
            array = np.zeros((2 * a + 1, 2 * b + 1, 2 * c + 1))
            for m in range(-a, a + 1):
                for n in range(max(-b, -c - m), min(b, c - m) + 1):
                    value = pywigxjpf.wig3jj(2 * a, 2 * b, 2 * c, 2 * m, 2 * n, -2 * (m + n))
                    array[m + a, n + b, c - m - n] = value
            return array

        makers.append(("pywigxjpf", from_pywigxjpf, "complex"))
    except ImportError:
        pass
    return makers


def _change(l: int) -> Any:
    import numpy as np

    from span_theorem import real_from_complex

    change = np.zeros((2 * l + 1, 2 * l + 1), complex)
    for (m, order), (modulus, turns) in real_from_complex(l).items():
        change[m + l, order + l] = float(modulus) * 1j**turns
    return change


def _real(array: Any, ls: tuple[int, int, int], changes: list[Any]) -> Any:
    import numpy as np

    u, v, w = (changes[l] for l in ls)
    total = np.tensordot(u, np.tensordot(array, w, axes=(2, 1)), axes=(1, 0))
    total = np.matmul(v, total)
    return total.imag if sum(ls) % 2 else total.real


def show(rows: list[Row]) -> None:
    """Print the rows."""
    for row in rows:
        rest = {k: round(v, 3) if isinstance(v, float) else v for k, v in row.items()}
        what = rest.pop("what")
        print(f"{what:<62} " + "  ".join(f"{k} {v}" for k, v in rest.items()))


def main(argv: list[str] | None = None) -> int:
    """Run, print a table, and write JSON where asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--l-max", type=int, default=12, help="largest degree of the arrays")
    parser.add_argument("--json", type=Path, help="also write the rows here")
    args = parser.parse_args(argv)
    rows = symbol_rows() + array_rows(args.l_max)
    show(rows)
    if args.json:
        args.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
