"""Commands in small: ``python stand_ins.py COMMAND ARGUMENTS``, for tests that run them often.

``aspirin`` has a preset of its own, ``quick``, whose one network has two channels and is trained
for some steps; ``trajectory`` is equilibrated for two steps, takes one step per frame and keeps its
state every two frames. Everything else is the command's own. ``features FILE`` writes a feature
file of the toy network in ``tests/neural_checks``.
"""

from __future__ import annotations

import functools
import runpy
import sys
from pathlib import Path
from typing import Any

TINY: dict[str, Any] = {
    "about": "", "backbones": 1, "fit": 40, "held": 20, "orientations": 4, "bootstrap": 50,
    "control_sites": 1,
    "model": {"channels": 2, "layers": 2, "radial_width": 4, "l_max": 1},
    "train": {"train": 45, "validation": 2, "test": 25, "steps": 40, "validate_every": 10},
    "spn": {"steps": 3, "seeds": 1, "width": 4, "channels": 1, "orientations": 1},
}  # fmt: skip


def aspirin(arguments: list[str]) -> int:
    from neural_checks import aspirin as command

    command._presets = lambda: {"quick": TINY}
    return command.main(arguments)


def trajectory(arguments: list[str]) -> int:
    from neural_checks.data import trajectories

    trajectories.EQUILIBRATION_STEPS, trajectories.STEPS_PER_FRAME = 2, 1
    made = functools.partial(trajectories.make_trajectory, report_every=2)
    trajectories.make_trajectory = made  # type: ignore[assignment]
    return trajectories.main(arguments)


def features(arguments: list[str]) -> int:
    import numpy as np

    from neural_checks.features.file import write
    from neural_checks.features.recorded import record

    toys = Path(__file__).resolve().parents[1] / "neural_checks" / "conftest.py"
    toy = runpy.run_path(str(toys))
    data = toy["toy_data"](140)
    fit, held = np.arange(100), np.arange(100, 140)
    write(
        Path(arguments[0]),
        record(toy["DensityBackbone"](1, 6), data, fit, held, np.random.default_rng(0)),
    )
    return 0


COMMANDS = {"aspirin": aspirin, "trajectory": trajectory, "features": features}

if __name__ == "__main__":
    sys.exit(COMMANDS[sys.argv[1]](sys.argv[2:]))
