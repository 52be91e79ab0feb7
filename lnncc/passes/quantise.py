"""quantise: the fused graph in integers. The only place where a float becomes an integer constant."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from lnncc import fx
from lnncc.choices import Choice, Choices
from lnncc.errors import LnnccError
from lnncc.interval import Interval
from lnncc.ir import ALWAYS, Array, Attr, Body, Format, Graph, Node, State, Value
from lnncc.means import lost
from lnncc.ops import OPS
from lnncc.passes.chains import chains, without_links
from lnncc.passes.conductance import WEIGHT_LIMIT, units
from lnncc.passes.ranges import Ranges
from lnncc.quantiser import Settled
from lnncc.settled import Kept

UPDATABLE = {"limit": WEIGHT_LIMIT >> 1, "most_finer": 0}  # of conductances that may grow: no code follows from them
CLIPPED = 1.0  # unit by which the largest number of a format may be missed: that of 1.0 where 15 bits are a fraction


def quantise(graph: Graph, ranges: Ranges, choices: Choices, kept: Kept | None = None) -> Graph:
    """The integer graph: same inputs, states and outputs, every value and constant an integer of a format.

    With ``kept``, weights may change later: what they decide of the code is noted there, and taken from there if it is
    known. Constants are not shared then, saturations stay, and conductances leave the top bit of a weight alone.

    Raises:
        LnnccError: E0206 for choices of another model, E0415 for weights that do not fit what ``kept`` knows.
    """
    _check(graph, choices)
    return _Quantiser(graph, ranges, choices, kept).graph()


def _check(graph: Graph, choices: Choices) -> None:
    """Raises E0206 for choices that were made for another model."""
    nodes = {node.outputs[0]: node for node in graph.walk() if node.body is None}
    for name, choice in choices.nodes.items():
        if name not in nodes:
            raise _misfit(f"there is no node {name}")
        op = OPS[nodes[name].op]
        if choice.weight_bits not in getattr(op, "WEIGHT_BITS", (choice.weight_bits,)):
            raise _misfit(f"{nodes[name].op} {name} takes no weights of {choice.weight_bits} bits")
        if choice.table.kind not in getattr(op, "TABLES", (choice.table.kind,)):
            raise _misfit(f"{nodes[name].op} {name} takes no {choice.table.kind} table")


def _misfit(why: str) -> LnnccError:
    return LnnccError(
        "E0206",
        "these choices of formats are not for this model",
        notes=(why,),
        helps=("take the choices from a build of the same model by the same version of lnncc", "or leave them out"),
    )


class _Quantiser:
    """Implements ``lnncc.quantiser.Quantiser``; ``nodes`` is the list being written."""

    def __init__(self, source: Graph, ranges: Ranges, choices: Choices, kept: Kept | None) -> None:
        self.source, self.ranges, self.choices, self.kept = source, ranges, choices, kept
        self.values = {n: v for n, v in source.values.items() if n not in source.constants}
        self.constants: dict[str, Array] = {}
        self.labels: dict[str, str] = {}
        self.rounding: dict[str, Array] = {}
        self.nodes: list[Node] = []
        self.node: Node | None = None
        self.units = units(source, ranges.spans, choices, **({} if kept is None else UPDATABLE))
        self.chains = chains(source, "affine")
        self.shared: dict[tuple[object, ...], str] = {}

    def graph(self) -> Graph:
        source = self.source
        nodes = self._written(source.nodes)
        states = tuple(State(s.label, s.before, s.after, self._initial(s)) for s in source.states)
        ports = source.inputs, source.outputs
        graph = Graph(
            self.values,
            self.constants,
            ports[0],
            states,
            ports[1],
            tuple(nodes),
            dt=source.dt,
            labels=self.labels,
            rounding=self.rounding,
        )
        return without_links(graph, self.chains)

    def _initial(self, state: State) -> Array:
        form = self.format(state.before)
        return self.stored(state.before, "what it starts from", state.initial * 2.0**form.frac, form)

    def _written(self, nodes: tuple[Node, ...]) -> list[Node]:
        outer, self.nodes = self.nodes, []
        for node in nodes:
            self.node = node
            if node.body is not None:
                self._loop(node, node.body)
            elif hasattr(OPS[node.op], "quantise"):
                OPS[node.op].quantise(node, self)
            else:
                self.emit(node.op, node.inputs, node.outputs[0], self.format(node.outputs[0]), node.attrs)
        written, self.nodes = self.nodes, outer
        return written

    def _loop(self, node: Node, body: Body) -> None:
        forms = [self.format(out) for out in node.outputs]
        inputs = tuple(self.aligned(name, form) for name, form in zip(node.inputs, forms, strict=True))
        inner = Body(body.params, body.results, tuple(self._written(body.nodes)))
        self.nodes.append(Node("loop", inputs, node.outputs, node.attrs, inner, node.source))

    # The interface that ops see.

    def choice(self, node: Node) -> Choice:
        return self.choices.of(node)

    def format(self, name: str) -> Format:
        form = self.values[name].format
        assert form is not None, name
        return form

    def span(self, name: str) -> Interval:
        return self.ranges.spans[name]

    def reach(self, name: str) -> Array:
        """The estimate plus one unit, within the format: it dimensions the accumulator, and the proof checks it."""
        form = self.format(name)
        estimate = np.ceil(self.span(name).magnitude * 2.0**form.frac) + 1
        return np.minimum(estimate, 2.0 ** (form.bits - 1))

    def moment(self, names: Sequence[str]) -> Array | None:
        return self.ranges.moment(names)

    def chain(self, node: Node) -> Sequence[Node]:
        return self.chains[node.outputs[0]]

    def floats(self, name: str) -> Array:
        return self.source.constants[name]

    def size(self, name: str) -> int:
        return self.source.values[name].size

    def door(self, name: str) -> tuple[int, int]:
        low, high = self._declared(name)
        form, unit = self.format(name), 2.0 ** self.format(name).frac
        return max(int(np.floor(low * unit)), form.lowest), min(int(np.ceil(high * unit)), form.highest)

    def _declared(self, name: str) -> tuple[float, float]:
        if name == self.source.dt:
            assert self.ranges.dt is not None, "a run-time dt has a range"
            return self.ranges.dt
        label = next(p.label for p in self.source.inputs if p.value == name)
        return self.ranges.inputs[label][:2]

    def settled(self, node: Node, what: str, value: Settled) -> Settled:
        return value if self.kept is None else self.kept.settled(f"{node.outputs[0]}: {what}", value)

    def within(self, node: Node, what: str, reach: Interval) -> Interval:
        if self.kept is None:
            return reach
        low, high = self.kept.reach(f"{node.outputs[0]}: {what}", float(reach.low.min()), float(reach.high.max()))
        self.fits(node.outputs[0], what, float(reach.high.max()), high)
        self.fits(node.outputs[0], what, float(-reach.low.min()), -low)
        return Interval(np.full(1, low), np.full(1, high))

    def fits(self, name: str, what: str, reach: float, limit: float) -> None:
        if self.kept is not None and self.kept.given and reach > limit + 1e-9 * abs(limit):
            raise misfit(name, what, reach, limit)

    def spare(self) -> int:
        return 0 if self.kept is None else 1

    def stored(self, name: str, what: str, exact: Array, form: Format) -> Array:
        ints = np.clip(np.rint(exact), form.lowest, form.highest).astype(np.int64)
        if np.abs(ints - exact).max(initial=0.0) > CLIPPED:
            self.fits(name, what, float(np.abs(exact).max()), float(form.highest))
        return ints

    def flat(self, span: Interval) -> Interval | None:
        return span if self.kept is None else None

    def scale(self, node: Node) -> Array:
        return self.units.scales[node.outputs[0]]

    def turn(self, node: Node) -> Array:
        return self.units.turns[node.outputs[0]]

    def time(self, node: Node) -> str | None:
        return self.units.times.get(node.outputs[0])

    def finer(self, node: Node) -> int:
        return self.units.finer.get(node.outputs[0], 0)

    def pair_format(self, node: Node) -> Format:
        bits = self.finer(node)
        return Format(16 - bits, self.format(node.outputs[0]).frac - bits)

    def fresh(self, like: str) -> str:
        name = f"{like}p{len(self.values)}"
        self.values[name] = Value(name, self.source.values[like].shape, self.format(like))
        return name

    def constant(self, ints: Array, form: Format, *, label: str, error: Array | float, function: bool = False) -> str:
        alone = None if function or self.kept is None else len(self.constants)
        key = (ints.tobytes(), ints.shape, form, label, alone)
        if key not in self.shared:
            name = f"c{len(self.constants)}"
            self.values[name] = Value(name, ints.shape, form)
            self.constants[name], self.labels[name], self.shared[key] = ints, label, name
        name = self.shared[key]
        self.rounding[name] = np.maximum(self.rounding.get(name, 0.0), error)
        return name

    def accumulator(self, name: str, target: Format) -> str:
        return self.aligned(name, target) if name in self.source.constants else name

    def fine(self, name: str) -> str:
        if name not in self.source.constants:
            return name
        reach = max(float(np.abs(self.floats(name)).max(initial=0.0)), 2.0**-30)
        assert self.node is not None
        return self.aligned(
            name, Format(32, self.settled(self.node, "fraction bits", 29 - math.ceil(math.log2(reach))))
        )

    def pair(self, name: str, node: Node) -> str:
        if name not in self.source.constants:
            return name
        base, form = self.floats(name), self.pair_format(node)
        unit = 2.0**form.frac
        exact = base * np.stack([self.scale(node) * unit, self.scale(node)], axis=-1)
        down = lost(self.finer(node))
        weight = np.maximum(np.rint(exact[:, 1]) - down, 0)
        value = np.divide(base[:, 0], base[:, 1], out=np.zeros(len(base)), where=base[:, 1] > 0)
        e = self.stored(node.outputs[0], "a rest potential", value * unit, form)
        time = self.time(node)
        if time is not None:
            off = np.abs(weight - exact[:, 1]), np.abs(e - value * unit)
            return self._leak(node, time, weight.astype(np.int64), e, off)
        ints = np.stack([weight * e, weight], axis=-1).astype(np.int64)
        error = np.abs(ints - exact)
        error[:, 1] = np.maximum(error[:, 1], down)  # a leak of less than what ``coarsen`` adds cannot make it good
        return self.constant(ints, Format(32, 0), label="leak: weight times rest, weight", error=error)

    def _leak(self, node: Node, time: str, weight: Array, e: Array, off: tuple[Array, Array]) -> str:
        """``off`` is how far the integers are from the exact ones."""
        form = Format(32, self.pair_format(node).frac)
        out = f"{node.outputs[0]}p{len(self.values)}"
        inputs = (
            time,
            self.constant(weight, Format(16, 0), label="leak: conductance", error=off[0]),
            self.constant(e, Format(16, form.frac), label="leak: rest", error=off[1]),
        )
        self.emit("leak", inputs, out, form, {"n": len(weight)}, (len(weight), 2))
        return out

    def part(self, name: str, start: int, stop: int) -> str:
        n = self.values[name].size
        if (start, stop) == (0, n):
            return name
        key = ("part", name, start, stop)
        if key not in self.shared:
            part = self.shared[key] = f"{name}p{len(self.values)}"
            self.values[part] = Value(part, (stop - start,), self.format(name))
            self.emit("slice", (name,), part, self.format(name), {"start": start, "n": stop - start})
        return self.shared[key]

    def aligned(self, name: str, target: Format) -> str:
        if name in self.source.constants:
            exact = self.floats(name) * 2.0**target.frac
            ints = self.stored(name, "a constant", exact, target)
            return self.constant(ints, target, label="offsets", error=np.abs(ints - exact))
        source = self.format(name)
        if source == target:
            return name
        # A power of two times the value, then back: the multiplier's own rounding shift aligns the two formats.
        one = max(min(14, 14 + target.frac - source.frac), 0)
        factor = self.constant(np.full(self.size(name), 1 << one), Format(16, 0), label="power of two", error=0)
        shift = min(source.frac + one - target.frac, fx.MOST_SHIFT)  # 16 bits shifted this far are 0 either way
        out = self.fresh(name)
        attrs: dict[str, Attr] = {"shift": shift, "n": self.size(name), "saturates": True}
        self.emit("multiply", (name, factor), out, target, attrs)
        return out

    def emit(
        self,
        op: str,
        inputs: tuple[str, ...],
        output: str,
        form: Format,
        attrs: Mapping[str, Attr],
        shape: tuple[int, ...] | None = None,
    ) -> None:
        if shape is None:
            shape = self.source.values[output].shape if output in self.source.values else self.values[output].shape
        self.values[output] = Value(output, shape, form)
        if self.kept is not None and attrs.get("saturates") is True:
            attrs = {**attrs, "saturates": ALWAYS}
        self.nodes.append(Node(op, inputs, (output,), attrs, source=self.node.source if self.node else None))


def misfit(name: str, what: str, reach: float, limit: float) -> LnnccError:
    times = f"{reach / limit:.3g} times" if limit > 0 else f"{reach:.3g}, beyond"
    return LnnccError(
        "E0415",
        f"the new weights do not fit the formats that the code has: value `{name}`",
        notes=(f"{what} come to {times} what there is room for",),
        helps=("compile the new model in full, which is another firmware", "or train it with smaller weights"),
    )
