"""forward: one step of the fused graph on tubes, with the roundings of the chip as disturbances."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import numpy as np

from lnncc import tube
from lnncc.enclose import Unbounded, widened
from lnncc.interval import Interval
from lnncc.ir import Array, Graph, Node
from lnncc.ops import OPS
from lnncc.quotient import Pair
from lnncc.tube import Tube

SLACK = 1 + 1e-12  # what float64 may have lost of a sum of errors
Env = dict[str, Tube | Pair]
Step = Callable[[Tube], tuple[Tube, Tube]]
"""All states before, one vector -> (all states after, all outputs)."""


def stepper(
    graph: Graph,
    noise: Mapping[str, Array],
    ranges: Mapping[str, tuple[float, float]],
    dt: Sequence[tuple[float, float]] = (),
) -> Step:
    """One step of the fused ``graph``; ``ranges`` are those of the inputs by label, ``dt`` the parts of that of a dt.

    ``noise`` bounds by value what the chip adds to it, of an input how far its rounding moves it. Each part of the
    range of dt is followed for itself, which says more than all of it at once. The step raises Unbounded for an op
    without a rule, or a function whose slope has no bound.
    """
    if graph.dt is None:
        return _stepper(graph, noise, ranges, {})
    times = [_disturbed(_anything((1,), *part), graph.dt, noise) for part in dt]
    return _any([_stepper(graph, noise, ranges, {graph.dt: time}) for time in times])


def _any(steps: Sequence[Step]) -> Step:
    """Whichever of them is done."""

    def step(states: Tube) -> tuple[Tube, Tube]:
        befores, afters = zip(*(one(states) for one in steps), strict=True)
        return _union(befores), _union(afters)

    return step


def _union(tubes: Sequence[Tube]) -> Tube:
    span = Interval(np.min([t.span.low for t in tubes], axis=0), np.max([t.span.high for t in tubes], axis=0))
    return Tube(span, np.max([t.error for t in tubes], axis=0))


def _stepper(
    graph: Graph, noise: Mapping[str, Array], ranges: Mapping[str, tuple[float, float]], told: Mapping[str, Tube | Pair]
) -> Step:
    known: Env = {name: tube.point(array) for name, array in graph.constants.items()} | dict(told)
    for port in graph.inputs:
        known[port.value] = _disturbed(
            _anything(graph.values[port.value].shape, *ranges[port.label]), port.value, noise
        )
    edges = np.cumsum([0] + [len(s.initial) for s in graph.states]).tolist()
    places = [(s.before, slice(*ends)) for s, ends in zip(graph.states, pairwise(edges), strict=True)]

    def step(states: Tube) -> tuple[Tube, Tube]:
        env = known | {name: states.moved(lambda x, at=at: x[at]) for name, at in places}
        _run(graph.nodes, env, noise)
        return _joined(env, [s.after for s in graph.states]), _joined(env, [p.value for p in graph.outputs])

    return step


def _anything(shape: tuple[int, ...], low: float, high: float) -> Tube:
    return Tube(Interval(np.full(shape, low), np.full(shape, high)), np.zeros(shape))


def _joined(env: Env, names: list[str]) -> Tube:
    found = (env[name] for name in names)
    return tube.concat([tube.point(np.zeros(0)), *(x for x in found if isinstance(x, Tube))])


def _run(nodes: tuple[Node, ...], env: Env, noise: Mapping[str, Array]) -> None:
    for node in nodes:
        xs = [env[name] for name in node.inputs]
        if node.body is None:
            [name] = node.outputs
            env[name] = _disturbed(_node(node, xs), name, noise)
            continue
        xs = [_disturbed(x, param, noise) for param, x in zip(node.body.params, xs, strict=True)]
        for _ in range(node.trips):
            env.update(zip(node.body.params, xs, strict=True))
            _run(node.body.nodes, env, noise)
            xs = [env[name] for name in node.body.results]
        env.update(zip(node.outputs, xs, strict=True))


def _node(node: Node, xs: list[Tube | Pair]) -> Tube | Pair:
    op = OPS[node.op]
    if not hasattr(op, "tube"):
        raise Unbounded(f"op {node.op} has no rule for tubes")
    return op.tube(node.attrs, *xs)


def _disturbed(x: Tube | Pair, name: str, noise: Mapping[str, Array]) -> Tube | Pair:
    """What a pair's synapses round counts at the mean that divides it."""
    if isinstance(x, Pair):
        return x
    added = noise.get(name, np.zeros(x.error.shape))
    return Tube(widened(Interval(x.span.low - added, x.span.high + added)), (x.error + added) * SLACK)
