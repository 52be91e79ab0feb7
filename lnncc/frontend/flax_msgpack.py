"""The trees of arrays that ``flax.serialization.to_bytes`` writes, as far as they are maps, arrays and numbers.

MessagePack, with flax' own extensions 1 (an array) and 3 (a number): each is itself a MessagePack list of the shape,
the name of the dtype, and the bytes in C order. Nothing else is read, and nothing is allocated that was not seen.
"""

import struct
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np

from lnncc.frontend import limits
from lnncc.ir import Array

Tree = dict[str, "Tree | Array"]
WHOLE = [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]
DTYPES = {name: np.dtype(name) for name in ("bool", *WHOLE, "float16", "float32", "float64")} | {
    "bfloat16": np.dtype(jnp.bfloat16)
}
ARRAY, NUMBER = 1, 3
CHUNKED = "__msgpack_chunked_array__"  # how flax writes what is larger than 1 GB
MAX_ENTRIES = 4 * limits.MAX_ARRAYS
LENGTHS = {1: ">B", 2: ">H", 4: ">I"}
SCALARS = {
    0xC2: None, 0xC3: None, 0xCA: ">f", 0xCB: ">d", 0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q",
    0xD0: ">b", 0xD1: ">h", 0xD2: ">i", 0xD3: ">q",
}  # fmt: skip


@dataclass(slots=True)
class _Reader:
    data: memoryview
    allowance: limits.Allowance
    at: int = 0
    entries: int = MAX_ENTRIES

    def take(self, size: int) -> memoryview:
        if self.at + size > len(self.data):
            raise ValueError("it ends too early")
        self.at += size
        return self.data[self.at - size : self.at]

    def number(self, layout: str) -> int | float:
        return struct.unpack(layout, self.take(struct.calcsize(layout)))[0]

    def length(self, lead: int, *, fixed: tuple[int, int] | None, first: int, sizes: tuple[int, ...]) -> int | None:
        """The length after the byte ``lead``: in its low bits if it is ``fixed``, else in the next bytes."""
        if fixed is not None and fixed[0] <= lead <= fixed[1]:
            return lead - fixed[0]
        if first <= lead < first + len(sizes):
            return int(self.number(LENGTHS[sizes[lead - first]]))
        return None

    def map(self, lead: int) -> int | None:
        return self.length(lead, fixed=(0x80, 0x8F), first=0xDE, sizes=(2, 4))

    def list(self) -> int:
        found = self.length(self.take(1)[0], fixed=(0x90, 0x9F), first=0xDC, sizes=(2, 4))
        if found is None:
            raise ValueError("something else stands where a list should")
        return found

    def text(self) -> str:
        found = self.length(self.take(1)[0], fixed=(0xA0, 0xBF), first=0xD9, sizes=(1, 2, 4))
        if found is None or found > limits.MAX_NAME:
            raise ValueError("something else stands where a name should")
        return bytes(self.take(found)).decode()

    def binary(self) -> memoryview:
        found = self.length(self.take(1)[0], fixed=None, first=0xC4, sizes=(1, 2, 4))
        if found is None:
            raise ValueError("something else stands where bytes should")
        return self.take(found)

    def whole(self, most: int) -> int:
        lead = self.take(1)[0]
        layout = SCALARS.get(lead)
        value = lead if lead < 0x80 else self.number(layout) if layout in (">B", ">H", ">I", ">Q") else -1
        if not 0 <= value <= most:
            raise ValueError("something else stands where a size should")
        return int(value)

    def value(self, depth: int) -> "Tree | Array | None":
        """What comes next; None for nil."""
        lead = self.take(1)[0]
        if lead == 0xC0:
            return None
        count = self.map(lead)
        if count is not None:
            return self.tree(count, depth)
        size = 1 << (lead - 0xD4) if 0xD4 <= lead <= 0xD8 else None
        size = self.length(lead, fixed=None, first=0xC7, sizes=(1, 2, 4)) if size is None else size
        if size is not None:
            return self.extension(size)
        return self.scalar(lead)

    def tree(self, count: int, depth: int) -> Tree:
        self.entries -= count
        if self.entries < 0 or depth > limits.MAX_DEPTH:
            raise ValueError("it holds more than a model can, or is nested too deeply")
        found: Tree = {}
        for _ in range(count):
            key = limits.name(self.text())
            if key in found or key == CHUNKED:
                raise ValueError(f"it has {key!r:.40} twice, or is larger than a model can be")
            value = self.value(depth + 1)
            if value is not None:
                found[key] = value
        return found

    def extension(self, size: int) -> Array:
        kind = self.take(1)[0]
        if kind not in (ARRAY, NUMBER):
            raise ValueError(f"it has an extension of kind {kind}, which is neither an array nor a number")
        inner = _Reader(self.take(size), self.allowance)
        if inner.list() != 3:
            raise ValueError("an array is not its shape, type and bytes")
        rank = inner.list()
        if rank > limits.MAX_RANK:
            raise ValueError(f"an array has {rank} axes")
        shape = [inner.whole(limits.MAX_NUMBERS) for _ in range(rank)]
        dtype = inner.text()
        if dtype not in DTYPES:
            raise ValueError(f"an array is of type {dtype!r:.40}")
        array = self.allowance.array(inner.binary(), DTYPES[dtype], shape)
        inner.end()
        return array

    def scalar(self, lead: int) -> Array:
        if lead < 0x80 or lead >= 0xE0:
            return np.asarray(lead if lead < 0x80 else lead - 0x100)
        if lead not in SCALARS:
            raise ValueError("it holds something other than arrays and numbers")
        layout = SCALARS[lead]
        return np.asarray(lead == 0xC3 if layout is None else self.number(layout))

    def end(self) -> None:
        if self.at < len(self.data):
            raise ValueError("something follows its end")


def read(data: bytes) -> Tree:
    """The tree in ``data``. Raises ValueError for what is none, or larger than a model can be."""
    reader = _Reader(memoryview(data), limits.Allowance())
    tree = reader.value(0)
    reader.end()
    if not isinstance(tree, dict):
        raise ValueError("it is no tree of arrays by name")
    return tree
