"""What a model costs in memory: flash, RAM and worst-case stack, read off its linked firmware."""

from dataclasses import dataclass, replace
from pathlib import Path

from lnncc.validate import elf, stack
from lnncc.validate.elf import Image

STATE = "LNN_state"  # the caller's struct in templates/firmware/main.c.j2


@dataclass(frozen=True, slots=True)
class Footprint:
    """Bytes. ``flash`` is code, constants and what they pull in from the compiler's library (division, say).

    ``ram`` is the state struct and static data; ``stack`` is that of the step, from SP as it is called, and
    ``stack_path`` the calls that need it. ``notes`` say which compilers failed before one did not.
    """

    flash: int
    ram: int
    stack: int
    stack_path: tuple[str, ...]
    notes: tuple[str, ...] = ()


def measure(full: Path, empty: Path, name: str, vector_bytes: int | None = None) -> Footprint:
    """Compare the firmware of the model ``name`` with the same firmware without it; see ``validate/firmware``.

    ``vector_bytes`` are those of a register of vectors, in which frames that hold some are measured.

    Raises:
        LnnccError: E0703 without the extra, and as ``stack.bound``.
    """
    with_model, without = replace(elf.read(full), vector_bytes=vector_bytes), elf.read(empty)
    worst = stack.bound(with_model, f"{name}_step")
    return Footprint(_flash(with_model, without, name), _ram(with_model, without), worst.size, worst.path)


def _flash(full: Image, empty: Image, name: str) -> int:
    """The difference, and the functions of the empty model, which stand where the model's would."""
    stubs = sum(empty.symbol(f"{name}_{verb}").size for verb in ("reset", "step"))
    return full.flash - empty.flash + stubs


def _ram(full: Image, empty: Image) -> int:
    return full.symbol(STATE).size + full.static_ram - empty.static_ram
