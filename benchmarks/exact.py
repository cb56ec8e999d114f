"""Speed of the exact layer beside its peers: whole processes and bulk coefficients, as ratios.

    python benchmarks/exact.py [--quick] [--json PATH]

Peers: sympy (Gaunt, 3j, 6j, 9j), e3nn, wigners and pywigxjpf (bulk float arrays), PARI/GP and LiE
(multiplicities); each is left out with a reason where it is not installed. Every row is measured in
this run, in CPU seconds; of short whole processes the fastest of three counts.
"""

from __future__ import annotations

import argparse
import gc
import json
import platform
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from symbols import array_rows, show, symbol_rows

ROOT = Path(__file__).resolve().parent.parent
Row = dict[str, Any]


def process(command: list[str], *, stdin: str | None = None, limit: float = 600) -> float | None:
    """CPU seconds of one process; None where it ran past ``limit`` or failed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        done = subprocess.run(
            command, input=stdin, capture_output=True, text=True, timeout=limit, cwd=ROOT
        )
    except subprocess.TimeoutExpired:
        return None
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return used if done.returncode == 0 else None


def verify_rows(quick: bool) -> list[Row]:
    """Whole processes of the command line."""
    cases = {
        "import span_theorem": ["-c", "import span_theorem"],
        "import sympy": ["-c", "import sympy"],
        "verify (2, 2), cold": ["-m", "span_theorem.verify", "--L", "2", "--d", "2"],
        "verify --up-to 6": ["-m", "span_theorem.verify", "--up-to", "6"],
    }
    if not quick:
        cases["verify (8, 8)"] = ["-m", "span_theorem.verify", "--L", "8", "--d", "8"]
    rows = []
    for name, arguments in cases.items():
        if "--L" in arguments:
            arguments = [*arguments, "--no-certificate"]
        long = "--up-to" in arguments or "8" in arguments
        times = [process([sys.executable, *arguments]) for _ in range(1 if long else 3)]
        rows.append({"what": name, "cpu_seconds": min(filter(None, times), default=None)})
    rows[-1]["peak_MB_of_largest_child"] = (
        resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1000
    )
    return rows


def gaunt_rows(l_max: int) -> list[Row]:
    """All nonzero coefficients with l1, l2 ≤ l_max, l3 ≤ 2 l_max: CPU time per coefficient."""
    from sympy.physics.wigner import gaunt as sympy_gaunt

    from span_theorem import gaunt_table

    gaunt_table(1, 1, 1)  # imports python-flint
    gc.collect()  # so that no row pays for the garbage of another
    start = time.process_time()
    table = gaunt_table(l_max, l_max, 2 * l_max)
    count = sum(len(block) for block in table.values())
    ours = (time.process_time() - start) / count
    labels = [(ls, ms) for ls, block in table.items() for ms in block]
    sample = labels[:: max(1, count // 400)]  # sympy takes seconds per ten thousand
    gc.collect()
    start = time.process_time()
    theirs = [sympy_gaunt(*ls, *ms, -sum(ms)) for ls, ms in sample]
    sympys = (time.process_time() - start) / len(sample)
    for (ls, ms), value in zip(sample, theirs, strict=True):
        mine = table[ls][ms].sympy()
        if mine**2 != value**2 or (mine > 0) != (value > 0):
            raise AssertionError(f"values differ at {ls}, {ms}")
    rows = [
        {"what": f"Gaunt table l ≤ {l_max}: ours, exact", "microseconds": ours * 1e6, "n": count},
        {
            "what": f"Gaunt table l ≤ {l_max}: sympy, exact ({len(sample)} sampled)",
            "microseconds": sympys * 1e6,
            "ratio_to_ours": sympys / ours,
        },
    ]
    try:
        import pywigxjpf
    except ImportError:
        return [*rows, {"what": "pywigxjpf", "left_out": "not installed"}]
    pywigxjpf.wig_table_init(4 * l_max, 3)
    pywigxjpf.wig_temp_init(4 * l_max)
    start = time.process_time()
    for (l1, l2, l3), (m1, m2) in labels:
        pywigxjpf.wig3jj(2 * l1, 2 * l2, 2 * l3, 2 * m1, 2 * m2, -2 * (m1 + m2))
    floats = (time.process_time() - start) / count
    pywigxjpf.wig_temp_free()
    pywigxjpf.wig_table_free()
    what = f"3j symbols l ≤ {l_max}: pywigxjpf, floats, one 3j each"
    return [*rows, {"what": what, "microseconds": floats * 1e6, "ratio_to_ours": floats / ours}]


PARI = """
default(parisize, 512000000);
L = {L}; d = {d}; N = 2*d*L;
p(k) = sum(l=0, L, sum(m=-l, l, q^(k*(L+m))));
h = vector(d+1); h[1] = 1;
for(n=1, d, h[n+1] = sum(k=1, n, p(k)*h[n-k+1])/n);
c = Vecrev(h[d+1], N+1);
print(vector(d*L+1, l, c[d*L+l] - if(l <= d*L, c[d*L+l+1], 0)));
"""


def multiplicity_rows(L: int, d: int, quick: bool) -> list[Row]:
    """Multiplicities of Sym^d(U_L), whole processes."""
    code = f"from span_theorem import *; print(len(multiplicities(Irreps.upto({L}), {d})))"
    peers: dict[str, Callable[[], float | None]] = {
        "ours": lambda: process([sys.executable, "-c", code]),
        "gp": lambda: process(["gp", "-q", "-f"], stdin=PARI.format(L=L, d=d)),
        "lie": lambda: process(
            ["lie"],
            stdin="maxobjects 9999999\n"
            + f"sym_tensor({d},{'+'.join(f'1X[{2 * l}]' for l in range(L + 1))},A1)\nquit\n",
            limit=20 if quick else 400,
        ),
    }
    rows: list[Row] = []
    for name, run in peers.items():
        label = f"multiplicities ({L}, {d}): {name}"
        if name != "ours" and shutil.which(name) is None:
            rows.append({"what": label, "left_out": "not installed"})
            continue
        seconds = run()
        rows.append({"what": label, "cpu_seconds": seconds})
        if seconds is None:
            rows[-1]["left_out"] = "failed or ran past its limit"
        elif rows[0]["cpu_seconds"]:
            rows[-1]["ratio_to_ours"] = seconds / rows[0]["cpu_seconds"]
    return rows


def main(argv: list[str] | None = None) -> int:
    """Run, print a table, and write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="leave out what takes over 20 s")
    parser.add_argument("--json", type=Path, help="also write the rows here")
    args = parser.parse_args(argv)
    rows = verify_rows(args.quick)
    for l_max in (4, 8) if args.quick else (4, 8, 12):
        rows += gaunt_rows(l_max)
    rows += symbol_rows()
    rows += array_rows(6 if args.quick else 12)
    rows += multiplicity_rows(20, 20, args.quick)
    show(rows)
    if args.json:
        about = {"python": platform.python_version(), "machine": platform.machine()}
        for name in ("sympy", "python-flint", "numpy", "e3nn", "wigners", "pywigxjpf"):
            try:
                about[name] = version(name)
            except PackageNotFoundError:
                about[name] = "not installed"
        args.json.write_text(json.dumps({"about": about, "rows": rows}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
