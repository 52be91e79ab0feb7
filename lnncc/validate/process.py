"""Other programs: one that runs to its end, and one that runs beside us."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ENDING = 5.0  # seconds that a program gets to end when told to


@dataclass(frozen=True, slots=True)
class Done:
    """How a program ended, and what it said on both streams."""

    status: int
    text: str


def call(argv: Sequence[str], folder: Path, seconds: float) -> Done:
    """Run ``argv`` in ``folder``, without input. Raises TimeoutError, with what it said, if it does not end in time.

    What it started ends with it: tools are often scripts, and a probe stays taken by whoever still has it.
    """
    with subprocess.Popen(
        argv,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            said, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired as error:
            said = error.stdout or b""
            raise TimeoutError(said.decode(errors="replace") if isinstance(said, bytes) else said) from error
        finally:
            _end_all(process)
    return Done(process.returncode, said)


def _end_all(leader: "subprocess.Popen[str]") -> None:
    """The leader of a session, and what is left of all that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader.pid, signal.SIGKILL)


@contextlib.contextmanager
def beside(argv: Sequence[str], folder: Path, log: str) -> Iterator["subprocess.Popen[bytes]"]:
    """``argv`` runs in ``folder`` while the block does, and is ended behind it; what it says goes into ``log``."""
    with (folder / log).open("wb") as file:
        process = subprocess.Popen(argv, cwd=folder, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT)
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(ENDING)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
