"""AArch64 machine code: what one instruction does to SP and where it goes."""

from dataclasses import dataclass

from lnncc.extras import needs
from lnncc.validate.elf import Image, Symbol
from lnncc.validate.registers import Amount, Base, Effect, Known, checked, constant, unbounded

with needs("capstone"):
    import capstone
    from capstone import arm64

BYTES = 4
TESTS = frozenset({"cbz", "cbnz", "tbz", "tbnz"})


@dataclass(frozen=True, slots=True)
class Instruction:
    """``immediate`` is the last constant operand, shifted as written; ``base`` and ``displacement`` are of memory."""

    address: int
    name: str
    text: str
    registers: tuple[str, ...]
    immediate: int | None
    base: str
    displacement: int
    writeback: bool
    writes: frozenset[str]

    @property
    def end(self) -> int:
        return self.address + BYTES


def length(first: int) -> int:
    return BYTES


def decode(image: Image, address: int, size: int) -> tuple[Instruction, ...]:
    """All instructions in ``size`` bytes of code; one that capstone does not know is called "?"."""
    data = image.read(address, size)
    starts = range(0, size, BYTES)
    return tuple(_decoded(address + at, data[at : at + BYTES]) for at in starts)


def on_entry(image: Image) -> Known:
    """A call leaves the stack alone: the way back is in X30."""
    return {"sp": Amount(Base.STACK)}


def effect(image: Image, instruction: Instruction, known: Known, function: Symbol) -> Effect:
    """Raises E0805 for a call through a pointer, an unknown instruction, or if SP becomes unknown."""
    name, target = instruction.name, instruction.immediate
    if name in ("?", "br", "blr"):
        what = "an unknown instruction" if name == "?" else "an indirect call"
        raise unbounded(function.name, f"{what} at {instruction.address:#x}: {instruction.text}")
    changed = checked(_after(instruction, known), function.name, instruction.text, instruction.address)
    if name in ("ret", "udf", "hlt"):
        return Effect(changed)
    if name == "bl" and target is not None:
        return Effect(changed, calls=(target,), falls=changed)
    if target is not None and (name == "b" or name.startswith("b.") or name in TESTS):
        return _branch(target, changed, function, always=name == "b")
    return Effect(changed, falls=changed)


def _branch(target: int, known: Known, function: Symbol, *, always: bool) -> Effect:
    falls = None if always else known
    if function.holds(target):
        return Effect(known, jumps=(target,), falls=falls)
    return Effect(known, calls=(target,), falls=falls)


def _after(instruction: Instruction, known: Known) -> Known:
    changed = {register: amount for register, amount in known.items() if register not in instruction.writes}
    if instruction.writeback and instruction.base in known:
        step = instruction.displacement or instruction.immediate or 0
        moved = known[instruction.base].plus(constant(step))
        return changed if moved is None else {**changed, instruction.base: moved}
    value = _value(instruction, known)
    return changed if value is None else {**changed, instruction.registers[0]: value}


def _value(instruction: Instruction, known: Known) -> Amount | None:
    registers, immediate = instruction.registers, instruction.immediate
    match instruction.name:
        case "mov" | "movz" if immediate is not None:
            return constant(immediate)
        case "mov" if len(registers) == 2:
            return known.get(registers[1])
        case "add" | "sub" if len(registers) > 1 and registers[1] in known:
            right = known.get(registers[-1]) if immediate is None else constant(immediate)
            return known[registers[1]].plus(right, -1 if instruction.name == "sub" else 1)
    return None


def _disassembler() -> capstone.Cs:
    made = capstone.Cs(capstone.CS_ARCH_ARM64, capstone.CS_MODE_ARM)
    made.detail = True
    return made


_DISASSEMBLER = _disassembler()


def _decoded(address: int, words: bytes) -> Instruction:
    one = next(_DISASSEMBLER.disasm(words, address, 1), None)
    if one is None:
        return Instruction(address, "?", words.hex(), (), None, "", 0, False, frozenset())
    memory = [op.mem for op in one.operands if op.type == arm64.ARM64_OP_MEM]
    immediates = [op.imm << op.shift.value for op in one.operands if op.type == arm64.ARM64_OP_IMM]
    return Instruction(
        address=address,
        name=one.mnemonic or "?",
        text=f"{one.mnemonic} {one.op_str}".strip(),
        registers=tuple(one.reg_name(op.reg) or "" for op in one.operands if op.type == arm64.ARM64_OP_REG),
        immediate=immediates[-1] if immediates else None,
        base=(one.reg_name(memory[0].base) or "") if memory else "",
        displacement=memory[0].disp if memory else 0,
        writeback=one.writeback,
        writes=frozenset(one.reg_name(register) or "" for register in one.regs_access()[1]),
    )
