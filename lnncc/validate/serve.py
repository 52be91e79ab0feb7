"""Firmware that serves its serial line, in an emulator that brings the line out as a terminal."""

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from lnncc.errors import LnnccError
from lnncc.target import Target

SECONDS = 30.0


@contextmanager
def serve(elf: Path, target: Target, line: int) -> Iterator[str]:
    """``elf`` running on the emulated board; the path of the terminal that is its serial line, QEMU's number ``line``.

    Raises:
        LnnccError: E0222 or E0223 if no emulator has the line, E0704 if none that has is installed, E0802 or E0803 if
            it does not start.
    """
    emulator, machine = emulator_of(target)
    with emulator.serve(elf, machine, line, SECONDS) as terminal:
        yield terminal


def emulator_of(target: Target) -> tuple[ModuleType, str]:
    """The first installed emulator of ``target`` with a serial line, and its name of the board. Raises as ``serve``."""
    errors = list[LnnccError]()
    for name, machine in target.emulated().emulators:
        emulator = importlib.import_module(f"lnncc.validate.emulators.{name}")
        if not hasattr(emulator, "serve"):
            continue
        try:
            emulator.check(machine)
        except LnnccError as error:
            errors.append(error)
        else:
            return emulator, machine
    raise errors[0] if errors else _none(target)


def _none(target: Target) -> LnnccError:
    return LnnccError(
        "E0223",
        f"no emulator has the serial line of {target.name}",
        helps=("take a board of the same core that has one, or the chip itself",),
    )
