"""Cost of the numeric checks: whole processes (CPU, wall, memory), and ns per harmonic.

    python benchmarks/numeric.py [--quick] [--device cuda] [--json PATH]

CPU seconds are those of the child process alone; wall seconds depend on what else runs. Threads are
as the environment sets them (OMP_NUM_THREADS), and reported. Every row is measured in this run.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from sphericart import SphericalHarmonics

from numeric_checks.provenance import versions
from numeric_checks.sphere.harmonics import random_directions, scipy_harmonics

Row = dict[str, Any]


def process(arguments: list[str]) -> Row:
    """One command: exit code, user and system CPU seconds, wall seconds and peak MB."""
    start = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, "-m", *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert child.stdout is not None
    child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return {
        "what": " ".join(arguments),
        "exit": child.returncode,
        "user_s": usage.ru_utime,
        "system_s": usage.ru_stime,
        "wall_s": time.perf_counter() - start,
        "peak_MB": usage.ru_maxrss / 1024,
    }


def harmonics_rows() -> list[Row]:
    """Nanoseconds per value of all harmonics up to a degree, the best of three."""
    rows = []
    for l_max, count in ((8, 20000), (32, 2000), (64, 500)):
        directions = random_directions(count, np.random.default_rng(0))
        routes = {
            "sphericart": SphericalHarmonics(l_max).compute,
            "scipy": lambda vectors, l_max=l_max: scipy_harmonics(l_max, vectors),
        }
        for name, route in routes.items():
            best = np.inf
            for _ in range(3):
                start = time.process_time()
                values = route(directions)
                best = min(best, time.process_time() - start)
            label = f"harmonics up to l = {l_max}, {count} directions: {name}"
            rows.append({"what": label, "ns_per_value": best / values.size * 1e9})
    return rows


def main(argv: list[str] | None = None) -> int:
    """Run, print a table, and write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="leave out what takes over 20 s")
    parser.add_argument("--device", default="cpu", help="of the rank checks: cpu or cuda")
    parser.add_argument("--json", type=Path, help="also write the rows here")
    args = parser.parse_args(argv)
    cases = [(2, 2), (4, 4), (8, 4)] + ([] if args.quick else [(8, 8)])
    commands = [
        ["numeric_checks.rank", "--L", str(L), "--d", str(d), "--device", args.device]
        for L, d in cases
    ]
    if not args.quick:
        commands += [[*commands[-1], "--no-naive"], ["numeric_checks.synthetic"]]
    commands.append(["numeric_checks.ceiling"])
    rows = [process(command) for command in commands] + harmonics_rows()
    for row in rows:
        rest = {k: round(v, 2) if isinstance(v, float) else v for k, v in row.items()}
        print(f"{rest.pop('what'):<66} " + "  ".join(f"{k} {v}" for k, v in rest.items()))
    if args.json:
        machine = {
            "machine": platform.machine(),
            "cores": os.cpu_count(),
            "threads": os.environ.get("OMP_NUM_THREADS", "not set"),
            "versions": versions(),
        }
        args.json.write_text(json.dumps(machine | {"rows": rows}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
