"""Layouts of tables that all inputs share: flat at both ends, so that an index saturates, or mirrored."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from lnncc import fx
from lnncc.ir import Array, Attr
from lnncc.plan.layouts.packed import Packed, halves, integer

MOST_INTERVALS = 1 << 16  # whose index leaves 16 bits below it
MAX_GROWTH = 1  # half of a table that is flat at both ends, in lengths of the table itself


def flat_ends(constants: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed | None:
    """Nodes on both sides of 0, a power of two each, the outermost flat: to saturate the index is to clip the input.

    A node is the rise to the next, as if positions had 16 fraction bits (``scale``) if that fits, and its value.
    """
    bits = min(integer(attrs, "shift"), fx.FRACTION_BITS)
    fits = np.abs(np.diff(constants["nodes"])).max() << (16 - bits) < 1 << 15
    return _flat(constants["nodes"], attrs, 16 if fits else bits)


def flat_rises(constants: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed | None:
    """The same with rises as they are, and of odd intervals the value at the end; if the index can be saturated by a
    shift to the left inside 32 bits, and there is room for a fraction of 15 bits and a sign below it."""
    shift = integer(attrs, "shift")
    table = _flat(constants["nodes"], attrs, min(shift, fx.FRACTION_BITS))
    half = 0 if table is None else integer(table.attrs, "half")
    if table is None or shift == 0 or half > min(1 << (31 - shift), MOST_INTERVALS // 2):
        return None
    rise, value = table.tables["nodes"].T
    ends = value + np.where(np.arange(-half, half) % 2, rise, 0)
    return replace(table, tables={"nodes": np.stack([rise, ends], axis=-1)})


def _flat(nodes: Array, attrs: Mapping[str, Attr], scale: int) -> Packed | None:
    low, shift = integer(attrs, "low"), integer(attrs, "shift")
    bits = min(shift, fx.FRACTION_BITS)
    value, rise = nodes[:-1], np.diff(nodes)
    first, end = low >> shift, (low >> shift) + len(value)
    half = 1 << (max(int(rise[0] != 0) - first, int(rise[-1] != 0) + end, 1) - 1).bit_length()
    if half > MAX_GROWTH * len(value):
        return None
    last = value[-1] + ((nodes[-1] - value[-1]) * ((1 << bits) - 1) >> bits)
    ends = half + first, half - end
    table = np.stack(
        [np.pad(rise << (scale - bits), ends), np.pad(value, ends, constant_values=(value[0], last))], axis=-1
    )
    return Packed({"nodes": table}, {**attrs, "half": half, "bits": bits, "scale": scale})


def mirrored(constants: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed | None:
    """A mirrored table, for calls whose sizes are literal."""
    return None if attrs["shared"] else mirror(constants["nodes"], attrs)


def flat_mirrored(constants: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed | None:
    """Nodes of a mirrored table where those of x itself would be: the index is that of x, the fraction that of ~x. For
    calls whose sizes are literal."""
    table = None if attrs["shared"] else mirror(constants["nodes"], attrs)
    return table and replace(table, tables={"nodes": table.tables["nodes"][::-1]})


def mirror(nodes: Array, attrs: Mapping[str, Attr]) -> Packed | None:
    """A table with flat ends, of ~x instead of x.

    A node is a word: the value at the end of its interval, times 2**16, less the rise r to that, for fractions of 16
    bits. Of x with fraction f, ~x has 1 - f less one unit; the word plus its lower half, which is -r, times that is
    2**16 times the value that f gives: the r that the word lacks makes up for the unit.
    """
    bits = min(integer(attrs, "shift"), fx.FRACTION_BITS)
    rises = np.diff(nodes) << 16 - bits
    fits = rises.min() > -(1 << 15) and rises.max() <= 1 << 15
    flat = _flat(nodes, attrs, 16) if fits and bits > 0 else None
    if flat is None:
        return None
    rise, value = flat.tables["nodes"].T
    words = ((value + (rise >> 16 - bits)) << 16) - rise
    return replace(flat, tables={"nodes": halves(words)[::-1]})
