"""memory: what fills flash and RAM, block by block: by the symbols of the linked program, or by the plan alone."""

from dataclasses import dataclass

from lnncc.plan.program import Plan
from lnncc.report.onchip import OnChip
from lnncc.report.subject import Subject


@dataclass(frozen=True, slots=True)
class Block:
    """``kind`` is weights, table, code, or other; ``name`` is the symbol in the C, ``label`` what it holds."""

    name: str
    label: str
    bytes: int
    kind: str


@dataclass(frozen=True, slots=True)
class Part:
    """The part that the model must fit into, in bytes."""

    name: str
    flash: int
    ram: int


@dataclass(frozen=True, slots=True)
class Memory:
    """``linked`` says that sizes are those of a linked program; else ``flash`` has no code, and the stack no frames.

    ``flash_bytes`` is what the model adds to a program, whose padding and library may be there already.
    """

    linked: bool
    flash_bytes: int
    flash: tuple[Block, ...]
    ram: tuple[Block, ...]
    stack_path: tuple[str, ...]
    part: Part | None

    @property
    def ram_bytes(self) -> int:
        return sum(block.bytes for block in self.ram)


def memory(subject: Subject, chip: OnChip) -> Memory:
    """The largest blocks first."""
    known = subject.target.part
    part = None if known is None else Part(known.name, known.flash, known.ram)
    if chip.sizes is None:
        held = Block("temporaries", "arrays of a step", subject.plan.buffer_bytes, "stack")
        flash = _largest(_planned(subject.plan))
        return Memory(False, sum(b.bytes for b in flash), flash, (*_state(subject.plan), held), (), part)
    sizes, holds = chip.sizes, {block.name: block for block in _planned(subject.plan)}
    blocks = [_linked(symbol, size, code, holds, subject.plan.name) for symbol, size, code in sizes.parts]
    rest = sizes.flash - sum(block.bytes for block in blocks)
    if rest > 0:
        blocks.append(Block("rest", "padding, and what has no symbol", rest, "other"))
    state = _state(subject.plan)
    static = sizes.ram - sum(block.bytes for block in state)
    ram = [*state, *([Block("static", "data of the compiler's library", static, "other")] if static > 0 else [])]
    ram.append(Block("stack", "deepest path through the step's machine code", sizes.stack, "stack"))
    return Memory(True, sizes.flash, _largest(blocks), tuple(ram), sizes.stack_path, part)


def _largest(blocks: list[Block]) -> tuple[Block, ...]:
    return tuple(sorted(blocks, key=lambda b: (-b.bytes, b.name)))


def _planned(plan: Plan) -> list[Block]:
    fixed = [Block(t.name, t.label, t.bytes, _kind(t.label)) for t in plan.constants if t in plan.tables]
    return fixed if plan.image is None else [*fixed, Block("built_in", "all weights", plan.image.bytes, "weights")]


def _kind(label: str) -> str:
    """By what ``quantise`` wrote of a constant: a function has its number of intervals, all else weighs something."""
    return "table" if " intervals" in label and "conductance" not in label else "weights"


def _linked(symbol: str, size: int, code: bool, holds: dict[str, Block], name: str) -> Block:
    held = holds.get(symbol.partition(".")[0])
    if held is not None and not code:
        return Block(symbol, held.label, size, held.kind)
    if not code:
        return Block(symbol, "constants of the states" if symbol.startswith("s") else "constants", size, "weights")
    what = "the model's own function" if symbol.startswith(f"{name}_") else "a kernel or a function of the compiler"
    return Block(symbol, what, size, "code")


def _state(plan: Plan) -> list[Block]:
    fields = [Block(f.name, f"state, {f.size} x int16", 2 * f.size, "state") for f in plan.fields]
    rest = plan.state_bytes - sum(block.bytes for block in fields)
    return [*fields, Block("clipped", "the counter, and its alignment", rest, "state")]
