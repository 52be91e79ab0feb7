"""The float model over recorded inputs, in float64: what the fixed-point results are measured against.

All streams go through a step together: every value may have one leading axis of streams more than it declares.
"""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from lnncc import ir, primitives
from lnncc.ir import DT, Array, Attr, Graph, Node

Env = dict[str, Array]
Trajectory = dict[str, Array]


def run(graph: Graph, data: Mapping[str, Array], dt: float | None = None) -> tuple[Trajectory, Trajectory]:
    """All streams from reset: inputs by label (streams, steps, size) -> (outputs, states), likewise.

    Without ``dt`` the elapsed time of each step is ``data["dt"]``.
    """
    streams, steps = next(iter(data.values())).shape[:2]
    inputs = [(p.value, data[p.label].reshape(streams, steps, *graph.values[p.value].shape)) for p in graph.inputs]
    states = {s.before: np.broadcast_to(s.initial, (streams, *s.initial.shape)) for s in graph.states}
    start: Env = {name: _known(array) for name, array in graph.constants.items()}
    if graph.dt is not None and dt is not None:
        start[graph.dt] = np.asarray(dt)
    elif graph.dt is not None:
        inputs.append((graph.dt, data[DT].reshape(streams, steps)))
    results = [(p.label, p.value) for p in graph.outputs] + [(s.label, s.after) for s in graph.states]
    trace = [np.empty((streams, steps, graph.values[value].size)) for _, value in results]
    with np.errstate(all="ignore"):
        for k in range(steps):
            env = start | states | {name: x[:, k] for name, x in inputs}
            ir.execute(graph.nodes, env, partial(apply, graph))
            states = {s.before: _spread(graph, env, s.after, streams) for s in graph.states}
            for kept, (_, value) in zip(trace, results, strict=True):
                kept[:, k] = _spread(graph, env, value, streams).reshape(streams, -1)
    labelled = [(label, array) for (label, _), array in zip(results, trace, strict=True)]
    count = len(graph.outputs)
    return dict(labelled[:count]), dict(labelled[count:])


def _known(array: Array) -> Array:
    return array if array.dtype == np.bool_ else array.astype(np.float64)


def _spread(graph: Graph, env: Env, name: str, streams: int) -> Array:
    return np.broadcast_to(env[name], (streams, *graph.values[name].shape))


def apply(graph: Graph, node: Node, xs: list[Array]) -> Array:
    """One primitive of ``graph``; operands may have one leading axis of streams more than it declares."""
    *ranks, rank = (len(graph.values[name].shape) for name in (*node.inputs, node.outputs[0]))
    return _apply(node, xs, ranks, rank)


def _apply(node: Node, xs: list[Array], ranks: list[int], rank: int) -> Array:
    """One primitive on operands of which some have the axis of streams in front."""
    batched = [x.ndim > r for x, r in zip(xs, ranks, strict=True)]
    if not any(batched):
        return np.asarray(primitives.apply(node.op, node.attrs, *xs))
    if node.op in primitives.ELEMENTWISE:
        aligned = [_padded(x, rank - r) if b else x for x, r, b in zip(xs, ranks, batched, strict=True)]
        return primitives.apply(node.op, node.attrs, *aligned)
    if node.op == "dot":
        return _dot(node.attrs, xs, ranks, batched)
    streams = next(len(x) for x, b in zip(xs, batched, strict=True) if b)
    whole = [x if b else np.broadcast_to(x, (streams, *x.shape)) for x, b in zip(xs, batched, strict=True)]
    return primitives.apply(node.op, _SHIFTED[node.op](node.attrs, streams), *whole)


def _padded(x: Array, missing: int) -> Array:
    """Axes of one behind that of the streams, so that NumPy aligns the others from the right."""
    return x.reshape(len(x), *(1,) * missing, *x.shape[1:])


# The attributes of structural primitives for operands whose axes all stand one further back.
_SHIFTED: Mapping[str, Callable[[Mapping[str, Attr], int], dict[str, Attr]]] = {
    "broadcast": lambda a, n: {"shape": (n, *_ints(a["shape"])), "dims": (0, *_later(a["dims"]))},
    "reshape": lambda a, n: {"shape": (n, *_ints(a["shape"]))},
    "transpose": lambda a, n: {"perm": (0, *_later(a["perm"]))},
    "slice": lambda a, n: {k: (v, *_ints(a[k])) for k, v in (("start", 0), ("limit", n), ("stride", 1))},
    "take": lambda a, n: {**a, "axis": _later((a["axis"],))[0]},
    "concat": lambda a, n: {**a, "axis": _later((a["axis"],))[0]},
    "sum": lambda a, n: {"axes": _later(a["axes"])},
    "argmax": lambda a, n: {"axis": _later((a["axis"],))[0]},
}


def _dot(attrs: Mapping[str, Attr], xs: list[Array], ranks: list[int], batched: list[bool]) -> Array:
    (x_labels, out), (y_labels,) = primitives.dot_axes(attrs, ranks[0], ranks[1])
    stream = [ranks[0] + ranks[1]]  # a label that no axis has
    x_labels, y_labels = (stream * b + labels for b, labels in zip(batched, (x_labels, y_labels), strict=True))
    return np.einsum(xs[0], x_labels, xs[1], y_labels, stream + out, optimize=True)


def _ints(attr: Attr) -> tuple[int, ...]:
    assert isinstance(attr, tuple)
    return tuple(int(str(a)) for a in attr)


def _later(attr: Attr) -> tuple[int, ...]:
    return tuple(a + 1 for a in _ints(attr))
