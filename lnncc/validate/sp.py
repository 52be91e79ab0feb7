"""What one Thumb instruction does to SP, as an offset from SP on entry, with the registers that may come back to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from lnncc.errors import LnnccError
from lnncc.validate.elf import Image
from lnncc.validate.thumb import Instruction

MASK = 0xFFFFFFFF


class Base(Enum):
    """What a known register holds: an offset from SP on entry, a constant, or the way back to the caller."""

    STACK = "stack"
    ZERO = "zero"
    RETURN = "return"


@dataclass(frozen=True, slots=True)
class Amount:
    """A register's value, ``base`` plus ``amount``."""

    base: Base
    amount: int = 0


Known = Mapping[str, Amount]

ON_ENTRY: Known = {"sp": Amount(Base.STACK), "lr": Amount(Base.RETURN)}


def merge(old: Known | None, new: Known, function: str) -> Known:
    """What holds on both paths to an instruction. Raises E0805 if SP depends on the path."""
    if old is None:
        return new
    if old["sp"] != new["sp"]:
        raise unbounded(function, "its stack depth depends on the path")
    return {register: amount for register, amount in old.items() if new.get(register) == amount}


def after(image: Image, instruction: Instruction, known: Known, function: str) -> Known:
    """What is known once ``instruction`` has run. Raises E0805 if SP becomes unknown."""
    changed = {register: amount for register, amount in known.items() if register not in instruction.writes}
    moved = _moved(instruction, known) if "sp" in instruction.writes else None
    if moved is not None:
        changed["sp"] = moved
    changed.update(_results(image, instruction, known))
    if "sp" not in changed or changed["sp"].base is not Base.STACK:
        raise unbounded(function, f"{instruction.text} at {instruction.address:#x} moves SP by no constant")
    return changed


def is_return(instruction: Instruction, known: Known) -> bool:
    """Whether this ``bx`` goes back to the caller: through LR, or through a register that a ``pop`` filled."""
    register = instruction.registers[0]
    return register == "lr" or known.get(register) == Amount(Base.RETURN)


def _moved(instruction: Instruction, known: Known) -> Amount | None:
    """SP after an instruction that steps it: push, pop, and a store or load with write-back."""
    here, step = known["sp"].amount, 4 * len(instruction.registers)
    if instruction.name == "push":
        return Amount(Base.STACK, here - step)
    if instruction.name == "pop":
        return Amount(Base.STACK, here + step)
    memory = instruction.memory
    if memory is None or memory.base != "sp" or not instruction.writeback:
        return None
    return Amount(Base.STACK, here + (memory.displacement or instruction.immediate or 0))


def _results(image: Image, instruction: Instruction, known: Known) -> Known:
    """The destination of an instruction that copies, adds or loads a constant; nothing if it is not known."""
    if instruction.name == "pop":
        return {register: Amount(Base.RETURN) for register in instruction.registers}
    value = None if instruction.conditional else _value(image, instruction, known)
    return {} if value is None or not instruction.registers else {instruction.registers[0]: value}


def _value(image: Image, instruction: Instruction, known: Known) -> Amount | None:
    match instruction.name:
        case "mov" | "movw" if instruction.immediate is not None:
            return Amount(Base.ZERO, _signed(instruction.immediate))
        case "mov" if len(instruction.registers) == 2:
            return known.get(instruction.registers[1])
        case "movt":
            return _top(instruction, known)
        case "lsl" if instruction.immediate is not None:
            return _shifted(instruction, known)
        case "ldr":
            return _literal(image, instruction)
        case "add" | "sub" | "addw" | "subw":
            return _sum(instruction, known, -1 if instruction.name.startswith("sub") else 1)
    return None


def _top(instruction: Instruction, known: Known) -> Amount | None:
    low = known.get(instruction.registers[0])
    if low is None or low.base is not Base.ZERO or instruction.immediate is None:
        return None
    return Amount(Base.ZERO, low.amount & 0xFFFF | instruction.immediate << 16)


def _shifted(instruction: Instruction, known: Known) -> Amount | None:
    """A constant to the left, which is how a Cortex-M0 makes one of up to 1020."""
    value = known.get(instruction.registers[-1])
    if value is None or value.base is not Base.ZERO or instruction.immediate is None:
        return None
    return Amount(Base.ZERO, _signed(value.amount << instruction.immediate))


def _literal(image: Image, instruction: Instruction) -> Amount | None:
    memory = instruction.memory
    if memory is None or memory.base != "pc" or memory.index:
        return None
    address = (instruction.address + 4 & ~3) + memory.displacement
    return Amount(Base.ZERO, int.from_bytes(image.read(address, 4), "little"))


def _sum(instruction: Instruction, known: Known, sign: int) -> Amount | None:
    """``add rd, rn, x`` and ``add rd, x``; x a constant or a register that is not shifted."""
    registers, right = instruction.registers, instruction.immediate
    left = known.get(registers[0] if len(registers) == (1 if right is not None else 2) else registers[1])
    if right is None:
        other = known.get(registers[-1])
        if other is None or other.base is not Base.ZERO or "#" in instruction.text:
            return None
        right = other.amount
    if left is None or left.base is Base.RETURN:
        return None
    return Amount(left.base, _signed(left.amount + sign * right))


def _signed(value: int) -> int:
    """``value`` as a signed 32-bit number: a frame of 4 kB on a Cortex-M0 is made by adding 2^32 - 4096."""
    return (value & MASK ^ 1 << 31) - (1 << 31)


def unbounded(function: str, why: str) -> LnnccError:
    return LnnccError(
        "E0805",
        f"the stack of {function} has no bound that can be read from its machine code",
        notes=(why,),
        helps=("lnncc writes no such code: report it with the compiler's version",),
    )
