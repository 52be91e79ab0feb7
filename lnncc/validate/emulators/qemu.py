"""The same firmware in QEMU, where it is installed: whole boards, and processes of its user mode.

What QEMU calls a board is its command without ``qemu-``: ``system-arm -M mps2-an386``, or ``aarch64 -cpu max``. Blocks
are read off its own log of what it translates and executes, so that nothing need be built into it.
"""

import os
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import DEVNULL  # also for stdin: semihosting would read a terminal

from lnncc.errors import LnnccError
from lnncc.validate import code, elf
from lnncc.validate.elf import Image
from lnncc.validate.emulators.job import Job, bad_status, timed_out
from lnncc.validate.emulators.served import served
from lnncc.validate.trace import Recorder, Trace

QUIET = ("-display", "none", "-monitor", "none")
SYSTEM = (*QUIET, "-serial", "null", "-semihosting-config", "enable=on,target=native")
LOGGED = ("-d", "in_asm,exec,nochain")  # nochain: a block that follows another without QEMU's help is logged too
TERMINAL = re.compile(r"char device redirected to (\S+) ")
EXECUTED = re.compile(r"Trace \d+: \S+ \[[0-9a-f]+/([0-9a-f]+)/")


def execute(job: Job) -> bytes:
    """Run the firmware in a folder of its own; what it wrote to out.bin.

    Raises:
        LnnccError: E0704 without QEMU, E0802 for a status other than 0, E0803 out of time.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "in.bin").write_bytes(job.request)
        with subprocess.Popen(_command(job, ()), cwd=folder, stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL) as process:
            _ended(process, job.seconds)
        return (folder / "out.bin").read_bytes()


def trace(job: Job, count: int) -> tuple[Trace, ...]:
    """The traces of the first ``count`` steps. Raises as ``execute``, and E0703 without the extra."""
    image = elf.read(job.elf)
    recorder = Recorder(image.symbol(job.function).address, count)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "in.bin").write_bytes(job.request)
        log, end = os.pipe()
        command = _command(job, (*LOGGED, "-D", f"/dev/fd/{end}"))
        with subprocess.Popen(
            command, cwd=folder, pass_fds=(end,), stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL
        ) as process:
            os.close(end)
            timer = threading.Timer(job.seconds, process.kill)
            timer.start()
            try:
                with open(log, encoding="utf-8", errors="replace") as lines:
                    for block in _blocks(lines, code.of(image).length, image):
                        recorder.block(*block)
            finally:
                timer.cancel()
            _ended(process, job.seconds)
    return tuple(recorder.finished)


@contextmanager
def serve(firmware: Path, machine: str, line: int, seconds: float) -> Iterator[str]:
    """The firmware running, and the terminal that is its serial line, QEMU's number ``line``.

    Raises:
        LnnccError: E0704 without QEMU, E0802 if it does not start, E0803 if it takes ``seconds`` to.
    """
    with tempfile.TemporaryDirectory() as folder:
        kernel = ("-kernel", str(firmware.resolve()))
        with with_line(machine, line, kernel, Path(folder), seconds) as terminal:
            yield terminal


@contextmanager
def with_line(machine: str, line: int, options: Iterable[str], folder: Path, seconds: float) -> Iterator[str]:
    """``machine`` with ``options``, running in ``folder``, and the terminal that is its serial line number ``line``;
    those before it are not connected. Raises as ``serve``."""
    lines = (*("-serial", "null") * line, "-serial", "pty")
    command = (str(check(machine)), *machine.split()[1:], *QUIET, *options, *lines)
    with served(command, folder, TERMINAL, seconds) as terminal:
        yield terminal


def check(machine: str) -> Path:
    """The program that ``machine`` names. Raises E0704 if it is not installed."""
    program = f"qemu-{machine.split()[0]}"
    found = shutil.which(program)
    if found is not None:
        return Path(found)
    raise LnnccError(
        "E0704",
        f"{program} is not installed",
        helps=("install QEMU, or use the emulator unicorn where it knows the target: pip install 'lnncc[mcu]'",),
    )


def _command(job: Job, options: tuple[str, ...]) -> tuple[str, ...]:
    program, *machine = job.machine.split()
    path, firmware = str(check(job.machine)), str(job.elf.resolve())
    if not program.startswith("system-"):
        return (path, *machine, *options, firmware)
    return (path, *machine, *SYSTEM, *options, "-kernel", firmware)


def _ended(process: subprocess.Popen[bytes], seconds: float) -> None:
    try:
        status = process.wait(seconds)
    except subprocess.TimeoutExpired as error:
        process.kill()
        raise timed_out(seconds) from error
    if status != 0:
        raise bad_status(status)


def _blocks(log: Iterable[str], length: Callable[[int], int], image: Image) -> Iterator[tuple[int, int]]:
    """(address, size) of each block that was executed. A block that QEMU says it stopped before was not."""
    sizes, translated, pending = dict[int, int](), list[int](), None
    for line in log:
        if line.startswith("0x"):
            translated.append(int(line[2 : line.index(":")], 16))
        elif line.startswith("Trace"):
            if translated:
                sizes[translated[0]] = _end(translated[-1], length, image) - translated[0]
                translated = []
            if pending is not None:
                yield pending, sizes[pending]
            pending = _executed(line)
        elif line.startswith("Stopped"):
            pending = None
    if pending is not None:
        yield pending, sizes[pending]


def _executed(line: str) -> int:
    found = EXECUTED.match(line)
    assert found is not None, f"QEMU's log has another form than was expected: {line!r}"
    return int(found[1], 16)


def _end(address: int, length: Callable[[int], int], image: Image) -> int:
    """The end of the instruction at ``address``; QEMU's own start-up code is not in the image, nor of interest."""
    try:
        return address + length(int.from_bytes(image.read(address, 2), "little"))
    except IndexError:
        return address
