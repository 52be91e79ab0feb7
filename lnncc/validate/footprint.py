"""What a model costs in memory: flash, RAM and worst-case stack, read off its linked firmware."""

from dataclasses import dataclass, replace
from pathlib import Path

from lnncc.validate import elf, stack
from lnncc.validate.elf import Image

STATE = "LNN_state"  # the caller's struct in templates/firmware/main.c.j2


@dataclass(frozen=True, slots=True)
class Part:
    """One function or object of the program, by its symbol, and its bytes in flash."""

    symbol: str
    bytes: int
    function: bool


@dataclass(frozen=True, slots=True)
class Footprint:
    """Bytes. ``flash`` is code, constants and what they pull in from the compiler's library (division, say).

    ``ram`` is the state struct and static data; ``stack`` is that of the step, from SP as it is called, and
    ``stack_path`` the calls that need it. ``notes`` say which compilers failed before one did not.
    ``parts`` of the flash are the model's symbols; what they leave of it, padding say, has none.
    """

    flash: int
    ram: int
    stack: int
    stack_path: tuple[str, ...]
    notes: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()


def measure(full: Path, empty: Path, name: str, vector_bytes: int | None = None) -> Footprint:
    """Compare the firmware of the model ``name`` with the same firmware without it; see ``validate/firmware``.

    ``vector_bytes`` are those of a register of vectors, in which frames that hold some are measured.

    Raises:
        LnnccError: E0703 without the extra, and as ``stack.bound``.
    """
    with_model, without = replace(elf.read(full), vector_bytes=vector_bytes), elf.read(empty)
    worst = stack.bound(with_model, f"{name}_step")
    flash, ram = _flash(with_model, without, name), _ram(with_model, without)
    return Footprint(flash, ram, worst.size, worst.path, parts=_parts(with_model, without, name))


def _parts(full: Image, empty: Image, name: str) -> tuple[Part, ...]:
    """What only the full program has, and the model's own functions, whose place the empty one fills with stubs."""
    stubs = {f"{name}_{verb}" for verb in ("reset", "step")}
    known = {s.name for s in empty.symbols} - stubs
    ram = [s for s in full.sections if s.writable]
    found = {
        (s.name, s.address): Part(s.name, s.size, s.function)
        for s in full.symbols
        if s.name not in known and s.size and not any(r.address <= s.address < r.address + r.size for r in ram)
    }
    at = {address: part for (_, address), part in sorted(found.items())}  # one name of several of one thing
    return tuple(sorted(at.values(), key=lambda part: (-part.bytes, part.symbol)))


def _flash(full: Image, empty: Image, name: str) -> int:
    """The difference, and the functions of the empty model, which stand where the model's would."""
    stubs = sum(empty.symbol(f"{name}_{verb}").size for verb in ("reset", "step"))
    return full.flash - empty.flash + stubs


def _ram(full: Image, empty: Image) -> int:
    return full.symbol(STATE).size + full.static_ram - empty.static_ram
