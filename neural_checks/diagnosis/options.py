"""The options of a diagnosis, in groups, and what they say together."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING

from span_theorem.arguments import integer_option, number_option
from span_theorem.command import Parser
from span_theorem.options import add_draws, add_seed

if TYPE_CHECKING:
    from neural_checks.backbones.equivariance import Demands

__all__ = [
    "ALL_LAYERS",
    "add_measurement_options",
    "add_model_options",
    "demands_of",
    "layer_option",
]

#: What ``--layer`` is called where every layer is measured.
ALL_LAYERS = "all"


def add_measurement_options(made: Parser) -> None:
    """Sites, degree of the readout, frames, and how results are judged."""
    made.add_argument(
        "--sites",
        choices=("auto", "atoms", "species", "environment"),
        default="auto",
        help="which atoms share a readout: none (each atom of one molecule has its own), all of a "
        "species, or those of a species with the same bonded neighbours (default: atoms if all "
        "frames hold the same atoms with the same neighbours, else species)",
    )
    made.add_argument(
        "--degree", type=int, choices=(1, 2, 3), default=2, help="degree of the readout (default 2)"
    )
    frames = integer_option("the number of frames", 1, 10**7)
    made.add_argument(
        "--fit", type=frames, default=300, help="frames to fit readouts on (default 300)"
    )
    made.add_argument("--held", type=frames, default=150, help="frames held out (default 150)")
    made.add_argument(
        "--level",
        type=number_option("level", 0.001, 0.999),
        default=0.5,
        help="a site with a lower R² / S_ℓ is a deficit (default 0.5)",
    )
    made.add_argument(
        "--trained",
        action="store_true",
        help="also train a network that the atoms share, by gradient descent, as published "
        "protocols do; half a minute or more",
    )
    made.add_argument(
        "--no-listening",
        action="store_true",
        help="leave out the examination of the network's force error, which takes half a minute "
        "at most",
    )
    add_draws(made, 2000)
    add_seed(made, "split, rotations and draws")


def add_model_options(made: Parser) -> None:
    """What is loaded, under which conditions, where it runs and what is asked of it."""
    made.add_argument(
        "--layer",
        type=layer_option,
        help="layer to read, counted from 0, or 'all' for every layer in turn (default: the "
        "deepest whose l > 0 features have gradient)",
    )
    made.add_argument("--head", help="head to read, if the model has several")
    made.add_argument(
        "--charge",
        type=number_option("charge", -1000, 1000),
        help="total charge of every frame in e, if the model needs it",
    )
    made.add_argument(
        "--spin",
        type=number_option("spin", 0, 1000),
        help="total spin of every frame as the model counts it, if it needs it",
    )
    made.add_argument(
        "--device",
        help="cpu (default), cuda or cuda:N: where the network runs; the measurement is on the CPU",
    )
    made.add_argument(
        "--batch",
        type=integer_option("the number of atoms", 1, 10**7),
        help="atoms of one pass of the network at most, which bounds its memory (default: as the "
        "network does)",
    )
    made.add_argument(
        "--group",
        choices=("auto", "so3", "o3"),
        default="auto",
        help="what the features must be equivariant under: rotations (so3), also reflections (o3), "
        "or rotations, and reflections if they are (auto, the default)",
    )
    made.add_argument(
        "--tolerance",
        nargs="+",
        default=[],
        metavar="NUMBER|QUANTITY=NUMBER",
        help="errors of equivariance that are accepted, relative to the largest value, as 1e-3 or "
        "2e=1e-2 forces=1e-2 (default 1e-4)",
    )
    made.add_argument(
        "--trust-model",
        action="store_true",
        help="load the model file even if it can run code (any pickle, packages of nequip)",
    )


def demands_of(arguments: argparse.Namespace) -> Demands:
    """What equivariance is asked for; ValueError for a tolerance that is none."""
    from neural_checks.backbones.equivariance import Demands

    return Demands.parse(arguments.group, arguments.tolerance)


def layer_option(text: str) -> int | str:
    """A layer, counted from 0, or ``"all"``; argparse.ArgumentTypeError for another text."""
    if text == ALL_LAYERS:
        return text
    if not re.fullmatch(r"[0-9]{1,4}", text, re.ASCII) or int(text) > 1000:
        raise argparse.ArgumentTypeError(
            f"layer must be an integer from 0 to 1000 or {ALL_LAYERS!r}, got {text[:60]!r}"
        )
    return int(text)
