"""The part of HDF5 that Keras writes: groups, and arrays of numbers that lie in one piece.

Written after the HDF5 File Format Specification, version 3.0. Everything else that the format has is refused: links
to elsewhere, virtual and external arrays, filters, newer groups. The HDF5 library itself is no choice for files of
strangers: one changed byte lets its version 2.0.0 run for ever.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from lnncc.frontend import limits
from lnncc.ir import Array

SIGNATURE = b"\x89HDF\r\n\x1a\n"
SUPERBLOCK = bytes((0, 0, 0, 0, 0, 8, 8, 0))  # all versions 0; offsets and lengths of 8 bytes
ROOT = 56 + 8  # where the address of the root's header is
UNDEFINED = 2**64 - 1
MAX_READ = 1 << 23  # bytes of structure; a record counts 16 more
NIL, DATASPACE, DATATYPE, OLD_FILL, FILL, LAYOUT, ATTRIBUTE, CONTINUED, TABLE, MODIFIED = (
    0x00, 0x01, 0x03, 0x04, 0x05, 0x08, 0x0C, 0x10, 0x11, 0x12,
)  # fmt: skip
KNOWN = {NIL, DATASPACE, DATATYPE, OLD_FILL, FILL, LAYOUT, ATTRIBUTE, CONTINUED, TABLE, MODIFIED}
FLOATS = {  # size: place of the sign; places and sizes of exponent and mantissa; bias
    2: (15, (10, 5, 0, 10, 15)),
    4: (31, (23, 8, 0, 23, 127)),
    8: (63, (52, 11, 0, 52, 1023)),
}


@dataclass(slots=True)
class _File:
    """Bytes that are read where the file says they are, if they are there, and not for ever."""

    data: memoryview
    left: int = MAX_READ
    seen: set[int] = field(default_factory=set)

    def piece(self, start: int, size: int) -> memoryview:
        if start + size > len(self.data):
            raise ValueError("it points outside of itself")
        return self.data[start : start + size]

    def record(self, start: int, size: int) -> bytes:
        self.left -= size + 16
        if self.left < 0:
            raise ValueError("it is structured more than a model can be")
        return bytes(self.piece(start, size))

    def numbers(self, layout: str, start: int) -> tuple[int, ...]:
        return struct.unpack(layout, self.record(start, struct.calcsize(layout)))

    def visit(self, address: int) -> None:
        """Each object has one name: a group cannot hold itself."""
        if address in self.seen:
            raise ValueError("two names are of one object")
        self.seen.add(address)


def read(data: bytes) -> dict[str, Array]:
    """The arrays by their paths, as ``layers/dense/vars/0``; views of ``data``.

    Raises:
        ValueError, struct.error: for a file that is no such part of HDF5, or larger than a model can be.
    """
    if len(data) > limits.MAX_FILE:
        raise ValueError(f"it is bigger than {limits.MAX_FILE >> 20} MB")
    if not data.startswith(SIGNATURE) or data[8:16] != SUPERBLOCK:
        raise ValueError("it is not HDF5 as Keras writes it")
    file, allowance = _File(memoryview(data)), limits.Allowance()
    (base,), (root,) = file.numbers("<Q", 24), file.numbers("<Q", ROOT)
    if base:
        raise ValueError("it does not begin at its beginning")
    arrays: dict[str, Array] = {}
    waiting = [("", root)]
    while waiting:
        path, address = waiting.pop()
        messages = _messages(file, address)
        if TABLE in messages:
            children = [(f"{path}/{child}" if path else child, at) for child, at in _links(file, messages[TABLE])]
            waiting += reversed(children)
        else:
            arrays[path] = _array(file, messages, allowance, path)
        if path.count("/") > limits.MAX_DEPTH:
            raise ValueError("its groups are nested too deeply")
    return arrays


def _messages(file: _File, address: int) -> dict[int, bytes]:
    """The header of an object, by kind of message. What says more than once what an object is, says nothing."""
    file.visit(address)
    version, count, size = file.numbers("<BxH4xI", address)
    if version != 1:
        raise ValueError(f"an object has a header of version {version}")
    blocks, messages = [(address + 16, size)], {}
    while blocks and count:
        start, left = blocks.pop(0)
        while left >= 8 and count:
            kind, length, flags = file.numbers("<HHB3x", start)
            body = file.record(start + 8, length)
            start, left, count = start + 8 + length, left - 8 - length, count - 1
            if kind not in KNOWN or flags & 2 or (kind in messages and kind not in (NIL, ATTRIBUTE, CONTINUED)):
                raise ValueError(f"an object has a message of kind {kind:#x}, which Keras does not write")
            if kind == CONTINUED:
                blocks.append(struct.unpack_from("<QQ", body))
            messages[kind] = body
        if left < 0:
            raise ValueError("a message is longer than its header")
    return messages


def _links(file: _File, table: bytes) -> Iterator[tuple[str, int]]:
    """The names in a group, and the addresses of the headers behind them."""
    tree, heap = struct.unpack_from("<QQ", table)
    signature, size, names = struct.unpack("<4s4xQ8xQ", file.record(heap, 32))
    if signature != b"HEAP":
        raise ValueError("a group has no names")
    text = file.record(names, size)
    taken: set[str] = set()
    for leaf in _leaves(file, tree):
        signature, count = struct.unpack("<4s2xH", file.record(leaf, 8))
        if signature != b"SNOD":
            raise ValueError("a group has no entries")
        for entry, header, cache in struct.iter_unpack("<QQI20x", file.record(leaf + 8, 40 * count)):
            if cache > 1:
                raise ValueError("it holds a link to elsewhere")
            child = limits.name(text[entry : text.index(b"\0", entry)].decode())
            if "/" in child or child in (".", "..", *taken):
                raise ValueError(f"{child!r:.40} is no name of an array, or there are two")
            taken.add(child)
            yield child, header


def _leaves(file: _File, root: int) -> Iterator[int]:
    """The leaves of a tree of names, from left to right."""
    waiting = [(root, None)]
    while waiting:
        address, expected = waiting.pop()
        file.visit(address)
        signature, kind, level, used = struct.unpack("<4sBBH", file.record(address, 8))
        if signature != b"TREE" or kind or (expected is not None and level != expected):
            raise ValueError("a group is no tree of names")
        keys_and_children = file.record(address + 24 + 8, 16 * used)
        children = [child for child, _ in struct.iter_unpack("<QQ", keys_and_children)]
        if level:
            waiting += [(child, level - 1) for child in reversed(children)]
        else:
            yield from children


def _array(file: _File, messages: Mapping[int, bytes], allowance: limits.Allowance, path: str) -> Array:
    if not {DATASPACE, DATATYPE, LAYOUT} <= set(messages):
        raise ValueError(f"{path!r:.80} is neither a group nor an array")
    shape, dtype = _shape(messages[DATASPACE]), _dtype(messages[DATATYPE], path)
    version, kind = messages[LAYOUT][:2]
    if version != 3 or kind > 1:
        raise ValueError(f"{path!r:.80} does not lie in one piece")
    if kind == 0:
        (size,) = struct.unpack_from("<H", messages[LAYOUT], 2)
        return allowance.array(messages[LAYOUT][4 : 4 + size], dtype, shape)
    start, size = struct.unpack_from("<QQ", messages[LAYOUT], 2)
    if start == UNDEFINED and size:
        raise ValueError(f"{path!r:.80} was never written")
    return allowance.array(file.piece(start, size) if size else b"", dtype, shape)


def _shape(dataspace: bytes) -> tuple[int, ...]:
    version, rank, flags = dataspace[:3]
    if version != 1 or rank > limits.MAX_RANK or flags > 1:
        raise ValueError("an array has no plain shape")
    return struct.unpack_from(f"<{rank}Q", dataspace, 8)


def _dtype(datatype: bytes, path: str) -> np.dtype:
    """Little-endian integers of 1, 2, 4 or 8 bytes, and the floats of IEEE 754."""
    size = struct.unpack_from("<I", datatype, 4)[0]
    kind, bits = datatype[0], datatype[1:4]
    whole = struct.unpack_from("<HH", datatype, 8) == (0, 8 * size)  # all bits of it count
    if kind == 0x10 and whole and size in (1, 2, 4, 8) and bits in (b"\0\0\0", b"\x08\0\0"):
        return np.dtype(f"<{'i' if bits[0] else 'u'}{size}")
    if kind == 0x11 and whole and size in FLOATS:
        sign, parts = FLOATS[size]
        if bits == bytes((0x20, sign, 0)) and struct.unpack_from("<BBBBI", datatype, 12) == parts:
            return np.dtype(f"<f{size}")
    raise ValueError(f"{path!r:.80} holds no plain numbers")
