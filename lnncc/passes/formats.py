"""formats: the fixed-point format of every value. All that changes bits is decided here."""

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from lnncc import expr
from lnncc.interval import Interval
from lnncc.ir import Format, Graph, Node
from lnncc.passes.balance import balance
from lnncc.passes.ranges import Ranges

HEADROOM = 4.0  # times what calibration saw, where interval arithmetic over layers has lost touch with it
WIDE_FRACTION = 16  # of accumulators and pre-activations: far below the last bit of any int16 they feed
DT_BITS = 30  # of the longest elapsed time
FINE_FRACTION = 22  # of what is multiplied by an elapsed time, which may be long
FLAT = 2.0**-17  # by how much a function may change where it counts as flat
STORED = 127.0  # largest weight in the narrowest storage
WIDEST = 32767.5  # in the widest
SAME_FORMAT = frozenset({"slice", "gather", "door"})  # ops that move bits as they are
ACCUMULATING = frozenset({"affine", "diagonal", "elapse"})  # ops that add to their first input
WIDE = ACCUMULATING | {"decay"}  # ops whose results have 32 bits
COMPARING = {"softmax": 14, "argmax": 0}  # fraction bits: a softmax reaches 1, a class is a whole number
FACTOR = {
    "elapse": 1,
    "decay": 0,
    "divide": 1,
}  # which input must be fine: an elapsed time multiplies it, or it may be small
NOTHING: Mapping[str, int] = {}


def formats(graph: Graph, ranges: Ranges, moved: Mapping[str, int] = NOTHING) -> Graph:
    """The graph with a format for every running value.

    16-bit values get the most fraction bits that hold their interval; what a loop or a state carries has one format
    on entry and on exit; the links of a chain of accumulations share one wide format. What leaves a ramp (silu, relu)
    has no bound of its own: it gets HEADROOM over calibration if that is narrower, and saturates there, counted.

    ``moved`` gives the format of a 16-bit value, and so of all that share it, so many fraction bits more than it should
    have: to ask what would be otherwise. What follows from it is as it would be then.
    """
    groups, wide = _groups(graph), _wide(graph)
    ramps = {node.outputs[0] for node in graph.walk() if node.op == "ramp"}
    reaches: dict[str, float] = {}
    chosen: dict[str, Format] = {}
    for name in graph.values:
        if name not in graph.constants:
            root = groups.root(name)
            reaches[root] = max(_reach(name, ramps, ranges), reaches.get(root, 0.0))
    for name in graph.values:
        if name not in graph.constants:
            reach = reaches[groups.root(name)]
            chosen[name] = _wide_format(reach) if name in wide else _narrow_format(reach)
    given = balance(graph, shared(graph), chosen, ranges.spans, ranges.moments)
    chosen |= {name: replace(chosen[name], frac=chosen[name].frac - bits) for name, bits in given.items()}
    for name, bits in moved.items():
        _move(name, bits, groups, chosen)
    _compared(graph, groups, reaches, chosen)
    _storable(graph, groups, chosen)
    _fine(graph, groups, reaches, chosen)
    _saturating(graph, groups, ranges, chosen)
    _elapsed(graph, ranges, chosen)
    _pairs(graph, chosen)
    _cap(graph, groups, chosen)
    return graph.edited(values={n: replace(v, format=chosen.get(n)) for n, v in graph.values.items()})


def shared(graph: Graph) -> tuple[tuple[str, ...], ...]:
    """Running values that have one format because bits go from one to the other as they are, or are added up."""
    groups = _groups(graph)
    found: dict[str, list[str]] = {}
    for name in graph.values:
        if name not in graph.constants:
            found.setdefault(groups.root(name), []).append(name)
    return tuple(map(tuple, found.values()))


def _groups(graph: Graph) -> "_Groups":
    groups = _Groups()
    for state in graph.states:
        groups.unite(state.before, state.after)
    for node in graph.walk():
        _unite(node, groups, graph)
    return groups


def _move(name: str, bits: int, groups: "_Groups", chosen: dict[str, Format]) -> None:
    for other in (n for n in chosen if groups.root(n) == groups.root(name) and chosen[n].bits == 16):
        chosen[other] = replace(chosen[other], frac=chosen[other].frac + bits)


class _Groups:
    """Values that must share a format (union-find)."""

    def __init__(self) -> None:
        self.parent: dict[str, str] = {}

    def root(self, name: str) -> str:
        while self.parent.get(name, name) != name:
            name = self.parent[name]
        return name

    def unite(self, a: str, b: str) -> None:
        self.parent[self.root(a)] = self.root(b)


def _unite(node: Node, groups: _Groups, graph: Graph) -> None:
    if node.body is not None:
        quads = zip(node.inputs, node.body.params, node.body.results, node.outputs, strict=True)
        for first, param, result, out in quads:
            groups.unite(param, out)
            groups.unite(result, out)
            if first not in graph.constants:
                groups.unite(first, out)
    elif node.op in SAME_FORMAT | ACCUMULATING:
        if node.inputs[0] not in graph.constants:
            groups.unite(node.inputs[0], node.outputs[0])
    elif node.op == "mean" and node.inputs[1] not in graph.constants:
        groups.unite(node.inputs[1], node.outputs[0])
    elif node.op == "ramp":
        groups.unite(node.inputs[0], node.outputs[0])
    elif node.op == "blend":
        groups.unite(node.inputs[0], node.outputs[0])
        groups.unite(node.inputs[1], node.outputs[0])


def _wide(graph: Graph) -> set[str]:
    wide: set[str] = set()
    for node in graph.walk():
        if node.op in WIDE or (node.op == "slice" and node.inputs[0] in wide):
            wide.add(node.outputs[0])
    return wide


def _reach(name: str, ramps: set[str], ranges: Ranges) -> float:
    reach = _magnitude(ranges.spans[name])
    return min(reach, HEADROOM * _magnitude(ranges.seen[name])) if name in ramps and name in ranges.seen else reach


def _cap(graph: Graph, groups: _Groups, chosen: dict[str, Format]) -> None:
    """A ramp shifts its wide input right, so it has no more fraction bits than that."""
    for node in graph.walk():
        if node.op == "ramp" and chosen[node.inputs[1]].bits == 32:
            _coarsen(node.outputs[0], chosen[node.inputs[1]].frac, groups, chosen)


def _magnitude(span: Interval) -> float:
    return float(span.magnitude.max(initial=0.0))


def _wide_format(reach: float) -> Format:
    return Format(32, min(WIDE_FRACTION, 29 - math.ceil(math.log2(max(reach, 1.0)))))


def _narrow_format(reach: float) -> Format:
    """±1.0 may have 15 fraction bits: +1.0 itself then saturates to 1 - 2**-15, which costs less than a whole bit."""
    return Format(16, 15 - max(math.ceil(math.log2(max(reach, 2.0**-30) * (1 - 1e-9))), 0))


def _pairs(graph: Graph, chosen: dict[str, Format]) -> None:
    """A pair holds its e in the format of the mean that divides it."""
    makers = {node.outputs[0]: node for node in graph.walk()}
    for node in graph.walk():
        if node.op == "mean":
            pair = node.inputs[0]
            while pair in makers and makers[pair].op == "synapses":
                chosen[pair] = Format(32, chosen[node.outputs[0]].frac)
                pair = makers[pair].inputs[0]


def _fine(graph: Graph, groups: _Groups, reaches: Mapping[str, float], chosen: dict[str, Format]) -> None:
    """What a long elapsed time multiplies has as many fraction bits as its reach and its weights allow."""
    timed = [n.inputs[FACTOR[n.op]] for n in graph.walk() if n.op in FACTOR]
    factors = {groups.root(name) for name in timed if name in chosen}
    most = {root: min(FINE_FRACTION, 27 - _bits(reaches[root])) for root in sorted(factors)}
    for node in graph.walk():
        root = groups.root(node.outputs[0])
        if root in most and node.op in ("affine", "diagonal") and node.inputs[1] in chosen:
            weight = float(np.abs(graph.constants[node.inputs[2]]).max(initial=0.0))
            room = chosen[node.inputs[1]].frac + math.floor(math.log2(STORED / max(weight, 2.0**-14)))
            most[root] = min(most[root], room)
    for name in chosen:
        root = groups.root(name)
        if root in most:
            chosen[name] = Format(32, max(most[root], chosen[name].frac))


def _compared(graph: Graph, groups: _Groups, reaches: Mapping[str, float], chosen: dict[str, Format]) -> None:
    """The proof adds up the differences of what is compared. Results are no finer than COMPARING says."""
    for node in graph.walk():
        count = node.attrs.get("count")
        if node.op in COMPARING and isinstance(count, int):
            most = 29 - _bits(2 * count * reaches[groups.root(node.inputs[0])])
            _coarsen(node.inputs[0], most, groups, chosen)
            _coarsen(node.outputs[0], COMPARING[node.op], groups, chosen)


def _storable(graph: Graph, groups: _Groups, chosen: dict[str, Format]) -> None:
    """A product is never shifted to the left: of a coarse value, say a whole number, no sum is finer than 16-bit
    weights make it."""
    for node in graph.walk():
        if node.op in ("affine", "diagonal") and node.inputs[1] in chosen:
            weight = float(np.abs(graph.constants[node.inputs[2]]).max(initial=0.0))
            finest = math.floor(math.log2(WIDEST / max(weight, 2.0**-14)))
            _coarsen(node.outputs[0], chosen[node.inputs[1]].frac + finest, groups, chosen)


def _coarsen(name: str, most: int, groups: _Groups, chosen: dict[str, Format]) -> None:
    """No more than ``most`` fraction bits, for all that share the format."""
    for other in (n for n in chosen if groups.root(n) == groups.root(name)):
        chosen[other] = replace(chosen[other], frac=min(chosen[other].frac, most))


def _bits(reach: float) -> int:
    return math.ceil(math.log2(max(reach, 2.0**-30)))


def _saturating(graph: Graph, groups: _Groups, ranges: Ranges, chosen: dict[str, Format]) -> None:
    """A product with the elapsed time that only tables read, flat on both sides, may saturate where they are flat."""
    readers: dict[str, list[Node]] = {}
    for node in graph.walk():
        for name in node.inputs:
            readers.setdefault(name, []).append(node)
    kept = {p.value for p in graph.outputs} | {s.after for s in graph.states}
    for node in graph.walk():
        out = node.outputs[0]
        if node.op == "elapse" and out not in kept and all(_is_flat(r) for r in readers.get(out, [])):
            root, form = groups.root(out), _wide_format(_magnitude(ranges.spans[node.inputs[0]]))
            chosen.update((name, form) for name in chosen if groups.root(name) == root)


def _is_flat(node: Node) -> bool:
    """Whether a node is a table whose function is constant beyond what an accumulator of WIDE_FRACTION holds."""
    function = node.attrs.get("expr")
    if node.op != "table" or not isinstance(function, tuple):
        return False
    return all(expr.tail(function, sign, FLAT) is not None for sign in (-1.0, 1.0))


def _elapsed(graph: Graph, ranges: Ranges, chosen: dict[str, Format]) -> None:
    """The elapsed time has 30 bits at its upper end: a door makes it the running value.

    Where more is added to it before it divides, the proof knows the sum to a factor of two: it has one bit less.
    """
    if graph.dt is None or ranges.dt is None:
        return
    form = Format(32, DT_BITS - math.ceil(math.log2(ranges.dt[1])))
    told = {graph.dt, *(n.outputs[0] for n in graph.walk() if n.op == "door" and n.inputs[0] == graph.dt)}
    later = {n.inputs[0] for n in graph.walk() if n.op == "inertia"} - told
    chosen.update((name, form) for name in told)
    for name in later:
        chosen[name] = Format(32, DT_BITS - 1 - math.ceil(math.log2(_magnitude(ranges.spans[name]))))
