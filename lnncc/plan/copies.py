"""Simultaneous copies, in an order in which no source is overwritten before it is read."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lnncc.plan.places import Block, Place, Places
from lnncc.plan.timeline import Instruction, Life, Move, Moves, Ref, Repeat, Timeline


@dataclass(frozen=True, slots=True)
class Copy:
    """``size`` elements; a source that is a ``Ref`` is a constant."""

    to: Place
    source: Place | Ref
    size: int

    def destroys(self, other: "Copy") -> bool:
        """Whether writing this copy's target would change what ``other`` has still to read."""
        source = other.source
        if not isinstance(source, Place) or source.block != self.to.block:
            return False
        return self.to.start < source.start + other.size and source.start < self.to.start + self.size


def in_order(copies: Sequence[Copy], scratch: Callable[[int], Place]) -> list[Copy]:
    """The copies one after the other; ``scratch`` gives a free place of a size, to break a cycle."""
    pending = [c for c in copies if c.to != c.source]
    ordered: list[Copy] = []
    while pending:
        free = next((c for c in pending if not any(c.destroys(other) for other in pending)), None)
        if free is not None:
            pending.remove(free)
            ordered.append(free)
            continue
        first = pending.pop(0)
        aside = Copy(scratch(first.size), first.source, first.size)
        ordered.append(aside)
        pending.append(Copy(first.to, aside.to, first.size))
    return ordered


def schedule(line: Timeline, where: Places) -> Mapping[int, list[Copy]]:
    """The copies that remain of each ``Moves``, by its time. Scratch places become blocks of ``where``."""
    return {
        moves.time: in_order(_copies(line, where, moves), _scratch(line, where, moves.time))
        for moves in _all(line.instructions)
    }


def _all(instructions: Iterable[Instruction]) -> Iterator[Moves]:
    for instruction in instructions:
        if isinstance(instruction, Moves):
            yield instruction
        elif isinstance(instruction, Repeat):
            yield from _all(instruction.body)


def _copies(line: Timeline, where: Places, moves: Moves) -> list[Copy]:
    wanted = [m for m in moves.moves if m.source.size > 0 and _read(line, where, m)]
    return [Copy(where.of(m.to), _source(where, m.source), m.source.size) for m in wanted]


def _read(line: Timeline, where: Places, move: Move) -> bool:
    """Whether anybody reads the target: a later node, or the caller."""
    block = where.blocks[where.of(move.to).block]
    return block.root is not None or bool(line.lives[move.to.value].uses)


def _source(where: Places, ref: Ref) -> Place | Ref:
    return where.of(ref) if ref.value in where.values else ref


def _scratch(line: Timeline, where: Places, time: int) -> Callable[[int], Place]:
    def free(size: int) -> Place:
        key = max(where.blocks) + 1
        name = f"<scratch{key}>"
        line.lives[name] = Life(16, size, np.full(size, -1), [2 * time + 1])
        where.blocks[key] = Block(16, size, [name])
        where.values[name] = Place(key, 0)
        return where.values[name]

    return free
