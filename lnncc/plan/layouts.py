"""Layouts: the constants of a kernel in the order in which one machine likes to read them. No number changes.

A kernel names its layout in the line above its text (``plan.prototypes``); a layout is the function of that name here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from lnncc import fx
from lnncc.ir import Array, Attr

Number = TypeVar("Number", int, Array)

UNROLLED = 1 << 14  # synapses
FARTHEST = (1 << 12) - 1  # bytes that an offset in one instruction reaches forwards
LITERAL_COLUMNS = 2048  # that an offset in one instruction reaches back over
LONGEST_ROW = 512  # synapses of a destination that are counted in pairs, by eight bits
LISTED, PLACE = 12, 12  # bytes of a synapse in a list, and of the place of an input in tables
LONGEST_LIST = ((1 << 16) - 1) // LISTED  # of what is counted in bytes
FEWEST_HALVED, MOST_HALVED = 24, 256  # columns: of fewer, bytes are widened faster; no offset reaches more
MOST_NODES = 1 << 16  # that 16 bits count
MOST_INTERVALS = 1 << 16  # whose index leaves 16 bits below it
MAX_GROWTH = 1  # half of a table that is flat at both ends, in lengths of the table itself


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


def row_quads(constants: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed | None:
    """Four rows at a time: two columns of each, the next two columns, ..., then 2**(32 - shift) of each row.

    A product with that number, of which the upper word is kept, shifts a sum and rounds it. It is a positive int32 if
    the shift is at least 2.
    """
    return _quads(constants, attrs, _filled(_filled(constants["w"], 0, 4), 1, 2)[..., None])


def literal_rows(constants: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed | None:
    """Up to four rows at a time: two columns of each, the next two, ..., then 2**(32 - shift) of each row; an odd last
    column comes first. For calls whose sizes are literal."""
    return _literal(constants, attrs, ())


def literal_rows_from(constants: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed | None:
    """The same, with what each row begins from behind its factor, or behind those of two rows where there are four."""
    return _literal(constants, attrs, (_halves(constants["acc"]),))


def _literal(constants: Mapping[str, Array], attrs: Mapping[str, Attr], more: tuple[Array, ...]) -> Packed | None:
    factors = _factors(constants["s"])
    if attrs["shared"] or factors is None or _int(attrs, "cols") > LITERAL_COLUMNS:
        return None
    pairs, ends = _last_first(constants["w"]), np.stack([factors, *more], axis=1)
    groups = [
        (pairs[r : r + 4].swapaxes(0, 1), _by_twos(ends[r : r + 4]) if r + 4 <= len(pairs) else ends[r:])
        for r in range(0, len(pairs), 4)
    ]
    return Packed({"w": np.concatenate([part.reshape(-1, 2) for group in groups for part in group])}, attrs)


def literal_words(constants: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed | None:
    """Up to four rows at a time, one after the other, filled up to a word; then a word with the shift of each row, in
    bytes, which is at least 1. For calls whose sizes are literal."""
    return _literal_words(constants, attrs, None)


def literal_words_from(constants: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed | None:
    """The same, then what each row begins from."""
    return _literal_words(constants, attrs, constants["acc"])


def _literal_words(constants: Mapping[str, Array], attrs: Mapping[str, Attr], acc: Array | None) -> Packed | None:
    shift = np.minimum(constants["s"], fx.MOST_SHIFT)
    if attrs["shared"] or shift.min() < 1 or _int(attrs, "cols") > LITERAL_COLUMNS:
        return None
    words: list[Array] = []
    for r in range(0, len(shift), 4):
        rows = _filled(constants["w"][r : r + 4].reshape(-1), 0, 2).reshape(-1, 2)
        words += [rows, _halves((shift[r : r + 4] << 8 * np.arange(len(shift[r : r + 4]))).sum(keepdims=True))]
        words += [] if acc is None else [_halves(acc[r : r + 4])]
    return Packed({"w": np.concatenate(words)}, attrs)


def _last_first(w: Array) -> Array:
    """(rows, pairs of columns, 2); an odd last column is the first pair's lower half."""
    if w.shape[1] % 2:
        w = np.concatenate([w[:, -1:], np.zeros_like(w[:, :1]), w[:, :-1]], axis=1)
    return w.reshape(len(w), -1, 2)


def _by_twos(ends: Array) -> Array:
    """Of two rows each the first numbers, then the second ones."""
    return ends.reshape(2, 2, *ends.shape[1:]).swapaxes(1, 2)


def row_quads8(constants: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed | None:
    """The same with four columns of each, in bytes: the first, the third, the second and the fourth."""
    w = _filled(_filled(constants["w"], 0, 4), 1, 4)
    bytes_ = w.reshape(len(w), -1, 2, 2).swapaxes(2, 3).reshape(len(w), -1, 2)
    return _quads(constants, attrs, bytes_)


def byte_pairs(constants: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed:
    """Weights of 8 bits in halfwords: two rows, the second above the first, column by column, then the next two."""
    w = _filled(constants["w"], 0, 4)
    return Packed({"w": (w[1::2] * 256 + w[::2] % 256).reshape(-1)}, attrs)


def _quads(constants: Mapping[str, Array], attrs: Mapping[str, Attr], halves: Array) -> Packed | None:
    """``halves`` (rows, halves of words, parts) are put into words, the first part lowest."""
    given = _factors(constants["s"])
    if given is None:
        return None
    rows = len(halves) // 4
    joined = halves[..., 0] if halves.shape[2] == 1 else halves[..., 1] * 256 + halves[..., 0] % 256
    pairs = joined.reshape(rows, 4, -1, 2).transpose(0, 2, 1, 3)
    table = np.concatenate([pairs, _filled(given, 0, 4).reshape(rows, 1, 4, 2)], axis=1)
    return Packed({"w": table.reshape(-1, 2)}, attrs)


def _factors(shifts: Array) -> Array | None:
    """2**(32 - shift) of each row, in halves, if that is a positive int32."""
    shift = np.minimum(shifts, fx.MOST_SHIFT)
    return None if shift.min() < 2 else _halves(1 << (32 - shift))


def row_octets(constants: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed:
    """Four rows at a time: eight columns of each, the next eight columns, ..., then the shift of each row, negative."""
    w, shift = constants["w"], np.minimum(constants["s"], fx.MOST_SHIFT)
    padded, shifts = _filled(_filled(w, 0, 4), 1, 8), _filled(-shift, 0, 4)
    octets = padded.reshape(len(padded) // 4, 4, -1, 8).transpose(0, 2, 1, 3)
    table = np.concatenate([octets.reshape(len(octets), -1), shifts.reshape(-1, 4)], axis=1)
    return Packed({"w": table.reshape(-1)}, attrs)


def row_sixteens(constants: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed:
    """Four rows at a time: four columns of each, the next four, up to a multiple of sixteen; and of each row ``more``,
    128 times its sum."""
    w = _filled(_filled(constants["w"], 0, 4), 1, 16)
    fours = w.reshape(len(w) // 4, 4, -1, 4).transpose(0, 2, 1, 3)
    shift = _filled(np.minimum(constants["s"], fx.MOST_SHIFT), 0, 4)
    return Packed({"w": fours.reshape(-1), "s": shift, "more": 128 * w.sum(axis=1)}, attrs)


def row_halves(constants: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed | None:
    """Four rows at a time, in words: 128 times the sum of each, sixteen columns of each in bytes, the next, ...,
    the shift of each, negative. For calls whose sizes are literal, of so many columns that x is worth halving."""
    w, shift = constants["w"], np.minimum(constants["s"], fx.MOST_SHIFT)
    if attrs["shared"] or len(w) <= 4 or not FEWEST_HALVED < w.shape[1] <= MOST_HALVED:
        return None
    padded = _filled(_filled(w, 0, 4), 1, 16)
    fours, columns = len(padded) // 4, padded.shape[1]
    sixteens = padded.reshape(fours, 4, -1, 16).swapaxes(1, 2).reshape(fours, -1)
    sums, shifts = 128 * padded.sum(axis=1).reshape(fours, 4), _filled(-shift, 0, 4).reshape(fours, 4)
    return Packed(
        {"w": np.concatenate([sums, _words(sixteens), _words(shifts)], axis=1).reshape(-1)}, attrs, scratch=columns // 2
    )


def _words(integers: Array) -> Array:
    """(..., words), of (..., bytes): the first of four bytes is the lowest of a word."""
    return integers.astype(np.int8).view("<i4").astype(np.int64)


def _halves(words: Array) -> Array:
    """(..., 2): the lower and the upper half of each word, as int16."""
    return np.stack([(words + (1 << 15)) % (1 << 16) - (1 << 15), words >> 16], axis=-1)


def flat_ends(constants: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed | None:
    """Nodes on both sides of 0, a power of two each, the outermost flat: to saturate the index is to clip the input.

    A node is the rise to the next, as if positions had 16 fraction bits (``scale``) if that fits, and its value.
    """
    bits = min(_int(attrs, "shift"), fx.FRACTION_BITS)
    fits = np.abs(np.diff(constants["nodes"])).max() << (16 - bits) < 1 << 15
    return _flat(constants["nodes"], attrs, 16 if fits else bits)


def flat_rises(constants: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed | None:
    """The same with rises as they are, and of odd intervals the value at the end; if the index can be saturated by a
    shift to the left inside 32 bits, and there is room for a fraction of 15 bits and a sign below it."""
    shift = _int(attrs, "shift")
    table = _flat(constants["nodes"], attrs, min(shift, fx.FRACTION_BITS))
    half = 0 if table is None else _int(table.attrs, "half")
    if table is None or shift == 0 or half > min(1 << (31 - shift), MOST_INTERVALS // 2):
        return None
    rise, value = table.tables["nodes"].T
    ends = value + np.where(np.arange(-half, half) % 2, rise, 0)
    return replace(table, tables={"nodes": np.stack([rise, ends], axis=-1)})


def _flat(nodes: Array, attrs: Mapping[str, Attr], scale: int) -> Packed | None:
    low, shift = _int(attrs, "low"), _int(attrs, "shift")
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


def synapse_words(constants: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed | None:
    """b, a, w, e and source of each synapse; twice the source, plus 1 at the last one of a destination.

    From the ``first`` to the last destination that has synapses, each has one, if need be of no weight. The argument is
    mirrored, ~(a v + b) = -a v + ~b, and so is the table. w is doubled if that fits: g is what lies from bit ``up`` on.
    """
    table, used, record = _mirrored(constants["nodes"], attrs), _used(constants["counts"]), constants["synapse"]
    if table is None or used is None or record[:, 1].min() == -(1 << 15) or record[:, 4].max() >= 1 << 15:
        return None
    inner, where = used
    up = 16 if np.abs(record[:, 2]).max() < 1 << 14 else 15  # always 16 where weights may change: see ``quantise``
    words = np.stack([~record[:, 0], -record[:, 1], record[:, 2] << up - 15, record[:, 3], 2 * record[:, 4]], axis=-1)
    words = np.insert(words, np.cumsum(inner)[inner == 0], 0, axis=0)
    words[np.cumsum(np.maximum(inner, 1)) - 1, 4] += 1
    words[:, 4] = _halves(words[:, 4])[:, 0]
    return Packed({"synapse": words, **table.tables}, {**table.attrs, **where, "up": up})


def synapse_rows(constants: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed | None:
    """The same where all destinations that have synapses have the same sources, an even number of neighbours: of two
    synapses b, a below w, both e, and b, a below w, five words."""
    words, used = synapse_words(constants, attrs), _used(constants["counts"])
    if words is None or used is None:
        return None
    inner, where = used
    each, (b, a, w, e, _) = int(inner[0]), words.tables["synapse"].T
    skip = int(constants["synapse"][0, 4])
    if each % 2 or not 2 <= each <= LONGEST_ROW or (inner != each).any():
        return None
    if (constants["synapse"][:, 4].reshape(-1, each) != skip + np.arange(each)).any():
        return None
    two = [x.reshape(-1, 2).T for x in (b, _pair(a, w), e)]
    rows = np.stack([two[0][0], two[1][0], _pair(*two[2]), two[0][1], two[1][1]], axis=-1)
    tables = {**words.tables, "synapse": _word(rows).reshape(-1)}
    return Packed(tables, {**words.attrs, **where, "skip": skip, "pairs": each // 2})


def mirrored(constants: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed | None:
    """A mirrored table, for calls whose sizes are literal."""
    return None if attrs["shared"] else _mirrored(constants["nodes"], attrs)


def flat_mirrored(constants: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed | None:
    """Nodes of a mirrored table where those of x itself would be: the index is that of x, the fraction that of ~x. For
    calls whose sizes are literal."""
    table = None if attrs["shared"] else _mirrored(constants["nodes"], attrs)
    return table and replace(table, tables={"nodes": table.tables["nodes"][::-1]})


def _mirrored(nodes: Array, attrs: Mapping[str, Attr]) -> Packed | None:
    """A table with flat ends, of ~x instead of x.

    A node is a word: the value at the end of its interval, times 2**16, less the rise r to that, for fractions of 16
    bits. Of x with fraction f, ~x has 1 - f less one unit; the word plus its lower half, which is -r, times that is
    2**16 times the value that f gives: the r that the word lacks makes up for the unit.
    """
    bits = min(_int(attrs, "shift"), fx.FRACTION_BITS)
    rises = np.diff(nodes) << 16 - bits
    fits = rises.min() > -(1 << 15) and rises.max() <= 1 << 15
    flat = _flat(nodes, attrs, 16) if fits and bits > 0 else None
    if flat is None:
        return None
    rise, value = flat.tables["nodes"].T
    words = ((value + (rise >> 16 - bits)) << 16) - rise
    return replace(flat, tables={"nodes": _halves(words)[::-1]})


def _used(counts: Array) -> tuple[Array, Mapping[str, Attr]] | None:
    """The counts from the first to the last destination that has synapses, and which these are; None if none has."""
    used = np.flatnonzero(counts)
    if not len(used):
        return None
    first, end = int(used[0]), int(used[-1]) + 1
    return counts[first:end], {"first": first, "n": end - first, "all": len(counts)}


def synapse_fours(constants: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed | None:
    """Of each destination the number of fours of synapses, then the source of each; the rest as words. If that number
    is odd, four come first: b of each, a of each, w with e above it. Of eight a of each, b of the even ones, b of the
    odd ones, w and e of each. What fills up a four has no weight."""
    table, used = flat_rises(constants, attrs), _used(constants["counts"])
    record = constants["synapse"]
    if table is None or used is None or record[:, 4].max() >= 1 << 15:
        return None
    inner, where = used
    parts = [_filled(part, 0, 4) for part in _split(record, np.cumsum(inner))]
    counts = [np.append(len(part) // 4, part[:, 4]) for part in parts]
    words = [_eight(some) if len(some) == 8 else _four(some) for part in parts for some in _eights(part)]
    tables = {"synapse": np.concatenate(words), "counts": np.concatenate(counts), **table.tables}
    return Packed(tables, {**table.attrs, **where})


def _eights(synapses: Array) -> list[Array]:
    """Four if they are no eights, then eights."""
    odd = len(synapses) % 8
    return [part for part in (synapses[:odd], *synapses[odd:].reshape(-1, 8, 5)) if len(part)]


def _four(synapses: Array) -> Array:
    b, a, w, e, _ = synapses.T
    return np.concatenate([b, _joined(a), _pair(w, e)])


def _eight(synapses: Array) -> Array:
    b, a, w, e, _ = synapses.T
    return np.concatenate([_joined(a), b[::2], b[1::2], _joined(w), _joined(e)])


def _joined(halves: Array) -> Array:
    """Of two halves the first is the lower one of a word."""
    return _pair(halves[::2], halves[1::2])


def synapse_lists(constants: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed | None:
    """Of each destination the bytes that its synapses take, then of each of these ~b from the left end of the table on,
    -a below w, e below twice the source; mirrored as ``synapse_words`` has it.

    From the ``first`` to the last destination that has synapses, each has one, if need be of no weight.
    """
    table, used, record = _mirrored(constants["nodes"], attrs), _used(constants["counts"]), constants["synapse"]
    if table is None or used is None or record[:, 1].min() == -(1 << 15) or record[:, 4].max() >= 1 << 15:
        return None
    if record[:, 2].min() < 0:
        return None  # the upper half is read as it is, without a sign
    inner, where = used
    b, a, w, e, source = record.T
    left = _int(table.attrs, "half") << _int(attrs, "shift")
    words = np.stack([_word(~b + left), _pair(-a, w), _word(_pair(e, 2 * source))], axis=-1)
    words = np.insert(words, np.cumsum(inner)[inner == 0], 0, axis=0)
    ends = np.cumsum(np.maximum(inner, 1))
    lists = [np.append(LISTED * len(part), part.reshape(-1)) for part in np.split(words, ends[:-1])]
    return Packed({"synapse": np.concatenate(lists), **table.tables}, {**table.attrs, **where})


def synapse_places(constants: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed | None:
    """Of each synapse where its table is, its reversal potential, and where the place of its source is; both in bytes.
    Of each destination the bytes that its synapses take.

    Only sources between the first and the last that any synapse has get a place. Nodes are one more than they are:
    times parts of 2**15 that add up to one, that is the half that rounds.
    """
    nodes, src, used = constants["nodes"], constants["src"], _used(constants["counts"])
    if used is None or nodes.min() < 0 or _int(attrs, "shift") == 0:
        return None  # a node is read without a sign, and a shift to the left by 32 there is not
    inner, where = used
    if inner.max() > LONGEST_LIST:
        return None
    skip = int(src.min())
    sources = int(src.max()) - skip + 1
    tables = 2 * nodes.shape[1] * np.arange(len(src))
    words = np.stack([tables, constants["e"], PLACE * (src - skip)], axis=-1)
    packed = {"nodes": nodes.reshape(-1) + 1, "synapse": words.reshape(-1), "counts": LISTED * inner}
    return Packed(packed, {**attrs, **where, "skip": skip, "sources": sources}, scratch=sources)


def _word(bits: Array) -> Array:
    """As int32."""
    return (bits + (1 << 31)) % (1 << 32) - (1 << 31)


def own_eights(constants: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed | None:
    """Of each destination the number of synapses, then of eight of them the sources, then the node at 0 of each, the
    next eight, ...; and e of each, filled up to eights.

    Where nodes are more than 16 bits count, they are counted from a destination's first one, and the number of nodes
    that the destination before has comes first (``far``).
    """
    nodes, used = constants["nodes"], _used(constants["counts"])
    shift, stride = _int(attrs, "shift"), (1 << 16 >> _int(attrs, "shift")) + 1
    if used is None or nodes.min() < 0 or int(constants["counts"].max()) * stride > MOST_NODES:
        return None  # the rise between two nodes that are not negative fits 16 bits
    inner, where = used
    far, ends = int(inner.sum()) * stride > MOST_NODES, np.cumsum(inner)
    begin = np.concatenate([[0], ends[:-1]])
    middle = (np.arange(ends[-1]) - (np.repeat(begin, inner) if far else 0)) * stride + (1 << 15 >> shift)
    eights = [
        np.stack([_filled(column, 0, 8).reshape(-1, 8) for column in both], axis=1).reshape(-1)
        for both in zip(_split(constants["src"], ends), _split(middle, ends), strict=True)
    ]
    skipped = np.concatenate([[0], inner[:-1]]) * stride
    heads = np.stack([skipped, inner], axis=1) if far else inner[:, None]
    listed = [part for both in zip(heads, eights, strict=True) for part in both]
    e = [_filled(part, 0, 8) for part in _split(constants["e"], ends)]
    tables = {"nodes": nodes, "e": np.concatenate(e), "counts": np.concatenate(listed)}
    return Packed(tables, {**attrs, **where, "far": int(far)})


def _split(values: Array, ends: Array) -> list[Array]:
    return np.split(values, ends[:-1])


def one_by_one(constants: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed | None:
    """Each destination by a call of its own; the first one finds the positions of the sources.

    Tables lie in the ``order`` of their sources. A position is that in the table ``where`` its source counts from, by
    an ``index`` that one instruction reaches; ``src`` says which position. All that is literal when it is compiled.
    """
    counts, nodes, src = constants["counts"], constants["nodes"], constants["src"]
    if not attrs["unroll"] or len(src) > UNROLLED:
        return None
    sorted_, (order, positions) = np.argsort(src, kind="stable"), np.unique(src, return_inverse=True)
    where = _starts(np.bincount(positions, minlength=1), FARTHEST // (2 * nodes.shape[1]))
    calls = [{"j": j, "first": int(counts[:j].sum()), "count": int(n), "sources": 0} for j, n in enumerate(counts)]
    calls[0]["sources"] = len(order)
    tables = {
        "nodes": nodes[sorted_].reshape(-1),
        "src": positions,
        "index": np.argsort(sorted_) - where[positions],
        "order": order,
        "where": where,
    }
    return Packed(tables, attrs, tuple(calls), max(len(order), 1))


def _starts(sizes: Array, reach: int) -> Array:
    """Groups of tables lie one behind the other: of each group the table that its own are counted from, the same for
    as many as lie no more than ``reach`` behind it."""
    starts, start, end = list[int](), 0, 0
    for size in sizes.tolist():
        start, end = (start if end + size - 1 - start <= reach else end), end + size
        starts.append(start)
    return np.array(starts)


def with_positions(constants: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed:
    """As it is, with memory for the positions of the sources."""
    return Packed({"counts": constants["counts"]}, attrs, scratch=_int(attrs, "sources"))


def each(constants: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed | None:
    """Each element by a call of its own, which knows its weight, if that may be a literal."""
    calls = tuple({"j": j, "weight": int(weight)} for j, weight in enumerate(constants["p"]))
    return Packed({}, attrs, calls) if attrs["unroll"] and attrs["literal"] and calls else None


def source_first(constants: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed:
    """Source, a, b, w and e of each synapse: the order in which they are needed, so that a pointer need only go up."""
    return Packed({"synapse": constants["synapse"][:, [4, 1, 0, 2, 3]]}, attrs)


def columns(constants: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed:
    """A matrix column by column: what machines read that sum a row in each lane, however many lanes they have."""
    return Packed({"w": constants["w"].T.reshape(-1)}, attrs)


def synapse_columns(constants: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed | None:
    """b, a, w, e and the source of synapses apart, for machines that take those of a destination at a time."""
    record = constants["synapse"]
    if record[:, 4].max(initial=0) >= 1 << 15:
        return None  # twice a source is an offset of 16 bits
    return Packed(dict(zip(("b", "a", "w", "e", "src"), record.T, strict=True)), attrs)


def pairs(values: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed:
    """A matrix for machines that sum a row in each lane, two columns at a time: (block, pair of columns, lane, 2)."""
    lanes = _int(attrs, "lanes")
    w = _filled(values["w"], 0, lanes)
    w = _filled(w, 1, 2)
    blocks = w.reshape(-1, lanes, w.shape[1] // 2, 2).transpose(0, 2, 1, 3)
    return Packed({"w": blocks, "s": _filled(values["s"], 0, lanes)}, attrs)


def sell(values: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed | None:
    """Synapses for machines with a destination in each lane, sorted by how many synapses they have: SELL-C-sigma
    (Kreutzer et al., SIAM J. Sci. Comput. 2014). A step is (4, lanes): where the source is, b, a, and e with w."""
    lanes, counts, record = _int(attrs, "lanes"), values["counts"], values["synapse"]
    if len(record) == 0 or record[:, 4].max() == 0:
        return None  # a source is read with a neighbour, which a single one lacks
    order = np.argsort(-counts, kind="stable")[: np.count_nonzero(counts)]
    first = np.cumsum(counts) - counts
    steps = [
        _step([record[first[j] + k] if k < counts[j] else None for j in block], lanes)
        for block in np.split(order, range(lanes, len(order), lanes))
        for k in range(counts[block[0]])
    ]
    tables = {"synapse": np.stack(steps), "counts": counts[order[::lanes]], "order": order}
    return Packed(tables, {**attrs, "active": len(order)})


def _step(synapses: Sequence[Array | None], lanes: int) -> Array:
    step = np.zeros((4, lanes), np.int64)
    for lane, synapse in enumerate(synapses):
        if synapse is not None:
            b, a, w, e, source = synapse.tolist()
            step[:, lane] = max(source - 1, 0), b, _pair(0, a) if source else _pair(a, 0), _pair(e, w)
    return step


def _pair(lower: Number, upper: Number) -> Number:
    return upper << 16 | lower & 0xFFFF


def _filled(values: Array, axis: int, multiple: int) -> Array:
    """``values`` with zeros at the end of ``axis``, up to a multiple."""
    widths = [(0, -size % multiple if i == axis else 0) for i, size in enumerate(values.shape)]
    return np.pad(values, widths)


def _int(attrs: Mapping[str, Attr], name: str) -> int:
    value = attrs[name]
    assert isinstance(value, int)
    return value


LAYOUTS: Mapping[str, Layout] = {
    function.__name__: function
    for function in (
        row_quads,
        literal_rows,
        literal_rows_from,
        literal_words,
        literal_words_from,
        row_quads8,
        byte_pairs,
        row_octets,
        row_sixteens,
        row_halves,
        mirrored,
        flat_mirrored,
        flat_ends,
        flat_rises,
        synapse_words,
        synapse_rows,
        synapse_fours,
        synapse_lists,
        synapse_places,
        one_by_one,
        with_positions,
        own_eights,
        each,
        source_first,
        columns,
        synapse_columns,
        pairs,
        sell,
    )
}
