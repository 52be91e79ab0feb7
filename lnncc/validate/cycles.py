"""Cycles a step, estimated: Arm's tables for zero wait states over the blocks that a step ran, in their order.

The tables leave some costs open (how far a branch's target was fetched ahead, whether an IT folds, how early a
division ends), so an estimate is a minimum, a nominal value and a maximum. Nominal values agree with silicon within
about 5 % on array code, and may be up to a quarter low on code that branches much.

Sources: Cortex-M0+ TRM (DDI 0484) table 3-1; Cortex-M3 TRM (DDI 0337) and Cortex-M4 TRM (100166) sections 3.3.1 and
3.3.3, here called "pairing". The Cortex-M0+ is taken to have the single-cycle multiplier.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lnncc.validate import thumb
from lnncc.validate.elf import Image
from lnncc.validate.thumb import Instruction
from lnncc.validate.trace import Block, Trace


@dataclass(frozen=True, slots=True)
class Cycles:
    """An estimate in cycles."""

    minimum: int
    nominal: int
    maximum: int


Cost = tuple[int, int, int]  # minimum, nominal, maximum
# (the instruction before, this one, the one after) -> cycles of this one; None outside of what was traced.
Model = Callable[[Instruction | None, Instruction, Instruction | None], Cost]

LOADS = frozenset({"ldr", "ldrb", "ldrh", "ldrsb", "ldrsh", "ldrex", "ldrexb", "ldrexh"})
STORES = frozenset({"str", "strb", "strh"})
MULTIPLE = frozenset({"push", "pop", "ldm", "ldmdb", "stm", "stmdb"})
BRANCHES = frozenset({"b", "cbz", "cbnz"})
BARRIERS = frozenset({"dmb", "dsb", "isb"})
ELSEWHERE = LOADS | STORES | MULTIPLE | BRANCHES | BARRIERS | {"bl", "bx", "blx", "tbb", "tbh", "it", "ldrd", "strd"}
LONG_ON_M3: Mapping[str, Cost] = {
    "mla": (2, 2, 2),
    "mls": (2, 2, 2),
    "smull": (3, 4, 5),
    "umull": (3, 4, 5),
    "smlal": (4, 5, 7),
    "umlal": (4, 5, 7),
}


def estimate(image: Image, trace: Trace, model: str) -> Cycles:
    """Cycles of one traced call on the core that ``model`` names, a key of ``MODELS``."""
    cost, code = MODELS[model], _code(image, trace)
    charges = _charges(trace, code, cost)
    low, nominal, high = (sum(times * cycles[i] for times, cycles in charges) for i in range(3))
    return Cycles(low, nominal, high)


def _code(image: Image, trace: Trace) -> Mapping[Block, tuple[Instruction, ...]]:
    """The instructions of every traced block, and the one that the call returned to."""
    code = {block: thumb.decode(image, block.address, block.size) for block in trace.blocks()}
    size = thumb.length(int.from_bytes(image.read(trace.after, 2), "little"))
    code[Block(trace.after, 0)] = thumb.decode(image, trace.after, size)
    return code


def _charges(trace: Trace, code: Mapping[Block, tuple[Instruction, ...]], cost: Model) -> list[tuple[int, Cost]]:
    """(times, cycles of it) for the inside of blocks and for the seams between two blocks.

    A block's last instruction is charged at the seam, where it is known whether it branched, and its first one
    at the seam before, where it is known what it followed.
    """
    seams = dict(trace.edges) | {(trace.last, Block(trace.after, 0)): 1}
    charges = [(times, _inside(code[block], cost)) for block, times in trace.blocks().items()]
    for (left, right), times in seams.items():
        charges.append((times, _leaving(code[left], code[right][0], cost)))
        if right.size:
            charges.append((times, _entering(code[left][-1], code[right], cost)))
    charges.append((1, _entering(None, code[trace.first], cost)))
    return charges


def _inside(block: tuple[Instruction, ...], cost: Model) -> Cost:
    """All but the first and the last instruction."""
    costs = [cost(block[i - 1], block[i], block[i + 1]) for i in range(1, len(block) - 1)]
    return (sum(c[0] for c in costs), sum(c[1] for c in costs), sum(c[2] for c in costs))


def _leaving(block: tuple[Instruction, ...], following: Instruction, cost: Model) -> Cost:
    """The last instruction; where it is the first too, nothing is known of what ran before it."""
    *earlier, last = block
    return cost(earlier[-1] if earlier else None, last, following)


def _entering(before: Instruction | None, block: tuple[Instruction, ...], cost: Model) -> Cost:
    return (0, 0, 0) if len(block) == 1 else cost(before, block[0], block[1])


def _cortex_m0plus(before: Instruction | None, this: Instruction, after: Instruction | None) -> Cost:
    match this.name:
        case "b":
            cycles = 2 if _jumps(this, after) else 1
        case "bl":
            cycles = 3
        case "bx" | "blx":
            cycles = 2
        case name if name in MULTIPLE:
            cycles = 1 + _listed(this) + (2 if "pc" in this.writes else 0)
        case name if name in LOADS | STORES:
            cycles = 2
        case name if name in BARRIERS or name in ("mrs", "msr"):
            cycles = 3
        case _:
            cycles = 2 if "pc" in this.writes else 1
    return (cycles, cycles, cycles)


def _cortex_m3(before: Instruction | None, this: Instruction, after: Instruction | None) -> Cost:
    return LONG_ON_M3.get(this.name) or _cortex_m4(before, this, after)


def _cortex_m4(before: Instruction | None, this: Instruction, after: Instruction | None) -> Cost:
    if this.name in BRANCHES or "pc" in this.writes or this.name in ("tbb", "tbh"):
        return _branch(this, after) if _jumps(this, after) else (1, 1, 1)
    costs = _straight(before, this)
    # Whether an IT skipped it is not in the trace.
    return (1, *costs[1:]) if this.conditional else costs


def _jumps(this: Instruction, after: Instruction | None) -> bool:
    """Whether control went elsewhere: always, unless the instruction has a condition and what ran is next to it."""
    choice = this.conditional or this.name in ("cbz", "cbnz")
    return not choice or after is None or after.address != this.end


def _branch(this: Instruction, after: Instruction | None) -> Cost:
    match this.name:
        case "tbb" | "tbh":
            return (3, 5, 6)  # the table has 2 + P, pairing "at least six"
        case name if name in LOADS:
            return (5, 5, 5)
        case name if name in MULTIPLE:
            return _plus(1 + _listed(this), _refill(after, 2))
        case "b" | "bl" | "cbz" | "cbnz":
            return _plus(1, _refill(after, 1))
    return _plus(1, _refill(after, 2))


def _straight(before: Instruction | None, this: Instruction) -> Cost:
    match this.name:
        case name if name in MULTIPLE:
            cycles = 1 + _listed(this)
            return (cycles, cycles, cycles)
        case "ldrd" | "strd":
            return (3, 3, 3)
        case name if name in LOADS | STORES:
            return _single(before, this)
        case "it":
            return (0, 1, 1)
        case "sdiv" | "udiv":
            return (2, 7, 12)
        case name if name in BARRIERS:
            return (1, 1, 4)
    return (1, 1, 1)


def _single(before: Instruction | None, this: Instruction) -> Cost:
    """Two cycles, or one in the shadow of a load before it; see "pairing".

    A store with a constant offset takes one anyway. An address that the ALU has only just made costs one more.
    """
    address = _address(this)
    hides = before is not None and before.name in LOADS and not before.writes & address
    stall = 1 if before is not None and _on_alu(before) and before.writes & address else 0
    indexed = this.memory is not None and bool(this.memory.index)
    cycles = 1 if hides or (this.name in STORES and not indexed) else 2
    contention = 1 if this.memory is not None and this.memory.base == "pc" else 0  # "might add a cycle"
    return (cycles + stall, cycles + stall, cycles + stall + contention)


def _refill(target: Instruction | None, nominal: int) -> Cost:
    """P: 1 to 3 cycles to fill the pipeline; one more than usual where a wide target straddles two words."""
    straddles = target is not None and target.size == 4 and target.address & 2 != 0
    return (1, min(nominal + straddles, 3), 3)


def _plus(cycles: int, cost: Cost) -> Cost:
    return (cycles + cost[0], cycles + cost[1], cycles + cost[2])


def _address(this: Instruction) -> frozenset[str]:
    memory = this.memory
    return frozenset() if memory is None else frozenset({memory.base, memory.index} - {"", "pc"})


def _on_alu(this: Instruction) -> bool:
    return this.name not in ELSEWHERE


def _listed(this: Instruction) -> int:
    """Registers in the list: all operands of push and pop, all but the base of ldm and stm."""
    return len(this.registers) - (0 if this.name in ("push", "pop") else 1)


MODELS: Mapping[str, Model] = {
    "cortex-m0plus": _cortex_m0plus,
    "cortex-m3": _cortex_m3,
    "cortex-m4": _cortex_m4,
}
