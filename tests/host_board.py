"""A board in a process of this machine: the firmware's own C, its serial line on two pipes, and faults on demand."""

import os
import select
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lnncc import share, target
from lnncc.build import Build
from lnncc.flash import firmware
from lnncc.flash.device import Device
from lnncc.flash.identity import Identity
from lnncc.flash.link import Link
from lnncc.validate import host, toolchain

DATA = Path(__file__).parent / "data"
DEVICE = share.folder("templates") / "device"
SANITIZE = ("-fsanitize=undefined", "-fno-sanitize-recover=all")
STRICT = ("-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror", "-pedantic")
Fault = Callable[[int, bytes], bytes]  # number of the message, and its bytes: what arrives


def whole(_number: int, data: bytes) -> bytes:
    return data


def executable(build: Build, folder: Path, kind: firmware.Kind = "serial", *, receives: bool = True) -> Path:
    """The firmware that a board gets, for this machine; one with room for updates, if they may come."""
    board = target.load("nucleo-f446re")
    host.write(folder, build.sources.items())
    context = firmware._context(build, board, receives=receives and build.interface.update_bytes is not None)
    host.write(folder, firmware._rendered(kind, context).items())
    output = folder / f"{build.name}-{kind}"
    sources = (folder / f"{kind}.c", folder / f"{build.name}.c", DEVICE / "frame.c", DATA / "uart_pipe.c")
    include = (f"-I{folder}", f"-I{DEVICE}")
    options = (*SANITIZE, *STRICT, "-D_POSIX_C_SOURCE=200809L", *include, *map(str, sources), "-o", str(output))
    toolchain.run(toolchain.find(target.load(target.HOST)), options, folder)
    return output


class Wire:
    """What pyserial gives, over pipes: ``there`` and ``back`` say what becomes of each message on its way."""

    def __init__(self, process: "subprocess.Popen[bytes]", there: Fault = whole, back: Fault = whole) -> None:
        self.process, self.there, self.back = process, there, back
        self.timeout = 1.0
        self.written = self.read = 0
        self.buffer = b""

    def write(self, data: bytes) -> int:
        assert self.process.stdin is not None
        self.written += 1
        self.process.stdin.write(self.there(self.written, data))
        self.process.stdin.flush()
        return len(data)

    def read_until(self, end: bytes) -> bytes:
        deadline = time.monotonic() + self.timeout
        while end not in self.buffer:
            frame = self._frame(deadline)
            if frame is None:
                return b""
            self.read += 1
            self.buffer += self.back(self.read, frame)
        line, self.buffer = self.buffer.split(end, 1)
        return line + end

    def _frame(self, deadline: float) -> bytes | None:
        """One frame from the board, whole; None if there is none in time."""
        assert self.process.stdout is not None
        data = b""
        while data.count(b"\0") < 2:
            left = max(deadline - time.monotonic(), 0.0)
            if not select.select([self.process.stdout], [], [], left)[0]:
                return None
            got = os.read(self.process.stdout.fileno(), 1)
            if not got:
                raise OSError("the board is gone")
            data += got
        return data


@contextmanager
def wired(program: Path, there: Fault = whole, back: Fault = whole, seconds: float = 0.4) -> Iterator[Link]:
    with subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield Link("the board", Wire(process, there, back), seconds)  # type: ignore[arg-type]  # as much as Link asks for
        assert process.stdin is not None
        process.stdin.close()


@contextmanager
def held(program: Path, build: Build, there: Fault = whole, back: Fault = whole) -> Iterator[Device]:
    """The device, without a greeting."""
    with wired(program, there, back) as link:
        yield Device(link, Identity.of(build, "nucleo-f446re"))
