"""Tables of what loaders read and refuse, of marked neighbours and of streaming."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from proof_map import DOCS

Write = Callable[[Path, str], None]

#: A share of frames below this is not shown as a change of neighbour.
_RARE = 0.02


def write_all(write: Write) -> None:
    """The tables that pages include."""
    folder = DOCS / "_generated"
    corpus = _record("corpus")
    write(folder / "corpus.md", _summary(corpus))
    write(folder / "corpus_files.md", _files(corpus))
    write(folder / "marks.md", _marks(_record("marks")))
    write(folder / "streaming.md", _streaming(_record("streaming")))


def _record(name: str) -> dict[str, Any]:
    text = (DOCS / "results/data" / f"{name}.json").read_text(encoding="utf-8")
    content: dict[str, Any] = json.loads(text)
    return content


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _summary(record: dict[str, Any]) -> str:
    """Files by format: how many were read with the values put in, how many refused in one line."""
    read, refused = Counter[str](), Counter[str]()
    for row in record["rows"]:
        (read if row["outcome"] == "read" else refused)[row["format"]] += 1
    rows = [
        [name, str(read[name]), str(refused[name])]
        for name in dict.fromkeys(row["format"] for row in record["rows"])
    ]
    rows.append(["all", str(read.total()), str(refused.total())])
    mutants = record["mutants"]
    damaged = (
        f"Of {sum(mutants.values()):,} copies of these files with bytes changed, cut out or put "
        f"in, {mutants['read']} were read and {mutants['refused']:,} refused in one line."
    )
    made = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
    return (
        _table(["format", "read, values as written", "refused in one line"], rows)
        + f"\n{damaged} {made}.\n"
    )


def _files(record: dict[str, Any]) -> str:
    rows = [[r["format"], r["fault"], r["outcome"].replace("|", "\\|")] for r in record["rows"]]
    return _table(["format", "what is special", "outcome"], rows)


def _marks(record: dict[str, Any]) -> str:
    rows = []
    for row in record["rows"]:
        changing = [share for share in row["changing"] if share > _RARE]
        mean = [
            [sum(by_atom) / len(by_atom) for by_atom in row[key]]
            for key in ("recovery_fixed", "recovery_frame")
        ]
        rows.append(
            [
                row["name"],
                f"{len(row['differing'])} of {row['atoms']}",
                f"{len(changing)} of {row['atoms']}",
                *(" ".join(f"{value:.2f}" for value in values[:6]) for values in mean),
            ]
        )
    settings = record["settings"]
    head = [
        "data",
        "marks that differ from the mean of aligned frames",
        "atoms whose nearest changes",
        "R² of ℓ = 1 … 6, neighbour fixed",
        "R², nearest of the frame",
    ]
    return _table(head, rows) + (
        f"\nUntrained network of L = 2, quadratic readout, {settings['fit']} frames to fit and "
        f"{settings['held']} held out, mean over the atoms.\n"
    )


def _streaming(record: dict[str, Any]) -> str:
    rows = [
        [
            row["format"],
            f"`{row['how']}`",
            f"{row['peak_MiB']:.0f}",
            f"{row['bytes_per_frame'] / 1024:.1f}",
            f"{row['milliseconds_per_frame']:.2f}",
        ]
        for row in record["rows"]
    ]
    settings = record["settings"]
    head = ["format", "by", "peak MiB", "KiB a frame more", "CPU ms a frame"]
    return _table(head, rows) + (
        f"\n{settings['frames'][1]:,} frames of {settings['atoms']} atoms; the growth is the "
        f"difference to {settings['frames'][0]:,} frames. Parts of {settings['batch_atoms']:,} "
        f"atoms; features {settings['irreps']} of every atom.\n"
    )
