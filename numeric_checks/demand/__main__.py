"""Angular demand of a data set: which degree ℓ do its forces need?

``python -m numeric_checks.demand FILE``. Exit code 0: ℓ* was decided; 4: undecided; 2: bad usage
or input.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from numeric_checks.demand.result import MAX_CUTOFF, OPTION_RANGES, DemandOptions
from numeric_checks.molecules.options import add_data_options
from span_theorem.arguments import integer_option, number_option
from span_theorem.command import Exit, Parser, Result, parser, run, say
from span_theorem.options import add_draws, add_output_folder, add_seed
from span_theorem.registered import registered, resolve

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from numeric_checks.demand.result import Demand
    from numeric_checks.molecules.data import ForceData

__all__ = ["main"]


def _parser() -> Parser:
    made = parser(
        "numeric_checks.demand",
        "Which angular degree the forces of a data set need: the held-out error of linear models "
        "of degree ≤ ℓ, for every ℓ.",
        "exit codes: 0 decided, 4 undecided, 2 bad usage or input",
    )
    made.add_argument(
        "file", help="'embedded', an .npz file or any file with forces that ASE reads"
    )
    add_data_options(made)
    made.add_argument("--form", choices=("energy", "force"), default="energy")
    _integer(made, "factors", "number of densities multiplied: the body order minus one")
    _integer(made, "l_max", "largest degree ℓ")
    made.add_argument(
        "--cutoff",
        type=number_option("cutoff", 0, MAX_CUTOFF, open_low=True),
        default=DemandOptions().cutoff,
        help="cut-off in Å (default %(default)s)",
    )
    _integer(made, "radial", "number of radial functions")
    made.add_argument(
        "--level",
        type=number_option("level", 0, 0.99, open_low=True),
        default=DemandOptions().level,
        help="tolerance of ℓ*, relative to the error at l-max (default %(default)s)",
    )
    made.add_argument(
        "--centers", help="elements whose densities are used, such as C,O (default: all)"
    )
    made.add_argument(
        "--energies",
        action="store_true",
        help="fit the energies too, where the file has them, and state their error",
    )
    _integer(made, "frames", "use at most FRAMES frames, evenly spaced")
    add_draws(made, DemandOptions().draws, "blocks of held-out frames")
    made.add_argument(
        "--residual-of",
        metavar="MODEL",
        help="also fit the force error of this network; give frames that it was not trained on",
    )
    made.add_argument(
        "--trust-model", action="store_true", help="load the model file even if it can run code"
    )
    add_seed(made, "mixed channels and draws")
    add_output_folder(made, "report.json, table.txt and the figures")
    return made


def _integer(made: Parser, name: str, what: str) -> None:
    flag = name.replace("_", "-")
    made.add_argument(
        f"--{flag}",
        type=integer_option(flag, *OPTION_RANGES[name]),
        default=getattr(DemandOptions(), name),
        help=f"{what} (default %(default)s)",
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of ``python -m numeric_checks.demand``; the exit code."""
    return run(_parser(), argv, _work)


def _work(given: argparse.Namespace) -> Result:
    from numeric_checks.demand.estimate import demand
    from numeric_checks.demand.listening import listen
    from numeric_checks.demand.view import table
    from numeric_checks.figures import figure_paths
    from numeric_checks.molecules.data import load
    from numeric_checks.outputs import output_folder, write_outputs
    from span_theorem.progress import Progress

    settings = DemandOptions(
        form=given.form,
        factors=given.factors,
        l_max=given.l_max,
        cutoff=given.cutoff,
        radial=given.radial,
        level=given.level,
        frames=given.frames,
        draws=given.draws,
        seed=given.seed,
        energies=given.energies,
    )
    centers = None if given.centers is None else _numbers(given.centers)

    def measure() -> Result:
        keys = {"energy_key": given.energy_key, "forces_key": given.forces_key}
        data = load(given.file, **keys).select(*given.select)
        for note in data.notes:
            say(f"{data.name}: {note}")
        network = None if given.residual_of is None else _network(given, data, settings)
        with Progress() as progress:
            found = demand(
                data,
                settings,
                centers=centers,
                progress=lambda done, total: progress.update("frames", done, total),
            )
            if network is not None:
                heard = listen(
                    *network,
                    settings,
                    centers=centers,
                    progress=lambda done, total: progress.update("listening", done, total),
                )
                found = replace(found, listening=heard)
        outputs = () if given.out is None else write_outputs(given.out, _writers(found, data))
        code = Exit.UNDECIDED if found.undecided else Exit.OK
        return Result(table(found), found.as_dict(), code, outputs)

    if given.out is None:
        return measure()
    with output_folder(given.out, last="report.json", force=given.force):
        figure_paths(given.out / "demand", force=True)  # refused before the work
        return measure()


def _network(
    given: argparse.Namespace, data: ForceData, settings: DemandOptions
) -> tuple[ForceData, NDArray[np.float64], int]:
    """The frames used, the network's forces on them, and its degree L."""
    from numeric_checks.demand.fits import chosen_frames

    # Networks belong to the layer above, which registers how their forces are had.
    targets = list(registered("span_theorem.force_models").values())
    if not targets:
        raise ValueError("--residual-of needs an installed package that registers force models")
    part = data.take(chosen_frames(data, settings))
    predicted, L = resolve(targets[0])(given.residual_of, part, given.trust_model)
    return part, predicted, L


def _numbers(text: str) -> list[int]:
    from numeric_checks.molecules.symbols import atomic_number

    return [atomic_number(name.strip()) for name in text.split(",")]


def _writers(found: Demand, data: ForceData) -> dict[str, Callable[[Path], None]]:
    """What writes each file: figures and table first, the report last."""
    from numeric_checks.demand.view import draw, draw_molecule, table
    from numeric_checks.figures import figure_paths, save_figure
    from numeric_checks.provenance import command_line, versions
    from span_theorem.files import write_json, write_text

    def drawn(path: Path) -> None:
        save_figure(draw(found), figure_paths(path, force=True), force=True)

    def molecule(path: Path) -> None:
        positions, _ = data.structures.take([0]).molecule
        figure = draw_molecule(found, positions[0])
        save_figure(figure, figure_paths(path, force=True), force=True)

    def report(path: Path) -> None:
        made_with = {
            "command": command_line("python -m numeric_checks.demand", sys.argv[1:]),
            "versions": versions(),
        }
        content = {"schema": 1, **found.as_dict(), "made_with": made_with}
        write_json(path, content, force=True)

    with_molecule = (
        found.by_atom is not None and found.settings.l_max and not data.structures.has_cell
    )
    return {
        "demand": drawn,
        **({"molecule": molecule} if with_molecule else {}),
        "table.txt": lambda path: write_text(path, table(found) + "\n", force=True),
        "report.json": report,
    }


if __name__ == "__main__":
    sys.exit(main())
