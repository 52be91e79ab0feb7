"""Other programs: one that runs to its end, and one that runs beside us."""

import contextlib
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
    """Run ``argv`` in ``folder``, without input. Raises TimeoutError, with what it said, if it does not end in time."""
    try:
        done = subprocess.run(
            argv,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        said = error.stdout.decode(errors="replace") if isinstance(error.stdout, bytes) else error.stdout
        raise TimeoutError(said or "") from error
    return Done(done.returncode, done.stdout)


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
