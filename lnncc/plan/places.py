"""Places: which values share one piece of memory. Values that share it need no copy between them.

A *block* is a piece of memory: a field of the state, an array of the caller, or a temporary. Wishes for a common place
are granted in order of what they save, if no value would be overwritten while it is alive.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lnncc.ir import Array, Graph
from lnncc.ops import OPS
from lnncc.plan.timeline import Life, Move, Ref, Timeline, final, result

EVEN = 2  # elements between places that temporaries may have in a state: kernels read whole words faster


@dataclass(frozen=True, slots=True)
class Place:
    """Elements from ``start`` of a block."""

    block: int
    start: int


@dataclass(slots=True, eq=False)
class Block:
    """``root`` is its name in C if that is given; it then has exactly ``size`` elements."""

    bits: int
    size: int
    values: list[str]
    root: str | None = None
    writable: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Where every running value lies."""

    blocks: dict[int, Block]
    values: dict[str, Place]

    def of(self, ref: Ref) -> Place:
        place = self.values[ref.value]
        return Place(place.block, place.start + ref.start)


def places(graph: Graph, line: Timeline, *, thrifty: bool = False) -> Places:
    """Every value of ``line`` that is no constant in a block, with as few copies and buffers as can be.

    ``thrifty``: a temporary lies in a state where that holds nothing, be it that its elements were read for the last
    time, or that what they become is not known yet.
    """
    sharing = _Sharing(graph, line)
    for _, move in line.wishes:
        sharing.grant(move)
    if thrifty:
        sharing.fill()
    return Places(sharing.blocks, sharing.values)


class _Sharing:
    def __init__(self, graph: Graph, line: Timeline) -> None:
        self.line = line
        self.blocks: dict[int, Block] = {}
        self.values: dict[str, Place] = {}
        for i, port in enumerate(graph.inputs):
            self._block([port.value], f"x{i}", writable=False)
        if graph.dt is not None:
            self._block([graph.dt], "&dt", writable=False)
        first = len(self.blocks)
        for i, state in enumerate(graph.states):
            self._block([state.before, final(i)], f"s->s{i}")
        self.states = range(first, len(self.blocks))
        for i, _ in enumerate(graph.outputs):
            self._block([result(i)], f"y{i}")
        for name in line.lives:
            if name not in self.values and name not in graph.constants:
                self._block([name])

    def _block(self, names: list[str], root: str | None = None, *, writable: bool = True) -> None:
        life, key = self.line.lives[names[0]], len(self.blocks)
        self.blocks[key] = Block(life.bits, life.size, names, root, writable)
        self.values.update(dict.fromkeys(names, Place(key, 0)))

    def grant(self, move: Move) -> None:
        """Put the block of ``move.source`` and that of ``move.to`` into one, unless something forbids it."""
        kept, moved = self.values[move.to.value], self.values[move.source.value]
        if kept.block == moved.block:
            return
        shift = (kept.start + move.to.start) - (moved.start + move.source.start)
        if self.blocks[moved.block].root is not None:
            kept, moved, shift = moved, kept, -shift
        if self._fit(kept.block, moved.block, shift) and not self._clash(kept.block, moved.block, shift):
            self._merge(kept.block, moved.block, shift)

    def fill(self) -> None:
        """Put temporaries into states, at the first even place where nothing is lost."""
        for key in [key for key, block in self.blocks.items() if block.root is None]:
            size = self.blocks[key].size
            spots = ((at, i) for at in self.states for i in range(0, self.blocks[at].size - size + 1, EVEN))
            found = next((spot for spot in spots if self._free(spot, key)), None)
            if found is not None:
                self._merge(found[0], key, found[1])

    def _free(self, spot: tuple[int, int], key: int) -> bool:
        state, shift = spot
        return self._fit(state, key, shift) and not self._clash(state, key, shift)

    def _fit(self, kept: int, moved: int, shift: int) -> bool:
        a, b = self.blocks[kept], self.blocks[moved]
        if b.root is not None or a.bits != b.bits or not a.writable:
            return False
        return a.root is None or (shift >= 0 and shift + b.size <= a.size)

    def _clash(self, kept: int, moved: int, shift: int) -> bool:
        return any(
            self._overwrites(a, self.values[a].start, b, self.values[b].start + shift)
            for a in self.blocks[kept].values
            for b in self.blocks[moved].values
        )

    def _overwrites(self, a: str, at_a: int, b: str, at_b: int) -> bool:
        """Whether a and b, lying there, would need one element for two different integers at one time."""
        one, other = self.line.lives[a], self.line.lives[b]
        first, last = max(at_a, at_b), min(at_a + one.size, at_b + other.size)
        if first >= last:
            return False
        mine, theirs = one.content[first - at_a : last - at_a], other.content[first - at_b : last - at_b]
        gone = self._replaced(b, at_b, a, at_a), self._replaced(a, at_a, b, at_b)
        return any(
            overlap(
                one.spans((first - at_a + start, first - at_a + end), gone[0]),
                other.spans((first - at_b + start, first - at_b + end), gone[1]),
            )
            for start, end in runs(mine != theirs)
        )

    def _replaced(self, new: str, at_new: int, old: str, at_old: int) -> int | None:
        """When an op may write its result ``new`` over its input ``old``, lying there, while reading it; else None."""
        maker = self.line.makers.get(new)
        if maker is None:
            return None
        size, allowed = self.line.lives[new].size, getattr(OPS[maker.node.op], "IN_PLACE", ())
        reads = [(i, ref) for i, ref in enumerate(maker.inputs) if ref.value == old]
        for position, ref in reads:
            start = at_old + ref.start
            apart = start + ref.size <= at_new or at_new + size <= start
            same = position in allowed and (start, ref.size) == (at_new, size)
            if not (apart or same):
                return None
        return maker.time if reads else None

    def _merge(self, kept: int, moved: int, shift: int) -> None:
        a, b = self.blocks[kept], self.blocks.pop(moved)
        for name in b.values:
            self.values[name] = Place(kept, self.values[name].start + shift)
        a.values += b.values
        if a.root is None:
            self._fit_size(a, kept, min(0, shift), max(a.size, shift + b.size))

    def _fit_size(self, block: Block, key: int, low: int, high: int) -> None:
        for name in block.values:
            self.values[name] = Place(key, self.values[name].start - low)
        block.size = high - low


def runs(flags: Array) -> list[tuple[int, int]]:
    """Where ``flags`` are set, as (start, end) of what is set without a gap."""
    edges = np.flatnonzero(np.diff(flags.astype(np.int8), prepend=0, append=0))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def overlap(a: list[tuple[int, int]], b: list[tuple[int, int]]) -> bool:
    return any(first <= end and start <= last for start, end in a for first, last in b)


def spans(block: Block, lives: Mapping[str, Life]) -> list[tuple[int, int]]:
    """When the memory of ``block`` is taken, by whichever of its values."""
    return [span for name in block.values for span in lives[name].spans(lives[name].whole, copies_apart=True)]
