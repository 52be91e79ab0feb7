"""Packing: temporaries that are never alive together share one local array of the step."""

from collections.abc import Mapping
from dataclasses import dataclass

from lnncc.plan.places import Block, overlap, spans
from lnncc.plan.program import Buffer
from lnncc.plan.timeline import Life

Span = tuple[int, int]
TYPES = {16: "int16_t", 32: "int32_t"}


@dataclass(slots=True)
class _Array:
    bits: int
    size: int
    taken: list[Span]


def pack(blocks: Mapping[int, Block], lives: Mapping[str, Life]) -> tuple[dict[int, str], tuple[Buffer, ...]]:
    """The name in C of every block, and the local arrays, numbered as they come into use."""
    names = {key: block.root for key, block in blocks.items() if block.root is not None}
    arrays: list[_Array] = []
    temporaries = [(spans(block, lives), key) for key, block in blocks.items() if block.root is None and block.values]
    for taken, key in sorted(temporaries, key=lambda entry: (min(entry[0]), entry[1])):
        names[key] = f"t{_place(arrays, blocks[key], taken)}"
    return names, tuple(Buffer(f"t{i}", TYPES[a.bits], max(a.size, 1)) for i, a in enumerate(arrays))


def _place(arrays: list[_Array], block: Block, taken: list[Span]) -> int:
    """Index of the array for ``block``: the tightest free one, else the largest free one, grown, else a new one."""
    free = [i for i, a in enumerate(arrays) if a.bits == block.bits and not overlap(a.taken, taken)]
    if not free:
        arrays.append(_Array(block.bits, block.size, taken))
        return len(arrays) - 1
    best = min(free, key=lambda i: (arrays[i].size < block.size, abs(arrays[i].size - block.size)))
    arrays[best].size = max(arrays[best].size, block.size)
    arrays[best].taken += taken
    return best
