"""An emulator that runs until nobody needs it, with the serial line of its board on a terminal that it names."""

import re
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from lnncc.errors import LnnccError
from lnncc.validate import process

LOG = "emulator.log"
PAUSE = 0.05  # seconds between two looks at it
QUOTED_LINES = 4


@contextmanager
def served(command: Sequence[str], folder: Path, terminal: re.Pattern[str], seconds: float) -> Iterator[str]:
    """``command`` running in ``folder``; what the group of ``terminal`` matches in what it says, which goes into LOG.

    Raises:
        LnnccError: E0802 if it ends before it says so, E0803 if it has not within ``seconds``.
    """
    with process.beside(command, folder, LOG) as running:
        yield _named(running, folder / LOG, terminal, seconds)


def _named(running: "subprocess.Popen[bytes]", log: Path, terminal: re.Pattern[str], seconds: float) -> str:
    end = time.monotonic() + seconds
    while True:
        said = log.read_text(encoding="utf-8", errors="replace")
        if found := terminal.search(said):
            return found[1]
        if running.poll() is not None:
            raise _ended(running.returncode, said)
        if time.monotonic() > end:
            raise _late(seconds)
        time.sleep(PAUSE)


def _ended(status: int, said: str) -> LnnccError:
    lines = [line for line in said.splitlines() if line.strip()]
    title = f"the emulator ended with status {status} before its board had a serial line"
    return LnnccError("E0802", title, notes=tuple(line[:160] for line in lines[-QUOTED_LINES:]))


def _late(seconds: float) -> LnnccError:
    return LnnccError(
        "E0803",
        f"the emulator did not become a board in {seconds:g} s",
        helps=("try again when this machine is less busy; lnncc doctor says whether the emulator works",),
    )
