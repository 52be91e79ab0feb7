"""refit: the inertia with which a long solver step of an LTC comes nearest to the steps that it stands for.

A long step has frozen conductances and takes one mean where the trained solver takes m. Were conductances constant,
m steps of inertia p would be one of p' = D / ((1 + D / p)^m - 1), D their sum: it depends on D, and they are not
constant. So p' is fitted, a neuron at a time, along the float model's own trajectory on recorded inputs. From

    (N + p' v) / (D + p') - u  =  (N - u D - p' (u - v)) / (D + p')

with u the potential after m trained steps it is linear least squares, weighted by the last solution.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from lnncc import ir
from lnncc.ir import DT, Array, Graph, Node, Port
from lnncc.ops import OPS
from lnncc.passes.solve import Steps, steps
from lnncc.solver import Substitution

LONGEST = 2000  # recorded steps of each stream
ROUNDS = 20  # of weighting
LIGHTEST = 1 / 64  # of the inertia of a long step that was not refitted: weights stay above zero


@dataclass(slots=True)
class _Seen:
    """Of the mean of one loop, its operands and its result, each of them (streams, size), one entry a solver step."""

    pair: list[Array] = field(default_factory=list)
    before: list[Array] = field(default_factory=list)
    weight: list[Array] = field(default_factory=list)
    after: list[Array] = field(default_factory=list)


def refit(graph: Graph, planned: Sequence[Substitution], data: Mapping[str, Array]) -> tuple[Substitution, ...]:
    """``planned`` with inertias for ``data``: (streams, steps, size) by label; ``graph`` is fused and as trained."""
    found = {one.loop.outputs[0]: one for one in steps(graph)}
    seen = _run(graph, {one.mean.outputs[0]: _Seen() for one in found.values()}, data)
    return tuple(_refitted(graph, found[p.loop], p, seen[found[p.loop].mean.outputs[0]]) for p in planned)


def _run(graph: Graph, seen: dict[str, _Seen], data: Mapping[str, Array]) -> dict[str, _Seen]:
    given = graph.inputs if graph.dt is None else (*graph.inputs, Port(DT, graph.dt))
    streams, count = next(iter(data.values())).shape[:2]
    states = {s.before: np.broadcast_to(s.initial, (streams, len(s.initial))) for s in graph.states}

    def apply(node: Node, xs: list[Array]) -> Array:
        y = OPS[node.op].reference(node.attrs, *xs)
        if node.outputs[0] in seen:
            kept = seen[node.outputs[0]]
            for trace, x in zip((kept.pair, kept.before, kept.weight, kept.after), (*xs, y), strict=True):
                trace.append(x)
        return y

    for k in range(min(count, LONGEST)):
        env = dict(graph.constants) | states | {port.value: data[port.label][:, k] for port in given}
        ir.execute(graph.nodes, env, apply)
        states = {s.before: env[s.after] for s in graph.states}
    return seen


def _refitted(graph: Graph, old: Steps, planned: Substitution, seen: _Seen) -> Substitution:
    count = planned.trained // planned.evaluations
    n, d = (np.stack([pair[..., side] for pair in seen.pair[::count]]) for side in (0, 1))
    v, u = np.stack(seen.before[::count]), np.stack(seen.after[count - 1 :: count])
    trained = graph.constants[old.inertia]
    start = trained * (planned.evaluations / planned.trained)
    weight = np.stack([np.broadcast_to(w, v.shape[1:]) for w in seen.weight[::count]])
    unit = np.divide(weight, trained, out=np.ones(weight.shape), where=trained > 0)  # 1 / dt, where that is told
    fitted = _least(unit * (u - v), n - u * d, d, unit, start)
    return replace(planned, inertia=tuple(fitted.tolist()))


def _least(moved: Array, pulled: Array, d: Array, unit: Array, start: Array) -> Array:
    """p with the least Σ ((pulled - p moved) / (d + p unit))² over all but the last axis."""
    p, axes = start, tuple(range(moved.ndim - 1))
    for _ in range(ROUNDS):
        w = np.maximum(d + p * unit, 1e-30) ** -2
        square = (w * moved**2).sum(axis=axes)
        p = np.divide((w * moved * pulled).sum(axis=axes), square, out=start.copy(), where=square > 1e-30)
        p = np.maximum(p, start * LIGHTEST)
    return p
