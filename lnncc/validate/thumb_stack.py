"""What one Thumb instruction does to SP and where it goes, with the registers that may come back to SP."""

from collections.abc import Iterator

from lnncc.validate import thumb
from lnncc.validate.elf import Image, Symbol
from lnncc.validate.registers import Amount, Base, Effect, Known, checked, constant, signed, unbounded
from lnncc.validate.thumb import Instruction, decode, length

__all__ = ["decode", "effect", "length", "on_entry"]


def on_entry(image: Image) -> Known:
    """A call leaves the stack alone: the way back is in LR."""
    return {"sp": Amount(Base.STACK), "lr": Amount(Base.RETURN)}


def effect(image: Image, instruction: Instruction, known: Known, function: Symbol) -> Effect:
    """Raises E0805 for an indirect call, an unknown instruction, or if SP becomes unknown."""
    calls = tuple(_callees(instruction, function, known))
    changed = _after(image, instruction, known, function.name)
    falls = None
    if _falls_through(instruction, function):
        falls = known if _returns(instruction) else changed  # a skipped return leaves SP as it was
    return Effect(changed, calls, tuple(_targets(instruction, function)), falls, _is_table(instruction))


def _after(image: Image, instruction: Instruction, known: Known, function: str) -> Known:
    changed = {register: amount for register, amount in known.items() if register not in instruction.writes}
    moved = _moved(instruction, known) if "sp" in instruction.writes else None
    if moved is not None:
        changed["sp"] = moved
    changed.update(_results(image, instruction, known))
    return checked(changed, function, instruction.text, instruction.address)


def _is_return(instruction: Instruction, known: Known) -> bool:
    """Whether this ``bx`` goes back to the caller: through LR, or through a register that a ``pop`` filled."""
    register = instruction.registers[0]
    return register == "lr" or known.get(register) == Amount(Base.RETURN)


def _moved(instruction: Instruction, known: Known) -> Amount | None:
    """SP after an instruction that steps it: push, pop, and a store or load with write-back."""
    here, name = known["sp"].amount, instruction.name
    step = sum(8 if register.startswith("d") else 4 for register in instruction.registers)
    if name in ("push", "vpush"):
        return Amount(Base.STACK, here - step)
    if name in ("pop", "vpop"):
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
            return constant(instruction.immediate)
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
    return constant(value.amount << instruction.immediate)


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
    return Amount(left.base, signed(left.amount + sign * right))


def _callees(instruction: Instruction, function: Symbol, known: Known) -> Iterator[int]:
    """Addresses of functions that ``instruction`` calls or ends in."""
    name, target = instruction.name, instruction.immediate
    if name == thumb.UNKNOWN:
        raise unbounded(function.name, f"an unknown instruction at {instruction.address:#x}")
    if name == "blx" or (name == "bx" and not _is_return(instruction, known)):
        raise unbounded(function.name, f"an indirect call at {instruction.address:#x}: {instruction.text}")
    if target is not None and name in ("b", "bl") and not _is_inside(target, name, function):
        yield target


def _targets(instruction: Instruction, function: Symbol) -> Iterator[int]:
    """Where in ``function`` a direct branch goes."""
    target = instruction.immediate
    name = instruction.name
    if name in ("b", "bl", "cbz", "cbnz", "le", "wls") and target is not None and _is_inside(target, name, function):
        yield target


def _is_inside(target: int, name: str, function: Symbol) -> bool:
    """Whether a branch stays in its function. So does a ``bl`` to the middle of it, with which GCC reaches further on
    Armv6-M than a ``b`` goes; LR is saved then."""
    return function.holds(target) and (name != "bl" or target != function.address)


def _falls_through(instruction: Instruction, function: Symbol) -> bool:
    target = instruction.immediate
    far = instruction.name == "bl" and target is not None and _is_inside(target, "bl", function)
    ends = far or instruction.name in ("b", "udf") or _returns(instruction) or _is_table(instruction)
    return instruction.conditional or not ends


def _returns(instruction: Instruction) -> bool:
    return instruction.name == "bx" or (instruction.name in ("pop", "ldm") and "pc" in instruction.writes)


def _is_table(instruction: Instruction) -> bool:
    """A jump through a table (``switch``): its targets are not followed but found as code not yet reached."""
    computed = instruction.name in ("ldr", "mov", "add") and "pc" in instruction.writes
    return computed or instruction.name in ("tbb", "tbh")
