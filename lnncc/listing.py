"""listing: the boards as a table in Markdown, of what is checked of each and what cannot be: what the README holds.

Of every board tests link both kinds of firmware into its memory (``tests/test_board_firmware.py``), and run a model
linked there on the first of its emulators that is installed (``tests/test_boards.py``); both take all boards there are.
"""

from lnncc import target as targets
from lnncc.target import Target

HEAD = (
    "| board | core | checked in CI: firmware linked into its memory, and bits compared on | not checked here |",
    "|---|---|---|---|",
)


def boards() -> str:
    """One row a board, by its file in ``targets/boards``."""
    return "\n".join((*HEAD, *(_row(targets.load(name)) for name in targets.boards())))


def _row(board: Target) -> str:
    emulator, machine = board.emulated().emulators[0]
    return f"| `{board.name}` | {board.cpu} | {emulator}, {_machine(machine)} | {_unchecked(board)} |"


def _machine(text: str) -> str:
    """What an emulator calls it: QEMU's word after -M."""
    return (text.partition("-M ")[2] or text).split(" ")[0]


def _unchecked(board: Target) -> str:
    """simavr has the chip, and QEMU the board if its machine is called so; else there are core and memory."""
    serial = board.emulated().serial
    line = "" if serial is None else f" ({serial.pins})"
    emulator, machine = board.emulated().emulators[0]
    if emulator == "simavr" or (emulator == "qemu" and _machine(machine) in board.name):
        return "the hardware itself"
    return f"the hardware; clocks, pins and serial line{line}, which this emulator does not have"
