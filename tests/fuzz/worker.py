"""One process that tries inputs of one subject, numbered from a first one; input k of a seed is always the same.

    python -m tests.fuzz.worker SUBJECT SEED FIRST COUNT FOLDER

The input being tried lies in FOLDER, its number beside it. One that takes too long ends the process by a signal; one
that is a fault otherwise ends it with the traceback and the code ``FAULT``.
"""

import random
import resource
import signal
import sys
import traceback
import warnings
from pathlib import Path

from lnncc.errors import LnnccError
from tests.fuzz import MEMORY, SECONDS
from tests.fuzz.subjects import SUBJECTS, Subject

NUMBER, FAULT = "number", 42


def attempt(subject: Subject, path: Path) -> LnnccError | None:
    """Read ``path``: the error that refused it, or None."""
    try:
        subject.read(path)
    except LnnccError as error:
        assert str(error)
        return error
    return None


def drawn(name: str, seed: int, k: int, seeds: list[bytes]) -> bytes:
    draw = random.Random(f"{name} {seed} {k}")
    return SUBJECTS[name].change(draw, draw.choice(seeds))


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def _code(subject: Subject, path: Path) -> str:
    try:
        error = attempt(subject, path)
    except BaseException:
        sys.exit(_said(traceback.format_exc()))
    return error.code if error else "read"


def _said(why: str) -> int:
    print(why, file=sys.stderr)
    return FAULT


def main(name: str, seed: int, first: int, count: int, folder: Path) -> None:
    warnings.simplefilter("ignore")
    subject, path, codes = SUBJECTS[name], folder / SUBJECTS[name].file, dict[str, int]()
    seeds = subject.seeds()
    for data in seeds:  # the valid ones are read first: what that takes is no fault of a hostile one
        path.write_bytes(data)
        attempt(subject, path)
    usual = peak()
    for k in range(first, first + count):
        data = drawn(name, seed, k, seeds)
        (folder / NUMBER).write_text(str(k))
        path.write_bytes(data)
        signal.setitimer(signal.ITIMER_PROF, SECONDS)  # of CPU time, whatever else the machine does
        code = _code(subject, path)
        signal.setitimer(signal.ITIMER_PROF, 0)
        if peak() - usual > MEMORY:
            sys.exit(_said(f"it took {peak() - usual >> 20} MiB"))
        codes[code] = codes.get(code, 0) + 1
    print(name, *(f"{code}:{count}" for code, count in sorted(codes.items())), f"{peak() - usual >> 20} MiB")


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:5]), Path(sys.argv[5]))  # type: ignore[arg-type]
