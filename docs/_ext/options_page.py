"""The table of configurations: what ``span_theorem.architecture`` answers, layer by layer."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

from proof_map import DOCS

from span_theorem.architecture.layers import e3nn_layers, equivariant_layers
from span_theorem.architecture.read import layers_from_mapping, mapping_from_pairs
from span_theorem.irreps import Irreps

Write = Callable[[Path, str], None]

#: What is configured; the arguments of ``python -m span_theorem.architecture``; the layers shown.
EXAMPLES = (
    ("MACE", "--mace max_ell=3 correlation=3 num_channels=128 max_L=1 layers=2", 2),
    ("MACE, no vectors kept", "--mace max_ell=3 correlation=3 hidden=128x0e layers=2", 2),
    ("ACE, one layer", "--mace max_ell=4 correlation=4 hidden=64x0e layers=1", 1),
    ("NequIP", "--nequip l_max=2 layers=3", 3),
    ("SevenNet, `lmax: 2`", "--nequip l_max=2 layers=5 parity=false", 5),
    ("Allegro, `l_max: 2`", "--mace max_ell=2 correlation=2 hidden=1x0e+1x1o+1x2e layers=2", 1),
    ("a tensor product of e3nn", "--e3nn 32x0e+32x1o+32x2e --degree 2", 1),
    ("Equiformer, degrees up to 2", "--equivariant 128x0+64x1+32x2", 1),
)
PAGES = {"T1": "t1", "T1″": "t1-sets", "T4": "t4", "T7": "t7"}
COLUMNS = ("degree_in_one_direction", "degree_of_features", "angle", "total_degree")


def layers(arguments: str) -> list[Any]:
    """The layers of one example."""
    option, *words = shlex.split(arguments)
    if option == "--e3nn":
        return list(e3nn_layers(Irreps.parse(words[0]), int(words[2]), 1))
    if option == "--equivariant":
        return list(equivariant_layers(Irreps.parse(words[0])))
    kind = option.removeprefix("--")
    return list(layers_from_mapping(kind, mapping_from_pairs(kind, words), 1))


def linked(label: str) -> str:
    """``T1 (bound)`` with a link to the statement."""
    name, _, rest = label.partition(" ")
    return f"[{name}](/statements/{PAGES[name]}.md) {rest}".strip()


def table() -> str:
    """Each layer of each example, every number with its theorem."""
    lines = [
        "| configuration | layer | one edge, all products | one edge, features kept "
        "| angle of two edges | total, features | total, quadratic readout |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, arguments, shown in EXAMPLES:
        head = f"{name}<br>`{arguments}`"
        rows: dict[tuple[str, ...], list[int]] = {}
        for number, layer in enumerate(layers(arguments)[:shown], 1):
            cells: list[str] = []
            for column in COLUMNS:
                value = getattr(layer, column)
                bound = value is not None
                cells.append(
                    f"≤ {value}, {linked(layer.statements[column])}" if bound else "no bound"
                )
            cells.append(f"≤ {2 * layer.total_degree}, {linked('T4')}")
            rows.setdefault(tuple(cells), []).append(number)
        for row, numbers in rows.items():
            which = f"{numbers[0]} to {numbers[-1]}" if numbers[1:] else str(numbers[0])
            lines.append(f"| {head} | {which} | {' | '.join(row)} |")
            head = ""
    return "\n".join(lines) + "\n"


def write_all(write: Write) -> None:
    """The table that the guide includes."""
    write(DOCS / "_generated" / "options.md", table())
