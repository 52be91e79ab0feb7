"""nodes: which node of the integer graph puts how much error on each output.

The float model runs once a node, and in each of these runs one node alone errs as its integers do: it gives

    float(x) + (integer(x̂) - float(x̂)),     x̂ being x rounded to what the node takes

with its own roundings, constants and tables, but not those of the nodes before it. The other way, the twin with one
node made exact, would ask for the difference of two nearly equal errors, and an exact node behind a coarse one looks
innocent. Where errors are small the shares add up, so that they say where better formats pay.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from lnncc import ir, solver
from lnncc.build import Build
from lnncc.ir import DT, Array, Graph, Node, Port
from lnncc.ops import OPS
from lnncc.passes.lower import lower

STEPS = 256  # of the first stream, at most

Env = dict[str, Array]


@dataclass(frozen=True, slots=True)
class Contribution:
    """What the nodes that make one value do to one output; ``share`` is that of the mean square in the sum of all."""

    node: str
    op: str
    output: str
    max_abs: float
    rms: float
    share: float


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """A value that both graphs know, and the nodes of each that make it from other such values."""

    name: str
    op: str
    inputs: tuple[str, ...]
    real: tuple[Node, ...]
    integer: tuple[Node, ...]


def contributions(build: Build, data: Mapping[str, Array], steps: int = STEPS) -> tuple[Contribution, ...]:
    """Of every node that errs, by output and the largest first; inputs (streams, steps, size) by label.

    Where the solver is not the trained one, exact means exact with that solver.
    """
    fused = lower(build.model, dt=build.settings.fixed_dt, done=solver.carried_out(build.facts))
    runs = _Runs(fused, build.integer)
    xs = {p.label: data[p.label][0, :steps] for p in runs.given}
    outputs = runs.outputs(xs)
    found = [c for p, y in zip(fused.outputs, outputs, strict=True) for c in _ranked(runs, p.label, y)]
    return tuple(found)


def _ranked(runs: "_Runs", label: str, y: Array) -> list[Contribution]:
    """``y`` is (steps, runs, size), the first of the runs being exact."""
    errors = y[:, 1:] - y[:, :1]
    rms, largest = np.sqrt((errors**2).mean(axis=(0, 2))), np.abs(errors).max(axis=(0, 2))
    total = float((rms**2).sum())
    rows = zip(runs.names, rms.tolist(), largest.tolist(), strict=True)
    found = [Contribution(name, op, label, top, r, r * r / total) for (name, op), r, top in rows if top > 0]
    return sorted(found, key=lambda c: -c.rms)


class _Runs:
    """All runs side by side: values are (runs, size)."""

    def __init__(self, fused: Graph, integer: Graph) -> None:
        self.fused, self.integer = fused, integer
        self.parts = {part.name: part for part in _parts(fused, integer)}
        self.given = fused.inputs if fused.dt is None else (*fused.inputs, Port(DT, fused.dt))
        self.names = [(p.label, "input") for p in self.given] + [(p.name, p.op) for p in self.parts.values()]
        self.row = {name: k + 1 for k, (name, _) in enumerate(self.names)}

    def outputs(self, xs: Mapping[str, Array]) -> list[Array]:
        """Each output from reset, (steps, runs, size)."""
        count = len(self.names) + 1
        states = {s.before: np.broadcast_to(s.initial, (count, len(s.initial))) for s in self.fused.states}
        trace: list[list[Array]] = []
        for k in range(len(next(iter(xs.values())))):
            env: Env = dict(self.fused.constants) | states
            for port in self.given:
                env[port.value] = self._input(port.label, port.value, xs[port.label][k], count)
            ir.execute(self.fused.nodes, env, partial(self._applied, env))
            states = {s.before: env[s.after] for s in self.fused.states}
            trace.append([np.broadcast_to(env[p.value], (count, env[p.value].shape[-1])) for p in self.fused.outputs])
        return [np.stack(parts) for parts in zip(*trace, strict=True)]

    def _input(self, label: str, value: str, x: Array, count: int) -> Array:
        rows = np.repeat(x[None], count, axis=0)
        rows[self.row[label]] = self._real(value, self._raw(value, x))
        return rows

    def _applied(self, env: Env, node: Node, xs: list[Array]) -> Array:
        y = OPS[node.op].reference(node.attrs, *xs)
        part = self.parts.get(node.outputs[0])
        return y if part is None else self._disturbed(part, y, env)

    def _disturbed(self, part: _Part, y: Array, env: Env) -> Array:
        row = self.row[part.name]
        raw = {name: self._raw(name, _row(env[name], row)) for name in part.inputs}
        exact: Env = dict(self.fused.constants) | {name: self._real(name, x) for name, x in raw.items()}
        chip: Env = dict(self.integer.constants) | raw
        for node in part.real:
            exact[node.outputs[0]] = OPS[node.op].reference(node.attrs, *(exact[name] for name in node.inputs))
        for node in part.integer:
            chip[node.outputs[0]] = OPS[node.op].evaluate(node.attrs, *(chip[name] for name in node.inputs))
        disturbed = np.array(np.broadcast_to(y, (len(self.names) + 1, y.shape[-1])))
        disturbed[row] += self._real(part.name, chip[part.name]) - exact[part.name]
        return disturbed

    def _raw(self, name: str, x: Array) -> Array:
        form = self.integer.values[name].format
        assert form is not None
        return np.clip(np.rint(x * 2.0**form.frac), form.lowest, form.highest).astype(np.int64)

    def _real(self, name: str, raw: Array) -> Array:
        form = self.integer.values[name].format
        assert form is not None
        return raw * 2.0**-form.frac


def _row(x: Array, row: int) -> Array:
    return x[row] if x.ndim > 1 else x


def _parts(fused: Graph, integer: Graph) -> list[_Part]:
    real, ints = _makers(fused), _makers(integer)
    known = {name for name, v in fused.values.items() if len(v.shape) == 1 and name in integer.values}
    known = {name for name in known if fused.values[name].shape == integer.values[name].shape}
    known -= set(fused.constants)
    return [
        _Part(
            name,
            "+".join(dict.fromkeys(made.op for made in _made(real, name, known))),
            tuple(sorted((_leaves(real, name, known) | _leaves(ints, name, known)) & known)),
            _made(real, name, known),
            _made(ints, name, known),
        )
        for name in real
        if name in known and name in ints
    ]


def _makers(graph: Graph) -> dict[str, Node]:
    return {node.outputs[0]: node for node in graph.walk() if node.body is None}


def _made(makers: Mapping[str, Node], name: str, known: set[str]) -> tuple[Node, ...]:
    """The nodes that make ``name`` from known values, in order."""
    before = [n for x in makers[name].inputs if x in makers and x not in known for n in _made(makers, x, known)]
    return tuple(dict.fromkeys([*before, makers[name]]))


def _leaves(makers: Mapping[str, Node], name: str, known: set[str]) -> set[str]:
    return {x for node in _made(makers, name, known) for x in node.inputs if x in known}
