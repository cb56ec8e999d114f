"""``python -m numeric_checks.rank``."""

import sys

from numeric_checks.rank.observe import main

if __name__ == "__main__":
    sys.exit(main())
