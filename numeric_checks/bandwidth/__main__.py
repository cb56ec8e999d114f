"""``python -m numeric_checks.bandwidth``."""

import sys

from numeric_checks.bandwidth.estimate import main

if __name__ == "__main__":
    sys.exit(main())
