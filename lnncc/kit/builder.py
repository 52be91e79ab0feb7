"""builder: integer graphs written node by node, of which every word stays in range, for the kit and for tests."""

from collections.abc import Mapping

import numpy as np

from lnncc import ir
from lnncc.ir import Array, Attr, Body, Format, Graph, Node, Port, State, Value
from lnncc.lut import KINDS
from lnncc.means import lost
from lnncc.ops import NAMES, argmax, divide

NARROW, WIDE, TIME = Format(16, 12), Format(32, 16), Format(32, 20)
FULL = 32768
ROOM = 1 << 29  # what a wide value may reach here
SMALL = 4


class Builder:
    """A graph being written; nodes go to the innermost open loop."""

    def __init__(self) -> None:
        self.values: dict[str, Value] = {}
        self.constants: dict[str, Array] = {}
        self.labels: dict[str, str] = {}
        self.inputs: list[Port] = []
        self.states: list[State] = []
        self.outputs: list[Port] = []
        self.bodies: list[list[Node]] = [[]]
        self.dt: str | None = None
        self.door_of_dt = ""

    def value(self, shape: tuple[int, ...] | int, form: Format = NARROW) -> str:
        name = f"v{len(self.values)}"
        self.values[name] = Value(name, (shape,) if isinstance(shape, int) else shape, form)
        return name

    def input(self, size: int) -> str:
        name = self.value(size)
        self.inputs.append(Port(f"in {len(self.inputs)}", name))
        return name

    def state(self, initial: Array) -> str:
        """Its value after the step is its value before, until ``becomes`` says otherwise."""
        name = self.value(len(initial))
        self.states.append(State(f"state {len(self.states)}", name, name, np.asarray(initial, np.int64)))
        return name

    def becomes(self, state: str, after: str) -> None:
        at = next(i for i, s in enumerate(self.states) if s.before == state)
        old = self.states[at]
        self.states[at] = State(old.label, old.before, after, old.initial)

    def output(self, name: str) -> None:
        self.outputs.append(Port(f"out {len(self.outputs)}", name))

    def constant(self, ints: object, form: Format = NARROW, label: str = "numbers") -> str:
        array = np.asarray(ints, np.int64)
        name = self.value(array.shape, form)
        self.constants[name], self.labels[name] = array, label
        return name

    def op(
        self, op: str, inputs: tuple[str, ...], size: tuple[int, ...] | int, form: Format = NARROW, /, **attrs: Attr
    ) -> str:
        name = self.value(size, form)
        self.bodies[-1].append(Node(op, inputs, (name,), attrs))
        return name

    def loop(self, first: tuple[str, ...]) -> tuple[str, ...]:
        """Opens a loop; the parameters of its body."""
        self.bodies.append([])
        return tuple(self.value(self.size(name)) for name in first)

    def end(
        self, first: tuple[str, ...], params: tuple[str, ...], results: tuple[str, ...], trips: int
    ) -> tuple[str, ...]:
        outs = tuple(self.value(self.size(p)) for p in params)
        body = Body(params, results, tuple(self.bodies.pop()))
        self.bodies[-1].append(Node("loop", first, outs, {"trips": trips}, body))
        return outs

    def size(self, name: str) -> int:
        return self.values[name].size

    def graph(self) -> Graph:
        [nodes] = self.bodies
        graph = Graph(
            self.values,
            self.constants,
            tuple(self.inputs),
            tuple(self.states),
            tuple(self.outputs),
            tuple(nodes),
            self.dt,
            labels=self.labels,
        )
        return ir.verify(graph, NAMES | {"loop"})

    # Ops at a run-time dt.

    def time(self) -> str:
        """What comes through the door of dt; call it first outside of every loop."""
        if self.dt is None:
            self.dt = self.value(1, TIME)
            self.door_of_dt = self.op("door", (self.dt,), 1, TIME, low=1 << 12, high=1 << 30, n=1)
        return self.door_of_dt

    def elapse(self, rng: np.random.Generator, x: str, *, flat: bool) -> str:
        n = self.size(x)
        acc = self.constant(rng.integers(-ROOM // 4, ROOM // 4, n), WIDE)
        return self.op("elapse", (acc, x, self.time()), n, WIDE, left=9 if flat else 0, flat=flat, n=n)

    def decay(self, rng: np.random.Generator, f: str, kind: str | None = None) -> str:
        kind = kind or KINDS[rng.integers(2)]
        n, nodes = self.size(f), np.rint(32767 * np.exp(-np.arange(129 - (kind == "direct")) / 8)).astype(np.int64)
        c, table = self.constant(rng.integers(0, 1 << 20, n), WIDE), self.constant(nodes, Format(16, 15), "e^-x")
        place: Mapping[str, Attr] = {"low": 0, "top": (128 << 13) - 1, "shift": 13, "kind": kind}
        attrs: Mapping[str, Attr] = {"left": 9, **place, "down": 2, "least": -(1 << 27), "most": 1 << 27}
        return self.op("decay", (f, c, self.time(), table), n, WIDE, n=n, **attrs)

    def neurons(self, rng: np.random.Generator, v: str, z: str, kind: str | None = None) -> str:
        """Neurons whose own weight and whose units depend on dt."""
        n = self.size(z)
        time = self.inertia(rng, n)
        base = self.leak_dt(rng, time)
        pair = self.synapses(rng, base, v, kind=kind or KINDS[rng.integers(2)], time=time)
        return self.op("mean_dt", (pair, z, time), n, n=n)

    def inertia(self, rng: np.random.Generator, n: int) -> str:
        nodes = self.constant(np.minimum(np.rint(32768 / (1 + np.arange(257) / 256)), 32767), Format(16, 14))
        rates = np.stack([below(rng, 9000, n), rng.integers(14, 20, n), rng.integers(3, 18, n)], axis=-1)
        return self.op("inertia", (self.time(), self.constant(rates, Format(16, 0)), nodes), (n, 2), Format(32, 0), n=n)

    def leak_dt(self, rng: np.random.Generator, time: str) -> str:
        n = self.size(time) // 2
        weight, rest = self.constant(below(rng, 500, n)), self.constant(rng.integers(-FULL, FULL, n))
        return self.op("leak", (time, weight, rest), (n, 2), Format(32, 12), n=n)

    # Ops with constants that fit whatever goes in.

    def affine(
        self, rng: np.random.Generator, x: str, rows: int, acc: str | None = None, bits: int = 16, least_shift: int = 1
    ) -> str:
        cols = self.size(x)
        top = min((1 << (bits - 1)) - 1, ROOM // 2 // FULL // cols)
        w = self.constant(rng.integers(-top, top + 1, (rows, cols)), Format(bits, 0))
        s = self.constant(rng.integers(least_shift, 9, rows), Format(8, 0))
        start = acc or self.constant(rng.integers(-ROOM // 4, ROOM // 4, rows), WIDE)
        return self.op("affine", (start, x, w, s), rows, WIDE, rows=rows, cols=cols)

    def diagonal(self, rng: np.random.Generator, acc: str, x: str) -> str:
        n = self.size(x)
        c = self.constant(rng.integers(-FULL, FULL, n))
        s = self.constant(rng.integers(5, 12, n), Format(8, 0))
        return self.op("diagonal", (acc, x, c, s), n, WIDE, n=n)

    def requantise(self, x: str, shift: int) -> str:
        return self.op("requantise", (x,), self.size(x), shift=shift, n=self.size(x), saturates=shift < 16)

    def table(self, rng: np.random.Generator, x: str, *, low: int = 0, kind: str = "linear") -> str:
        """A gate, or with ``low`` < 0 a curve of both signs; the rise from node to node fits 16 bits."""
        bits = self.values[x].format.bits  # type: ignore[union-attr]  # all values here have a format
        shift = 11 if bits == 16 else 20
        start = -(8 << shift)
        values = rng.integers(0, FULL, 17 if kind == "linear" else 16) + low * FULL // 2
        nodes = self.constant(values, Format(16, 15), "f(x), worst error 0.5 ULP")
        place: Mapping[str, Attr] = {"low": start, "top": start + (16 << shift) - 1, "shift": shift, "kind": kind}
        return self.op("table", (x, nodes), self.size(x), n=self.size(x), **place)

    def nodes(self, x: str, nodes: Array, low: int, shift: int) -> str:
        table = self.constant(nodes, Format(16, 15), "nodes")
        place: Mapping[str, Attr] = {"low": low, "top": low + ((len(nodes) - 1) << shift) - 1, "shift": shift}
        return self.op("table", (x, table), self.size(x), kind="linear", n=self.size(x), **place)

    def ramp(self, d: str, x: str, shift: int, low: int, high: int) -> str:
        attrs: Mapping[str, Attr] = {"low": low, "high": high, "shift": shift, "saturates": True}
        return self.op("ramp", (d, x), self.size(d), n=self.size(d), **attrs)

    def blend(self, a: str, b: str, t: str) -> str:
        return self.op("blend", (a, b, t), self.size(a), n=self.size(a))

    def multiply(self, a: str, b: str, shift: int) -> str:
        return self.op("multiply", (a, b), self.size(a), shift=shift, n=self.size(a), saturates=shift < 16)

    def gather(self, x: str, index: object) -> str:
        positions = self.constant(index, Format(16, 0))
        return self.op("gather", (x, positions), self.size(positions), n=self.size(positions))

    def slice(self, x: str, start: int, n: int) -> str:
        return self.op("slice", (x,), n, self.values[x].format or NARROW, start=start, n=n)

    def concat(self, *xs: str) -> str:
        return self.op("concat", xs, sum(map(self.size, xs)))

    def door(self, x: str, low: int, high: int) -> str:
        return self.op("door", (x,), self.size(x), low=low, high=high, n=self.size(x))

    def leak(self, rng: np.random.Generator, n: int, most: int = FULL) -> str:
        weight = 1 + below(rng, 499, n)
        return self.constant(np.stack([weight * rng.integers(-most, most, n), weight], axis=-1), Format(32, 12))

    def synapses(
        self,
        rng: np.random.Generator,
        base: str,
        v: str,
        counts: object = None,
        kind: str = "linear",
        time: str | None = None,
        first: int | None = None,
        most: int = FULL,
    ) -> str:
        """Of sources from all over, or of neighbours from the ``first`` on; ``most`` is the largest potential e."""
        n = self.size(base) // 2
        counts = rng.integers(0, 5, n) if counts is None else np.array(counts)
        total = int(counts.sum())
        columns = [(-FULL * 64, FULL * 64), (-FULL, FULL), (0, 1), (-most, most), (0, self.size(v))]
        record = np.stack([rng.integers(a, b, total) for a, b in columns], axis=-1)
        record[:, 2] = below(rng, 3000, n, counts)
        if first is not None:
            record[:, 4] = np.concatenate([first + np.arange(count) for count in counts])
        values = np.sort(rng.integers(0, FULL, 33 if kind == "linear" else 32))
        nodes = self.constant(values, Format(16, 15), "sigmoid")
        constants = self.constant(record, Format(32, 0)), self.constant(counts, Format(16, 0)), nodes
        attrs: Mapping[str, Attr] = {"low": -(16 << 22), "top": (16 << 22) - 1, "shift": 22, "kind": kind, "n": n}
        if time is not None:
            return self.op("synapses_dt", (base, v, *constants, time), (n, 2), Format(32, 12), **attrs)
        return self.op("synapses", (base, v, *constants), (n, 2), Format(32, 12), **attrs)

    def synapse_tables(self, rng: np.random.Generator, base: str, v: str, counts: object, shift: int) -> str:
        counts = np.array(counts)
        total = int(counts.sum())
        size = (65536 >> shift) + 1
        curves = np.stack([below(rng, 6000, len(counts), counts) for _ in range(size)], axis=-1)
        nodes = self.constant(curves, Format(16, 0), "conductance")
        e, src = rng.integers(-FULL, FULL, total), rng.integers(0, self.size(v), total)
        constants = nodes, self.constant(e), self.constant(src, Format(16, 0)), self.constant(counts, Format(16, 0))
        attrs: Mapping[str, Attr] = {"shift": shift, "sources": self.size(v), "n": len(counts)}
        return self.op("synapse_tables", (base, v, *constants), (len(counts), 2), Format(32, 12), **attrs)

    def argmax(self, x: str, count: int) -> str:
        groups = self.size(x) // count
        where = self.constant(argmax.picks(groups, count), Format(16, 0))
        numbers = self.constant(np.tile(np.arange(count), (groups, 1)), Format(16, 0))
        truth = self.constant(argmax.TRUTH, Format(16, 0))
        told: Mapping[str, Attr] = {**argmax.NUMBERS, "groups": groups, "count": count}
        return self.op("argmax", (x, where, numbers, truth), groups, Format(16, 0), **told)

    def softmax(self, x: str, count: int) -> str:
        size, groups, top = self.size(x), self.size(x) // count, min(32767, 65535 // count)
        shift = 9 if self.values[x].format == NARROW else 20
        nodes = np.rint(top * np.exp(-np.arange(129) / 8)).astype(np.int64)
        constants = (
            self.constant(argmax.picks(groups, count), Format(16, 0)),
            self.constant(np.repeat(np.arange(groups), count), Format(16, 0)),
            self.constant(nodes, Format(16, 15), "e^-u"),
            self.constant(np.full(groups, top), Format(32, 0)),
            self.constant(np.zeros(groups, np.int64), Format(32, 0)),
            self.constant(np.full(groups, count), Format(16, 0)),
            self.constant(np.full(size, 1 << 14), Format(16, 0)),
        )
        place: Mapping[str, Attr] = {"low": 0, "top": (128 << shift) - 1, "shift": shift}
        told: Mapping[str, Attr] = {"least": 0, "most": argmax.FARTHEST, "groups": groups, "count": count}
        return self.op("softmax", (x, *constants), size, Format(16, 14), **place, **told)

    def divide(self, n: str, d: str, octaves: int, steps: int, right: int, *, saturates: bool = True) -> str:
        size, base = self.size(n), divide.BASE
        nodes = self.constant(divide.nodes(octaves, 1.0)[0], Format(16, 0), "falls")
        rest = self.constant(np.full(size, 1 << 14), Format(16, 0))
        owner = self.constant(np.arange(size) % self.size(d), Format(16, 0))
        told: Mapping[str, Attr] = {
            "octaves": octaves,
            "first": base,
            "step": 0,
            "right": right,
            "guard": 4,
            "steps": steps,
            "intervals": base * (2**octaves - 1) + 1,
            "count": size,
            "saturates": saturates,
        }
        return self.op("divide", (n, d, nodes, rest, owner), size, **told)

    def coarsen(self, pair: str, shift: int) -> str:
        n = self.size(pair) // 2
        return self.op("coarsen", (pair,), (n, 2), Format(32, 12), shift=shift, down=lost(shift), n=n)

    def mean(self, rng: np.random.Generator, pair: str, z: str) -> str:
        n = self.size(z)
        return self.op("mean", (pair, z, self.constant(below(rng, 20000, n), Format(16, 0))), n, n=n)


def below(rng: np.random.Generator, most: int, n: int, counts: object = 1) -> Array:
    """``counts`` weights from 0 to below ``most`` for each of ``n`` neurons; for every second one to below SMALL.

    A quotient whose divisor is small tells numerators apart that differ by one: it is the only one to read them.
    """
    return rng.integers(0, np.repeat(np.where(np.arange(n) % 2 == 0, SMALL, most), np.asarray(counts)))
