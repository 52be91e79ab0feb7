"""An emulator that runs until nobody needs it, with the serial line of its board on a terminal that it names."""

import re
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from lnncc.validate.emulators.job import bad_status, timed_out


@contextmanager
def served(command: Sequence[str], terminal: re.Pattern[str], seconds: float) -> Iterator[str]:
    """``command`` running; what the group of ``terminal`` matches in a line that it prints.

    Raises:
        LnnccError: E0802 if it ends before it prints such a line, E0803 if it has not within ``seconds``.
    """
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        late = threading.Event()
        timer = threading.Timer(seconds, lambda: (late.set(), process.kill()))
        timer.start()
        try:
            port = _named(process, terminal)
            timer.cancel()
            if port is None:
                raise timed_out(seconds) if late.is_set() else bad_status(process.wait())
            yield port
        finally:
            timer.cancel()
            process.kill()


def _named(process: "subprocess.Popen[str]", terminal: re.Pattern[str]) -> str | None:
    assert process.stdout is not None
    for line in process.stdout:
        if found := terminal.match(line):
            return found[1]
    return None
