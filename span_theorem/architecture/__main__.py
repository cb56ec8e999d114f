"""The degrees that the layers of a configured network reach."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from span_theorem import command
from span_theorem.architecture.layers import (
    MAX_FACTORS,
    MAX_NEIGHBOURS,
    Layer,
    e3nn_layers,
    equivariant_layers,
)
from span_theorem.architecture.read import (
    MAX_BYTES,
    layers_from_mapping,
    layers_from_text,
    mapping_from_pairs,
)
from span_theorem.arguments import integer_option
from span_theorem.command import Result
from span_theorem.files import read_text
from span_theorem.irreps import Irreps

__all__ = ["main"]

_EPILOG = """exit codes: 0 done, 2 bad usage or input.
examples:
  python -m span_theorem.architecture --mace max_ell=3 correlation=3 hidden=128x0e+128x1o layers=2
  python -m span_theorem.architecture --nequip l_max=2 layers=4
  python -m span_theorem.architecture --file config.yaml
  python -m span_theorem.architecture --e3nn 32x0e+32x1o+32x2e --degree 2
  python -m span_theorem.architecture --equivariant 128x0+128x1+128x2 --readout 3"""


def _parser() -> command.Parser:
    parser = command.parser(
        "span_theorem.architecture",
        "Which angular degrees the layers of a network reach, each line with its theorem.",
        _EPILOG,
    )
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    group = parser.add_mutually_exclusive_group(required=True)
    group.add_argument("--mace", nargs="*", metavar="KEY=VALUE", help="max_ell, correlation, …")
    group.add_argument("--nequip", nargs="*", metavar="KEY=VALUE", help="l_max, layers, parity")
    group.add_argument(
        "--file",
        type=Path,
        metavar="PATH",
        help="a NequIP, MACE or SevenNet YAML, or MACE's arguments",
    )
    group.add_argument("--e3nn", metavar="IRREPS", help="features that are multiplied")
    group.add_argument(
        "--equivariant",
        metavar="IRREPS",
        help="features of any equivariant network, however they are made",
    )
    parser.add_argument(
        "--degree", type=integer_option("degree", 1, MAX_FACTORS), help="how many, for --e3nn"
    )
    parser.add_argument(
        "--neighbours",
        type=integer_option("neighbours", 1, MAX_NEIGHBOURS),
        default=4,
        metavar="K",
        help="count what survives up to K neighbours (default 4)",
    )
    parser.add_argument(
        "--readout",
        type=integer_option("readout", 1, MAX_FACTORS),
        default=2,
        metavar="D",
        help="degree of a polynomial readout of the features (default 2)",
    )
    return parser


def _work(options: argparse.Namespace) -> Result:
    if (options.e3nn is None) != (options.degree is None):
        raise ValueError("--e3nn and --degree go together")
    K = options.neighbours
    if options.mace is not None:
        kind = "mace"
        layers = layers_from_mapping(kind, mapping_from_pairs(kind, options.mace), K)
    elif options.nequip is not None:
        kind = "nequip"
        layers = layers_from_mapping(kind, mapping_from_pairs(kind, options.nequip), K)
    elif options.file is not None:
        kind, layers = layers_from_text(read_text(options.file, MAX_BYTES), K)
    elif options.e3nn is not None:
        kind, layers = "e3nn", e3nn_layers(_irreps(options.e3nn), options.degree, K)
    else:
        kind, layers = "equivariant", equivariant_layers(_irreps(options.equivariant))
    data = {
        "architecture": kind,
        "readout": options.readout,
        "layers": [
            layer.as_dict() | {"total_degree_of_readout": options.readout * layer.total_degree}
            for layer in layers
        ],
    }
    return Result(_text(kind, layers, options.readout), data)


def _irreps(text: str) -> Irreps:
    if len(text) > 2000:
        raise ValueError(f"irreps of {len(text)} characters: at most 2000")
    return Irreps.parse(text)


def _text(kind: str, layers: list[Layer], readout: int) -> str:
    lines = [f"Degrees reached, layer by layer ({kind})"]
    for layer in layers:
        lines += ["", layer.name, f"  features that leave it: {layer.features}"]
        lines += [f"  {text:<58} {value}" for text, value in _rows(layer, readout)]
        lines += _product_lines(layer)
        if layer.note:
            lines.append(f"  {layer.note}")
    lines += [
        "",
        "In one direction: one edge is turned, everything else held. Total: everything is turned.",
    ]
    if any(layer.products for layer in layers):
        lines.append("Counts of survivors are for neighbours at one distance.")
    return "\n".join(lines)


def _rows(layer: Layer, readout: int) -> list[tuple[str, str]]:
    entries = [
        ("in one edge's direction, all products", "degree_in_one_direction", "≤"),
        ("in one edge's direction, features kept", "degree_of_features", "≤"),
        ("Legendre degree in the angle between two edges", "angle", "≤"),
        ("under rotation of everything, features", "total_degree", "≤"),
    ]
    rows = []
    for text, name, sign in entries:
        value = getattr(layer, name)
        label = layer.statements.get(name)
        rows.append((text, f"{sign} {value}  [{label}]" if value is not None else "no bound"))
    rows.append(
        (
            f"under rotation of everything, a readout of degree {readout}",
            f"≤ {readout * layer.total_degree}  [T4]",
        )
    )
    known = "yes" if layer.polynomial else "no" if layer.products else "not known"
    rows.append(("polynomial in the direction of an edge", known))
    return rows


def _product_lines(layer: Layer) -> list[str]:
    if not layer.products:
        return []
    counts = sorted({K for row in layer.products.values() for K in row.surviving})
    label = layer.statements["products"]
    head = f"  coupled products by output [{label}]"
    lines = [head + (f", and survivors on {counts[0]} … {counts[-1]} neighbours" if counts else "")]
    rows = list(layer.products.items())
    for irrep, row in rows[:24]:
        tail = "".join(f"{row.surviving.get(K, 0):>7}" for K in counts)
        lines.append(f"    {irrep!s:>5} {row.coupled:>9} {tail}".rstrip())
    if len(rows) > 24:
        lines.append("    …  (all in --json)")
    return lines


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of ``python -m span_theorem.architecture``; the exit code."""
    return command.run(_parser(), argv, _work)


if __name__ == "__main__":
    raise SystemExit(main())
