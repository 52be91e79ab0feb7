"""simplify: bind dt, fold what depends on constants only, drop what nothing reads. Float graph to float graph."""

from dataclasses import replace

import numpy as np

from lnncc import primitives
from lnncc.ir import Array, Graph, Node, Value

FOLD_LIMIT = 1 << 24  # elements; a constant larger than this stays an expression


def simplify(graph: Graph, *, dt: float | None) -> Graph:
    """The same step with ``dt`` a constant and no constant work left in it."""
    constants = dict(graph.constants)
    values = dict(graph.values)
    if graph.dt is not None:
        assert dt is not None, "compile() asks for dt before"
        constants[graph.dt] = np.full(values[graph.dt].shape, dt, np.float64)
    nodes = _fold(graph.nodes, constants, values)
    nodes = _live(nodes, {s.after for s in graph.states} | {p.value for p in graph.outputs})[0]
    used = _read(nodes) | {s.after for s in graph.states} | {p.value for p in graph.outputs}
    kept = {name: array for name, array in constants.items() if name in used}
    return graph.edited(nodes=nodes, constants=kept, values=_declared(graph, nodes, kept, values), dt=None)


def _fold(nodes: tuple[Node, ...], constants: dict[str, Array], values: dict[str, Value]) -> tuple[Node, ...]:
    kept: list[Node] = []
    for node in nodes:
        if node.body is not None:
            kept.append(replace(node, body=replace(node.body, nodes=_fold(node.body.nodes, constants, values))))
        elif all(name in constants for name in node.inputs) and values[node.outputs[0]].size <= FOLD_LIMIT:
            with np.errstate(all="ignore"):
                result = primitives.apply(node.op, node.attrs, *(constants[name] for name in node.inputs))
            constants[node.outputs[0]] = np.asarray(result, np.float64)
        else:
            kept.append(node)
    return tuple(kept)


def _live(nodes: tuple[Node, ...], wanted: set[str]) -> tuple[tuple[Node, ...], set[str]]:
    """Nodes that lead to ``wanted``, and all that they read."""
    kept: list[Node] = []
    for node in reversed(nodes):
        if wanted.isdisjoint(node.outputs):
            continue
        if node.body is not None:
            inner, reads = _live(node.body.nodes, set(node.body.results))
            node = replace(node, body=replace(node.body, nodes=inner))
            wanted = wanted | reads
        wanted = wanted | set(node.inputs)
        kept.append(node)
    return tuple(reversed(kept)), wanted


def _read(nodes: tuple[Node, ...]) -> set[str]:
    names: set[str] = set()
    for node in nodes:
        names |= set(node.inputs)
        if node.body is not None:
            names |= _read(node.body.nodes) | set(node.body.results)
    return names


def _declared(
    graph: Graph, nodes: tuple[Node, ...], constants: dict[str, Array], values: dict[str, Value]
) -> dict[str, Value]:
    names = set(constants) | {p.value for p in graph.inputs} | {s.before for s in graph.states}
    stack = list(nodes)
    while stack:
        node = stack.pop()
        names |= set(node.outputs)
        if node.body is not None:
            names |= set(node.body.params)
            stack += node.body.nodes
    return {name: value for name, value in values.items() if name in names}
