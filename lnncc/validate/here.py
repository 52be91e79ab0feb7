"""What can run on this machine: its processor's own instructions, and the tools that are installed."""

import functools
import importlib
from pathlib import Path

from lnncc.errors import LnnccError
from lnncc.target import HOST, Target
from lnncc.validate import toolchain


def emulator(target: Target) -> str:
    """The first of the target's emulators that is installed.

    Raises:
        LnnccError: E0222 if the target is not emulated; E0703 or E0704, of the first, if none is there.
    """
    errors = list[LnnccError]()
    for name, machine in target.emulated().emulators:
        try:
            importlib.import_module(f"lnncc.validate.emulators.{name}").check(machine)
        except LnnccError as error:
            errors.append(error)
        else:
            return name
    raise errors[0]


def check_processor(target: Target) -> None:
    """Raise E0804 if the target is this machine with instructions that its processor lacks."""
    lacks = [flag for flag in target.needs if flag not in _flags()]
    if not lacks:
        return
    raise LnnccError(
        "E0804",
        f"target {target.name} cannot run here: this machine's processor lacks {', '.join(lacks)}",
        notes=("read from /proc/cpuinfo",),
        helps=("run it on a machine that has them; the C can be compiled for it anywhere",),
    )


def why_not(target: Target) -> LnnccError | None:
    """Why ``target`` cannot run here: its processor, its compilers, or its emulators; None if it can."""
    try:
        check_processor(target)
        toolchain.find(target)
        if target.kind != HOST:
            emulator(target)
    except LnnccError as error:
        return error
    return None


@functools.cache
def _flags() -> frozenset[str]:
    """Of the first processor; none where there is no /proc/cpuinfo, or it is not an x86."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return frozenset()
    return frozenset(next((line.partition(":")[2].split() for line in lines if line.startswith("flags")), []))
