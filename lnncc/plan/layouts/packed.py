"""What a layout gives, and words that several of them are made of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from lnncc.ir import Array, Attr

Number = TypeVar("Number", int, Array)


@dataclass(frozen=True, slots=True, eq=False)
class Packed:
    """Tables by parameter of the machine's own kernel, and its attributes."""

    tables: Mapping[str, Array]
    attrs: Mapping[str, Attr]
    calls: tuple[Mapping[str, Attr], ...] = ({},)  # further attributes of each call, where there are several
    scratch: int = 0  # elements of the parameter of that name


# From constants by parameter of the portable kernel, and the attributes, among them the "lanes" of the machine; None
# where the kernel has no use for them.
Layout = Callable[[Mapping[str, Array], Mapping[str, Attr]], Packed | None]


def integer(attrs: Mapping[str, Attr], name: str) -> int:
    value = attrs[name]
    assert isinstance(value, int)
    return value


def pair(lower: Number, upper: Number) -> Number:
    return upper << 16 | lower & 0xFFFF


def word(bits: Array) -> Array:
    """As int32."""
    return (bits + (1 << 31)) % (1 << 32) - (1 << 31)


def words(integers: Array) -> Array:
    """(..., words), of (..., bytes): the first of four bytes is the lowest of a word."""
    return integers.astype(np.int8).view("<i4").astype(np.int64)


def halves(words: Array) -> Array:
    """(..., 2): the lower and the upper half of each word, as int16."""
    return np.stack([(words + (1 << 15)) % (1 << 16) - (1 << 15), words >> 16], axis=-1)


def filled(values: Array, axis: int, multiple: int) -> Array:
    """``values`` with zeros at the end of ``axis``, up to a multiple."""
    widths = [(0, -size % multiple if i == axis else 0) for i, size in enumerate(values.shape)]
    return np.pad(values, widths)
