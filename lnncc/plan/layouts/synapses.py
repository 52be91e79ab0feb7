"""Layouts of synapses that share a table: those of a destination behind each other, or a destination in each lane."""

from collections.abc import Mapping, Sequence

import numpy as np

from lnncc.ir import Array, Attr
from lnncc.plan.layouts.packed import Packed, filled, halves, integer, pair, word
from lnncc.plan.layouts.tables import flat_rises, mirror

LONGEST_ROW = 512  # synapses of a destination that are counted in pairs, by eight bits
LISTED = 12  # bytes of a synapse in a list


def synapse_words(constants: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed | None:
    """b, a, w, e and source of each synapse; twice the source, plus 1 at the last one of a destination.

    From the ``first`` to the last destination that has synapses, each has one, if need be of no weight. The argument is
    mirrored, ~(a v + b) = -a v + ~b, and so is the table. w is doubled if that fits: g is what lies from bit ``up`` on.
    """
    table, used, record = mirror(constants["nodes"], attrs), used_counts(constants["counts"]), constants["synapse"]
    if table is None or used is None or record[:, 1].min() == -(1 << 15) or record[:, 4].max() >= 1 << 15:
        return None
    inner, where = used
    up = 16 if np.abs(record[:, 2]).max() < 1 << 14 else 15  # always 16 where weights may change: see ``quantise``
    words = np.stack([~record[:, 0], -record[:, 1], record[:, 2] << up - 15, record[:, 3], 2 * record[:, 4]], axis=-1)
    words = np.insert(words, np.cumsum(inner)[inner == 0], 0, axis=0)
    words[np.cumsum(np.maximum(inner, 1)) - 1, 4] += 1
    words[:, 4] = halves(words[:, 4])[:, 0]
    return Packed({"synapse": words, **table.tables}, {**table.attrs, **where, "up": up})


def synapse_rows(constants: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed | None:
    """The same where all destinations that have synapses have the same sources, an even number of neighbours: of two
    synapses b, a below w, both e, and b, a below w, five words."""
    words, used = synapse_words(constants, attrs), used_counts(constants["counts"])
    if words is None or used is None:
        return None
    inner, where = used
    each, (b, a, w, e, _) = int(inner[0]), words.tables["synapse"].T
    skip = int(constants["synapse"][0, 4])
    if each % 2 or not 2 <= each <= LONGEST_ROW or (inner != each).any():
        return None
    if (constants["synapse"][:, 4].reshape(-1, each) != skip + np.arange(each)).any():
        return None
    two = [x.reshape(-1, 2).T for x in (b, pair(a, w), e)]
    rows = np.stack([two[0][0], two[1][0], pair(*two[2]), two[0][1], two[1][1]], axis=-1)
    tables = {**words.tables, "synapse": word(rows).reshape(-1)}
    return Packed(tables, {**words.attrs, **where, "skip": skip, "pairs": each // 2})


def synapse_lists(constants: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed | None:
    """Of each destination the bytes that its synapses take, then of each of these ~b from the left end of the table on,
    -a below w, e below twice the source; mirrored as ``synapse_words`` has it.

    From the ``first`` to the last destination that has synapses, each has one, if need be of no weight.
    """
    table, used, record = mirror(constants["nodes"], attrs), used_counts(constants["counts"]), constants["synapse"]
    if table is None or used is None or record[:, 1].min() == -(1 << 15) or record[:, 4].max() >= 1 << 15:
        return None
    if record[:, 2].min() < 0:
        return None  # the upper half is read as it is, without a sign
    inner, where = used
    b, a, w, e, source = record.T
    left = integer(table.attrs, "half") << integer(attrs, "shift")
    words = np.stack([word(~b + left), pair(-a, w), word(pair(e, 2 * source))], axis=-1)
    words = np.insert(words, np.cumsum(inner)[inner == 0], 0, axis=0)
    ends = np.cumsum(np.maximum(inner, 1))
    lists = [np.append(LISTED * len(part), part.reshape(-1)) for part in np.split(words, ends[:-1])]
    return Packed({"synapse": np.concatenate(lists), **table.tables}, {**table.attrs, **where})


def synapse_fours(constants: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed | None:
    """Of each destination the number of fours of synapses, then the source of each; the rest as words. If that number
    is odd, four come first: b of each, a of each, w with e above it. Of eight a of each, b of the even ones, b of the
    odd ones, w and e of each. What fills up a four has no weight."""
    table, used = flat_rises(constants, attrs), used_counts(constants["counts"])
    record = constants["synapse"]
    if table is None or used is None or record[:, 4].max() >= 1 << 15:
        return None
    inner, where = used
    parts = [filled(part, 0, 4) for part in split(record, np.cumsum(inner))]
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
    return np.concatenate([b, _joined(a), pair(w, e)])


def _eight(synapses: Array) -> Array:
    b, a, w, e, _ = synapses.T
    return np.concatenate([_joined(a), b[::2], b[1::2], _joined(w), _joined(e)])


def _joined(halves: Array) -> Array:
    """Of two halves the first is the lower one of a word."""
    return pair(halves[::2], halves[1::2])


def source_first(constants: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed:
    """Source, a, b, w and e of each synapse: the order in which they are needed, so that a pointer need only go up."""
    return Packed({"synapse": constants["synapse"][:, [4, 1, 0, 2, 3]]}, attrs)


def synapse_columns(constants: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed | None:
    """b, a, w, e and the source of synapses apart, for machines that take those of a destination at a time."""
    record = constants["synapse"]
    if record[:, 4].max(initial=0) >= 1 << 15:
        return None  # twice a source is an offset of 16 bits
    return Packed(dict(zip(("b", "a", "w", "e", "src"), record.T, strict=True)), attrs)


def sell(values: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed | None:
    """Synapses for machines with a destination in each lane, sorted by how many synapses they have: SELL-C-sigma
    (Kreutzer et al., SIAM J. Sci. Comput. 2014). A step is (4, lanes): where the source is, b, a, and e with w."""
    lanes, counts, record = integer(attrs, "lanes"), values["counts"], values["synapse"]
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
            step[:, lane] = max(source - 1, 0), b, pair(0, a) if source else pair(a, 0), pair(e, w)
    return step


def used_counts(counts: Array) -> tuple[Array, Mapping[str, Attr]] | None:
    """The counts from the first to the last destination that has synapses, and which these are; None if none has."""
    used = np.flatnonzero(counts)
    if not len(used):
        return None
    first, end = int(used[0]), int(used[-1]) + 1
    return counts[first:end], {"first": first, "n": end - first, "all": len(counts)}


def split(values: Array, ends: Array) -> list[Array]:
    return np.split(values, ends[:-1])
