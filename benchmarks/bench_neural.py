"""From trained backbone to numbers: seconds of each stage of the aspirin measurement, one thread.

``python benchmarks/bench_neural.py [--channels 16]`` on an untrained NequIP (the cost does not
depend on training) and the embedded data; prints one line per stage and the ratio to the time of
running the network once over the same frames.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from neural_checks.backbone import BackboneConfig, NequIPBackbone, Scaling
from neural_checks.experiment import CLOSED_CHANNELS, COMPONENT_CHANNELS
from neural_checks.metrics import bootstrap
from neural_checks.recovery import collect, measure, top_degree
from neural_checks.split import split
from numeric_checks.componentwise import componentwise
from numeric_checks.molecules import EMBEDDED, load


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--channels", type=int, default=16)
    parser.add_argument("--fit", type=int, default=300)
    parser.add_argument("--held", type=int, default=150)
    arguments = parser.parse_args(argv)
    warnings.simplefilter("ignore")
    import torch

    torch.set_num_threads(1)
    data = load(EMBEDDED)
    parts = split(data, arguments.fit, 1, arguments.held, 0)
    config = BackboneConfig(channels=arguments.channels)
    backbone = NequIPBackbone(config, Scaling.of(data, parts.train, config.cutoff), 0)
    backbone.select_layer(data.positions[:2])
    network: list[float] = []

    def timed(name: str, action: Callable[[], Any]) -> Any:
        begun = time.perf_counter()
        result = action()
        seconds = time.perf_counter() - begun
        network.append(seconds)
        print(f"{name:32s} {seconds:8.2f} s   {seconds / network[0]:6.2f} × network")
        return result

    samples = timed(
        "network and features", lambda: collect(backbone, data, parts.train, parts.test)
    )
    for degree in (1, 2, 3):
        top = top_degree(config.l_max, degree)
        run = timed(
            f"closed form, degree {degree}",
            lambda degree=degree, top=top: measure(samples, degree, top, CLOSED_CHANNELS[degree]),
        )
        rng = np.random.default_rng(0)
        timed("  bootstrap, B = 2000", lambda run=run, rng=rng: bootstrap([run], 2000, rng))
        timed(
            f"component-wise, degree {degree}",
            lambda degree=degree, top=top, rng=rng: componentwise(
                samples, degree, top, COMPONENT_CHANNELS[degree], 12, rng
            ),
        )
    print(f"{'total':32s} {sum(network):8.2f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
