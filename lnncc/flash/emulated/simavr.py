"""simavr as an Arduino: the real boot loader of the board in flash, and a serial port that avrdude opens."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from lnncc.errors import LnnccError
from lnncc.flash.emulated import SECONDS
from lnncc.flash.firmware import line
from lnncc.target import Target
from lnncc.validate import process
from lnncc.validate.emulators import simavr

PLACE = "./uart0"
BOOT = "boot.bin"
SECTION = 512  # bytes at the end of flash, where the fuses of an Uno let it start
# Where Arduino's core for AVR may lie: of the distribution, of the IDE.
CORES = ("/usr/share/arduino/hardware/arduino/avr", "~/.arduino15/packages/arduino/hardware/avr/*")
LOADER = "bootloaders/optiboot/optiboot.c"
# Without its LED it fits the section; with it, what Debian's avr-gcc makes (and Debian ships) is 20 bytes too long.
SMALL = ("-w", "-Os", "-fno-inline-small-functions", "-fno-split-wide-types", "-mrelax", "-DLED_START_FLASHES=0")
ALONE = ("-nostartfiles", "-nostdlib", "-Wl,--relax")


@contextlib.contextmanager
def started(board: Target, folder: Path) -> Iterator[str]:
    """Raises E0704 without simavr, E0707 without the boot loader, E0802 or E0803 if it does not start."""
    port, place, machine = folder / PLACE, _boot_section(board), board.machine("simavr")
    simavr.check(machine)
    _loader(board, place, folder)
    port.unlink(missing_ok=True)
    with simavr.board(machine, line(board).clock, BOOT, place, folder, SECONDS) as terminal:
        port.symlink_to(terminal)
        yield terminal


def _boot_section(board: Target) -> int:
    """It begins where the board's firmware has to end."""
    flash = board.emulated().flash
    return flash.origin + flash.size


def _loader(board: Target, place: int, folder: Path) -> None:
    """optiboot, compiled from the source that Arduino's core has, for the board's clock and speed."""
    serial, version = line(board), place + SECTION - 2
    numbers = (f"-DF_CPU={serial.clock}L", f"-DBAUD_RATE={serial.baud}")
    sections = (f"-Wl,--section-start=.text={place:#x}", f"-Wl,--section-start=.version={version:#x}")
    built = ("avr-gcc", f"-mmcu={board.cpu}", *SMALL, *numbers, *ALONE, *sections, str(_source()), "-o", "boot.elf")
    flat = ("avr-objcopy", "-O", "binary", "--gap-fill", "0xff", "-j", ".text", "-j", ".version", "boot.elf", BOOT)
    for words in (built, flat):
        try:
            done = process.call(words, folder, SECONDS)
        except TimeoutError as error:
            raise _no_loader((f"{words[0]} did not end in {SECONDS:g} s",)) from error
        except OSError as error:
            raise _no_loader((f"{words[0]} did not start: {error.strerror}",)) from error
        if done.status != 0:
            raise _no_loader(tuple(done.text.splitlines()[-4:]))


def _source() -> Path:
    for core in CORES:
        place = Path(core).expanduser()
        for found in sorted(Path(place.anchor).glob(f"{place.relative_to(place.anchor)}/{LOADER}")):
            return found
    raise _no_loader(("looked for in " + ", ".join(CORES),))


def _no_loader(notes: tuple[str, ...]) -> LnnccError:
    return LnnccError(
        "E0707",
        "the boot loader optiboot cannot be had here",
        notes=notes,
        helps=(
            "apt install gcc-avr avr-libc arduino-core-avr, or instead of the last install Arduino's boards for AVR",
        ),
    )
