"""The options of a command that say how a network is read; light, since every --help imports it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from span_theorem.arguments import integer_option
from span_theorem.command import Parser

if TYPE_CHECKING:
    from neural_checks.backbones.reading import Reading

__all__ = ["add_reading_options", "reading_of"]


def add_reading_options(made: Parser) -> None:
    """Add ``--hook`` and what goes with it, ``--features`` and ``--shuffle-weights``."""
    made.add_argument(
        "--hook",
        action="append",
        default=[],
        help="path from the calculator to a torch module whose output is read, as "
        "model.layers.1, with [name] for an entry of a dictionary that it returns; may be repeated",
    )
    made.add_argument(
        "--irreps",
        action="append",
        default=[],
        help="what the module returns, as 64x0e+64x1o; once, or once for each --hook",
    )
    made.add_argument(
        "--order",
        choices=("e3nn", "yzx", "cartesian"),
        default="e3nn",
        help="l = 1 is (x, y, z) as in e3nn (default), or m = -l … l, (y, z, x); or the module "
        "returns vectors or 3 × 3 matrices",
    )
    made.add_argument(
        "--axes",
        choices=("channels-first", "channels-last"),
        help="where the channels stand, if they have an axis of their own and sizes do not tell",
    )
    made.add_argument(
        "--argument",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="an argument of the callable of module:callable; may be repeated",
    )
    made.add_argument(
        "--features",
        choices=("product", "a-basis"),
        default="product",
        help="mace: what the product block of a layer returns (default) or what it is given",
    )
    made.add_argument(
        "--shuffle-weights",
        type=integer_option("the seed", 0, 2**31 - 1),
        metavar="SEED",
        help="a control: permute the entries of every weight tensor at random first",
    )


def reading_of(arguments: argparse.Namespace) -> Reading:
    """How the network is read; ValueError where the options do not fit together."""
    from neural_checks.backbones.bases import Axes, Order
    from neural_checks.backbones.reading import Reading, calculator_arguments

    reading = Reading(
        hooks=arguments.hook,
        irreps=arguments.irreps,
        order=Order(arguments.order),
        axes=None if arguments.axes is None else Axes(arguments.axes),
        arguments=calculator_arguments(arguments.argument),
        features=arguments.features,
        shuffle=arguments.shuffle_weights,
    )
    reading.layer()
    return reading
