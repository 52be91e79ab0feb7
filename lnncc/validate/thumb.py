"""Thumb machine code as data: what an instruction is called, what it reads and writes. IT blocks are followed."""

from collections.abc import Mapping
from dataclasses import dataclass

from lnncc.extras import needs
from lnncc.validate import armv81m
from lnncc.validate.elf import Image

with needs("capstone"):
    import capstone
    from capstone import arm

UNKNOWN = "?"
WIDE = (0b11101, 0b11110, 0b11111)  # bits 15:11 of the first half of a 32-bit instruction: Armv7-M ARM, A5.1


@dataclass(frozen=True, slots=True)
class Memory:
    """A memory operand: registers, "" for none, and the displacement in bytes."""

    base: str
    index: str
    displacement: int


@dataclass(frozen=True, slots=True)
class Instruction:
    """``name`` is bare (``ldr`` for ``ldrgt.w``); ``registers`` are the operands in order, lists included.

    ``immediate`` is the last constant operand: the target of a direct branch, the step of a post-index.
    """

    address: int
    size: int
    name: str
    text: str
    conditional: bool
    registers: tuple[str, ...]
    immediate: int | None
    memory: Memory | None
    writeback: bool
    writes: frozenset[str]

    @property
    def end(self) -> int:
        return self.address + self.size


def length(half: int) -> int:
    """Bytes of the instruction whose first halfword is ``half``."""
    return 4 if half >> 11 in WIDE else 2


def decode(image: Image, address: int, size: int) -> tuple[Instruction, ...]:
    """All instructions in ``size`` bytes of code at ``address``; one that capstone does not know is ``UNKNOWN``."""
    data, found, offset = image.read(address, size), list[Instruction](), 0
    while offset < size:
        for one in _DISASSEMBLER.disasm(data[offset:], address + offset):
            found.append(_instruction(one))
            offset += one.size
        if offset < size:
            found.append(_unknown(address + offset, data[offset : offset + 4]))
            offset += found[-1].size
    return tuple(found)


def _disassembler() -> capstone.Cs:
    made = capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS | capstone.CS_MODE_V8)
    made.detail = True
    return made


_DISASSEMBLER = _disassembler()


_STEPPED: Mapping[str, frozenset[str]] = dict.fromkeys(("vpush", "vpop"), frozenset({"sp"}))  # capstone does not say so


def _instruction(one: capstone.CsInsn) -> Instruction:
    def named(register: int) -> str:
        return one.reg_name(register) or ""

    immediates = [op.imm for op in one.operands if op.type == arm.ARM_OP_IMM]
    memory = [op.mem for op in one.operands if op.type == arm.ARM_OP_MEM]
    memories = [Memory(named(mem.base), named(mem.index), mem.disp) for mem in memory]
    name = one.insn_name() or UNKNOWN
    return Instruction(
        address=one.address,
        size=one.size,
        name=name,
        text=f"{one.mnemonic} {one.op_str}".strip(),
        conditional=one.cc not in (arm.ARM_CC_AL, arm.ARM_CC_INVALID) and name != "it",
        registers=tuple(named(op.reg) for op in one.operands if op.type == arm.ARM_OP_REG),
        immediate=immediates[-1] if immediates else None,
        memory=memories[0] if memories else None,
        writeback=one.writeback,
        writes=frozenset(map(named, one.regs_access()[1])) | _STEPPED.get(name, frozenset()),
    )


def _unknown(address: int, words: bytes) -> Instruction:
    size = length(int.from_bytes(words[:2], "little"))
    halves = [int.from_bytes(words[at : at + 2], "little") for at in range(0, size, 2)]
    form = armv81m.form(address, *halves) if len(halves) == 2 else None
    if form is None:
        return Instruction(address, size, UNKNOWN, UNKNOWN, False, (), None, None, False, frozenset())
    return Instruction(address, size, form.name, form.name, False, (), form.target, None, False, armv81m.WRITTEN)
