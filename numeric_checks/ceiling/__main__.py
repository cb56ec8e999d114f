"""``python -m numeric_checks.ceiling``."""

import sys

from numeric_checks.ceiling.observe import main

if __name__ == "__main__":
    sys.exit(main())
