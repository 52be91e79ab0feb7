"""Layouts of synapses with tables of their own, and of what has a call for each destination."""

from collections.abc import Mapping

import numpy as np

from lnncc.ir import Array, Attr
from lnncc.plan.layouts.packed import Packed, filled, integer
from lnncc.plan.layouts.synapses import LISTED, split, used_counts

UNROLLED = 1 << 14  # synapses
FARTHEST = (1 << 12) - 1  # bytes that an offset in one instruction reaches forwards
PLACE = 12  # bytes of that of an input in tables
LONGEST_LIST = ((1 << 16) - 1) // LISTED  # of what is counted in bytes
MOST_NODES = 1 << 16  # that 16 bits count


def synapse_places(constants: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed | None:
    """Of each synapse where its table is, its reversal potential, and where the place of its source is; both in bytes.
    Of each destination the bytes that its synapses take.

    Only sources between the first and the last that any synapse has get a place. Nodes are one more than they are:
    times parts of 2**15 that add up to one, that is the half that rounds.
    """
    nodes, src, used = constants["nodes"], constants["src"], used_counts(constants["counts"])
    if used is None or nodes.min() < 0 or integer(attrs, "shift") == 0:
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


def own_eights(constants: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed | None:
    """Of each destination the number of synapses, then of eight of them the sources, then the node at 0 of each, the
    next eight, ...; and e of each, filled up to eights.

    Where nodes are more than 16 bits count, they are counted from a destination's first one, and the number of nodes
    that the destination before has comes first (``far``).
    """
    nodes, used = constants["nodes"], used_counts(constants["counts"])
    shift, stride = integer(attrs, "shift"), (1 << 16 >> integer(attrs, "shift")) + 1
    if used is None or nodes.min() < 0 or int(constants["counts"].max()) * stride > MOST_NODES:
        return None  # the rise between two nodes that are not negative fits 16 bits
    inner, where = used
    far, ends = int(inner.sum()) * stride > MOST_NODES, np.cumsum(inner)
    begin = np.concatenate([[0], ends[:-1]])
    middle = (np.arange(ends[-1]) - (np.repeat(begin, inner) if far else 0)) * stride + (1 << 15 >> shift)
    eights = [
        np.stack([filled(column, 0, 8).reshape(-1, 8) for column in both], axis=1).reshape(-1)
        for both in zip(split(constants["src"], ends), split(middle, ends), strict=True)
    ]
    skipped = np.concatenate([[0], inner[:-1]]) * stride
    heads = np.stack([skipped, inner], axis=1) if far else inner[:, None]
    listed = [part for both in zip(heads, eights, strict=True) for part in both]
    e = [filled(part, 0, 8) for part in split(constants["e"], ends)]
    tables = {"nodes": nodes, "e": np.concatenate(e), "counts": np.concatenate(listed)}
    return Packed(tables, {**attrs, **where, "far": int(far)})


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
    return Packed({"counts": constants["counts"]}, attrs, scratch=integer(attrs, "sources"))


def each(constants: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed | None:
    """Each element by a call of its own, which knows its weight, if that may be a literal."""
    calls = tuple({"j": j, "weight": int(weight)} for j, weight in enumerate(constants["p"]))
    return Packed({}, attrs, calls) if attrs["unroll"] and attrs["literal"] and calls else None
