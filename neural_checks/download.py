"""Download a published data set: ``python -m neural_checks.download``."""

import sys

from neural_checks.data.archives import ARCHIVES, main

__all__ = ["ARCHIVES", "main"]

if __name__ == "__main__":
    sys.exit(main())
