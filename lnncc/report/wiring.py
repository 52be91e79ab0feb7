"""wiring: which input and which neuron reaches which neuron, and with which sign, asked of the float model itself.

One source is moved at a time, everything else is held, and what changes is written down. A neuron that another reads
in the same step (the layers of a wired CfC, the sub-steps of an LTC) is held at what it was, so that only wires show,
and no paths. No primitive is known by name: this is true of any cell.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from lnncc import ir, reference
from lnncc.ir import Array, Node
from lnncc.passes.reroll import reroll
from lnncc.passes.simplify import simplify
from lnncc.report.subject import Subject

POINTS = 6  # at which the model is asked
SEED = 0
FAINT = 1e-9  # of a neuron's strongest wire: below it, what is seen is float64's own rounding
MOST = 1 << 24  # numbers that a value of all runs may have
MOST_EACH = 1 << 11  # elements of a value that may be neurons: matrices of synapses are none
INSIDE = 0.6  # of what a source can be: where functions are not flat

NAMES = {3: ("inter", "command", "motor")}  # of an NCP's layers (Lechner et al. 2020, doi 10.1038/s42256-020-00237-3)


@dataclass(frozen=True, slots=True)
class Wire:
    """From source to neuron, both by number; inputs come before neurons. ``sign`` is 0 where it depends on the state;
    ``strength`` is relative to the strongest wire of its neuron.
    """

    source: int
    neuron: int
    sign: int
    strength: float


@dataclass(frozen=True, slots=True)
class Wiring:
    """``layers`` are neurons by how many wires they are from the inputs. ``readout`` are wires from sources to outputs.
    ``possible`` is how many wires there could be into neurons.
    """

    inputs: int
    neurons: int
    outputs: int
    layers: tuple[tuple[str, tuple[int, ...]], ...]
    wires: tuple[Wire, ...]
    readout: tuple[Wire, ...]
    possible: int


def wiring(subject: Subject) -> Wiring | None:
    """None for a model without states, or one too large to be asked."""
    asked = _Asked(subject)
    if not asked.neurons or asked.runs * asked.widest > MOST:
        return None
    effects = asked.effects()
    into, out = (_wires(found) for found in effects)
    inputs, neurons = asked.inputs, asked.neurons
    layers = _layers(into, inputs, neurons)
    return Wiring(inputs, neurons, len(effects[1][0]), layers, into, out, neurons * (inputs + neurons))


def _wires(effects: tuple[Array, Array]) -> tuple[Wire, ...]:
    """``effects`` are mean magnitude and sign, (neurons, sources)."""
    size, sign = effects
    top = size.max(axis=1, keepdims=True, initial=0.0)
    share = np.divide(size, top, out=np.zeros_like(size), where=top > 0)
    pairs = np.argwhere(share > FAINT).tolist()
    return tuple(Wire(s, n, int(sign[n, s]), round(float(share[n, s]), 4)) for n, s in pairs)


def _layers(wires: tuple[Wire, ...], inputs: int, neurons: int) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Breadth first from the inputs; what no input reaches comes last."""
    reached: dict[int, int] = dict.fromkeys(range(inputs), 0)
    depth = 0
    while True:
        new = {w.neuron + inputs for w in wires if reached.get(w.source) == depth} - set(reached)
        if not new:
            break
        depth += 1
        reached |= dict.fromkeys(new, depth)
    levels = [reached.get(n + inputs, depth + 1) for n in range(neurons)]
    found = [tuple(n for n in range(neurons) if levels[n] == level) for level in sorted(set(levels))]
    names = NAMES.get(
        len(found), tuple(f"layer {k + 1}" for k in range(len(found))) if len(found) > 1 else ("neurons",)
    )
    return tuple(zip(names, found, strict=True))


class _Asked:
    """All runs side by side: in the first nothing is moved, in each of the others one source."""

    def __init__(self, subject: Subject) -> None:
        build = subject.build
        self.graph = graph = reroll(simplify(build.model, dt=build.settings.fixed_dt))
        self.subject, self.rng = subject, np.random.default_rng(SEED)
        self.inputs = sum(graph.values[p.value].size for p in graph.inputs)
        self.neurons = sum(s.initial.size for s in graph.states)
        self.runs = 1 + self.inputs + self.neurons
        self.widest = max(v.size for n, v in graph.values.items() if n not in graph.constants)
        self.cuts = self._cuts() if self.neurons and self.runs * self.widest <= MOST else {}

    def effects(self) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
        """Of neurons and of outputs: mean magnitude and sign of what each source does, (…, sources)."""
        found = [self._asked() for _ in range(POINTS)]
        return tuple(_agreed(np.stack([f[k] for f in found])) for k in (0, 1))  # type: ignore[return-value]

    def _points(self, count: int) -> Array:
        """Anywhere within ``INSIDE`` of the ranges of inputs and states, (count, sources)."""
        io, proof = self.subject.build.interface, self.subject.proof
        boxes = [(np.full(s.size, s.low), np.full(s.size, s.high), s.frac) for s in io.inputs]
        boxes += [
            (proof.bounds[state.before].low, proof.bounds[state.before].high, signal.frac)
            for state, signal in zip(self.subject.graph.states, io.states, strict=True)
        ]
        parts = []
        for low, high, frac in boxes:
            middle, half = (low + high) / 2, (high - low) / 2 * INSIDE
            parts.append((middle + half * self.rng.uniform(-1, 1, (count, len(low)))) * 2.0**-frac)
        return np.concatenate(parts, axis=-1)

    def _environment(self, points: Array) -> dict[str, Array]:
        graph, at, env = self.graph, 0, dict[str, Array](self.graph.constants)
        for name in (*(p.value for p in graph.inputs), *(s.before for s in graph.states)):
            value = graph.values[name]
            env[name] = points[:, at : at + value.size].reshape(len(points), *value.shape)
            at += value.size
        if graph.dt is not None:
            dt = self.subject.build.interface.dt
            assert dt is not None, "a graph that reads dt is told it"
            env[graph.dt] = np.full(len(points), np.sqrt(dt.low * dt.high) * 2.0**-dt.frac)
        return env

    def _apply(self, node: Node, xs: list[Array]) -> Array:
        return reference.apply(self.graph, node, xs)

    def _flat(self, name: str, env: Mapping[str, Array], count: int) -> Array:
        """A value as (count, elements)."""
        return np.broadcast_to(env[name], (count, *self.graph.values[name].shape)).reshape(count, -1)

    def _cuts(self) -> Mapping[str, Array]:
        """By value, the neuron that each element is once it is new, or -1. Numbers that are the same in all of some
        random runs are the same thing."""
        points = self._points(POINTS)
        env = self._environment(points)
        with np.errstate(all="ignore"):
            ir.execute(self.graph.nodes, env, self._apply)
        after = np.concatenate([self._flat(s.after, env, POINTS) for s in self.graph.states], -1)
        delayed = (_same(after, points[:, : self.inputs]) >= 0) | (np.ptp(after, axis=0) == 0)
        after = np.where(delayed, np.nan, after)  # what is an input already, or never changes, is no new neuron
        names = [node.outputs[0] for node in self.graph.walk() if self.graph.values[node.outputs[0]].size <= MOST_EACH]
        found = {name: _same(self._flat(name, env, POINTS), after) for name in names}
        return {name: which for name, which in found.items() if (which >= 0).any()}

    def _asked(self) -> tuple[Array, Array]:
        """Changes of neurons and of outputs for an upward move of each source, (…, sources)."""
        base, moved = self._points(2)
        sources, runs = self.inputs + self.neurons, self.runs
        rows = np.tile(base, (runs, 1))
        rows[np.arange(1, runs), np.arange(sources)] = moved
        up = np.sign(moved - base)
        into, made = np.zeros((self.neurons, sources)), set[int]()
        env = self._environment(rows)

        def cut(name: str) -> None:
            which = self.cuts.get(name)
            if which is None:
                return
            y = np.array(self._flat(name, env, runs))
            for e in np.flatnonzero(which >= 0).tolist():
                if which[e] not in made:  # a copy, which comes later, would only show the neuron itself
                    made.add(which[e])
                    into[which[e]] = (y[1:, e] - y[0, e]) * up
                y[:, e] = rows[:, self.inputs + which[e]]
            env[name] = y.reshape(runs, *self.graph.values[name].shape)

        with np.errstate(all="ignore"):
            _once(self.graph.nodes, env, self._apply, cut)
        y = np.concatenate([self._flat(p.value, env, runs) for p in self.graph.outputs], axis=-1)
        return into, ((y[1:] - y[:1]) * up[:, None]).T


def _once(
    nodes: tuple[Node, ...],
    env: dict[str, Array],
    apply: Callable[[Node, list[Array]], Array],
    after: Callable[[str], None],
) -> None:
    """As ``ir.execute``, but each loop goes round once: one sub-step has all wires. ``after`` hears of results."""
    for node in nodes:
        xs = [env[name] for name in node.inputs]
        if node.body is None:
            env[node.outputs[0]] = apply(node, xs)
        else:
            env.update(zip(node.body.params, xs, strict=True))
            _once(node.body.nodes, env, apply, after)
            env.update(zip(node.outputs, (env[name] for name in node.body.results), strict=True))
        for name in node.outputs:
            after(name)


def _same(values: Array, others: Array) -> Array:
    """Of each column of ``values`` (points, n), which column of ``others`` it is up to rounding; -1 if none."""
    near = np.abs(values[:, :, None] - others[:, None, :]) <= FAINT * (1 + np.abs(values[:, :, None]))
    every = near.all(axis=0)
    return np.where(every.any(axis=-1), every.argmax(axis=-1) if every.size else -1, -1)


def _agreed(changes: Array) -> tuple[Array, Array]:
    """(points, …, sources) to mean magnitude and sign; 0 where points differ."""
    noise = FAINT * np.abs(changes).max(axis=-1, keepdims=True, initial=0.0)
    signs = np.sign(np.where(np.abs(changes) > noise, changes, 0.0))
    low, high = signs.min(axis=0), signs.max(axis=0)
    return np.abs(changes).mean(axis=0), np.where(low >= 0, high, np.where(high <= 0, low, 0))
