"""What a model costs in memory: flash, RAM and worst-case stack, read from its linked firmware."""

from dataclasses import dataclass
from pathlib import Path

from lnncc.plan.interface import Interface
from lnncc.target import Target
from lnncc.validate import elf, firmware, stack
from lnncc.validate.elf import Image
from lnncc.validate.toolchain import Compiler

STATE = "model_state"  # the caller's struct in templates/firmware/main.c.j2


@dataclass(frozen=True, slots=True)
class Footprint:
    """Bytes. ``flash`` is code, constants and what they pull in from the compiler's library (division, say).

    ``ram`` is the state struct and static data; ``stack`` is that of the step, from SP as it is called, and
    ``stack_path`` the calls that need it.
    """

    flash: int
    ram: int
    stack: int
    stack_path: tuple[str, ...]


def measure(
    directory: Path, interface: Interface, target: Target, workdir: Path, compiler: Compiler | None = None
) -> Footprint:
    """Link the model in ``directory`` as firmware and compare it with firmware that has none.

    Raises:
        LnnccError: as ``firmware.build`` and ``stack.bound``.
    """
    full = elf.read(firmware.build(directory, interface, target, workdir, compiler))
    empty = elf.read(firmware.build_empty(directory, interface, target, workdir, compiler))
    worst = stack.bound(full, f"{interface.name}_step")
    return Footprint(_flash(full, empty, interface), _ram(full, empty), worst.size, worst.path)


def _flash(full: Image, empty: Image, interface: Interface) -> int:
    """The difference, less the functions of the empty model, which stand where the model's would."""
    stubs = sum(empty.symbol(f"{interface.name}_{verb}").size for verb in ("reset", "step"))
    return full.flash - empty.flash + stubs


def _ram(full: Image, empty: Image) -> int:
    return full.symbol(STATE).size + full.static_ram - empty.static_ram
