"""``python -m lnncc``."""

import sys

from lnncc.cli import main

if __name__ == "__main__":
    sys.exit(main())
