"""Symmetric coupling bases beside e3nn, cuequivariance and MACE: whole processes, time and memory.

Every row is a fresh Python process, imports included, that makes all outputs of Sym^d(U) for
U = 0e+1o+…+L (or those of ``--keep``); its wall time and peak resident memory are taken from the
operating system, and the time after its imports is given too. A peer that is not installed, or runs
out of time or of memory, is a row that says so. The ratio is peer / ours on the dense float64
arrays, whole processes.

MACE 0.3.16 pins e3nn 0.4.4, so a peer may live in another environment: ``--python mace=PATH``.
MACE's columns are not symmetrised: it solves an easier task with more columns.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time

_COMMON = """
import json, sys
from time import perf_counter
irreps, degree, keep = sys.argv[1], int(sys.argv[2]), sys.argv[3] or None
"""
_OURS = """
from span_theorem.coupling import coupling_basis, dense_arrays, sparse_arrays
import numpy, flint
begin = perf_counter()
basis = coupling_basis(irreps, degree, keep)
columns = len(basis.vectors)
version = "numpy " + numpy.__version__ + ", python-flint " + flint.__version__
"""
_PROGRAMS = {
    "ours, exact": _OURS,
    "ours, sparse float64": _OURS + "sparse_arrays(basis, orderings='sorted')\n",
    "ours, dense float64": _OURS + "dense_arrays(basis)\n",
    "e3nn": """
import warnings; warnings.simplefilter("ignore")
import torch, e3nn
from e3nn import o3
torch.set_num_threads(1); torch.set_default_dtype(torch.float64)
begin = perf_counter()
formula = "ijklmn"[:degree]
swaps = "=".join([formula] + [formula[:k] + formula[k+1] + formula[k] + formula[k+2:]
                              for k in range(degree - 1)])
filters = {} if keep is None else {"filter_ir_out": [ir for _, ir in o3.Irreps(keep)]}
product = o3.ReducedTensorProducts(swaps, i=irreps, **filters)
columns = product.irreps_out.num_irreps
version = "e3nn " + e3nn.__version__ + ", torch " + torch.__version__
""",
    "cuequivariance": """
import warnings; warnings.simplefilter("ignore")
import cuequivariance as cue
from cuequivariance.group_theory.experimental.e3nn import O3_e3nn
begin = perf_counter()
kept = None if keep is None else cue.Irreps(O3_e3nn, keep)
made = cue.reduced_symmetric_tensor_product_basis(
    cue.Irreps(O3_e3nn, irreps), degree, keep_ir=kept, layout=cue.mul_ir)
made.array
columns = sum(mul for mul, _ in made.irreps)
version = "cuequivariance " + cue.__version__
""",
    "MACE": """
import warnings; warnings.simplefilter("ignore")
import torch, importlib.metadata
from e3nn import o3
from mace.tools.cg import U_matrix_real
torch.set_num_threads(1); torch.set_default_dtype(torch.float64)
outputs = keep
if outputs is None:
    from span_theorem import Irreps
    from span_theorem.coupling import coupling_counts
    counts = coupling_counts(Irreps.parse(irreps), degree, "symmetric")
    outputs = "+".join(map(str, counts))
columns = 0
begin = perf_counter()
for _, ir in o3.Irreps(outputs):
    columns += U_matrix_real(irreps, str(ir), degree, dtype=torch.float64, use_cueq_cg=False
                             )[-1].shape[-1]
version = "mace-torch " + importlib.metadata.version("mace-torch")
""",
}
_MODULE = {"e3nn": "e3nn", "cuequivariance": "cuequivariance", "MACE": "mace"}


def _run(
    name: str, python: str, arguments: tuple[str, str, str], limit: float, memory: int
) -> dict[str, object]:
    """One program in its own process; a dictionary with seconds, MiB, columns or a failure."""
    report = "\nprint(json.dumps([columns, version, perf_counter() - begin]))\n"
    threads = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    environment = os.environ | dict.fromkeys(threads, "1")
    # e3nn 0.4.4, which MACE pins, reads its constants with a plain torch.load.
    environment["TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"] = "1"
    module = _MODULE.get(name)
    if module is not None:
        probe = [python, "-c", f"import importlib.util as u; exit(u.find_spec({module!r}) is None)"]
        if subprocess.run(probe, capture_output=True).returncode:
            return {"failure": "not installed"}
    start = time.perf_counter()
    process = subprocess.Popen(
        [python, "-c", _COMMON + _PROGRAMS[name] + report, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (memory, memory)),
    )
    try:
        output, errors = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return {"failure": f"over {limit:g} s"}
    seconds = time.perf_counter() - start
    if process.returncode:
        last = errors.decode(errors="replace").strip().splitlines()[-1:]
        text = last[0][:90] if last else f"exit code {process.returncode}"
        out_of_memory = "emory" in text or "Allocator" in text or process.returncode < 0
        return {"failure": f"out of {memory >> 20} MiB" if out_of_memory else text}
    columns, version, work = json.loads(output.decode().strip().splitlines()[-1])
    return {"seconds": seconds, "work": work, "columns": columns, "version": version}


def _peak(task: tuple[object, ...]) -> dict[str, object]:
    """Run one task in a helper process, whose children's peak is then that of the task alone."""
    code = (
        "import sys, json, resource; sys.path.insert(0, sys.argv[1]); import coupling as b;"
        "t = json.loads(sys.argv[2]); r = b._run(t[0], t[1], tuple(t[2]), t[3], t[4]);"
        "r['mib'] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024;"
        "print(json.dumps(r))"
    )
    here = os.path.dirname(os.path.abspath(__file__))
    done = subprocess.run(
        [sys.executable, "-c", code, here, json.dumps(task)], capture_output=True, check=True
    )
    result: dict[str, object] = json.loads(done.stdout)
    return result


def _draw(rows: list[dict[str, object]], path: str) -> None:
    """Time after imports and peak memory of every program, by case; missing points are failures."""

    cases = list(dict.fromkeys((row["L"], row["d"]) for row in rows))
    from numeric_checks.figures import subplots

    figure, axes = subplots(1, 2, figsize=(9, 4.2), layout="constrained")
    styles = zip(dict.fromkeys(row["program"] for row in rows), "os^DvX", strict=False)
    for program, marker in styles:
        good = [row for row in rows if row["program"] == program and "failure" not in row]
        places = [cases.index((row["L"], row["d"])) for row in good]
        for axis, field in zip(axes, ("work", "mib"), strict=True):
            axis.plot(places, [row[field] for row in good], marker=marker, ls="none", label=program)
    labels = "seconds, after imports", "peak memory of the process, MiB"
    for axis, label in zip(axes, labels, strict=True):
        axis.set_yscale("log")
        axis.set_xticks(range(len(cases)), [f"({L}, {d})" for L, d in cases])
        axis.set_xlabel("(L, d), U = 0e+1o+…+L")
        axis.set_ylabel(label)
        axis.grid(alpha=0.3)
    handles, names = axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=3, fontsize=8, frameon=False)
    figure.savefig(path, dpi=150)


def main(argv: list[str] | None = None) -> int:
    """Run the table; returns 0."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--case", action="append", metavar="L,d", help="default: 2,2 2,3 3,2 3,3")
    parser.add_argument("--keep", default="", help="outputs; default: all")
    parser.add_argument("--seconds", type=float, default=120.0, help="time limit of one process")
    parser.add_argument("--memory-mib", type=int, default=6144, help="address space of one process")
    parser.add_argument("--only", action="append", choices=sorted(_PROGRAMS), help="rows to run")
    parser.add_argument(
        "--python", action="append", default=[], metavar="PEER=PATH", help="interpreter of a peer"
    )
    parser.add_argument("--figure", metavar="PATH", help="also draw time and memory (PNG or SVG)")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    pythons = dict(item.split("=", 1) for item in options.python)
    rows = []
    for case in options.case or ["2,2", "2,3", "3,2", "3,3"]:
        L, degree = (int(number) for number in case.split(","))
        irreps = "+".join(f"{n}{'eo'[n % 2]}" for n in range(L + 1))
        ours = None
        for name in ("ours, dense float64", *(n for n in _PROGRAMS if n != "ours, dense float64")):
            if options.only and name not in options.only:
                continue
            python = pythons.get(name.lower(), sys.executable)
            arguments = (irreps, str(degree), options.keep)
            limits = (options.seconds, options.memory_mib << 20)
            row = {"L": L, "d": degree, "program": name} | _peak((name, python, arguments, *limits))
            if name == "ours, dense float64":
                ours = row.get("seconds")
            if ours and "seconds" in row:
                row["ratio"] = row["seconds"] / ours
            rows.append(row)
            print(f"({L}, {degree}) {name}", file=sys.stderr)
    if options.json:
        print(json.dumps({"python": platform.python_version(), "rows": rows}))
    else:
        _print_table(rows, options.keep)
    if options.figure:  # after the table: a missing matplotlib then loses nothing
        _draw(rows, options.figure)
    return 0


def _print_table(rows: list[dict[str, object]], keep: str) -> None:
    print(f"Python {platform.python_version()}, outputs {keep or 'all'}")
    print(
        "| (L, d) | program | columns | seconds | without imports | peak MiB | ratio of seconds |"
    )
    print("|---|---|---|---|---|---|---|")
    versions = set()
    for row in rows:
        head = f"| ({row['L']}, {row['d']}) | {row['program']} |"
        if "failure" in row:
            print(f"{head} — | {row['failure']} | — | — | — |")
        else:
            versions.add(row["version"])
            ratio = f"{row['ratio']:.3g}" if "ratio" in row else "—"
            times = f"{row['columns']} | {row['seconds']:.2f} | {row['work']:.3f}"
            print(f"{head} {times} | {row['mib']:.0f} | {ratio} |")
    print("; ".join(sorted(map(str, versions))))


if __name__ == "__main__":
    raise SystemExit(main())
