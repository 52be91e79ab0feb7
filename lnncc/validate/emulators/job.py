"""What every emulator is given, and how it says that a run went wrong."""

from dataclasses import dataclass
from pathlib import Path

from lnncc.board import Board
from lnncc.errors import LnnccError

STATUS = {
    3: "it could not open in.bin or out.bin",
    4: "it could not read a whole record of in.bin",
    5: "it could not write a whole record to out.bin",
    99: "a fault: an invalid address, a stack overflow or an undefined instruction",
}


@dataclass(frozen=True, slots=True)
class Job:
    """Firmware to run: ``machine`` is the emulator's own name for the board; ``request`` becomes in.bin.

    ``function`` is the name of the step in the ELF; ``seconds`` is how long the run may take.
    """

    elf: Path
    board: Board
    machine: str
    request: bytes
    function: str
    seconds: float


def crashed(what: str, pc: int, function: str | None) -> LnnccError:
    place = f"at pc {pc:#010x}" + (f" in {function}" if function else ", outside of every function")
    return LnnccError("E0801", f"the emulated firmware crashed: {what} {place}")


def bad_status(status: int) -> LnnccError:
    killed = f"the emulator was killed by signal {-status}, as when a fault handler faults too"
    notes = (killed,) if status < 0 else (STATUS[status],) if status in STATUS else ()
    return LnnccError("E0802", f"the emulated firmware ended with status {status}", notes=notes)


def timed_out(seconds: float, where: str = "") -> LnnccError:
    return LnnccError(
        "E0803",
        f"the emulated firmware did not end in {seconds:g} s{where}",
        helps=("run fewer steps, or allow more time",),
    )
