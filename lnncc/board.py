"""What lnncc knows of a board: its memory, who emulates it, its serial line. Read from ``targets/boards/*.toml``."""

from dataclasses import dataclass

from lnncc import share
from lnncc.strict import Table

VERBS = ("write", "set", "clear", "wait")  # of a line's set-up


@dataclass(frozen=True, slots=True)
class Region:
    """Memory of the emulated board, in bytes."""

    origin: int
    size: int


@dataclass(frozen=True, slots=True)
class Setup:
    """One access to a word of 32 bits: ``verb`` is write, set, clear (of bits) or wait (until all bits are set)."""

    verb: str
    address: int
    value: int


@dataclass(frozen=True, slots=True)
class Serial:
    """The serial line of a board. ``uart`` names a file of templates/device/uart; ``clock`` in Hz is what feeds it.

    ``pins`` says where the line comes out; ``line`` is QEMU's number of it.
    """

    uart: str
    base: int
    clock: int
    baud: int
    pins: str
    line: int = 0
    setup: tuple[Setup, ...] = ()


@dataclass(frozen=True, slots=True)
class Board:
    """The board: where firmware lies, what each emulator calls it, the preferred one first, and its serial line.

    ``constants`` is the memory for them where there is one beside the flash that programs start in. On silicon a file
    of targets/boot, ``boot``, comes first in flash; ``loads`` is where loads see flash, if not where jumps do.
    """

    flash: Region
    ram: Region
    emulators: tuple[tuple[str, str], ...]
    serial: Serial | None = None
    constants: Region | None = None
    boot: str | None = None
    loads: int | None = None


def read(table: Table) -> Board:
    """The table ``[board]``. Raises E0221 for anything not as expected."""
    emulators = table.table("emulators")
    named = tuple((key, emulators.take(key, str)) for key in tuple(emulators.items))
    made = Board(
        flash=_region(table, "flash"),
        ram=_region(table, "ram"),
        emulators=named,
        serial=_serial(table.table("serial")) if "serial" in table.items else None,
        boot=table.file("boot", share.folder("targets") / "boot") if "boot" in table.items else None,
        constants=_region(table, "constants") if "constants" in table.items else None,
        loads=table.take("loads", int) if "loads" in table.items else None,
    )
    table.close()
    return made


def _serial(table: Table) -> Serial:
    made = Serial(
        uart=table.file("uart", share.folder("templates") / "device" / "uart"),
        base=table.take("base", int),
        clock=table.take("clock", int),
        baud=table.take("baud", int),
        pins=table.take("pins", str),
        line=table.take("line", int) if "line" in table.items else 0,
        setup=_setup(table) if "setup" in table.items else (),
    )
    table.close()
    return made


def _setup(table: Table) -> tuple[Setup, ...]:
    steps = [_step(value) for value in table.take("setup", list)]
    found = tuple(step for step in steps if step is not None)
    if len(found) != len(steps):
        raise table.wrong("setup", f"a list of [{'|'.join(VERBS)}, address, value]")
    return found


def _step(value: object) -> Setup | None:
    match value:
        case [str(verb), int(address), int(word)] if verb in VERBS and 0 <= word < 1 << 32:
            return Setup(verb, address, word)
    return None


def _region(table: Table, key: str) -> Region:
    values = table.take(key, list)
    sizes = [value for value in values if type(value) is int]
    if len(values) != 2 or len(sizes) != 2:
        raise table.wrong(key, "[origin, bytes]")
    return Region(sizes[0], sizes[1])
