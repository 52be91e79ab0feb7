"""Complete examples: each trains a liquid network on real data and compiles it."""

import sys
from collections.abc import Callable

from lnncc.errors import LnnccError


def program(main: Callable[[], None]) -> None:
    """Do what ``main`` does; what is wrong with what the user gave is told without a traceback, as by ``lnncc``."""
    try:
        main()
    except LnnccError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
