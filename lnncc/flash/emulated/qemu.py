"""QEMU as a board whose probe is QEMU's own gdb server. Its flash is empty, and its core halted, until gdb comes."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from lnncc.flash.emulated import SECONDS
from lnncc.flash.firmware import line
from lnncc.target import Target
from lnncc.validate.emulators import qemu

PLACE = "gdb.sock"  # relative, since the path of a socket has at most some hundred bytes
SERVER = ("-S", "-chardev", f"socket,id=gdb,path={PLACE},server=on,wait=off", "-gdb", "chardev:gdb")


@contextlib.contextmanager
def started(board: Target, folder: Path) -> Iterator[str]:
    """Raises E0704 without QEMU, E0802 or E0803 if it does not start."""
    (folder / PLACE).unlink(missing_ok=True)
    with qemu.with_line(board.machine("qemu"), line(board).line, SERVER, folder, SECONDS) as terminal:
        yield terminal
