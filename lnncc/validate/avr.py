"""AVR machine code: what one instruction does to SP and where it goes. "AVR Instruction Set Manual" (DS40002198).

A call pushes its return address, so a function starts that much below SP before the call. Frames are made by copying
SP to Y, subtracting, and copying back, or by pushing anything.
"""

from dataclasses import dataclass, replace

from lnncc.validate.elf import Image, Symbol
from lnncc.validate.registers import Amount, Base, Effect, Known, checked, constant, unbounded

SPL, SPH = 0x3D, 0x3E
LOW, HIGH = 28, 29  # Y, the frame pointer
WIDE_PC = 6  # e_flags of cores whose return addresses have three bytes: avr6
MACHINE = 0x7F  # of e_flags
ADDRESS_BITS = 16  # the program counter of smaller cores wraps around


@dataclass(frozen=True, slots=True)
class Instruction:
    """One or two words; ``skipped`` is the size of the next instruction, which this one may skip."""

    address: int
    word: int
    second: int
    size: int
    skipped: int

    @property
    def end(self) -> int:
        return self.address + self.size

    @property
    def register(self) -> int:
        return self.word >> 4 & 31


def length(first: int) -> int:
    """Only lds, sts, jmp and call have two words."""
    return 4 if first & 0xFC0F == 0x9000 or first & 0xFE0C == 0x940C else 2


def decode(image: Image, address: int, size: int) -> tuple[Instruction, ...]:
    data, found, offset = image.read(address, size), list[Instruction](), 0

    def word(at: int) -> int:
        return int.from_bytes(data[at : at + 2], "little")

    while offset < size:
        wide = length(word(offset))
        after = offset + wide
        found.append(Instruction(address + offset, word(offset), word(offset + 2), wide, length(word(after))))
        offset = after
    return tuple(found)


def on_entry(image: Image) -> Known:
    """The return address is on the stack."""
    return {"sp": Amount(Base.STACK, -_pc_bytes(image))}


def effect(image: Image, step: Instruction, known: Known, function: Symbol) -> Effect:
    """Raises E0805 for a jump through a pointer, or if SP becomes unknown."""
    word, pushed = step.word, _pc_bytes(image)
    if word in (0x9508, 0x9518):  # ret, reti
        return Effect(known)
    if word in (0x9409, 0x9419, 0x9509, 0x9519):  # ijmp, eijmp, icall, eicall
        raise unbounded(function.name, f"an indirect call at {step.address:#x}")
    if word & 0xF000 == 0xD000 and word & 0xFFF == 0:  # rcall to the next instruction: room for a frame
        grown = {**known, "sp": Amount(Base.STACK, known["sp"].amount - pushed)}
        return Effect(grown, falls=grown)
    if word & 0xF000 == 0xD000 or word & 0xFE0E == 0x940E:
        return Effect(known, calls=(_target(step, image),), falls=known)
    if word & 0xF000 == 0xC000 or word & 0xFE0E == 0x940C:
        return _jump(_target(step, image), known, function)
    if word & 0xF800 == 0xF000:  # a branch on a flag
        effect = _jump(step.address + 2 + 2 * _signed(word >> 3 & 127, 7), known, function)
        return replace(effect, falls=known)
    changed = checked(_after(step, known), function.name, f"{word:#06x}", step.address)
    if word & 0xFC00 == 0x1000 or word & 0xFC08 == 0xFC00 or word & 0xFD00 == 0x9900:  # cpse, sbrc, sbrs, sbic, sbis
        return Effect(changed, jumps=(step.end + step.skipped,), falls=changed)
    if step.end == function.end:  # libgcc's functions run on into one another
        return Effect(changed, calls=(step.end,))
    return Effect(changed, falls=changed)


def _jump(target: int, known: Known, function: Symbol) -> Effect:
    return Effect(known, jumps=(target,)) if function.holds(target) else Effect(known, calls=(target,))


def _target(step: Instruction, image: Image) -> int:
    if step.size == 4:
        high = (step.word >> 3 & 62) | (step.word & 1)
        return 2 * (high << 16 | step.second)
    target = step.address + 2 + 2 * _signed(step.word & 0xFFF, 12)
    return target if _pc_bytes(image) == 3 else target & (1 << ADDRESS_BITS) - 1


def _after(step: Instruction, known: Known) -> Known:
    word, sp = step.word, known["sp"]
    if word & 0xFE0F == 0x920F:  # push
        return {**known, "sp": Amount(Base.STACK, sp.amount - 1)}
    if word & 0xF800 == 0xB800:  # out
        return _out(step, known)
    if word & 0xFE0F == 0x900F:  # pop
        known = {**known, "sp": Amount(Base.STACK, sp.amount + 1)}
    written = _written(step)
    rest = {key: amount for key, amount in known.items() if key not in {f"r{number}" for number in written}}
    if word & 0xF000 == 0xE000:  # ldi
        rest[f"r{16 + (word >> 4 & 15)}"] = constant(_immediate(word))
    return _frame(step, rest) if written & {LOW, HIGH} else rest


def _out(step: Instruction, known: Known) -> Known:
    """SPH and SPL are written one after the other, both from Y; the second one, SPL, is taken for both."""
    port = step.word >> 5 & 0x30 | step.word & 15
    if port == SPL:
        frame = known.get("y") if step.register == LOW else None
        return {key: amount for key, amount in {**known, "sp": frame}.items() if amount is not None}
    if port == SPH and step.register != HIGH:
        return {key: amount for key, amount in known.items() if key != "sp"}
    return known


def _frame(step: Instruction, known: Known) -> Known:
    """What Y holds after an instruction that writes it: SP, or a constant more or less."""
    word, rest = step.word, {key: amount for key, amount in known.items() if key not in ("y", "low")}
    frame, low = known.get("y"), known.get("low")
    if word & 0xF800 == 0xB000:  # in: r28 from SPL, then r29 from SPH
        port = word >> 5 & 0x30 | word & 15
        if (step.register, port) == (LOW, SPL):
            return {**rest, "y": known["sp"]}
        return known if (step.register, port) == (HIGH, SPH) else rest
    if frame is None:
        return rest
    if word & 0xFE30 == 0x9620:  # adiw, sbiw of Y
        step_size = word >> 2 & 0x30 | word & 15
        moved = frame.plus(constant(step_size), -1 if word & 0x0100 else 1)
        return rest if moved is None else {**rest, "y": moved}
    if word & 0xF0F0 == 0x50D0:  # subi r29 alone: a frame of whole 256 bytes
        return {**rest, "y": Amount(Base.STACK, frame.amount - _signed(_immediate(word) << 8, 16))}
    if word in (0x95DA, 0x95D3):  # dec, inc of r29: a frame of 256 bytes
        return {**rest, "y": Amount(Base.STACK, frame.amount + (256 if word == 0x95D3 else -256))}
    if word & 0xF0F0 == 0x50C0:  # subi r28
        return {**rest, "y": frame, "low": constant(_immediate(word))}
    source = known.get(f"r{word >> 5 & 16 | word & 15}")
    if word & 0xFDF0 in (0x19C0, 0x0DC0) and source is not None:  # sub, add of r28 and a register
        return {**rest, "y": frame, "low": constant(source.amount if word & 0x1000 else -source.amount)}
    if low is None:
        return rest
    if word & 0xF0F0 == 0x40D0:  # sbci r29
        return {**rest, "y": Amount(Base.STACK, frame.amount - _signed(_immediate(word) << 8 | low.amount, 16))}
    if word in (0x09D1, 0x1DD1):  # sbc, adc of r29 and r1, which is 0
        return {**rest, "y": Amount(Base.STACK, frame.amount - low.amount)}
    return rest


def _immediate(word: int) -> int:
    return word >> 4 & 0xF0 | word & 15


def _written(step: Instruction) -> frozenset[int]:
    """The registers that an instruction writes, as far as Y is concerned."""
    word = step.word
    high = 16 + (word >> 4 & 15)
    top = word >> 12
    if word & 0xFF00 == 0x0100:  # movw
        return frozenset({2 * (word >> 4 & 15), 2 * (word >> 4 & 15) + 1})
    if word & 0xFE00 == 0x9600:  # adiw, sbiw
        low = 24 + 2 * (word >> 4 & 3)
        return frozenset({low, low + 1})
    if top in (4, 5, 6, 7, 14):  # sbci, subi, ori, andi, ldi
        return frozenset({high})
    loads = word & 0xD200 == 0x8000 or word & 0xFE00 == 0x9000  # ldd; ld, lds, lpm, pop
    moves_pointer = word & 0xFC0F in (0x9009, 0x900A)  # ld, st with Y+ or -Y
    one = loads or word & 0xFE00 == 0x9400 or word & 0xF800 == 0xB000 or word & 0xFE08 == 0xF800
    arithmetic = 0x0C00 <= word < 0x3000 and word & 0xFC00 not in (0x1000, 0x1400)  # but cpse, cp
    skips = word & 0xFC00 == 0x0400  # cpc
    written = {step.register} if (one or arithmetic or word & 0xFC00 == 0x0800) and not skips else set[int]()
    return frozenset(written | ({LOW, HIGH} if moves_pointer else set()))


def _pc_bytes(image: Image) -> int:
    return 3 if image.flags & MACHINE == WIDE_PC else 2


def _signed(value: int, bits: int) -> int:
    return (value & (1 << bits) - 1 ^ 1 << bits - 1) - (1 << bits - 1)
