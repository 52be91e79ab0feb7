"""RISC-V machine code (RV32 and RV64, compressed or not): what one instruction does to SP and where it goes."""

from dataclasses import dataclass

from lnncc.extras import needs
from lnncc.validate.elf import Image, Symbol
from lnncc.validate.registers import Amount, Base, Effect, Known, checked, constant, unbounded

with needs("capstone"):
    import capstone
    from capstone import riscv

VLENB = "vlenb"  # of the vector unit, bytes of a register: known if the target says so
VLENB_CSR = "3106"
BRANCHES = frozenset({"beq", "bne", "blt", "bge", "bltu", "bgeu", "beqz", "bnez"})


@dataclass(frozen=True, slots=True)
class Instruction:
    """``name`` without the ``c.`` of a compressed one; ``immediate`` is the last constant operand."""

    address: int
    size: int
    name: str
    text: str
    registers: tuple[str, ...]
    immediate: int | None

    @property
    def end(self) -> int:
        return self.address + self.size


def length(first: int) -> int:
    """Base instruction-length encoding, "The RISC-V Instruction Set Manual", volume I, 1.5."""
    return 4 if first & 3 == 3 else 2


def decode(image: Image, address: int, size: int) -> tuple[Instruction, ...]:
    """All instructions in ``size`` bytes. What capstone does not know is a vector's: no jump, nothing done to SP."""
    data, found, offset = image.read(address, size), list[Instruction](), 0
    while offset < size:
        wide = length(int.from_bytes(data[offset : offset + 2], "little"))
        words = data[offset : offset + wide]
        one = next(_DISASSEMBLER.disasm(words, address + offset, 1), None)
        found.append(_unknown(address + offset, words) if one is None else _instruction(one))
        offset += wide
    return tuple(found)


def on_entry(image: Image) -> Known:
    """A call leaves the stack alone: the way back is in RA."""
    known = {"sp": Amount(Base.STACK), "zero": constant(0), "ra": Amount(Base.RETURN)}
    return known if image.vector_bytes is None else {**known, VLENB: constant(image.vector_bytes)}


def effect(image: Image, instruction: Instruction, known: Known, function: Symbol) -> Effect:
    """Raises E0805 for a call through a pointer, an unknown instruction, or if SP becomes unknown."""
    changed = checked(_after(instruction, known), function.name, instruction.text, instruction.address)
    name = instruction.name
    if name in BRANCHES:
        return Effect(changed, jumps=(_target(instruction),), falls=changed)
    if name in ("j", "jal"):
        return _jump(instruction, changed, function)
    if name in ("jr", "jalr", "ret"):
        return _indirect(instruction, known, changed, function)
    if name in ("mret", "ebreak", "unimp"):
        return Effect(changed)
    return Effect(changed, falls=changed)


def _jump(instruction: Instruction, known: Known, function: Symbol) -> Effect:
    target = _target(instruction)
    if instruction.name == "jal" and instruction.registers[:1] != ("zero",):
        return Effect(known, calls=(target,), falls=known)
    return Effect(known, jumps=(target,)) if function.holds(target) else Effect(known, calls=(target,))


def _indirect(instruction: Instruction, known: Known, changed: Known, function: Symbol) -> Effect:
    """A return, or a far call whose address ``auipc`` made. A ``switch`` would be refused: kernels have none."""
    source = instruction.registers[-1] if instruction.registers else "ra"
    links = instruction.name == "jalr" and instruction.registers[:1] != ("zero",)
    address = known.get(source)
    if not links and source == "ra":
        return Effect(changed)
    if address is None or address.base is not Base.ZERO:
        raise unbounded(function.name, f"an indirect call at {instruction.address:#x}: {instruction.text}")
    target = (address.amount + (instruction.immediate or 0)) & 0xFFFFFFFF
    return Effect(changed, calls=(target,), falls=changed if links else None)


def _after(instruction: Instruction, known: Known) -> Known:
    """The one destination of an instruction is its first operand, unless it stores or branches."""
    name, registers = instruction.name, instruction.registers
    if not registers or name in BRANCHES or name in ("sw", "sh", "sb", "sd", "swsp", "sdsp"):
        return known
    value = _value(instruction, known)
    others = {register: amount for register, amount in known.items() if register not in (registers[0], "zero")}
    others["zero"] = constant(0)
    return others if value is None or registers[0] == "zero" else {**others, registers[0]: value}


def _value(instruction: Instruction, known: Known) -> Amount | None:
    registers, immediate = instruction.registers, instruction.immediate
    left = known.get(registers[min(1, len(registers) - 1)])
    match instruction.name:
        case "lui" if immediate is not None:
            return constant(immediate << 12)
        case "auipc" if immediate is not None:
            return constant(instruction.address + (immediate << 12))
        case "li" if immediate is not None:
            return constant(immediate)
        case "csrr" if instruction.text.endswith(f", {VLENB_CSR}"):
            return known.get(VLENB)
        case "mv":
            return left
        case "slli" if left is not None and left.base is Base.ZERO and immediate is not None:
            return constant(left.amount << immediate)
        case "mul":
            return _product([known.get(register) for register in registers[-2:]])
        case "addi" | "addi16sp" | "addi4spn" if left is not None and immediate is not None:
            return left.plus(constant(immediate))
        case "add" | "sub":
            first = known.get(registers[0]) if len(registers) == 2 else left
            return first.plus(known.get(registers[-1]), -1 if instruction.name == "sub" else 1) if first else None
    return None


def _product(factors: list[Amount | None]) -> Amount | None:
    """Of constants: a frame may hold any number of vectors."""
    known = [x.amount for x in factors if x is not None and x.base is Base.ZERO]
    return constant(known[0] * known[1]) if len(known) == 2 else None


def _target(instruction: Instruction) -> int:
    return instruction.address + (instruction.immediate or 0)


def _disassembler() -> capstone.Cs:
    made = capstone.Cs(capstone.CS_ARCH_RISCV, capstone.CS_MODE_RISCV32 | capstone.CS_MODE_RISCVC)
    made.detail = True
    return made


_DISASSEMBLER = _disassembler()


def _instruction(one: capstone.CsInsn) -> Instruction:
    registers = tuple(one.reg_name(op.reg) or "" for op in one.operands if op.type == riscv.RISCV_OP_REG)
    immediates = [op.imm for op in one.operands if op.type == riscv.RISCV_OP_IMM]
    name = (one.mnemonic or "").removeprefix("c.")
    text = f"{one.mnemonic} {one.op_str}".strip()
    return Instruction(one.address, one.size, name, text, registers, immediates[-1] if immediates else None)


def _unknown(address: int, words: bytes) -> Instruction:
    return Instruction(address, len(words), "?", words.hex(), (), None)
