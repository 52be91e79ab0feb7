"""Waiting for something outside of this process, with an end."""

import time
from collections.abc import Callable
from typing import TypeVar

from lnncc.errors import LnnccError

Found = TypeVar("Found")
PAUSE = 0.05  # seconds


def until(found: Callable[[], Found | None], seconds: float, failed: Callable[[], LnnccError | None]) -> Found:
    """What ``found`` gives, as soon as it gives something. Raises what ``failed`` gives, or E0803 out of time."""
    end = time.monotonic() + seconds
    while (value := found()) is None:
        error = failed()
        if error is not None:
            raise error
        if time.monotonic() > end:
            raise LnnccError(
                "E0803",
                f"the emulator did not become a board in {seconds:g} s",
                helps=("try again when this machine is less busy; lnncc doctor says whether the emulator works",),
            )
        time.sleep(PAUSE)
    return value
