"""AVR firmware in simavr, through its library: cycles are counted, not estimated, and SP is watched.

The programs of templates/simavr are compiled once a process for this machine.
"""

import functools
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lnncc import share
from lnncc import target as targets
from lnncc.errors import LnnccError
from lnncc.validate import elf, toolchain
from lnncc.validate.cycles import Cycles
from lnncc.validate.elf import Image
from lnncc.validate.emulators.job import Job, bad_status, crashed, timed_out
from lnncc.validate.emulators.served import served

RAM = 0x800000  # where avr-gcc's linker has data memory
FAULT = 99
TERMINAL = re.compile(r"(/\S+)\n")
CLOCK = 16_000_000  # Hz


def check(machine: str) -> None:
    """Raise E0704 if simavr's library is not there to link with."""
    program("runner")


def execute(job: Job) -> bytes:
    """Run the firmware; what it wrote to out.bin.

    Raises:
        LnnccError: E0704 without simavr, E0801 for a fault, E0802 for a status other than 0, E0803 out of time.
    """
    return _run(job, 0)[0]


def count(job: Job, steps: int) -> tuple[tuple[int, Cycles], ...]:
    """Instructions and cycles of the first ``steps`` steps. Raises as ``execute``."""
    return tuple((done, Cycles(cycles, cycles, cycles)) for cycles, done, _ in watched(job, steps))


def watched(job: Job, steps: int) -> tuple[tuple[int, ...], ...]:
    """Cycles, instructions and bytes of stack of the first ``steps`` steps. Raises as ``execute``."""
    return tuple(tuple(map(int, line.split())) for line in _run(job, steps)[1])


def _run(job: Job, counted: int) -> tuple[bytes, list[str]]:
    image = elf.read(job.elf)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "in.bin").write_bytes(job.request)
        (folder / "flash.bin").write_bytes(_flash(image))
        entry, limit = image.symbol(job.function).address, _end_of_data(image)
        command = (str(program("runner")), job.machine, "flash.bin", str(entry), str(limit), str(counted))
        try:
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=job.seconds, check=False)
        except subprocess.TimeoutExpired as error:
            raise timed_out(job.seconds) from error
        if done.returncode != 0:
            raise _failed(image, done)
        return (folder / "out.bin").read_bytes(), done.stdout.splitlines()


def _flash(image: Image) -> bytes:
    size = max(address + len(data) for address, data in image.segments)
    flash = bytearray(size)
    for address, data in image.segments:
        flash[address : address + len(data)] = data
    return bytes(flash)


def _end_of_data(image: Image) -> int:
    """The address that the stack may not grow below."""
    return max((s.address + s.size - RAM for s in image.sections if s.writable), default=0)


def _failed(image: Image, done: "subprocess.CompletedProcess[str]") -> LnnccError:
    faults = [int(line.split()[1]) for line in done.stdout.splitlines() if line.startswith("fault")]
    if done.returncode != FAULT or not faults:
        return bad_status(done.returncode)
    function = image.function_at(faults[0])
    return crashed("stack overflow or invalid instruction", faults[0], None if function is None else function.name)


@contextmanager
def serve(firmware: Path, machine: str, line: int, seconds: float) -> Iterator[str]:
    """The firmware running, and the terminal that is its serial line, of which there is the first alone.

    Raises:
        LnnccError: E0704 without simavr, E0802 if it does not start, E0803 if it takes ``seconds`` to.
    """
    assert line == 0, "only the first line is connected"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "flash.bin").write_bytes(_flash(elf.read(firmware)))
        with board(machine, CLOCK, "flash.bin", 0, folder, seconds) as terminal:
            yield terminal


@contextmanager
def board(machine: str, clock: int, image: str, start: int, folder: Path, seconds: float) -> Iterator[str]:
    """The file ``image`` of ``folder`` in flash at ``start``, running at ``clock`` Hz, and the terminal that is its
    first serial line: firmware at 0, or a boot loader (``templates/simavr/board.c``). Raises as ``serve``."""
    command = (str(program("board")), machine, str(clock), image, str(start))
    with served(command, folder, TERMINAL, seconds) as terminal:
        yield terminal


@functools.cache
def program(name: str) -> Path:
    """``templates/simavr/<name>.c``, compiled. Raises E0704 if it cannot be compiled here."""
    compiler = toolchain.find(targets.load(targets.HOST))
    source = share.folder("templates") / "simavr" / f"{name}.c"
    output = Path(_folder().name) / name
    try:
        toolchain.run(compiler, ("-O2", str(source), "-o", str(output), "-lsimavr", "-lelf"), output.parent)
    except LnnccError as error:
        raise LnnccError(
            "E0704",
            "simavr's library is not installed",
            notes=error.notes[:2],
            helps=("install it with its headers: apt install libsimavr-dev",),
        ) from error
    return output


@functools.cache
def _folder() -> "tempfile.TemporaryDirectory[str]":
    """Kept until the process ends."""
    return tempfile.TemporaryDirectory(prefix="lnncc-simavr-", ignore_cleanup_errors=True)
