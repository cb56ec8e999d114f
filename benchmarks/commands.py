"""CPU seconds of the commands that the README and the pages of the site show.

    python benchmarks/commands.py docs/results/benchmarks/commands.json [--only WORD] [--again]

Every line ``python -m …`` of a block of code is run as it stands, once, in a folder of its own.
Where a line names a file of the reader's, the aspirin frames of the package, an untrained network
of e3nn's parts, or a committed run stands in for it; the record says which. Lines that need a
cluster, a card or a file that nothing stands in for are not run. Commands already in the record are
kept. Processor time is that of the process and its children: on a machine that others use, the
time on the clock says little.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import resource
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGES = (
    "README.md",
    "docs/guides/*.md",
    "docs/*.md",
    "docs/statements/*.md",
    "docs/tutorials/*.md",
)
STANDS_IN = {
    "my_data.extxyz": "embedded",
    "my-trajectory.npz": "embedded",
    "FILE": "embedded",
    "FILE.npz": "embedded",
    "config.yaml": str(ROOT / "docs/examples/nequip-aspirin.yaml"),
    "my_network:load": "neural_checks.e3nn_example:untrained",
    "last.ckpt": "neural_checks.e3nn_example:untrained",
    "MODEL": "neural_checks.e3nn_example:untrained",
}

RUNS = [str(ROOT / "docs/results/architectures" / name) for name in ("e3nn", "mace")]
#: What is run first, without being timed, for a command that reads its output.
FIRST = {
    "span_theorem.coupling_check": [
        *("span_theorem.coupling", "0e+1o+2e", "--degree", "3"),
        *("--out", "basis.npz", "--certificate", "basis.json"),
    ]
}
#: Words of the lines that are not run.
NOT_RUN = (
    *("cuda", "DATA", "HOST", "slurm", "my_sweep", "charges", "sphere", "--atoms", "--residual-of"),
    *("peptide", ".venv-mace", ".venv-sevenn", "my.model", "mace.npz", "model.nequip", "cliff"),
    *("aspirin_rmd17", "python -I"),
    *("[", "…", "\\", "--help", "run/last.ckpt"),
)
OURS = re.compile(
    r"^\s*(?:\S*/)?python3? -m ((?:span_theorem|numeric_checks|neural_checks)\.\S.*)$"
)


def normal(line: str) -> str | None:
    """What a line of code calls, without its comment; None where it calls nothing of ours.

    >>> normal(".venv/bin/python -m span_theorem.verify --up-to 6   # all; seconds")
    'span_theorem.verify --up-to 6'
    """
    match = OURS.match(line.split("&& ")[-1])
    return None if match is None else re.sub(r"\s+#.*$", "", match[1]).strip()


def commands() -> list[str]:
    """The commands of all pages, each once, the lighter packages first."""
    found: dict[str, None] = {}
    for pattern in PAGES:
        for path in sorted(ROOT.glob(pattern)):
            for line in path.read_text(encoding="utf-8").splitlines():
                command = normal(line)
                if command and not any(word in line for word in NOT_RUN):
                    found[command] = None
    packages = ("span_theorem", "numeric_checks", "neural_checks")
    return sorted(found, key=lambda command: packages.index(command.partition(".")[0]))


def without_output(words: list[str]) -> list[str]:
    """The words without ``--out NAME``: what a demand or a diagnosis writes takes no time.

    >>> without_output(["numeric_checks.demand", "embedded", "--out", "demand/"])
    ['numeric_checks.demand', 'embedded']
    """
    if words[0] not in ("numeric_checks.demand", "neural_checks.diagnose") or "--out" not in words:
        return words
    place = words.index("--out")
    return words[:place] + words[place + 2 :]


def arguments(command: str) -> list[str]:
    """The words of a command, with what stands in for the reader's files."""
    words = without_output([STANDS_IN.get(word, word) for word in shlex.split(command)])
    if words[1:] == ["RUN", "RUN"]:
        return [words[0], *RUNS]
    if words == ["neural_checks.aspirin"]:
        return [*words, "--preset", "quick"]  # the default
    for place, word in enumerate(words[:-1]):
        if word == "--model" and words[place + 1] == "embedded":
            words[place + 1] = STANDS_IN["MODEL"]
    return words


def measured(words: list[str]) -> dict[str, Any]:
    """One run in a new folder: CPU seconds with those of its children, exit code."""
    with tempfile.TemporaryDirectory() as folder:
        if words[0] in FIRST:
            _run(FIRST[words[0]], folder)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = _run(words, folder)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 3, 4):
        raise SystemExit(f"{words}: exit {done.returncode}: {done.stderr.strip()[-300:]}")
    seconds = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return {"cpu_seconds": round(seconds, 2), "exit": done.returncode}


def _run(words: list[str], folder: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("record", type=Path)
    parser.add_argument("--again", action="store_true", help="run also what the record holds")
    parser.add_argument("--only", action="append", default=[], help="of these words alone")
    options = parser.parse_args()
    rows: dict[str, Any] = {}
    if options.record.is_file() and not options.again:
        rows = {row["command"]: row for row in json.loads(options.record.read_text())["rows"]}
    shown = commands()
    for command in shown:
        ran = arguments(command)
        same = [row for row in rows.values() if arguments(row["command"]) == ran]
        wanted = same or not options.only or any(word in command for word in options.only)
        if command not in rows and wanted:
            found = same[0] if same else measured(ran)
            words = shlex.join(ran).replace(f"{ROOT}/", "")
            row = {"cpu_seconds": found["cpu_seconds"], "exit": found["exit"]}
            rows[command] = {"command": command, "ran": words, **row}
            print(rows[command], flush=True)
        record = {
            "about": {
                "python": platform.python_version(),
                "machine": platform.machine(),
                "note": "one thread on a shared machine: CPU seconds, not the time on the clock",
            },
            "rows": [rows[command] for command in shown if command in rows],
        }
        options.record.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
