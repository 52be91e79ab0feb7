"""Inputs of one subject, tried in processes that may die; each fault with the input that made it."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.subjects import SUBJECTS
from tests.fuzz.worker import FAULT, NUMBER

ROOT = Path(__file__).parents[2]
TAIL = 12  # lines of a traceback


@dataclass(frozen=True)
class Batch:
    """``said`` is what a process that came to its end counted, else ``fault`` is what the input ``data`` did."""

    said: str = ""
    fault: str = ""
    data: bytes = b""


def campaign(name: str, seed: int, first: int, count: int) -> Iterator[Batch]:
    """Inputs ``first`` to ``first + count`` of ``seed``; behind a fault a new process goes on."""
    end = first + count
    while first < end:
        with tempfile.TemporaryDirectory(prefix="lnncc-fuzz-") as place:
            command = [sys.executable, "-m", "tests.fuzz.worker", name, *map(str, (seed, first, end - first)), place]
            done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
            if done.returncode == 0:
                yield Batch(said=done.stdout.strip())
                return
            if done.returncode != FAULT and done.returncode >= 0:
                raise RuntimeError(done.stderr)  # a bug of the fuzzer
            first = int((Path(place) / NUMBER).read_text()) + 1
            yield Batch(fault=_why(done), data=(Path(place) / SUBJECTS[name].file).read_bytes())


def _why(done: "subprocess.CompletedProcess[str]") -> str:
    if done.returncode < 0:
        return f"ended by signal {-done.returncode}: it took too long, or crashed"
    return "\n".join(done.stderr.strip().splitlines()[-TAIL:])
