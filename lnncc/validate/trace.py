"""Which blocks of machine code one step ran through, in what order, how often: enough to count and to cost."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from lnncc.validate import thumb
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
        return sum(times * thumb.count(image, b.address, b.size) for b, times in self.blocks().items())


def from_blocks(sequence: list[tuple[int, int]], after: int) -> Trace:
    """The trace of a call that ran through (address, size) in ``sequence`` and returned to ``after``."""
    known = {pair: Block(*pair) for pair in set(sequence)}
    pairs = Counter(pairwise(sequence))
    edges = {(known[a], known[b]): times for (a, b), times in pairs.items()}
    return Trace(known[sequence[0]], edges, known[sequence[-1]], after)
