"""How exact the floating-point harmonics are: ``python -m numeric_checks.accuracy``."""

import sys

from numeric_checks.sphere.accuracy import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
