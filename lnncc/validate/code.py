"""Instruction sets, as machine code is read here: how long an instruction is, and what it does to the stack."""

import importlib
from collections.abc import Sequence
from typing import Protocol, cast

from lnncc.validate.elf import Image, Symbol
from lnncc.validate.registers import Effect, Known

# e_machine of the ELF -> the module of lnncc.validate that reads it.
MODULES = {"EM_ARM": "thumb_stack", "EM_RISCV": "riscv", "EM_AARCH64": "aarch64", "EM_AVR": "avr"}


class Step(Protocol):
    """One instruction; what more there is of it, its instruction set knows."""

    @property
    def address(self) -> int: ...

    @property
    def end(self) -> int: ...


class Code(Protocol):
    """An instruction set."""

    def length(self, first: int) -> int:
        """Bytes of the instruction whose first two bytes are ``first``, little-endian."""
        ...

    def decode(self, image: Image, address: int, size: int) -> Sequence[Step]: ...

    def on_entry(self, image: Image) -> Known:
        """What is known as a function starts, SP relative to its value before the call."""
        ...

    def effect(self, image: Image, step: Step, known: Known, function: Symbol) -> Effect:
        """Raises E0805 for what has no bound: a call through a pointer, SP moved by no constant."""
        ...


def of(image: Image) -> Code:
    """The instruction set of ``image``."""
    return cast(Code, importlib.import_module(f"lnncc.validate.{MODULES[image.machine]}"))


def count(image: Image, address: int, size: int) -> int:
    """How many instructions lie in ``size`` bytes of code at ``address``, those that an IT skips included."""
    length, data = of(image).length, image.read(address, size)
    offset, number = 0, 0
    while offset < size:
        offset += length(int.from_bytes(data[offset : offset + 2], "little"))
        number += 1
    return number
