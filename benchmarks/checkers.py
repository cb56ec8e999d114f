"""What the checkers take at their limits: CPU seconds and peak memory of whole processes.

    python benchmarks/checkers.py [--checker NAME] [--only WORD]
        [--record docs/results/checkers/record.json]

Every file is made here: certificates as large as the limits allow, with the evidence that costs
most, and files made to take time or memory. Files that are refused count as well.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice, product
from pathlib import Path
from typing import Any

from span_theorem import check, coupling_check, prove_span
from span_theorem.certificate import directions_certificate, span_certificate
from span_theorem.coupling import basis_certificate, coupling_basis
from span_theorem.directions import prove_directions
from span_theorem.factors import Factors
from span_theorem.files import write_json
from span_theorem.rank import weight_blocks, weight_evidence
from span_theorem.theorem import prove_products

SEED = 20261125
Case = tuple[str, str, Callable[[], str], list[str]]  # checker, name, text of the file, options


def compact(content: Any) -> str:
    return json.dumps(content, separators=(",", ":"))


def span(L: int, d: int) -> str:
    """A certificate whose heights all differ, so that nothing computed serves twice."""
    certificate = span_certificate(prove_span(L, d), weight_evidence(L, d))
    rng = random.Random(SEED)
    for block in certificate["rank"]["blocks"]:
        block["heights"] = [rng.randrange(2, check.PRIME) for _ in block["heights"]]
    return compact(certificate)


def many_terms(d: int) -> str:
    """A certificate of version 2 whose irreps are written one by one, as many as are read."""
    irreps = "300x0e+1o"
    factors = Factors.power(irreps, d)
    certificate = span_certificate(prove_products(factors), weight_blocks(factors))
    certificate["products"]["irreps"] = "+".join(["0e"] * 300 + ["1o"])
    return compact(certificate)


def directions(L: int, d: int, k: int) -> str:
    return compact(directions_certificate(prove_directions(L, d, k)))


def heavy_witness(L: int, d: int) -> str:
    """One witness of several directions with more factors than it may have."""
    certificate = directions_certificate(prove_directions(L, d, 2))
    certificate["witnesses"][0]["factors"] = [[L, 0]] * 100_000
    return compact(certificate)


def filled(item: str, limit: int) -> str:
    """A JSON list of one item, again and again, up to the limit of the file's size."""
    return "[" + f"{item}," * ((limit - 2 - len(item)) // (len(item) + 1)) + item + "]"


def claim(irreps: str, degree: int, power: str = "symmetric") -> dict[str, Any]:
    """A coupling certificate without a vector: the multiplicities are counted, then it fails."""
    return {
        "format": "span-theorem coupling certificate",
        "version": 1,
        "irreps": irreps,
        "degree": degree,
        "power": power,
        "outputs": "all",
        "vectors": [],
    }


def largest(irreps: str, power: str = "symmetric") -> str:
    """The claim of the highest degree that is not refused for its size."""
    low, high = 1, coupling_check.MAX_DEGREE
    while low < high:
        middle = (low + high + 1) // 2
        try:
            coupling_check._judge_count(coupling_check._read_space(claim(irreps, middle, power)))
            low = middle
        except coupling_check.MalformedCouplingError:
            high = middle - 1
    return compact(claim(irreps, low, power))


def wide_vector(l: int, degree: int, digits: int, size: int) -> str:
    """One vector of up to ``size`` bytes of weight 0 that no raising operator annihilates."""
    rng = random.Random(SEED)
    keys = (key for key in product(range(-l, l + 1), repeat=degree) if sum(key) == 0)
    bytes_each = 3 * degree + digits + 9  # at most
    terms = [
        [list(key), str(rng.randrange(10 ** (digits - 1), 10**digits))]
        for key in islice(keys, size // bytes_each)
    ]
    vector = {"output": "0e", "channels": [0] * degree, "norm2": "1/1", "terms": terms}
    return compact(claim(f"{l}e", degree, "tensor") | {"vectors": [vector]})


def coupling(irreps: str, degree: int, power: Any = "symmetric") -> str:
    return compact(basis_certificate(coupling_basis(irreps, degree, None, power)))


def cases() -> Iterator[Case]:
    """All of them, both checkers."""
    for L, d in ((1, 128), (5, 25), (11, 11), (128, 1)):
        yield "check", f"span, L = {L}, d = {d}", lambda L=L, d=d: span(L, d), []
    yield "check", "span, version 2, 301 irreps, d = 100", lambda: many_terms(100), []
    for L, d, k in ((1, 88, 2), (1, 26, 3), (64, 1, 2)):
        name = f"{k} directions, L = {L}, d = {d}"
        yield "check", name, lambda L=L, d=d, k=k: directions(L, d, k), []
    yield "check", "2 directions, 100,000 factors", lambda: heavy_witness(64, 1), []
    for checker, limit in (
        ("check", check.MAX_BYTES),
        ("coupling_check", coupling_check.MAX_BYTES),
    ):
        for item in ("[]", "[0]", '{"":0}'):
            name = f"a list of {item}"
            yield checker, name, lambda item=item, limit=limit: filled(item, limit), []
    five = "0e+1o+2e+3o+4e"
    yield "coupling_check", f"Sym^5({five})", lambda: coupling(five, 5), []
    yield "coupling_check", f"Sym^4({five}), full", lambda: coupling(five, 4), ["--full"]
    yield "coupling_check", "(1o)^⊗7", lambda: coupling("1o", 7, "tensor"), []
    yield "coupling_check", "(1o)^⊗6, full", lambda: coupling("1o", 6, "tensor"), ["--full"]
    for irreps in ("24x200e", "200e", "10000x0e", "5000x0e+1o", "300x1o+2e"):
        name = f"no vectors, highest degree of {irreps}"
        yield "coupling_check", name, lambda irreps=irreps: largest(irreps), []
    for irreps in ("1o", "1o+1e", "10000x0e"):
        name = f"no vectors, highest tensor power of {irreps}"
        yield "coupling_check", name, lambda irreps=irreps: largest(irreps, "tensor"), []
    for l, d, digits in ((20, 5, 1), (2, 10, 1), (20, 5, 900), (1, 16, 1)):
        name = f"one false vector, l = {l}, d = {d}, {digits} digits"
        yield (
            "coupling_check",
            name,
            lambda l=l, d=d, n=digits: wide_vector(l, d, n, coupling_check.MAX_BYTES),
            [],
        )


def write_apart(path: Path, text: Callable[[], str]) -> None:
    """Write in a process of its own: a child's peak counts what its parent held when it forked."""
    child = os.fork()
    if child == 0:
        path.write_text(text(), encoding="utf-8")
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if status:
        raise RuntimeError(f"{path} was not written")


def measure(checker: str, path: Path, options: list[str]) -> dict[str, Any]:
    """One process, isolated as the guide has it."""
    program = Path(check.__file__).with_name(f"{checker}.py")
    start = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-I", str(program), str(path), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        said = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return {
        "bytes": path.stat().st_size,
        "exit": process.returncode,
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 2),
        "wall_seconds": round(time.perf_counter() - start, 2),
        "peak_MiB": usage.ru_maxrss // 1024,
        "lines": len(said.splitlines()),
    }


def limits(module: Any) -> dict[str, int]:
    """The constants of a checker that bound what it reads."""
    return {n: v for n, v in sorted(vars(module).items()) if n.startswith("MAX_")}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--checker", default="", help="check or coupling_check; default: both")
    parser.add_argument("--only", default="", help="cases whose name holds this word")
    parser.add_argument("--record", type=Path, help="write the record to this file")
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "certificate.json")
        for checker, name, text, flags in cases():
            if options.only in name and options.checker in ("", checker):
                write_apart(path, text)
                row = {"checker": checker, "case": name} | measure(checker, path, flags)
                print(json.dumps(row, ensure_ascii=False), flush=True)
                rows.append(row)
    if options.record:
        if options.record.exists():  # the cases that were left out are kept
            again = {(row["checker"], row["case"]) for row in rows}
            old = json.loads(options.record.read_text(encoding="utf-8"))["rows"]
            rows += [row for row in old if (row["checker"], row["case"]) not in again]
            rows.sort(key=lambda row: row["checker"])
        record = {
            "python": platform.python_version(),
            "machine": f"{platform.machine()}, {os.cpu_count()} cores, shared",
            "seed": SEED,
            "limits": {m.__name__: limits(m) for m in (check, coupling_check)},
            "rows": rows,
        }
        write_json(options.record, record, force=True)


if __name__ == "__main__":
    main()
