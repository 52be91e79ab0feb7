"""synapses: for each destination j the pair (Σ g·e, Σ g) over its sources, g = w · f(a · v + b): the LTC's hot loop.

The *same integer* g enters both sums, so the quotient of the pair lies in the hull of the reversal potentials e,
whatever the table's error (Hasani et al., AAAI 2021, theorem 2, made exact for integers). Because the scale of g
cancels in the quotient, each destination has a scale of its own, as large as its pair allows.
"""

from collections.abc import Callable, Mapping

import numpy as np

from lnncc import choices, expr, fx, lut, polygons, quotient
from lnncc.expr import Expr
from lnncc.fx import Carrier
from lnncc.interval import Interval
from lnncc.ir import Array, Attr, Format, Node, Value
from lnncc.quantiser import Quantiser
from lnncc.quotient import Pair
from lnncc.tube import Tube

WIDE = True
WIDE_INPUTS = (0,)
IN_PLACE = (0,)
TABLES = (*lut.KINDS, "own")  # one table of f for all, or one of g a synapse: op ``synapse_tables``
BLOCK = 1 << 12  # inputs tried at a time
F_BITS = 15  # f is Q0.15


def reference(
    attrs: Mapping[str, Attr],
    base: Array,
    v: Array,
    a: Array,
    b: Array,
    w: Array,
    e: Array,
    src: Array,
    counts: Array,
) -> Array:
    g = w * expr.evaluate(_expr(attrs), a * v[..., src.astype(int)] + b)
    edges = np.concatenate([[0], np.cumsum(counts.astype(int))])

    def sums(terms: Array) -> Array:
        total = np.concatenate([np.zeros((*terms.shape[:-1], 1)), np.cumsum(terms, axis=-1)], axis=-1)
        return total[..., edges[1:]] - total[..., edges[:-1]]

    return base + np.stack([sums(g * e), sums(g)], axis=-1)


def span(attrs: Mapping[str, Attr], base: Interval, v: Interval, *constants: Interval) -> Interval:
    """The pair with the hull of the quotient it stands for."""
    _, _, w, e, _, counts = (c.low for c in constants)
    owner = np.repeat(np.arange(len(counts)), counts.astype(int))
    low, high = base_hull(base)
    np.minimum.at(low, owner, e)
    np.maximum.at(high, owner, e)
    weight = np.zeros(len(counts))
    np.add.at(weight, owner, w)
    top = base.high[:, 1] + weight
    reach = np.maximum(np.abs(low), np.abs(high)) * top
    ends = np.stack([-reach, base.low[:, 1]], axis=-1), np.stack([reach, top], axis=-1)
    return Interval(*ends, Interval(low, high))


def base_hull(base: Interval) -> tuple[Array, Array]:
    """Hull of what the pair already holds; an empty pair (Σ g = 0) has an empty hull."""
    if base.hull is not None:
        return base.hull.low.copy(), base.hull.high.copy()
    n, d = base.low[:, 0], base.low[:, 1]
    value = np.divide(n, d, out=np.zeros(len(n)), where=d > 0)
    return np.where(d > 0, value, np.inf), np.where(d > 0, value, -np.inf)


def tube(attrs: Mapping[str, Attr], base: Pair | Tube, v: Tube, *constants: Tube) -> Pair:
    a, b, w, e, src, counts = (c.span.low for c in constants)
    owner = np.repeat(np.arange(len(counts)), counts.astype(int))
    pair = base if isinstance(base, Pair) else Pair(base.span.low, ())
    source = v.moved(lambda x: x[src.astype(int)])
    return Pair(pair.base, (*pair.parts, quotient.synapses(_expr(attrs), source, a, b, w, e, owner)))


def quantise(node: Node, q: Quantiser) -> None:
    """At a run-time dt there is no kernel for tables of single synapses: one serves all."""
    time, choice = q.time(node), q.choice(node).table
    if choice.kind == "own" and time is None:
        _own_tables(node, q)
        return
    choice = choices.Table("linear", choice.intervals) if choice.kind == "own" else choice
    base, v, a, b, w, e, src, counts = node.inputs
    counts_int = q.floats(counts).astype(np.int64)
    scale = np.repeat(q.scale(node), counts_int)
    source, state = q.format(v), q.pair_format(node)
    slope, offset = q.floats(a), q.floats(b)
    half = np.abs(slope) * q.reach(v)[q.floats(src).astype(int)] * 2.0**-source.frac
    finest = _argument_fraction(slope, float((half + np.abs(offset)).max(initial=16.0)), source)
    frac = q.settled(node, "fraction bits of arguments", finest - q.spare())
    q.fits(node.outputs[0], "the arguments of its function", 2.0**-finest, 2.0**-frac)
    function, target = _expr(node.attrs), Format(16, F_BITS)
    span = None
    if not lut.is_flat(function, target):
        span = q.within(node, "the arguments of its function", Interval(offset - half, offset + half))
    table = lut.build(function, frac, target, span, choice)
    exact = np.stack(
        [
            offset * 2.0**frac,
            slope * 2.0 ** (frac - source.frac),
            q.floats(w) * scale,
            q.floats(e) * 2.0**state.frac,
            q.floats(src),
        ],
        axis=-1,
    )
    record = np.rint(exact).astype(np.int64)
    record[:, 3] = q.stored(node.outputs[0], "a reversal potential", exact[:, 3], state)
    constants = (
        q.constant(record, Format(32, 0), label="synapses: b, a, w, e, source", error=np.abs(record - exact)),
        q.constant(counts_int, Format(16, 0), label="synapses of each destination", error=0),
        q.constant(table.nodes, target, label=table.label, error=table.deviation, function=True),
    )
    place: dict[str, Attr] = {"low": table.low, "top": table.top, "shift": table.shift}
    attrs: dict[str, Attr] = {**place, "kind": table.kind, "n": len(counts_int)}
    inputs = q.pair(base, node), v, *constants
    op, inputs = ("synapses", inputs) if time is None else ("synapses_dt", (*inputs, time))
    q.emit(op, inputs, node.outputs[0], Format(32, state.frac), attrs)


def _own_tables(node: Node, q: Quantiser) -> None:
    """The node as ``synapse_tables``: each g = w · f(a · v + b) as a table over all of int16, in half units."""
    base, v, a, b, w, e, src, counts = node.inputs
    counts_int, state = q.floats(counts).astype(np.int64), q.pair_format(node)
    unit, reach = 2.0 ** -q.format(v).frac, q.span(v)
    weight = 2 * q.floats(w) * np.repeat(q.scale(node), counts_int)
    sources = q.floats(src).astype(np.int64)

    def conductance(raw: Array) -> Array:
        return weight * expr.evaluate(_expr(node.attrs), q.floats(a) * (raw[:, None] * unit) + q.floats(b))

    intervals = q.choice(node).table.intervals
    spans = np.stack([reach.low[sources], reach.high[sources]]) / unit
    nodes = polygons.fitted(conductance, spans, intervals)
    shift = 16 - int(np.log2(intervals))
    exact = q.floats(e) * 2.0**state.frac
    reversal = q.stored(node.outputs[0], "a reversal potential", exact, state)
    label = f"twice the conductance of each synapse, {intervals} intervals"
    constants = (
        q.constant(nodes, Format(16, 0), label=label, error=_deviations(nodes, shift, conductance, spans)),
        q.constant(
            reversal, Format(32, state.frac), label="reversal potential of each synapse", error=np.abs(reversal - exact)
        ),
        q.constant(sources, Format(16, 0), label="source of each synapse", error=0),
        q.constant(counts_int, Format(16, 0), label="synapses of each destination", error=0),
    )
    attrs: dict[str, Attr] = {"shift": shift, "sources": q.size(v), "n": len(counts_int)}
    q.emit("synapse_tables", (q.pair(base, node), v, *constants), node.outputs[0], Format(32, state.frac), attrs)


def _deviations(nodes: Array, shift: int, conductance: Callable[[Array], Array], spans: Array) -> Array:
    """(synapses, 4): worst error over the inputs that a source should reach, from where to where, and over all."""
    low, high = np.clip(np.stack([np.floor(spans[0]) - 2, np.ceil(spans[1]) + 2]), *fx.INT16)
    worst = anywhere = np.zeros(len(nodes))
    for start in range(*fx.INT16, BLOCK):
        raw = np.arange(start, start + BLOCK)
        g = fx.interpolate(nodes, np.repeat(raw[:, None], len(nodes), axis=1), shift)
        assert isinstance(g, np.ndarray)
        inside = (low <= raw[:, None]) & (raw[:, None] <= high)
        error = np.abs(g - conductance(raw) / 2)
        worst = np.maximum(worst, np.where(inside, error, 0.0).max(axis=0))
        anywhere = np.maximum(anywhere, error.max(axis=0))
    return np.stack([worst, low, high, anywhere], axis=-1)


def _argument_fraction(a: Array, limit: float, source: Format) -> int:
    """Most fraction bits of a·v + b, at most ``limit``, that keep a in int16 and the argument in int32."""
    biggest = max(float(np.abs(a).max(initial=0.0)), 2.0**-12)
    by_slope = int(np.floor(np.log2(32767.0 / biggest))) + source.frac
    return min(by_slope, int(np.floor(np.log2(2.0**30.9 / limit))), 26)


def evaluate(
    attrs: Mapping[str, Attr], base: Carrier, v: Carrier, record: Array, counts: Array, nodes: Array
) -> Carrier:
    w, e = fx.column(record, 2), fx.column(record, 3)
    g = fx.rshift(fx.mul(w, opened(attrs, v, record, nodes)), F_BITS)
    return summed(base, g, e, counts)


def opened(attrs: Mapping[str, Attr], v: Carrier, record: Carrier, nodes: Array) -> Carrier:
    """f(a · v + b) of every synapse."""
    b, a, src = (fx.column(record, k) for k in (0, 1, 4))
    return lut.read(attrs, nodes, fx.mac(b, a, fx.take(v, src)))


def summed(base: Carrier, g: Carrier, e: Carrier, counts: Carrier) -> Carrier:
    """``base`` and the sums over the synapses of each destination: the same integers g in both."""
    n, d = fx.column(base, 0), fx.column(base, 1)
    return fx.stack(fx.segment_sum(n, fx.mul(e, g), counts), fx.segment_sum(d, g, counts))


def kernel(node: Node, bits: Mapping[str, int]) -> str:
    return lut.kernel("synapses", node.attrs)


def _expr(attrs: Mapping[str, Attr]) -> Expr:
    value = attrs["expr"]
    assert isinstance(value, tuple)
    return value


def work(node: Node, values: Mapping[str, Value]) -> Mapping[str, int]:
    synapses, pairs = values[node.inputs[2]].shape[0], values[node.outputs[0]].size
    return {lut.kernel("synapse", node.attrs): synapses, "destination": pairs // 2}
