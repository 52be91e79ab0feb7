"""QEMU as a board whose probe is QEMU's own gdb server. Its flash is empty, and its core halted, until gdb comes."""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

from lnncc.errors import LnnccError
from lnncc.flash import wait
from lnncc.flash.emulated import SECONDS
from lnncc.flash.firmware import line
from lnncc.target import Target
from lnncc.validate import process
from lnncc.validate.emulators import qemu

PLACE = "gdb.sock"  # relative, since the path of a socket has at most some hundred bytes
LOG = "qemu.log"
ALONE = ("-display", "none", "-monitor", "none")
SERVER = ("-S", "-chardev", f"socket,id=gdb,path={PLACE},server=on,wait=off", "-gdb", "chardev:gdb")


@contextlib.contextmanager
def started(board: Target, folder: Path) -> Iterator[str]:
    """Raises E0704 without QEMU, E0803 if it does not start."""
    machine = board.machine("qemu")
    qemu.check(machine)
    (folder / PLACE).unlink(missing_ok=True)
    with process.beside(command(board), folder, LOG) as running:
        yield wait.until(lambda: _port(folder), SECONDS, lambda: _failed(folder, running.poll()))


def command(board: Target) -> tuple[str, ...]:
    """The serial line of the board is a pseudoterminal, those before it are not connected."""
    program, *machine = board.machine("qemu").split()
    serial = ("-serial", "null") * line(board).line + ("-chardev", "pty,id=line", "-serial", "chardev:line")
    return (f"qemu-{program}", *machine, *ALONE, *serial, *SERVER)


def _port(folder: Path) -> str | None:
    found = re.search(r"redirected to (\S+) \(label line\)", _log(folder))
    return found[1] if found is not None and (folder / PLACE).exists() else None


def _failed(folder: Path, status: int | None) -> LnnccError | None:
    if status is None:
        return None
    said = [text for text in _log(folder).splitlines() if text.strip()]
    return LnnccError("E0803", f"QEMU ended with status {status} before it was a board", notes=tuple(said[-4:]))


def _log(folder: Path) -> str:
    return (folder / LOG).read_text(encoding="utf-8", errors="replace")
