"""Which blocks of machine code one step ran through, in what order, how often: enough to count and to cost."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from lnncc.validate import code
from lnncc.validate.elf import Image


@dataclass(frozen=True, slots=True, order=True)
class Block:
    """``size`` bytes of code at ``address`` that ran from end to end."""

    address: int
    size: int


@dataclass(frozen=True, slots=True)
class Trace:
    """One call of a function. ``edges[a, b]`` is how often block b followed block a.

    ``first`` is the block the call entered; ``after`` is the address it returned to.
    """

    first: Block
    edges: Mapping[tuple[Block, Block], int]
    last: Block
    after: int

    def blocks(self) -> Counter[Block]:
        """How often each block ran."""
        counts = Counter({self.first: 1})
        for (_, block), times in self.edges.items():
            counts[block] += times
        return counts

    def instructions(self, image: Image) -> int:
        """Instructions executed, those that an IT block skips included, as a core's own counters do."""
        return sum(times * code.count(image, b.address, b.size) for b, times in self.blocks().items())


@dataclass(slots=True)
class Recorder:
    """Collects, from all blocks that a core runs, those of the first ``limit`` calls of the function at ``entry``.

    The block before the entry ends in the call, so that its end is where the call returns to.
    """

    entry: int
    limit: int
    finished: list[Trace] = field(default_factory=list[Trace])
    sequence: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    before: int = 0
    after: int | None = None

    def block(self, address: int, size: int) -> None:
        """``size`` bytes at ``address`` are about to run."""
        if self.after is not None and address == self.after:
            self.finished.append(from_blocks(self.sequence, self.after))
            self.sequence, self.after = [], None
        elif self.after is None and address == self.entry and len(self.finished) < self.limit:
            self.after = self.before
        if self.after is not None:
            self.sequence.append((address, size))
        self.before = address + size


def from_blocks(sequence: list[tuple[int, int]], after: int) -> Trace:
    """The trace of a call that ran through (address, size) in ``sequence`` and returned to ``after``."""
    known = {pair: Block(*pair) for pair in set(sequence)}
    pairs = Counter(pairwise(sequence))
    edges = {(known[a], known[b]): times for (a, b), times in pairs.items()}
    return Trace(known[sequence[0]], edges, known[sequence[-1]], after)
