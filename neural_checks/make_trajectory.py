"""Make the embedded trajectory: ``python -m neural_checks.make_trajectory``."""

import sys

from neural_checks.data.trajectories import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
